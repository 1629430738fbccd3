"""Statements written out, for the few that every judgment runs.

Each is one look-up in an index. The ORM takes several times longer to build such a statement than
the database to answer it, and a rater waits for both; everything that is not in the rater's loop
stays with the ORM. They are the same on SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def rows(sql: str, params: Sequence[Any]) -> list[Row]:
    """Return what a statement selects, or what it RETURNs."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def changed(sql: str, params: Sequence[Any]) -> int:
    """Run a statement and return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def moment(at: datetime) -> Any:
    """Return a time as the database at hand keeps it."""
    return connection.ops.adapt_datetimefield_value(at)
