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
            env=environment, cwd=PROJECT, check=True, timeout=120,
        )  # fmt: skip
        yield environment, ask


def worker(environment, *more):
    return subprocess.Popen(
        [sys.executable, "manage.py", "work", "--interval", "0.2", *more],
        cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.django_db
def test_R115_a_killed_workers_import_goes_on_within_15_seconds_and_doubles_nothing(
    apart, tmp_path
):
    environment, ask = apart
    first = worker(environment)
    try:
        build.wait_for(lambda: ask("SELECT records FROM annotation_batch")[0] >= 2_000, seconds=90)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    killed, (stopped_at,) = time.monotonic(), ask("SELECT records FROM annotation_batch")
    assert stopped_at < LINES

    second = worker(environment)
    try:
        build.wait_for(
            lambda: ask("SELECT records FROM annotation_batch")[0] > stopped_at, seconds=60
        )
        taken_up = time.monotonic() - killed
        build.wait_for(lambda: ask("SELECT state FROM annotation_batch")[0] == "ready", seconds=120)
    finally:
        second.terminate()
        second.wait(timeout=30)

    read, created, unchanged, refused = ask(
        "SELECT read, created, unchanged, refused FROM annotation_batch"
    )
    assert (read, created, unchanged, refused) == (LINES, LINES - 12, 0, 12)
    assert ask("SELECT count(*) FROM annotation_response")[0] == LINES - 12
    assert ask("SELECT count(*) FROM annotation_lineerror")[0] == 12
    kept = (tmp_path / "data" / "uploads" / "stored.refused").read_text().splitlines()
    assert len(kept) == len(set(kept)) == 12
    assert taken_up < 15 + 15  # starting a process on a busy machine takes its time too
