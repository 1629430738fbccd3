"""What the API says of judges: as a list, beside people, in slices, beside each other, rates."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, only, only_fields
from evaluation.api import schemas
from evaluation.api.studies import (
    EPSILON,
    EXCLUSIONS,
    QUESTION,
    SCOPES,
    StudyView,
    asked_for,
)
from evaluation.errors import JudgeInvalid
from evaluation.intake import ensembles
from evaluation.services import judge_slices, judges, rates, reports
from evaluation.services.report_kinds import AGAINST, JUDGE, RATES, SLICES, Kind


class Judges(StudyView):
    """The study's judges."""

    @extend_schema(operation_id="judges", responses={200: schemas.JudgeList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the judges with how many verdicts each gave."""
        only(request)
        found = [
            {**one.as_json(), "id": one.id, "verdicts": one.verdicts}
            for one in judges.judges_of(self.study)
        ]
        return Response({"study": self.study.slug, "judges": found})

    @extend_schema(
        operation_id="make_ensemble",
        request=schemas.NewEnsemble,
        responses={201: schemas.JudgeEntry, **REFUSALS},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make a judge of the majority of others."""
        only(request)
        only_fields(request, "name", "members")
        asked = schemas.NewEnsemble(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        made = ensembles.make(
            study=self.study,
            name=given["name"],
            member_ids=given["members"],
            now=timezone.now(),
        )
        found = judges.judge_of(self.study, made.pk)
        answer = {**found.as_json(), "id": found.id, "verdicts": found.verdicts}
        return Response(answer, status=HTTPStatus.CREATED)


class _OfJudge(StudyView):
    """A view about one judge."""

    def told(self, kind: Kind[Any], request: Request, judge_id: int) -> Response:
        """Report one kind of numbers, as the address asks for them."""
        given = {**dict(request.query_params.lists()), "judge": [str(judge_id)]}
        return Response(reports.at_once(self.study, kind, given).as_json())


class JudgeReport(_OfJudge):
    """One judge beside people."""

    @extend_schema(
        operation_id="judge_report",
        parameters=[QUESTION, EPSILON, EXCLUSIONS],
        responses={200: schemas.JudgeReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str, judge_id: int) -> Response:
        """Report confusion, accuracy, kappa, and people's own agreement beside them."""
        only(request, "question", "epsilon", "exclusions")
        return self.told(JUDGE, request, judge_id)


class Rates(_OfJudge):
    """How often an answer applies."""

    @extend_schema(
        operation_id="rates",
        parameters=[
            OpenApiParameter("question", str, required=True, description="A question."),
            OpenApiParameter("option", str, required=True, description="The answer to it."),
            OpenApiParameter("by", str, enum=list(rates.SLICES), description="Slice the result."),
            OpenApiParameter("scope", str, enum=[str(one) for one in SCOPES]),
            OpenApiParameter("sample", int, description="The sample whose design counts."),
            OpenApiParameter("assume_random", bool, description="Labels that no sample drew."),
            OpenApiParameter("half_width", float, description="Plan labels for this width."),
            EXCLUSIONS,
        ],
        responses={200: schemas.RateReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str, judge_id: int) -> Response:
        """Report an answer's rates: the judge's, people's, and corrected by the stored design."""
        only(request, *schemas.RatesAsked().fields)
        asked = schemas.RatesAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return self.told(RATES, request, judge_id)


class JudgeSlices(_OfJudge):
    """One judge beside people, in slices."""

    @extend_schema(
        operation_id="judge_slices",
        parameters=[
            QUESTION,
            OpenApiParameter("by", str, enum=list(judge_slices.SLICES), required=True),
            EXCLUSIONS,
        ],
        responses={200: schemas.SlicedJudgeReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str, judge_id: int) -> Response:
        """Report a judge in slices, with the test of a bias where one belongs to them."""
        only(request, "question", "by", "exclusions")
        return self.told(SLICES, request, judge_id)


class JudgeComparison(_OfJudge):
    """Two judges on the same items."""

    @extend_schema(
        operation_id="judge_against",
        parameters=[
            QUESTION,
            OpenApiParameter("other", str, required=True, description="The other's id or name."),
            EXCLUSIONS,
        ],
        responses={200: schemas.ComparedJudges, **REFUSALS},
    )
    def get(self, request: Request, slug: str, judge_id: int) -> Response:
        """Report which of two judges agrees more with people, and where they differ."""
        only(request, "question", "other", "exclusions")
        if asked_for(request, "other") is None:
            raise JudgeInvalid("Name the other judge, by its id or its name: ?other=2.")
        return self.told(AGAINST, request, judge_id)
