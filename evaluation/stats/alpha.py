"""Krippendorff's alpha: agreement beyond chance for any number of raters, missing ratings.

alpha = 1 - D_o / D_e, where D_o is the mean distance of two ratings of the same item and D_e
that of two ratings drawn from all paired ratings. The metrics differ only in the distance.

For every function here:

Args:
    table: counts of the ratings. Items with fewer than two ratings take no part.
    confidence: level of the interval, in (0, 1).
    uncertainty: how the interval is computed, see ``resampling.spread``.

Returns an ``Estimate`` with ``value`` in (-inf, 1]: 1 is perfect agreement, 0 is chance, below 0
is systematic disagreement. ``None`` with a reason: ``NO_ITEMS``, ``NO_PAIRS`` or ``ONE_RATER``
when no item has two ratings, ``NO_VARIATION`` when all paired ratings are at distance 0: then
there is nothing to disagree about (libraries give 1.0, NaN or an exception).

Raises ``ValueError`` for ``confidence`` outside (0, 1) and as each function says.

Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections A to E.

Cost: O(n_patterns * n_options**2) beside that of the interval.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Coefficient, estimate
from evaluation.stats.counts import CountTable
from evaluation.stats.distances import interval_distances, masi_distances, ratio_distances
from evaluation.stats.estimates import Estimate
from evaluation.stats.resampling import SANDWICH, Uncertainty
from evaluation.stats.shapes import FloatArray, IntArray, as_square


def nominal_alpha(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Krippendorff's alpha for unordered options (distance 1 between different options).

    Arguments, result, undefined cases, source and cost: see the module.
    """
    apart = 1.0 - np.eye(table.n_options)
    return distance_alpha(
        table, apart, name="nominal alpha", confidence=confidence, uncertainty=uncertainty
    )


def interval_alpha(
    table: CountTable,
    values: npt.ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Krippendorff's alpha for options that are numbers, by squared difference.

    Args:
        table: see the module.
        values: shape (n_options,), the number of each option; 0, 1, 2 … if not given.
        confidence: see the module.
        uncertainty: see the module.

    Raises:
        ValueError: ``values`` are not ``n_options`` finite numbers.
    """
    numbers = np.arange(table.n_options) if values is None else values
    return distance_alpha(
        table,
        interval_distances(numbers),
        name="interval alpha",
        confidence=confidence,
        uncertainty=uncertainty,
    )


def ratio_alpha(
    table: CountTable,
    values: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Krippendorff's alpha for options that are amounts with a true zero.

    Args:
        table: see the module.
        values: shape (n_options,), the amount of each option, >= 0. Two zeros are at distance 0.
        confidence: see the module.
        uncertainty: see the module.

    Raises:
        ValueError: ``values`` are not ``n_options`` finite numbers >= 0.
    """
    return distance_alpha(
        table,
        ratio_distances(values),
        name="ratio alpha",
        confidence=confidence,
        uncertainty=uncertainty,
    )


def masi_alpha(
    table: CountTable,
    sets: Sequence[frozenset[str]],
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Krippendorff's alpha where a rating is a set of choices, by the MASI distance.

    Args:
        table: its options are the distinct sets that were given.
        sets: the set behind each option, in their order.
        confidence: see the module.
        uncertainty: see the module.

    Raises:
        ValueError: not one set for each option.

    Source:
        R. Passonneau, "Measuring Agreement on Set-valued Items (MASI)" (LREC 2006), section 4.
    """
    return distance_alpha(
        table,
        masi_distances(sets),
        name="MASI alpha",
        confidence=confidence,
        uncertainty=uncertainty,
    )


def distance_alpha(
    table: CountTable,
    distances: npt.ArrayLike,
    *,
    name: str = "alpha",
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Krippendorff's alpha with any distance between options.

    Args:
        table: see the module.
        distances: shape (n_options, n_options), >= 0, symmetric, 0 on the diagonal: squared
            differences as Krippendorff uses them.
        name: what the result calls itself.
        confidence: see the module.
        uncertainty: see the module.

    Raises:
        ValueError: ``distances`` has another shape or is not such a matrix.
    """
    metric = as_square(distances, name="distances")
    if len(metric) != table.n_options:
        raise ValueError(f"distances must have {table.n_options} rows, one for each option.")
    coefficient = distance_coefficient(metric, name=name)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def distance_coefficient(distances: npt.ArrayLike, *, name: str = "alpha") -> Coefficient:
    """Return alpha with these distances as a coefficient, to be estimated beside others.

    Args:
        distances: shape (n_options, n_options), see :func:`distance_alpha`.
        name: what the result calls itself.

    Raises:
        ValueError: ``distances`` is not such a matrix.
    """
    metric = as_square(distances, name="distances")
    if (metric < 0).any() or not np.allclose(metric, metric.T) or np.diag(metric).any():
        raise ValueError("distances must be symmetric and >= 0, with zeros on the diagonal.")

    def features(patterns: IntArray) -> FloatArray:
        paired, others = _paired(patterns)
        observed = ((paired @ metric) * paired).sum(axis=1) / others
        return np.column_stack([observed, paired])

    def evaluate(totals: FloatArray) -> FloatArray:
        observed, ratings = totals[:, 0], totals[:, 1:]
        expected = ((ratings @ metric) * ratings).sum(axis=1)
        return _alpha(observed, expected, n=ratings.sum(axis=1))

    return Coefficient(name, features, evaluate)


def ordinal_alpha(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Krippendorff's alpha for ordered options, by his ordinal metric.

    The distance of options c < k is (n_c/2 + n_c+1 + … + n_k/2)^2 where n are the paired
    ratings of each option: the squared difference of mean ranks. So it changes with the data,
    and is computed anew for each resample. It is neither linear ranks nor Gwet's ordinal
    weights.

    Arguments, result, undefined cases and source: see the module (section D, ordinal metric).

    Cost:
        O(n_patterns * n_options**2) time and memory.
    """
    coefficient = ordinal_coefficient(table.n_options)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def ordinal_coefficient(n_options: int) -> Coefficient:
    """Return :func:`ordinal_alpha` as a coefficient, to be estimated beside others."""
    low, high = np.triu_indices(n_options, k=1)

    def features(patterns: IntArray) -> FloatArray:
        paired, others = _paired(patterns)
        together = 2 * paired[:, low] * paired[:, high] / others[:, None]
        return np.column_stack([paired, together])

    def evaluate(totals: FloatArray) -> FloatArray:
        ratings, together = totals[:, :n_options], totals[:, n_options:]
        ranks = ratings.cumsum(axis=1) - ratings / 2
        metric = (ranks[:, high] - ranks[:, low]) ** 2
        observed = (together * metric).sum(axis=1)
        expected = (2 * ratings[:, low] * ratings[:, high] * metric).sum(axis=1)
        return _alpha(observed, expected, n=ratings.sum(axis=1))

    return Coefficient("ordinal alpha", features, evaluate)


def _paired(patterns: IntArray) -> tuple[FloatArray, FloatArray]:
    """Counts of pairable patterns (zeros elsewhere) and how many others each rating has."""
    ratings_each = patterns.sum(axis=1)
    paired = np.where(ratings_each[:, None] >= 2, patterns, 0).astype(np.float64)
    return paired, np.maximum(ratings_each - 1, 1).astype(np.float64)


def _alpha(observed: FloatArray, expected: FloatArray, *, n: FloatArray) -> FloatArray:
    """1 - (n - 1) * observed / expected; NaN where nothing could disagree."""
    return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)
