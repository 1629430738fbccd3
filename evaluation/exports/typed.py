"""The rows of a release's tables as Parquet keeps them: typed columns, the same bytes each time."""

from collections.abc import Sequence
from datetime import datetime
from io import RawIOBase
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from annotation.cells import json_text
from evaluation.exports.columns import Column

TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "JSON": pa.string(),
}
# What is held before it goes to the file as a row group.
ROWS_AT_ONCE = 20_000
BYTES_AT_ONCE = 16 * 1024 * 1024


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Return a table's columns with their types and meanings."""
    return pa.schema(
        [
            pa.field(one.name, TYPES[one.type], metadata={"description": one.description})
            for one in columns
        ]
    )


class ParquetTable:
    """One Parquet file being written, given rows one by one or as Arrow tables."""

    def __init__(self, file: RawIOBase, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._schema = schema_of(columns)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._cells: list[list[Any]] = [[] for _ in columns]
        self._tables: list[pa.Table] = []
        self._size = 0

    def row(self, row: dict[str, Any], size: int) -> None:
        """Take a row; ``size`` is about how many bytes it has."""
        for column, cells in zip(self._columns, self._cells, strict=True):
            cells.append(_value(column, row[column.name]))
        self._size += size
        if len(self._cells[0]) >= ROWS_AT_ONCE or self._size >= BYTES_AT_ONCE:
            self._flush()

    def part(self, part: pa.Table) -> None:
        """Take a part of a table, whole: a row group has several, as they come."""
        self._tables.append(_stored(part, self._schema))
        if sum(held.num_rows for held in self._tables) >= ROWS_AT_ONCE:
            self._flush()

    def rows(self, part: pa.Table, ends: npt.NDArray[np.int64]) -> None:
        """Take rows, in row groups as of rows that come one by one.

        ``ends`` is the size of the rows up to each one, shape (n_rows,).
        """
        begun, table = 0, _stored(part, self._schema)
        while begun < table.num_rows:
            size = int(ends[begun - 1]) if begun else 0
            room = ROWS_AT_ONCE - sum(held.num_rows for held in self._tables)
            full = int(np.searchsorted(ends, size + BYTES_AT_ONCE - self._size)) + 1
            end = min(begun + room, full, table.num_rows)
            self._tables.append(table.slice(begun, end - begun))
            self._size += int(ends[end - 1]) - size
            if end in (begun + room, full):
                self._flush()
            begun = end

    def close(self) -> None:
        """Write what is held, and the end."""
        try:
            self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        if self._cells[0]:
            arrays = [
                pa.array(cells, kind)
                for cells, kind in zip(self._cells, self._schema.types, strict=True)
            ]
            self._tables.append(pa.table(arrays, schema=self._schema))
        if self._tables:
            group = pa.concat_tables(self._tables)
            # Where the bytes of a group are counted its rows came one by one, or as if they had.
            self._writer.write_table(group.combine_chunks() if self._size else group)
        self._tables = []
        self._cells = [[] for _ in self._columns]
        self._size = 0


def _stored(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a part with the columns that Parquet has: of JSON its text."""
    columns = [
        one.cast(kind.storage_type) if isinstance(kind := one.type, pa.BaseExtensionType) else one
        for one in part.columns
    ]
    return pa.table(columns, part.column_names).cast(schema)


def _value(column: Column, value: Any) -> Any:
    """Return a cell's value; what is no plain value is JSON on one line, as in CSV."""
    if value is None:
        return None
    if column.type == "time":
        return datetime.fromisoformat(value)
    if column.type in ("JSON", "text") and not isinstance(value, str):
        return json_text(value)
    return json_text(value) if column.type == "JSON" else value
