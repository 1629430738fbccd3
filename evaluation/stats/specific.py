"""Agreement and prevalence option by option: what a single coefficient hides for rare options."""

import numpy as np

from evaluation.stats.coefficient import Coefficient, estimate
from evaluation.stats.counts import CountTable
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import SANDWICH, Uncertainty
from evaluation.stats.shapes import FloatArray, IntArray


def specific_agreement(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> tuple[Estimate, ...]:
    """For each option: when one rater chose it, how often another rater of the item did too.

    p_s(k) = sum of n_uk (n_uk - 1) / sum of n_uk (r_u - 1) over items u with r_u ratings.

    Args:
        table: counts of the ratings. Items with fewer than two ratings take no part.
        confidence: level of the intervals, in (0, 1).
        uncertainty: how the intervals are computed, see ``resampling.spread``.

    Returns:
        One ``Estimate`` an option, in their order; ``value`` in [0, 1]. ``None`` with a reason:
        ``NO_ITEMS``, ``NO_PAIRS`` or ``ONE_RATER`` when no item has two ratings,
        ``OPTION_NOT_USED`` when no paired rating is that option.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Source:
        R. Spitzer and J. Fleiss, "A re-analysis of the reliability of psychiatric diagnosis"
        (1974); D. Cicchetti and A. Feinstein, "High agreement but low kappa: II" (1990).

    Cost:
        O(n_options * n_patterns) beside that of the intervals.
    """

    def of(option: int) -> Estimate:
        def features(patterns: IntArray) -> FloatArray:
            others = np.maximum(patterns.sum(axis=1) - 1, 0)
            chosen = patterns[:, option]
            return np.column_stack([chosen * (chosen - 1), chosen * others]).astype(np.float64)

        coefficient = Coefficient(
            "specific agreement", features, _ratio, when_nan=Undefined.OPTION_NOT_USED, lower=0.0
        )
        return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)

    return tuple(of(option) for option in range(table.n_options))


def prevalence(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> tuple[Estimate, ...]:
    """For each option: its share of all ratings, those of single-rated items included.

    Args:
        table: counts of the ratings.
        confidence: level of the intervals, in (0, 1).
        uncertainty: how the intervals are computed, see ``resampling.spread``.

    Returns:
        One ``Estimate`` an option; ``value`` in [0, 1], their sum is 1. ``None`` with
        ``NO_ITEMS`` when nothing is rated. ``clusters`` are all that hold a rating.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Cost:
        O(n_options * n_patterns) beside that of the intervals.
    """

    def of(option: int) -> Estimate:
        def features(patterns: IntArray) -> FloatArray:
            return np.column_stack([patterns[:, option], patterns.sum(axis=1)]).astype(np.float64)

        coefficient = Coefficient(
            "prevalence", features, _ratio, singles_count=True, needs_pairs=False, lower=0.0
        )
        return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)

    return tuple(of(option) for option in range(table.n_options))


def _ratio(totals: FloatArray) -> FloatArray:
    return np.where(totals[:, 1] > 0, totals[:, 0] / totals[:, 1], np.nan)
