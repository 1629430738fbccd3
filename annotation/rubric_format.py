"""The rubric file: what a study asks, as data."""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from annotation.errors import FileUnreadable, RubricInvalid
from annotation.files import parsed_json
from annotation.line_format import Text, Words
from annotation.plans import VALUE_MARKS
from annotation.vocabulary import (
    CLOSED_TYPES,
    PAIR_OPTIONS,
    ItemKind,
    Level,
    Polarity,
    QuestionType,
    Scope,
)

PRESETS = Path(__file__).parent / "rubrics"
# Names that the rater's form has fields of its own for, or its script finds on the form itself.
TAKEN_BY_THE_FORM = frozenset(
    {
        *("csrfmiddlewaretoken", "receipt", "turn", "page", "next"),
        *("action", "closest", "dataset", "dispatchEvent", "elements", "id", "matches"),
        *("querySelector", "querySelectorAll", "requestSubmit"),
    }
)
LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# In the order in which they are offered.
PRESET_NAMES = ("tradeoff-quick", "tradeoff-standard", "refusal", "compliance", "pairwise")


def _without_margins(code: str) -> str:
    if code != code.strip():
        raise ValueError("has spaces around it, which answers never have; remove them")
    return code


def _blank_as_left_out(text: str) -> str:
    return text if text.strip() else ""


Code = Annotated[
    str,
    BeforeValidator(
        lambda code: str(code) if isinstance(code, int) and not isinstance(code, bool) else code
    ),
    Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_without_margins),
]
Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class Part(BaseModel):
    """Base of every part of a rubric file."""

    model_config = ConfigDict(extra="forbid")


class OptionPart(Part):
    """One answer a closed question offers."""

    code: Code
    label: Words
    polarity: Polarity | None = None


class ShowIf(Part):
    """Ask the question only where an earlier one was answered so."""

    question: str
    is_: Annotated[list[Code], Field(alias="is", min_length=1)]


class QuestionPart(Part):
    """One question."""

    key: Key
    label: Words
    type: QuestionType
    level: Level = Level.NOMINAL
    scope: Scope = Scope.CONVERSATION
    required: bool = True
    options: Annotated[list[OptionPart], Field(max_length=1_000)] = []
    show_if: ShowIf | None = None
    help: Text = ""
    clauses: bool = False
    anchors: Literal["value_a", "value_b"] | None = None


class QuestionWords(Part):
    """A question in another language; what is left out stays as it is."""

    label: Annotated[Text, AfterValidator(_blank_as_left_out)] = ""
    help: Text = ""
    options: dict[str, Words] = {}


class RubricFile(Part):
    """One version of a rubric."""

    key: Annotated[Words, Field(min_length=1, max_length=100)]
    version: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    title: Annotated[Words, Field(max_length=200)]
    kind: ItemKind = ItemKind.SINGLE
    questions: Annotated[list[QuestionPart], Field(min_length=1, max_length=200)]
    translations: dict[str, dict[str, QuestionWords]] = {}


def presets() -> dict[str, RubricFile]:
    """Return the rubrics that come with the product, by key."""
    return {name: rubric_from_file(PRESETS / f"{name}.json") for name in PRESET_NAMES}


def rubric_from_file(path: Path) -> RubricFile:
    """Return the rubric in a JSON file.

    Raises:
        FileUnreadable: the file cannot be opened or is not JSON.
        RubricInvalid: it is JSON, but not a rubric; every place is named.
    """
    try:
        found = parsed_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileUnreadable(f"{path.name} cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise FileUnreadable(f"{path.name} is not JSON: {error}") from error
    return rubric_from_json(found)


def rubric_from_json(found: Any) -> RubricFile:
    """Return the rubric in parsed JSON.

    Raises:
        RubricInvalid: not a rubric; ``details["errors"]`` has every place and what is wrong.
    """
    try:
        rubric = RubricFile.model_validate(found)
    except ValidationError as error:
        errors = [
            f"{'.'.join(str(part) for part in wrong['loc']) or 'rubric'}: {wrong['msg']}"
            for wrong in error.errors(include_url=False, include_input=False)
        ]
        raise RubricInvalid(_summary(errors), errors=errors) from error
    errors = [
        *_duplicates(rubric),
        *_option_errors(rubric),
        *_condition_errors(rubric),
        *_pair_errors(rubric),
        *_translation_errors(rubric),
    ]
    if errors:
        raise RubricInvalid(_summary(errors), errors=errors)
    return rubric


def _summary(errors: list[str]) -> str:
    return "The rubric cannot be used. " + "; ".join(errors[:20])


def _duplicates(rubric: RubricFile) -> list[str]:
    keys = Counter(question.key for question in rubric.questions)
    taken = [
        f"{key}: the form has this name for itself; choose another key"
        for key in keys
        if key in TAKEN_BY_THE_FORM
    ]
    return taken + [
        f"{key}: {n} questions have this key; give each its own" for key, n in keys.items() if n > 1
    ]


def _option_errors(rubric: RubricFile) -> list[str]:
    errors = []
    for question in rubric.questions:
        codes = Counter(option.code for option in question.options)
        errors += [
            f"{question.key}: option {code} stands twice" for code, n in codes.items() if n > 1
        ]
        errors += [
            f"{question.key}: option {code}: a code is the same for every item; value names stand"
            " in labels"
            for code in codes
            if any(mark in code for mark in VALUE_MARKS)
        ]
        closed = question.type in CLOSED_TYPES
        if closed and len(codes) < (1 if question.type == QuestionType.SEVERAL else 2):
            errors.append(
                f"{question.key}: a {question.type} question needs options to choose from"
            )
        if question.type == QuestionType.TEXT and codes:
            errors.append(f"{question.key}: a text question has no options")
        if question.anchors and question.type != QuestionType.SCALE:
            errors.append(f"{question.key}: only a scale has anchor texts")
        if question.clauses and not closed:
            errors.append(
                f"{question.key}: only a question with options to choose from has clauses"
            )
        numeric = all(_is_integer(code) for code in codes)
        if question.type == QuestionType.SCALE and not numeric:
            errors.append(f"{question.key}: the points of a scale are whole numbers")
        if question.level == Level.INTERVAL and not numeric:
            errors.append(f"{question.key}: an interval question needs whole numbers as codes")
    return errors


def _pair_errors(rubric: RubricFile) -> list[str]:
    """Say what cannot be asked of two replies: they are judged once, as wholes."""
    errors = []
    for question in rubric.questions:
        codes = {option.code for option in question.options}
        of_slots = bool(codes & set(PAIR_OPTIONS[:2]))
        if rubric.kind == ItemKind.SINGLE and of_slots:
            errors.append(
                f"{question.key}: slot_1 and slot_2 are answers about two replies;"
                ' give the rubric "kind": "pair"'
            )
        if rubric.kind == ItemKind.PAIR and question.scope != Scope.CONVERSATION:
            errors.append(
                f"{question.key}: two replies are compared as wholes; its scope is conversation"
            )
        if rubric.kind == ItemKind.PAIR and of_slots and not set(PAIR_OPTIONS[:2]) <= codes:
            errors.append(f"{question.key}: offers one of slot_1 and slot_2; offer both")
    return errors


def _translation_errors(rubric: RubricFile) -> list[str]:
    known = {question.key: {o.code for o in question.options} for question in rubric.questions}
    alike = Counter(language.casefold() for language in rubric.translations)
    errors = [
        f"translations: {language} is given {n} times, in capitals and small letters; keep one"
        for language, n in alike.items()
        if n > 1
    ]
    for language, questions in rubric.translations.items():
        if not LANGUAGE_CODE.fullmatch(language):
            errors.append(f"translations: {language!r} is no language code such as de or pt-BR")
        for key, words in questions.items():
            place = f"translations.{language}.{key}"
            if key not in known:
                errors.append(f"{place}: the rubric has no question {key!r}")
                continue
            unknown = words.options.keys() - known[key]
            errors += [f"{place}: it has no option {code!r}" for code in sorted(unknown)]
    return errors


def _condition_errors(rubric: RubricFile) -> list[str]:
    errors = []
    earlier: dict[str, QuestionPart] = {}
    for question in rubric.questions:
        condition = question.show_if
        asked = earlier.get(condition.question) if condition else None
        if condition and asked is None:
            errors.append(
                f"{question.key}: show_if names {condition.question!r}, no earlier question"
            )
        elif condition and asked is not None:
            errors += _codes_offered(question, condition, asked)
        earlier[question.key] = question
    return errors


def _codes_offered(question: QuestionPart, condition: ShowIf, asked: QuestionPart) -> list[str]:
    if asked.type not in CLOSED_TYPES:
        return [f"{question.key}: show_if: {asked.key} has no options to choose from"]
    offered = {option.code for option in asked.options}
    unknown = [code for code in condition.is_ if code not in offered]
    errors = [f"{question.key}: show_if: {asked.key} has no option {code!r}" for code in unknown]
    if asked.scope not in (Scope.BOTH, question.scope):
        errors.append(
            f"{question.key}: is asked about the {question.scope}, its condition {asked.key} about"
            f" the {asked.scope}; give both the same scope"
        )
    return errors


def _is_integer(code: str) -> bool:
    return code.removeprefix("-").isdecimal() and code.isascii()
