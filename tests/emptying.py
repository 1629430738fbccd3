"""Takes away what a test committed: the rows of those tables that have some.

Django's flush cuts every table of PostgreSQL to nothing, which makes hundreds of files anew and
waits for every reader; then it announces a migration, at which all content types and permissions
are written again. On SQLite it meets the triggers that refuse a DELETE.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection, transaction

# What the migrations wrote and no test changes.
KEPT = {"django_content_type", "auth_permission"}


def empty() -> None:
    """Delete every row that is not of the migrations."""
    with connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        tables = [table for (table,) in cursor.fetchall()]
    if not tables:
        return
    unguarded = _replica if connection.vendor == "postgresql" else _without_triggers
    with unguarded(tables), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@cache
def _which_have_rows() -> str:
    """Return the question that names the tables with rows: the tables are always the same."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in sorted({*tables} - KEPT)
    )


@contextmanager
def _replica(tables: list[str]) -> Iterator[None]:
    """As a replica PostgreSQL asks no trigger and follows no foreign key."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield


@contextmanager
def _without_triggers(tables: list[str]) -> Iterator[None]:
    """SQLite has no such role: the triggers of these tables go, and come back."""
    places = ", ".join(["%s"] * len(tables))
    with connection.constraint_checks_disabled(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                f" AND sql LIKE '%%BEFORE DELETE%%' AND tbl_name IN ({places})",
                tables,
            )
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
        yield
        with connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)
