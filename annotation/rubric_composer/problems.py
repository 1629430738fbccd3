"""What is wrong with a draft, each place beside its question and in plain words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from annotation.errors import RubricInvalid
from annotation.rubric_composer.draft import DraftQuestion, DraftRubric, rubric_json
from annotation.rubric_format import RubricFile, rubric_from_json

NAMES = {
    "anchors": "Anchor texts",
    "questions": "Questions",
    "options": "Options",
    "translations": "Translations",
}
SENTENCES = {
    "string_too_short": "is empty",
    "too_short": "is empty",
    "int_parsing": "must be a whole number",
    "literal_error": "must be one of the list",
    "enum": "must be one of the list",
}
KEY_RULE = "must begin with a letter and hold only letters, digits, _ and -"
NOT_EARLIER = "Condition: choose a question that stands before this one, or “always”"
ONLY_OF_PAIRS = "The codes slot_1 and slot_2 are for rubrics that ask about two replies"
NO_ANSWER = "Condition: tick at least one answer"


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong: with the rubric as a whole, and with each question by its id."""

    general: tuple[str, ...] = ()
    by_question: Mapping[int, tuple[str, ...]] | None = None

    def of(self, question: DraftQuestion) -> tuple[str, ...]:
        """Return what is wrong with one question."""
        return (self.by_question or {}).get(question.id, ())

    def __bool__(self) -> bool:
        return bool(self.general or self.by_question)


def rubric_in(draft: DraftRubric) -> RubricFile:
    """Return the whole rubric that a draft holds.

    Raises:
        RubricInvalid: it is not one yet; :func:`problems_of` sorts what is wrong.
    """
    return rubric_from_json(rubric_json(draft))


def problems_in(draft: DraftRubric) -> Problems:
    """Return what is wrong with a draft; a question in which nothing was typed yet may wait."""
    try:
        rubric_in(draft)
    except RubricInvalid as refusal:
        found = problems_of(draft, refusal)
        touched = {
            question.id: found.of(question)
            for question in draft.questions
            if found.of(question) and not question.untouched
        }
        return Problems(found.general, touched)
    return Problems()


def problems_of(draft: DraftRubric, refusal: RubricInvalid) -> Problems:
    """Return what a refusal says, sorted by the draft's questions."""
    cause = refusal.__cause__
    if isinstance(cause, ValidationError):
        errors = cause.errors(include_url=False, include_input=False)
        placed = [_of_shape(draft, error["loc"], error) for error in errors]
    else:
        placed = [place for error in refusal.details["errors"] for place in _of_sense(draft, error)]
        if not placed:
            placed = [(None, str(refusal))]
    by_question: dict[int, tuple[str, ...]] = {}
    for id_, sentence in placed:
        if id_ is not None:
            by_question[id_] = (*by_question.get(id_, ()), sentence)
    return Problems(tuple(sentence for id_, sentence in placed if id_ is None), by_question)


def _of_shape(draft: DraftRubric, path: Sequence[int | str], error: Any) -> tuple[int | None, str]:
    """Place an error about one field, named by its path: ``questions.2.options.0.code``."""
    sentence = _sentence(str(path[-1]), error)
    match path:
        case ("questions", int(position), "show_if", *_):
            question = draft.questions[position]
            earlier = draft.question(question.condition) in draft.before(question)
            return question.id, NO_ANSWER if earlier else NOT_EARLIER
        case ("questions", int(position), *rest):
            question = draft.questions[position]
            return question.id, f"{_field(question, rest)} {sentence}"
        case ("translations", str(language), str(key), *_):
            id_ = next((one.id for one in draft.questions if one.key == key), None)
            return id_, f"Words in {language} {sentence}"
        case _:
            return None, f"{_named(str(path[0]))} {sentence}"


def _field(question: DraftQuestion, path: Sequence[int | str]) -> str:
    match path:
        case ("options", int(position), *rest):
            rows = [row for row, option in enumerate(question.options, 1) if not option.blank]
            part = _named(str(rest[0])).lower() if rest else ""
            return f"Option {rows[position]}: {part}"
        case _:
            return _named(str(path[0]))


def _named(field: str) -> str:
    return NAMES.get(field, field.capitalize())


def _sentence(field: str, error: Any) -> str:
    kind, said = error["type"], str(error["msg"])
    if kind == "string_pattern_mismatch":
        return KEY_RULE if field == "key" else "holds a character that cannot be shown"
    if kind in {"too_long", "string_too_long"}:
        most = error["ctx"]["max_length"]
        many = f"are too many: {most} at most"
        return many if field in NAMES else f"has more than {most} characters"
    if field in NAMES and kind == "too_short":
        return "are missing: add at least one"
    if kind in SENTENCES:
        return SENTENCES[kind]
    return re.sub(r"^(Value error, |\w+ (?=should ))", "", said)


def _of_sense(draft: DraftRubric, error: str) -> list[tuple[int | None, str]]:
    """Place an error about what the parts say together; it begins with a question's key."""
    place, _, sentence = error.partition(": ")
    key = place.split(".")[-1]
    ids = [question.id for question in draft.questions if question.key == key]
    if not ids:
        return [(None, error)]
    if place.startswith("translations."):
        sentence = f"Words in {place.split('.')[1]}: {sentence}"
    return [(id_, _plain(sentence)) for id_ in ids]


def _plain(sentence: str) -> str:
    if sentence.startswith("show_if names "):
        return NOT_EARLIER
    if sentence.startswith("slot_1 and slot_2 are answers"):
        return ONLY_OF_PAIRS
    said = re.sub(r"^show_if: ", "condition: ", sentence)
    return said[:1].upper() + said[1:]
