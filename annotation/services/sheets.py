"""Reading judgments made elsewhere: a sheet for all that one rater said of one reply or pair."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.utils.dateparse import parse_datetime

from annotation import files
from annotation.files import Meter, Problem, Record
from annotation.judgment_lines import JudgmentLine, judgment_line
from annotation.line_format import shortened
from annotation.line_piles import Given, Piles
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
# What share of a file has been read, from 0 to 1.
Share = Callable[[float], None]


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
    """One line cannot be entered: which field, what to do, and what stands there."""

    def __init__(self, field_name: str, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.field, self.value = field_name, value


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

    ``line_of`` reads one record, for files whose lines are not those of judgments. All of the
    sheets are held at once.

    Raises:
        FileUnreadable: the file cannot be read to its end.
    """
    found = portions(
        study, rubric, path, name, tally, lambda _: progress(tally.read), line_of=line_of
    )
    return {key: sheet for portion in found for key, sheet in portion.items()}


def portions(
    study: Study,
    rubric: RubricPlan,
    path: Path,
    name: str,
    tally: Tally,
    share: Share,
    *,
    line_of: LineOf = judgment_line,
) -> Iterator[dict[Key, Sheet]]:
    """Yield the sheets of a file as :func:`read`, those of one place together.

    The file is read to its end before the first portion comes, for lines of one sheet may stand
    anywhere in it; ``share`` is told meanwhile how much of it that is. Of a file of any length
    no more than some hundred thousand lines are held.

    Raises:
        FileUnreadable: the file cannot be read to its end.
    """
    with closing(Piles()) as piles:
        for lines in _good_lines(path, name, tally, share, line_of):
            piles.add(lines)
        for pile in piles:
            yield _sheets_of(study, rubric, pile, tally)


def _good_lines(
    path: Path, name: str, tally: Tally, share: Share, line_of: LineOf
) -> Iterator[list[Given]]:
    """Yield what the lines of a file say, chunk by chunk, and refuse those that are none."""
    meter = Meter()
    for chunk in chunks(files.read(path, name=name, meter=meter)):
        lines: list[Given] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else line_of(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                lines.append(Given.of(record.line, found))
        share(meter.share)
        yield lines


def _sheets_of(
    study: Study, rubric: RubricPlan, lines: Iterable[Given], tally: Tally
) -> dict[Key, Sheet]:
    reading = _Reading(study, rubric)
    for chunk in chunks(lines):
        reading.know_replies(chunk)
        for line in chunk:
            try:
                reading.enter(line)
            except _Refused as refusal:
                problem = Problem(line.number, refusal.field, str(refusal), refusal.value)
                tally.refuse([problem])
    return reading.sheets


def swaps_of(rubric: RubricPlan) -> Swaps:
    """Return which option takes the place of which when two replies are named the other way."""
    found: dict[int, int] = {}
    for question in rubric.questions:
        first, second = (question.option(code) for code in PAIR_OPTIONS[:2])
        if rubric.kind == ItemKind.PAIR and first is not None and second is not None:
            found |= {first.id: second.id, second.id: first.id}
    return found


def _replies(study: Study, ids: set[str]) -> dict[str, _Reply]:
    rows = TextVersion.objects.filter(
        response__study=study, response__external_id__in=ids, current=True
    )
    found = rows.values_list("response__external_id", "response__query_id", "turns")
    return {key: _Reply(query_id, turns) for key, query_id, turns in found}


class _Reading:
    """The sheets of a file, as they fill; a pair keeps the order that its first line names."""

    def __init__(self, study: Study, rubric: RubricPlan) -> None:
        self.study, self.rubric = study, rubric
        self.swaps = swaps_of(rubric)
        self.sheets: dict[Key, Sheet] = {}
        self._questions = {question.key: question for question in rubric.questions}
        self._replies: dict[str, _Reply] = {}
        self._orders: dict[frozenset[str], tuple[str, str]] = {}
        # Where the options are few, so are the things that lines say.
        self._chosen: dict[tuple[str, str, str | None, int | None, int], Chosen] = {}

    def know_replies(self, lines: Iterable[Given]) -> None:
        """Look up the replies that these lines are about."""
        named = {reply for line in lines for reply in (line.response_id, line.response_id_2)}
        new = {reply for reply in named if reply is not None} - self._replies.keys()
        if new:
            self._replies |= _replies(self.study, new)

    def enter(self, line: Given) -> None:
        """Put a line's answers on its sheet, all or none of them."""
        self._check_place(line)
        first, second = line.response_id, line.response_id_2 or ""
        order = self._orders.get(line.replies, (first, second))
        # Two replies are compared as wholes.
        turns = self._replies[first].turns if self.rubric.kind == ItemKind.SINGLE else 1
        key = Key(*order, line.rater)
        sheet = self.sheets.get(key) or Sheet()
        entries = self._entries(sheet, line, turns, turned=order != (first, second))
        judged_at = _time(line.judged_at) if line.judged_at else None
        sheet.lines.append(line.number)
        sheet.judged_at = judged_at or sheet.judged_at
        for entry, closed in entries:
            (sheet.options if closed else sheet.texts)[entry] = line.number  # type: ignore[index]  # closed tells the kind of key
        if second:
            self._orders[line.replies] = order
        self.sheets[key] = sheet

    def _check_place(self, line: Given) -> None:
        """Refuse a line that names replies which are not there, or not as the rubric asks."""
        second = line.response_id_2
        if self.rubric.kind == ItemKind.PAIR and second is None:
            reason = "is missing; the rubric asks about two replies side by side"
            raise _Refused("response_id_2", reason)
        if self.rubric.kind == ItemKind.SINGLE and second is not None:
            reason = "is given, but the rubric asks about one reply; leave it out"
            raise _Refused("response_id_2", reason, second)
        for name, key in (("response_id", line.response_id), ("response_id_2", second)):
            if key is not None and key not in self._replies:
                reason = f"no reply {key!r} is in the study; load its batch first"
                raise _Refused(name, reason, shortened(key))
        if second is None:
            return
        if second == line.response_id:
            raise _Refused("response_id_2", "is the same reply as response_id; name two", second)
        if self._replies[second].query_id != self._replies[line.response_id].query_id:
            reason = f"{second!r} answers another query than {line.response_id!r}"
            reason += "; two replies to one query make a pair"
            raise _Refused("response_id_2", reason, shortened(second))

    def _entries(
        self, sheet: Sheet, line: Given, turns: int, *, turned: bool
    ) -> list[tuple[Chosen | Said, bool]]:
        """Return what to put on a sheet for a line, and whether each is a chosen option."""
        entries: list[tuple[Chosen | Said, bool]] = []
        for name, asked, word, turn in self._answers(line):
            entry = self._entry(name, asked, word, turn, turns)
            if turned and isinstance(entry[2], int):
                entry = (entry[0], entry[1], self.swaps.get(entry[2], entry[2]))
            _refuse_second(sheet, name, asked, entry, word)
            if any(entry != other and entry[:2] == other[:2] for other, _ in entries):
                reason = f"answers {asked.key!r} twice in this line; keep one"
                raise _Refused(name, reason, shortened(word or ""))
            entries.append((entry, bool(asked.options)))
        return entries

    def _answers(self, line: Given) -> list[tuple[str, QuestionPlan, str | None, int | None]]:
        """Return the field, question, word and turn of each answer that a line gives."""
        question = self._questions.get(line.question)
        if question is None:
            known = ", ".join(self._questions)
            reason = f"the rubric has no question {line.question!r}; it has {known}"
            raise _Refused("question", reason, shortened(line.question))
        if line.confidence is None:
            return [("answer", question, line.answer, line.turn)]
        confidence = self._questions.get("confidence")
        if confidence is None:
            reason = "the rubric has no question 'confidence' to store this under"
            raise _Refused("confidence", reason, shortened(line.confidence))
        return [
            ("answer", question, line.answer, line.turn),
            ("confidence", confidence, line.confidence, None),
        ]

    def _entry(
        self, name: str, question: QuestionPlan, word: str | None, turn: int | None, turns: int
    ) -> Chosen | Said:
        """Return what to store for one answer; what a question's options allow is kept in mind."""
        said = (name, question.key, word, turn, turns)
        known = self._chosen.get(said)
        if known is not None:
            return known
        entry = _entry(name, question, word, turn, turns)
        if isinstance(entry[2], int):
            self._chosen[said] = (entry[0], entry[1], entry[2])
        return entry


def _entry(
    name: str, question: QuestionPlan, word: str | None, turn: int | None, turns: int
) -> Chosen | Said:
    """Return what to store for one answer.

    No answer to a question of several choices says that none was chosen.
    """
    place = placed(question, turn, turns)
    if isinstance(place, str):
        about_turn = place.startswith("turn")
        value = str(turn or "") if about_turn else shortened(word or "")
        raise _Refused("turn" if about_turn else name, place, value)
    if word is None:
        if question.asked_id is None:
            reason = "is missing; only a question of several choices can have none chosen"
            raise _Refused(name, reason)
        return (question.id, place, question.asked_id)
    if question.type == QuestionType.SPANS:
        reason = f"{question.key!r} asks for evidence spans, which are marked on the page only"
        raise _Refused("question", reason, question.key)
    if question.type == QuestionType.TEXT:
        return (question.id, place, word)
    option = question.option(word.strip())
    if option is None:
        offered = ", ".join(o.code for o in question.options)
        reason = f"{word[:80]!r} is not an answer to {question.key!r}; it offers {offered}"
        raise _Refused(name, reason, shortened(word))
    return (question.id, place, option.id)


def _refuse_second(
    sheet: Sheet, name: str, question: QuestionPlan, entry: Chosen | Said, word: str | None
) -> None:
    """Refuse another answer to a question of one answer that an earlier line gave."""
    if question.asked_id is not None:
        return
    for other, line in [*sheet.options.items(), *sheet.texts.items()]:
        if other[:2] == entry[:2] and other != entry:
            reason = f"{question.key!r} was answered otherwise in line {line}; keep one"
            raise _Refused(name, reason, shortened(word or ""))


def _time(text: str) -> datetime:
    try:
        found = parse_datetime(text)
        if found is not None:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    reason = "is no ISO 8601 time such as 2026-03-01T12:00:00Z"
    raise _Refused("judged_at", reason, shortened(text))
