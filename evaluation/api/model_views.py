"""The API's view of models."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, only
from evaluation.api.schemas.models import ModelReport
from evaluation.api.studies import EXCLUSIONS, StudyView
from evaluation.services import reports
from evaluation.services.model_profiles import RANKED_BY
from evaluation.services.report_kinds import MODELS


class Models(StudyView):
    """What is particular to each model."""

    @extend_schema(
        operation_id="models",
        parameters=[
            OpenApiParameter(
                "source", str, enum=["majority", "ratings"], description="People's answers."
            ),
            OpenApiParameter("judge", int, description="Take this judge's verdicts instead."),
            OpenApiParameter("by", str, enum=list(RANKED_BY), description="What is ranked."),
            EXCLUSIONS,
        ],
        responses={200: ModelReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report priorities, differences, drift, disagreement and outlying replies."""
        only(request, "source", "judge", "by", "exclusions")
        given = dict(request.query_params.lists())
        given["from"] = given.pop("source", [])
        return Response(reports.at_once(self.study, MODELS, given).as_json())
