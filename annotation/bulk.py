"""Many rows at once: COPY on PostgreSQL, many-row INSERTs elsewhere. The one place that knows."""

import json
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model

from annotation.binary_rows import END, START, packer

T = TypeVar("T", bound=Model)
# Where COPY begins to be worth its round trips.
FEWEST = 20
# So many rows are made before the database is given them; meanwhile it stores those before.
ROWS_AT_ONCE = 64


def insert(rows: Sequence[T]) -> list[T]:
    """Insert new rows of one table and return them with their primary keys, in order.

    As ``bulk_create`` without conflicts to pass over: no ``save``, no signals, no defaults of the
    database. To be called in a transaction.

    Raises:
        IntegrityError: a constraint of the table.
    """
    if not rows:
        return []
    table = type(rows[0])
    if connection.vendor != "postgresql" or len(rows) < FEWEST:
        return list(table._default_manager.bulk_create(rows))
    _copy(table, rows)
    return list(rows)


def new_ids(table: type[Model], n: int) -> list[int]:
    """Take primary keys for rows that :func:`insert_values` will store in this transaction.

    Nobody else gets them: PostgreSQL's come from the sequence, and on SQLite a transaction that
    writes is alone.
    """
    if not n:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The sequence is found once, not once a key, which would cost more than the keys.
            cursor.execute(
                "WITH own AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name)"
                " SELECT nextval(own.name) FROM own, generate_series(1, %s)",
                [table._meta.db_table, table._meta.pk.column, n],
            )
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table._meta.db_table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + 1 + n))


def insert_values(
    table: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert new rows given as plain values: texts, numbers, booleans, and JSON written out.

    ``columns`` are the fields' own names (``query_id``); fields that are left out get their
    default. JSON may be text or bytes; times and UUIDs are as Django prepares them for the database
    at hand. For millions of rows: model instances cost more than the rows themselves. To be called
    in a transaction.

    Raises:
        IntegrityError: a constraint of the table.
    """
    by_name = {field.attname: field for field in table._meta.concrete_fields}
    given = [by_name[name] for name in columns]
    left_out = [by_name[name] for name in by_name.keys() - {*columns, table._meta.pk.attname}]
    defaults = tuple(_written(field) for field in left_out)
    if connection.vendor == "postgresql" and _copy_binary(table, given, left_out, defaults, rows):
        return
    names = [str(field.column) for field in (*given, *left_out)]
    values = _with_texts(given, rows, defaults)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy_into(cursor, table, names, values)
            return
        quoted = ", ".join(map(connection.ops.quote_name, names))
        places = ", ".join(["%s"] * len(names))
        into = connection.ops.quote_name(table._meta.db_table)
        cursor.executemany(f"INSERT INTO {into} ({quoted}) VALUES ({places})", list(values))  # noqa: S608 - tables and columns of our models; values are parameters


def keys_of(
    table: type[Model], field: str, texts: Iterable[str], *, study_id: int
) -> dict[str, int]:
    """Return the primary keys of a study's rows whose field is one of many texts, by that text.

    Field and study must be unique together. On PostgreSQL each text is looked up by itself, in
    that constraint's index: while a table grows its planner believes it small, and would rather
    read all of the study.
    """
    name = connection.ops.quote_name
    key, column, rows = (
        name(str(one)) for one in (table._meta.pk.column, field, table._meta.db_table)
    )
    if connection.vendor == "postgresql":
        query = (
            f"SELECT met.* FROM jsonb_array_elements_text(%s::jsonb) AS asked(for_text), LATERAL"  # noqa: S608 - tables and columns of our models; values are parameters
            f" (SELECT {column}, {key} FROM {rows} WHERE study_id = %s AND {column} = for_text"
            " OFFSET 0) AS met"
        )
    else:
        # CROSS JOIN is how SQLite is told which table comes first.
        query = (
            f"WITH asked AS (SELECT value AS for_text FROM json_each(%s)) SELECT {column}, {key}"  # noqa: S608 - tables and columns of our models; values are parameters
            f" FROM asked CROSS JOIN {rows} WHERE study_id = %s AND {column} = for_text"
        )
    with connection.cursor() as cursor:
        cursor.execute(query, [json.dumps([*texts]), study_id])
        return dict(cursor.fetchall())


def keys_of_pairs(
    table: type[Model], fields: tuple[str, str], pairs: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """Return the primary keys of rows by the pair of numbers in two columns, where there are any.

    The two must be unique together. Each pair is looked up by itself, in that constraint's index:
    asked for by two lists, every number of the one would be looked for with every one of the other.
    """
    name = connection.ops.quote_name
    key, one, other, rows = map(name, (str(table._meta.pk.column), *fields, table._meta.db_table))
    asked = [*pairs]
    parameters: list[Any]
    if connection.vendor == "postgresql":
        query = (
            f"SELECT met.* FROM unnest(%s::bigint[], %s::bigint[]) AS asked(one, other), LATERAL"  # noqa: S608 - tables and columns of our models; values are parameters
            f" (SELECT {one}, {other}, {key} FROM {rows} WHERE {one} = one AND {other} = other"
            " OFFSET 0) AS met"
        )
        parameters = [[pair[0] for pair in asked], [pair[1] for pair in asked]]
    else:
        query = (
            "WITH asked AS (SELECT json_extract(value, '$[0]') AS one,"  # noqa: S608 - tables and columns of our models; values are parameters
            " json_extract(value, '$[1]') AS other FROM json_each(%s))"
            f" SELECT {one}, {other}, {key} FROM asked CROSS JOIN {rows}"
            f" WHERE {one} = one AND {other} = other"
        )
        parameters = [json.dumps(asked)]
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {(first, second): pk for first, second, pk in cursor.fetchall()}


def commit_without_waiting() -> None:
    """Let this transaction's commit return before it is on disk; the next that waits takes it too.

    After a power cut it may be gone, whole, with all that was committed later. For steps that are
    repeated then, and that nobody is told of. SQLite waits all the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")


def _written(field: "Field[Any, Any]") -> Any:
    """Return a field's default as it is stored."""
    value = field.get_default()
    if isinstance(value, Enum):
        return value.value
    return json.dumps(value) if isinstance(field, JSONField) and value is not None else value


def _with_texts(
    given: Sequence["Field[Any, Any]"], rows: Iterable[Sequence[Any]], defaults: tuple[Any, ...]
) -> Iterator[tuple[Any, ...]]:
    """Yield rows with the defaults behind them, and JSON as text where it was given as bytes."""
    json_at = [n for n, field in enumerate(given) if isinstance(field, JSONField)]
    for row in rows:
        values = [*row, *defaults]
        for n in json_at:
            if isinstance(values[n], bytes):
                values[n] = values[n].decode()
        yield tuple(values)


def _copy(table: type[Model], rows: Sequence[Model]) -> None:
    fields = table._meta.concrete_fields
    for row, pk in zip(rows, new_ids(table, len(rows)), strict=True):
        row.pk = pk
    with connection.cursor() as cursor:
        _copy_into(cursor, table, [str(field.column) for field in fields], _values(fields, rows))
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _copy_into(
    cursor: Any, table: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    # psycopg's own cursor, behind Django's
    with connection.wrap_database_errors, cursor.copy(_statement(table, names)) as copy:
        write_row = copy.write_row
        for values in rows:
            write_row(values)


def _copy_binary(
    table: type[Model],
    given: Sequence["Field[Any, Any]"],
    left_out: Sequence["Field[Any, Any]"],
    defaults: tuple[Any, ...],
    rows: Iterable[Sequence[Any]],
) -> bool:
    """Insert rows as binary COPY takes them, which costs less on both sides, where it can."""
    found = packer(given, left_out, defaults)
    if found is None:
        return False
    fields, pack = found
    packed = map(pack, rows)
    statement = _statement(table, [str(field.column) for field in fields]) + " (FORMAT BINARY)"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(START)
        while piece := b"".join(islice(packed, ROWS_AT_ONCE)):
            copy.write(piece)
        copy.write(END)
    return True


def _statement(table: type[Model], names: Sequence[str]) -> str:
    columns = ", ".join(map(connection.ops.quote_name, names))
    return f"COPY {connection.ops.quote_name(table._meta.db_table)} ({columns}) FROM STDIN"


def _values(fields: Sequence[Any], rows: Sequence[Model]) -> Iterator[list[Any]]:
    """Yield each row's values as COPY takes them; the fields themselves take three times longer.

    Their defaults have been filled in when the row was made. What the driver would not take as it
    is are words of a vocabulary, which are texts and numbers, and JSON.
    """
    read = attrgetter(*(field.attname for field in fields))
    json_at = [n for n, field in enumerate(fields) if isinstance(field, JSONField)]
    for row in rows:
        values = [value.value if isinstance(value, Enum) else value for value in read(row)]
        for n in json_at:
            if values[n] is not None:  # nothing, as opposed to JSON's null, which no table keeps
                values[n] = json.dumps(values[n], cls=fields[n].encoder)
        yield values
