"""Bringing replies in: one upload after the other, good lines kept, bad lines named."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.module_loading import import_string

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Place, Problem, Record, RefusedLines
from annotation.formats import ReplyLine, replies_in
from annotation.models import Batch, LineError, Study
from annotation.services import replies
from annotation.tally import LINES_AT_ONCE, Progress, Tally, no_progress
from annotation.upload_paths import refused_name, refused_path, upload_path
from annotation.vocabulary import BatchState

__all__ = ["load", "new_stored_name", "refused_name", "refused_path", "register", "upload_path"]
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
    refused: Path | None = None,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of replies into its batch, in chunks of one short transaction each.

    The batch's replies can get seats only when all of it is stored. Loading the same file again
    changes nothing. ``strict`` and ``dry_run`` run everything in one transaction, which is
    given up when a line is bad, or in any case. ``refused`` is where the bad lines are kept, so
    that they can be corrected and uploaded again.

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
    with _kept(path, refused, batch.file_name) as kept:
        return _loaded(store, path, kept, progress, strict=strict, dry_run=dry_run)


@contextmanager
def _kept(path: Path, refused: Path | None, name: str) -> Iterator[RefusedLines | None]:
    if refused is None:
        yield None
        return
    kept = files.refused_lines(path, refused, name=name)
    try:
        yield kept
    finally:
        kept.close()


def _loaded(
    store: replies.Store,
    path: Path,
    kept: RefusedLines | None,
    progress: Progress,
    *,
    strict: bool,
    dry_run: bool,
) -> Tally:
    batch, tally = store.batch, store.tally
    if not (strict or dry_run):
        _load(store, path, kept, progress)
        _finish(store, path)
        return tally
    with transaction.atomic():
        _load(store, path, kept, progress)
        given_up = dry_run or tally.refused > 0
        transaction.set_rollback(given_up)
    if not given_up:
        _finish(store, path)
    elif dry_run:
        Batch.objects.filter(pk=batch.pk).delete()
    else:
        _keep_errors(batch, tally)
        _fail(batch, f"{tally.refused} of {tally.read} lines are bad; nothing was loaded.")
    return tally


def _load(store: replies.Store, path: Path, kept: RefusedLines | None, progress: Progress) -> None:
    """Read and store the file chunk by chunk; each chunk is one short transaction."""
    read: list[Record | Problem] = []
    good: list[tuple[Place, ReplyLine]] = []
    for record in files.read(path, name=store.batch.file_name):
        read.append(record)
        good += _replies(record, store.tally)
        # A row of the wide table holds a dozen replies.
        if max(len(read), len(good)) >= LINES_AT_ONCE:
            _store(store, read, good, kept)
            progress(store.tally.read)
            read, good = [], []
    _store(store, read, good, kept)
    progress(store.tally.read)


def _replies(record: Record | Problem, tally: Tally) -> tuple[tuple[Place, ReplyLine], ...]:
    """Return the good replies of a record, and tally the others."""
    if isinstance(record, Problem):
        tally.read += 1
        tally.refuse([record])
        return ()
    found = replies_in(record)
    tally.read += found.units
    tally.refuse(found.problems)
    return found.replies


def _store(
    store: replies.Store,
    read: list[Record | Problem],
    good: list[tuple[Place, ReplyLine]],
    kept: RefusedLines | None,
) -> None:
    with transaction.atomic():
        store.add(good)
    if kept is not None:
        for record in read:
            if store.tally.has_refused_any_of(record.line):
                kept.add(record)
    store.tally.forget_places()


def _finish(store: replies.Store, path: Path) -> None:
    """Let others add what the file holds besides replies, then let the replies be judged."""
    batch, tally = store.batch, store.tally
    for follower in settings.BATCH_FOLLOWERS:
        follow = import_string(follower)
        tally.notes += follow(batch.study.slug, path, batch.file_name, timezone.now())
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
            notes=tally.notes,
        )
    log.info("batch_ready", batch=batch.pk, read=tally.read, refused=tally.refused)


def _keep_errors(batch: Batch, tally: Tally) -> None:
    batch.errors.all().delete()
    LineError.objects.bulk_create(
        LineError(
            batch=batch,
            line=error.line,
            field=error.field[:200],
            reason=error.reason,
            value=error.value,
        )
        for error in tally.errors
    )


def _fail(batch: Batch, reason: str) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.FAILED, failure=reason, finished_at=timezone.now()
    )
