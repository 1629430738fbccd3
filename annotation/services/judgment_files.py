"""Files of judgments made elsewhere: taken in, read by a worker, stopped and read on."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from annotation import line_files
from annotation.errors import FileUnreadable, JudgmentFileUnknown, LoadStopped
from annotation.line_files import LIVE
from annotation.models import JudgmentFile, Study
from annotation.numbering import numbered
from annotation.selectors.judgment_files import SILENT
from annotation.services import imports, uploads
from annotation.services.courtesy import Courtesy
from annotation.services.uploads import StoredUpload
from annotation.tally import Tally
from annotation.upload_paths import refused_path, upload_path
from annotation.vocabulary import LineFileState

LARGEST = uploads.LARGEST
ENDINGS = (*line_files.PLAIN, ".parquet", ".json")
# So much is loaded while its sender waits: some two thousand lines, well under a second.
LARGEST_AT_ONCE = 128 * 1024
BROKE_OFF = "Reading broke off. What was stored stays: let it go on, and nothing is stored twice."

log = structlog.get_logger("touchstone.judgment_files")


def name_problem(file_name: str) -> str:
    """Say what is wrong with a file's name, if anything is: it says how the file is read."""
    return line_files.name_problem(file_name, ENDINGS)


def store(upload: "UploadedFile[Any]") -> StoredUpload:
    """Store an uploaded file; in no transaction, for a large one takes its time.

    Raises:
        FileUnreadable: it could not be stored, or can be seen at once to be unreadable.
    """
    (stored,) = uploads.store([upload])
    return stored


def register(
    *, study: Study, stored: StoredUpload, by_id: int | None, now: datetime
) -> JudgmentFile:
    """Give a stored file its number; :func:`read` stores its judgments."""
    return numbered(
        JudgmentFile,
        study_id=study.pk,
        file_name=stored.file_name,
        stored_name=stored.stored_name,
        uploaded_by_id=by_id,
        uploaded_at=now,
    )


def load_at_once(
    *, study: Study, stored: StoredUpload, by_id: int | None, now: datetime
) -> JudgmentFile:
    """Load a small file while its sender waits, and note what became of it.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    path = upload_path(stored.stored_name)
    try:
        tally = imports.load(
            study=study,
            path=path,
            name=stored.file_name,
            now=now,
            refused=refused_path(stored.stored_name),
        )
    finally:
        path.unlink(missing_ok=True)
    return numbered(
        JudgmentFile,
        study_id=study.pk,
        file_name=stored.file_name,
        stored_name=stored.stored_name,
        uploaded_by_id=by_id,
        uploaded_at=now,
        state=LineFileState.READY,
        share=1,
        ended_at=now,
        updated=tally.updated,
        **line_files.outcome(tally),
    )


def file_of(study: Study, number: int) -> JudgmentFile:
    """Return a file of the study.

    Raises:
        JudgmentFileUnknown: there is none such.
    """
    files = JudgmentFile.objects.select_related("study", "uploaded_by")
    found = files.filter(study=study, number=number).first()
    if found is None:
        raise JudgmentFileUnknown(f"The study has no file of judgments {number}.")
    return found


def read(
    file_id: int, *, clock: Callable[[], datetime], courtesy: Courtesy | None = None
) -> JudgmentFile:
    """Read a file that was taken in; once it has ended nothing happens.

    A file that is being read already was left by a worker that died, or is taken from one that is
    given up: it is read from its start, and what was stored is known already.
    """
    file = JudgmentFile.objects.select_related("study").get(pk=file_id)
    reading = _take_up(file, clock)
    if reading is None:
        file.refresh_from_db()
        if file.state == LineFileState.READY:  # its reader died just before it took this away
            upload_path(file.stored_name).unlink(missing_ok=True)
        return file
    try:
        ended = line_files.read(
            reading.mine,
            lambda: reading.load(courtesy),
            refusals=(FileUnreadable,),
            broke_off=BROKE_OFF,
            clock=clock,
        )
    except LoadStopped as stop:  # whoever stopped it said so
        log.info("judgment_file_stopped", file=file_id, reason=str(stop))
    else:
        # Stopped or taken over since its last chunk, it may be read on: then it stays.
        if ended:
            upload_path(file.stored_name).unlink(missing_ok=True)
    file.refresh_from_db()
    return file


def _take_up(file: JudgmentFile, clock: Callable[[], datetime]) -> "_Reading | None":
    """Put this reader's mark on a file; None where it has ended, or another was first."""
    mark = secrets.token_hex(16)
    as_seen = JudgmentFile.objects.filter(pk=file.pk, state__in=LIVE, reader=file.reader)
    now = clock()
    if not as_seen.update(
        state=LineFileState.READING,
        reader=mark,
        share=0,
        began_at=now,
        moved_at=now,
        read=0,
        unchanged=0,
        refused=0,
        errors=[],
        failure="",
    ):
        return None
    # An earlier reader may have stored a chunk since the caller looked, and no more from here on.
    file.refresh_from_db(fields=["created", "updated"])
    mine = JudgmentFile.objects.filter(pk=file.pk, state=LineFileState.READING, reader=mark)
    return _Reading(file, mine, clock)


class _Reading:
    """One run over a file: it says how far it has come, and stops when the file is no more its own.

    What an earlier run stored this one finds unchanged; it counts as what it was then.
    """

    def __init__(
        self,
        file: JudgmentFile,
        mine: "QuerySet[JudgmentFile]",
        clock: Callable[[], datetime],
    ) -> None:
        self.file, self.mine, self.clock = file, mine, clock
        self.reasons_told = 0

    def load(self, courtesy: Courtesy | None) -> dict[str, Any]:
        """Load the file, and return what became of it."""
        file = self.file
        tally = imports.load(
            study=file.study,
            path=upload_path(file.stored_name),
            name=file.file_name,
            now=self.clock(),
            refused=refused_path(file.stored_name),
            courtesy=courtesy,
            watch=self._moved,
        )
        return {**self._counts(tally), "share": 1, "errors": line_files.outcome(tally)["errors"]}

    def _moved(self, tally: Tally, share: float) -> None:
        """Store how far it is, in the transaction of what is stored.

        Raises:
            LoadStopped: an admin stopped it, or another reader has taken it up.
        """
        told = {**self._counts(tally), "share": share, "moved_at": self.clock()}
        if len(tally.errors) > self.reasons_told:
            told["errors"] = line_files.outcome(tally)["errors"]
        if not self.mine.update(**told):
            raise LoadStopped(
                "Reading was stopped: by an admin, or because another worker has taken it up."
            )
        self.reasons_told = len(tally.errors)

    def _counts(self, tally: Tally) -> dict[str, int]:
        earlier = self.file.created + self.file.updated
        return {
            "read": tally.read,
            "created": self.file.created + tally.created,
            "updated": self.file.updated + tally.updated,
            "unchanged": max(tally.unchanged - earlier, 0),
            "refused": tally.refused,
        }


def stop(*, file: JudgmentFile, now: datetime) -> bool:
    """Stop a file that waits or is being read; say whether it did. What is stored of it stays."""
    live = JudgmentFile.objects.filter(pk=file.pk, state__in=LIVE)
    return live.update(state=LineFileState.CANCELLED, ended_at=now, reader="") == 1


def read_on(*, file: JudgmentFile, now: datetime) -> bool:
    """Let a file that was stopped, or whose reading broke off, wait to be read on; say if it does.

    False where it waits already, somebody reads it, it was read to its end, or is not here any
    more.
    """
    left = JudgmentFile.objects.filter(pk=file.pk)
    left = left.exclude(state__in=(LineFileState.WAITING, LineFileState.READY))
    left = left.exclude(state=LineFileState.READING, moved_at__gt=now - SILENT)
    if not upload_path(file.stored_name).is_file():
        return False
    waits = left.update(
        state=LineFileState.WAITING, failure="", ended_at=None, moved_at=now, reader=""
    )
    return waits == 1
