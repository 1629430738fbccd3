"""Writing a release's files as streams: hashed while they are written, never held whole."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from annotation.cells import cell, json_text
from evaluation.exports.columns import ESCAPED_COLUMN, Column

ROWS_PER_REPORT = 1_000
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One written file: how long it is and what it hashes to; ``rows`` only of tables."""

    name: str
    rows: int | None
    bytes: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the manifest lists it."""
        return {"name": self.name, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


def no_progress(name: str, rows: int) -> None:
    """Report progress to nobody."""


class _Hashed:
    """A text file that knows its length and hash."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        raw = text.encode()
        self.digest.update(raw)
        self.bytes += len(raw)
        return self.file.write(raw)


class Folder:
    """A directory being filled; ``files`` are the facts of what was written, in order."""

    def __init__(self, path: Path, progress: Progress = no_progress) -> None:
        self.path = path
        self.files: list[FileFacts] = []
        self._progress = progress

    def text(self, name: str, text: str) -> None:
        """Write a text."""
        with self._file(name) as (file, rows):
            file.write(text)
            rows[0] = -1

    def json(self, name: str, value: Any) -> None:
        """Write a JSON document for people to read as well."""
        text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
        self.text(name, text + "\n")

    def table(self, name: str, columns: tuple[Column, ...], rows: Iterable[dict[str, Any]]) -> int:
        """Write rows as JSON Lines and as CSV in one pass; return how many there were.

        Raises:
            ValueError: a row has not exactly these columns.
        """
        names = [column.name for column in columns]
        with ExitStack() as both:
            lines, n_lines = both.enter_context(self._file(f"{name}.jsonl"))
            sheet, n_rows = both.enter_context(self._file(f"{name}.csv"))
            # Both line ends, so that the writer quotes cells with either.
            writer = csv.writer(sheet, lineterminator="\r\n")
            writer.writerow([*names, ESCAPED_COLUMN.name])
            for row in rows:
                if list(row) != names:
                    raise ValueError(f"{name} has the columns {names}, not {list(row)}.")
                lines.write(json_text(row) + "\n")
                writer.writerow(_cells(row))
                n_lines[0] = n_rows[0] = n_lines[0] + 1
                if n_lines[0] % ROWS_PER_REPORT == 0:
                    self._progress(name, n_lines[0])
            self._progress(name, n_lines[0])
        return n_lines[0]

    def plain_csv(self, name: str, columns: tuple[Column, ...], rows: Iterable[list[str]]) -> None:
        """Write a small table as CSV alone."""
        with self._file(name) as (file, count):
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([column.name for column in columns])
            for row in rows:
                writer.writerow([cell(value)[0] for value in row])
                count[0] += 1

    @contextmanager
    def _file(self, name: str) -> Iterator[tuple[_Hashed, list[int]]]:
        rows = [0]
        with (self.path / name).open("xb") as raw:
            hashed = _Hashed(raw)
            yield hashed, rows
        counted = rows[0] if rows[0] >= 0 else None
        self.files.append(FileFacts(name, counted, hashed.bytes, hashed.digest.hexdigest()))


def _cells(row: dict[str, Any]) -> list[str]:
    cells, escaped = [], []
    for name, value in row.items():
        text, changed = cell(value)
        cells.append(text)
        if changed:
            escaped.append(name)
    return [*cells, " ".join(escaped)]
