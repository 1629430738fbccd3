"""What workers do for evaluation, and how they are asked."""

from datetime import datetime
from typing import Any

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django_tasks import TaskContext, task

from annotation.selectors.studies import StudyFacts
from evaluation.errors import FrameInvalid
from evaluation.frames import Frame, Marked
from evaluation.intake import JudgeVersion, rehearsals, samples, verdict_files
from evaluation.intake.designs import Drawing
from evaluation.models import Rehearsal, Release, Report, VerdictFile
from evaluation.services import releases, reports
from evaluation.services.report_kinds import Given, Kind, Terms, kind_of
from evaluation.services.studies import the_study

log = structlog.get_logger("touchstone.tasks")


@task(takes_context=True)
def write_release(context: TaskContext, release_id: int) -> None:
    """Write a release that was asked for; a second worker at this job follows one that died."""
    releases.write(release_id, writer_died=context.attempt > 1)


def request_release(
    study: StudyFacts,
    *,
    name: str,
    by_id: int | None,
    now: datetime,
    keep_flagged: bool = False,
) -> Release:
    """Ask for a release and have a worker write it.

    Raises:
        ReleaseInvalid, ReleaseExists: as :func:`evaluation.services.releases.request`.
    """
    release = releases.request(study, name=name, by_id=by_id, now=now, keep_flagged=keep_flagged)
    write_release.enqueue(release.pk)
    release.refresh_from_db()
    return release


@task()
def write_report(slug: str, number: int) -> None:
    """Compute a report that was asked for; computing it twice changes nothing."""
    reports.write(the_study(slug), number, now=timezone.now())


def request_report(
    study: StudyFacts, kind: Kind[Any], given: Given, *, now: datetime, by_id: int | None
) -> Report:
    """Ask for a report that is kept: computed at once where it is small, else by a worker.

    Raises:
        EvaluationError: as :func:`evaluation.services.reports.request`.
    """
    report = reports.request(study, kind, given, now=now, by_id=by_id)
    if not reports.is_large(kind, Terms(study, report.asked)):
        return reports.write(study, report.number, now=now)
    write_report.enqueue(study.slug, report.number)
    return report


@task()
def check_report(slug: str, number: int) -> None:
    """Compute a report again and say in it whether it is equal."""
    reports.check(the_study(slug), number, now=timezone.now())


def request_check(study: StudyFacts, number: int, *, now: datetime) -> bool | None:
    """Compute a report again and say whether it is equal; of a large one ask a worker: None.

    Raises:
        ReportUnknown, ReportNotReady: as :func:`evaluation.services.reports.check`.
    """
    report = reports.comparable(study, number)
    if not reports.is_large(kind_of(report.kind), Terms(study, report.asked)):
        return reports.check(study, number, now=now)
    check_report.enqueue(study.slug, number)
    return None


@task()
def read_verdict_file(slug: str, number: int) -> None:
    """Read a file of verdicts; reading it twice changes nothing."""
    file = verdict_files.read(the_study(slug), number, clock=timezone.now)
    if file.failure:
        log.info("verdict_file_failed", study=slug, file=number, reason=file.failure)


def take_in_verdicts(
    study: StudyFacts,
    upload: "UploadedFile[Any]",
    *,
    judge: JudgeVersion,
    by_id: int | None,
    now: datetime,
) -> VerdictFile:
    """Store a file of verdicts and have a worker read it; its row and its job come together.

    Raises:
        JudgeInvalid, FileUnreadable: as :func:`evaluation.intake.verdict_files.store`.
    """
    stored = verdict_files.store(upload, judge)
    with transaction.atomic():
        file = verdict_files.register(study=study, stored=stored, judge=judge, by_id=by_id, now=now)
        read_verdict_file.enqueue(study.slug, file.number)
    return file


def take_up_lapsed(now: datetime) -> int:
    """Have the releases written whose writer died; return how many."""
    found = releases.lapsed(now)
    for release_id in found:
        write_release.enqueue(release_id)
    return len(found)


@task()
def draw_sample(slug: str, sample_id: int) -> None:
    """Draw a sample from a large frame; drawing it twice changes nothing."""
    try:
        samples.draw(the_study(slug), sample_id)
    except FrameInvalid as refusal:
        log.warning("sample_refused", sample=sample_id, reason=str(refusal))  # the sample says why


@task()
def rehearse(slug: str, number: int) -> None:
    """Draw a design many times; a worker that takes it up again begins again."""
    one = rehearsals.write(the_study(slug), number, clock=timezone.now)
    if one.failure:
        log.warning("rehearsal_refused", study=slug, rehearsal=number, reason=one.failure)


def request_rehearsal(
    study: StudyFacts,
    frame: Frame,
    drawing: Drawing,
    *,
    quantity: Marked | None,
    draws: int,
    first_seed: int,
    now: datetime,
    by_id: int | None,
) -> Rehearsal:
    """Ask for a rehearsal of a design: at once where it is small, else by a worker.

    Raises:
        FrameInvalid: nothing can be drawn in this way, or too much and too often.
    """
    with transaction.atomic():
        one = rehearsals.request(
            study,
            frame,
            drawing,
            quantity=quantity,
            draws=draws,
            first_seed=first_seed,
            now=now,
            by_id=by_id,
        )
        if rehearsals.is_large(one):
            rehearse.enqueue(study.slug, one.number)
            return one
    return rehearsals.write(study, one.number, clock=timezone.now)
