"""A judge's verdicts, sent line by line; sending a line again changes nothing."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import api_bodies
from annotation.api_gates import REFUSALS, ErrorAnswer, only
from evaluation import intake
from evaluation.api.studies import StudyView

NAMES = ("judge", "model", "prompt_version", "rubric_version")


class Verdicts(StudyView):
    """Verdicts of one judge, or of those that each line names."""

    largest_body = api_bodies.LARGEST_LINES

    @extend_schema(
        operation_id="load_verdicts",
        parameters=[
            OpenApiParameter("judge", str, description="Its name, unless each line has one."),
            OpenApiParameter("model", str),
            OpenApiParameter("prompt_version", str),
            OpenApiParameter("rubric_version", str),
            OpenApiParameter("simulated", bool, description="No judge spoke: a simulation."),
            *api_bodies.HOW_PARAMETERS,
        ],
        request=api_bodies.LINES,
        responses={
            200: api_bodies.Loaded,
            413: OpenApiResponse(ErrorAnswer, "More lines than one request may have."),
            415: OpenApiResponse(ErrorAnswer, "The body is JSON Lines or CSV."),
            **REFUSALS,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Store the good lines of the body, and list the others."""
        only(request, *NAMES, "simulated", *api_bodies.HOW)
        how, judge = api_bodies.how_of(request), _judge_of(request)
        with api_bodies.lines_of(request) as (path, name):
            tally = intake.load_verdicts(
                study=self.study,
                path=path,
                name=name,
                judge=judge,
                now=timezone.now(),
                strict=how.strict,
                dry_run=how.dry_run,
            )
        return Response(api_bodies.answer_of(slug, tally, how))


def _judge_of(request: Request) -> intake.JudgeVersion | None:
    """Return the judge that the address names, None where each line names its own."""
    said = {name: request.query_params.get(name, "") for name in NAMES}
    simulated = api_bodies.flag_of(request, "simulated")
    name = said.pop("judge")
    if name:
        return intake.JudgeVersion(name=name, simulated=simulated, **said)
    lost = [key for key, word in (*said.items(), ("simulated", simulated)) if word]
    if lost:
        raise ValidationError({key: ["Name the judge that this is of."] for key in lost})
    return None
