"""The human ceiling: how well people agree with one another, on the items a judge is held to.

Each person is left out in turn and compared with the others of the item; the judge is compared
with the same others. So both are measured alike, and their difference is fair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import CountTable
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_ratio
from evaluation.stats.resampling import SANDWICH, Evaluate, Sample, Uncertainty
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_counts,
    as_indices,
    cluster_names,
)
from evaluation.stats.validation import kappa_of_tables

NO_VERDICT = -1
Coefficient = Callable[[FloatArray], FloatArray]


class CeilingCoefficient(StrEnum):
    """What people and judge are compared in."""

    AGREEMENT = "agreement"
    KAPPA = "kappa"


@dataclass(frozen=True, slots=True)
class HumanCeiling:
    """People and judge in one coefficient on the same items, and the judge's lead.

    Attributes:
        people: each person left out in turn, against the others.
        judge: the judge against the same others.
        difference: judge minus people; above 0 the judge agrees more than a person does.
    """

    people: Estimate
    judge: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class PersonLeftOut:
    """One person against the others, and the judge against the same others.

    Attributes:
        rater: the person's id as it was given.
        person, judge, difference: as in ``HumanCeiling``, in agreement.
    """

    rater: int
    person: Estimate
    judge: Estimate
    difference: Estimate


def human_ceiling(
    counts: npt.ArrayLike,
    judge: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    coefficient: CeilingCoefficient = CeilingCoefficient.AGREEMENT,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> HumanCeiling:
    """Compare people left out one at a time, and the judge, with the other people.

    For an item with m ratings each of the m people is compared with the m - 1 others, each
    comparison weighing 1/(m - 1); the judge is compared with the same others. Every rating
    weighs the same. Items with fewer than two ratings or without a verdict take no part.

    Args:
        counts: shape (n_items, n_options), integers >= 0: how many people chose each option.
        judge: shape (n_items,), the judge's option, -1 where there is no verdict.
        clusters: shape (n_items,), the query or scenario: ids or names.
        coefficient: agreement (share of comparisons that match) or Cohen's kappa of the table
            of comparisons.
        confidence: level of the intervals, in (0, 1).
        uncertainty: how the intervals are computed, see ``resampling.spread``.

    Returns:
        Agreement in [0, 1], kappa in [-1, 1], and their difference. ``None`` with a reason:
        ``NO_ITEMS``, ``NO_JUDGE`` when no rated item has a verdict, ``NO_PAIRS`` when none of
        those has two ratings, ``NO_VARIATION`` for kappa where one option is used throughout.

    Raises:
        ValueError: an argument has not its shape, or an option is out of range.

    Source:
        Leave-one-out as in N. Calderon, R. Reichart and R. Dror, "The Alternative Annotator
        Test" (ACL 2025), section 3; intervals: see ``resampling.spread``.

    Cost:
        O(n_items log n_items + n_patterns * n_options**2).
    """
    table = as_counts(counts)
    n_items, n_options = table.shape
    verdict = _as_verdicts(judge, n_options=n_options, n_items=n_items)
    names = cluster_names(clusters, length=n_items)
    taken = (verdict != NO_VERDICT) & (table.sum(axis=1) >= 2)
    reason = _ceiling_reason(table, verdict, taken)
    one_hot = np.eye(n_options, dtype=np.int64)[verdict[taken]]
    both = CountTable.from_counts(np.hstack([table[taken], one_hot]), names[taken])
    features = _comparison_tables(both.patterns, n_options=n_options)
    number = int(taken.sum())
    sizes = Sizes(number, number, int(table[taken].sum()))

    def of(evaluate: Evaluate, name: str, reach: float, low: float) -> Estimate:
        sample = Sample(features, both.groups, evaluate, both.groups.n_clusters())
        return estimate_of(
            sample,
            name=name,
            sizes=sizes,
            reason=reason,
            confidence=confidence,
            uncertainty=uncertainty,
            lower=low,
            upper=reach,
        )

    people, automatic = _sides(coefficient, n_options=n_options)
    low = 0.0 if coefficient is CeilingCoefficient.AGREEMENT else -1.0
    return HumanCeiling(
        of(people, f"people's {coefficient}", 1.0, low),
        of(automatic, f"judge's {coefficient}", 1.0, low),
        of(lambda t: automatic(t) - people(t), "judge minus people", 1.0 - low, low - 1.0),
    )


def people_left_out(
    item: npt.ArrayLike,
    rater: npt.ArrayLike,
    label: npt.ArrayLike,
    *,
    judge: npt.ArrayLike,
    clusters: npt.ArrayLike,
    n_options: int,
    confidence: float = 0.95,
) -> tuple[PersonLeftOut, ...]:
    """For each person: their agreement with the others, and the judge's with the same others.

    Args:
        item: shape (n_ratings,), position of the item, 0 to n_items - 1.
        rater: shape (n_ratings,), any ids >= 0.
        label: shape (n_ratings,), the option chosen.
        judge: shape (n_items,), the judge's option, -1 where there is no verdict.
        clusters: shape (n_items,), the query or scenario: ids or names.
        n_options: options offered.
        confidence: level of the intervals, in (0, 1).

    Returns:
        One entry a person who has an item with another rating and a verdict, in order of id;
        the values as ``intervals.cluster_ratio``.

    Raises:
        ValueError: an argument has not its shape, or is out of range.

    Cost:
        O(n_ratings log n_ratings + n_items * n_options).
    """
    n_items = np.asarray(clusters).size
    cluster, n_clusters = as_clusters(clusters, length=n_items)
    verdict = _as_verdicts(judge, n_options=n_options, n_items=n_items)
    where = as_indices(item, name="item", below=n_items)
    said = as_indices(label, name="label", below=n_options, length=where.size)
    who = as_indices(rater, name="rater", length=where.size)
    counts = np.bincount(where * n_options + said, minlength=n_items * n_options)
    counts = counts.reshape(n_items, n_options)
    taken = (counts.sum(axis=1)[where] >= 2) & (verdict[where] != NO_VERDICT)
    where, said, who = where[taken], said[taken], who[taken]
    others = counts[where].sum(axis=1) - 1
    person = (counts[where, said] - 1) / others
    automatic = (counts[where, verdict[where]] - (said == verdict[where])) / others
    people, who = np.unique(who, return_inverse=True)
    pair, position = np.unique(who * n_clusters + cluster[where], return_inverse=True)
    sums = [
        np.bincount(position, weights=amounts, minlength=pair.size)
        for amounts in (person, automatic, automatic - person, np.ones(where.size))
    ]
    first = np.searchsorted(pair, np.arange(1, people.size) * n_clusters)
    parts = zip(*(np.split(column, first) for column in sums), strict=True)
    return tuple(
        _person(int(one), part, confidence=confidence)
        for one, part in zip(people, parts, strict=False)
    )


def _person(rater: int, sums: tuple[FloatArray, ...], *, confidence: float) -> PersonLeftOut:
    person, automatic, difference, number = sums
    return PersonLeftOut(
        rater,
        cluster_ratio(
            person, number, confidence=confidence, lower=0.0, upper=1.0, name="person's agreement"
        ),
        cluster_ratio(
            automatic, number, confidence=confidence, lower=0.0, upper=1.0, name="judge's agreement"
        ),
        cluster_ratio(
            difference,
            number,
            confidence=confidence,
            lower=-1.0,
            upper=1.0,
            name="judge minus person",
        ),
    )


def _comparison_tables(patterns: IntArray, *, n_options: int) -> FloatArray:
    """Per pattern: people against the others, and judge against the others, flattened."""
    counts = patterns[:, :n_options].astype(np.float64)
    verdict = patterns[:, n_options:].astype(np.float64)
    others = np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(n_options)
    judged = verdict[:, :, None] * counts[:, None, :]
    flat = (len(patterns), n_options**2)
    return np.hstack([(pairs / others).reshape(flat), judged.reshape(flat)])


def _sides(coefficient: CeilingCoefficient, *, n_options: int) -> tuple[Coefficient, Coefficient]:
    """The coefficient of the people's table and of the judge's."""
    cells = n_options**2
    weights = np.eye(n_options)

    def compute(flat: FloatArray) -> FloatArray:
        tables = flat.reshape(-1, n_options, n_options)
        if coefficient is CeilingCoefficient.KAPPA:
            return kappa_of_tables(tables, weights)
        share: FloatArray = np.trace(tables, axis1=1, axis2=2) / tables.sum(axis=(1, 2))
        return share

    return (lambda totals: compute(totals[:, :cells])), (lambda totals: compute(totals[:, cells:]))


def _as_verdicts(judge: npt.ArrayLike, *, n_options: int, n_items: int) -> IntArray:
    shifted = as_indices(
        np.asarray(judge) + 1, name="judge + 1", below=n_options + 1, length=n_items
    )
    return shifted - 1


def _ceiling_reason(table: IntArray, verdict: IntArray, taken: BoolArray) -> Undefined | None:
    if not table.any():
        return Undefined.NO_ITEMS
    if not (table.any(axis=1) & (verdict != NO_VERDICT)).any():
        return Undefined.NO_JUDGE
    return None if taken.any() else Undefined.NO_PAIRS
