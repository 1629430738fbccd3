"""Typed readers of the environment; an unclear value stops the start, all of them named at once."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
SHORTEST_KEY = 50
FEWEST_CHARACTERS = 10

SQLITE_OPTIONS = {
    # A deferred transaction that reads and then writes cannot wait for a lock: it fails at once.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL, because an acknowledged judgment must survive a power cut:
    # docs/adr/0003-sqlite-synchronous-full.md.
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-65536;"
        "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;"
    ),
}


def opened() -> Env:
    """Return the environment, with the project's ``.env`` behind it where there is one.

    A variable that is set wins over the file. ``TOUCHSTONE_ENV_FILE`` names another file;
    set to nothing it means none.
    """
    env = Env(eager=False)
    name = os.environ.get("TOUCHSTONE_ENV_FILE", ".env")
    if name and (BASE_DIR / name).is_file():
        env.read_env(str(BASE_DIR / name), recurse=False)
    return env


def seal(env: Env) -> None:
    """Refuse the start when any variable was unclear, naming every one of them.

    Raises:
        ImproperlyConfigured: at least one variable is missing or cannot be read.
    """
    try:
        env.seal()
    except EnvError as error:
        raise ImproperlyConfigured(f"The environment is not clear: {error}") from error


def checked_key(key: str | None, *, name: str = "SECRET_KEY") -> str:
    """Return the key if it is long and mixed enough to sign with.

    Raises:
        ImproperlyConfigured: no key, a short one, or one of few different characters.
    """
    if not key:
        raise ImproperlyConfigured(
            f"{name} is not set. bin/serve writes one into .env; in production set it to at least"
            f" {SHORTEST_KEY} random characters."
        )
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
        raise ImproperlyConfigured(
            f"{name} must have at least {SHORTEST_KEY} characters, {FEWEST_CHARACTERS} of them"
            " different."
        )
    return key


def database(env: Env, *, default: str, pool_size: int) -> dict[str, Any]:
    """Return Django's database settings for ``DATABASE_URL``.

    SQLite gets the options that keep eight writers from ever seeing "database is locked";
    PostgreSQL gets a connection pool when a threaded web server asks for one.
    """
    found: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", default=default) or {})
    if found.get("ENGINE") == "django.db.backends.sqlite3":
        found["OPTIONS"] = {**found.get("OPTIONS", {}), **SQLITE_OPTIONS}
        # Tests with several connections need a file as well: memory is locked otherwise.
        found["TEST"] = {"NAME": f"{found['NAME']}.test"}
    elif found.get("ENGINE") == "django.db.backends.postgresql" and pool_size:
        found["OPTIONS"] = {
            **found.get("OPTIONS", {}),
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 20},
            # The rater's loop is a dozen statements, always the same: planned once a connection.
            "server_side_binding": True,
            "prepare_threshold": 3,
        }
        found["CONN_MAX_AGE"] = 0
    return found


def file(name: str, *, default: Path) -> Path:
    """Return the file of this name, or the default where none is named.

    Raises:
        ImproperlyConfigured: there is no such file.
    """
    path = Path(name) if name else default
    if not path.is_file():
        raise ImproperlyConfigured(f"The environment is not clear: there is no file {path}.")
    return path
