"""Files of judgments made elsewhere: how far each is, what was refused, stop and go on."""

from typing import Any

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import line_files, tasks
from annotation.api import schemas
from annotation.api_gates import REFUSALS, AdminView, AsItIs, ErrorAnswer, only, only_fields
from annotation.errors import JudgmentFileHasEnded
from annotation.line_files import LIVE
from annotation.models import JudgmentFile
from annotation.selectors import judgment_files as found
from annotation.services import judgment_files


class JudgmentFiles(AdminView):
    """The study's files of judgments made elsewhere."""

    @extend_schema(
        operation_id="judgment_files", responses={200: schemas.JudgmentFileList, **REFUSALS}
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the files, the latest first, without what was wrong in them."""
        only(request)
        now = timezone.now()
        rows = [found.row_of(file, at=now) for file in found.files_of(self.study)]
        names = schemas.JudgmentFileFacts().fields.keys()
        return Response({"study": slug, "files": [_facts(row, names) for row in rows]})


class OneJudgmentFile(AdminView):
    """One file of judgments made elsewhere."""

    @extend_schema(
        operation_id="judgment_file", responses={200: schemas.JudgmentFileEntry, **REFUSALS}
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Say what became of it so far, and what was wrong with its lines."""
        only(request)
        return Response(file_entry(judgment_files.file_of(self.study, number)))


class RefusedJudgments(AdminView):
    """The refused lines of a file themselves."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="refused_judgments",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **REFUSALS},
    )
    def get(self, request: Request, slug: str, number: int) -> FileResponse:
        """Send them as a file, to be corrected and sent again."""
        only(request)
        file = judgment_files.file_of(self.study, number)
        return line_files.download(line_files.refused_lines_of(file), file_name=file.file_name)


class StopJudgments(AdminView):
    """The end of reading before the file's end."""

    @extend_schema(
        operation_id="stop_judgments",
        request=None,
        responses={200: schemas.JudgmentFileEntry, **REFUSALS},
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Stop reading, if it goes on; the state says what came of it."""
        only(request)
        only_fields(request)
        file = judgment_files.file_of(self.study, number)
        judgment_files.stop(file=file, now=timezone.now())
        return Response(file_entry(judgment_files.file_of(self.study, number)))


class ReadJudgmentsOn(AdminView):
    """Reading on."""

    @extend_schema(
        operation_id="read_judgments_on",
        request=None,
        responses={
            200: schemas.JudgmentFileEntry,
            409: OpenApiResponse(ErrorAnswer, "It was read to its end, or is not here any more."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Go on where reading stopped, or broke off."""
        only(request)
        only_fields(request)
        file = judgment_files.file_of(self.study, number)
        waits = tasks.read_judgments_on(file=file, now=timezone.now())
        if not (waits or file.state in LIVE):
            raise JudgmentFileHasEnded("Nothing is left to read of this file.")
        return Response(file_entry(judgment_files.file_of(self.study, number)))


def file_entry(file: JudgmentFile) -> dict[str, Any]:
    """Return what became of a file, as it is now."""
    row = found.row_of(file, at=timezone.now())
    return _facts(row, schemas.JudgmentFileEntry().fields.keys())


def _facts(row: found.JudgmentFileRow, names: Any) -> dict[str, Any]:
    left = row.left
    values = {name: getattr(row, name) for name in names if name != "seconds_left"}
    return {**values, "seconds_left": None if left is None else int(left.total_seconds())}
