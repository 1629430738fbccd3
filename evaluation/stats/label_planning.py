"""How many more labels are worth their price: power and allocation of an audit."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from evaluation.stats.intervals import normal_quantile
from evaluation.stats.shapes import check_confidence


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices of one of each, in any one unit, >= 0.

    Attributes:
        label: a person's label; above 0.
        verdict: a judge's verdict.
        item: getting an item at all.
    """

    label: float
    verdict: float
    item: float = 0.0

    def __post_init__(self) -> None:
        if self.label <= 0 or min(self.verdict, self.item) < 0:
            raise ValueError("A label must cost more than 0, a verdict and an item at least 0.")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to spend on labels and verdicts.

    Attributes:
        labels: n, items labelled by people (with a verdict too, where verdicts are used).
        verdicts: N, further items with a verdict only; 0 where verdicts do not pay.
        cost: of all this.
        effective_labels: as many labels alone would give the same standard error.
    """

    labels: int
    verdicts: int
    cost: float
    effective_labels: int


def plan_within(budget: float, *, correlation: float, costs: Costs) -> Plan:
    """The most precise audit that a budget pays for (to the nearest item).

    Args:
        budget: what may be spent, > 0, in the unit of ``costs``.
        correlation: of labels and verdicts, in [-1, 1], from a pilot.
        costs: prices.

    Returns:
        See ``Plan``; the cost may be off the budget by half a label and half a verdict.

    Raises:
        ValueError: a number out of its range.

    Source:
        D. Broska, M. Howes and A. van Loon, "The mixed subjects design" (2024), propositions 1
        and 2: variance of PPI++ is (1 - r^2 N/(n + N)) times that of n labels.

    Cost:
        O(1).
    """
    if budget <= 0:
        raise ValueError(f"budget must be above 0, not {budget}.")
    ratio = _verdicts_per_label(correlation, costs)
    labels = budget / _price_of_a_label(ratio, costs)
    return _plan(labels, ratio, correlation=correlation, costs=costs)


def plan_for(effective_labels: float, *, correlation: float, costs: Costs) -> Plan:
    """The cheapest audit that is as precise as a number of labels alone.

    Args:
        effective_labels: labels alone with the precision wanted, > 0.
        correlation: of labels and verdicts, in [-1, 1], from a pilot.
        costs: prices.

    Returns, errors, source and cost: as ``plan_within``.
    """
    if effective_labels <= 0:
        raise ValueError(f"effective_labels must be above 0, not {effective_labels}.")
    ratio = _verdicts_per_label(correlation, costs)
    labels = effective_labels * _variance_left(ratio, correlation)
    return _plan(labels, ratio, correlation=correlation, costs=costs)


def labels_for_half_width(
    half_width: float, *, share: float = 0.5, design_effect: float = 1.0, confidence: float = 0.95
) -> int:
    """Labels alone for an interval of a share as narrow as wanted.

    Args:
        half_width: half the interval's width, > 0.
        share: the share expected, in [0, 1]; 0.5 is the safest.
        design_effect: clustered variance / that of independent items, > 0.
        confidence: level of the interval, in (0, 1).

    Raises:
        ValueError: a number out of its range.

    Source: W. Cochran, "Sampling Techniques" (1977), section 4.4. Cost: O(1).
    """
    check_confidence(confidence)
    if half_width <= 0 or not 0 <= share <= 1 or design_effect <= 0:
        raise ValueError("half_width and design_effect are above 0 and share lies in [0, 1].")
    z = normal_quantile((1 + confidence) / 2)
    return ceil(design_effect * share * (1 - share) * (z / half_width) ** 2)


def _verdicts_per_label(correlation: float, costs: Costs) -> float:
    """N/n of least cost for a precision; 0 where labels alone are as cheap."""
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation must lie in [-1, 1], not {correlation}.")
    explained, each = correlation**2, costs.verdict + costs.item
    unexplained = (1 - explained) * each
    if unexplained <= 0:
        raise ValueError("With free verdicts or a perfect judge the best plan has no end.")
    ratio = float(np.sqrt(costs.label * explained / unexplained)) - 1
    if ratio <= 0:
        return 0.0
    powered = _price_of_a_label(ratio, costs) * _variance_left(ratio, correlation)
    return ratio if powered < _price_of_a_label(0.0, costs) else 0.0


def _variance_left(ratio: float, correlation: float) -> float:
    return 1 - correlation**2 * ratio / (1 + ratio)


def _price_of_a_label(ratio: float, costs: Costs) -> float:
    """Price of a label with its share of verdicts; without any, no verdict is bought for it."""
    if ratio == 0:
        return costs.label + costs.item
    return costs.label + (1 + ratio) * (costs.verdict + costs.item)


def _plan(labels: float, ratio: float, *, correlation: float, costs: Costs) -> Plan:
    n, verdicts = max(round(labels), 1), round(labels * ratio)
    each = costs.verdict + costs.item
    cost = n * (costs.label + costs.item)
    if verdicts:
        cost += n * costs.verdict + verdicts * each
    left = _variance_left(verdicts / n, correlation)
    return Plan(n, verdicts, cost, round(n / left))
