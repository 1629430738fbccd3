"""Each rater beside the others at the same items: agreement and kappa, one left out at a time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.resampling import Sample
from evaluation.stats.shapes import FloatArray, IntArray, as_clusters
from evaluation.stats.votes import Votes

AGREEMENT = "agreement_with_others"
KAPPA = "kappa_with_others"
# Below this much room there is no agreement beyond chance to speak of.
NO_ROOM = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """One rater beside the others.

    Attributes:
        rater: position, as in the votes.
        ratings: all of the rater's ratings.
        shared: those at units that somebody else rated too.
        agreement: share of comparisons with others that match; each rating weighs the same.
        kappa: the same beyond what the rater's and the others' use of the options would bring.
        used: shape (n_options,), the rater's ratings of each option.
        shared_use: shape (n_options,), of those at shared units.
        others_use: shape (n_options,), the others' at the same units: each unit weighs as often
            as the rater rated it, so that the sum is ``shared``.
    """

    rater: int
    ratings: int
    shared: int
    agreement: Estimate
    kappa: Estimate
    used: IntArray
    shared_use: IntArray
    others_use: FloatArray


def left_out(
    votes: Votes, clusters: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[LeftOut, ...]:
    """Compare each rater with the others at the same units.

    A rating is compared with each of the m - 1 others there, each comparison weighing 1/(m - 1).

    Args:
        votes: who chose what at which unit.
        clusters: shape (n_items,), the query or scenario of each unit.
        confidence: level of the intervals, in (0, 1).

    Returns:
        One entry for each position of a rater who rated anything, in order. Agreement in [0, 1],
        kappa in [-1, 1]; ``None`` with ``NO_PAIRS`` where nobody else rated the same units, kappa
        ``None`` with ``NO_VARIATION`` where all of them used one option.

    Raises:
        ValueError: an argument has not its shape.

    Source:
        Leave-one-out as in N. Calderon, R. Reichart and R. Dror, "The Alternative Annotator Test"
        (ACL 2025), section 3; J. Cohen 1960 for kappa. Intervals: ``cluster_proportion``, and
        ``resampling.spread`` with a cluster as the unit.

    Cost:
        O(n_ratings * n_options) time; memory O(largest number of ratings of a rater * n_options).
    """
    cluster, _ = as_clusters(clusters, length=votes.n_items)
    counts = votes.counts()
    order = np.argsort(votes.rater, kind="stable")
    starts = np.searchsorted(votes.rater[order], np.arange(votes.n_raters + 1))
    found = []
    for rater in range(votes.n_raters):
        mine = order[starts[rater] : starts[rater + 1]]
        if mine.size:
            where, said = votes.item[mine], votes.label[mine]
            found.append(_beside(rater, said, counts[where], cluster[where], confidence))
    return tuple(found)


def _beside(
    rater: int, said: IntArray, counts: IntArray, cluster: IntArray, confidence: float
) -> LeftOut:
    n_options = counts.shape[1]
    shared = counts.sum(axis=1) >= 2
    here, within = said[shared], cluster[shared]
    others = counts[shared].astype(np.float64)
    others[np.arange(here.size), here] -= 1
    if here.size:
        others /= others.sum(axis=1, keepdims=True)
    own = np.eye(n_options)[here]
    matched = others[np.arange(here.size), here]
    features = np.column_stack([np.ones(here.size), matched, own, others])
    places, unit = np.unique(within, return_inverse=True)
    sums = np.empty((places.size, features.shape[1]))
    for at, column in enumerate(features.T):
        sums[:, at] = np.bincount(unit, weights=column, minlength=places.size)
    agreement = cluster_proportion(sums[:, 1], sums[:, 0], confidence=confidence, name=AGREEMENT)
    return LeftOut(
        rater=rater,
        ratings=said.size,
        shared=here.size,
        agreement=agreement if here.size else _nobody_else(AGREEMENT, confidence),
        kappa=_kappa(sums, n_options, confidence) if here.size else _nobody_else(KAPPA, confidence),
        used=np.bincount(said, minlength=n_options).astype(np.int64),
        shared_use=np.bincount(here, minlength=n_options).astype(np.int64),
        others_use=others.sum(axis=0),
    )


def _nobody_else(name: str, confidence: float) -> Estimate:
    return Estimate(name, None, reason=Undefined.NO_PAIRS, confidence=confidence)


def _kappa(sums: FloatArray, n_options: int, confidence: float) -> Estimate:
    """Return kappa from each cluster's sums: number, matches, own use, others' use."""

    def evaluate(totals: FloatArray) -> FloatArray:
        number = np.where(totals[:, 0] > 0, totals[:, 0], np.nan)
        own, others = np.split(totals[:, 2:] / number[:, None], [n_options], axis=1)
        expected = (own * others).sum(axis=1)
        room = np.where(1 - expected > NO_ROOM, 1 - expected, np.nan)
        kappa: FloatArray = (totals[:, 1] / number - expected) / room
        return kappa

    clusters, number = len(sums), round(float(sums[:, 0].sum()))
    groups = Groups(np.arange(clusters), np.ones(clusters, dtype=np.int64))
    return estimate_of(
        Sample(sums, groups, evaluate, clusters),
        name=KAPPA,
        sizes=Sizes(number, number, number),
        confidence=confidence,
        lower=-1.0,
    )
