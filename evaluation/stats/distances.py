"""How far two options are apart: distances for alpha, weights for weighted kappas."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import FloatArray, as_numbers


class Weights(StrEnum):
    """Credit for ratings that are close, on options in order."""

    IDENTITY = "identity"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    ORDINAL = "ordinal"


def agreement_weights(kind: Weights, n_options: int) -> FloatArray:
    """Return the weights of pairs of ordered options: 1 the same, 0 the two ends.

    Args:
        kind: identity (1 or 0), linear 1 - |i - j|/(q - 1), quadratic 1 - ((i - j)/(q - 1))^2,
            ordinal 1 - C(|i - j| + 1, 2)/C(q, 2).
        n_options: q, options offered, at least 1; with one option the weight is 1.

    Returns:
        Shape (n_options, n_options), symmetric, in [0, 1], ones on the diagonal.

    Raises:
        ValueError: fewer than one option.

    Source:
        K. Gwet, "Handbook of Inter-Rater Reliability" (4th ed. 2014), section 3.5.
    """
    if n_options < 1:
        raise ValueError(f"n_options must be at least 1, not {n_options}.")
    place = np.arange(n_options)
    steps = np.abs(place[:, None] - place[None, :]).astype(np.float64)
    most = max(n_options - 1, 1)
    weights: FloatArray = np.eye(n_options)
    if kind is Weights.LINEAR:
        weights = 1 - steps / most
    if kind is Weights.QUADRATIC:
        weights = 1 - (steps / most) ** 2
    if kind is Weights.ORDINAL:
        weights = 1 - steps * (steps + 1) / (most * (most + 1))
    return weights


def interval_distances(values: npt.ArrayLike) -> FloatArray:
    """Return squared differences of numbers, shape (n, n).

    Raises:
        ValueError: ``values`` are not a row of finite numbers.
    """
    numbers = as_numbers(values, name="values")
    return (numbers[:, None] - numbers[None, :]) ** 2


def ratio_distances(values: npt.ArrayLike) -> FloatArray:
    """Return Krippendorff's ratio metric ((c - k)/(c + k))^2, shape (n, n); 0 for two zeros.

    Raises:
        ValueError: ``values`` are not a row of finite numbers >= 0.
    """
    amounts = as_numbers(values, name="values")
    if (amounts < 0).any():
        raise ValueError("values must be amounts >= 0 for the ratio metric.")
    total = amounts[:, None] + amounts[None, :]
    apart = amounts[:, None] - amounts[None, :]
    return (apart / np.where(total > 0, total, 1.0)) ** 2


def masi_distances(sets: Sequence[frozenset[str]]) -> FloatArray:
    """Return the MASI distance of sets: 1 - Jaccard similarity * monotonicity.

    Monotonicity is 1 for equal sets, 2/3 when one contains the other, 1/3 when they overlap,
    0 when they share nothing. Two empty sets are at distance 0.

    Args:
        sets: n sets of choices.

    Returns:
        Shape (n, n), in [0, 1].

    Source:
        R. Passonneau, "Measuring Agreement on Set-valued Items (MASI)" (LREC 2006), section 4;
        exact thirds.

    Cost:
        O(n**2) comparisons of sets.
    """
    return np.array([[_masi(a, b) for b in sets] for a in sets], dtype=np.float64).reshape(
        len(sets), len(sets)
    )


def jaccard_distances(sets: Sequence[frozenset[str]]) -> FloatArray:
    """Return 1 - shared choices / all choices of two sets, shape (n, n); 0 for two empty sets.

    Cost:
        O(n**2) comparisons of sets.
    """
    return np.array([[1 - _jaccard(a, b) for b in sets] for a in sets], dtype=np.float64).reshape(
        len(sets), len(sets)
    )


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _masi(a: frozenset[str], b: frozenset[str]) -> float:
    if a == b:
        return 0.0
    monotonicity = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - _jaccard(a, b) * monotonicity
