"""Workers that take up what a dead worker left: leases and a reaper over django-tasks' queue.

The queue's own worker leaves the job of a killed process running for ever. Here a worker holds a
lease on its job and renews it from a thread; every worker looks for leases that lapsed and puts
their jobs back. A job has to bear that: it goes on where it was and stores nothing twice.
"""

import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connections, transaction
from django.db.models import F
from django.db.utils import OperationalError
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max

from annotation.models import JobLease
from annotation.services import parts
from evaluation.services import releases

log = structlog.get_logger("touchstone.jobs")
BEAT = timedelta(seconds=2)
LEASE = timedelta(seconds=8)
MOST_ATTEMPTS = 3
TIDYING = timedelta(minutes=10)


def take(task_id: UUID, worker: str, now: datetime) -> None:
    """Hold the lease of a job that this worker begins."""
    JobLease.objects.get_or_create(task_id=task_id, defaults={"worker": worker, "beaten_at": now})
    JobLease.objects.filter(task_id=task_id).update(
        worker=worker, beaten_at=now, attempts=F("attempts") + 1
    )


def beat(worker: str, now: datetime) -> int:
    """Renew what a worker holds; return how many leases that is."""
    return JobLease.objects.filter(worker=worker).update(beaten_at=now)


def reap(now: datetime) -> int:
    """Put back the jobs whose worker is silent, or give up those that no worker survives.

    Returns how many were put back. Of two reapers at once one finds each job.
    """
    put_back = 0
    running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    for task in running.filter(started_at__lte=now - LEASE):
        lease = JobLease.objects.filter(task_id=task.pk).first()
        if lease is not None and lease.beaten_at > now - LEASE:
            continue
        if lease is not None and lease.attempts >= MOST_ATTEMPTS:
            _give_up(task, lease)
        else:
            put_back += _put_back(task, lease)
    return put_back


def tidy(now: datetime) -> None:
    """Forget uploads that were left, and releases' files that are kept no longer.

    Any number of workers may do so at once.
    """
    forgotten = parts.forget_left(now)
    if forgotten:
        log.info("uploads_forgotten", uploads=forgotten)
    releases.expire(now)


def _put_back(task: "DBTaskResult[..., object]", lease: JobLease | None) -> int:
    mine = DBTaskResult.objects.filter(
        pk=task.pk, status=TaskResultStatus.RUNNING, started_at=task.started_at
    )
    changed: int = mine.update(
        status=TaskResultStatus.READY, started_at=None, run_after=get_date_max()
    )
    if changed:
        log.warning("job_taken_back", job=str(task.pk), worker=lease.worker if lease else "unknown")
    return changed


def _give_up(task: "DBTaskResult[..., object]", lease: JobLease) -> None:
    with transaction.atomic():
        mine = DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING)
        if mine.update(
            status=TaskResultStatus.FAILED,
            finished_at=timezone.now(),
            traceback=f"{lease.attempts} workers were lost over this job; it is given up.",
        ):
            log.error("job_given_up", job=str(task.pk), attempts=lease.attempts)
        JobLease.objects.filter(pk=lease.pk).delete()


class LeasedWorker(Worker):
    """The queue's worker, holding a lease on what it does and taking up what others left."""

    def run(self) -> None:
        """Work until told to stop, beating and reaping from a thread of its own."""
        stop = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(stop,), daemon=True)
        keeper.start()
        try:
            super().run()
        finally:
            stop.set()
            keeper.join(timeout=BEAT.total_seconds() * 2)

    def run_task(self, db_task_result: "DBTaskResult[..., object]") -> None:
        """Run one job under a lease."""
        take(db_task_result.pk, self.worker_id, timezone.now())
        try:
            super().run_task(db_task_result)
        finally:
            JobLease.objects.filter(task_id=db_task_result.pk, worker=self.worker_id).delete()

    def _keep(self, stop: threading.Event) -> None:
        tidied_at = timezone.now() - TIDYING
        while not stop.wait(BEAT.total_seconds()):
            try:
                now = timezone.now()
                beat(self.worker_id, now)
                reap(now)
                if now - tidied_at >= TIDYING:
                    tidy(now)
                    tidied_at = now
            except OperationalError:
                log.warning("job_beat_failed", worker=self.worker_id, exc_info=True)
                time.sleep(0.2)
            finally:
                connections.close_all()
