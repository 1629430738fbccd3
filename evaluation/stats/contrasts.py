"""Differences within one set of ratings, with clustered intervals: groups, slopes, two judges.

Both sides of a difference share queries, so their standard errors do not add up; each difference
is one function of totals and has an interval of its own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import t_cdf
from evaluation.stats.resampling import Evaluate, Sample
from evaluation.stats.shapes import (
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    as_numbers,
)
from evaluation.stats.validation import kappa_of_tables


@dataclass(frozen=True, slots=True)
class PairedJudges:
    """A second judge against a first one, on the same ratings; differences are second minus first.

    Attributes:
        first, second: each judge's accuracy.
        accuracy: its difference, in [-1, 1].
        kappa: difference of Cohen's kappa, in [-2, 2].
    """

    first: Estimate
    second: Estimate
    accuracy: Estimate
    kappa: Estimate


def difference_of_means(
    values: npt.ArrayLike,
    inside: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None = None,
    name: str = "difference",
    confidence: float = 0.95,
) -> Estimate:
    """Mean of the values inside a group minus the mean outside of it.

    Args:
        values: shape (n,), in [-1, 1].
        inside: shape (n,), 0 or 1, whether a row is in the group.
        clusters: shape (n,), query or scenario.
        units: shape (n,), how many such rows, >= 0; ``None`` for one each.
        name: what the difference is of.
        confidence: level of the interval, in (0, 1).

    Returns:
        ``value`` in [-2, 2]; ``None`` with ``NO_ITEMS`` where the group or the rest is empty.

    Raises:
        ValueError: rows of unequal length or numbers out of range.

    Source: difference of two ratios by delete-one influence, see ``resampling.spread``.
    Cost: O(n log n).
    """
    y = as_numbers(values, name="values")
    group = as_indices(inside, name="inside", below=2, length=y.size)
    features = np.column_stack([y * group, group, y * (1 - group), 1 - group])

    def evaluate(totals: FloatArray) -> FloatArray:
        found: FloatArray = totals[:, 0] / totals[:, 1] - totals[:, 2] / totals[:, 3]
        return found

    return _contrast(
        features, evaluate, clusters, units, name=name, reach=2.0, confidence=confidence
    )


def slope(
    values: npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None = None,
    name: str = "slope",
    confidence: float = 0.95,
) -> Estimate:
    """Least-squares slope of the values on x, with a clustered interval.

    Args:
        values, x: shape (n,), finite numbers.
        clusters, units, name, confidence: as in ``difference_of_means``.

    Returns:
        Units of the values by unit of x; ``None`` with ``NO_ITEMS``, or ``NO_VARIATION`` where all
        x are one.

    Raises:
        ValueError: rows of unequal length or numbers out of range.

    Source: ordinary least squares; interval by delete-one influence, see ``resampling.spread``.
    Cost: O(n log n).
    """
    y = as_numbers(values, name="values")
    at = as_numbers(x, name="x", length=y.size)
    # Centred, so that squares do not swallow what differs; exactly 0 where nothing does.
    at = at - at.mean() if at.size and np.ptp(at) > 0 else np.zeros(at.size)
    features = np.column_stack([np.ones(y.size), at, y, at * at, at * y])

    def evaluate(totals: FloatArray) -> FloatArray:
        n, sx, sy, sxx, sxy = totals.T
        found: FloatArray = (n * sxy - sx * sy) / (n * sxx - sx * sx)
        return found

    return _contrast(
        features,
        evaluate,
        clusters,
        units,
        name=name,
        reach=np.inf,
        confidence=confidence,
        when_nan=Undefined.NO_VARIATION,
    )


def paired_judges(
    people: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    n_options: int,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> PairedJudges:
    """Compare two judges on the ratings that both have a verdict for.

    Args:
        people: shape (n,), the option a person chose, 0 to n_options - 1.
        first, second: shape (n,), what each judge chose for the same item.
        n_options: options offered.
        clusters, units, confidence: as in ``difference_of_means``.

    Returns:
        ``None`` with ``NO_ITEMS`` without a rating; kappa's with ``NO_VARIATION`` where people and
        a judge chose one and the same option throughout.

    Raises:
        ValueError: rows of unequal length, an option out of range.

    Cost:
        O(n log n + n_cells * n_options**2), where cells are distinct triples of answers.
    """
    said = as_indices(people, name="people", below=n_options)
    one = as_indices(first, name="first", below=n_options, length=said.size)
    other = as_indices(second, name="second", below=n_options, length=said.size)
    cells = n_options**2
    triples, cell = np.unique(np.column_stack([said, one, other]), axis=0, return_inverse=True)
    eye = np.eye(cells)
    features = np.hstack(
        [
            eye[triples[:, 0] * n_options + triples[:, 1]],
            eye[triples[:, 0] * n_options + triples[:, 2]],
        ]
    )

    def tables(totals: FloatArray, part: int) -> FloatArray:
        return totals[:, part * cells : (part + 1) * cells].reshape(-1, n_options, n_options)

    def right(totals: FloatArray, part: int) -> FloatArray:
        found = tables(totals, part)
        share: FloatArray = np.trace(found, axis1=1, axis2=2) / found.sum(axis=(1, 2))
        return share

    def kappa(totals: FloatArray) -> FloatArray:
        weights = np.eye(n_options)
        one, other = (kappa_of_tables(tables(totals, part), weights) for part in (0, 1))
        return other - one

    def of(evaluate: Evaluate, name: str, reach: float, low: float | None = None) -> Estimate:
        return _grouped(
            features,
            cell.ravel().astype(np.int64),
            evaluate,
            clusters,
            units,
            name=name,
            reach=reach,
            low=low,
            confidence=confidence,
            when_nan=Undefined.NO_VARIATION,
        )

    return PairedJudges(
        of(lambda totals: right(totals, 0), "first judge's accuracy", 1.0, 0.0),
        of(lambda totals: right(totals, 1), "second judge's accuracy", 1.0, 0.0),
        of(lambda t: right(t, 1) - right(t, 0), "difference in accuracy", 1.0),
        of(kappa, "difference in kappa", 2.0),
    )


def p_value(estimate: Estimate) -> float | None:
    """Two-sided p-value of "the value is 0", by Student's t over clusters; ``None`` without se."""
    if estimate.value is None or not estimate.se or estimate.clusters < 2:
        return None
    return 2 * t_cdf(-abs(estimate.value) / estimate.se, df=estimate.clusters - 1)


def _contrast(
    features: FloatArray,
    evaluate: Evaluate,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None,
    *,
    name: str,
    reach: float,
    confidence: float,
    when_nan: Undefined = Undefined.NO_ITEMS,
) -> Estimate:
    patterns, pattern = np.unique(features, axis=0, return_inverse=True)
    return _grouped(
        patterns,
        pattern.ravel().astype(np.int64),
        evaluate,
        clusters,
        units,
        name=name,
        reach=reach,
        low=None,
        confidence=confidence,
        when_nan=when_nan,
    )


def _grouped(
    features: FloatArray,
    pattern: IntArray,
    evaluate: Evaluate,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None,
    *,
    name: str,
    reach: float,
    low: float | None,
    confidence: float,
    when_nan: Undefined,
) -> Estimate:
    number = np.ones(pattern.size, dtype=np.int64)
    if units is not None:
        number = as_indices(units, name="units", length=pattern.size)
    cluster, n_clusters = as_clusters(clusters, length=pattern.size)
    n = int(number.sum())
    return estimate_of(
        Sample(features, Groups(pattern, number, cluster), evaluate, n_clusters),
        name=name,
        sizes=Sizes(n, n, n),
        reason=None if n else Undefined.NO_ITEMS,
        when_nan=when_nan,
        confidence=confidence,
        lower=-reach if low is None else low,
        upper=reach,
    )
