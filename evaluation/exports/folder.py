"""Writing a release's files as streams: hashed while they are written, never held whole."""

import csv
import hashlib
import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from annotation.cells import cell, json_text
from evaluation.exports.columns import ESCAPED_COLUMN, Column
from evaluation.exports.lines import joined, lines_of
from evaluation.exports.typed import ParquetTable

ROWS_PER_REPORT = 1_000
PARTS_WAITING = 2
ENDINGS = ("jsonl", "csv", "parquet")
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


class _Hashed(io.RawIOBase):
    """A file that knows its length and hash."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written: where Parquet's parts begin."""
        return self.bytes

    def write(self, raw: Any) -> int:
        """Write bytes."""
        self.digest.update(raw)
        self.bytes += len(raw)
        return self._file.write(raw)


class _Text:
    """A text file over such a file."""

    def __init__(self, file: _Hashed) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        return self._file.write(text.encode())


@dataclass(slots=True)
class _TableFiles:
    """The three files of a table that is being written, and how many rows they have."""

    lines: _Hashed
    sheet: _Hashed
    typed: ParquetTable
    rows: int = 0

    def part(self, part: pa.Table, columns: tuple[Column, ...], *, whole: bool) -> None:
        """Write a part of the table."""
        lines = lines_of(part, columns)
        self.lines.write(joined(lines.json))
        self.sheet.write(joined(lines.csv))
        if whole:
            self.typed.part(part)
        else:
            self.typed.rows(part, pc.cumulative_sum(pc.binary_length(lines.json)).to_numpy())
        self.rows += part.num_rows


class _Beside:
    """One other thread that works through a short queue: writing beside reading.

    Neither Arrow nor hashing holds Python up, so the next part is read from the database meanwhile.
    What fails there fails here, at the next part or at the end.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="release")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def do(self, work: Callable[..., None], *given: Any, **named: Any) -> None:
        """Have it done, after what was given before; wait while too much is waiting."""
        self._waiting.append(self._thread.submit(work, *given, **named))
        while len(self._waiting) > PARTS_WAITING:
            self._waiting.popleft().result()

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown(cancel_futures=failed is not None)
        if failed is None:
            for one in self._waiting:
                one.result()


class Folder:
    """A directory being filled; ``files`` are the facts of what was written, in order."""

    def __init__(self, path: Path, progress: Progress = no_progress) -> None:
        self.path = path
        self.files: list[FileFacts] = []
        self._progress = progress

    def text(self, name: str, text: str) -> None:
        """Write a text."""
        with self._file(name) as (file, rows):
            file.write(text.encode())
            rows[0] = -1

    def json(self, name: str, value: Any) -> None:
        """Write a JSON document for people to read as well."""
        text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
        self.text(name, text + "\n")

    def table(self, name: str, columns: tuple[Column, ...], rows: Iterable[dict[str, Any]]) -> int:
        """Write rows as JSON Lines, CSV and Parquet in one pass; return how many there were.

        Raises:
            ValueError: a row has not exactly these columns.
        """
        names = [column.name for column in columns]
        with self._table(name, columns) as files:
            lines, sheet = _Text(files.lines), _Text(files.sheet)
            # Both line ends, so that the writer quotes cells with either.
            writer = csv.writer(sheet, lineterminator="\r\n")
            for row in rows:
                if list(row) != names:
                    raise ValueError(f"{name} has the columns {names}, not {list(row)}.")
                written = lines.write(json_text(row) + "\n")
                writer.writerow(_cells(row))
                files.typed.row(row, written)
                files.rows += 1
                if files.rows % ROWS_PER_REPORT == 0:
                    self._progress(name, files.rows)
        return files.rows

    def parts(
        self,
        name: str,
        columns: tuple[Column, ...],
        parts: Iterable[pa.Table],
        *,
        whole: bool = False,
    ) -> int:
        """Write a table that comes as Arrow columns, for millions of rows; the bytes are the same.

        With ``whole`` Parquet's row groups have the parts whole, however many rows those are.

        Raises:
            ValueError: a part has not exactly these columns.
        """
        names = [column.name for column in columns]
        with self._table(name, columns) as files, _Beside() as beside:
            for part in parts:
                if part.column_names != names:
                    raise ValueError(f"{name} has the columns {names}, not {part.column_names}.")
                beside.do(files.part, part, columns, whole=whole)
                self._progress(name, files.rows)
        return files.rows

    @contextmanager
    def _table(self, name: str, columns: tuple[Column, ...]) -> Iterator[_TableFiles]:
        """Open the three files of a table, the CSV with its header."""
        with ExitStack() as all_three:
            opened = [all_three.enter_context(self._file(f"{name}.{ending}")) for ending in ENDINGS]
            (lines, _), (sheet, _), (parquet, _) = opened
            header = [*(column.name for column in columns), ESCAPED_COLUMN.name]
            csv.writer(_Text(sheet), lineterminator="\r\n").writerow(header)
            with closing(ParquetTable(parquet, columns)) as typed:
                files = _TableFiles(lines, sheet, typed)
                yield files
            for _, rows in opened:
                rows[0] = files.rows
            self._progress(name, files.rows)

    def plain_csv(self, name: str, columns: tuple[Column, ...], rows: Iterable[list[str]]) -> None:
        """Write a small table as CSV alone."""
        with self._file(name) as (file, count):
            writer = csv.writer(_Text(file), lineterminator="\r\n")
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
