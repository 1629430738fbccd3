"""Reading judgments made elsewhere: a sheet for all that one rater said of one reply."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.utils.dateparse import parse_datetime

from annotation import files
from annotation.files import Problem
from annotation.formats import JudgmentLine, judgment_line
from annotation.models import Study, TextVersion
from annotation.placement import placed
from annotation.plans import QuestionPlan, RubricPlan
from annotation.tally import Progress, Tally, chunks
from annotation.vocabulary import QuestionType

# Question, turn, and the option or the words.
Chosen = tuple[int, int, int]
Said = tuple[int, int, str]
Key = tuple[str, str]


@dataclass(slots=True)
class Sheet:
    """All that one rater said of one reply, from wherever its lines stand in the file."""

    lines: list[int] = field(default_factory=list)
    options: dict[Chosen, int] = field(default_factory=dict)
    texts: dict[Said, int] = field(default_factory=dict)
    judged_at: datetime | None = None


class _Refused(Exception):
    """One line cannot be entered: which field, and what to do."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field_name


def read(
    study: Study, rubric: RubricPlan, path: Path, name: str, tally: Tally, progress: Progress
) -> dict[Key, Sheet]:
    """Return a sheet for each reply and rater of a file; refuse what study and rubric have not.

    Raises:
        FileUnreadable: the file cannot be read to its end.
    """
    sheets: dict[Key, Sheet] = defaultdict(Sheet)
    for chunk in chunks(files.read(path, name=name)):
        lines: list[tuple[int, JudgmentLine]] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else judgment_line(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                lines.append((record.line, found))
        turns = _turns(study, {line.response_id for _, line in lines})
        for number, line in lines:
            try:
                _enter(sheets[line.response_id, line.rater], rubric, turns, number, line)
            except _Refused as refusal:
                tally.refuse([Problem(number, refusal.field, str(refusal))])
        progress(tally.read)
    return {key: sheet for key, sheet in sheets.items() if sheet.lines}


def _turns(study: Study, ids: set[str]) -> dict[str, int]:
    rows = TextVersion.objects.filter(
        response__study=study, response__external_id__in=ids, current=True
    )
    return dict(rows.values_list("response__external_id", "turns"))


def _enter(
    sheet: Sheet, rubric: RubricPlan, turns: dict[str, int], number: int, line: JudgmentLine
) -> None:
    """Put a line's answers on its sheet, all or none of them."""
    if line.response_id not in turns:
        reason = f"no reply {line.response_id!r} is in the study; load its batch first"
        raise _Refused("response_id", reason)
    answers = _answers(rubric, line)
    judged_at = _time(line.judged_at) if line.judged_at else None
    entries: list[tuple[Chosen | Said, bool]] = []
    for name, asked, word, turn in answers:
        entry = _entry(name, asked, word, turn, turns[line.response_id])
        _refuse_second(sheet, name, asked, entry)
        if any(entry != other and entry[:2] == other[:2] for other, _ in entries):
            raise _Refused(name, f"answers {asked.key!r} twice in this line; keep one")
        entries.append((entry, bool(asked.options)))
    sheet.lines.append(number)
    sheet.judged_at = judged_at or sheet.judged_at
    for entry, closed in entries:
        (sheet.options if closed else sheet.texts)[entry] = number  # type: ignore[index]


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
