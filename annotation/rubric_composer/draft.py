"""A rubric being composed: all of it as it was typed, complete or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from annotation.rubric_format import QuestionPart, QuestionWords, RubricFile
from annotation.vocabulary import ItemKind, Level, QuestionType, Scope


@dataclass(frozen=True, slots=True)
class DraftOption:
    """One row of a question's options; ``words`` are its labels by language."""

    code: str = ""
    label: str = ""
    polarity: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        """Say whether nothing was typed into the row: then it is no option yet."""
        typed = (self.code, self.label, self.polarity, *self.words.values())
        return not any(text.strip() for text in typed)


@dataclass(frozen=True, slots=True)
class DraftWords:
    """A question's label and help in another language."""

    label: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """One question. Its id stays the same when it is moved or its key is typed anew.

    ``condition`` is the id of the question it depends on, ``condition_rows`` are the rows of that
    question's options that ask for this one.
    """

    id: int
    key: str = ""
    label: str = ""
    help: str = ""
    type: str = QuestionType.SINGLE
    level: str = Level.NOMINAL
    scope: str = Scope.CONVERSATION
    required: bool = True
    condition: int | None = None
    condition_rows: tuple[int, ...] = ()
    clauses: bool = False
    anchors: str = ""
    options: tuple[DraftOption, ...] = ()
    words: Mapping[str, DraftWords] = field(default_factory=dict)

    @property
    def untouched(self) -> bool:
        """Say whether nothing was typed into it yet."""
        return not (self.key.strip() or self.label.strip() or self.help.strip())


@dataclass(frozen=True, slots=True)
class DraftRubric:
    """The rubric; ``version`` as typed."""

    key: str = ""
    title: str = ""
    version: str = "1"
    kind: str = ItemKind.SINGLE
    languages: tuple[str, ...] = ()
    questions: tuple[DraftQuestion, ...] = ()

    def question(self, id_: int | None) -> DraftQuestion | None:
        """Return the question with this id, or None."""
        return next((question for question in self.questions if question.id == id_), None)

    def before(self, question: DraftQuestion) -> tuple[DraftQuestion, ...]:
        """Return the questions that stand before one."""
        return self.questions[: self.questions.index(question)]

    @property
    def next_id(self) -> int:
        """Return an id that no question has."""
        return max((question.id for question in self.questions), default=0) + 1


_STORED = TypeAdapter(DraftRubric)


def source_of(draft: DraftRubric) -> dict[str, Any]:
    """Return a draft as it is stored."""
    stored: dict[str, Any] = _STORED.dump_python(draft, mode="json")
    return stored


def draft_in(source: Any) -> DraftRubric:
    """Return a draft that was stored."""
    return _STORED.validate_python(source)


def draft_of(rubric: RubricFile) -> DraftRubric:
    """Return a whole rubric as a draft to go on from."""
    ids = {part.key: number for number, part in enumerate(rubric.questions, start=1)}
    rows = {
        part.key: {option.code: row for row, option in enumerate(part.options)}
        for part in rubric.questions
    }
    return DraftRubric(
        key=rubric.key,
        title=rubric.title,
        version=str(rubric.version),
        kind=rubric.kind,
        languages=tuple(rubric.translations),
        questions=tuple(_question(part, rubric, ids, rows) for part in rubric.questions),
    )


def _question(
    part: QuestionPart,
    rubric: RubricFile,
    ids: dict[str, int],
    rows: dict[str, dict[str, int]],
) -> DraftQuestion:
    said = {
        language: words.get(part.key, QuestionWords())
        for language, words in rubric.translations.items()
    }
    condition = part.show_if
    return DraftQuestion(
        id=ids[part.key],
        key=part.key,
        label=part.label,
        help=part.help,
        type=part.type,
        level=part.level,
        scope=part.scope,
        required=part.required,
        condition=ids[condition.question] if condition else None,
        condition_rows=tuple(rows[condition.question][code] for code in condition.is_)
        if condition
        else (),
        clauses=part.clauses,
        anchors=part.anchors or "",
        options=tuple(
            DraftOption(
                code=option.code,
                label=option.label,
                polarity=option.polarity or "",
                words={
                    language: words.options.get(option.code, "") for language, words in said.items()
                },
            )
            for option in part.options
        ),
        words={language: DraftWords(words.label, words.help) for language, words in said.items()},
    )


def rubric_json(draft: DraftRubric) -> dict[str, Any]:
    """Return the rubric file that a draft would make; rows that are blank are left out."""
    return {
        "key": draft.key,
        "version": int(draft.version) if _is_number(draft.version) else draft.version,
        "title": draft.title,
        "kind": draft.kind,
        "questions": [_part(draft, question) for question in draft.questions],
        "translations": {
            language: {
                question.key: words
                for question in draft.questions
                if (words := _translated(question, language))
            }
            for language in draft.languages
        },
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _part(draft: DraftRubric, question: DraftQuestion) -> dict[str, Any]:
    part: dict[str, Any] = {
        "key": question.key,
        "label": question.label,
        "type": question.type,
        "level": question.level,
        "scope": question.scope,
        "required": question.required,
        "options": [
            {"code": option.code, "label": option.label, "polarity": option.polarity or None}
            for option in question.options
            if not option.blank
        ],
        "help": question.help,
        "clauses": question.clauses,
        "anchors": question.anchors or None,
    }
    if question.condition is not None:
        asked = draft.question(question.condition)
        part["show_if"] = {
            "question": asked.key if asked else "",
            "is": [option.code for option in chosen_by(question, asked)],
        }
    return part


def chosen_by(question: DraftQuestion, asked: DraftQuestion | None) -> tuple[DraftOption, ...]:
    """Return the options of an earlier question that a condition names."""
    options = asked.options if asked else ()
    return tuple(options[row] for row in question.condition_rows if row < len(options))


def _translated(question: DraftQuestion, language: str) -> dict[str, Any]:
    words = question.words.get(language, DraftWords())
    options = {
        option.code: option.words[language]
        for option in question.options
        if option.words.get(language, "").strip()
    }
    said = {"label": words.label, "help": words.help}
    found: dict[str, Any] = {name: text for name, text in said.items() if text.strip()}
    return {**found, "options": options} if options else found
