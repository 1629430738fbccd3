"""What every test gets: quick passwords, quick static files, tables that can be emptied."""

import os
from pathlib import Path

import pytest
from django.db import connection

from annotation.selectors import specifications
from annotation.selectors.rubrics import plan
from annotation.views.questions import _empty_form
from tests.environment import PROJECT

# Tables whose triggers refuse a DELETE, in the order in which their rows can go.
NEVER_DELETED = (
    "evaluation_sampleditem",
    "evaluation_stratum",
    "evaluation_sample",
    "annotation_goldanswer",
    "annotation_answer",
    "annotation_textanswer",
    "annotation_spananswer",
    "annotation_citedclause",
    "annotation_stagerecord",
    "annotation_judgment",
    "annotation_option",
    "annotation_question",
    "annotation_rubric",
    "annotation_clause",
    "annotation_specificationversion",
    "annotation_consent",
    "annotation_consenttext",
    "annotation_withdrawal",
)


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured; it decides nothing."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")


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
    specifications.forget()


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
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for table in NEVER_DELETED:
                cursor.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
                    " AND sql LIKE '%%BEFORE DELETE%%'",
                    [table],
                )
                triggers = cursor.fetchall()
                for name, _ in triggers:
                    cursor.execute(f"DROP TRIGGER {name}")
                cursor.execute(f"DELETE FROM {table}")
                for _, sql in triggers:
                    cursor.execute(sql)


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
