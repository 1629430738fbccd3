"""What a worker does for admins, so that no page waits for it, and how it is asked to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from annotation.errors import (
    FileUnreadable,
    LoadStopped,
    ReaderLost,
    SeatsRefused,
    SweepRefused,
    SweepStopped,
)
from annotation.models import Batch, JudgmentFile, Study, Upload
from annotation.selectors import renderings
from annotation.services import (
    batches,
    judgment_files,
    later_waves,
    openings,
    parts,
    sweeps,
    uploads,
)
from annotation.services.courtesy import Courtesy
from annotation.services.uploads import StoredUpload
from annotation.vocabulary import BatchState, Wave

log = structlog.get_logger("touchstone.tasks")


@task()
def load_batch(batch_id: int, new_versions: bool, resume: bool = False) -> None:  # noqa: FBT001, FBT002 - a task's arguments
    """Read an uploaded file into its batch; reading it twice changes nothing.

    A batch that is being read already was left by a worker that died: this goes on after it.
    """
    batch = Batch.objects.select_related("study").get(pk=batch_id)
    if batch.state == BatchState.CANCELLED:
        return
    resume = resume or batch.state == BatchState.READING
    ended = False
    try:
        batches.load(
            batch=batch,
            path=batches.upload_path(batch.stored_name),
            new_versions=new_versions,
            refused=batches.refused_path(batch.stored_name),
            resume=resume,
            beside=not settings.JOBS_AT_ONCE,
            courtesy=Courtesy(),
        )
        ended = True
    except LoadStopped:
        ended = True  # whoever stopped it said so
    except (FileUnreadable, ReaderLost) as refusal:
        ended = True  # the batch says why
        log.info("batch_failed", batch=batch_id, reason=str(refusal))
    finally:
        if not ended:
            reason = "Reading broke off. What was read is kept; go on from there."
            uploads.give_up(batch=batch, reason=reason, now=timezone.now())


@transaction.atomic
def read_stored(
    *, study: Study, stored: StoredUpload, new_versions: bool, by_id: int, now: datetime
) -> Batch:
    """Make the batch of a stored file and its job together, so that no batch waits without one."""
    batch = batches.register(
        study=study,
        file_name=stored.file_name,
        stored_name=stored.stored_name,
        now=now,
        by_id=by_id,
    )
    load_batch.enqueue(batch.pk, new_versions)
    return batch


def read_sent(
    *, upload: Upload, new_versions: bool, by_id: int, now: datetime
) -> tuple[Batch, bool]:
    """Make a file that was sent in parts a batch and have it read, once; as often as it is asked.

    Raises:
        UploadIncomplete, UploadDamaged, UploadGone, FileUnreadable: there is no batch.
    """
    if upload.batch is not None:
        return upload.batch, False
    parts.check_whole(upload)
    with transaction.atomic():
        batch, new = parts.become_batch(upload=upload, by_id=by_id, now=now)
        if new:
            load_batch.enqueue(batch.pk, new_versions)
    return batch, new


@transaction.atomic
def read_again(*, batch: Batch, new_versions: bool, resume: bool, now: datetime) -> bool:
    """Have an upload read once more, from its start or from where it stopped; say if it will be."""
    waits = uploads.read_again(batch=batch, now=now)
    if waits:
        load_batch.enqueue(batch.pk, new_versions, resume)
    return waits


@task()
def read_judgments(file_id: int) -> None:
    """Read a file of judgments made elsewhere; reading it twice changes nothing."""
    file = judgment_files.read(file_id, clock=timezone.now, courtesy=Courtesy())
    if file.failure:
        log.info("judgment_file_failed", file=file_id, reason=file.failure)


@transaction.atomic
def take_in_judgments(
    *, study: Study, stored: StoredUpload, by_id: int | None, now: datetime
) -> JudgmentFile:
    """Have a stored file of judgments read; its row and its job come together."""
    file = judgment_files.register(study=study, stored=stored, by_id=by_id, now=now)
    read_judgments.enqueue(file.pk)
    return file


def read_sent_judgments(*, upload: Upload, by_id: int, now: datetime) -> tuple[JudgmentFile, bool]:
    """Have a file that was sent in parts read as judgments, once; as often as it is asked.

    Raises:
        UploadIncomplete, UploadDamaged, UploadGone, UploadFinished, UploadRefused, FileUnreadable:
            nothing of it is read.
    """
    if upload.judgments is not None:
        return upload.judgments, False
    parts.check_judgments(upload)
    parts.check_whole(upload)
    with transaction.atomic():
        file, new = parts.become_judgments(upload=upload, by_id=by_id, now=now)
        if new:
            read_judgments.enqueue(file.pk)
    return file, new


@transaction.atomic
def read_judgments_on(*, file: JudgmentFile, now: datetime) -> bool:
    """Have a file of judgments read on after it was stopped or broke off; say if it will be."""
    waits = judgment_files.read_on(file=file, now=now)
    if waits:
        read_judgments.enqueue(file.pk)
    return waits


@task()
def prepare_texts(study_id: int) -> None:
    """Make the HTML of texts that raters will see, so that no rater waits for it."""
    renderings.prepare(study_id)


@task()
def sweep(sweep_id: int) -> None:
    """Run the current rules over a study's texts; run again it goes on where it was."""
    ended = False
    try:
        sweeps.run(sweep_id=sweep_id, courtesy=Courtesy())
        ended = True
    except (SweepStopped, SweepRefused) as refusal:
        ended = True  # whoever stopped it said so, or the sweep says why
        log.info("sweep_ended", sweep=sweep_id, reason=str(refusal))
    finally:
        if not ended:
            reason = "It broke off. What was looked through stays so; run the rules again."
            sweeps.give_up(sweep_id=sweep_id, reason=reason, now=timezone.now())


@task()
def open_seats(
    study_id: int, raters_per_item: int, seed: int, by_id: int, pairs_per_query: int = 1
) -> None:
    """Open the seats of a large study; doing it twice adds nothing."""
    try:
        openings.open_first_wave(
            study=Study.objects.get(pk=study_id),
            raters_per_item=raters_per_item,
            seed=seed,
            pairs_per_query=pairs_per_query,
            now=timezone.now(),
            by_id=by_id,
        )
        renderings.prepare(study_id)
    except SeatsRefused as refusal:
        log.warning("seats_refused", study=study_id, reason=str(refusal))


@task()
def open_later_wave(
    study_id: int, wave: int, asked: dict[str, Any], how: dict[str, Any], by_id: int
) -> None:
    """Open seats where the raters of a large study disagree; doing it twice adds nothing."""
    study = Study.objects.get(pk=study_id)
    below = asked["share_below"]
    try:
        rule = later_waves.rule_of(
            study, **{**asked, "share_below": None if below is None else Decimal(below)}
        )
        later_waves.open_after_disagreement(
            study=study, wave=Wave(wave), rule=rule, now=timezone.now(), by_id=by_id, **how
        )
        renderings.prepare(study_id)
    except SeatsRefused as refusal:
        log.warning("seats_refused", study=study_id, reason=str(refusal))
