"""Bringing replies in: one upload after the other, good lines kept, bad lines named."""

import secrets
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Problem
from annotation.formats import ReplyLine, reply_lines
from annotation.models import Batch, LineError, Study
from annotation.services import replies
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import BatchState

log = structlog.get_logger("touchstone.batches")


def register(
    *, study: Study, file_name: str, now: datetime, by_id: int | None = None, stored_name: str = ""
) -> Batch:
    """Give an upload its number in the study."""
    while True:
        latest = Batch.objects.filter(study=study).aggregate(n=Max("number"))["n"] or 0
        try:
            with transaction.atomic():
                return Batch.objects.create(
                    study=study,
                    number=latest + 1,
                    file_name=file_name[:255],
                    stored_name=stored_name,
                    state=BatchState.WAITING,
                    created_by_id=by_id,
                    created_at=now,
                )
        except IntegrityError:
            continue  # another upload took the number a moment ago


def upload_path(stored_name: str) -> Path:
    """Return where an uploaded file lies; the name was made by the server."""
    directory: Path = settings.DATA_DIR / "uploads"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / stored_name


def new_stored_name() -> str:
    """Return a name for an uploaded file that says nothing and cannot be guessed."""
    return secrets.token_urlsafe(24)


def load(
    *,
    batch: Batch,
    path: Path,
    new_versions: bool = False,
    strict: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of replies into its batch, in chunks of one short transaction each.

    The batch's replies can get seats only when all of it is stored. Loading the same file again
    changes nothing. ``strict`` and ``dry_run`` run everything in one transaction, which is
    given up when a line is bad, or in any case.

    Raises:
        FileUnreadable: nothing was loaded; the batch is failed and says why.
    """
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.READING)
    try:
        files.check(path, name=batch.file_name)
    except FileUnreadable as refusal:
        if dry_run:
            Batch.objects.filter(pk=batch.pk).delete()
        else:
            _fail(batch, str(refusal))
        raise
    tally = Tally()
    store = replies.Store(batch=batch, tally=tally, new_versions=new_versions)
    if not (strict or dry_run):
        _load(store, path, progress=progress)
        _finish(store)
        return tally
    with transaction.atomic():
        _load(store, path, progress=progress)
        given_up = dry_run or tally.refused > 0
        transaction.set_rollback(given_up)
    if not given_up:
        _finish(store)
    elif dry_run:
        Batch.objects.filter(pk=batch.pk).delete()
    else:
        _keep_errors(batch, tally)
        _fail(batch, f"{tally.refused} of {tally.read} lines are bad; nothing was loaded.")
    return tally


def _load(store: replies.Store, path: Path, *, progress: Progress) -> None:
    tally = store.tally
    for chunk in chunks(files.read(path, name=store.batch.file_name)):
        good: list[tuple[int, ReplyLine]] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else reply_lines(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                good += ((record.line, reply) for reply in found)
        with transaction.atomic():
            store.add(good)
        progress(tally.read)


def _finish(store: replies.Store) -> None:
    batch, tally = store.batch, store.tally
    with transaction.atomic():
        store.take_over()
        _keep_errors(batch, tally)
        Batch.objects.filter(pk=batch.pk).update(
            state=BatchState.READY,
            finished_at=timezone.now(),
            read=tally.read,
            created=tally.created,
            unchanged=tally.unchanged,
            updated=tally.updated,
            refused=tally.refused,
        )
    log.info("batch_ready", batch=batch.pk, read=tally.read, refused=tally.refused)


def _keep_errors(batch: Batch, tally: Tally) -> None:
    batch.errors.all().delete()
    LineError.objects.bulk_create(
        LineError(batch=batch, line=error.line, field=error.field[:200], reason=error.reason)
        for error in tally.errors
    )


def _fail(batch: Batch, reason: str) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.FAILED, failure=reason, finished_at=timezone.now()
    )
