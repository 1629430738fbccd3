"""Reading judgments made elsewhere: a sheet for all that one rater said of one reply or pair."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.utils.dateparse import parse_datetime

from annotation import files
from annotation.files import Problem, Record
from annotation.judgment_lines import JudgmentLine, judgment_line
from annotation.models import Study, TextVersion
from annotation.placement import placed
from annotation.plans import QuestionPlan, RubricPlan
from annotation.tally import Progress, Tally, chunks
from annotation.vocabulary import PAIR_OPTIONS, ItemKind, QuestionType

# Question, turn, and the option or the words.
Chosen = tuple[int, int, int]
Said = tuple[int, int, str]
LineOf = Callable[[Record], JudgmentLine | list[Problem]]
# Option of a question about two replies -> the option that says the same with the slots swapped.
Swaps = Mapping[int, int]


class Key(NamedTuple):
    """Who judged what: one reply, or two, of which the first is slot 1 of this file."""

    response_id: str
    response_id_2: str
    rater: str

    @property
    def place(self) -> tuple[str, str]:
        """What was judged."""
        return (self.response_id, self.response_id_2)


@dataclass(slots=True)
class Sheet:
    """All that one rater said at one place, from wherever its lines stand in the file."""

    lines: list[int] = field(default_factory=list)
    options: dict[Chosen, int] = field(default_factory=dict)
    texts: dict[Said, int] = field(default_factory=dict)
    judged_at: datetime | None = None

    def turned(self, swaps: Swaps) -> "Sheet":
        """Return the sheet as it reads with the two replies in the other order."""
        options = {
            (question, turn, swaps.get(option, option)): line
            for (question, turn, option), line in self.options.items()
        }
        return replace(self, options=options)


@dataclass(frozen=True, slots=True)
class _Reply:
    """What is needed of a reply to place an answer at it."""

    query_id: int
    turns: int


class _Refused(Exception):
    """One line cannot be entered: which field, and what to do."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field_name


def read(
    study: Study,
    rubric: RubricPlan,
    path: Path,
    name: str,
    tally: Tally,
    progress: Progress,
    *,
    line_of: LineOf = judgment_line,
) -> dict[Key, Sheet]:
    """Return a sheet for each place and rater of a file; refuse what study and rubric have not.

    ``line_of`` reads one record, for files whose lines are not those of judgments.

    Raises:
        FileUnreadable: the file cannot be read to its end.
    """
    reading = _Reading(rubric)
    for chunk in chunks(files.read(path, name=name)):
        lines: list[tuple[int, JudgmentLine]] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else line_of(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                lines.append((record.line, found))
        replies = _replies(study, {key for _, line in lines for key in _ids(line)})
        for number, line in lines:
            try:
                reading.enter(number, line, replies)
            except _Refused as refusal:
                tally.refuse([Problem(number, refusal.field, str(refusal))])
        progress(tally.read)
    return dict(reading.sheets)


def swaps_of(rubric: RubricPlan) -> Swaps:
    """Return which option takes the place of which when two replies are named the other way."""
    found: dict[int, int] = {}
    for question in rubric.questions:
        first, second = (question.option(code) for code in PAIR_OPTIONS[:2])
        if rubric.kind == ItemKind.PAIR and first is not None and second is not None:
            found |= {first.id: second.id, second.id: first.id}
    return found


def _ids(line: JudgmentLine) -> list[str]:
    return [key for key in (line.response_id, line.response_id_2) if key is not None]


def _replies(study: Study, ids: set[str]) -> dict[str, _Reply]:
    rows = TextVersion.objects.filter(
        response__study=study, response__external_id__in=ids, current=True
    )
    found = rows.values_list("response__external_id", "response__query_id", "turns")
    return {key: _Reply(query_id, turns) for key, query_id, turns in found}


class _Reading:
    """The sheets of a file, as they fill; a pair keeps the order that its first line names."""

    def __init__(self, rubric: RubricPlan) -> None:
        self.rubric = rubric
        self.swaps = swaps_of(rubric)
        self.sheets: dict[Key, Sheet] = {}
        self._orders: dict[frozenset[str], tuple[str, str]] = {}

    def enter(self, number: int, line: JudgmentLine, replies: Mapping[str, _Reply]) -> None:
        """Put a line's answers on its sheet, all or none of them."""
        self._check_place(line, replies)
        first, second = line.response_id, line.response_id_2 or ""
        order = self._orders.get(frozenset((first, second)), (first, second))
        # Two replies are compared as wholes.
        turns = replies[first].turns if self.rubric.kind == ItemKind.SINGLE else 1
        sheet = self.sheets.get(Key(*order, line.rater), Sheet())
        entries = self._entries(sheet, line, turns, turned=order != (first, second))
        judged_at = _time(line.judged_at) if line.judged_at else None
        sheet.lines.append(number)
        sheet.judged_at = judged_at or sheet.judged_at
        for entry, closed in entries:
            (sheet.options if closed else sheet.texts)[entry] = number  # type: ignore[index]  # closed tells the kind of key
        self._orders[frozenset(order)] = order
        self.sheets[Key(*order, line.rater)] = sheet

    def _check_place(self, line: JudgmentLine, replies: Mapping[str, _Reply]) -> None:
        """Refuse a line that names replies which are not there, or not as the rubric asks."""
        second = line.response_id_2
        if self.rubric.kind == ItemKind.PAIR and second is None:
            reason = "is missing; the rubric asks about two replies side by side"
            raise _Refused("response_id_2", reason)
        if self.rubric.kind == ItemKind.SINGLE and second is not None:
            reason = "is given, but the rubric asks about one reply; leave it out"
            raise _Refused("response_id_2", reason)
        for name, key in (("response_id", line.response_id), ("response_id_2", second)):
            if key is not None and key not in replies:
                reason = f"no reply {key!r} is in the study; load its batch first"
                raise _Refused(name, reason)
        if second is None:
            return
        if second == line.response_id:
            raise _Refused("response_id_2", "is the same reply as response_id; name two")
        if replies[second].query_id != replies[line.response_id].query_id:
            reason = f"{second!r} answers another query than {line.response_id!r}"
            raise _Refused("response_id_2", f"{reason}; two replies to one query make a pair")

    def _entries(
        self, sheet: Sheet, line: JudgmentLine, turns: int, *, turned: bool
    ) -> list[tuple[Chosen | Said, bool]]:
        """Return what to put on a sheet for a line, and whether each is a chosen option."""
        entries: list[tuple[Chosen | Said, bool]] = []
        for name, asked, word, turn in _answers(self.rubric, line):
            entry = _entry(name, asked, word, turn, turns)
            if turned and isinstance(entry[2], int):
                entry = (entry[0], entry[1], self.swaps.get(entry[2], entry[2]))
            _refuse_second(sheet, name, asked, entry)
            if any(entry != other and entry[:2] == other[:2] for other, _ in entries):
                raise _Refused(name, f"answers {asked.key!r} twice in this line; keep one")
            entries.append((entry, bool(asked.options)))
        return entries


def _answers(
    rubric: RubricPlan, line: JudgmentLine
) -> list[tuple[str, QuestionPlan, str | None, int | None]]:
    """Return the field, question, word and turn of each answer that a line gives."""
    question = rubric.question(line.question)
    if question is None:
        known = ", ".join(q.key for q in rubric.questions)
        raise _Refused("question", f"the rubric has no question {line.question!r}; it has {known}")
    if line.confidence is None:
        return [("answer", question, line.answer, line.turn)]
    confidence = rubric.question("confidence")
    if confidence is None:
        raise _Refused("confidence", "the rubric has no question 'confidence' to store this under")
    return [
        ("answer", question, line.answer, line.turn),
        ("confidence", confidence, line.confidence, None),
    ]


def _entry(
    name: str, question: QuestionPlan, word: str | None, turn: int | None, turns: int
) -> Chosen | Said:
    """Return what to store for one answer.

    No answer to a question of several choices says that none was chosen.
    """
    place = placed(question, turn, turns)
    if isinstance(place, str):
        raise _Refused("turn" if place.startswith("turn") else name, place)
    if word is None:
        if question.asked_id is None:
            reason = "is missing; only a question of several choices can have none chosen"
            raise _Refused(name, reason)
        return (question.id, place, question.asked_id)
    if question.type == QuestionType.SPANS:
        reason = f"{question.key!r} asks for evidence spans, which are marked on the page only"
        raise _Refused("question", reason)
    if question.type == QuestionType.TEXT:
        return (question.id, place, word)
    option = question.option(word.strip())
    if option is None:
        offered = ", ".join(o.code for o in question.options)
        reason = f"{word[:80]!r} is not an answer to {question.key!r}; it offers {offered}"
        raise _Refused(name, reason)
    return (question.id, place, option.id)


def _refuse_second(sheet: Sheet, name: str, question: QuestionPlan, entry: Chosen | Said) -> None:
    """Refuse another answer to a question of one answer that an earlier line gave."""
    if question.asked_id is not None:
        return
    for other, line in [*sheet.options.items(), *sheet.texts.items()]:
        if other[:2] == entry[:2] and other != entry:
            reason = f"{question.key!r} was answered otherwise in line {line}; keep one"
            raise _Refused(name, reason)


def _time(text: str) -> datetime:
    try:
        found = parse_datetime(text)
        if found is not None:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Refused("judged_at", "is no ISO 8601 time such as 2026-03-01T12:00:00Z")
