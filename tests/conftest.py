"""What every test gets: quick passwords, quick static files, tables that can be emptied."""

import gc
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase, override_settings

from annotation.selectors import specifications
from annotation.selectors.rubrics import plan
from annotation.views.questions import _empty_form
from tests import emptying
from tests.environment import PROJECT


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what one process does alone: at the end the others would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish():
    """Leave out what lives to the end when looking for garbage: it took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured; it decides nothing."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")


@pytest.fixture(autouse=True, scope="session")
def _quick():
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": static}
    with override_settings(PASSWORD_HASHERS=hashers, STORAGES=storages):
        yield


@pytest.fixture(autouse=True)
def _forget_rubrics():
    """Rubrics are kept per process because they never change; a test's database does."""
    plan.cache_clear()
    _empty_form.cache_clear()
    specifications.forget()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real input, where it is there; the reason for a skip where it is not."""
    found = Path(os.environ.get("TOUCHSTONE_DATA", PROJECT.parent / "shared" / "data"))
    if not (found / "sycon_conversations.jsonl").is_file():
        pytest.skip(f"no real data at {found}; set TOUCHSTONE_DATA to test with it")
    return found


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Drop knox's own table of tokens: ours replaces it. A test that committed is emptied in our way.

    At the end nobody is left in the database: a page that a closed browser had asked for may still
    be answered, and PostgreSQL drops no database that somebody is connected to.
    """
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS knox_authtoken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptying.empty())
        yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
