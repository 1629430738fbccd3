"""What a button of the form does to a draft, and what is filled in for whoever composes it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from annotation.rubric_composer.draft import DraftOption, DraftQuestion, DraftRubric
from annotation.rubric_composer.fields import LANGUAGE, Fields, numbers_in
from annotation.rubric_format import TAKEN_BY_THE_FORM
from annotation.vocabulary import CLOSED_TYPES, PAIR_OPTIONS, ItemKind, Level, QuestionType

SCALE_POINTS = range(1, 6)
PAIR_LABELS = ("Reply A", "Reply B", "Both alike")
LONGEST_PROPOSAL = 40
FIRST_LANGUAGE = "de"
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Acted:
    """The draft after an act, the id of the element to go on at, and what was refused, if any."""

    draft: DraftRubric
    focus: str = ""
    refused: str = ""


def acted(draft: DraftRubric, do: str, fields: Fields) -> Acted | None:
    """Return what a button does; None where there is no such button, or not what it names.

    ``do`` is the button's value: ``add-question``, ``up:7``, ``remove-option:7:0``. The first
    number is a question's id, the second a row of its options.
    """
    name, *names = do.split(":")
    if name in _ON_RUBRIC:
        return _ON_RUBRIC[name](draft, fields)
    if name == "remove-language":
        return _without_language(draft, ":".join(names))
    numbers = numbers_in(names)
    question = draft.question(numbers[0]) if numbers else None
    if question is None or len(numbers) != len(names):
        return None
    return _on(draft, question, name, numbers[1:])


def _on(draft: DraftRubric, question: DraftQuestion, name: str, rows: list[int]) -> Acted | None:
    if name in _ON_QUESTION and not rows:
        return _ON_QUESTION[name](draft, question)
    if name in _ON_OPTION and len(rows) == 1 and rows[0] < len(question.options):
        return _ON_OPTION[name](draft, question, rows[0])
    return None


def _add_question(draft: DraftRubric, fields: Fields) -> Acted:
    wanted = (*fields.get("new-type", ()), "")[0]
    type_ = wanted if wanted in QuestionType.values else QuestionType.SINGLE
    empty = (DraftOption(), DraftOption())
    question = DraftQuestion(
        id=draft.next_id,
        type=type_,
        options=empty if type_ in CLOSED_TYPES - {QuestionType.SCALE} else (),
    )
    if draft.kind == ItemKind.PAIR and type_ == QuestionType.SINGLE:
        words = zip(PAIR_OPTIONS, PAIR_LABELS, strict=True)
        question = replace(question, options=tuple(DraftOption(*row) for row in words))
    made = replace(draft, questions=(*draft.questions, question))
    return Acted(made, f"q{question.id}-label")


def _add_language(draft: DraftRubric, fields: Fields) -> Acted:
    language = (*fields.get("new-language", ()), "")[0].strip()
    focus = "new-language"
    if not LANGUAGE.fullmatch(language):
        said = f"{language[:40]!r} is no language code. Give one such as de or pt-BR."
        return Acted(
            draft, focus, said if language else "Give a language code such as de or pt-BR."
        )
    if language.lower() in (known.lower() for known in draft.languages):
        return Acted(draft, focus, f"{language} is there already.")
    if draft.questions:
        focus = f"q{draft.questions[0].id}-{language}-label"
    return Acted(replace(draft, languages=(*draft.languages, language)), focus)


def _without_language(draft: DraftRubric, language: str) -> Acted | None:
    if language not in draft.languages:
        return None
    kept = tuple(known for known in draft.languages if known != language)
    return Acted(replace(draft, languages=kept), "new-language")


def _remove_question(draft: DraftRubric, question: DraftQuestion) -> Acted:
    """Take a question out; those that depended on it say so until they get another condition."""
    position = draft.questions.index(question)
    kept = tuple(one for one in draft.questions if one is not question)
    focus = f"q{kept[min(position, len(kept) - 1)].id}-summary" if kept else "add-question"
    return Acted(replace(draft, questions=kept), focus)


def _up(draft: DraftRubric, question: DraftQuestion) -> Acted:
    return _moved(draft, question, -1)


def _down(draft: DraftRubric, question: DraftQuestion) -> Acted:
    return _moved(draft, question, 1)


def _moved(draft: DraftRubric, question: DraftQuestion, step: int) -> Acted:
    position = draft.questions.index(question)
    to = min(max(position + step, 0), len(draft.questions) - 1)
    questions = _swapped(draft.questions, position, to)
    return Acted(
        replace(draft, questions=questions), _handle(f"q{question.id}", step, to, questions)
    )


def _add_option(draft: DraftRubric, question: DraftQuestion) -> Acted:
    rows = (*question.options, DraftOption())
    made = _with_rows(draft, question, rows, range(len(question.options)))
    return Acted(made, f"q{question.id}-o{len(question.options)}-label")


def _remove_option(draft: DraftRubric, question: DraftQuestion, row: int) -> Acted:
    kept = [old for old in range(len(question.options)) if old != row]
    made = _with_rows(draft, question, [question.options[old] for old in kept], kept)
    name = f"q{question.id}"
    last = len(kept) - 1
    return Acted(made, f"{name}-o{min(row, last)}-label" if kept else f"{name}-add-option")


def _option_up(draft: DraftRubric, question: DraftQuestion, row: int) -> Acted:
    return _moved_option(draft, question, row, -1)


def _option_down(draft: DraftRubric, question: DraftQuestion, row: int) -> Acted:
    return _moved_option(draft, question, row, 1)


def _moved_option(draft: DraftRubric, question: DraftQuestion, row: int, step: int) -> Acted:
    to = min(max(row + step, 0), len(question.options) - 1)
    order = _swapped(tuple(range(len(question.options))), row, to)
    made = _with_rows(draft, question, [question.options[old] for old in order], order)
    return Acted(made, _handle(f"q{question.id}-o{to}", step, to, order))


def _swapped(things: tuple[Thing, ...], one: int, other: int) -> tuple[Thing, ...]:
    moved = list(things)
    moved[one], moved[other] = moved[other], moved[one]
    return tuple(moved)


def _handle(name: str, step: int, to: int, among: Sequence[object]) -> str:
    """Return the button to go on at: the same one, or the opposite where there is no further."""
    up = step < 0 if 0 < to < len(among) - 1 else to > 0
    return f"{name}-{'up' if up else 'down'}"


def _with_rows(
    draft: DraftRubric,
    question: DraftQuestion,
    options: Iterable[DraftOption],
    order: Sequence[int],
) -> DraftRubric:
    """Give a question other rows; conditions go on naming the same options at their new rows."""
    now_at = {old: new for new, old in enumerate(order)}

    def put(one: DraftQuestion) -> DraftQuestion:
        changed = replace(one, options=tuple(options)) if one is question else one
        if one.condition != question.id:
            return changed
        rows = sorted(now_at[row] for row in one.condition_rows if row in now_at)
        return replace(changed, condition_rows=tuple(rows))

    return replace(draft, questions=tuple(put(one) for one in draft.questions))


_ON_RUBRIC: dict[str, Callable[[DraftRubric, Fields], Acted]] = {
    "add-question": _add_question,
    "add-language": _add_language,
}
_ON_QUESTION: dict[str, Callable[[DraftRubric, DraftQuestion], Acted]] = {
    "remove-question": _remove_question,
    "up": _up,
    "down": _down,
    "add-option": _add_option,
}
_ON_OPTION: dict[str, Callable[[DraftRubric, DraftQuestion, int], Acted]] = {
    "remove-option": _remove_option,
    "option-up": _option_up,
    "option-down": _option_down,
}


def filled_in(draft: DraftRubric) -> DraftRubric:
    """Propose what was left empty: keys and codes from the labels, the points of a new scale."""
    taken = {*TAKEN_BY_THE_FORM, *(question.key for question in draft.questions)}
    questions = []
    for question in draft.questions:
        key = question.key or _proposal(question.label, taken, otherwise=f"question_{question.id}")
        taken.add(key)
        questions.append(_with_codes(_with_points(replace(question, key=key))))
    key = draft.key or _word(draft.title).replace("_", "-")
    return replace(draft, key=key, questions=tuple(questions))


def _with_points(question: DraftQuestion) -> DraftQuestion:
    """Give a scale without points those from 1 to 5; its level is then ordinal."""
    if question.type != QuestionType.SCALE or not all(one.blank for one in question.options):
        return question
    points = tuple(DraftOption(code=str(point), label=str(point)) for point in SCALE_POINTS)
    return replace(question, options=points, level=Level.ORDINAL)


def _with_codes(question: DraftQuestion) -> DraftQuestion:
    taken = {option.code for option in question.options}
    numeric = question.type == QuestionType.SCALE or question.level == Level.INTERVAL
    options = []
    for row, option in enumerate(question.options, start=1):
        code = option.code
        if not code and numeric and not option.blank:
            code = str(max((int(one) for one in taken if _is_integer(one)), default=0) + 1)
        elif not code:
            code = _proposal(option.label, taken, otherwise=f"option_{row}")
        taken.add(code)
        options.append(replace(option, code=code))
    return replace(question, options=tuple(options))


def _is_integer(code: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,9}", code) is not None


def _proposal(label: str, taken: set[str], *, otherwise: str) -> str:
    """Return a key made of a label's words that is not taken; none for an empty label."""
    if not label.strip():
        return ""
    word = _word(label) or otherwise
    proposals = (word, *(f"{word}_{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in proposals if one not in taken)


def _word(label: str) -> str:
    """Return a label's first words as a key: letters and digits joined by ``_``."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    word = ""
    for one in re.findall(r"[a-z0-9]+", plain.replace("'", "")):
        if word and len(word) + 1 + len(one) > LONGEST_PROPOSAL:
            break
        word = f"{word}_{one}" if word else one[:LONGEST_PROPOSAL]
    return word if not word or word[0].isalpha() else f"n_{word}"
