"""Sending a file in parts: start, add parts from where it stopped, finish."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import IO, Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import tasks
from annotation.api import schemas
from annotation.api.batches import batch_entry
from annotation.api.judgment_files import file_entry
from annotation.api_gates import REFUSALS, AdminView, ErrorAnswer, only, only_fields
from annotation.errors import UploadFinished, UploadPartCutOff
from annotation.models import Upload
from annotation.services import parts
from annotation.services.judgment_files import file_of

PART = "application/offset+octet-stream"
OFFSET = "Upload-Offset"
LONGEST_NUMBER = 19
AT_ONCE = 64 * 1024
CONFLICT = OpenApiResponse(ErrorAnswer, "Not now; the code says why.")


class LengthRequired(APIException):
    """A part does not say how long it is, and not where it ends either."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "Send each part with its Content-Length."


class Uploads(AdminView):
    """The study's unfinished uploads."""

    @extend_schema(operation_id="uploads", responses={200: schemas.UploadList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the files that are on their way, the latest first."""
        only(request)
        found = Upload.objects.unfinished().filter(study=self.study).order_by("-pk")
        return Response({"study": self.study.slug, "uploads": [_entry(one) for one in found]})

    @extend_schema(
        operation_id="start_upload",
        request=schemas.NewUpload,
        responses={
            200: OpenApiResponse(schemas.UploadEntry, "The same file is on its way: go on."),
            201: schemas.UploadEntry,
            409: CONFLICT,
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Start to send a file, or find where the same file stopped."""
        only(request)
        only_fields(request, "file_name", "bytes", "sha256")
        asked = schemas.NewUpload(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        upload, new = parts.start(
            study=self.study,
            file_name=given["file_name"],
            size=given["bytes"],
            sha256=given.get("sha256", "").lower(),
            by_id=cast(int, request.user.pk),
            now=timezone.now(),
        )
        status = HTTPStatus.CREATED if new else HTTPStatus.OK
        return _answer(upload, status=status)


class OneUpload(AdminView):
    """One file on its way in."""

    largest_body = None  # a part is counted as it comes, against what its file still lacks

    @extend_schema(operation_id="upload", responses={200: schemas.UploadEntry, **REFUSALS})
    def get(self, request: Request, slug: str, upload_key: str) -> Response:
        """Say how much of the file is here; HEAD says so in its headers."""
        only(request)
        return _answer(parts.upload_of(self.study, upload_key))

    @extend_schema(
        operation_id="add_part",
        parameters=[
            OpenApiParameter(OFFSET, int, OpenApiParameter.HEADER, required=True),
        ],
        request={PART: OpenApiTypes.BINARY},
        responses={
            200: schemas.UploadEntry,
            409: CONFLICT,
            411: OpenApiResponse(ErrorAnswer, "The part does not say how long it is."),
            413: OpenApiResponse(ErrorAnswer, "The part is too large."),
            415: OpenApiResponse(ErrorAnswer, f"The body is {PART}."),
            507: OpenApiResponse(ErrorAnswer, "The server could not store it."),
            **REFUSALS,
        },
    )
    def patch(self, request: Request, slug: str, upload_key: str) -> Response:
        """Add a part: all of it, or nothing."""
        only(request)
        upload = parts.upload_of(self.study, upload_key)
        if (request.content_type or "").partition(";")[0].strip().lower() != PART:
            raise UnsupportedMediaType(request.content_type or "nothing")
        body, length = _body_of(request)
        upload.received = parts.add(
            upload=upload,
            offset=_offset_of(request),
            pieces=_pieces(body),
            length=length,
            now=timezone.now(),
        )
        return _answer(upload)

    @extend_schema(operation_id="abandon_upload", responses={204: None, 409: CONFLICT, **REFUSALS})
    def delete(self, request: Request, slug: str, upload_key: str) -> Response:
        """Forget the file and what arrived of it."""
        only(request)
        upload = parts.upload_of(self.study, upload_key)
        if not parts.abandon(upload=upload):
            reason = "The file was finished, and what it became stays."
            raise UploadFinished(reason, **parts.became(upload))
        return Response(status=HTTPStatus.NO_CONTENT)


class FinishUpload(AdminView):
    """The end of sending."""

    @extend_schema(
        operation_id="finish_upload",
        request=schemas.Finish,
        responses={
            200: OpenApiResponse(schemas.BatchEntry, "It was finished before."),
            201: schemas.BatchEntry,
            409: CONFLICT,
            422: OpenApiResponse(ErrorAnswer, "What arrived is not what was announced."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str, upload_key: str) -> Response:
        """Hold the file against what was announced, and have it read as a batch."""
        only(request)
        only_fields(request, "new_versions")
        asked = schemas.Finish(data=request.data)
        asked.is_valid(raise_exception=True)
        batch, new = tasks.read_sent(
            upload=parts.upload_of(self.study, upload_key),
            new_versions=asked.validated_data["new_versions"],
            by_id=cast(int, request.user.pk),
            now=timezone.now(),
        )
        status = HTTPStatus.CREATED if new else HTTPStatus.OK
        return Response(batch_entry(batch.pk), status=status)


class FinishAsJudgments(AdminView):
    """The end of sending a file of judgments made elsewhere."""

    @extend_schema(
        operation_id="finish_upload_as_judgments",
        request=None,
        responses={
            200: OpenApiResponse(schemas.JudgmentFileEntry, "It was finished before."),
            201: schemas.JudgmentFileEntry,
            409: CONFLICT,
            422: OpenApiResponse(ErrorAnswer, "What arrived is not what was announced."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str, upload_key: str) -> Response:
        """Hold the file against what was announced, and have it read as judgments."""
        only(request)
        only_fields(request)
        file, new = tasks.read_sent_judgments(
            upload=parts.upload_of(self.study, upload_key),
            by_id=cast(int, request.user.pk),
            now=timezone.now(),
        )
        status = HTTPStatus.CREATED if new else HTTPStatus.OK
        return Response(file_entry(file_of(self.study, file.number)), status=status)


def _answer(upload: Upload, *, status: int = HTTPStatus.OK) -> Response:
    headers = {OFFSET: str(upload.received), "Upload-Length": str(upload.bytes)}
    return Response(_entry(upload), status=status, headers=headers)


def _entry(upload: Upload) -> dict[str, Any]:
    return {
        "key": upload.key,
        "file_name": upload.file_name,
        "bytes": upload.bytes,
        "offset": upload.received,
        "sha256": upload.sha256,
        "started_at": upload.started_at,
        "kept_until": upload.moved_at + parts.KEPT,
        "largest_part": parts.LARGEST_PART,
        "batch": upload.batch.number if upload.batch else None,
        "judgments": upload.judgments.number if upload.judgments else None,
    }


def _offset_of(request: Request) -> int:
    given = request.headers.get(OFFSET, "")
    if not (given.isascii() and given.isdecimal() and len(given) <= LONGEST_NUMBER):
        raise ValidationError({OFFSET: ["Say at which byte of the file the part begins."]})
    return int(given)


def _body_of(request: Request) -> tuple[IO[bytes], int | None]:
    """Return a part's body and its length; None where the server vouches for its end instead."""
    given = request.META.get("CONTENT_LENGTH") or ""
    if given.isascii() and given.isdecimal():
        return cast(IO[bytes], request._request), int(given)
    if request.META.get("HTTP_TRANSFER_ENCODING") and request.META.get("wsgi.input_terminated"):
        return request.META["wsgi.input"], None  # Django itself reads nothing of such a body
    raise LengthRequired


def _pieces(body: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := body.read(AT_ONCE):
            yield piece
    except OSError as error:
        raise UploadPartCutOff("The part was cut off on its way. Send it again.") from error
