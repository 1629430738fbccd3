"""The API's view of effects of order."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, only
from evaluation import selections
from evaluation.api.schemas.order_effects import OrderReport
from evaluation.api.studies import QUESTION, SCOPES, StudyView
from evaluation.services import order_effects, reports
from evaluation.services.report_kinds import ORDERS


class OrderEffects(StudyView):
    """Whether answers depend on the order of things."""

    @extend_schema(
        operation_id="order_effects",
        parameters=[
            QUESTION,
            OpenApiParameter("scope", str, enum=[str(one) for one in SCOPES]),
            OpenApiParameter(
                "exclusions", str, enum=[selections.NONE], description="Apply no exclusion."
            ),
        ],
        responses={200: OrderReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report preference for a side, balance of sides, and first answers beside later ones."""
        only(request, "question", "scope", "exclusions")
        asked = request.query_params
        reports.only_if_small(self.study, ORDERS, dict(asked.lists()))
        found = order_effects.report(
            self.study,
            question=asked.get("question") or None,
            scope=asked.get("scope") or None,
            exclusions=selections.wants_exclusions(asked.getlist("exclusions")),
        )
        return Response(order_effects.as_json(self.study, found))
