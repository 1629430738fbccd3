"""A database of its own for processes that a test starts, and how to ask it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection


@contextmanager
def database(tmp_path: Path, name: str) -> Iterator[tuple[str, Callable[[str], tuple]]]:
    """Yield the URL of an empty database on the server that is tested on, and how to ask for a row."""
    if connection.vendor != "postgresql":
        path = tmp_path / f"{name}.sqlite3"

        def ask(query):
            with sqlite3.connect(path, timeout=20) as opened:
                return opened.execute(query).fetchone()

        yield f"sqlite:///{path}", ask
        return
    settings = connection.settings_dict
    made = f"{settings['NAME']}_{name}"
    where = {"host": settings["HOST"], "port": settings["PORT"] or 5432, "user": settings["USER"]}

    def ask(query):
        with psycopg.connect(dbname=made, **where) as opened:
            return opened.execute(query).fetchone()

    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{made}"')
        try:
            yield f"postgres://{where['user']}@{where['host']}:{where['port']}/{made}", ask
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
