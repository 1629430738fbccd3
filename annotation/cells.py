"""What a CSV cell holds, so that no spreadsheet runs it and everything can be read back. Pure."""

import json
import re
from typing import Any

TRIGGERS = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - full-width signs run as well
APOSTROPHE = "'"
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

ESCAPE_RULE = (
    "In CSV a text cell gets one apostrophe more in front where a spreadsheet might run it as a"
    " formula: where it begins, spaces and quotation marks aside, with = + - @, a full-width form"
    " of these, a tab or a line break, or with an apostrophe. Numbers such as -5 stay. The column"
    " csv_escaped names the cells of the row that were changed: take one apostrophe off each."
    " JSON Lines and Parquet files are exact."
)


def cell(value: Any) -> tuple[str, bool]:
    """Return a value as the text of a cell, and whether it got an apostrophe in front.

    Numbers have ASCII digits and a decimal point; lists and dicts are JSON; None is empty.
    """
    if value is None:
        return "", False
    if isinstance(value, str):
        return (APOSTROPHE + value, True) if _runs(value) else (value, False)
    if isinstance(value, bool):
        return ("true" if value else "false"), False
    if isinstance(value, int | float):
        return repr(value), False
    return json_text(value), False


def json_text(value: Any) -> str:
    """Return a value as JSON on one line, always the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _runs(text: str) -> bool:
    if text.startswith((APOSTROPHE, *TRIGGERS)):
        return not NUMBER.fullmatch(text)
    # A spreadsheet may drop what stands before: spaces, a byte order mark, quotation marks.
    bare = text.lstrip(" \"'\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\v\f\0")
    return bare != text and bare[:1] in TRIGGERS
