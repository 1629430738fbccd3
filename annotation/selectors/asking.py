"""The questions of a stage as a form shows them, with what was entered and what is wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from urllib import parse

from annotation import own_words
from annotation.citations import BY_SCRIPT, ID_OF_ROW, ROLE_OF_ROW
from annotation.plans import OptionPlan, QuestionPlan
from annotation.spans import BY_QUOTE, KIND
from annotation.vocabulary import ClauseRole, QuestionType

ROWS = 3
# A tenth option is chosen with 0; more than ten have no key.
KEYS = "1234567890"


@dataclass(frozen=True, slots=True)
class CardOption:
    """One answer on offer, its key, and whether the rater chose it (when a form comes back)."""

    code: str
    label: str
    chosen: bool
    key: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class CardSpan:
    """A place the rater marked, as the form carries it and as it reads."""

    sent: str
    quote: str
    kind: str


@dataclass(frozen=True, slots=True)
class CardClause:
    """A clause the rater cited, as the form carries it and as it reads."""

    sent: str
    role: str
    clause: str


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """One question of this stage."""

    key: str
    label: str
    help: str
    type: str
    required: bool
    condition_key: str
    condition_codes: str
    options: tuple[CardOption, ...]
    text: str
    problem: str
    spans: tuple[CardSpan, ...] = ()
    # Rows of the form without script: words and what they are; a role and a clause.
    quotes: tuple[tuple[str, str], ...] = ()
    has_clauses: bool = False
    clauses: tuple[CardClause, ...] = ()
    clause_rows: tuple[tuple[str, str], ...] = ()


def card_question(
    question: QuestionPlan,
    sent: Mapping[str, Sequence[str]] = MappingProxyType({}),
    problems: Mapping[str, str] = MappingProxyType({}),
    anchors: Sequence[str] = (),
) -> CardQuestion:
    """Return a question as a form shows it, with what was entered and what is wrong with it."""
    given = sent.get(question.key, [])
    keys = _keys(question)
    of_spans = question.type == QuestionType.SPANS
    return CardQuestion(
        key=question.key,
        label=question.label,
        help=question.help,
        type=question.type,
        required=question.required,
        condition_key=question.condition_key,
        condition_codes=" ".join(parse.quote(code, safe="") for code in question.condition_codes),
        options=tuple(
            CardOption(
                option.code,
                option.label,
                option.code in given,
                key,
                anchors[place] if place < len(anchors) else "",
            )
            for place, (option, key) in enumerate(zip(question.options, keys, strict=True))
        ),
        text=given[0] if given and question.type == QuestionType.TEXT else "",
        problem=problems.get(question.key, ""),
        spans=tuple(_span(text, question.options) for text in given) if of_spans else (),
        quotes=_rows(sent, question.key + BY_QUOTE, question.key + KIND) if of_spans else (),
        has_clauses=question.clauses,
        clauses=tuple(_clause(text) for text in sent.get(question.key + BY_SCRIPT, [])),
        clause_rows=_rows(sent, question.key + ROLE_OF_ROW, question.key + ID_OF_ROW)
        if question.clauses
        else (),
    )


def _rows(
    sent: Mapping[str, Sequence[str]], first: str, second: str
) -> tuple[tuple[str, str], ...]:
    """Return the rows of two fields as they were typed, and at least three of them."""
    pairs = zip_longest(sent.get(first, ()), sent.get(second, ()), fillvalue="")
    typed = [pair for pair in pairs if any(words.strip() for words in pair)]
    return (*typed, *[("", "")] * max(1, ROWS - len(typed)))


def _keys(question: QuestionPlan) -> list[str]:
    """Return the key of each option: a scale's own digit, else its place."""
    codes = [option.code for option in question.options]
    if question.type == QuestionType.SPANS:
        return [""] * len(codes)
    if question.type == QuestionType.SCALE and all(len(c) == 1 and c.isdecimal() for c in codes):
        return codes
    return [*KEYS, *[""] * len(codes)][: len(codes)]


def _span(text: str, options: Sequence[OptionPlan]) -> CardSpan:
    """Return a marked place to show again; one that cannot be read is shown as it came."""
    try:
        fields = json.loads(text)
        code, quote = str(fields.get("kind", "")), str(fields["quote"])
        f"{code}{quote}".encode()  # JSON may hold half of a surrogate pair, a page may not
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return CardSpan(text, text[:200], "")
    label = next((option.label for option in options if option.code == code), code)
    return CardSpan(text, own_words.as_read(quote), label)


def _clause(text: str) -> CardClause:
    role, _, clause = text.partition(" ")
    label = ClauseRole(role).label if role in ClauseRole.values else role
    return CardClause(text, str(label), clause)
