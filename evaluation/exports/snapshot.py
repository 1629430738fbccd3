"""One unchanging state of the database to read a release from: where the two databases differ."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one state while others go on writing.

    PostgreSQL: REPEATABLE READ, read only. SQLite: a deferred transaction, because the usual
    immediate one would keep every writer waiting. Inside a transaction of the caller the
    snapshot is that transaction's.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    database: Any = connection  # the stubs do not know SQLite's transaction_mode
    usual = database.transaction_mode
    database.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            yield
    finally:
        database.transaction_mode = usual
