"""Reading files record by record: JSON lines, CSV and Parquet, each also gzipped; logs; exports.

A reader yields numbered records or says what is wrong with a line; it never loads the file whole,
and it turns nothing into a number: "007" stays "007".
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import IO, Any

from annotation.errors import FileUnreadable
from annotation.files import inspect_logs, label_studio, parquet
from annotation.files.bounded import Expanding, of_the_system, plain
from annotation.files.records import Meter, Place, Problem, Record
from annotation.files.refused import RefusedLines, csv_line
from annotation.files.strict_json import KeyTwice, parsed_json

__all__ = [
    "KeyTwice",
    "Meter",
    "Place",
    "Problem",
    "Record",
    "RefusedLines",
    "check",
    "parsed_json",
    "read",
    "refused_lines",
]

LONGEST_LINE = 32 * 1024 * 1024
LONGEST_CELL = 16 * 1024 * 1024
# What spreadsheets put between columns where a comma stands in numbers.
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
CHECKED_AT_ONCE = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


def read(path: Path, *, name: str = "", meter: Meter | None = None) -> Iterator[Record | Problem]:
    """Yield every record of a file, in order, with a problem in place of each unreadable line.

    ``name`` is what the file was called where it came from, if it is stored under another;
    ``meter`` is told how far reading has come.

    Raises:
        FileUnreadable: no such file, an unknown ending, not UTF-8, an empty file, a CSV header
            that names a column twice, a broken gzip stream. What was yielded before must be
            thrown away by the caller.
    """
    given = name or path.name
    kind = _kind(given, path)
    with _refusals(given):
        if kind in _WHOLE:
            with plain(path) as whole:
                yield from _WHOLE[kind](whole, name=given, meter=meter or Meter())
            return
        with _opened(path, given) as lines:
            _measure(meter, lines, path.stat().st_size)
            yield from (_csv(lines) if kind == "csv" else _jsonl(lines))


def check(path: Path, *, name: str = "") -> None:
    """Read a file to its end without keeping it, so that nothing is loaded of an unreadable one.

    Raises:
        FileUnreadable: as :func:`read`.
    """
    given = name or path.name
    kind = _kind(given, path)
    if kind == "parquet":
        with _refusals(given), plain(path) as whole:
            parquet.check(whole, name=given)
        return
    if kind in _WHOLE:
        for _ in read(path, name=given):
            pass
        return
    first = next(iter(read(path, name=given)), None)
    if first is None:
        raise FileUnreadable(f"{given} has no lines of data.")
    with _refusals(given), _opened(path, given) as text:
        while text.read(CHECKED_AT_ONCE):
            pass


def refused_lines(source: Path, kept: Path, *, name: str = "", after: int = 0) -> RefusedLines:
    """Return what keeps the refused lines of a file in another, in a format that loads again.

    Raises:
        FileUnreadable: as :func:`read`.
    """
    given = name or source.name
    if _kind(given, source) != "csv":
        return RefusedLines(kept, header=None, after=after)
    with _refusals(given), _opened(source, given) as lines:
        header = _header(csv.reader(lines, strict=True))
        return RefusedLines(kept, header=header, after=after)


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
        if of_the_system(error):
            raise
        raise FileUnreadable(f"{given} cannot be opened: {error.strerror or error}.") from error


# Kinds that are not read as lines of text.
_WHOLE = {
    "parquet": parquet.rows,
    "inspect": inspect_logs.samples,
    "label_studio": label_studio.answers,
}


def _kind(name: str, path: Path) -> str:
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending in {"jsonl", "ndjson"}:
        return "jsonl"
    if ending in {"csv", "parquet"}:
        return ending
    if ending == "eval":
        return "inspect"
    if ending == "json":
        # A log is one object, an export a list of tasks.
        return "label_studio" if _begins_with(path, "[") else "inspect"
    raise FileUnreadable(
        f"{name} must end in .jsonl, .csv or .parquet (or one of these and .gz), or in .eval or"
        " .json for an Inspect log or a Label Studio export."
    )


def _measure(meter: Meter | None, lines: IO[str], size: int) -> None:
    if meter is not None and size:
        raw: Any = lines.buffer  # type: ignore[attr-defined]  # of the wrapper that _opened makes
        where = raw.consumed if isinstance(raw, Expanding) else raw.tell
        meter.at = lambda: 1.0 if raw.closed else where() / size


def _begins_with(path: Path, sign: str) -> bool:
    with _refusals(path.name), _opened(path, path.name) as text:
        return text.read(1_000).lstrip().startswith(sign)


def _opened(path: Path, name: str) -> IO[str]:
    with path.open("rb") as start:
        zipped = start.read(2) == GZIP_MAGIC
    raw: Any = Expanding(path, name) if zipped else path.open("rb")
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
        return Problem(number, twice.key, str(twice), raw=line)
    except ValueError as error:
        # The parser counts lines too, but in what it was given: this one.
        why = str(error)
        if isinstance(error, JSONDecodeError):
            why = f"{error.msg} at character {error.pos + 1}"
        reason = f"Not JSON ({why}). Write one JSON object a line."
        return Problem(number, "", reason, raw=line)
    if not isinstance(found, dict):
        reason = "Not a JSON object. Write one object in braces a line."
        return Problem(number, "", reason, raw=line)
    return Record(number, found)


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
            reason += " Quote cells that hold commas or line breaks."
            yield Problem(began, "", reason, raw=csv_line(row))
            continue
        yield Record(began, dict(zip(header, row, strict=True)))


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise FileUnreadable(f"The CSV header cannot be read ({error}).") from error
    if not any(header):
        raise FileUnreadable("The file is empty: the first line must name the columns.")
    apart = next((word for sign, word in OTHER_SEPARATORS.items() if sign in header[0]), "")
    if len(header) == 1 and apart:
        raise FileUnreadable(
            f"The columns of this file are kept apart by {apart}, not by commas. Save it as"
            " comma-separated values: spreadsheets offer the separator when they save or export."
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise FileUnreadable(f"The CSV header names a column twice: {', '.join(twice)}.")
    return header
