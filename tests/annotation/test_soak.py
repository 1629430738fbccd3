"""Many writers, an import and a reader at once, on the database the tests run on."""

import itertools

import pytest
from django.core.management import call_command
from django.db import connection

from annotation.models import Judgment, Rater, Seat
from annotation.selectors.asked import Asked
from annotation.selectors.labels import option_counts
from annotation.selectors.rubrics import plan
from annotation.services import imports, openings
from annotation.vocabulary import Scope
from tests import build
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, ITEMS, SEATS = 8, 12, 4

sqlite_only = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PRAGMAs are SQLite's; PostgreSQL has no such settings"
)


def work(rater):
    """Rate until nothing is left."""
    mine = Rater.objects.select_related("study").get(pk=rater.pk)
    done = 0
    while seat := claim(mine):
        build.submit(mine, seat, safe="yes")
        done += 1
    return done


@pytest.mark.race
def test_R118_eight_writers_an_import_and_a_reader_meet_no_lock(tmp_path):
    study = build.study(rubric=build.SAFE)
    lines = [build.reply_fields(response_id=f"x{n}") for n in range(ITEMS)]
    build.batch(study, lines, tmp_path)
    openings.open_first_wave(study=study, raters_per_item=SEATS, seed=1, now=NOW)
    crowd = [build.rater(study) for _ in range(WRITERS)]
    answers = [
        {"response_id": f"x{n}", "rater": f"rater-{k}", "question": "safe", "answer": "no"}
        for n, k in itertools.product(range(ITEMS), range(50))
    ]
    path = build.jsonl(tmp_path / "j.jsonl", answers)
    asked = Asked(plan(study.rubric_id).question("safe").id, Scope.CONVERSATION)

    def read():
        return [sum(row.raters for row in option_counts(asked)) for _ in range(100)]

    *done, tally, read_counts = build.at_once(
        *(lambda by=by: work(by) for by in crowd),
        lambda: imports.load(study=study, path=path, now=NOW),
        read,
    )

    assert [found for found in (*done, tally, read_counts) if isinstance(found, Exception)] == []
    assert sum(done) == ITEMS * SEATS
    assert tally.created == len(answers)
    assert read_counts == sorted(read_counts)
    assert Judgment.objects.filter(current=True).count() == ITEMS * SEATS + len(answers)
    assert not Seat.objects.filter(judged_at=None).exists()
    assert call_command("integrity") is None  # it exits when anything differs


@sqlite_only
@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2)])
def test_R118_R119_sqlite_runs_with_a_write_ahead_log_and_full_sync(pragma, value):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")

        assert cursor.fetchone()[0] == value


@sqlite_only
def test_R118_sqlite_writers_wait_for_each_other_from_the_start():
    assert connection.transaction_mode == "IMMEDIATE"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")

        assert cursor.fetchone()[0] >= 20_000


@sqlite_only
def test_sqlite_refuses_rows_that_point_nowhere():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys")

        assert cursor.fetchone()[0] == 1
