"""How models change over the turns of a conversation: when they first mislead, when they flip.

Statistics use what raters answered before the next turn was revealed: a turn answered again later
never becomes current, so it is not in these rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan, RubricPlan
from annotation.selectors.labels import choices
from annotation.vocabulary import Polarity, QuestionType, Scope
from evaluation.arrays import Ints
from evaluation.services.coefficients import coefficient_json
from evaluation.services.model_rows import Asking, Replies, Source, rows_of_items, said_of
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import cluster_mean, cluster_proportion
from evaluation.stats.survival import (
    NO_TURN,
    UNKNOWN,
    SurvivalCurve,
    first_events,
    kaplan_meier,
)

MISLED, WINNER = "misled", "winner"
FIRST_MISLEADING, FLIP = "first_misleading_turn", "turn_of_flip"
VALUES = ("value_a", "value_b")
NO_VALUE = ("both", "neither", "tie")
PER_RATER = "rater"
ALL = "(all models)"


@dataclass(frozen=True, slots=True)
class Course:
    """One model's conversations: when the event first came, and what came after.

    ``flips`` is the mean number of changes, ``recovery`` the share of conversations with the event
    that were without it again at a later turn, of those that had a later turn.
    """

    model: str
    curve: SurvivalCurve
    flips: Estimate
    recovery: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        curve = self.curve
        return {
            "model": self.model,
            "conversations": curve.conversations,
            "events": curve.events,
            "clusters": curve.clusters,
            "median_turn": curve.median,
            "median_reason": str(curve.median_reason) if curve.median_reason else None,
            "reason": str(curve.reason) if curve.reason else None,
            "points": [
                {
                    "turn": point.turn,
                    "at_risk": point.at_risk,
                    "events": point.events,
                    "survival": coefficient_json("survival", point.survival),
                }
                for point in curve.points
            ],
            "flips": coefficient_json("mean_flips", self.flips),
            "recovery": coefficient_json("recovery", self.recovery),
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """When one event comes, by model; ``seen_by`` is majority, rater or judge.

    ``without_start`` conversations name no value at all, so there is nothing to flip from.
    """

    event: str
    question: str
    seen_by: str
    without_start: int
    courses: tuple[Course, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        return {
            "event": self.event,
            "question": self.question,
            "seen_by": self.seen_by,
            "without_start": self.without_start,
            "models": [one.as_json() for one in self.courses],
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Conversations:
    """Answers turn by turn: a row a conversation, or one rater's view of it.

    ``option`` has shape (n, n_turns): the option's position, -1 unknown, -2 no answer; ``row`` is
    the reply's row in ``Replies``.
    """

    row: Ints
    option: Ints


States = Callable[[QuestionPlan, Ints], Ints]


def drift(
    rubric: RubricPlan, asking: Asking, replies: Replies, models: dict[int, str]
) -> list[Drift]:
    """Return the drift of each event that the rubric asks about at each turn."""
    found = []
    for key, event, states in EVENTS:
        question = rubric.question(key)
        if (
            question
            and question.type == QuestionType.SINGLE
            and question.scope != Scope.CONVERSATION
        ):
            for seen_by, seen in _seen(question, asking, replies):
                found.append(_drift(event, question, seen_by, states, seen, replies, models))
    return [one for one in found if one.courses]


def _seen(
    question: QuestionPlan, asking: Asking, replies: Replies
) -> Iterator[tuple[str, _Conversations]]:
    """Yield the conversations by majority and by each rater, or by the judge."""
    said = said_of(question, Scope.TURN, asking, replies)
    whole = _table(said.row, said.row, said.turn, said.option)
    if asking.judge_id is not None:
        yield str(Source.JUDGE), whole
        return
    yield str(Source.MAJORITY), whole
    asked = asking.asked_of(question.id, Scope.TURN)
    columns = {option.id: column for column, option in enumerate(question.options)}
    rows = np.fromiter(
        ((one.item, one.judgment, one.turn, columns[one.option]) for one in choices(asked)),
        dtype=np.dtype((np.int64, 4)),
    ).astype(np.int64, copy=False)
    known = rows_of_items(asked, replies)
    rows = rows[np.isin(rows[:, 0], known[:, 0])]
    at = known[np.searchsorted(known[:, 0], rows[:, 0]), 1]
    yield PER_RATER, _table(rows[:, 1], at, rows[:, 2], rows[:, 3])


def _table(conversation: Ints, row: Ints, turn: Ints, option: Ints) -> _Conversations:
    """Lay answers out by turn; ``conversation`` tells rows apart."""
    _, first, place = np.unique(conversation, return_index=True, return_inverse=True)
    table = np.full((first.size, int(turn.max(initial=0))), NO_TURN, dtype=np.int64)
    table[place.ravel(), turn - 1] = option
    return _Conversations(row[first], table)


def _misled_states(question: QuestionPlan, option: Ints) -> Ints:
    """Return 1 where a turn misled, 0 where it did not; what is neither is unknown."""
    meaning = {str(Polarity.POSITIVE): 1, str(Polarity.NEGATIVE): 0}
    by_code = {"yes": 1, "no": 0}
    states = [meaning.get(o.polarity, by_code.get(o.code, UNKNOWN)) for o in question.options]
    # Position -1 and -2 stand for themselves.
    return np.array([*states, NO_TURN, UNKNOWN], dtype=np.int64)[option]


def _winner_states(question: QuestionPlan, option: Ints) -> Ints:
    """Return 1 from where the other value won until the first wins again; no value changes nothing.

    Rows that never name a value are wholly without a turn.
    """
    codes = [one.code for one in question.options]
    value = np.array([VALUES.index(c) if c in VALUES else -1 for c in codes] + [-1, -1])
    still = np.array([c in NO_VALUE for c in codes] + [False, False])
    states = np.full(option.shape, UNKNOWN, dtype=np.int64)
    first = np.full(len(option), -1, dtype=np.int64)
    now = np.zeros(len(option), dtype=np.int64)
    for turn in range(option.shape[1]):
        named = value[option[:, turn]]
        first = np.where((first < 0) & (named >= 0), named, first)
        now = np.where(named >= 0, named != first, now)
        known = (named >= 0) | still[option[:, turn]]
        states[:, turn] = np.where(known, now, UNKNOWN)
    states[option == NO_TURN] = NO_TURN
    states[first < 0] = NO_TURN
    return states


EVENTS: tuple[tuple[str, str, States], ...] = (
    (MISLED, FIRST_MISLEADING, _misled_states),
    (WINNER, FLIP, _winner_states),
)


def _drift(
    event: str,
    question: QuestionPlan,
    seen_by: str,
    states: States,
    seen: _Conversations,
    replies: Replies,
    models: dict[int, str],
) -> Drift:
    table = states(question, seen.option)
    started = (table != NO_TURN).any(axis=1)
    table, row = table[started], seen.row[started]
    of = replies.model[row]
    names = {model: key for model, key in models.items() if (of == model).any()}
    courses = [
        _course(key, table[of == pk], replies.cluster[row[of == pk]]) for pk, key in names.items()
    ]
    if len(courses) > 1:
        courses.append(_course(ALL, table, replies.cluster[row]))
    return Drift(event, question.key, seen_by, int((~started).sum()), tuple(courses))


def _course(model: str, states: Ints, cluster: Ints) -> Course:
    first = first_events(states)
    curve = kaplan_meier(first.turn, first.happened, clusters=cluster)
    changes, several = _changes(states)
    back, later = _recovered(states, first.turn, first.happened)
    _, place = np.unique(cluster[later], return_inverse=True)
    return Course(
        model,
        curve,
        cluster_mean(changes[several], cluster[several], lower=0.0, name="mean_flips"),
        cluster_proportion(
            np.bincount(place, weights=back[later]), np.bincount(place), name="recovery"
        ),
    )


def _changes(states: Ints) -> tuple[Ints, Ints]:
    """Count the changes between known turns; say which rows have two known turns or more."""
    number = np.zeros(len(states), dtype=np.int64)
    before = np.full(len(states), UNKNOWN, dtype=np.int64)
    known = np.zeros(len(states), dtype=np.int64)
    for column in states.T:
        here = column >= 0
        number += here & (before >= 0) & (column != before)
        before = np.where(here, column, before)
        known += here
    return number, np.flatnonzero(known >= 2)


def _recovered(states: Ints, turn: Ints, happened: Any) -> tuple[Ints, Ints]:
    """Say whether a later turn is without the event; and which rows had it and a later turn."""
    at = np.arange(1, states.shape[1] + 1)
    after = (at > turn[:, None]) & happened[:, None]
    return ((states == 0) & after).any(axis=1), np.flatnonzero(((states >= 0) & after).any(axis=1))
