"""What the planner is told holds for the statements inside, and leaves nothing behind."""

import pytest
from django.db import DatabaseError, connection

from annotation.models import Study
from annotation.planning import told

pytestmark = pytest.mark.django_db


def setting(name="enable_bitmapscan"):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's planner has no such settings: there is nothing to tell it")
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_a_setting_holds_inside_and_not_after():
    before = setting()

    with told(enable_bitmapscan="off"):
        inside = setting()

    assert (before, inside, setting()) == ("on", "off", "on")


def test_a_failing_statement_inside_leaves_nothing_told_and_says_why():
    setting()

    with (
        pytest.raises(DatabaseError, match="no_such_table"),
        told(enable_bitmapscan="off"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM no_such_table")

    assert setting() == "on"


def test_where_there_is_nothing_to_tell_the_statements_run():
    with told(enable_bitmapscan="off"):
        assert not Study.objects.filter(slug="none").exists()
