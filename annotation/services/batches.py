"""Bringing replies in: one upload after the other, good lines kept, bad lines named."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.module_loading import import_string

from annotation import files
from annotation.errors import FileUnreadable, LoadStopped
from annotation.files import Meter, Place, Problem, Record, RefusedLines
from annotation.formats import ReplyLine, replies_in
from annotation.models import Batch, LineError, Study
from annotation.services import replies
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
    resume: bool = False,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of replies into its batch, in chunks of one short transaction each.

    The batch's replies can get seats only when all of it is stored. Loading the same file again
    changes nothing. ``strict`` and ``dry_run`` run everything in one transaction, which is
    given up when a line is bad, or in any case. ``refused`` is where the bad lines are kept, so
    that they can be corrected and uploaded again. ``resume`` goes on after the last stored chunk.

    Raises:
        FileUnreadable: nothing was loaded; the batch is failed and says why.
        LoadStopped: an admin cancelled it, or another reader has taken it up; what was stored
            stays, and nothing of it can get seats yet.
    """
    reading = _begin(batch, refused=refused, resume=resume)
    try:
        files.check(path, name=batch.file_name)
    except FileUnreadable as refusal:
        if dry_run:
            Batch.objects.filter(pk=batch.pk).delete()
        else:
            _fail(batch, str(refusal))
        raise
    reading.store = replies.Store(batch=batch, tally=reading.tally, new_versions=new_versions)
    with reading.kept_lines(path):
        return _loaded(reading, path, progress, strict=strict, dry_run=dry_run)


@dataclass(slots=True)
class _Reading:
    """One run over a batch's file: what it has found, and how far it has come."""

    batch: Batch
    mark: str
    tally: Tally
    refused: Path | None
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


def _begin(batch: Batch, *, refused: Path | None, resume: bool) -> _Reading:
    """Put this reader's mark on the batch, and take up what an earlier one had found."""
    mark = secrets.token_hex(16)
    fresh = {
        "records": 0,
        "share": 0,
        "refused_bytes": 0,
        "began_at": timezone.now(),
        "notes": [],
        **dict.fromkeys(COUNTS, 0),
    }
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.READING, reader=mark, failure="", **({} if resume else fresh)
    )
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
        records=batch.records,
        refused_bytes=batch.refused_bytes,
        errors_stored=len(tally.errors),
    )


def _loaded(
    reading: _Reading, path: Path, progress: Progress, *, strict: bool, dry_run: bool
) -> Tally:
    batch, tally = reading.batch, reading.tally
    if not (strict or dry_run):
        _load(reading, path, progress)
        _finish(reading, path)
        return tally
    with transaction.atomic():
        _load(reading, path, progress)
        given_up = dry_run or tally.refused > 0
        transaction.set_rollback(given_up)
    if not given_up:
        _finish(reading, path)
    elif dry_run:
        Batch.objects.filter(pk=batch.pk).delete()
    else:
        _keep_errors(batch, tally)
        _fail(batch, f"{tally.refused} of {tally.read} lines are bad; nothing was loaded.")
    return tally


def _load(reading: _Reading, path: Path, progress: Progress) -> None:
    """Read and store the file chunk by chunk; each chunk is one short transaction."""
    read: list[Record | Problem] = []
    good: list[tuple[Place, ReplyLine]] = []
    meter = Meter()
    records = files.read(path, name=reading.batch.file_name, meter=meter)
    for record in islice(records, reading.records, None):
        read.append(record)
        good += _replies(record, reading.tally)
        # A row of the wide table holds a dozen replies.
        if max(len(read), len(good)) >= LINES_AT_ONCE:
            _store(reading, read, good, meter.share)
            progress(reading.tally.read)
            read, good = [], []
    _store(reading, read, good, 1.0)
    progress(reading.tally.read)


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
    reading: _Reading,
    read: list[Record | Problem],
    good: list[tuple[Place, ReplyLine]],
    share: float,
) -> None:
    """Store one chunk and how far that is, if this reader is still the batch's own."""
    tally = reading.tally
    with transaction.atomic():
        reading.store.add(good)
        if reading.kept is not None:
            for record in read:
                if tally.has_refused_any_of(record.line):
                    reading.kept.add(record)
            reading.refused_bytes = reading.kept.written()
        reading.records += len(read)
        _store_errors(reading.batch, tally.errors[reading.errors_stored :])
        mine = Batch.objects.filter(
            pk=reading.batch.pk, reader=reading.mark, state=BatchState.READING
        )
        moved = mine.update(
            records=reading.records,
            share=share,
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


def _fail(batch: Batch, reason: str) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.FAILED, failure=reason, finished_at=timezone.now(), reader=""
    )
