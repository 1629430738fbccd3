"""Tables that do not fit in memory, as lines that a spreadsheet opens and does not run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from annotation.cells import cell

ESCAPED = "csv_escaped"


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV one by one; the last column names the cells that were escaped."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for line in chain([[*columns, ESCAPED]], (_escaped(columns, row) for row in rows)):
        writer.writerow(line)
        yield written.getvalue()
        written.seek(0)
        written.truncate()


def _escaped(columns: Sequence[str], row: Sequence[object]) -> list[str]:
    """Return a line as cells that no spreadsheet runs, with the names of those changed."""
    cells = [cell(value) for value in row]
    names = [name for name, (_, changed) in zip(columns, cells, strict=True) if changed]
    return [*(text for text, _ in cells), " ".join(names)]
