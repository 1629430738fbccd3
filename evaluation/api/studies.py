"""Who may ask about a study by API, and the parameters that several answers share."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation.access import RESEARCH
from annotation.gates import study_for
from annotation.selectors.studies import StudyFacts, facts_of
from annotation.vocabulary import Scope
from evaluation import selections

SCOPES = (Scope.CONVERSATION, Scope.TURN)
EPSILON = OpenApiParameter(
    "epsilon", float, description="How much worse than a person a judge may be; else by panel."
)
QUESTION = OpenApiParameter("question", str, description="Only this question.")
CHOOSING = [
    OpenApiParameter(name, kind, **more, description=said)
    for name, kind, more, said in (
        ("wave", str, {"many": True, "enum": list(selections.WAVES)}, "Of these waves."),
        ("since", OpenApiTypes.DATE, {}, "Judgments from this day on."),
        ("until_day", OpenApiTypes.DATE, {}, "Judgments up to this day."),
        ("cohort", str, {"many": True}, "Raters of these cohorts."),
        ("source", str, {"many": True}, "Raters from these sources."),
        ("language", str, {"many": True}, "Queries in these languages."),
        ("batch", int, {"many": True}, "Replies of these batches."),
        ("rule_set", int, {"many": True}, "Shown under these scrub rules."),
        ("gold", str, {"enum": list(selections.GOLD)}, "Items with known answers."),
        ("rubric_version", int, {}, "Questions of this version of the rubric."),
    )
]
EXCLUSIONS = OpenApiParameter(
    "exclusions", str, enum=[selections.NONE], description="Apply no exclusion."
)


class ResearcherOfStudy(BasePermission):
    """Researchers and admins of the study in the address; to strangers it does not exist."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the study and leave its facts on the view."""
        if not request.user.is_authenticated:
            return False
        study = study_for(request.user, view.kwargs["slug"], RESEARCH)
        view.study = facts_of(study)  # type: ignore[attr-defined]  # every view here is a StudyView
        return True


class StudyView(APIView):
    """A view about one study; ``study`` is there once the permission was checked."""

    permission_classes = [ResearcherOfStudy]
    study: StudyFacts


def asked_for(request: Request, name: str) -> str | None:
    """Return a parameter of the address, None where it is empty or not there."""
    return request.query_params.get(name) or None
