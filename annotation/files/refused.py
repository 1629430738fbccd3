"""The lines that a load refused, as a file that can be corrected and uploaded again.

A CSV's lines come as CSV under the same header, those of every other format as JSON Lines.
"""

import csv
import json
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import IO, Any

from annotation.files.records import Problem, Record

LARGEST = 256 * 1024 * 1024


class RefusedLines:
    """Collects refused lines in a file, which is made with the first of them.

    ``left_out`` counts those that found no room, or cannot be written down: a line of a CSV whose
    quotes never end, say.
    """

    def __init__(self, path: Path, *, header: Sequence[str] | None, after: int = 0) -> None:
        """Keep lines in a file.

        ``header`` names a CSV's columns; None is for every other format. ``after`` is how many
        bytes an earlier, broken-off run had written of it that count.
        """
        self.path, self.as_csv = path, header is not None
        self.left_out = 0
        self._file: IO[bytes] | None = None
        self._header = list(header or ())
        if after and path.is_file():
            self._file = path.open("r+b")
            self._file.seek(after)
            self._file.truncate()

    def add(self, refused: Record | Problem) -> None:
        """Write one line down."""
        text = refused.raw if isinstance(refused, Problem) else self._as_text(refused)
        if not text or (self._file and self._file.tell() > LARGEST):
            self.left_out += 1
            return
        if self._file is None:
            self._file = self.path.open("wb")
            if self.as_csv:
                self._file.write(csv_line(self._header).encode())
        self._file.write((text if text.endswith("\n") else text + "\n").encode())

    def written(self) -> int:
        """Return how many bytes are safely in the file."""
        if self._file is None:
            return 0
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """End the file; a file of an earlier load goes where nothing was refused now."""
        if self._file is not None:
            self._file.close()
        else:
            with suppress(FileNotFoundError):
                self.path.unlink()

    def _as_text(self, record: Record) -> str:
        if self.as_csv:
            return csv_line(list(record.fields.values()))
        text = json.dumps(record.fields, ensure_ascii=False)
        # Half of a surrogate pair can be written as \\ud800 only.
        return text if is_encodable(text) else json.dumps(record.fields)


def is_encodable(text: str) -> bool:
    """Say whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def csv_line(cells: list[Any]) -> str:
    """Return cells as one line of CSV."""
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
