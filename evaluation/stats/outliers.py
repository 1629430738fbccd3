"""Scores that stand far from all others of the same query."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import BoolArray, FloatArray

# A normal distribution's standard deviation over its median absolute deviation.
NORMAL = 1.4826
FEWEST_OTHERS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Outlying:
    """How far each score lies from the others of its row.

    Attributes:
        others: shape (n, k), median of the others; NaN where the score is missing or has fewer
            than three others.
        distance: shape (n, k), score minus that median; NaN likewise.
        outlying: shape (n, k), whether it is far: see ``outlying_scores``.
    """

    others: FloatArray
    distance: FloatArray
    outlying: BoolArray


def outlying_scores(scores: npt.ArrayLike, *, least: float = 2.0, spreads: float = 3.0) -> Outlying:
    """Find scores at least ``least`` from the median of the others, and beyond their spread.

    A score is outlying when it lies ``least`` points or more from the median of the other scores
    of its row, and more than ``spreads`` times their scaled median absolute deviation. The score
    itself takes no part in either, so that it cannot hide itself.

    Args:
        scores: shape (n, k), a row a query, a column a model; NaN where there is none.
        least: in points of the scale, > 0.
        spreads: >= 0.

    Returns:
        See ``Outlying``.

    Raises:
        ValueError: not a matrix, an infinite score, or a limit out of its range.

    Source:
        B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers" (1993), section 3.3 (median
        and scaled MAD); leaving the score out: P. Rousseeuw and M. Hubert 2011, section 2.

    Cost:
        O(n * k**2 log k).
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any() or least <= 0 or spreads < 0:
        raise ValueError("scores must be a matrix of finite numbers or NaN; limits above 0.")
    given = np.isfinite(table)
    others = np.full(table.shape, np.nan)
    deviation = np.full(table.shape, np.nan)
    for column in range(table.shape[1]):
        rows = np.flatnonzero(given[:, column] & (given.sum(axis=1) > FEWEST_OTHERS))
        if rows.size:
            rest = np.delete(table[rows], column, axis=1)
            median = np.nanmedian(rest, axis=1)
            others[rows, column] = median
            deviation[rows, column] = np.nanmedian(np.abs(rest - median[:, None]), axis=1)
    distance = table - others
    far = np.abs(np.nan_to_num(distance))
    beyond = far > np.nan_to_num(spreads * NORMAL * deviation)
    return Outlying(others, distance, (far >= least) & beyond)
