"""Taking in uploaded files: each is stored under a name of its own and becomes a batch."""

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from annotation.errors import FileUnreadable
from annotation.models import Batch, Study
from annotation.services import batches
from annotation.vocabulary import BatchState

LARGEST = 2 * 1024**3


def receive(*, study: Study, upload: "UploadedFile[Any]", now: datetime, by_id: int) -> Batch:
    """Store an uploaded file chunk by chunk and register its batch, which waits to be read.

    Raises:
        FileUnreadable: the file could not be stored here; nothing of it is kept.
    """
    name = batches.new_stored_name()
    path = batches.upload_path(name)
    given = upload.name or "upload"
    try:
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as stored:
            for chunk in upload.chunks():
                stored.write(chunk)
    except OSError as error:
        path.unlink(missing_ok=True)
        reason = f"{given} could not be stored: {error.strerror or error}. Tell your operator."
        raise FileUnreadable(reason) from error
    return batches.register(study=study, file_name=given, now=now, by_id=by_id, stored_name=name)


def read_again(*, batch: Batch, now: datetime) -> bool:
    """Let an upload wait to be read once more; False when it waits already or has no file here.

    For one that failed, that stopped half way with its worker, or whose refused lines shall
    become new versions. What is stored of it stays.
    """
    ended = Batch.objects.filter(pk=batch.pk).exclude(state=BatchState.WAITING)
    ended = ended.exclude(stored_name="")
    return ended.update(state=BatchState.WAITING, failure="", finished_at=now) == 1


def give_up(*, batch_id: int, reason: str, now: datetime) -> None:
    """Mark an upload whose reading broke off as failed."""
    Batch.objects.filter(pk=batch_id, state=BatchState.READING).update(
        state=BatchState.FAILED, failure=reason, finished_at=now
    )
