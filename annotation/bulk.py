"""Many rows at once: COPY on PostgreSQL, many-row INSERTs elsewhere. The one place that knows."""

import json
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model

T = TypeVar("T", bound=Model)
# Where COPY begins to be worth its round trips.
FEWEST = 20


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
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
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
    default. For millions of rows: model instances cost more than the rows themselves. To be called
    in a transaction.

    Raises:
        IntegrityError: a constraint of the table.
    """
    by_name = {field.attname: field for field in table._meta.concrete_fields}
    left_out = [by_name[name] for name in by_name.keys() - {*columns, table._meta.pk.attname}]
    defaults = tuple(_written(field) for field in left_out)
    names = [str(field.column) for field in (*map(by_name.__getitem__, columns), *left_out)]
    values = ((*row, *defaults) for row in rows) if defaults else rows
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy_into(cursor, table, names, values)
            return
        quoted = ", ".join(map(connection.ops.quote_name, names))
        places = ", ".join(["%s"] * len(names))
        into = connection.ops.quote_name(table._meta.db_table)
        cursor.executemany(f"INSERT INTO {into} ({quoted}) VALUES ({places})", list(values))  # noqa: S608 - names of ours


def _written(field: "Field[Any, Any]") -> Any:
    """Return a field's default as it is stored."""
    value = field.get_default()
    if isinstance(value, Enum):
        return value.value
    return json.dumps(value) if isinstance(field, JSONField) and value is not None else value


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
    columns = ", ".join(map(connection.ops.quote_name, names))
    statement = f"COPY {connection.ops.quote_name(table._meta.db_table)} ({columns}) FROM STDIN"
    # psycopg's own cursor, behind Django's
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        write_row = copy.write_row
        for values in rows:
            write_row(values)


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
