"""The API's views of labels: how they are made, and the labels themselves."""

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, AsItIs, only
from annotation.cells import json_text
from evaluation.api.schemas.labels import LabelReport
from evaluation.api.studies import EXCLUSIONS, StudyView
from evaluation.services import labels, reports
from evaluation.services.labels import Labelling
from evaluation.services.report_kinds import LABELS
from evaluation.services.reports import Found

PARAMETERS = [
    OpenApiParameter("question", str, description="The question's key; the first if left out."),
    OpenApiParameter("judge", int, description="Put this judge's probabilities beside."),
    EXCLUSIONS,
]


class _OfQuestion(StudyView):
    """A view about the labels of one question."""

    def found(self, request: Request) -> Found[list[Labelling]]:
        """Return how the labels that are asked for are made."""
        only(request, "question", "judge", "exclusions")
        return reports.at_once(self.study, LABELS, dict(request.query_params.lists()))


class Labels(_OfQuestion):
    """How labels are made, and how well they do."""

    @extend_schema(
        operation_id="labels", parameters=PARAMETERS, responses={200: LabelReport, **REFUSALS}
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report the checks of a question's labels."""
        return Response(self.found(request).as_json())


class LabelRows(_OfQuestion):
    """The labels themselves."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="label_rows",
        parameters=PARAMETERS,
        responses={(200, "application/jsonl"): OpenApiTypes.BINARY, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Send a line of JSON for each unit, as they are made."""
        rows = labels.rows(self.study, self.found(request).or_refused())
        lines = (f"{json_text(row)}\n" for row in rows)
        answer = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
        # Raters' and researchers' words are in it: no browser is to show it as a page.
        answer["Content-Disposition"] = content_disposition_header(
            as_attachment=True, filename=f"{slug}-labels.jsonl"
        )
        return answer
