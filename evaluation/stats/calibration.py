"""Whether a judge's probabilities mean what they say: scores and their intervals."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_mean
from evaluation.stats.resampling import (
    ROUNDING,
    SANDWICH,
    Sample,
    Uncertainty,
    t_quantile,
)
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    as_probabilities,
    check_confidence,
)

# A verdict of exactly 0 or 1 that is wrong would cost infinitely much.
SMALLEST = float(np.finfo(np.float64).eps)


class Binning(StrEnum):
    """How probabilities are put in bins; always name it beside the number."""

    EQUAL_WIDTH = "equal width"
    EQUAL_MASS = "equal mass"


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """A judge's probabilities beside what people said. Make one with ``from_arrays``.

    Attributes:
        p: shape (n,), probability of the option, in [0, 1].
        y: shape (n,), whether people said so.
        cluster: shape (n,), 0 … n_clusters - 1.
        n_clusters: how many clusters there are.
    """

    p: FloatArray
    y: BoolArray
    cluster: IntArray
    n_clusters: int

    @classmethod
    def from_arrays(
        cls, p: npt.ArrayLike, y: npt.ArrayLike, clusters: npt.ArrayLike | None = None
    ) -> "Forecasts":
        """Read probabilities and outcomes.

        Args:
            p: shape (n,), in [0, 1].
            y: shape (n,), 0 or 1.
            clusters: shape (n,), query or scenario; ``None`` when items are independent.

        Raises:
            ValueError: rows of unequal length, a probability outside [0, 1], an outcome not 0 or 1.
        """
        said = as_probabilities(p, name="p")
        outcomes = as_indices(np.asarray(y).astype(np.int64), name="y", below=2, length=said.size)
        names = np.arange(said.size) if clusters is None else clusters
        cluster, number = as_clusters(names, length=said.size)
        return cls(said, outcomes.astype(np.bool_), cluster, number)


@dataclass(frozen=True, slots=True)
class Murphy:
    """Murphy's parts of the Brier score: brier = reliability - resolution + uncertainty.

    Attributes:
        brier: mean squared error of the (grouped) probabilities.
        reliability: how far outcomes lie from what is said, >= 0; 0 is calibrated.
        resolution: how far outcomes differ between what is said, >= 0; more is better.
        uncertainty: variance of the outcomes, in [0, 1/4]; not the judge's doing.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of the reliability curve: what was said and what was so."""

    n: int
    mean_probability: float
    share_positive: float


def brier_score(forecasts: Forecasts, *, confidence: float = 0.95) -> Estimate:
    """Mean squared distance of probability and outcome, with a clustered interval.

    Returns:
        ``value`` in [0, 1], 0 is perfect; undefined as ``intervals.cluster_mean``.

    Source: G. Brier 1950. Cost: O(n log n).
    """
    loss = (forecasts.p - forecasts.y) ** 2
    return cluster_mean(
        loss, forecasts.cluster, confidence=confidence, lower=0.0, upper=1.0, name="Brier score"
    )


def log_loss(forecasts: Forecasts, *, confidence: float = 0.95) -> Estimate:
    """Mean of -log(probability of what was so), natural logarithm, with a clustered interval.

    Probabilities are kept 2.2e-16 away from 0 and 1.

    Returns:
        ``value`` >= 0, 0 is perfect; undefined as ``intervals.cluster_mean``.

    Source: I. Good 1952. Cost: O(n log n).
    """
    p = np.clip(forecasts.p, SMALLEST, 1 - SMALLEST)
    loss = -np.log(np.where(forecasts.y, p, 1 - p))
    return cluster_mean(loss, forecasts.cluster, confidence=confidence, lower=0.0, name="log loss")


def murphy_parts(forecasts: Forecasts) -> Murphy | None:
    """Murphy's reliability, resolution and uncertainty, over distinct probabilities.

    Exact as the probabilities are; round them first (say to one decimal) so that values repeat,
    or reliability and resolution grow with the number of distinct values.

    Returns:
        The parts; ``None`` without a forecast.

    Source: A. Murphy, "A new vector partition of the probability score" (1973), eq. 8.
    Cost: O(n log n).
    """
    if not forecasts.p.size:
        return None
    said, group = np.unique(forecasts.p, return_inverse=True)
    number = np.bincount(group)
    so = np.bincount(group, weights=forecasts.y) / number
    base, weights = float(forecasts.y.mean()), number / forecasts.p.size
    return Murphy(
        float(((forecasts.p - forecasts.y) ** 2).mean()),
        float(weights @ (said - so) ** 2),
        float(weights @ (so - base) ** 2),
        base * (1 - base),
    )


def area_under_curve(forecasts: Forecasts, *, confidence: float = 0.95) -> Estimate:
    """Chance that a positive item has a higher probability than a negative one; ties half.

    Returns:
        ``value`` in [0, 1], 0.5 is chance. ``None`` with ``NO_ITEMS``, or ``NO_VARIATION``
        without both outcomes; ``se`` ``None`` with ``ONE_CLUSTER`` or ``NO_SPREAD``.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Source:
        E. DeLong, D. DeLong and D. Clarke-Pearson 1988; summed by cluster as N. Obuchowski,
        "Nonparametric analysis of clustered ROC curve data" (1997), with factor C/(C - 1).

    Cost:
        O(n log n).
    """
    check_confidence(confidence)
    n, positive = forecasts.p.size, forecasts.y
    n_positive = int(positive.sum())
    bare = Estimate(
        "AUC", None, confidence=confidence, items=n, ratings=n, clusters=forecasts.n_clusters
    )
    if not n_positive or n_positive == n:
        return replace(bare, reason=Undefined.NO_VARIATION if n else Undefined.NO_ITEMS)
    from scipy import stats  # some 20 MB that only this needs

    everyone = stats.rankdata(forecasts.p)
    among = np.empty(n)
    among[positive] = stats.rankdata(forecasts.p[positive])
    among[~positive] = stats.rankdata(forecasts.p[~positive])
    # Share of the other kind that the item outranks (ties half).
    placed = (everyone - among) / np.where(positive, n - n_positive, n_positive)
    value = float(placed[positive].mean())
    found = replace(bare, value=value)
    if forecasts.n_clusters < 2:
        return replace(found, reason=Undefined.ONE_CLUSTER)
    moved = np.where(
        positive, (placed - value) / n_positive, (1 - placed - value) / (n - n_positive)
    )
    sums = np.bincount(forecasts.cluster, weights=moved)
    se = float(np.sqrt(sums.size / (sums.size - 1) * (sums @ sums)))
    if se <= ROUNDING:
        return replace(found, reason=Undefined.NO_SPREAD)
    half = se * t_quantile((1 + confidence) / 2, df=sums.size - 1)
    return replace(found, se=se, low=max(value - half, 0.0), high=min(value + half, 1.0))


def average_precision(forecasts: Forecasts) -> float | None:
    """Precision averaged over the steps of recall; ``None`` without a positive item.

    Source: C. Manning et al., "Introduction to Information Retrieval" (2008), section 8.4.
    Cost: O(n log n).
    """
    if not forecasts.y.any():
        return None
    _, group = np.unique(-forecasts.p, return_inverse=True)
    found, number = np.bincount(group, weights=forecasts.y), np.bincount(group)
    precision = found.cumsum() / number.cumsum()
    return float(precision @ found / forecasts.y.sum())


def expected_calibration_error(
    forecasts: Forecasts,
    *,
    binning: Binning = Binning.EQUAL_WIDTH,
    bins: int = 10,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Mean distance of what is said and what is so, over bins; its name tells which bins.

    It depends on the bins and is biased upwards, the more so the fewer items there are.

    Args:
        forecasts: probabilities and outcomes.
        binning: bins of equal width (a value on an inner edge goes to the lower bin, as
            in scikit-learn's curve) or of equal
            mass (as many items in each as can be, in order).
        bins: how many, at least 1.
        confidence: level of the interval, in (0, 1).
        uncertainty: how the interval is computed; the bins stay as they are.

    Returns:
        ``value`` in [0, 1]; ``None`` with ``NO_ITEMS``.

    Raises:
        ValueError: ``bins`` below 1 or ``confidence`` outside (0, 1).

    Source: M. Naeini, G. Cooper and M. Hauskrecht 2015. Cost: O(n * bins).
    """
    place = _bin_of(forecasts.p, binning, bins)
    n = forecasts.p.size
    # Forecasts of a bin that say the same, and of which the same was so, are one pattern.
    _, first, pattern = np.unique(
        forecasts.p + 1j * (2 * place + forecasts.y), return_index=True, return_inverse=True
    )
    features = np.zeros((first.size, bins + 1))
    features[:, 0] = 1.0
    features[np.arange(first.size), place[first] + 1] = (forecasts.p - forecasts.y)[first]

    def evaluate(totals: FloatArray) -> FloatArray:
        error: FloatArray = np.abs(totals[:, 1:]).sum(axis=1) / totals[:, 0]
        return error

    groups = Groups(pattern, np.ones(n, dtype=np.int64), forecasts.cluster)
    return estimate_of(
        Sample(features, groups, evaluate, forecasts.n_clusters),
        name=f"ECE ({bins} bins of {binning})",
        sizes=Sizes(n, 0, n),
        reason=None if n else Undefined.NO_ITEMS,
        confidence=confidence,
        uncertainty=uncertainty,
        lower=0.0,
    )


def reliability_curve(
    forecasts: Forecasts, *, binning: Binning = Binning.EQUAL_WIDTH, bins: int = 10
) -> tuple[Bin, ...]:
    """What was said and what was so, bin by bin; empty bins are left out.

    Raises:
        ValueError: ``bins`` below 1.

    Cost: O(n log n + bins).
    """
    place = _bin_of(forecasts.p, binning, bins)
    number = np.bincount(place, minlength=bins)
    said = np.bincount(place, weights=forecasts.p, minlength=bins)
    so = np.bincount(place, weights=forecasts.y, minlength=bins)
    return tuple(
        Bin(int(number[at]), float(said[at] / number[at]), float(so[at] / number[at]))
        for at in np.flatnonzero(number)
    )


def _bin_of(p: FloatArray, binning: Binning, bins: int) -> IntArray:
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}.")
    if binning is Binning.EQUAL_WIDTH:
        inner = np.linspace(0, 1, bins + 1)[1:-1]
        return np.searchsorted(inner, p).astype(np.int64)
    sizes = [part.size for part in np.array_split(np.arange(p.size), bins)]
    place = np.empty(p.size, dtype=np.int64)
    place[np.argsort(p, kind="stable")] = np.repeat(np.arange(bins), sizes)
    return place
