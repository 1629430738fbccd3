"""The API's views. Each states who may call it; what is not stated is denied."""

from http import HTTPStatus

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.access import RESEARCH
from annotation.api_gates import REFUSALS, AsItIs, ErrorAnswer, only, only_fields
from annotation.gates import study_for
from annotation.selectors.labels import SLICES
from annotation.selectors.memberships import studies_of
from annotation.selectors.studies import StudyFacts, facts_of
from annotation.vocabulary import Role
from evaluation import tasks
from evaluation.api import schemas
from evaluation.services import agreement, gold, judges, releases

QUESTION = OpenApiParameter("question", str, description="Only this question.")


class ResearcherOfStudy(BasePermission):
    """Researchers and admins of the study in the address; to strangers it does not exist."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the study and leave its facts on the view."""
        if not request.user.is_authenticated:
            return False
        study = study_for(request.user, view.kwargs["slug"], RESEARCH)
        view.study = facts_of(study)  # type: ignore[attr-defined]
        return True


class StudyView(APIView):
    """A view about one study; ``study`` is there once the permission was checked."""

    permission_classes = [ResearcherOfStudy]
    study: StudyFacts


class Studies(APIView):
    """The studies whose results the caller may read."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="studies", responses={200: schemas.StudyList, **REFUSALS})
    def get(self, request: Request) -> Response:
        """List the studies the caller is a researcher or an admin of."""
        only(request)
        found = [
            {"slug": one.slug, "title": one.title, "role": one.role, "state": one.state}
            for one in studies_of(request.user)  # type: ignore[arg-type]
            if one.role in (Role.RESEARCHER, Role.ADMIN)
        ]
        return Response({"studies": found})


class Agreement(StudyView):
    """How far raters agree."""

    @extend_schema(
        operation_id="agreement",
        parameters=[
            QUESTION,
            OpenApiParameter("by", str, enum=list(SLICES), description="Slice the result."),
        ],
        responses={200: schemas.AgreementReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Report agreement on each closed question, or on one, whole or in slices."""
        only(request, "question", "by")
        found = agreement.report(
            self.study, question=_asked(request, "question"), by=_asked(request, "by")
        )
        return Response(agreement.as_json(self.study, found))


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
        found = gold.report(self.study, question=_asked(request, "question"))
        return Response(gold.as_json(self.study, found))


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


class JudgeReport(StudyView):
    """One judge beside people."""

    @extend_schema(
        operation_id="judge_report",
        parameters=[QUESTION],
        responses={200: schemas.JudgeReport, **REFUSALS},
    )
    def get(self, request: Request, slug: str, judge_id: int) -> Response:
        """Report confusion, accuracy, kappa, and people's own agreement beside them."""
        only(request, "question")
        judge = judges.judge_of(self.study, judge_id)
        found = judges.report(self.study, judge_id, question=_asked(request, "question"))
        return Response(judges.as_json(self.study, judge, found))


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
        only_fields(request, "name")
        asked = schemas.ReleaseName(data=request.data)
        asked.is_valid(raise_exception=True)
        release = tasks.request_release(
            self.study,
            name=asked.validated_data["name"],
            by_id=request.user.pk,
            now=timezone.now(),
        )
        return Response(releases.as_json(release), status=HTTPStatus.CREATED)


class ReleaseFile(StudyView):
    """One file of a release."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="release_file",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            409: OpenApiResponse(ErrorAnswer, "It is not written yet, or failed."),
            **REFUSALS,
        },
    )
    def get(self, request: Request, slug: str, key: str, name: str) -> FileResponse:
        """Send the file, to be saved."""
        only(request)
        path = releases.path_of(releases.release_of(self.study, key), name)
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=name,
            content_type="application/octet-stream",
        )


def _asked(request: Request, name: str) -> str | None:
    return request.query_params.get(name) or None
