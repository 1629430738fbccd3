"""Ratings as counts: how many raters chose each option, kept as the distinct patterns.

Agreement depends on the data only through how often each distinct count vector occurs. Ten
million ratings by two to five raters of four options are 121 patterns, so every coefficient
and its resampling costs little once the ratings are counted. A matrix of raters by items is
never built.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_counts,
    as_indices,
    cluster_names,
)

BITS_OF_A_KEY = 63


@dataclass(frozen=True, eq=False)
class Groups:
    """How many units of each pattern lie in each cluster.

    Every coefficient of a question asks the same of it, so it remembers what it answered; its
    arrays are not to be changed. Rows in the order of their clusters are added up several times
    faster.

    Attributes:
        pattern: shape (n_rows,), a position in the list of patterns.
        units: shape (n_rows,), how many units, integers >= 1.
        cluster: shape (n_rows,), positions 0 … n_clusters - 1; ``None`` when every unit is a
            cluster of its own.
    """

    pattern: IntArray
    units: IntArray
    cluster: IntArray | None = None
    _weights: dict[int, FloatArray] = field(default_factory=dict, init=False, repr=False)
    _parts: dict[bytes, "Groups"] = field(default_factory=dict, init=False, repr=False)

    def weights(self, n_patterns: int) -> FloatArray:
        """Return the number of units of each pattern, shape (n_patterns,). O(n_rows)."""
        if n_patterns not in self._weights:
            weights = np.bincount(self.pattern, weights=self.units, minlength=n_patterns)
            self._weights[n_patterns] = weights.astype(np.float64, copy=False)
        return self._weights[n_patterns]

    def only(self, wanted: BoolArray) -> "Groups":
        """Return the rows whose pattern is wanted; clusters left empty vanish. O(n_rows).

        Args:
            wanted: shape (n_patterns,).
        """
        if wanted.all():
            return self
        key = wanted.tobytes()
        if key not in self._parts:
            rows = wanted[self.pattern]
            cluster = None
            if self.cluster is not None:
                cluster = np.unique(self.cluster[rows], return_inverse=True)[1].astype(np.int64)
            self._parts[key] = Groups(self.pattern[rows], self.units[rows], cluster)
        return self._parts[key]

    def n_clusters(self) -> int:
        """Return how many clusters hold a unit. O(n_rows)."""
        return self._n_clusters

    def each_alone(self) -> bool:
        """Say whether every cluster holds one unit, so that clusters and units are the same."""
        return self.cluster is None or self.n_clusters() == int(self.units.sum())

    @cached_property
    def _n_clusters(self) -> int:
        if self.cluster is None:
            return int(self.units.sum())
        return int(np.count_nonzero(np.bincount(self.cluster))) if self.cluster.size else 0

    @cached_property
    def _starts(self) -> IntArray | None:
        """Where each cluster begins, ``None`` unless the rows are in the clusters' order."""
        if self.cluster is None or not self.cluster.size:
            return None
        steps = np.diff(self.cluster)
        if (steps < 0).any():
            return None
        return np.concatenate([[0], np.flatnonzero(steps) + 1])

    def cluster_sums(self, per_pattern: FloatArray) -> FloatArray:
        """Add a quantity of the units up within each cluster.

        Args:
            per_pattern: shape (n_patterns, q), the quantity of one unit.

        Returns:
            Shape (n_clusters, q). Where each unit is a cluster, one row a unit.

        Cost:
            O((n_rows + n_clusters) * q).
        """
        if self.cluster is None:
            return per_pattern[np.repeat(self.pattern, self.units)]
        size = int(self.cluster.max(initial=-1)) + 1
        sums = np.zeros((size, per_pattern.shape[1]))
        starts = self._starts
        for column in range(per_pattern.shape[1]):
            amounts = np.ascontiguousarray(per_pattern[:, column])[self.pattern] * self.units
            if starts is None:
                sums[:, column] = np.bincount(self.cluster, weights=amounts, minlength=size)
            else:
                sums[self.cluster[starts], column] = np.add.reduceat(amounts, starts)
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class CountTable:
    """The ratings of one question: distinct count vectors, and how often each occurs where.

    Make one with ``from_counts``, ``from_groups``, ``from_packed`` or ``from_confusion``.

    Attributes:
        patterns: shape (n_patterns, n_options); ``patterns[p, k]`` raters chose option ``k``.
            The columns are the options *offered*, used or not. Each row has a rating.
        groups: how many units of each pattern lie in each cluster.
        raters: how many different raters there were, if known.
    """

    patterns: IntArray
    groups: Groups
    raters: int | None = None

    @classmethod
    def from_counts(
        cls,
        counts: npt.ArrayLike,
        clusters: npt.ArrayLike | None = None,
        *,
        raters: int | None = None,
    ) -> Self:
        """Read one row of counts for each item.

        Args:
            counts: shape (n_items, n_options), integers >= 0. Rows of zeros are left out.
            clusters: shape (n_items,), the query or scenario of each item (ids or names);
                ``None`` when each item is its own cluster.
            raters: how many different raters there were, if known.

        Raises:
            ValueError: ``counts`` is not a matrix of integers >= 0, or ``clusters`` not as long.

        Cost:
            Time O(n_items * log n_items), memory O(n_items * n_options).
        """
        table = as_counts(counts)
        if clusters is not None:
            cluster_names(clusters, length=len(table))
        patterns, position = _distinct_rows(table)
        units = np.ones(len(table), dtype=np.int64)
        return cls.from_groups(patterns, position, units, clusters=clusters, raters=raters)

    @classmethod
    def from_groups(
        cls,
        patterns: npt.ArrayLike,
        pattern: npt.ArrayLike,
        units: npt.ArrayLike,
        *,
        clusters: npt.ArrayLike | None = None,
        raters: int | None = None,
    ) -> Self:
        """Read rows already grouped, as a database gives them: (cluster, pattern, units).

        Args:
            patterns: shape (n_patterns, n_options), integers >= 0.
            pattern: shape (n_rows,), positions in ``patterns``.
            units: shape (n_rows,), how many items of that pattern in that cluster; >= 0.
            clusters: shape (n_rows,), ids or names; ``None`` when each item is its own cluster.
            raters: how many different raters there were, if known.

        Raises:
            ValueError: an argument has not its stated shape, or a position is out of range.

        Cost:
            Time O(n_rows * log n_rows), memory O(n_rows).
        """
        table = as_counts(patterns, name="patterns")
        position = as_indices(pattern, name="pattern", below=len(table))
        number = as_indices(units, name="units", length=position.size)
        names = None if clusters is None else cluster_names(clusters, length=position.size)
        rated = (table.sum(axis=1) > 0)[position] & (number > 0)
        position, number = position[rated], number[rated]
        if names is None:
            kept, renumbered, number = _merged(position, number)
            return cls(table[kept], Groups(renumbered, number), raters)
        cluster, _ = as_clusters(names[rated], length=position.size)
        kept, renumbered = np.unique(position, return_inverse=True)
        return cls(table[kept], Groups(renumbered.astype(np.int64), number, cluster), raters)

    @classmethod
    def from_packed(
        cls,
        packed: npt.ArrayLike,
        units: npt.ArrayLike | None = None,
        *,
        n_options: int,
        bits: int,
        clusters: npt.ArrayLike | None = None,
        raters: int | None = None,
    ) -> Self:
        """Read count vectors packed into one integer each, option 0 in the lowest bits.

        ``packed = sum(count[k] << (bits * k))``: what ``SUM(1 << (bits * option))`` gives in
        the database, grouped by item.

        Args:
            packed: shape (n_rows,), integers >= 0.
            units: shape (n_rows,), how many items; ``None`` for one each.
            n_options: options offered, at least 1.
            bits: bits for one count; ``n_options * bits`` at most 63.
            clusters: shape (n_rows,), ids or names; ``None`` when each item is its own cluster.
            raters: how many different raters there were, if known.

        Raises:
            ValueError: the counts do not fit in 63 bits, or an argument has not its shape.

        Cost:
            Time O(n_rows * log n_rows), memory O(n_rows).
        """
        if n_options < 1 or bits < 1 or n_options * bits > BITS_OF_A_KEY:
            raise ValueError(f"{n_options} options of {bits} bits do not fit in {BITS_OF_A_KEY}.")
        keys = as_indices(packed, name="packed")
        if keys.size and int(keys.max()) >> (n_options * bits):
            raise ValueError(f"packed holds counts beyond {n_options} options of {bits} bits.")
        distinct, position = np.unique(keys, return_inverse=True)
        shifts = np.arange(n_options, dtype=np.int64) * bits
        patterns = (distinct[:, None] >> shifts) & ((1 << bits) - 1)
        ones = np.ones(keys.size, dtype=np.int64) if units is None else units
        return cls.from_groups(patterns, position, ones, clusters=clusters, raters=raters)

    @classmethod
    def from_confusion(cls, confusion: npt.ArrayLike) -> Self:
        """Read a table of two raters: ``confusion[a, b]`` items were a to one, b to the other.

        Args:
            confusion: shape (n_options, n_options), integers >= 0.

        Raises:
            ValueError: not a square matrix of integers >= 0.
        """
        table = as_counts(confusion, name="confusion")
        n_options = table.shape[1]
        if table.shape[0] != n_options:
            raise ValueError("confusion must be a square matrix.")
        one = np.eye(n_options, dtype=np.int64)
        pairs = (one[:, None, :] + one[None, :, :]).reshape(-1, n_options)
        distinct, position = _distinct_rows(pairs)
        return cls.from_groups(distinct, position, table.ravel(), raters=2)

    @property
    def n_options(self) -> int:
        """How many options were offered."""
        return int(self.patterns.shape[1])

    @property
    def ratings_each(self) -> IntArray:
        """How many ratings a unit of each pattern has, shape (n_patterns,)."""
        each: IntArray = self.patterns.sum(axis=1)
        return each

    @property
    def weights(self) -> FloatArray:
        """How many units have each pattern, shape (n_patterns,)."""
        return self.groups.weights(len(self.patterns))

    def by_item(self) -> "CountTable":
        """Return the same ratings with every item a cluster of its own. O(n_rows log n_rows)."""
        _, position, units = _merged(self.groups.pattern, self.groups.units)
        return CountTable(self.patterns, Groups(position, units), self.raters)


def _merged(position: IntArray, units: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """One row a pattern in use: its position, its new number, how many units."""
    kept, renumbered = np.unique(position, return_inverse=True)
    total = np.bincount(renumbered, weights=units, minlength=kept.size).astype(np.int64)
    return kept, np.arange(kept.size, dtype=np.int64), total


def _distinct_rows(table: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct rows and where each row of the table is among them."""
    n_items, n_options = table.shape
    bits = int(table.max(initial=0)).bit_length() or 1
    if n_options * bits > BITS_OF_A_KEY:
        distinct, position = np.unique(table, axis=0, return_inverse=True)
        return distinct, position.reshape(-1).astype(np.int64)
    keys = np.zeros(n_items, dtype=np.int64)
    for option in range(n_options):
        keys |= table[:, option] << (bits * option)
    _, first, position = np.unique(keys, return_index=True, return_inverse=True)
    return table[first], position.astype(np.int64)
