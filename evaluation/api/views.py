"""What the API says of studies and raters. Who may call a view is stated; all else is denied."""

from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api_gates import REFUSALS, only, only_fields
from annotation.selectors.memberships import studies_of
from annotation.selectors.slices import SLICES
from annotation.vocabulary import Role
from evaluation import selections, tasks
from evaluation.api import schemas
from evaluation.api.studies import (
    CHOOSING,
    EXCLUSIONS,
    QUESTION,
    StudyView,
    asked_for,
)
from evaluation.services import gold, identical_blocks, rater_quality, reports
from evaluation.services.report_kinds import AGREEMENT, kind_of


class Studies(APIView):
    """The studies whose results the caller may read."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="studies", responses={200: schemas.StudyList, **REFUSALS})
    def get(self, request: Request) -> Response:
        """List the studies the caller is a researcher or an admin of."""
        only(request)
        found = [
            {"slug": one.slug, "title": one.title, "role": one.role, "state": one.state}
            for one in studies_of(request.user)  # type: ignore[arg-type]  # signed in
            if one.role in (Role.RESEARCHER, Role.ADMIN)
        ]
        return Response({"studies": found})


class Agreement(StudyView):
    """How far raters agree."""

    @extend_schema(
        operation_id="agreement",
        parameters=[
            QUESTION,
            OpenApiParameter(
                "by",
                str,
                description=f"Slice by one of {', '.join(SLICES)}; by two with a comma between.",
            ),
            *CHOOSING,
            EXCLUSIONS,
        ],
        responses={200: schemas.AgreementReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report agreement on each closed question, or on one, whole or in slices."""
        only(request, *selections.NAMES)
        given = dict(request.query_params.lists())
        return Response(reports.at_once(self.study, AGREEMENT, given).as_json())


class Reports(StudyView):
    """The study's kept reports."""

    @extend_schema(operation_id="reports", responses={200: schemas.ReportList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the reports, the newest first, without their numbers."""
        only(request)
        found = [reports.as_json(one) for one in reports.reports_of(self.study)]
        return Response({"study": self.study.slug, "reports": found})

    @extend_schema(
        operation_id="request_report",
        request=schemas.ReportAsked,
        responses={201: schemas.ReportEntry, **REFUSALS},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a report; it is ready when its state says so."""
        only(request)
        body = request.data if isinstance(request.data, dict) else {}
        kind = kind_of(str(body.get("kind", AGREEMENT.name)))
        only_fields(request, "kind", *kind.names)
        given = {
            name: [str(one) for one in (value if isinstance(value, list) else [value])]
            for name, value in body.items()
            if value is not None
        }
        report = tasks.request_report(
            self.study, kind, given, now=timezone.now(), by_id=request.user.pk
        )
        return Response(reports.as_json(report), status=HTTPStatus.CREATED)


class KeptReport(StudyView):
    """One kept report."""

    @extend_schema(operation_id="report", responses={200: schemas.KeptReport, **REFUSALS})
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Give a report with its numbers, as they were computed."""
        only(request)
        report = reports.report_of(self.study, number)
        return Response({**reports.as_json(report), "result": report.result})


class Gold(StudyView):
    """Raters beside known answers."""

    @extend_schema(
        operation_id="gold",
        parameters=[QUESTION],
        responses={200: schemas.GoldReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report each rater's share of right answers where the right one is known."""
        only(request, "question")
        found = gold.report(self.study, question=asked_for(request, "question"))
        return Response(gold.as_json(self.study, found))


class Raters(StudyView):
    """Raters beside each other."""

    @extend_schema(
        operation_id="raters",
        parameters=[
            QUESTION,
            OpenApiParameter(
                "scope", str, enum=["conversation", "turn"], description="Only in this scope."
            ),
            *CHOOSING,
        ],
        responses={200: schemas.RaterReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report each rater's agreement with the others, hidden truth, gold, pace and signs."""
        only(request, "question", "scope", *selections.FILTERS)
        reports.only_if_few_judge(self.study)
        asked = selections.read(dict(request.query_params.lists()))
        found = rater_quality.report_asked(self.study, asked, scope=asked_for(request, "scope"))
        blocks = identical_blocks.report(self.study)
        return Response(rater_quality.as_json(self.study, found, blocks))
