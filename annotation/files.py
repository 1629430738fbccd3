"""Reading uploaded files line by line: JSON lines and CSV, each also gzipped.

A reader yields numbered records or says what is wrong with a line; it never loads the file whole,
and it turns nothing into a number: "007" stays "007".
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from annotation.errors import FileUnreadable

LONGEST_LINE = 32 * 1024 * 1024
LONGEST_CELL = 16 * 1024 * 1024
CHECKED_AT_ONCE = 1024 * 1024
DEEPEST_JSON = 100
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one line: which field, and what to do."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line's content; ``line`` is where it begins in the file."""

    line: int
    fields: dict[str, Any]


def read(path: Path, *, name: str = "") -> Iterator[Record | Problem]:
    """Yield every record of a file, in order, with a problem in place of each unreadable line.

    ``name`` is what the file was called where it came from, if it is stored under another.

    Raises:
        FileUnreadable: no such file, an unknown ending, not UTF-8, an empty file, a CSV header
            that names a column twice, a broken gzip stream. What was yielded before must be
            thrown away by the caller.
    """
    given = name or path.name
    kind = _kind(given)
    with _refusals(given), _opened(path) as lines:
        yield from (_csv(lines) if kind == "csv" else _jsonl(lines))


def check(path: Path, *, name: str = "") -> None:
    """Read a file to its end without keeping it, so that nothing is loaded of an unreadable one.

    Raises:
        FileUnreadable: as :func:`read`.
    """
    given = name or path.name
    first = next(iter(read(path, name=given)), None)
    if first is None:
        raise FileUnreadable(f"{given} has a header but no lines.")
    with _refusals(given), _opened(path) as text:
        while text.read(CHECKED_AT_ONCE):
            pass


@contextmanager
def _refusals(given: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        reason = f"{given} is not UTF-8 text ({error.reason}). Save it as UTF-8."
        raise FileUnreadable(reason) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileUnreadable(f"{given} is not a whole gzip file. Upload it again.") from error
    except OSError as error:
        raise FileUnreadable(f"{given} cannot be opened: {error.strerror or error}.") from error


def _kind(name: str) -> str:
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending in {"jsonl", "ndjson"}:
        return "jsonl"
    if ending == "csv":
        return "csv"
    raise FileUnreadable(f"{name} must end in .jsonl or .csv (or one of these and .gz).")


def _opened(path: Path) -> IO[str]:
    with path.open("rb") as start:
        zipped = start.read(2) == GZIP_MAGIC
    raw: Any = gzip.open(path, "rb") if zipped else path.open("rb")  # noqa: SIM115 - the caller closes
    # newline="" leaves line ends to the CSV reader; utf-8-sig drops a byte order mark.
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _lines(text: IO[str]) -> Iterator[tuple[int, str | None]]:
    """Yield numbered lines; None in place of one that is too long to be held."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith("\n"):
            yield number, line
            continue
        while line and not line.endswith("\n"):
            line = text.readline(LONGEST_LINE)
        yield number, None


def _jsonl(text: IO[str]) -> Iterator[Record | Problem]:
    number = 0
    for number, line in _lines(text):
        if line is None:
            yield Problem(
                number, "", f"The line is longer than {LONGEST_LINE:,} characters. Split it."
            )
        elif line.strip():
            yield _parsed(number, line)
    if not number:
        raise FileUnreadable("The file is empty.")


def _parsed(number: int, line: str) -> Record | Problem:
    try:
        found = parsed_json(line)
    except KeyTwice as twice:
        return Problem(number, twice.key, str(twice))
    except ValueError as error:
        return Problem(number, "", f"Not JSON ({error}). Write one JSON object a line.")
    if not isinstance(found, dict):
        return Problem(number, "", "Not a JSON object. Write one object in braces a line.")
    return Record(number, found)


class KeyTwice(ValueError):
    """A JSON object names one key twice; Python would keep the last in silence."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} stands twice. Keep one.")
        self.key = key


def parsed_json(text: str) -> Any:
    """Return what a JSON text says, read strictly: each key once, no NaN, no bottomless nesting.

    Raises:
        KeyTwice: an object names a key twice.
        ValueError: not JSON, or deeper than :data:`DEEPEST_JSON` levels.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecursionError:
        found = _TOO_DEEP
    if found is _TOO_DEEP or _deeper_than(DEEPEST_JSON, found):
        raise ValueError(f"nested deeper than {DEEPEST_JSON} levels")
    return found


_TOO_DEEP = object()


def _deeper_than(levels: int, found: Any) -> bool:
    layer = [found]
    for _ in range(levels + 1):
        layer = [
            inner
            for value in layer
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(layer)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise KeyTwice(next(key for key in keys if keys.count(key) > 1))
    return found


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON value")


def _csv(text: IO[str]) -> Iterator[Record | Problem]:
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(text, strict=True)
    header = _header(rows)
    while True:
        began = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Problem(began, "", f"Not CSV ({error}). Check the quotes of this line.")
            continue
        if row is None:
            return
        if not row:
            continue
        if [cell.strip() for cell in row] == header:
            yield Problem(began, "", "The header stands here once more. Remove this line.")
            continue
        if len(row) != len(header):
            reason = f"{len(row)} cells, but the header has {len(header)} columns."
            yield Problem(began, "", f"{reason} Quote cells that hold commas or line breaks.")
            continue
        yield Record(began, dict(zip(header, row, strict=True)))


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise FileUnreadable(f"The CSV header cannot be read ({error}).") from error
    if not any(header):
        raise FileUnreadable("The file is empty: the first line must name the columns.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise FileUnreadable(f"The CSV header names a column twice: {', '.join(twice)}.")
    return header
