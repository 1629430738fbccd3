"""Releases by API: asked for, listed, compared, and their files."""

from http import HTTPStatus

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, AsItIs, ErrorAnswer, only, only_fields
from evaluation import tasks
from evaluation.api import schemas
from evaluation.api.studies import (
    StudyView,
    asked_for,
)
from evaluation.errors import ReleaseInvalid
from evaluation.services import (
    releases,
)


class Releases(StudyView):
    """The study's releases."""

    @extend_schema(operation_id="releases", responses={200: schemas.ReleaseList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the releases, the newest first."""
        only(request)
        found = [releases.as_json(one) for one in releases.releases_of(self.study)]
        return Response({"study": self.study.slug, "releases": found})

    @extend_schema(
        operation_id="request_release",
        request=schemas.ReleaseName,
        responses={
            201: schemas.ReleaseEntry,
            409: OpenApiResponse(ErrorAnswer, "There is a release of this name."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a release; it is ready when its state says so."""
        only(request)
        only_fields(request, "name", "keep_flagged")
        asked = schemas.ReleaseName(data=request.data)
        asked.is_valid(raise_exception=True)
        release = tasks.request_release(
            self.study,
            name=asked.validated_data["name"],
            by_id=request.user.pk,
            now=timezone.now(),
            keep_flagged=asked.validated_data["keep_flagged"],
        )
        return Response(releases.as_json(release), status=HTTPStatus.CREATED)


class ReleaseComparison(StudyView):
    """Two releases beside each other."""

    @extend_schema(
        operation_id="compare_releases",
        parameters=[
            OpenApiParameter("before", str, required=True, description="A release's key."),
            OpenApiParameter("after", str, required=True, description="A later one's key."),
        ],
        responses={
            200: schemas.ReleaseComparison,
            409: OpenApiResponse(ErrorAnswer, "One is not written yet, or failed."),
            **REFUSALS,
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        """Say what changed from one release to another."""
        only(request, "before", "after")
        before, after = asked_for(request, "before"), asked_for(request, "after")
        if not (before and after):
            raise ReleaseInvalid("Name two releases by their keys: before and after.")
        return Response(releases.compared(self.study, before, after).as_json())


class ReleaseFile(StudyView):
    """One file of a release."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="release_file",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=FIRST-"),
            OpenApiParameter(
                "If-Range", str, OpenApiParameter.HEADER, description="The ETag of what one has."
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            416: OpenApiResponse(description="The file is shorter than that."),
            409: OpenApiResponse(ErrorAnswer, "It is not written yet, or failed."),
            410: OpenApiResponse(ErrorAnswer, "Its files were deleted."),
            **REFUSALS,
        },
    )
    def get(self, request: Request, slug: str, key: str, name: str) -> HttpResponseBase:
        """Send the file, to be saved; a range of it, where one is asked for."""
        only(request)
        return releases.sent(releases.release_of(self.study, key), name, request.headers)
