"""How much models disagree on a query: where judging pays most."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Undefined
from evaluation.stats.shapes import FloatArray, IntArray, as_indices


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How far models' scores of one query lie apart.

    Attributes:
        value: the largest of ``by_value``; ``None`` with ``reason`` ``NO_ITEMS`` for no model.
        by_value: population standard deviation of the scores for each value in tension.
        models: how many models were scored.
        reason: why there is no value.
    """

    value: float | None
    by_value: tuple[float, ...]
    models: int
    reason: Undefined | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Disagreements:
    """The same for many queries.

    Attributes:
        value: shape (n_queries,), 0 where ``models`` is 0.
        models: shape (n_queries,), models scored.
    """

    value: FloatArray
    models: IntArray


def disagreement(scores: npt.ArrayLike) -> Disagreement:
    """Population standard deviation over models, the largest over the values in tension.

    Args:
        scores: shape (n_models, n_values), one row a model; 0 to 6 in this study.

    Returns:
        ``value`` >= 0 in the unit of the scores; 0 for one model or where all agree.

    Raises:
        ValueError: not a matrix of finite numbers with at least one value.

    Cost:
        O(n_models * n_values).
    """
    table = _as_scores(scores)
    if not len(table):
        return Disagreement(None, (), 0, Undefined.NO_ITEMS)
    by_value = tuple(float(spread) for spread in table.std(axis=0))
    return Disagreement(max(by_value), by_value, len(table))


def disagreement_by_query(
    query: npt.ArrayLike, scores: npt.ArrayLike, *, n_queries: int
) -> Disagreements:
    """The disagreement of every query at once.

    Args:
        query: shape (n_rows,), position of the query, 0 to n_queries - 1.
        scores: shape (n_rows, n_values), one row a model's reply to the query.
        n_queries: queries, with or without a row.

    Returns:
        See ``Disagreements``; each as ``disagreement`` gives it.

    Raises:
        ValueError: rows of different number, or a position out of range.

    Cost:
        O(n_rows * n_values + n_queries).
    """
    table = _as_scores(scores)
    where = as_indices(query, name="query", below=n_queries, length=len(table))
    models = np.bincount(where, minlength=n_queries)
    largest = np.zeros(n_queries)
    for column in table.T:
        mean = np.bincount(where, weights=column, minlength=n_queries) / np.maximum(models, 1)
        squares = np.bincount(where, weights=(column - mean[where]) ** 2, minlength=n_queries)
        largest = np.maximum(largest, np.sqrt(squares / np.maximum(models, 1)))
    return Disagreements(largest, models.astype(np.int64))


def _as_scores(scores: npt.ArrayLike) -> FloatArray:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 1 or not np.isfinite(table).all():
        raise ValueError("scores must be a matrix (n_models, n_values) of finite numbers.")
    return table
