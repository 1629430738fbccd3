"""Reading Parquet: a row is a record with the columns that hold something."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.errors import FileUnreadable
from annotation.files.bounded import of_the_system
from annotation.files.records import Meter, Problem, Record

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# So much of a file is decoded at once, by its own account of how large its rows are.
BYTES_AT_ONCE = 4 * 1024 * 1024
# Of each column; a wide table has 44 of them.
BUFFERED_BYTES = 128 * 1024
MOST_ROWS_AT_ONCE = 2_000
LARGEST_GROUP = 4 * 1024**3
DEEPEST = 100
COUNTED = ("sample", "turn")


def rows(path: Path, *, name: str, meter: Meter) -> Iterator[Record | Problem]:
    """Yield the rows of a Parquet file in order; memory does not grow with the file.

    A null is an absent field. Numbers stay numbers: an id that is a number is refused by the
    format it belongs to, and "007" stays "007".

    Raises:
        FileUnreadable: not Parquet, broken, or with row groups too large to be read in parts.
    """
    import pyarrow as pa

    try:
        with _opened(path, name) as file:
            number, total = 0, file.metadata.num_rows
            meter.at = lambda: number / total if total else 1.0
            for batch in file.iter_batches(batch_size=_rows_at_once(file, name), use_threads=False):
                for row in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield _record(number, row)
    except (pa.ArrowException, OSError, KeyError) as error:
        if of_the_system(error):
            raise
        raise FileUnreadable(_broken(name, error)) from error


def check(path: Path, *, name: str) -> None:
    """Make sure that a file is whole: its footer is read, and each column's pages are decoded.

    Raises:
        FileUnreadable: as :func:`rows`, and where there are no rows or a column stands twice.
    """
    import pyarrow as pa

    try:
        with _opened(path, name) as file:
            if not file.metadata.num_rows:
                raise FileUnreadable(f"{name} has columns but no rows.")
            for _ in file.iter_batches(batch_size=_rows_at_once(file, name), use_threads=False):
                pass
    except (pa.ArrowException, OSError) as error:
        if of_the_system(error):
            raise
        raise FileUnreadable(_broken(name, error)) from error


def _opened(path: Path, name: str) -> "pq.ParquetFile":
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, memory_map=False, buffer_size=BUFFERED_BYTES, pre_buffer=False)
    names = file.schema_arrow.names
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise FileUnreadable(f"{name} names a column twice: {', '.join(twice)}.")
    return file


def _rows_at_once(file: "pq.ParquetFile", name: str) -> int:
    groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
    largest = max((group.total_byte_size for group in groups), default=0)
    if largest > LARGEST_GROUP:
        reason = f"has a row group of {largest:,} bytes. Write it in groups of up to"
        raise FileUnreadable(f"{name} {reason} {LARGEST_GROUP:,} bytes.")
    per_row = max(
        (group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=1
    )
    return int(min(max(BYTES_AT_ONCE / max(per_row, 1), 1), MOST_ROWS_AT_ONCE))


def _record(number: int, row: dict[str, Any]) -> Record | Problem:
    fields = {}
    for name, value in row.items():
        if value is None:
            continue
        try:
            fields[name] = _as_json(value, DEEPEST)
            if name in COUNTED and isinstance(value, float) and value.is_integer():
                fields[name] = int(value)  # a data frame holds numbers among nulls so
        except ValueError as error:
            return Problem(number, name, str(error))
    return Record(number, fields)


def _as_json(value: Any, depth: int) -> Any:
    """Return a value as JSON would hold it, without the nulls of a struct's unused fields."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if not depth:
        raise ValueError(f"is nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        return {k: _as_json(v, depth - 1) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_as_json(inner, depth - 1) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise ValueError(f"holds {type(value).__name__}, not text; store the column as string")


def _broken(name: str, error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"{name} is not a Parquet file that can be read ({said}). Write it again."
