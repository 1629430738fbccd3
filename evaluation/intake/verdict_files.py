"""Files of verdicts that are too large for a page to wait: taken in, and read by a worker."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from annotation import line_files
from annotation.errors import FileUnreadable
from annotation.numbering import numbered
from annotation.selectors.studies import StudyFacts
from annotation.services import uploads
from annotation.services.uploads import StoredUpload
from annotation.tally import Progress, Tally
from annotation.upload_paths import refused_path, upload_path
from evaluation.errors import JudgeInvalid, VerdictFileUnknown
from evaluation.intake import load_verdicts
from evaluation.intake.judge_versions import JudgeVersion
from evaluation.models import VerdictFile
from evaluation.models.verdict_file import VerdictFileState

LARGEST = uploads.LARGEST
ENDINGS = (".jsonl", ".ndjson", ".csv", ".parquet")
BROKE_OFF = "Reading broke off. What was stored stays; upload the file again, and it goes on there."
LIVE = (VerdictFileState.WAITING, VerdictFileState.READING)


def name_problem(file_name: str) -> str:
    """Say what is wrong with a file's name, if anything is: it says how the file is read."""
    return line_files.name_problem(file_name, ENDINGS)


def store(upload: "UploadedFile[Any]", judge: JudgeVersion) -> StoredUpload:
    """Store an uploaded file; in no transaction, for a large one takes its time.

    Raises:
        JudgeInvalid: a judge cannot be called so.
        FileUnreadable: it could not be stored, or can be seen at once to be unreadable.
    """
    judge.check()
    (stored,) = uploads.store([upload])
    return stored


def register(
    *,
    study: StudyFacts,
    stored: StoredUpload,
    judge: JudgeVersion,
    by_id: int | None,
    now: datetime,
) -> VerdictFile:
    """Give a stored file its number; :func:`read` stores its verdicts."""
    return numbered(
        VerdictFile,
        study_id=study.id,
        file_name=stored.file_name,
        stored_name=stored.stored_name,
        judge=judge.name,
        model=judge.model,
        prompt_version=judge.prompt_version,
        rubric_version=judge.rubric_version,
        simulated=judge.simulated,
        uploaded_by_id=by_id,
        uploaded_at=now,
    )


def read(study: StudyFacts, number: int, *, clock: Callable[[], datetime]) -> VerdictFile:
    """Read a file that was taken in; once it has ended nothing happens.

    A file that is being read already was left by a worker that died: it is read from its start,
    and what was stored is known already.

    Raises:
        VerdictFileUnknown: the study has none such.
    """
    file = file_of(study, number)
    mine = VerdictFile.objects.filter(pk=file.pk, state__in=LIVE)
    if not mine.update(state=VerdictFileState.READING):
        return file

    def progress(lines: int) -> None:
        mine.update(read=lines)

    try:
        line_files.read(
            mine,
            lambda: line_files.outcome(_load(study, file, progress, now=clock())),
            refusals=(FileUnreadable, JudgeInvalid),
            broke_off=BROKE_OFF,
            clock=clock,
        )
    finally:
        upload_path(file.stored_name).unlink(missing_ok=True)
    file.refresh_from_db()
    return file


def _load(study: StudyFacts, file: VerdictFile, progress: Progress, *, now: datetime) -> Tally:
    return load_verdicts(
        study=study,
        path=upload_path(file.stored_name),
        judge=JudgeVersion(
            file.judge, file.model, file.prompt_version, file.rubric_version, file.simulated
        ),
        now=now,
        name=file.file_name,
        refused=refused_path(file.stored_name),
        progress=progress,
    )


def file_of(study: StudyFacts, number: int) -> VerdictFile:
    """Return a file of the study.

    Raises:
        VerdictFileUnknown: there is none such.
    """
    found = VerdictFile.objects.filter(study=study.id, number=number).first()
    if found is None:
        raise VerdictFileUnknown(f"The study has no file of verdicts {number}.")
    return found


def files_of(study: StudyFacts) -> list[VerdictFile]:
    """Return the study's files without their errors, the latest first."""
    return list(VerdictFile.objects.filter(study=study.id).defer("errors").order_by("-number"))
