"""Hidden truth behind votes: Dawid and Skene's model, and one coin for each rater.

Own sparse EM over (item, rater, label) rows: no matrix of raters by items. The soft vote shares
always stand beside the posterior, for a value judgment may have no hidden truth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluation.stats.shapes import BoolArray, FloatArray
from evaluation.stats.votes import HardLabels, Votes, best_options

TINY = np.finfo(np.float64).tiny
# Inside EM the posterior has shape (n_options, n_items): adding up over a short last axis is slow.
# Posterior to rater parameters; rater parameters to log likelihood of each truth of each item.
Maximise = Callable[[FloatArray], FloatArray]
Score = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class HiddenTruth:
    """What EM found.

    Attributes:
        posterior: shape (n_items, n_options), rows sum to 1; the prevalence for an unrated item.
        labels: the most probable option; equal probabilities are a tie.
        prevalence: shape (n_options,), share of each truth among rated items.
        raters: Dawid-Skene: shape (n_raters, n_options, n_options), P(label | truth) with the
            truth in rows; one coin: shape (n_raters,), P(right).
        log_likelihood: marginal log likelihood after each iteration.
        converged: whether it settled before the iterations ran out.
    """

    posterior: FloatArray
    labels: HardLabels
    prevalence: FloatArray
    raters: FloatArray
    log_likelihood: tuple[float, ...]
    converged: bool


def dawid_skene(
    votes: Votes,
    *,
    smoothing: float = 0.01,
    tolerance: float = 1e-9,
    max_iterations: int = 1_000,
) -> HiddenTruth:
    """Estimate the truth of each item and each rater's confusion of truths.

    Begins with the shares of votes. Stops when the marginal log likelihood changes by less than
    ``tolerance`` of itself. The likelihood has several maxima, and options may swap in data with
    little agreement; look at the raters' matrices.

    Args:
        votes: who chose what.
        smoothing: votes added to each cell of each rater's matrix, >= 0: a rater with few ratings
            is not taken to be certain. With 0 it is maximum likelihood, and the log likelihood
            never falls.
        tolerance: relative change at which to stop, > 0.
        max_iterations: at least 1.

    Returns:
        See ``HiddenTruth``. An unrated rater has the even matrix, an unrated item the prevalence
        and no label.

    Raises:
        ValueError: a number out of its range.

    Source:
        A. Dawid and A. Skene, "Maximum likelihood estimation of observer error-rates using the
        EM algorithm" (1979), eq. 2.3 to 2.5; additive smoothing of eq. 2.3.

    Cost:
        Time O(n_ratings * n_options) an iteration (below half a second for 5 million ratings of
        four options), memory O(n_ratings + n_items * n_options).
    """
    q = votes.n_options
    cell = votes.rater * q + votes.label

    def maximise(posterior: FloatArray) -> FloatArray:
        confusion = np.empty((q, votes.n_raters * q))
        for truth in range(q):
            weights = posterior[truth][votes.item]
            confusion[truth] = np.bincount(cell, weights=weights, minlength=votes.n_raters * q)
        by_rater = confusion.reshape(q, votes.n_raters, q).transpose(1, 0, 2) + smoothing
        total = by_rater.sum(axis=2, keepdims=True)
        return np.where(total > 0, by_rater / np.maximum(total, TINY), 1 / q)

    def score(confusion: FloatArray) -> FloatArray:
        log = np.log(np.maximum(confusion, TINY)).transpose(1, 0, 2).reshape(q, -1)
        scores = np.empty((q, votes.n_items))
        for truth in range(q):
            scores[truth] = np.bincount(
                votes.item, weights=log[truth][cell], minlength=votes.n_items
            )
        return scores

    return _expectation_maximisation(
        votes, maximise, score, smoothing=smoothing, tolerance=tolerance, limit=max_iterations
    )


def posterior_given(votes: Votes, raters: FloatArray, prevalence: FloatArray) -> FloatArray:
    """Return what the votes say of each item where raters' confusions are known already.

    One step of :func:`dawid_skene`: so the items may come in parts, and raters may have been
    learnt from some of them only.

    Args:
        votes: who chose what.
        raters: shape (n_raters, n_options, n_options), P(label | truth) with the truth in rows.
        prevalence: shape (n_options,).

    Returns:
        Shape (n_items, n_options), rows sum to 1; the prevalence for an unrated item.

    Cost:
        O(n_ratings * n_options + n_items * n_options).
    """
    q = votes.n_options
    log = np.log(np.maximum(raters, TINY))
    joint = np.tile(np.log(np.maximum(prevalence, TINY)), (votes.n_items, 1))
    for truth in range(q):
        said = log[votes.rater, truth, votes.label]
        joint[:, truth] += np.bincount(votes.item, weights=said, minlength=votes.n_items)
    likely = np.exp(joint - joint.max(axis=1, keepdims=True))
    posterior: FloatArray = likely / likely.sum(axis=1, keepdims=True)
    return posterior


def one_coin(
    votes: Votes,
    *,
    smoothing: float = 0.01,
    tolerance: float = 1e-9,
    max_iterations: int = 1_000,
) -> HiddenTruth:
    """Estimate the truth with one number a rater: how often they are right. A diagnostic.

    Wrong answers are spread evenly over the other options.

    Args:
        votes: who chose what.
        smoothing: votes added to each option of each rater, >= 0.
        tolerance: relative change of the marginal log likelihood at which to stop, > 0.
        max_iterations: at least 1.

    Returns:
        See ``HiddenTruth``; ``raters`` has the probability of being right, 1/n_options for an
        unrated rater.

    Raises:
        ValueError: a number out of its range.

    Source:
        Y. Zhang et al., "Spectral methods meet EM" (2016), section 2 (one-coin model).

    Cost:
        As ``dawid_skene``.
    """
    q = votes.n_options
    place = votes.label * votes.n_items + votes.item
    total = smoothing * q + np.bincount(votes.rater, minlength=votes.n_raters)

    def maximise(posterior: FloatArray) -> FloatArray:
        right = np.bincount(votes.rater, weights=posterior.ravel()[place], minlength=votes.n_raters)
        return np.where(total > 0, (right + smoothing) / np.maximum(total, TINY), 1 / q)

    def score(right: FloatArray) -> FloatArray:
        hit = np.log(np.maximum(right, TINY))
        miss = np.log(np.maximum((1 - right) / max(q - 1, 1), TINY))
        missed = np.bincount(votes.item, weights=miss[votes.rater], minlength=votes.n_items)
        gained = np.bincount(place, weights=(hit - miss)[votes.rater], minlength=votes.n_items * q)
        return np.add(missed, gained.reshape(q, votes.n_items), dtype=np.float64)

    return _expectation_maximisation(
        votes, maximise, score, smoothing=smoothing, tolerance=tolerance, limit=max_iterations
    )


def _expectation_maximisation(
    votes: Votes,
    maximise: Maximise,
    score: Score,
    *,
    smoothing: float,
    tolerance: float,
    limit: int,
) -> HiddenTruth:
    if smoothing < 0 or tolerance <= 0 or limit < 1 or votes.n_options < 1:
        raise ValueError(
            "smoothing must be >= 0, tolerance above 0, and iterations and options at least 1."
        )
    counts = votes.counts()
    rated = counts.sum(axis=1) > 0
    posterior = _shares(counts.T.astype(np.float64), rated)
    likelihoods: list[float] = []
    converged = False
    while not converged and len(likelihoods) < limit:
        raters = maximise(posterior)
        prevalence = _prevalence(posterior, rated)
        joint = score(raters) + np.log(np.maximum(prevalence, TINY))[:, None]
        highest = joint.max(axis=0)
        posterior = np.exp(joint - highest)
        mass = posterior.sum(axis=0)
        posterior /= mass
        likelihoods.append(float((np.log(mass) + highest)[rated].sum()))
        converged = len(likelihoods) > 1 and _settled(*likelihoods[-2:], tolerance=tolerance)
    truth = np.ascontiguousarray(posterior.T)
    return HiddenTruth(
        truth,
        best_options(truth, rated=rated),
        _prevalence(posterior, rated),
        maximise(posterior),
        tuple(likelihoods),
        converged,
    )


def _shares(counts: FloatArray, rated: BoolArray) -> FloatArray:
    return np.where(rated, counts / np.maximum(counts.sum(axis=0), 1), 1 / len(counts))


def _prevalence(posterior: FloatArray, rated: BoolArray) -> FloatArray:
    """Mean posterior of the rated items; even where none is rated."""
    if not rated.any():
        return np.full(len(posterior), 1 / len(posterior))
    prevalence: FloatArray = posterior @ rated / rated.sum()
    return prevalence


def _settled(before: float, after: float, *, tolerance: float) -> bool:
    return abs(after - before) <= tolerance * (1 + abs(after))
