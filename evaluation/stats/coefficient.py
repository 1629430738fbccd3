"""One way to compute every agreement coefficient and its interval from counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.stats.counts import CountTable, Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import (
    SANDWICH,
    Bootstrap,
    Drawn,
    Evaluate,
    Jackknife,
    Sample,
    Spread,
    Uncertainty,
    bootstrap_together,
    spread,
)
from evaluation.stats.shapes import FloatArray, IntArray, check_confidence

PAIRABLE_FROM = 2


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many items and ratings stand behind a value."""

    items: int
    pairable_items: int
    ratings: int
    raters: int | None = None


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient as a function of totals of additive numbers per item.

    Attributes:
        name: its standard name.
        features: patterns (n_patterns, n_options) to numbers (n_patterns, q) that add up.
        evaluate: totals (n_cases, q) to values (n_cases,), NaN where undefined.
        singles_count: whether items with a single rating take part (for prevalence).
        needs_pairs: whether it compares ratings of one item.
        needs_options: options that must be offered, else ``ONE_OPTION``.
        when_nan: what NaN means for pairable data.
        lower: low end of its range; the high end is 1 for all.
    """

    name: str
    features: Callable[[IntArray], FloatArray]
    evaluate: Evaluate
    singles_count: bool = False
    needs_pairs: bool = True
    needs_options: int = 1
    when_nan: Undefined = Undefined.NO_VARIATION
    lower: float = -np.inf


def estimates(
    table: CountTable,
    coefficients: Sequence[Coefficient],
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> list[Estimate]:
    """Compute several coefficients of the same ratings; a bootstrap draws once for all of them.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Cost:
        See ``resampling.spread`` and ``resampling.bootstrap_together``.
    """
    each: list[Uncertainty] = [uncertainty] * len(coefficients)
    if isinstance(uncertainty, Bootstrap) and len(table.patterns):
        samples = [_sample(table, one, uncertainty)[0] for one in coefficients]
        each = [Drawn(values) for values in bootstrap_together(samples, uncertainty)]
    return [
        estimate(table, one, confidence=confidence, uncertainty=how)
        for one, how in zip(coefficients, each, strict=True)
    ]


def estimate(
    table: CountTable, coefficient: Coefficient, *, confidence: float, uncertainty: Uncertainty
) -> Estimate:
    """Compute a coefficient with its interval, or say why it does not exist.

    Items that take no part in a coefficient are left out of its resampling too, so that
    adding them changes nothing; only the exact jackknife leaves out every item in turn.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Cost:
        See ``resampling.spread``.
    """
    sample, paired_groups = _sample(table, coefficient, uncertainty)
    sizes = Sizes(
        items=int(table.groups.units.sum()),
        pairable_items=int(paired_groups.units.sum()),
        ratings=int(table.weights @ table.ratings_each),
        raters=table.raters,
    )
    return estimate_of(
        sample,
        name=coefficient.name,
        sizes=sizes,
        reason=_missing_data(table, coefficient, n_pairable=sizes.pairable_items),
        when_nan=coefficient.when_nan,
        confidence=confidence,
        uncertainty=uncertainty,
        lower=coefficient.lower,
    )


def _sample(
    table: CountTable, coefficient: Coefficient, uncertainty: Uncertainty
) -> tuple[Sample, Groups]:
    """Return what a coefficient is computed from, and the groups of pairable units."""
    paired_groups = table.groups.only(table.ratings_each >= PAIRABLE_FROM)
    whole = coefficient.singles_count or isinstance(uncertainty, Jackknife)
    groups = table.groups if whole else paired_groups
    clusters = (paired_groups if coefficient.needs_pairs else table.groups).n_clusters()
    features = coefficient.features(table.patterns)
    return Sample(features, groups, coefficient.evaluate, clusters), paired_groups


def estimate_of(
    sample: Sample,
    *,
    name: str,
    sizes: Sizes,
    reason: Undefined | None = None,
    when_nan: Undefined = Undefined.NO_VARIATION,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
    lower: float = -np.inf,
    upper: float = 1.0,
) -> Estimate:
    """Put a value, its interval and its sizes together, or the reason there is no value.

    Args:
        sample: what the value is computed from.
        name: the coefficient's standard name.
        sizes: items and ratings behind it.
        reason: why there can be no value, found before computing; else ``None``.
        when_nan: the reason when computing gives NaN.
        confidence, uncertainty: see ``resampling.spread``.
        lower, upper: ends of the coefficient's range.

    Raises:
        ValueError: ``confidence`` outside (0, 1).
    """
    check_confidence(confidence)
    value = np.nan if reason else sample.value()
    if np.isnan(value):
        found = Spread(reason=reason or when_nan)
    else:
        found = spread(
            sample,
            value=value,
            uncertainty=uncertainty,
            confidence=confidence,
            lower=lower,
            upper=upper,
        )
    return Estimate(
        name=name,
        value=None if np.isnan(value) else value,
        se=found.se,
        low=found.low,
        high=found.high,
        reason=found.reason,
        confidence=confidence,
        items=sizes.items,
        pairable_items=sizes.pairable_items,
        ratings=sizes.ratings,
        clusters=sample.clusters,
        raters=sizes.raters,
    )


def _missing_data(
    table: CountTable, coefficient: Coefficient, *, n_pairable: int
) -> Undefined | None:
    if not table.groups.units.size:
        return Undefined.NO_ITEMS
    if table.n_options < coefficient.needs_options:
        return Undefined.ONE_OPTION
    if coefficient.needs_pairs and not n_pairable:
        return Undefined.ONE_RATER if table.raters == 1 else Undefined.NO_PAIRS
    return None
