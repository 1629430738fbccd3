"""A judge against people: confusion, accuracy, kappa and rates, with clustered intervals.

Where several people rated an item, each of their ratings is one pair with the judge's verdict
on it: a verdict is compared with what a person drawn from the raters would say. The intervals
are clustered by query (or scenario), which also covers that such pairs share an item.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluation.stats.chance import NO_CHANCE_TO_DISAGREE, weights_matrix
from evaluation.stats.coefficient import Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.distances import Weights
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.resampling import SANDWICH, Sample, Uncertainty
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    cluster_names,
)


@dataclass(frozen=True, slots=True, eq=False)
class VerdictPairs:
    """Pairs of a person's rating and the judge's verdict on the same item.

    Make one with ``from_pairs``.

    Attributes:
        n_options: options offered.
        groups: how many pairs of each cell (person's option * n_options + judge's option) lie
            in each cluster.
        items: different items among them, if told.
    """

    n_options: int
    groups: Groups
    items: int | None = None

    @classmethod
    def from_pairs(
        cls,
        people: npt.ArrayLike,
        judge: npt.ArrayLike,
        *,
        n_options: int,
        clusters: npt.ArrayLike,
        units: npt.ArrayLike | None = None,
        items: int | None = None,
    ) -> Self:
        """Read one row for each pair, or rows already grouped with their number.

        Args:
            people: shape (n_rows,), the option a person chose, 0 to n_options - 1.
            judge: shape (n_rows,), the option the judge chose for the same item.
            n_options: options offered, at least 1.
            clusters: shape (n_rows,), the query or scenario: ids or names.
            units: shape (n_rows,), how many such pairs; ``None`` for one each.
            items: different items among them, for the reader; not used in computing.

        Raises:
            ValueError: an argument has not its shape, or an option is out of range.

        Cost:
            O(n_rows log n_rows).
        """
        said = as_indices(people, name="people", below=n_options)
        verdict = as_indices(judge, name="judge", below=n_options, length=said.size)
        number = np.ones(said.size, dtype=np.int64)
        if units is not None:
            number = as_indices(units, name="units", length=said.size)
        used = number > 0
        names = cluster_names(clusters, length=said.size)[used]
        cluster, _ = as_clusters(names, length=names.size)
        cell = said * n_options + verdict
        return cls(n_options, Groups(cell[used], number[used], cluster), items)

    @property
    def confusion(self) -> IntArray:
        """Pairs by person's option (rows) and judge's option (columns), shape (q, q)."""
        cells = self.groups.weights(self.n_options**2).astype(np.int64)
        return cells.reshape(self.n_options, self.n_options)

    def among(self, options: npt.ArrayLike) -> tuple["VerdictPairs", int]:
        """Keep pairs in which both chose one of ``options``; return how many were left out.

        Use it to leave *unsure* and *cannot tell* out of rates. Options keep their positions.

        Raises:
            ValueError: an option out of range.
        """
        kept = np.zeros(self.n_options, dtype=np.bool_)
        kept[as_indices(options, name="options", below=self.n_options)] = True
        groups = self.groups.only(np.logical_and.outer(kept, kept).ravel())
        lost = int(self.groups.units.sum() - groups.units.sum())
        return VerdictPairs(self.n_options, groups, None), lost


@dataclass(frozen=True, slots=True)
class OptionRates:
    """One option against the rest: how the judge finds it, and how often it is right.

    Attributes:
        option: its position.
        sensitivity: of the ratings that are the option, how many verdicts are.
        specificity: of the ratings that are not, how many verdicts are not.
        precision: of the verdicts that are the option, how many ratings are.
    """

    option: int
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate


def accuracy(pairs: VerdictPairs, *, confidence: float = 0.95) -> Estimate:
    """Share of pairs in which the judge says what the person said.

    Returns:
        As ``intervals.cluster_proportion``; ``items`` counts pairs.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Cost:
        O(n_rows).
    """
    diagonal = np.eye(pairs.n_options, dtype=np.bool_).ravel()
    return _share(pairs, diagonal, np.ones_like(diagonal), "accuracy", confidence)


def option_rates(pairs: VerdictPairs, *, confidence: float = 0.95) -> tuple[OptionRates, ...]:
    """Sensitivity, specificity and precision for each option against the rest.

    Returns:
        One entry an option; each rate as ``intervals.cluster_proportion``: ``None`` with
        ``NO_ITEMS`` where its denominator is 0. A cluster without such a pair takes no part.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Cost:
        O(n_options * n_rows).
    """
    said, verdict = np.divmod(np.arange(pairs.n_options**2), pairs.n_options)

    def of(option: int) -> OptionRates:
        is_it, found = said == option, verdict == option
        return OptionRates(
            option,
            _share(pairs, is_it & found, is_it, "sensitivity", confidence),
            _share(pairs, ~is_it & ~found, ~is_it, "specificity", confidence),
            _share(pairs, is_it & found, found, "precision", confidence),
        )

    return tuple(of(option) for option in range(pairs.n_options))


def judge_kappa(
    pairs: VerdictPairs,
    weights: Weights | npt.ArrayLike = Weights.IDENTITY,
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Cohen's kappa of the judge with the people, with a clustered interval.

    Args:
        pairs: people's ratings with the judge's verdicts.
        weights: a kind, for options in order, or a matrix of weights in [0, 1].
        confidence: level of the interval, in (0, 1).
        uncertainty: how the interval is computed, see ``resampling.spread``.

    Returns:
        ``value`` in [-1, 1]. ``None`` with ``NO_ITEMS``, or ``NO_VARIATION`` when people and
        judge chose one and the same option throughout.

    Raises:
        ValueError: weights not a matrix of weights, or ``confidence`` outside (0, 1).

    Source:
        J. Cohen 1960 and 1968; interval: see ``resampling.spread``.

    Cost:
        O(n_rows + n_options**4).
    """
    matrix = weights_matrix(weights, n_options=pairs.n_options)

    def evaluate(totals: FloatArray) -> FloatArray:
        return kappa_of_tables(totals.reshape(-1, pairs.n_options, pairs.n_options), matrix)

    n_pairs = int(pairs.groups.units.sum())
    sample = Sample(np.eye(pairs.n_options**2), pairs.groups, evaluate, pairs.groups.n_clusters())
    return estimate_of(
        sample,
        name="Cohen's kappa",
        sizes=Sizes(n_pairs if pairs.items is None else pairs.items, n_pairs, n_pairs),
        reason=None if n_pairs else Undefined.NO_ITEMS,
        confidence=confidence,
        uncertainty=uncertainty,
        lower=-1.0,
    )


def labels_may_be_inverted(kappa: Estimate) -> bool:
    """Say whether a judge's kappa is significantly below zero.

    Then the judge's labels may be inverted: check the polarity of its options.
    """
    return kappa.high is not None and kappa.high < 0


def kappa_of_tables(tables: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Cohen's kappa of many tables, shape (n_tables, q, q); NaN where undefined.

    Cost: O(n_tables * q**2).
    """
    total = tables.sum(axis=(1, 2))
    shares = tables / total[:, None, None]
    observed = (shares * weights).sum(axis=(1, 2))
    expected = ((shares.sum(axis=2) @ weights) * shares.sum(axis=1)).sum(axis=1)
    room = np.where(1 - expected > NO_CHANCE_TO_DISAGREE, 1 - expected, np.nan)
    kappa: FloatArray = (observed - expected) / room
    return kappa


def _share(
    pairs: VerdictPairs, success: BoolArray, of: BoolArray, name: str, confidence: float
) -> Estimate:
    cells = np.column_stack([success, of]).astype(np.float64)
    sums = pairs.groups.cluster_sums(cells)
    return cluster_proportion(sums[:, 0], sums[:, 1], confidence=confidence, name=name)
