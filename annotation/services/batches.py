"""Bringing replies in: one upload after the other, good lines kept, bad lines named."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from annotation import bulk, files, prepared
from annotation.errors import FileUnreadable, LoadStopped, ReaderLost
from annotation.files import Problem, RefusedLines
from annotation.line_files import keep_refused
from annotation.models import Batch, LineError, Study
from annotation.numbering import numbered
from annotation.prepared import Chunk
from annotation.reading_beside import chunks_beside, is_worth_it
from annotation.services import replies
from annotation.services.courtesy import Courtesy
from annotation.tally import LINES_AT_ONCE, Progress, Tally, no_progress
from annotation.upload_paths import refused_name, refused_path, upload_path
from annotation.vocabulary import BatchState

__all__ = ["load", "new_stored_name", "refused_name", "refused_path", "register", "upload_path"]
COUNTS = ("read", "created", "unchanged", "updated", "refused")
log = structlog.get_logger("touchstone.batches")


def register(
    *, study: Study, file_name: str, now: datetime, by_id: int | None = None, stored_name: str = ""
) -> Batch:
    """Give an upload its number in the study."""
    return numbered(
        Batch,
        study_id=study.pk,
        file_name=file_name[:255],
        stored_name=stored_name,
        state=BatchState.WAITING,
        created_by_id=by_id,
        created_at=now,
    )


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
    resume: bool = False,
    beside: bool = False,
    courtesy: Courtesy | None = None,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of replies into its batch, in chunks of one short transaction each.

    The batch's replies can get seats only when all of it is stored. Loading the same file again
    changes nothing. ``strict`` and ``dry_run`` run everything in one transaction, which is
    given up when a line is bad, or in any case. ``refused`` is where the bad lines are kept, so
    that they can be corrected and uploaded again. ``resume`` goes on after the last stored chunk.
    ``beside`` lets a second process read what this one stores, where the file is large: never in a
    web server, whose processors are the raters'. ``courtesy`` is who pauses for raters, or nobody.

    Raises:
        FileUnreadable: nothing was loaded; the batch is failed and says why.
        LoadStopped: an admin cancelled it, or another reader has taken it up; what was stored
            stays, and nothing of it can get seats yet.
        ReaderLost: the second process died; the batch is failed, and can go on.
    """
    reading = _begin(batch, refused=refused, resume=resume, courtesy=courtesy)
    reading.store = replies.Store(batch=batch, tally=reading.tally, new_versions=new_versions)
    two = beside and not dry_run and is_worth_it(path)
    try:
        with _chunks(reading, path, beside=two) as chunks, reading.kept_lines(path):
            return _loaded(reading, path, chunks, progress, strict=strict, dry_run=dry_run)
    except (FileUnreadable, ReaderLost) as refusal:
        if dry_run:
            Batch.objects.filter(pk=batch.pk).delete()
        else:
            _fail(reading, str(refusal))
        raise


@dataclass(slots=True)
class _Reading:
    """One run over a batch's file: what it has found, and how far it has come."""

    batch: Batch
    mark: str
    tally: Tally
    refused: Path | None
    courtesy: Courtesy | None = None
    records: int = 0
    refused_bytes: int = 0
    errors_stored: int = 0
    store: replies.Store = field(init=False)
    kept: RefusedLines | None = None

    @contextmanager
    def kept_lines(self, path: Path) -> Iterator[None]:
        """Keep refused lines in a file while the batch is read."""
        if self.refused is None:
            yield
            return
        name = self.batch.file_name
        self.kept = files.refused_lines(path, self.refused, name=name, after=self.refused_bytes)
        try:
            yield
        finally:
            self.kept.close()

    def keep_refused(self, chunk: Chunk) -> None:
        """Write down the refused lines of a chunk, where they are wanted."""
        if self.kept is None:
            return
        if self.tally.has_refused_any():
            keep_refused(self.kept, self.tally, chunk.read())
        self.refused_bytes = self.kept.written()


def _begin(
    batch: Batch, *, refused: Path | None, resume: bool, courtesy: Courtesy | None
) -> _Reading:
    """Put this reader's mark on the batch, and take up what an earlier one had found.

    Raises:
        LoadStopped: since the caller looked, it was cancelled or taken up by another reader.
    """
    mark = secrets.token_hex(16)
    fresh = {
        "records": 0,
        "share": 0,
        "refused_bytes": 0,
        "began_at": timezone.now(),
        "notes": [],
        **dict.fromkeys(COUNTS, 0),
    }
    as_seen = Batch.objects.filter(pk=batch.pk, state=batch.state, reader=batch.reader)
    if not as_seen.update(
        state=BatchState.READING, reader=mark, failure="", **({} if resume else fresh)
    ):
        raise LoadStopped("Reading was stopped before it began, or another worker has taken it up.")
    batch.refresh_from_db()
    tally = Tally(**{name: getattr(batch, name) for name in COUNTS})
    if resume:
        kept = batch.errors.order_by("pk").values_list("line", "field", "reason", "value")
        tally.errors = [Problem(*row) for row in kept]
    else:
        batch.errors.all().delete()
    return _Reading(
        batch,
        mark,
        tally,
        refused,
        courtesy,
        records=batch.records,
        refused_bytes=batch.refused_bytes,
        errors_stored=len(tally.errors),
    )


@contextmanager
def _chunks(reading: _Reading, path: Path, *, beside: bool) -> Iterator[Iterator[Chunk]]:
    """Give what is left of the file, checked and ready to be stored, chunk by chunk."""
    name, after = reading.batch.file_name, reading.records
    at_once = LINES_AT_ONCE if reading.courtesy is None else reading.courtesy.portion(LINES_AT_ONCE)
    with_records = reading.refused is not None
    if beside:
        with chunks_beside(
            path, name=name, after=after, at_once=at_once, with_records=with_records
        ) as chunks:
            yield chunks
        return
    files.check(path, name=name)
    yield prepared.chunks(path, name=name, after=after, at_once=at_once, with_records=with_records)


def _loaded(
    reading: _Reading,
    path: Path,
    chunks: Iterator[Chunk],
    progress: Progress,
    *,
    strict: bool,
    dry_run: bool,
) -> Tally:
    batch, tally = reading.batch, reading.tally
    if not (strict or dry_run):
        _load(reading, chunks, progress)
        _finish(reading, path)
        return tally
    with transaction.atomic():
        _load(reading, chunks, progress)
        given_up = dry_run or tally.refused > 0
        transaction.set_rollback(given_up)
    if not given_up:
        _finish(reading, path)
    elif dry_run:
        Batch.objects.filter(pk=batch.pk).delete()
    else:
        _keep_errors(batch, tally)
        _fail(reading, f"{tally.refused} of {tally.read} lines are bad; nothing was loaded.")
    return tally


def _load(reading: _Reading, chunks: Iterator[Chunk], progress: Progress) -> None:
    """Store the file chunk by chunk; each chunk is one short transaction."""
    for chunk in chunks:
        _store(reading, chunk)
        progress(reading.tally.read)
        if reading.courtesy is not None:
            reading.courtesy.after_work()


def _store(reading: _Reading, chunk: Chunk) -> None:
    """Store one chunk and how far that is, if this reader is still the batch's own."""
    tally = reading.tally
    tally.read += chunk.units
    tally.refuse(chunk.problems)
    with transaction.atomic():
        # Nobody is told of a chunk before the whole is ready, and that commit is waited for.
        bulk.commit_without_waiting()
        reading.store.add(chunk.replies, rule_set=chunk.rule_set)
        reading.keep_refused(chunk)
        reading.records += chunk.records
        _store_errors(reading.batch, tally.errors[reading.errors_stored :])
        mine = Batch.objects.filter(
            pk=reading.batch.pk, reader=reading.mark, state=BatchState.READING
        )
        moved = mine.update(
            records=reading.records,
            share=chunk.share,
            refused_bytes=reading.refused_bytes,
            **{name: getattr(tally, name) for name in COUNTS},
        )
        if not moved:
            raise LoadStopped(
                "Reading was stopped: by an admin, or because another worker has taken it up."
            )
    reading.errors_stored = len(tally.errors)
    tally.forget_places()


def _finish(reading: _Reading, path: Path) -> None:
    """Let others add what the file holds besides replies, then let the replies be judged."""
    batch, tally = reading.batch, reading.tally
    for follower in settings.BATCH_FOLLOWERS:
        follow = import_string(follower)
        tally.notes += follow(batch.study.slug, path, batch.file_name, timezone.now())
    with transaction.atomic():
        mine = Batch.objects.filter(pk=batch.pk, reader=reading.mark, state=BatchState.READING)
        if not mine.update(
            state=BatchState.READY, finished_at=timezone.now(), reader="", notes=tally.notes
        ):
            raise LoadStopped("Reading was stopped before its end.")
        reading.store.take_over()
    log.info("batch_ready", batch=batch.pk, read=tally.read, refused=tally.refused)


def _keep_errors(batch: Batch, tally: Tally) -> None:
    batch.errors.all().delete()
    _store_errors(batch, tally.errors)


def _store_errors(batch: Batch, errors: list[Problem]) -> None:
    LineError.objects.bulk_create(
        LineError(
            batch=batch,
            line=error.line,
            field=error.field[:200],
            reason=error.reason,
            value=error.value,
        )
        for error in errors
    )


def _fail(reading: _Reading, reason: str) -> None:
    """Mark the batch as failed, unless it is another reader's by now."""
    mine = Batch.objects.filter(pk=reading.batch.pk, reader=reading.mark, state=BatchState.READING)
    mine.update(state=BatchState.FAILED, failure=reason, finished_at=timezone.now(), reader="")
