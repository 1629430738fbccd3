"""Comparisons of models (or values) in pairs: who was held against whom, and who won."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    as_numbers,
    cluster_names,
)


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Who was compared with whom, and who won. Make one with ``from_rows`` or ``from_wins``.

    Attributes:
        first, second: shape (n_rows,), positions of the models.
        outcome: shape (n_rows,), 1 the first won, 0 the second, 1/2 a tie.
        units: shape (n_rows,), how many such comparisons, > 0.
        cluster: shape (n_rows,), 0 … n_clusters - 1; ``None`` when comparisons are independent.
        n_models: models, compared or not.
        dropped: comparisons left out within one category.
        lean: shape (n_rows,), how far the wording leans to the first (1), or to the second (-1);
            ``None`` where that is not known.
    """

    first: IntArray
    second: IntArray
    outcome: FloatArray
    units: FloatArray
    cluster: IntArray | None
    n_models: int
    dropped: int = 0
    lean: FloatArray | None = None

    @classmethod
    def from_rows(
        cls,
        first: npt.ArrayLike,
        second: npt.ArrayLike,
        outcome: npt.ArrayLike,
        *,
        n_models: int,
        units: npt.ArrayLike | None = None,
        clusters: npt.ArrayLike | None = None,
        categories: npt.ArrayLike | None = None,
        lean: npt.ArrayLike | None = None,
    ) -> Self:
        """Read one row a comparison, or rows already grouped with their number.

        Args:
            first, second: shape (n_rows,), 0 to n_models - 1, different in each row.
            outcome: shape (n_rows,), 1, 0, or 1/2 for a tie.
            n_models: models (or values), compared or not.
            units: shape (n_rows,), how many such comparisons, >= 0; ``None`` for one each.
            clusters: shape (n_rows,), query or scenario; ``None`` when all are independent.
            categories: shape (n_models,), to drop pairs within one category (of values).
            lean: shape (n_rows,), what else speaks for the first (1) or the second (-1).

        Raises:
            ValueError: rows of unequal length, a position out of range, a model against itself,
                an outcome outside [0, 1], negative units.

        Cost:
            O(n_rows log n_rows).
        """
        one = as_indices(first, name="first", below=n_models)
        other = as_indices(second, name="second", below=n_models, length=one.size)
        won = as_numbers(outcome, name="outcome", length=one.size)
        number = as_numbers(
            np.ones(one.size) if units is None else units, name="units", length=one.size
        )
        if (one == other).any():
            raise ValueError("A model cannot be compared with itself.")
        if ((won < 0) | (won > 1)).any() or (number < 0).any():
            raise ValueError("outcome must lie in [0, 1] and units must be >= 0.")
        kept, dropped = number > 0, 0
        if categories is not None:
            kind, _ = as_clusters(categories, length=n_models)
            inside = kept & (kind[one] == kind[other])
            kept, dropped = kept & ~inside, round(float(number[inside].sum()))
        cluster = None
        if clusters is not None:
            names = cluster_names(clusters, length=one.size)[kept]
            cluster, _ = as_clusters(names, length=names.size)
        leaning = None if lean is None else as_numbers(lean, name="lean", length=one.size)[kept]
        found = (one[kept], other[kept], won[kept], number[kept])
        return cls(*found, cluster, n_models, dropped, leaning)

    @classmethod
    def from_wins(cls, wins: npt.ArrayLike, ties: npt.ArrayLike | None = None) -> Self:
        """Read how often each model beat each other one.

        Args:
            wins: shape (n_models, n_models), >= 0; ``wins[i, j]`` times i beat j.
            ties: shape (n_models, n_models), >= 0; each pair's ties once, above or below the
                diagonal.

        Raises:
            ValueError: not square matrices of numbers >= 0 with zeros on the diagonal.
        """
        won = np.asarray(wins, dtype=np.float64)
        tied = np.zeros_like(won) if ties is None else np.asarray(ties, dtype=np.float64)
        for matrix in (won, tied):
            square = matrix.ndim == 2 and matrix.shape == (len(won), len(won))
            if not square or not (matrix >= 0).all() or np.diag(matrix).any():
                raise ValueError("wins and ties must be square, >= 0, with zeros in the diagonal.")
        rows = [
            (int(i), int(j), outcome, matrix[i, j])
            for matrix, outcome in ((won, 1.0), (tied, 0.5))
            for i, j in zip(*np.nonzero(matrix), strict=True)
        ]
        first, second, outcome, units = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls.from_rows(first, second, outcome, units=units, n_models=len(won))

    def wins(self) -> FloatArray:
        """Return how often i beat j, ties half, shape (n_models, n_models). O(n_rows)."""
        n = self.n_models
        cells = np.concatenate([self.first * n + self.second, self.second * n + self.first])
        won = np.concatenate([self.outcome * self.units, (1 - self.outcome) * self.units])
        wins = np.bincount(cells, weights=won, minlength=n * n).reshape(n, n)
        return wins.astype(np.float64, copy=False)

    def among(self, models: BoolArray) -> "Comparisons":
        """Return the comparisons of two of these models; positions stay as they are."""
        kept = models[self.first] & models[self.second]
        cluster = None if self.cluster is None else self.cluster[kept]
        lean = None if self.lean is None else self.lean[kept]
        return replace(
            self,
            first=self.first[kept],
            second=self.second[kept],
            outcome=self.outcome[kept],
            units=self.units[kept],
            cluster=cluster,
            lean=lean,
        )
