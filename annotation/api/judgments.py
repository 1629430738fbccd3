"""Judgments made elsewhere, sent line by line; sending a line again changes nothing."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import api_bodies
from annotation.api_gates import REFUSALS, AdminView, ErrorAnswer, only
from annotation.services import imports


class Judgments(AdminView):
    """Judgments that were made elsewhere."""

    largest_body = api_bodies.LARGEST_LINES

    @extend_schema(
        operation_id="load_judgments",
        parameters=api_bodies.HOW_PARAMETERS,
        request=api_bodies.LINES,
        responses={
            200: api_bodies.Loaded,
            413: OpenApiResponse(ErrorAnswer, "More lines than one request may have."),
            415: OpenApiResponse(ErrorAnswer, "The body is JSON Lines or CSV."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Load the good lines of the body, and list the others."""
        only(request, *api_bodies.HOW)
        how = api_bodies.how_of(request)
        with api_bodies.lines_of(request) as (path, name):
            tally = imports.load(
                study=self.study,
                path=path,
                name=name,
                now=timezone.now(),
                strict=how.strict,
                dry_run=how.dry_run,
            )
        return Response(api_bodies.answer_of(slug, tally, how))
