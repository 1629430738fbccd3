"""Many tests at once: p-values adjusted so that few discoveries, or none, are false."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import BoolArray, FloatArray, as_probabilities


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Adjusted p-values in the order given, and which hypotheses they reject.

    Attributes:
        p: shape (n,), adjusted p-values in [0, 1].
        rejected: shape (n,), ``p <= q``.
    """

    p: FloatArray
    rejected: BoolArray


def benjamini_hochberg(p: npt.ArrayLike, *, q: float = 0.05) -> Adjusted:
    """Hold the false discovery rate at ``q`` for independent (or positively dependent) tests.

    Args:
        p: shape (n,), p-values in [0, 1]; n may be 0.
        q: the rate, in (0, 1).

    Returns:
        Adjusted p-values and rejections, in the order given.

    Raises:
        ValueError: a p-value outside [0, 1], or ``q`` outside (0, 1).

    Source:
        Y. Benjamini and Y. Hochberg 1995, section 3.1.

    Cost:
        O(n log n).
    """
    values = _check(p, q)
    return _step_up(values, q=q, factor=1.0)


def benjamini_yekutieli(p: npt.ArrayLike, *, q: float = 0.05) -> Adjusted:
    """Hold the false discovery rate at ``q`` whatever the dependence of the tests.

    Arguments, result, errors and cost: as ``benjamini_hochberg``.

    Source: Y. Benjamini and D. Yekutieli 2001, theorem 1.3.
    """
    values = _check(p, q)
    harmonic = float((1 / np.arange(1, values.size + 1)).sum())
    return _step_up(values, q=q, factor=harmonic)


def holm(p: npt.ArrayLike, *, q: float = 0.05) -> Adjusted:
    """Hold the chance of any false rejection at ``q`` whatever the dependence of the tests.

    Arguments, result, errors and cost: as ``benjamini_hochberg``.

    Source: S. Holm 1979, section 3.
    """
    values = _check(p, q)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    return _restore(steps, order, q=q)


def _check(p: npt.ArrayLike, q: float) -> FloatArray:
    if not 0 < q < 1:
        raise ValueError(f"q must lie between 0 and 1, not {q}.")
    return as_probabilities(p, name="p")


def _step_up(values: FloatArray, *, q: float, factor: float) -> Adjusted:
    order = np.argsort(values, kind="stable")
    n = values.size
    raised = values[order] * factor * n / np.arange(1, n + 1)
    steps = np.minimum.accumulate(raised[::-1])[::-1]
    return _restore(steps, order, q=q)


def _restore(steps: FloatArray, order: npt.NDArray[np.intp], *, q: float) -> Adjusted:
    adjusted = np.empty(steps.size)
    adjusted[order] = np.minimum(steps, 1.0)
    return Adjusted(adjusted, adjusted <= q)
