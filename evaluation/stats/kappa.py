"""Kappas that know who rated: Cohen's for two raters, Conger's for a small panel."""

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.chance import NO_CHANCE_TO_DISAGREE, agreement_features, weights_matrix
from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.distances import Weights
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import SANDWICH, Sample, Spread, Uncertainty
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_counts,
    check_confidence,
    cluster_names,
)

MISSING = -1


def cohen_kappa(
    confusion: npt.ArrayLike,
    weights: Weights | npt.ArrayLike = Weights.IDENTITY,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Cohen's kappa of two raters, plain or weighted, with its asymptotic standard error.

    Items are taken as independent; where several share a query use
    ``validation.judge_kappa``, whose interval is clustered.

    Args:
        confusion: shape (n_options, n_options), integers >= 0: ``confusion[a, b]`` items that
            the first rater gave ``a`` and the second ``b``. Options offered, used or not.
        weights: a kind, for options in order, or a matrix of weights in [0, 1].
        confidence: level of the interval, in (0, 1); by the normal quantile.

    Returns:
        ``value`` in [-1, 1]. ``None`` with ``NO_ITEMS``, or ``NO_VARIATION`` when both raters
        gave one and the same option throughout. The standard error is ``None`` with
        ``NO_SPREAD`` where it is 0 (perfect agreement).

    Raises:
        ValueError: not a square matrix of integers >= 0, weights not a matrix of weights, or
            ``confidence`` outside (0, 1).

    Source:
        J. Cohen 1960 and 1968; J. Fleiss, J. Cohen and B. Everitt, "Large sample standard
        errors of kappa and weighted kappa" (1969), eq. 13 and 8.

    Cost:
        O(n_options**2).
    """
    check_confidence(confidence)
    table = as_counts(confusion, name="confusion")
    if table.shape[0] != table.shape[1]:
        raise ValueError("confusion must be a square matrix.")
    matrix = weights_matrix(weights, n_options=table.shape[1])
    n = int(table.sum())
    if n == 0:
        return Estimate("Cohen's kappa", None, reason=Undefined.NO_ITEMS, confidence=confidence)
    sizes = {"items": n, "pairable_items": n, "ratings": 2 * n, "clusters": n, "raters": 2}
    value, se = _cohen(table / n, matrix, n=n)
    if np.isnan(value):
        found = Spread(reason=Undefined.NO_VARIATION)
    elif se <= NO_CHANCE_TO_DISAGREE:
        found = Spread(reason=Undefined.NO_SPREAD)
    else:
        half = float(special.ndtri((1 + confidence) / 2)) * se
        found = Spread(se, max(value - half, -1.0), min(value + half, 1.0))
    shown = None if np.isnan(value) else value
    return Estimate(
        "Cohen's kappa", shown, found.se, found.low, found.high, found.reason, confidence, **sizes
    )


def _cohen(shares: FloatArray, weights: FloatArray, *, n: int) -> tuple[float, float]:
    """Kappa and its standard error from shares of items; NaN where undefined."""
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    observed = float((weights * shares).sum())
    expected = float(first @ weights @ second)
    room = 1 - expected
    if room <= NO_CHANCE_TO_DISAGREE:
        return np.nan, np.nan
    mean_weight = (weights @ second)[:, None] + (first @ weights)[None, :]
    terms = shares * (weights * room - mean_weight * (1 - observed)) ** 2
    centre = (observed * expected - 2 * expected + observed) ** 2
    variance = max(float(terms.sum()) - centre, 0.0) / (n * room**4)
    return (observed - expected) / room, float(np.sqrt(variance))


def conger_kappa(
    labels: npt.ArrayLike,
    *,
    n_options: int,
    weights: Weights | npt.ArrayLike = Weights.IDENTITY,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Conger's kappa: chance agreement from each rater's own use of the options.

    It needs to know who rated, so it is for small panels; Cohen's kappa for two raters.

    Args:
        labels: shape (n_raters, n_items), the position of the option chosen, -1 for no rating.
        n_options: options offered, at least 1.
        weights: a kind, for options in order, or a matrix of weights in [0, 1].
        clusters: shape (n_items,), ids or names; ``None`` when each item is its own cluster.
        confidence: level of the interval, in (0, 1).
        uncertainty: how the interval is computed, see ``resampling.spread``.

    Returns:
        ``value`` in [-1, 1], and below -1 only where single-rated items make one option far more
        common. ``None`` with ``NO_ITEMS``, ``ONE_RATER`` (fewer than two raters
        rated anything), ``NO_PAIRS``, or ``NO_VARIATION``.

    Raises:
        ValueError: labels are not integers from -1 to n_options - 1, or another argument has
            not its shape.

    Source:
        A. Conger, "Integration and generalization of kappas for multiple raters" (1980);
        Gwet 2014, section 2.5 (missing ratings: each rater's own share of options).

    Cost:
        O(n_items * (n_raters * n_options + n_options**2)) beside that of the interval.
    """
    panel = as_panel(labels, n_options=n_options)
    matrix = weights_matrix(weights, n_options=n_options)
    chosen = panel[:, :, None] == np.arange(n_options)
    counts = chosen.sum(axis=0)
    rated, raters = counts.sum(axis=1) > 0, int(chosen.any(axis=(1, 2)).sum())
    pairable = counts.sum(axis=1) >= 2
    sample = _panel_sample(chosen[:, rated], matrix, groups=_item_groups(rated, clusters))
    reason = _panel_reason(
        n_items=int(rated.sum()), n_pairable=int(pairable.sum()), n_raters=raters
    )
    sizes = Sizes(int(rated.sum()), int(pairable.sum()), int(counts.sum()), raters)
    return estimate_of(
        sample,
        name="Conger's kappa",
        sizes=sizes,
        reason=reason,
        confidence=confidence,
        uncertainty=uncertainty,
    )


def as_panel(labels: npt.ArrayLike, *, n_options: int) -> IntArray:
    """Read a small panel, shape (n_raters, n_items), -1 where a rater gave none.

    Raises:
        ValueError: not a matrix of integers from -1 to n_options - 1.
    """
    panel = np.asarray(labels)
    if panel.ndim != 2 or panel.dtype.kind not in "iu":
        raise ValueError("labels must be a matrix (n_raters, n_items) of integers.")
    if (panel < MISSING).any() or (panel >= n_options).any():
        raise ValueError(f"labels must be -1 (no rating) or 0 to {n_options - 1}.")
    return panel.astype(np.int64, copy=False)


def _item_groups(rated: BoolArray, clusters: npt.ArrayLike | None) -> Groups:
    """One pattern an item: the items that have a rating, in the clusters given."""
    n_rated = int(rated.sum())
    cluster = None
    if clusters is not None:
        names = cluster_names(clusters, length=rated.size)
        cluster, _ = as_clusters(names[rated], length=n_rated)
    return Groups(np.arange(n_rated), np.ones(n_rated, dtype=np.int64), cluster)


def _panel_sample(chosen: BoolArray, weights: FloatArray, *, groups: Groups) -> Sample:
    """The panel as features per item: pairable, agreement, and what each rater chose."""
    n_raters, n_items, n_options = chosen.shape
    agreement = agreement_features(chosen.sum(axis=0), weights)[:, 1:3]
    votes = chosen.transpose(1, 0, 2).reshape(n_items, n_raters * n_options)

    def evaluate(totals: FloatArray) -> FloatArray:
        observed = totals[:, 1] / totals[:, 0]
        votes_each = totals[:, 2:].reshape(-1, n_raters, n_options)
        rated = votes_each.sum(axis=2, keepdims=True)
        use = votes_each / np.where(rated > 0, rated, 1.0)
        raters = (rated[:, :, 0] > 0).sum(axis=1)
        # Mean over ordered pairs of different raters of the agreement by chance.
        together = use.sum(axis=1)
        all_pairs = ((together @ weights) * together).sum(axis=1)
        with_self = ((use @ weights) * use).sum(axis=(1, 2))
        expected = (all_pairs - with_self) / (raters * (raters - 1))
        room = np.where(1 - expected > NO_CHANCE_TO_DISAGREE, 1 - expected, np.nan)
        kappa: FloatArray = (observed - expected) / room
        return kappa

    clusters = groups.only(agreement[:, 0] > 0).n_clusters()
    return Sample(np.column_stack([agreement, votes]), groups, evaluate, clusters)


def _panel_reason(*, n_items: int, n_pairable: int, n_raters: int) -> Undefined | None:
    if not n_items:
        return Undefined.NO_ITEMS
    if n_raters < 2:
        return Undefined.ONE_RATER
    return None if n_pairable else Undefined.NO_PAIRS
