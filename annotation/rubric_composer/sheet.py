"""A draft as its form shows it: each question with what can be chosen for it."""

from dataclasses import dataclass

from annotation.rubric_composer.draft import (
    DraftOption,
    DraftQuestion,
    DraftRubric,
    DraftWords,
)
from annotation.rubric_composer.problems import Problems
from annotation.vocabulary import CLOSED_TYPES, QuestionType

# So many questions are shown open; of more, only those with something to do.
OPEN_UP_TO = 3
NO_LABEL = "No label yet"


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a list, as the form shows it."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One row of options; ``words`` are its labels by language."""

    row: int
    number: int
    option: DraftOption
    words: tuple[tuple[str, str], ...]
    last: bool


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question; ``name`` begins the names of its fields."""

    name: str
    number: int
    question: DraftQuestion
    title: str
    type_name: str
    problems: tuple[str, ...]
    opened: bool
    last: bool
    words: tuple[tuple[str, DraftWords], ...]
    options: tuple[OptionRow, ...]
    conditions: tuple[Choice, ...]
    answers: tuple[Choice, ...]

    @property
    def takes_options(self) -> bool:
        """Say whether rows of options belong to it, or stand there and must go."""
        return self.question.type != QuestionType.TEXT or bool(self.options)

    @property
    def takes_clauses(self) -> bool:
        """Say whether it can ask for clauses, or does so wrongly."""
        return self.question.clauses or self.question.type in CLOSED_TYPES

    @property
    def takes_anchors(self) -> bool:
        """Say whether it can have anchor texts, or has some wrongly."""
        return bool(self.question.anchors) or self.question.type == QuestionType.SCALE


def rows_of(draft: DraftRubric, problems: Problems, *, focus: str = "") -> tuple[QuestionRow, ...]:
    """Return the questions of a draft for its form; the one to go on at is open."""
    few = len(draft.questions) <= OPEN_UP_TO
    return tuple(
        _row(draft, question, number, problems.of(question), few=few, focus=focus)
        for number, question in enumerate(draft.questions, start=1)
    )


def _row(
    draft: DraftRubric,
    question: DraftQuestion,
    number: int,
    problems: tuple[str, ...],
    *,
    few: bool,
    focus: str,
) -> QuestionRow:
    name = f"q{question.id}"
    return QuestionRow(
        name=name,
        number=number,
        question=question,
        title=question.label.strip() or NO_LABEL,
        type_name=dict(QuestionType.choices).get(question.type, question.type),
        problems=problems,
        opened=few or bool(problems) or _goes_on_inside(name, focus),
        last=number == len(draft.questions),
        words=tuple((one, question.words.get(one, DraftWords())) for one in draft.languages),
        options=tuple(
            OptionRow(
                row=row,
                number=row + 1,
                option=option,
                words=tuple((one, option.words.get(one, "")) for one in draft.languages),
                last=row == len(question.options) - 1,
            )
            for row, option in enumerate(question.options)
        ),
        conditions=_conditions(draft, question),
        answers=_answers(draft.question(question.condition), question),
    )


def _goes_on_inside(name: str, focus: str) -> bool:
    outside = (f"{name}-up", f"{name}-down", f"{name}-summary")
    return focus.startswith(f"{name}-") and focus not in outside


def _conditions(draft: DraftRubric, question: DraftQuestion) -> tuple[Choice, ...]:
    """Return what a question may depend on: always asked, or an earlier question with options."""
    known = {one.id: one for one in draft.before(question) if one.options}
    choices = [Choice("", "Always", chosen=question.condition is None)]
    if question.condition is not None and question.condition not in known:
        asked = draft.question(question.condition)
        why = "stands later, or has no options" if asked else "was removed"
        label = f"{_short(asked)}: {why}" if asked else f"The question {why}"
        choices.append(Choice(str(question.condition), label, chosen=True))
    choices += [
        Choice(str(id_), f"Only after: {_short(one)}", chosen=question.condition == id_)
        for id_, one in known.items()
    ]
    return tuple(choices)


def _short(question: DraftQuestion) -> str:
    return question.key or question.label[:40] or NO_LABEL


def _answers(asked: DraftQuestion | None, question: DraftQuestion) -> tuple[Choice, ...]:
    if asked is None:
        return ()
    return tuple(
        Choice(str(row), option.label or option.code, chosen=row in question.condition_rows)
        for row, option in enumerate(asked.options)
        if not option.blank
    )
