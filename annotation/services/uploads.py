"""Taking in uploaded files: each is stored under a name of its own and becomes a batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from annotation import files
from annotation.errors import FileUnreadable
from annotation.line_files import PLAIN
from annotation.models import Batch
from annotation.services import batches
from annotation.vocabulary import BatchState

LARGEST = 2 * 1024**3
ACCEPTED = (*PLAIN, ".parquet", ".eval", ".json")
# A packed text of this size is read through in a second or two.
LOOKED_THROUGH = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A file as it was called where it came from, and the name it has here."""

    file_name: str
    stored_name: str


def store(uploads: "Iterable[UploadedFile[Any]]") -> list[StoredUpload]:
    """Store uploaded files chunk by chunk: all of them, or none.

    Raises:
        FileUnreadable: one could not be stored here, or can be seen at once to be unreadable.
    """
    stored: list[StoredUpload] = []
    for upload in uploads:
        stored.append(StoredUpload(upload.name or "upload", batches.new_stored_name()))
        path = batches.upload_path(stored[-1].stored_name)
        try:
            _write(upload, path)
            look(path, name=stored[-1].file_name)
        except OSError as error:
            _forget(stored)
            reason = f"could not be stored: {error.strerror or error}. Tell your operator."
            raise FileUnreadable(f"{stored[-1].file_name} {reason}") from error
        except FileUnreadable:
            _forget(stored)
            raise
    return stored


def name_problem(file_name: str) -> str:
    """Say what is wrong with a file's name, if anything is: it says how the file is read."""
    if file_name.lower().removesuffix(".gz").endswith(ACCEPTED):
        return ""
    return "must end in .jsonl, .csv, .parquet, .eval or .json, or in one of these and .gz"


def look(path: Path, *, name: str) -> None:
    """Refuse at once what can be seen to be unreadable, so that nobody waits for a worker's word.

    A small file is read to its end, of a large one of lines the first; what is wrong further on
    the batch will say. Time and memory are bounded whatever the file unpacks to.

    Raises:
        FileUnreadable: as :func:`annotation.files.read`.
    """
    if path.stat().st_size <= LOOKED_THROUGH:
        files.check(path, name=name)
    elif name.lower().removesuffix(".gz").endswith(PLAIN):
        next(iter(files.read(path, name=name)), None)


def _forget(stored: list[StoredUpload]) -> None:
    for one in stored:
        batches.upload_path(one.stored_name).unlink(missing_ok=True)


def _write(upload: "UploadedFile[Any]", path: Path) -> None:
    path.touch(mode=0o600, exist_ok=False)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)


def read_again(*, batch: Batch, now: datetime) -> bool:
    """Let an upload wait to be read once more; False when it waits already or has no file here.

    For one that failed, that stopped half way with its worker, or whose refused lines shall
    become new versions. What is stored of it stays.
    """
    ended = Batch.objects.filter(pk=batch.pk).exclude(state=BatchState.WAITING)
    ended = ended.exclude(stored_name="")
    return ended.update(state=BatchState.WAITING, failure="", finished_at=now) == 1


def cancel(*, batch: Batch, now: datetime) -> bool:
    """Stop an upload that waits or is being read; say whether it did.

    What is stored of it stays, can get no seats, and is there when reading goes on.
    """
    live = Batch.objects.filter(pk=batch.pk, state__in=(BatchState.WAITING, BatchState.READING))
    return live.update(state=BatchState.CANCELLED, finished_at=now, reader="") == 1


def give_up(*, batch: Batch, reason: str, now: datetime) -> bool:
    """Mark an upload whose reading broke off as failed, unless another reader has taken it up.

    ``batch`` is as the reader that broke off knew it. Says whether it did.
    """
    mine = Batch.objects.filter(pk=batch.pk, state=BatchState.READING, reader=batch.reader)
    failed = mine.update(state=BatchState.FAILED, failure=reason, finished_at=now, reader="")
    return failed == 1
