"""What people or a judge said of models' replies, as rows: the common ground of model profiles."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from annotation.plans import QuestionPlan
from annotation.selectors.asked import NO_FILTERS, Asked, Filters
from annotation.selectors.profiles import ValueName, replies_of_items, reply_places
from annotation.vocabulary import Scope
from evaluation.arrays import TURNS, Ints, derived_units, units_of
from evaluation.derived import NOTHING, Derived
from evaluation.models import Verdict
from evaluation.services.agreement import first_id, plan_of
from evaluation.services.asking import asked_of
from evaluation.stats.votes import NO_LABEL, majority

Floats = npt.NDArray[np.float64]
ROWS_PER_FETCH = 10_000


class Source(StrEnum):
    """Whose answers a profile is made from."""

    MAJORITY = "majority"
    RATINGS = "ratings"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose answers are meant; ``judge_id`` is set where they are a judge's.

    ``filters`` say which of people's judgments count.
    """

    source: Source
    judge_id: int | None = None
    until: int | None = None
    filters: Filters = NO_FILTERS

    def asked_of(self, question_id: int, scope: Scope) -> Asked:
        """Return the answers to a question that are meant."""
        return asked_of(question_id, scope, self.filters, until=self.until)


@dataclass(frozen=True, slots=True, eq=False)
class Replies:
    """Every reply of a study, a row each, sorted by ``reply``; see ``ReplyPlace``.

    Attributes:
        reply, model, query, cluster, value_a, value_b, lean: shape (n,).
    """

    reply: Ints
    model: Ints
    query: Ints
    cluster: Ints
    value_a: Ints
    value_b: Ints
    lean: Ints

    def rows_of(self, replies: Ints) -> Ints:
        """Return the rows of these replies, all of which are here."""
        return np.searchsorted(self.reply, replies).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Answers to one question: a row a reply, or one turn of it, a column an option.

    Attributes:
        row: shape (n,), the reply's row in ``Replies``.
        turn: shape (n,), 0 the whole.
        counts: shape (n, n_options), how many chose each option; of a judge 0 or 1.
        codes: the options' codes.
        definition: of a derived question how it follows from others.
    """

    row: Ints
    turn: Ints
    counts: Ints
    codes: tuple[str, ...]
    definition: str = ""

    @property
    def option(self) -> Ints:
        """The option most chose, shape (n,); -1 where several share the first place."""
        return majority(self.counts).option


def replies_in(study_id: int) -> Replies:
    """Read where each reply of a study stands."""
    found = np.fromiter(reply_places(study_id), dtype=np.dtype((np.int64, 7)))
    return Replies(*np.ascontiguousarray(found.reshape(-1, 7).T.astype(np.int64)))


def said_of(one: QuestionPlan | Derived, scope: Scope, asking: Asking, replies: Replies) -> Said:
    """Return what people, or the judge, answered to a question of one answer."""
    if asking.judge_id is not None:
        return _by_judge(one, scope, asking.judge_id, replies)
    asked = asking.asked_of(first_id(one), scope)
    definition = ""
    if isinstance(one, Derived):
        read = derived_units(one, asked)
        plan, units, definition = read.derived.question, read.units, one.definition
    else:
        plan, units = one, units_of(one, asked)
    known = rows_of_items(asked, replies)
    kept = np.isin(units.item, known[:, 0])
    at = np.searchsorted(known[:, 0], units.item[kept])
    codes = tuple(option.code for option in plan.options)
    return Said(known[at, 1], units.turn[kept], units.counts[kept], codes, definition)


def rows_of_items(asked: Asked, replies: Replies) -> Ints:
    """Return item and row in ``replies`` of each item that was answered, by item."""
    found = np.fromiter(replies_of_items(asked), dtype=np.dtype((np.int64, 2)))
    pairs = found.reshape(-1, 2).astype(np.int64)
    return np.column_stack([pairs[:, 0], replies.rows_of(pairs[:, 1])]).astype(np.int64)


def _by_judge(one: QuestionPlan | Derived, scope: Scope, judge_id: int, replies: Replies) -> Said:
    """Return a judge's verdicts; of a derived question where all its sources were answered."""
    plan = plan_of(one)
    sources = one.sources if isinstance(one, Derived) else (plan,)
    read = [_verdicts(judge_id, source, scope, replies) for source in sources]
    keys = read[0][0]
    for places, _ in read[1:]:
        keys = np.intersect1d(keys, places)
    columns = tuple(option[np.searchsorted(places, keys)] for places, option in read)
    row, turn = np.divmod(keys, TURNS)
    option = one.rule(columns, row) if isinstance(one, Derived) else columns[0]
    kept = option != NOTHING
    counts = np.zeros((int(kept.sum()), len(plan.options)), dtype=np.int64)
    counts[np.arange(len(counts)), option[kept]] = 1
    codes = tuple(option.code for option in plan.options)
    definition = one.definition if isinstance(one, Derived) else ""
    return Said(row[kept], turn[kept], counts, codes, definition)


def _verdicts(
    judge_id: int, question: QuestionPlan, scope: Scope, replies: Replies
) -> tuple[Ints, Ints]:
    """Return the place (row and turn in one number) of each verdict, sorted, and its option."""
    columns = {option.id: column for column, option in enumerate(question.options)}
    given = Verdict.objects.filter(judge=judge_id, question=question.id)
    given = given.filter(turn__gt=0) if scope == Scope.TURN else given.filter(turn=0)
    rows = given.order_by("response_id", "turn").values_list("response_id", "turn", "option_id")
    found = np.fromiter(
        (
            (reply, turn, columns[option])
            for reply, turn, option in rows.iterator(chunk_size=ROWS_PER_FETCH)
        ),
        dtype=np.dtype((np.int64, 3)),
    ).astype(np.int64, copy=False)
    return replies.rows_of(found[:, 0]) * TURNS + found[:, 1], found[:, 2]


@dataclass(frozen=True, slots=True, eq=False)
class Winners:
    """Which of two values won in each reply; a row a reply, or a reply and an answer.

    Attributes:
        question: where it was asked; ``definition`` of a derived one.
        row: shape (n,), the reply's row in ``Replies``.
        outcome: shape (n,), 1 value A, 0 value B, 1/2 both alike.
        units: shape (n,), how many answers.
        left_out: how many answers name no winner: neither, cannot tell, or votes that tie.
    """

    question: str
    definition: str
    row: Ints
    outcome: Floats
    units: Ints
    left_out: int


OUTCOMES = {"value_a": 1.0, "value_b": 0.0, "both": 0.5, "tie": 0.5}


def winners_of(said: Said, question: str, source: Source) -> Winners:
    """Return who won, from what was said of whole replies."""
    outcome = np.array([OUTCOMES.get(code, np.nan) for code in said.codes])
    if source == Source.RATINGS:
        at, option = np.nonzero(said.counts)
        units = said.counts[at, option]
    else:
        at, option = np.arange(said.row.size), said.option
        units = np.ones(at.size, dtype=np.int64)
    won = np.where(option == NO_LABEL, np.nan, outcome[option])
    kept = np.isfinite(won)
    return Winners(
        question,
        said.definition,
        said.row[at[kept]],
        won[kept],
        units[kept],
        int(units[~kept].sum()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What is ranked: values, or their categories.

    Attributes:
        names: what they are called, in order.
        place: shape (largest value id + 1,), the position of each value in ``names``; -1 none.
        category: a number for each name, and -1 after the last; names of one category are not held
            against each other.
    """

    names: tuple[str, ...]
    place: Ints
    category: Ints


def ranked_of(values: dict[int, ValueName], *, by_category: bool) -> Ranked:
    """Return values, or categories, as positions; a value without a category stands alone."""
    place = np.full(max(values, default=0) + 1, -1, dtype=np.int64)
    if by_category:
        names = _distinct(one.category for one in values.values())
        for pk, one in values.items():
            place[pk] = names.index(one.category) if one.category else -1
        return Ranked(names, place, np.append(np.arange(len(names)), -1))
    kinds = _distinct(one.category for one in values.values())
    category = [
        kinds.index(one.category) if one.category else len(kinds) + at
        for at, one in enumerate(values.values())
    ]
    for at, pk in enumerate(values):
        place[pk] = at
    return Ranked(
        tuple(one.name for one in values.values()), place, np.array([*category, -1], dtype=np.int64)
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
