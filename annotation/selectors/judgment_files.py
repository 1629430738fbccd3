"""What became of each file of judgments made elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from annotation.line_files import LIVE, refused_lines_of
from annotation.models import JudgmentFile, Study
from annotation.models.judgment_file import READING_TAKES
from annotation.selectors.speeds import Speed
from annotation.selectors.uploads import PATIENCE
from annotation.tally import ERRORS_KEPT
from annotation.upload_paths import upload_path
from annotation.vocabulary import LineFileState

# Of a worker that was killed the job is taken up within fifteen seconds; this is long after.
SILENT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class JudgmentFileRow(Speed):
    """One file as its page shows it; ``lines`` is how many are done with, by the work in them."""

    number: int
    file_name: str
    state: LineFileState
    failure: str
    read: int
    created: int
    updated: int
    unchanged: int
    refused: int
    uploaded_at: datetime
    uploaded_by: str
    has_file: bool
    has_refused_lines: bool
    unattended: bool
    errors: list[dict[str, Any]]

    @property
    def live(self) -> bool:
        """Say whether the page should look again by itself."""
        return self.state in LIVE

    @property
    def can_go_on(self) -> bool:
        """Say whether reading ended before the file did, and can go on."""
        stopped = self.state in (LineFileState.CANCELLED, LineFileState.FAILED)
        left = self.state == LineFileState.READING and self.unattended
        return self.has_file and (stopped or left)

    @property
    def errors_cut(self) -> bool:
        """Say whether more lines were refused than reasons are kept."""
        return self.refused > ERRORS_KEPT


def row_of(file: JudgmentFile, *, at: datetime) -> JudgmentFileRow:
    """Return one file; ``unattended`` if no running worker would let it stand as it does."""
    return JudgmentFileRow(
        lines=file.read * max(file.share, READING_TAKES),
        share=file.share,
        began_at=file.began_at,
        at=at if file.state == LineFileState.READING else file.ended_at or at,
        number=file.number,
        file_name=file.file_name,
        state=LineFileState(file.state),
        failure=file.failure,
        read=file.read,
        created=file.created,
        updated=file.updated,
        unchanged=file.unchanged,
        refused=file.refused,
        uploaded_at=file.uploaded_at,
        uploaded_by=file.uploaded_by.username if file.uploaded_by else "",
        has_file=upload_path(file.stored_name).is_file(),
        has_refused_lines=refused_lines_of(file) is not None,
        unattended=_is_unattended(file, at),
        errors=file.errors,
    )


def files_of(study: Study) -> list[JudgmentFile]:
    """Return the study's files without their errors, the latest first."""
    rows = JudgmentFile.objects.filter(study=study).select_related("uploaded_by")
    return list(rows.defer("errors").order_by("-number"))


def _is_unattended(file: JudgmentFile, at: datetime) -> bool:
    if file.state == LineFileState.WAITING:
        return at - (file.moved_at or file.uploaded_at) > PATIENCE
    return file.state == LineFileState.READING and at - (file.moved_at or at) > SILENT
