"""Jobs of dead workers are taken up, once, and given up when no worker survives them."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from annotation.models import JobLease
from config import jobs
from evaluation.exports.verify import verify
from tests import build
from tests.apart import database as apart_database
from tests.build import NOW
from tests.environment import PROJECT

LAPSED = NOW + jobs.LEASE + timedelta(seconds=1)


def running(*, started_at=NOW) -> DBTaskResult:
    """A job as the queue stores one that a worker has begun."""
    return DBTaskResult.objects.create(
        status=TaskResultStatus.RUNNING,
        started_at=started_at,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="annotation.tasks.prepare_texts",
        queue_name="default",
        backend_name="default",
        run_after=get_date_max(),
        worker_ids=["w1"],
    )


def status(job) -> str:
    return DBTaskResult.objects.values_list("status", flat=True).get(pk=job.pk)


@pytest.mark.django_db
class TestReaping:
    def test_R115_a_job_whose_worker_is_silent_is_put_back(self):
        job = running()
        jobs.take(job.pk, "w1", NOW)

        assert jobs.reap(LAPSED) == 1
        assert status(job) == TaskResultStatus.READY

    def test_a_job_whose_worker_is_alive_stays_its_own(self):
        job = running()
        jobs.take(job.pk, "w1", NOW)
        jobs.beat("w1", LAPSED - timedelta(seconds=2))

        assert jobs.reap(LAPSED) == 0
        assert status(job) == TaskResultStatus.RUNNING

    def test_a_beat_renews_only_what_its_worker_holds(self):
        job = running()
        jobs.take(job.pk, "w1", NOW)

        assert jobs.beat("w2", LAPSED) == 0
        assert jobs.reap(LAPSED) == 1

    def test_a_job_whose_worker_died_before_it_took_the_lease_is_put_back(self):
        job = running()

        assert jobs.reap(LAPSED) == 1
        assert status(job) == TaskResultStatus.READY

    def test_a_job_begun_a_moment_ago_is_left_alone(self):
        running(started_at=LAPSED - timedelta(seconds=1))

        assert jobs.reap(LAPSED) == 0

    def test_R115_a_job_that_kills_its_workers_is_given_up(self):
        job = running()
        for n in range(jobs.MOST_ATTEMPTS):
            jobs.take(job.pk, f"w{n}", NOW)

        assert jobs.reap(LAPSED) == 0
        job.refresh_from_db()
        assert job.status == TaskResultStatus.FAILED
        assert "3 workers were lost" in job.traceback
        assert not JobLease.objects.exists()

    @pytest.mark.race
    @pytest.mark.django_db(transaction=True)
    def test_R115_of_two_reapers_at_once_one_puts_it_back(self):
        job = running()
        jobs.take(job.pk, "w1", NOW)

        assert sorted(build.at_once(*[lambda: jobs.reap(LAPSED)] * 2)) in ([0, 1], [1])
        assert status(job) == TaskResultStatus.READY


# With real processes on a database of their own


SET_UP = """
import sys
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from annotation import tasks
from annotation.models import Study
from annotation.rubric_format import presets
from annotation.services import batches, studies
now = timezone.now()
study = studies.create(slug="s", title="S", rubric=presets()["tradeoff-quick"], now=now)
batches.upload_path("stored").write_bytes(Path(sys.argv[1]).read_bytes())
batch = batches.register(study=study, file_name="b.jsonl", now=now, stored_name="stored")
tasks.load_batch.enqueue(batch.pk, False)
"""
LINES = 12_000


@pytest.fixture
def apart(tmp_path):
    """An environment with an own database and a waiting upload, and how to ask the database."""
    with apart_database(tmp_path, "jobs") as (url, ask):
        lines = (
            json.dumps(build.reply_fields(framing="up" if n % 1_000 == 7 else "neutral"))
            for n in range(LINES)
        )
        (tmp_path / "b.jsonl").write_text("\n".join(lines) + "\n")
        environment = os.environ | {
            "DATABASE_URL": url,
            "TOUCHSTONE_JOBS_AT_ONCE": "false",
            "TOUCHSTONE_DATA_DIR": str(tmp_path / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        (tmp_path / "data").mkdir()
        subprocess.run(
            [sys.executable, "-c", SET_UP, tmp_path / "b.jsonl"],
            env=environment, cwd=PROJECT, check=True, timeout=600,
        )  # fmt: skip
        yield environment, ask


def worker(environment):
    """A worker that has begun to look for jobs: how long a process takes to start is no matter here."""
    started = subprocess.Popen(
        [sys.executable, "manage.py", "work", "--interval", "0.2"], cwd=PROJECT,
        env=environment | {"TOUCHSTONE_LOG_LEVEL": "INFO"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert any(b"Starting worker" in line for line in started.stdout)
    return started


def seconds_until_another_has_it(ask) -> float:
    """Wait until a second worker has taken the job up; return how long that took."""
    begun = time.monotonic()
    build.wait_for(lambda: ask("SELECT max(attempts) FROM annotation_joblease")[0] == 2)
    return time.monotonic() - begun


def end(process, by=signal.SIGTERM) -> None:
    process.send_signal(by)
    process.communicate(timeout=90)


@pytest.mark.django_db
def test_R115_a_killed_workers_import_goes_on_within_15_seconds_and_doubles_nothing(
    apart, tmp_path
):
    environment, ask = apart
    first = worker(environment)
    try:
        build.wait_for(lambda: ask("SELECT records FROM annotation_batch")[0] >= 2_000)
    finally:
        end(first, by=signal.SIGKILL)
    assert ask("SELECT records FROM annotation_batch")[0] < LINES

    second = worker(environment)
    try:
        taken_up = seconds_until_another_has_it(ask)
        build.wait_for(lambda: ask("SELECT state FROM annotation_batch")[0] == "ready", seconds=240)
    finally:
        end(second)

    read, created, unchanged, refused = ask(
        "SELECT read, created, unchanged, refused FROM annotation_batch"
    )
    assert (read, created, unchanged, refused) == (LINES, LINES - 12, 0, 12)
    assert ask("SELECT count(*) FROM annotation_response")[0] == LINES - 12
    assert ask("SELECT count(*) FROM annotation_lineerror")[0] == 12
    kept = (tmp_path / "data" / "uploads" / "stored.refused").read_text().splitlines()
    assert len(kept) == len(set(kept)) == 12
    assert taken_up < 15


RELEASE = """
import json
import sys
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from annotation.rubric_format import rubric_from_json
from annotation.selectors.studies import facts_of
from annotation.services import batches, imports, studies
from evaluation import tasks
now = timezone.now()
rubric = rubric_from_json(json.loads(Path(sys.argv[3]).read_text()))
study = studies.create(slug="s", title="S", rubric=rubric, now=now)
batch = batches.register(study=study, file_name="b.jsonl", now=now)
batches.load(batch=batch, path=Path(sys.argv[1]))
imports.load(study=study, path=Path(sys.argv[2]), now=now)
tasks.request_release(facts_of(study), name="one", by_id=None, now=now)
"""
REPLIES, RATERS = 300, 30


@pytest.fixture
def wanted(tmp_path):
    """An environment with an own database and a release that waits for a worker."""
    with apart_database(tmp_path, "release") as (url, ask):
        names = [f"r{n}" for n in range(REPLIES)]
        lines = [build.reply_fields(response_id=name) for name in names]
        said = [
            {"response_id": name, "rater": f"p{n}", "question": "safe", "answer": "yes"}
            for name in names
            for n in range(RATERS)
        ]
        (tmp_path / "rubric.json").write_text(json.dumps(build.SAFE))
        environment = os.environ | {
            "DATABASE_URL": url,
            "TOUCHSTONE_JOBS_AT_ONCE": "false",
            "TOUCHSTONE_DATA_DIR": str(tmp_path / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        (tmp_path / "data").mkdir()
        files = [build.jsonl(tmp_path / "b.jsonl", lines), build.jsonl(tmp_path / "j.jsonl", said)]
        subprocess.run(
            [sys.executable, "-c", RELEASE, *files, tmp_path / "rubric.json"],
            env=environment, cwd=PROJECT, check=True, timeout=600,
        )  # fmt: skip
        yield environment, ask


@pytest.mark.django_db
def test_R115_a_release_whose_worker_was_killed_is_written_by_another_within_seconds(
    wanted, tmp_path
):
    environment, ask = wanted
    place = tmp_path / "data" / "releases"
    first = worker(environment)
    try:
        build.wait_for(lambda: list(place.glob(".*.partial/*")))
    finally:
        end(first, by=signal.SIGKILL)
    assert ask("SELECT state FROM evaluation_release") == ("writing",)
    (left,) = place.glob(".*.partial")

    second = worker(environment)
    try:
        taken_up = seconds_until_another_has_it(ask)
        build.wait_for(lambda: not left.exists())
        build.wait_for(
            lambda: ask("SELECT state FROM evaluation_release")[0] != "writing", seconds=240
        )
    finally:
        end(second)

    assert ask("SELECT state, failure FROM evaluation_release") == ("ready", "")
    (written,) = place.iterdir()
    assert verify(written).differences == ()
    assert taken_up < 15


JUDGMENTS = """
import json
import sys
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from annotation import tasks
from annotation.rubric_format import rubric_from_json
from annotation.services import batches, studies
from annotation.services.uploads import StoredUpload
now = timezone.now()
rubric = rubric_from_json(json.loads(Path(sys.argv[3]).read_text()))
study = studies.create(slug="s", title="S", rubric=rubric, now=now)
batch = batches.register(study=study, file_name="b.jsonl", now=now)
batches.load(batch=batch, path=Path(sys.argv[1]))
batches.upload_path("stored").write_bytes(Path(sys.argv[2]).read_bytes())
stored = StoredUpload("j.jsonl", "stored")
tasks.take_in_judgments(study=study, stored=stored, by_id=None, now=now)
"""
RATERS_ELSEWHERE, ONE_WRONG_OF = 100, 300
BROUGHT = REPLIES * RATERS_ELSEWHERE
WRONG = BROUGHT // ONE_WRONG_OF


@pytest.fixture
def brought(tmp_path):
    """An environment with an own database and a file of judgments that waits for a worker."""
    with apart_database(tmp_path, "judgments") as (url, ask):
        names = [f"r{n}" for n in range(REPLIES)]
        lines = [build.reply_fields(response_id=name) for name in names]
        said = [
            {"response_id": name, "rater": f"p{n}", "question": "safe", "answer": "yes"}
            for name in names
            for n in range(RATERS_ELSEWHERE)
        ]
        for line in said[::ONE_WRONG_OF]:
            line["answer"] = "perhaps"
        (tmp_path / "rubric.json").write_text(json.dumps(build.SAFE))
        environment = os.environ | {
            "DATABASE_URL": url,
            "TOUCHSTONE_JOBS_AT_ONCE": "false",
            "TOUCHSTONE_DATA_DIR": str(tmp_path / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        (tmp_path / "data").mkdir()
        files = [build.jsonl(tmp_path / "b.jsonl", lines), build.jsonl(tmp_path / "j.jsonl", said)]
        subprocess.run(
            [sys.executable, "-c", JUDGMENTS, *files, tmp_path / "rubric.json"],
            env=environment, cwd=PROJECT, check=True, timeout=600,
        )  # fmt: skip
        yield environment, ask


@pytest.mark.django_db
def test_R115_a_killed_workers_file_of_judgments_goes_on_within_15_seconds_and_doubles_nothing(
    brought, tmp_path
):
    environment, ask = brought
    first = worker(environment)
    try:
        build.wait_for(lambda: ask("SELECT created FROM annotation_judgmentfile")[0])
    finally:
        end(first, by=signal.SIGKILL)
    state, stored = ask("SELECT state, created FROM annotation_judgmentfile")
    assert (state, stored < BROUGHT - WRONG) == ("reading", True)
    assert ask("SELECT count(*) FROM annotation_judgment")[0] == stored

    second = worker(environment)
    try:
        taken_up = seconds_until_another_has_it(ask)
        build.wait_for(
            lambda: ask("SELECT state FROM annotation_judgmentfile")[0] == "ready", seconds=240
        )
    finally:
        end(second)

    assert ask("SELECT read, created, unchanged, refused FROM annotation_judgmentfile") == (
        BROUGHT, BROUGHT - WRONG, 0, WRONG,
    )  # fmt: skip
    for table in ("seat", "judgment", "answer"):
        assert ask(f"SELECT count(*) FROM annotation_{table}")[0] == BROUGHT - WRONG
    kept = (tmp_path / "data" / "uploads" / "stored.refused").read_text().splitlines()
    assert len(kept) == len(set(kept)) == WRONG
    assert taken_up < 15
