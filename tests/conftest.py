"""What every test gets: quick passwords, quick static files, tables that can be emptied."""

import os
from pathlib import Path

import pytest
from django.db import connection

from annotation.selectors.rubrics import plan
from annotation.views.questions import _empty_form
from tests.environment import PROJECT

APPEND_ONLY = ("annotation_answer", "annotation_textanswer", "annotation_judgment")


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _forget_rubrics():
    """Rubrics are kept per process because they never change; a test's database does."""
    plan.cache_clear()
    _empty_form.cache_clear()


@pytest.fixture(autouse=True)
def _emptied(request):
    """Empty the append-only tables after a test that committed; SQLite empties by DELETE."""
    wanted = {"transactional_db", "live_server"} & set(request.fixturenames)
    marker = request.node.get_closest_marker("django_db")
    committed = bool(wanted) or (marker is not None and marker.kwargs.get("transaction"))
    if committed:
        request.getfixturevalue("transactional_db")
    yield
    if committed and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in APPEND_ONLY:
                trigger = f"{table}_never_deleted"
                cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [trigger])
                found = cursor.fetchone()[0]
                cursor.execute(f"DROP TRIGGER {trigger}")
                cursor.execute(f"DELETE FROM {table}")
                cursor.execute(found)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real input, where it is there; the reason for a skip where it is not."""
    found = Path(os.environ.get("TOUCHSTONE_DATA", PROJECT.parent / "shared" / "data"))
    if not (found / "sycon_conversations.jsonl").is_file():
        pytest.skip(f"no real data at {found}; set TOUCHSTONE_DATA to test with it")
    return found


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Drop knox's own table of tokens: ours replaces it, and PostgreSQL cannot empty users beside it."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS knox_authtoken")
