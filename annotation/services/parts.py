"""Files that are sent in parts: each part counts whole or not at all, and the sum is checked."""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from django.db import transaction
from django.db.models import F, Q

from annotation.errors import (
    FileUnreadable,
    UploadDamaged,
    UploadFinished,
    UploadGone,
    UploadIncomplete,
    UploadNotStored,
    UploadOffsetWrong,
    UploadPartCutOff,
    UploadPartTooLarge,
    UploadRefused,
    UploadsTooMany,
)
from annotation.models import Batch, JudgmentFile, Study, Upload
from annotation.models.upload import UNFINISHED
from annotation.services import batches, judgment_files, uploads
from annotation.services.uploads import StoredUpload
from annotation.upload_paths import upload_path

LARGEST_PART = 8 * 1024 * 1024
OPEN_AT_ONCE = 20
LONGEST_NAME = 255
KEPT = timedelta(days=2)
# So long the same file is taken for the same act: two admins at once, or a retry on the way.
RETRIED = timedelta(minutes=1)
_AT_ONCE = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def start(
    *, study: Study, file_name: str, size: int, sha256: str, by_id: int, now: datetime
) -> tuple[Upload, bool]:
    """Begin to take in a file; the upload of the same file, and False, where one is on its way.

    One that was finished within the last minute counts as such, with what it became.
    A file is the same if its name, size and SHA-256 are; without a SHA-256 every upload is a new
    one, for parts of two files could meet in it.

    Raises:
        UploadRefused: a name, size or SHA-256 that cannot be.
        UploadsTooMany: others have to be finished or abandoned first.
    """
    name = PurePosixPath(file_name.replace("\\", "/")).name
    _check(name, size, sha256)
    with transaction.atomic():
        # One at a time, so that the limit holds and the same file is met.
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        still_open = Upload.objects.unfinished().filter(study=study)
        met = _met(study, name, size, sha256, now)
        if met is not None:
            return met, False
        if still_open.count() >= OPEN_AT_ONCE:
            reason = f"The study has {OPEN_AT_ONCE} unfinished uploads. Finish or abandon some."
            raise UploadsTooMany(reason, most=OPEN_AT_ONCE)
        upload = Upload.objects.create(
            study=study,
            key=secrets.token_urlsafe(24),
            file_name=name,
            stored_name=batches.new_stored_name(),
            bytes=size,
            sha256=sha256,
            started_by_id=by_id,
            started_at=now,
            moved_at=now,
        )
        with _stored():
            upload_path(upload.stored_name).touch(mode=0o600, exist_ok=False)
    return upload, True


def _met(study: Study, name: str, size: int, sha256: str, now: datetime) -> Upload | None:
    """Return the same file's upload that is open, or became a batch a moment ago."""
    if not sha256:
        return None
    same = Upload.objects.filter(study=study, file_name=name, bytes=size, sha256=sha256)
    same = same.filter(UNFINISHED | Q(moved_at__gte=now - RETRIED))
    unfinished_first = [F(what).desc(nulls_first=True) for what in ("batch", "judgments")]
    return same.select_related("batch", "judgments").order_by(*unfinished_first).first()


def _check(name: str, size: int, sha256: str) -> None:
    problem = uploads.name_problem(name)
    if problem or _CONTROL.search(name) or len(name) > LONGEST_NAME:
        problem = problem or f"has up to {LONGEST_NAME} characters, and no control characters"
        raise UploadRefused(f"The file's name {problem}.", field="file_name")
    if not 0 < size <= uploads.LARGEST:
        reason = f"A file has 1 to {uploads.LARGEST:,} bytes. Split it, or compress it with gzip."
        raise UploadRefused(reason, field="bytes")
    if sha256 and not _SHA256.fullmatch(sha256):
        raise UploadRefused("A SHA-256 is 64 digits from 0 to f.", field="sha256")


def upload_of(study: Study, key: str) -> Upload:
    """Return an upload of a study, whether it is finished or not.

    Raises:
        UploadGone: there is none.
    """
    known = Upload.objects.select_related("batch", "judgments")
    upload = known.filter(study=study, key=key).first()
    if upload is None:
        raise _gone()
    return upload


def add(
    *, upload: Upload, offset: int, pieces: Iterable[bytes], length: int | None, now: datetime
) -> int:
    """Add a part to a file and return where the next begins; all of the part, or nothing of it.

    ``length`` is how long the part said it is, or None if its end is marked otherwise. Of two
    parts at once for the same place one is added, and the other is told where to go on.

    Raises:
        UploadFinished, UploadGone, UploadOffsetWrong: it is not for this part.
        UploadPartTooLarge, UploadPartCutOff: the part is not what it can or said to be.
        UploadNotStored: the disk is full, or something like it.
    """
    _check_place(upload, offset)
    room = min(LARGEST_PART, upload.bytes - offset)
    if length is not None and length > room:
        raise _too_large(room)
    with _stored(), tempfile.TemporaryFile(dir=upload_path(upload.stored_name).parent) as part:
        received = 0
        for piece in pieces:
            received += len(piece)
            if received > room:
                raise _too_large(room)
            part.write(piece)
        if length not in (None, received):
            reason = f"The part ended after {received:,} of {length:,} bytes. Send it again."
            raise UploadPartCutOff(reason, offset=offset)
        part.seek(0)
        return _append(upload, offset, part, received, now)


def _check_place(upload: Upload, offset: int) -> None:
    if upload.batch is not None or upload.judgments is not None:
        raise _finished(upload)
    if offset != upload.received:
        reason = f"The next part begins at byte {upload.received:,}, not at {offset:,}."
        raise UploadOffsetWrong(reason, offset=upload.received)


def _append(upload: Upload, offset: int, part: IO[bytes], length: int, now: datetime) -> int:
    """Put a whole part behind those before it; the database says what counts of the file."""
    with upload_path(upload.stored_name).open("r+b") as file:
        # Held by whoever writes, not in the database: on SQLite everybody would wait.
        fcntl.flock(file, fcntl.LOCK_EX)
        upload = upload_of(upload.study, upload.key)
        _check_place(upload, offset)
        file.seek(offset)
        shutil.copyfileobj(part, file, _AT_ONCE)
        file.flush()
        os.fsync(file.fileno())
        open_here = Upload.objects.unfinished().filter(pk=upload.pk, received=offset)
        if not open_here.update(received=offset + length, moved_at=now):
            raise _gone()  # abandoned while its part was on its way
    return offset + length


def check_whole(upload: Upload) -> None:
    """Hold what arrived against what was announced; a damaged file is sent again from its start.

    Raises:
        UploadIncomplete: parts are missing.
        UploadDamaged: the SHA-256 is another.
        UploadFinished: it has become something else.
        FileUnreadable: it is whole, but nothing can be read from it; it is forgotten.
    """
    if became(upload):
        raise _finished(upload)
    if upload.received < upload.bytes:
        reason = f"{upload.received:,} of {upload.bytes:,} bytes are here. Send the rest."
        raise UploadIncomplete(reason, offset=upload.received)
    path = upload_path(upload.stored_name)
    with _stored():
        found = _sha256_of(path)
    if upload.sha256 not in ("", found):
        Upload.objects.unfinished().filter(pk=upload.pk).update(received=0)
        reason = "What arrived has another SHA-256 than the file. Send it again from byte 0."
        raise UploadDamaged(reason, offset=0, sha256=found)
    try:
        with _stored():
            uploads.look(path, name=upload.file_name)
    except FileUnreadable:
        abandon(upload=upload)
        raise


def check_judgments(upload: Upload) -> None:
    """Hold a file's name against what judgments are read from.

    Raises:
        UploadRefused: it is a file of another kind; it may still become a batch.
    """
    problem = judgment_files.name_problem(upload.file_name)
    if problem:
        raise UploadRefused(f"The file's name {problem}.", field="file_name")


def become_batch(*, upload: Upload, by_id: int, now: datetime) -> tuple[Batch, bool]:
    """Make a whole file a batch, once; the one it is, and False, where it is one already.

    The caller holds the transaction, in which it also asks for the batch to be read.

    Raises:
        UploadGone, UploadFinished, UploadIncomplete: it becomes none.
    """
    found = _to_become(upload)
    if found.batch is not None:
        return found.batch, False
    _check_free(found)
    batch = batches.register(
        study=found.study,
        file_name=found.file_name,
        stored_name=found.stored_name,
        now=now,
        by_id=by_id,
    )
    Upload.objects.filter(pk=found.pk).update(batch=batch, moved_at=now)
    return batch, True


def become_judgments(*, upload: Upload, by_id: int, now: datetime) -> tuple[JudgmentFile, bool]:
    """Make a whole file a file of judgments made elsewhere, as :func:`become_batch`."""
    found = _to_become(upload)
    if found.judgments is not None:
        return found.judgments, False
    _check_free(found)
    stored = StoredUpload(found.file_name, found.stored_name)
    file = judgment_files.register(study=found.study, stored=stored, by_id=by_id, now=now)
    Upload.objects.filter(pk=found.pk).update(judgments=file, moved_at=now)
    return file, True


def _to_become(upload: Upload) -> Upload:
    """Return the upload as it is now, for this transaction alone."""
    # Without what it became: PostgreSQL would join that as it was before the lock was waited for.
    found = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if found is None:
        raise _gone()
    return found


def _check_free(upload: Upload) -> None:
    if upload.batch is not None or upload.judgments is not None:
        raise _finished(upload)
    if upload.received < upload.bytes:  # it was found damaged meanwhile
        raise UploadIncomplete("Parts of the file are missing.", offset=upload.received)


def became(upload: Upload) -> dict[str, int]:
    """Return the number of what an upload became, by what that is; nothing of an unfinished one."""
    found = {"batch": upload.batch, "judgments": upload.judgments}
    return {what: one.number for what, one in found.items() if one is not None}


def abandon(*, upload: Upload) -> bool:
    """Forget an unfinished upload and what arrived of it; False where it was finished."""
    deleted, _ = Upload.objects.unfinished().filter(pk=upload.pk).delete()
    if deleted:
        upload_path(upload.stored_name).unlink(missing_ok=True)
    return bool(deleted)


def forget_left(now: datetime) -> int:
    """Forget uploads that nothing was added to for two days; return how many were unfinished.

    Of a finished one only the memory goes that it was sent: what it became stays, with its file.
    """
    left = Upload.objects.filter(moved_at__lt=now - KEPT)
    forgotten = sum(abandon(upload=upload) for upload in left.unfinished())
    left.exclude(UNFINISHED).delete()
    return forgotten


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _stored() -> Iterator[None]:
    """Say that the server could not store something, without telling where it would have."""
    try:
        yield
    except OSError as error:
        reason = f"The server could not store this: {error.strerror or 'unknown'}."
        raise UploadNotStored(f"{reason} Tell your operator, and send it again.") from error


def _too_large(room: int) -> UploadPartTooLarge:
    reason = f"Here a part has at most {room:,} bytes: no more than the file still lacks, and"
    return UploadPartTooLarge(f"{reason} {LARGEST_PART:,} at most.", most=room)


def _finished(upload: Upload) -> UploadFinished:
    return UploadFinished("The file is whole already, and being read.", **became(upload))


def _gone() -> UploadGone:
    return UploadGone("There is no such upload. It was abandoned, or left too long: start again.")
