"""The arrays that every statistic takes, and the refusal of arrays that are not such.

Axes have the same names in the whole package: items, raters, options, clusters, judges.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def as_counts(counts: npt.ArrayLike, *, name: str = "counts") -> IntArray:
    """Read a matrix of counts, shape (n_items, n_options), integers >= 0.

    Raises:
        ValueError: not two-dimensional, not integers, or a negative entry.
    """
    table = np.asarray(counts)
    if table.ndim != 2 or table.dtype.kind not in "iu" or (table < 0).any():
        raise ValueError(f"{name} must be a matrix (n_items, n_options) of integers >= 0.")
    return table.astype(np.int64, copy=False)


def as_indices(
    values: npt.ArrayLike, *, name: str, below: int | None = None, length: int | None = None
) -> IntArray:
    """Read a row of positions 0, 1, 2 …, optionally all smaller than ``below``.

    Raises:
        ValueError: not one-dimensional, not integers, negative, too large, or not ``length`` long.
    """
    array = np.asarray(values)
    if array.ndim == 1 and array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise ValueError(f"{name} must be a row of integers >= 0.")
    if below is not None and (array >= below).any():
        raise ValueError(f"{name} must be integers below {below}.")
    _refuse_other_length(array.size, name=name, length=length)
    return array.astype(np.int64, copy=False)


def as_numbers(values: npt.ArrayLike, *, name: str, length: int | None = None) -> FloatArray:
    """Read a row of finite numbers.

    Raises:
        ValueError: not one-dimensional, not finite, or not ``length`` long.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a row of finite numbers.")
    _refuse_other_length(array.size, name=name, length=length)
    return array


def as_probabilities(values: npt.ArrayLike, *, name: str, length: int | None = None) -> FloatArray:
    """Read a row of probabilities, each in [0, 1].

    Raises:
        ValueError: not a row of finite numbers, or a number outside [0, 1].
    """
    array = as_numbers(values, name=name, length=length)
    if ((array < 0) | (array > 1)).any():
        raise ValueError(f"{name} must lie in [0, 1].")
    return array


def as_square(matrix: npt.ArrayLike, *, name: str) -> FloatArray:
    """Read a square matrix of finite numbers.

    Raises:
        ValueError: not square, or not finite.
    """
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a square matrix of finite numbers.")
    return array


def cluster_names(clusters: npt.ArrayLike, *, length: int) -> npt.NDArray[Any]:
    """Read the cluster of each row, as it is named: database ids or text.

    Raises:
        ValueError: not a row of ``length`` names.
    """
    names = np.asarray(clusters)
    if names.ndim != 1 or names.size != length:
        raise ValueError(f"clusters must be a row of {length} names.")
    return names


def as_clusters(clusters: npt.ArrayLike, *, length: int) -> tuple[IntArray, int]:
    """Renumber cluster names 0, 1, 2 …; return the numbers and how many clusters there are.

    Args:
        clusters: shape (length,), any sortable names: database ids, text.
        length: how many rows are to have a cluster.

    Raises:
        ValueError: not a row of ``length`` names.
    """
    known, numbers = np.unique(cluster_names(clusters, length=length), return_inverse=True)
    return numbers.astype(np.int64, copy=False), int(known.size)


def check_confidence(confidence: float) -> float:
    """Return a confidence level that lies strictly between 0 and 1.

    Raises:
        ValueError: it does not.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}.")
    return confidence


def _refuse_other_length(size: int, *, name: str, length: int | None) -> None:
    if length is not None and size != length:
        raise ValueError(f"{name} must have {length} entries, not {size}.")
