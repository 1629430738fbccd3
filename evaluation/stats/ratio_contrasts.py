"""Two ratios over the same clusters held against each other, with a test."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import t_cdf, t_quantile
from evaluation.stats.resampling import ROUNDING
from evaluation.stats.shapes import as_numbers, check_confidence


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference with its interval; ``p`` is two-sided, ``None`` where there is no spread."""

    difference: Estimate
    p: float | None


def ratio_difference(
    numerators: npt.ArrayLike,
    denominators: npt.ArrayLike,
    other_numerators: npt.ArrayLike,
    other_denominators: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    lower: float = -np.inf,
    upper: float = np.inf,
    name: str = "difference",
) -> Contrast:
    """The first ratio of sums minus the second, where a cluster may take part in both.

    Args:
        numerators, denominators: shape (n_clusters,), the sums of each cluster for the first
            ratio; denominators >= 0. A cluster with 0 in both denominators takes no part.
        other_numerators, other_denominators: the same of the second.
        confidence: level, in (0, 1).
        lower, upper: ends of the difference's range, at which the interval is cut.
        name: what the result calls itself.

    Returns:
        ``difference.value`` is ``None`` with ``NO_ITEMS`` where a ratio has nothing below it;
        ``se`` is ``None`` with ``ONE_CLUSTER`` or ``NO_SPREAD``.

    Raises:
        ValueError: rows of unequal length, a negative denominator, or a number not finite.

    Source:
        W. Cochran, "Sampling Techniques" (1977), section 6.4: the linearised ratios' residuals
        are subtracted cluster by cluster, so that what both share cancels. Factor C/(C - 1), t on
        C - 1.

    Cost:
        O(n_clusters).
    """
    check_confidence(confidence)
    below = as_numbers(denominators, name="denominators")
    above = as_numbers(numerators, name="numerators", length=below.size)
    other_below = as_numbers(other_denominators, name="denominators", length=below.size)
    other_above = as_numbers(other_numerators, name="numerators", length=below.size)
    if (below < 0).any() or (other_below < 0).any():
        raise ValueError("denominators must be >= 0.")
    bare = Estimate(name, None, reason=Undefined.NO_ITEMS, confidence=confidence)
    size, other_size = float(below.sum()), float(other_below.sum())
    if size == 0 or other_size == 0:
        return Contrast(bare, None)
    first, second = float(above.sum()) / size, float(other_above.sum()) / other_size
    clusters = int(((below > 0) | (other_below > 0)).sum())
    number = round(size + other_size)
    known = replace(
        bare, value=first - second, reason=None, items=number, ratings=number, clusters=clusters
    )
    if clusters < 2:
        return Contrast(replace(known, reason=Undefined.ONE_CLUSTER), None)
    rest = (above - first * below) / size - (other_above - second * other_below) / other_size
    se = float(np.sqrt(clusters / (clusters - 1) * (rest @ rest)))
    if se <= ROUNDING:
        return Contrast(replace(known, reason=Undefined.NO_SPREAD), None)
    half = se * t_quantile((1 + confidence) / 2, df=clusters - 1)
    p = 2 * t_cdf(-abs(first - second) / se, df=clusters - 1)
    low, high = max(first - second - half, lower), min(first - second + half, upper)
    return Contrast(replace(known, se=se, low=low, high=high), p)
