"""Many rows at once: COPY on PostgreSQL, many-row INSERTs elsewhere. The one place that knows."""

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import JSONField, Model

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


def _copy(table: type[Model], rows: Sequence[Model]) -> None:
    fields = table._meta.concrete_fields
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table._meta.db_table, table._meta.pk.column, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        statement = f"COPY {connection.ops.quote_name(table._meta.db_table)} ({names}) FROM STDIN"
        copier: Any = cursor  # psycopg's own, behind Django's
        with connection.wrap_database_errors, copier.copy(statement) as copy:
            for values in _values(fields, rows):
                copy.write_row(values)
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


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
