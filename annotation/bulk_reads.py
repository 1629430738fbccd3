"""Many rows at once, out of the database: COPY on PostgreSQL, a cursor elsewhere."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from psycopg import ClientCursor
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from annotation.planning import told

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Shares = npt.NDArray[np.float64]

ROWS_AT_ONCE = 50_000
# What one statement may sort and group in memory, so that millions of groups stay off the disk.
GROUPING_MEMORY = "'256MB'"
# How many numbers of the first column lie in one packed row.
ROWS_PACKED = 4096
# The binary form of COPY: a header, and before each row and cell how much follows.
HEADER, ROW, CELL = 19, 2, 4
TEXT = pa.string()
INTEGER = pa.int64()
NUMBER = pa.float64()
BOOLEAN = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
MISSING = ""


def columns(rows: "QuerySet[Any, Any]", types: Mapping[str, pa.DataType]) -> pa.Table:
    """Return what a ``values_list`` query finds as named columns of these types; JSON as text.

    The whole answer is held: to be asked for in parts. Ten times cheaper than rows of Python's.
    """
    schema = pa.schema(list(types.items()))
    if connection.vendor == "postgresql":
        return _parsed(_copied(rows), schema)
    found = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(map(_plain, one), kind) for one, kind in zip(found, schema.types, strict=True)],
        schema=schema,
    )


def runs(
    rows: "QuerySet[Any, Any]", fields: Mapping[str, tuple[str, pa.DataType]], *, at_once: int
) -> Iterator[pa.Table]:
    """Yield what a query finds as named columns, in parts by the first field.

    That field is a whole number above 0, no two alike.
    """
    key, _ = next(iter(fields.values()))
    chosen = rows.order_by(key).values_list(*(field for field, _ in fields.values()))
    types = {name: kind for name, (_, kind) in fields.items()}
    last = 0
    while (found := columns(chosen.filter(**{f"{key}__gt": last})[:at_once], types)).num_rows:
        last = found[0][-1].as_py()
        yield found


def number_parts(
    rows: "QuerySet[Any, Any]", cells: Sequence[str], *, order: Sequence[str], at_once: int
) -> Iterator["Numbers"]:
    """Yield whole numbers that a ``values`` query finds, in order: shape (n_rows, n_cells).

    None of them may be NULL. All are read before the first part comes, into a file of 12 bytes a
    number, so that the connection is free meanwhile and memory does not grow.
    """
    import numpy as np

    with TemporaryFile(prefix="touchstone-numbers-") as file:
        shape = _spooled(rows, cells, order, file)
        file.seek(0)
        while raw := file.read(at_once * shape.itemsize):
            found = np.frombuffer(raw, dtype=shape)["cells"]
            yield found["number"].astype(np.int64)


def _spooled(
    rows: "QuerySet[Any, Any]", cells: Sequence[str], order: Sequence[str], file: IO[bytes]
) -> "np.dtype[np.void]":
    """Write rows of numbers into a file; return what a row is there."""
    import numpy as np

    plain = np.dtype([("cells", [("number", "<i8")], len(cells))])
    try:
        query, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # nothing can meet the conditions
        return plain
    chosen = ", ".join(f"CAST(found.{cell} AS bigint)" for cell in cells)
    by = ", ".join(f"found.{cell}" for cell in order)
    ordered = f"SELECT {chosen} FROM ({query}) found ORDER BY {by}"
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(ordered, parameters)
            for part in iter(lambda: cursor.fetchmany(ROWS_AT_ONCE), []):
                file.write(np.array(part, dtype="<i8").tobytes())
            return plain
        copy_out = f"COPY ({ordered}) TO STDOUT (FORMAT BINARY)"
        statement = ClientCursor(cursor.connection).mogrify(copy_out, parameters)
        cell = [("length", ">i4"), ("number", ">i8")]
        shape = np.dtype([("n", ">i2"), ("cells", cell, len(cells))])
        start = HEADER
        for line in _lines(cursor.connection.pgconn, statement.encode()):
            if len(line) - start == shape.itemsize:  # the last says only that it is the last
                file.write(memoryview(line)[start:])
            start = 0
        return shape


def numbers(rows: "QuerySet[Any, Any]", cells: Sequence[str]) -> "Numbers":
    """Return whole numbers that a ``values`` query finds, in any order: shape (n_rows, n_cells).

    None of them may be NULL, and the first is to be spread out, as an id is: on PostgreSQL some
    thousand rows come packed into one, since each row that is read costs more than its numbers.
    """
    import numpy as np

    parts = list(number_blocks(rows, cells))
    return np.concatenate(parts) if parts else np.empty((0, len(cells)), dtype=np.int64)


def number_blocks(rows: "QuerySet[Any, Any]", cells: Sequence[str]) -> "Iterator[Numbers]":
    """Yield the rows of :func:`numbers` in blocks: those of one value of the first cell together.

    Blocks come in any order, but no value lies between two of another block. Nothing else may be
    asked of the database before the last block.
    """
    import numpy as np

    try:
        query, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # nothing can meet the conditions
        return
    if connection.vendor == "postgresql":
        together = [f"int8send(CAST(found.{cell} AS bigint))" for cell in cells]
        for packed in _packed(query, parameters, together, cells[0]):
            block = np.frombuffer(packed, dtype=">i8").astype(np.int64)
            yield block.reshape(-1, len(cells))
        return
    with closing(_fetched(query, parameters, cells)) as fetched:
        parts = [np.array(part, dtype=np.int64) for part in fetched]
    if parts:
        yield np.concatenate(parts)


def numbers_and_shares(
    rows: "QuerySet[Any, Any]", cells: Sequence[str], share: str, of_each: str, names: Sequence[str]
) -> "tuple[Numbers, Shares]":
    """Return whole numbers as :func:`numbers` does, and beside them numbers with a fraction.

    Args:
        rows: a ``values`` query with all that is named here.
        cells: the whole numbers; shape (n_rows, n_cells).
        share: a number that is never NULL; the first column of shape (n_rows, 1 + n_names).
        of_each: JSON objects of numbers by name, or NULL.
        names: which of them, the other columns. A name that an object lacks is 0; where there is
            no object, or an empty one, all are NaN.
    """
    import numpy as np

    query, parameters = rows.query.sql_with_params()
    width = 1 + len(names)
    if connection.vendor == "postgresql":
        nothing = f"CASE WHEN found.{of_each} <> '{{}}' THEN 0 ELSE 'NaN'::float8 END"
        one = f"CAST(jsonb_extract_path_text(found.{of_each}, %s) AS float8)"
        together = [
            *(f"int8send(CAST(found.{cell} AS bigint))" for cell in cells),
            f"float8send(CAST(found.{share} AS float8))",
            *[f"float8send(COALESCE({one}, {nothing}))"] * len(names),
        ]
        found = b"".join(_packed(query, (*names, *parameters), together, cells[0]))
        table = np.frombuffer(found, dtype=">i8").reshape(-1, len(cells) + width)
        shares = table[:, len(cells) :].astype(np.int64).view(np.float64)
        return table[:, : len(cells)].astype(np.int64), shares
    whole: list[Any] = []
    beside: list[Any] = []
    with closing(_fetched(query, parameters, (*cells, share, of_each))) as fetched:
        for *numbered, own, text in (row for part in fetched for row in part):
            every = json.loads(text) if text else {}
            whole.append(numbered)
            beside.append([own, *(every.get(n, 0.0 if every else np.nan) for n in names)])
    return (
        np.array(whole, dtype=np.int64).reshape(-1, len(cells)),
        np.array(beside, dtype=np.float64).reshape(-1, width),
    )


def _fetched(
    query: str, parameters: Sequence[Any], cells: Sequence[str]
) -> Generator[list[tuple[Any, ...]], None, None]:
    """Yield rows in large parts, where there is no COPY."""
    selected = ", ".join(f"found.{cell}" for cell in cells)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {selected} FROM ({query}) found", parameters)
        while part := cursor.fetchmany(ROWS_AT_ONCE):
            yield part


def _packed(
    query: str, parameters: Sequence[Any], cells: Sequence[str], block: str
) -> Iterator[bytes]:
    """Yield cells put together, some thousand values of ``block`` at once.

    A COPY's query, unlike a cursor's, may run in several processes.
    """
    together = " || ".join(cells)
    copy_out = (
        f"COPY (SELECT string_agg({together}, ''::bytea) FROM ({query}) found"
        f" GROUP BY found.{block} / {ROWS_PACKED}) TO STDOUT (FORMAT BINARY)"
    )
    room = told(work_mem=GROUPING_MEMORY)
    with room, connection.wrap_database_errors, connection.cursor() as cursor:
        statement = ClientCursor(cursor.connection).mogrify(copy_out, parameters)
        start = HEADER
        for line in _lines(cursor.connection.pgconn, statement.encode()):
            cell = bytes(line)[start + ROW + CELL :]
            start = 0
            if cell:  # the last line says only that it is the last
                yield cell


def _copied(rows: "QuerySet[Any, Any]") -> bytes:
    try:
        query, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # nothing can meet the conditions
        return b""
    # A part is read sooner than other processes are ready to help with it; and row by row by an
    # index, where joins of another kind would walk a whole table for each part.
    looked_up = told(
        max_parallel_workers_per_gather="0", enable_hashjoin="off", enable_mergejoin="off"
    )
    with looked_up, connection.wrap_database_errors, connection.cursor() as cursor:
        # COPY takes no parameters: they are put in here, whatever the connection's cursors do.
        plain = ClientCursor(cursor.connection)
        statement = plain.mogrify(f"COPY ({query}) TO STDOUT (FORMAT csv)", parameters)
        return b"".join(_lines(cursor.connection.pgconn, statement.encode()))


def _lines(libpq: Any, statement: bytes) -> Iterator[bytes]:
    """Yield the lines of a COPY. psycopg's own way costs ten times more than the line itself.

    Raises:
        psycopg.Error: as the server says.
    """
    result = libpq.exec_(statement)
    if result.status == ExecStatus.COPY_OUT:
        length, line = libpq.get_copy_data(0)
        while length > 0:
            yield line
            length, line = libpq.get_copy_data(0)
        result = libpq.get_result()
        while libpq.get_result() is not None:
            pass  # to the end, so that the connection can be used again
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result)


def _parsed(raw: bytes, schema: pa.Schema) -> pa.Table:
    """Read PostgreSQL's CSV: nothing at all is NULL, and an empty text is quoted."""
    if not raw:
        return schema.empty_table()
    table: pa.Table = pa_csv.read_csv(
        pa.BufferReader(raw),
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=len(raw) + 1, column_names=schema.names
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=schema,
            null_values=[MISSING],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.combine_chunks()


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value) if isinstance(value, UUID) else value
