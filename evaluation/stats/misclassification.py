"""A rate from many verdicts of an imperfect judge, corrected by its known errors.

For enriched calibration sets, where people's labels are not a random audit. Binary: one option
against the rest. Sensitivity and specificity belong to a slice (a model, a domain): pool them only
where ``homogeneity`` allows it, for pooled errors bias rates exactly when a judge favours its
family.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import normal_quantile
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    as_numbers,
    check_confidence,
)


@dataclass(frozen=True, slots=True)
class CalibrationLabels:
    """How the judge did on items that people labelled.

    Attributes:
        specificity: share of the negatives (by people) that the judge called negative.
        sensitivity: share of the positives that the judge called positive.
        negatives: labels behind the specificity, > 0; the effective number where clustered.
        positives: labels behind the sensitivity, > 0; the effective number where clustered.
    """

    specificity: float
    sensitivity: float
    negatives: float
    positives: float

    def __post_init__(self) -> None:
        shares = (self.specificity, self.sensitivity)
        if not all(0 <= share <= 1 for share in shares) or min(self.negatives, self.positives) <= 0:
            raise ValueError("Specificity and sensitivity lie in [0, 1], from more than 0 labels.")


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Whether slices may share one rate.

    Attributes:
        statistic: Pearson's chi-square, ``None`` with fewer than two slices or no variation.
        df: its degrees of freedom.
        p: its p-value, 1 where there is no statistic.
        poolable: ``p`` at or above the level asked for.
    """

    statistic: float | None
    df: int
    p: float
    poolable: bool


def weighted_errors(
    labels: npt.ArrayLike,
    verdicts: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
) -> CalibrationLabels | None:
    """How a judge did on labels that were drawn with unequal known probabilities.

    Where more of what the judge marked was drawn, the plain share of positives that it found is
    too high and that of negatives too low: each label counts with its weight.

    Args:
        labels: shape (n,), 0 or 1, what people say.
        verdicts: shape (n,), 0 or 1, what the judge says of the same.
        weights: shape (n,), above 0: 1 / the chance to be drawn.
        clusters: shape (n,), query or scenario; ``None`` when items are independent.

    Returns:
        Weighted shares. The numbers of labels are effective ones: as many equal, independent
        labels would have the same variance. For it one right and one wrong label more are counted,
        each at the mean weight of its verdict, so that a rare error of great weight that did not
        happen to be drawn is not taken for impossible. ``None`` without a positive or a negative.

    Raises:
        ValueError: rows of unequal length, labels or verdicts other than 0 and 1, a weight not
            above 0.

    Source:
        Weighted ratio and its linearised variance: W. Cochran, "Sampling Techniques" (1977),
        sections 6.4 and 11.8; effective number: L. Kish, "Survey Sampling" (1965), section 8.2.

    Cost:
        O(n log n).
    """
    truth = as_numbers(labels, name="labels")
    said = as_numbers(verdicts, name="verdicts", length=truth.size)
    weight = as_numbers(weights, name="weights", length=truth.size)
    if not np.isin(np.concatenate([truth, said]), (0, 1)).all() or (weight <= 0).any():
        raise ValueError("labels and verdicts are 0 or 1, and weights above 0.")
    names = np.arange(truth.size) if clusters is None else clusters
    cluster, _ = as_clusters(names, length=truth.size)
    if not 0 < truth.sum() < truth.size:
        return None
    typical = [
        float(weight[said == verdict].mean()) if (said == verdict).any() else float(weight.max())
        for verdict in (0, 1)
    ]
    found = [
        _weighted_share(
            said[truth == kind] == kind,
            weight[truth == kind],
            cluster[truth == kind],
            right=typical[kind],
            wrong=typical[1 - kind],
        )
        for kind in (0, 1)
    ]
    (specificity, negatives), (sensitivity, positives) = found
    return CalibrationLabels(specificity, sensitivity, negatives, positives)


def _weighted_share(
    hit: BoolArray, weight: FloatArray, cluster: IntArray, *, right: float, wrong: float
) -> tuple[float, float]:
    """The weighted share of hits, and the number of equal labels with its variance."""
    total = weight.sum() + right + wrong
    share = float((weight[hit].sum() + right) / total)
    moved = np.bincount(cluster, weights=weight * (hit - share))
    pseudo = (right * (1 - share)) ** 2 + (wrong * share) ** 2
    variance = (float(moved @ moved) + pseudo) / total**2
    # The two that were put in are taken out again: who uses the shares puts in two of one weight.
    effective = max(share * (1 - share) / variance - 2, 1.0)
    return float(weight[hit].sum() / weight.sum()), effective


def rogan_gladen(
    positive_share: float, n: float, labels: CalibrationLabels, *, confidence: float = 0.95
) -> Estimate:
    """Correct the share of positive verdicts for the judge's errors.

    theta = (p + specificity - 1) / (sensitivity + specificity - 1), cut to [0, 1].

    Args:
        positive_share: p, share of positive verdicts on the items without labels, in [0, 1].
        n: verdicts behind it, > 0; ``effective_size`` of a clustered share where replies share
            a query.
        labels: the judge's sensitivity and specificity, estimated for the same slice.
        confidence: level of the interval, in (0, 1).

    Returns:
        ``value`` in [0, 1] with Lee et al.'s interval; ``se`` is that of the delta method
        without their adjustment. ``None`` with ``NOT_INFORMATIVE`` unless the lower end of the
        two-sided interval of sensitivity + specificity - 1 (normal, with one success and one
        failure added to each) is above 0. ``items`` is ``n`` rounded, ``ratings`` the labels.

    Raises:
        ValueError: a share outside [0, 1], ``n`` not above 0, ``confidence`` outside (0, 1).

    Source:
        W. Rogan and B. Gladen 1978; C. Lee et al., "How to correctly report LLM-as-a-judge
        evaluations" (arXiv 2511.21140, 2025), section 3: Agresti-Coull shift of p, one success
        and one failure added to each error rate, second-order shift of the centre.

    Cost:
        O(1).
    """
    check_confidence(confidence)
    if not 0 <= positive_share <= 1 or n <= 0:
        raise ValueError("positive_share lies in [0, 1], from more than 0 verdicts.")
    ratings = round(labels.negatives + labels.positives)
    found = Estimate(
        "Rogan-Gladen rate",
        None,
        confidence=confidence,
        items=round(n),
        ratings=ratings,
        clusters=round(n),
    )
    if youden_low(labels, confidence=confidence) <= 0:
        return replace(found, reason=Undefined.NOT_INFORMATIVE)
    z = normal_quantile((1 + confidence) / 2)
    theta, se = _delta_method(positive_share, n, labels, cut=True)
    shifted = _shifted(labels)
    p = (n * positive_share + z**2 / 2) / (n + z**2)
    centre, spread = _delta_method(p, n + z**2, shifted, cut=False)
    negative = shifted.specificity * (1 - shifted.specificity) / shifted.negatives
    positive = shifted.sensitivity * (1 - shifted.sensitivity) / shifted.positives
    centre += 2 * z**2 * (centre * positive - (1 - centre) * negative)
    low, high = np.clip([centre - z * spread, centre + z * spread], 0.0, 1.0)
    return replace(found, value=theta, se=se, low=float(low), high=float(high))


def youden_low(labels: CalibrationLabels, *, confidence: float = 0.95) -> float:
    """Return the lower end of sensitivity + specificity - 1: a judge is of use above 0.

    Source: normal interval after one success and one failure more for each rate, as in
    ``rogan_gladen``. Cost: O(1).
    """
    shifted = _shifted(labels)
    variance = (
        shifted.specificity * (1 - shifted.specificity) / shifted.negatives
        + shifted.sensitivity * (1 - shifted.sensitivity) / shifted.positives
    )
    z = normal_quantile((1 + check_confidence(confidence)) / 2)
    return shifted.specificity + shifted.sensitivity - 1 - z * float(np.sqrt(variance))


def label_allocation(
    total: int, *, positive_share: float, pilot: CalibrationLabels
) -> tuple[int, int]:
    """Say how many further labels to spend on judged negatives and positives.

    Args:
        total: labels to spend, >= 0.
        positive_share: p, share of positive verdicts, in (0, 1).
        pilot: the judge's errors from a pilot.

    Returns:
        (negatives, positives), which add up to ``total``: in proportion (1/p - 1) *
        sqrt((1 - specificity) / (1 - sensitivity)), each rate with one success and one failure
        more.

    Raises:
        ValueError: ``total`` below 0 or ``positive_share`` outside (0, 1).

    Source:
        Lee et al. 2025, section 4 (adaptive allocation). Cost: O(1).
    """
    if total < 0 or not 0 < positive_share < 1:
        raise ValueError("total must be >= 0 and positive_share lie between 0 and 1.")
    shifted = _shifted(pilot)
    ratio = (1 / positive_share - 1) * np.sqrt(
        (1 - shifted.specificity) / (1 - shifted.sensitivity)
    )
    negatives = round(total * float(ratio / (1 + ratio)))
    return negatives, total - negatives


def effective_size(share: Estimate) -> float | None:
    """Return how many independent units would give a clustered share its standard error.

    Args:
        share: a proportion with a clustered standard error, see ``intervals``.

    Returns:
        p (1 - p) / se^2, at most the number of units; the number of clusters where ``se`` is
        undefined; ``None`` where the share itself is.
    """
    if share.value is None:
        return None
    if share.se is None:
        return float(share.clusters)
    return min(share.value * (1 - share.value) / share.se**2, float(share.items))


def homogeneity(
    successes: npt.ArrayLike, totals: npt.ArrayLike, *, level: float = 0.05
) -> Homogeneity:
    """Test whether slices share one rate, so that they may be pooled.

    Args:
        successes: shape (n_slices,), integers, 0 to ``totals``.
        totals: shape (n_slices,), integers; slices with 0 take no part.
        level: pool only where the p-value is at least this, in (0, 1).

    Returns:
        Pearson's chi-square test on slices - 1 degrees of freedom.

    Raises:
        ValueError: not rows of integers >= 0 of one length, or more successes than units.

    Source:
        A. Agresti, "Categorical Data Analysis" (3rd ed. 2013), section 3.2. Cost: O(n_slices).
    """
    check_confidence(level)
    of = as_indices(totals, name="totals")
    have = as_indices(successes, name="successes", length=of.size)
    if (have > of).any():
        raise ValueError("successes must not exceed totals.")
    have, of = have[of > 0], of[of > 0]
    df = max(of.size - 1, 0)
    share = have.sum() / max(of.sum(), 1)
    if df == 0 or share in {0.0, 1.0}:
        return Homogeneity(None, df, 1.0, poolable=True)
    statistic = float(((have - of * share) ** 2 / (of * share * (1 - share))).sum())
    p = float(special.chdtrc(df, statistic))
    return Homogeneity(statistic, df, p, poolable=p >= level)


def _shifted(labels: CalibrationLabels) -> CalibrationLabels:
    """One success and one failure more for each rate."""
    return CalibrationLabels(
        (labels.negatives * labels.specificity + 1) / (labels.negatives + 2),
        (labels.positives * labels.sensitivity + 1) / (labels.positives + 2),
        labels.negatives + 2,
        labels.positives + 2,
    )


def _delta_method(
    p: float, n: float, labels: CalibrationLabels, *, cut: bool
) -> tuple[float, float]:
    """The corrected rate, cut to [0, 1] if asked, and its standard error there."""
    youden = labels.specificity + labels.sensitivity - 1
    theta = (p + labels.specificity - 1) / youden
    if cut:
        theta = min(max(theta, 0.0), 1.0)
    variance = (
        p * (1 - p) / n
        + (1 - theta) ** 2 * labels.specificity * (1 - labels.specificity) / labels.negatives
        + theta**2 * labels.sensitivity * (1 - labels.sensitivity) / labels.positives
    )
    return theta, float(np.sqrt(variance)) / youden
