"""The form of a draft: the names of its fields, and what they hold.

``question`` names the questions in their order; the fields of question 7 begin with ``q7-``. The
rows of its options are parallel lists: every row sends one value under each name.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from annotation.rubric_composer.draft import (
    DraftOption,
    DraftQuestion,
    DraftRubric,
    DraftWords,
)

Fields = Mapping[str, Sequence[str]]
YES = "yes"
# As many fields as the server reads of one form, with room for what a page adds.
MOST_FIELDS = 5_500
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def fields_of(draft: DraftRubric) -> dict[str, list[str]]:
    """Return the fields of a draft with what they hold; a box that is not ticked is absent."""
    found = {
        "key": [draft.key],
        "title": [draft.title],
        "version": [draft.version],
        "kind": [draft.kind],
        "language": list(draft.languages),
        "question": [str(question.id) for question in draft.questions],
    }
    for question in draft.questions:
        name = f"q{question.id}"
        found |= _asked(name, question)
        found[f"{name}-code"] = [option.code for option in question.options]
        found[f"{name}-option"] = [option.label for option in question.options]
        found[f"{name}-polarity"] = [option.polarity for option in question.options]
        for language in draft.languages:
            words = question.words.get(language, DraftWords())
            found[f"{name}-{language}-label"] = [words.label]
            found[f"{name}-{language}-help"] = [words.help]
            found[f"{name}-{language}-option"] = [
                option.words.get(language, "") for option in question.options
            ]
    return {name: values for name, values in found.items() if values}


def _asked(name: str, question: DraftQuestion) -> dict[str, list[str]]:
    condition = "" if question.condition is None else str(question.condition)
    return {
        f"{name}-key": [question.key],
        f"{name}-label": [question.label],
        f"{name}-help": [question.help],
        f"{name}-type": [question.type],
        f"{name}-level": [question.level],
        f"{name}-scope": [question.scope],
        f"{name}-anchors": [question.anchors],
        f"{name}-required": [YES] if question.required else [],
        f"{name}-clauses": [YES] if question.clauses else [],
        f"{name}-condition": [condition],
        # Whose rows are ticked: of another question they would mean something else.
        f"{name}-rows-of": [condition] if condition else [],
        f"{name}-rows": [str(row) for row in question.condition_rows],
    }


def n_fields(draft: DraftRubric) -> int:
    """Return how many fields the form of a draft has."""
    return sum(len(values) for values in fields_of(draft).values())


def draft_from(fields: Fields) -> DraftRubric:
    """Return the draft that a form holds; whatever is missing is empty, nothing is refused."""
    languages = [word for word in fields.get("language", ()) if LANGUAGE.fullmatch(word)]
    languages = list(dict.fromkeys(languages))
    ids = dict.fromkeys(numbers_in(fields.get("question", ())))
    return DraftRubric(
        key=_one(fields, "key").strip(),
        title=_one(fields, "title"),
        version=_one(fields, "version").strip(),
        kind=_one(fields, "kind"),
        languages=tuple(languages),
        questions=tuple(_question(fields, id_, languages) for id_ in ids),
    )


def _question(fields: Fields, id_: int, languages: list[str]) -> DraftQuestion:
    name = f"q{id_}"
    condition = numbers_in([_one(fields, f"{name}-condition")])
    same = _one(fields, f"{name}-rows-of") == _one(fields, f"{name}-condition")
    return DraftQuestion(
        id=id_,
        key=_one(fields, f"{name}-key").strip(),
        label=_one(fields, f"{name}-label"),
        help=_one(fields, f"{name}-help"),
        type=_one(fields, f"{name}-type"),
        level=_one(fields, f"{name}-level"),
        scope=_one(fields, f"{name}-scope"),
        required=_one(fields, f"{name}-required") == YES,
        condition=condition[0] if condition else None,
        condition_rows=tuple(numbers_in(fields.get(f"{name}-rows", ()))) if same else (),
        clauses=_one(fields, f"{name}-clauses") == YES,
        anchors=_one(fields, f"{name}-anchors"),
        options=_options(fields, name, languages),
        words={
            language: DraftWords(
                _one(fields, f"{name}-{language}-label"), _one(fields, f"{name}-{language}-help")
            )
            for language in languages
        },
    )


def _options(fields: Fields, name: str, languages: list[str]) -> tuple[DraftOption, ...]:
    columns = [fields.get(f"{name}-{column}", ()) for column in ("code", "option", "polarity")]
    said = [fields.get(f"{name}-{language}-option", ()) for language in languages]
    rows = zip_longest(*columns, *said, fillvalue="")
    return tuple(
        DraftOption(
            code=_clean(code).strip(),
            label=_clean(label),
            polarity=_clean(polarity),
            words=dict(zip(languages, map(_clean, words), strict=True)),
        )
        for code, label, polarity, *words in rows
    )


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return _clean(values[-1]) if values else ""


def _clean(text: str) -> str:
    """Return a text as typed, without what no database stores and with plain line ends."""
    return text.replace("\0", "").replace("\r\n", "\n")


def numbers_in(words: Sequence[str]) -> list[int]:
    """Return the ids or rows that a page named; what is none is left out."""
    return [int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 7]
