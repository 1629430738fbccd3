"""What all line formats of ours are made of, and checked with."""

import json
import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationError

from annotation.files import Problem

LONGEST_ID = 200
LONGEST_VALUE = 120  # so much of a wrong value is repeated
LONGEST_NUMBER = 9
CONTROL = dict.fromkeys([*range(32), *range(127, 160)])
# What a person calls a value of another kind than the one that is wanted.
KINDS = {
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object in braces",
    type(None): "null",
}
# A release's CSV files name here the cells of a row that have one apostrophe more in front.
ESCAPED = "csv_escaped"


def _clean(text: str) -> str:
    if "\0" not in text and text.isascii():
        return text
    if "\0" in text:
        raise ValueError("holds a NUL character, which no database stores; remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair; it is not valid Unicode") from None
    return text


def _id(value: Any) -> str:
    """Check an id in one step, for every line has half a dozen; most are printable and short."""
    if type(value) is str and value.isprintable() and value.strip() and len(value) <= LONGEST_ID:
        return value
    text = _clean(_text(value))
    if not text.strip():
        raise ValueError("is empty")
    if len(text) > LONGEST_ID:
        raise ValueError(f"is longer than {LONGEST_ID} characters")
    if len(text.translate(CONTROL)) != len(text):
        raise ValueError("holds control characters; an id may hold any other")
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        kind = KINDS.get(type(value), "this")
        raise ValueError(f"must be text in quotes, not {kind}: ids are never numbers")  # noqa: TRY004 - pydantic gathers ValueErrors and lets a TypeError through
    return value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _deep_clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _deep_clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_deep_clean(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number too large to be stored")
    return value


Text = Annotated[str, AfterValidator(_clean)]
Words = Annotated[str, AfterValidator(_clean), AfterValidator(_not_blank)]
Id = Annotated[str, PlainValidator(_id, json_schema_input_type=str)]
Json = Annotated[Any, AfterValidator(_deep_clean)]


class Line(BaseModel):
    """Base of every line."""

    model_config = ConfigDict(extra="forbid", strict=True)


def unescaped(fields: dict[str, Any]) -> dict[str, Any]:
    """Take away the apostrophes that a release's CSV puts before what a spreadsheet would run."""
    if not isinstance(fields.get(ESCAPED), str):
        return dict(fields)
    names = set(fields[ESCAPED].split())
    return {
        name: value.removeprefix("'") if name in names and isinstance(value, str) else value
        for name, value in fields.items()
        if name != ESCAPED
    }


def shortened(value: Any) -> str:
    """Return what stands in a field so that a person finds it again: its first signs."""
    text = value if isinstance(value, str) else _dumped(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        return type(value).__name__


def unstorable(kept: dict[str, Any], line: int) -> list[Problem]:
    """Return what no database stores of the fields that are kept without being known."""
    problems = []
    for name, value in kept.items():
        try:
            _deep_clean({name: value})
        except ValueError as error:
            problems.append(Problem(line, name, str(error), shortened(value)))
    return problems


def whole_number(fields: dict[str, Any], name: str, line: int) -> list[Problem]:
    """Put a number in the place of a cell's digits; say so where there are none."""
    cell = fields.pop(name)
    if not cell.strip():
        return []
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= LONGEST_NUMBER):
        return [Problem(line, name, "must be a whole number", shortened(cell))]
    fields[name] = int(cell)
    return []


def validated_fields(model: type[Any], fields: dict[str, Any], line: int) -> Any:
    """Return the validated line, or its problems."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        return [
            Problem(
                line,
                ".".join(str(part) for part in found["loc"]),
                _sentence(found),
                shortened(found["input"]) if found["type"] != "missing" else "",
            )
            for found in error.errors(include_url=False)
        ]


def _sentence(found: Any) -> str:
    if found["type"] == "missing":
        return "is missing; every line needs it"
    if found["type"] == "extra_forbidden":
        return "is not a field of this format; remove it or check its spelling"
    said = str(found["msg"]).removeprefix("Value error, ")
    # pydantic's own sentences begin with what it calls an input.
    return re.sub(r"^Input should be ", "must be ", said)
