"""What became of each batch: progress, errors by line, the refused lines, stop and go on."""

from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import line_files, tasks
from annotation.api import schemas
from annotation.api_gates import REFUSALS, AdminView, AsItIs, ErrorAnswer, only, only_fields
from annotation.errors import BatchHasNoFile
from annotation.models import Batch, Study
from annotation.selectors import uploads as found
from annotation.services import uploads
from annotation.upload_paths import refused_path

ERRORS_PER_PAGE = 100


class Batches(AdminView):
    """The study's batches."""

    @extend_schema(operation_id="batches", responses={200: schemas.BatchList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the batches, the latest first."""
        only(request)
        rows = found.batches_of(self.study, at=timezone.now())
        return Response({"study": slug, "batches": [_entry(row) for row in rows]})


class OneBatch(AdminView):
    """One batch."""

    @extend_schema(operation_id="batch", responses={200: schemas.BatchEntry, **REFUSALS})
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Say what became of it so far."""
        only(request)
        return Response(batch_entry(_batch(self.study, number).pk))


class Errors(AdminView):
    """What was wrong with a batch's lines."""

    @extend_schema(
        operation_id="batch_errors",
        parameters=[OpenApiParameter("page", int, description="From 1; a hundred each.")],
        responses={200: schemas.LineErrors, **REFUSALS},
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """List the errors by line: field, what stands there, and what to do."""
        only(request, "page")
        batch = _batch(self.study, number)
        pages = Paginator(batch.errors.order_by("line", "pk"), ERRORS_PER_PAGE)
        page = pages.page(_page_of(request, pages.num_pages))
        return Response(
            {
                "refused": batch.refused,
                "reasons": pages.count,
                "page": page.number,
                "pages": pages.num_pages,
                "errors": [
                    {name: getattr(one, name) for name in ("line", "field", "value", "reason")}
                    for one in page
                ],
            }
        )


class RefusedLines(AdminView):
    """The refused lines themselves."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="refused_lines",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **REFUSALS},
    )
    def get(self, request: Request, slug: str, number: int) -> FileResponse:
        """Send them as a file, to be corrected and uploaded again."""
        only(request)
        batch = _batch(self.study, number)
        path = refused_path(batch.stored_name) if batch.stored_name else None
        return line_files.download(path, file_name=batch.file_name)


class StopBatch(AdminView):
    """The end of reading before its end."""

    @extend_schema(
        operation_id="stop_batch", request=None, responses={200: schemas.BatchEntry, **REFUSALS}
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Stop reading, if it goes on; the state says what came of it."""
        only(request)
        only_fields(request)
        batch = _batch(self.study, number)
        uploads.cancel(batch=batch, now=timezone.now())
        return Response(batch_entry(batch.pk))


class ReadAgain(AdminView):
    """Reading once more."""

    @extend_schema(
        operation_id="read_batch_again",
        request=schemas.Again,
        responses={
            200: schemas.BatchEntry,
            409: OpenApiResponse(ErrorAnswer, "Its file is not on the server."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Go on where reading stopped, or read from the beginning."""
        only(request)
        only_fields(request, "start", "new_versions")
        asked = schemas.Again(data=request.data)
        asked.is_valid(raise_exception=True)
        batch = _batch(self.study, number)
        if not batch.stored_name:
            raise BatchHasNoFile("This batch came by command: load its file again so.")
        tasks.read_again(
            batch=batch,
            new_versions=asked.validated_data["new_versions"],
            resume=asked.validated_data["start"] == "there",
            now=timezone.now(),
        )
        return Response(batch_entry(batch.pk))


def batch_entry(batch_id: int) -> dict[str, Any]:
    """Return what became of a batch, as it is now."""
    batch = Batch.objects.select_related("created_by").get(pk=batch_id)
    return _entry(found.row_of(batch, at=timezone.now()))


def _entry(row: found.BatchRow) -> dict[str, Any]:
    left = row.left
    names = schemas.BatchEntry().fields.keys() - {"seconds_left"}
    values = {name: getattr(row, name) for name in names}
    return {**values, "seconds_left": None if left is None else int(left.total_seconds())}


def _batch(study: Study, number: int) -> Batch:
    batch = Batch.objects.filter(study=study, number=number).first()
    if batch is None:
        raise Http404
    return batch


def _page_of(request: Request, pages: int) -> int:
    asked = serializers.IntegerField(min_value=1, max_value=pages)
    try:
        number: int = asked.run_validation(request.query_params.get("page", 1))
    except ValidationError as error:
        raise ValidationError({"page": error.detail}) from error
    return number
