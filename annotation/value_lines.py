"""A file of values line by line: what each means, its category, what else it is called. Pure."""

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator

from annotation.files import Problem, Record
from annotation.line_format import ESCAPED, Id, Line, Text, unescaped, validated_fields
from annotation.vocabulary import VALUE_CATEGORIES

COLUMNS = ("value", "definition", "category", "aliases")
SEPARATOR = "|"
LONGEST_DEFINITION = 2_000
MOST_ALIASES = 50
NEAREST = 3

_HEADS = {name: head for head, names in VALUE_CATEGORIES.items() for name in names}
_CATEGORIES = {name.casefold(): name for name in _HEADS}
# The order of the 26 categories, for tables; what has none stands last.
RANKS = {name: rank for rank, name in enumerate(_HEADS)}


def head_of(category: str) -> str:
    """Return the head that a category stands under; nothing for no category."""
    return _HEADS.get(category, "")


def category_named(text: str) -> str:
    """Return the category in its canonical spelling; case and outer spaces do not matter.

    Raises:
        ValueError: it is none of the 26; the sentence has the nearest ones.
    """
    wanted = text.strip().casefold()
    if wanted in _CATEGORIES:
        return _CATEGORIES[wanted]
    near = get_close_matches(wanted, _CATEGORIES, n=NEAREST, cutoff=0.0)
    names = ", ".join(f"“{_CATEGORIES[name]}”" for name in near)
    raise ValueError(f"is none of the {len(_CATEGORIES)} categories; the nearest are {names}")


def _alias(text: str) -> str:
    if SEPARATOR in text:
        raise ValueError(f"holds {SEPARATOR}, which stands between two names")
    return text.strip()


def _definition(text: str) -> str:
    if len(text) > LONGEST_DEFINITION:
        raise ValueError(f"is longer than {LONGEST_DEFINITION:,} characters")
    return text.strip()


def _once_each(aliases: list[str]) -> list[str]:
    """Keep the first of names that differ in case only."""
    if len(aliases) > MOST_ALIASES:
        raise ValueError(f"has more than {MOST_ALIASES} names")
    return list({alias.casefold(): alias for alias in reversed(aliases)}.values())[::-1]


class ValueLine(Line):
    """One value. What is left out, or empty, leaves what is stored as it is."""

    value: Id
    definition: Annotated[Text, AfterValidator(_definition)] = ""
    category: Annotated[Text, AfterValidator(category_named)] = ""
    aliases: Annotated[list[Annotated[Id, AfterValidator(_alias)]], AfterValidator(_once_each)] = []


def unknown_columns(record: Record) -> list[str]:
    """Return the columns that a file of values does not have."""
    return [name for name in record.fields if name not in (*COLUMNS, ESCAPED)]


def value_line(record: Record) -> ValueLine | list[Problem]:
    """Return the value in a record of either format, or everything that is wrong with it."""
    fields: dict[str, Any] = unescaped(record.fields)
    if isinstance(fields.get("aliases"), str):
        fields["aliases"] = aliases_in(fields["aliases"])
    given = {name: found for name, found in fields.items() if not _is_empty(found)}
    checked: ValueLine | list[Problem] = validated_fields(ValueLine, given, record.line)
    return checked


def aliases_in(cell: str) -> list[str]:
    """Return the names in a cell; empty ones are no names."""
    return [part.strip() for part in cell.split(SEPARATOR) if part.strip()]


def aliases_cell(aliases: list[str]) -> str:
    """Return names as one cell, which :func:`aliases_in` reads back."""
    return SEPARATOR.join(aliases)


def _is_empty(found: Any) -> bool:
    return found in (None, []) or (isinstance(found, str) and not found.strip())
