"""Time until something first happens in a conversation: Kaplan and Meier's curve.

For the turn of flip and the first misleading turn. A conversation that ends before it happens is
censored, and so is one that becomes unknown (a tie) before.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import ROUNDING, Sample, sandwich_error, t_quantile
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_indices,
    check_confidence,
)

HAPPENED = 1
UNKNOWN = -1
NO_TURN = -2
# A product of shares that is a half may come out a little above it.
HALF = 0.5 + ROUNDING


@dataclass(frozen=True, slots=True, eq=False)
class FirstEvents:
    """When it first happened, or until when it is known not to have.

    Attributes:
        turn: shape (n,), the turn of the event, or the last turn known to be without it (0: none).
        happened: shape (n,), whether it happened.
    """

    turn: IntArray
    happened: BoolArray


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The curve after one turn.

    Attributes:
        turn: the turn, 1, 2 …
        at_risk: conversations that reached it without the event.
        events: of these, how many had it at this turn.
        survival: share without the event after this turn, with the clustered standard error and
            interval.
        greenwood_se: standard error for independent conversations; ``None`` at 0.
    """

    turn: int
    at_risk: int
    events: int
    survival: Estimate
    greenwood_se: float | None


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Kaplan and Meier's curve.

    Attributes:
        points: one a turn, from 1 to the last turn seen; empty with
            ``reason`` ``NO_ITEMS`` where no turn was seen.
        conversations, events: how many, and how many had the event.
        clusters: queries or scenarios.
        median: the first turn after which at most half are without the event; ``None`` with
            ``median_reason`` ``NOT_REACHED``.
        reason: why there is no curve.
    """

    points: tuple[CurvePoint, ...]
    conversations: int
    events: int
    clusters: int
    median: int | None
    median_reason: Undefined | None
    reason: Undefined | None = None


def first_events(states: npt.ArrayLike) -> FirstEvents:
    """Read each conversation's first event from its turns.

    Args:
        states: shape (n, n_turns): 1 it happened at that turn, 0 it did not, -1 unknown (a tie
            or no rating), -2 after the end. What follows an unknown turn is not used: the event
            may have happened there.

    Returns:
        See ``FirstEvents``.

    Raises:
        ValueError: not a matrix of these numbers.

    Cost:
        O(n * n_turns).
    """
    table = np.asarray(states)
    if table.ndim != 2 or not np.isin(table, (NO_TURN, UNKNOWN, 0, HAPPENED)).all():
        raise ValueError("states must be a matrix (n, n_turns) of 1, 0, -1 and -2.")
    ended = np.column_stack([table != 0, np.ones(len(table), dtype=np.bool_)])
    first = ended.argmax(axis=1).astype(np.int64)
    padded = np.column_stack([table, np.full(len(table), NO_TURN)])
    happened = padded[np.arange(len(table)), first] == HAPPENED
    return FirstEvents(first + happened, happened)


def kaplan_meier(
    turn: npt.ArrayLike,
    happened: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> SurvivalCurve:
    """Share of conversations in which it has not happened yet, turn by turn.

    Args:
        turn: shape (n,), the turn of the event or of censoring, >= 0. A conversation censored at
            turn t was seen without the event at t.
        happened: shape (n,), 1 the event, 0 censored. An event is at turn 1 or later.
        clusters: shape (n,), query or scenario; ``None`` when conversations are independent.
        confidence: level of the intervals, in (0, 1).

    Returns:
        See ``SurvivalCurve``. ``survival.value`` in [0, 1]. The interval is of log(-log S) with
        the cluster sandwich error and t on clusters - 1; ``None`` with ``NO_SPREAD`` at 1 and 0,
        ``ONE_CLUSTER``, or ``ONE_UNIT_DECIDES`` where one conversation is alone at risk.

    Raises:
        ValueError: rows of unequal length, a turn below 0, an event at turn 0, ``confidence``
            outside (0, 1).

    Source:
        E. Kaplan and P. Meier 1958; M. Greenwood 1926; J. Kalbfleisch and R. Prentice, "The
        Statistical Analysis of Failure Time Data" (2nd ed. 2002), eq. 1.12 and 1.14 (log(-log));
        clusters: R. Williams, "Product-limit survival functions with correlated survival times"
        (1995).

    Cost:
        O(n log n + n_turns**3).
    """
    check_confidence(confidence)
    when = as_indices(turn, name="turn")
    event = as_indices(
        np.asarray(happened).astype(np.int64), name="happened", below=2, length=when.size
    )
    if (when[event == 1] == 0).any():
        raise ValueError("An event is at turn 1 or later.")
    # Who was censored before the first turn was never at risk, and their clusters say nothing.
    seen = when > 0
    if clusters is not None:
        clusters = as_clusters(clusters, length=when.size)[0][seen]
    groups, clusters_seen = _groups(when[seen], event[seen], clusters)
    last = int(when.max(initial=0))
    features = _turns_of_patterns(last)
    totals = groups.weights(len(features)) @ features
    points = tuple(
        _point(at, totals, features, groups, clusters=clusters_seen, confidence=confidence)
        for at in range(1, last + 1)
    )
    median = next((point.turn for point in points if (point.survival.value or 0.0) <= HALF), None)
    return SurvivalCurve(
        points,
        when.size,
        int(event.sum()),
        clusters_seen,
        median,
        None if median else Undefined.NOT_REACHED,
        None if points else Undefined.NO_ITEMS,
    )


def _groups(when: IntArray, event: IntArray, clusters: npt.ArrayLike | None) -> tuple[Groups, int]:
    """Patterns are (turn, event): turn * 2 + event."""
    cluster, number = None, when.size
    if clusters is not None:
        cluster, number = as_clusters(clusters, length=when.size)
    return Groups(when * 2 + event, np.ones(when.size, dtype=np.int64), cluster), number


def _turns_of_patterns(last: int) -> FloatArray:
    """Per pattern: at risk at each turn, event at each turn; shape (2 * last + 2, 2 * last)."""
    when, event = np.divmod(np.arange(2 * last + 2), 2)
    turns = np.arange(1, last + 1)
    at_risk = when[:, None] >= turns
    at_turn = (when[:, None] == turns) & (event == 1)[:, None]
    return np.hstack([at_risk, at_turn]).astype(np.float64)


def _survival(totals: FloatArray, at: int) -> FloatArray:
    """Share without the event after turn ``at``; NaN where nobody was at risk."""
    n_turns = totals.shape[1] // 2
    at_risk, events = totals[:, :at], totals[:, n_turns : n_turns + at]
    survival: FloatArray = (1 - events / at_risk).prod(axis=1)
    return survival


def _point(
    at: int,
    totals: FloatArray,
    features: FloatArray,
    groups: Groups,
    *,
    clusters: int,
    confidence: float,
) -> CurvePoint:
    n_turns = len(totals) // 2
    at_risk, events = totals[:at], totals[n_turns : n_turns + at]
    sample = Sample(features, groups, lambda many: _survival(many, at), clusters)
    value = sample.value()
    greenwood = None
    if value > 0:
        greenwood = value * float(np.sqrt((events / (at_risk * (at_risk - events))).sum()))
    se, low, high, reason = _interval(sample, value, confidence)
    number = int(at_risk[-1])
    survival = Estimate(
        "survival", value, se, low, high, reason, confidence, number, 0, number, clusters
    )
    return CurvePoint(at, number, int(events[-1]), survival, greenwood)


def _interval(
    sample: Sample, value: float, confidence: float
) -> tuple[float | None, float | None, float | None, Undefined | None]:
    if sample.clusters < 2:
        return None, None, None, Undefined.ONE_CLUSTER
    if value in {0.0, 1.0}:
        return None, None, None, Undefined.NO_SPREAD
    se = sandwich_error(sample, value=value)
    if se is None:
        return None, None, None, Undefined.ONE_UNIT_DECIDES
    if se <= ROUNDING:
        return None, None, None, Undefined.NO_SPREAD
    scaled = se / (value * abs(float(np.log(value))))
    half = float(np.exp(t_quantile((1 + confidence) / 2, df=sample.clusters - 1) * scaled))
    return se, value**half, value ** (1 / half), None
