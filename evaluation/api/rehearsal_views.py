"""The API's view of designs that are drawn many times."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api_gates import REFUSALS, only, only_fields
from evaluation import tasks
from evaluation.api.schemas.rehearsals import (
    KeptRehearsal,
    RehearsalAsked,
    RehearsalEntry,
    RehearsalList,
)
from evaluation.api.studies import StudyView
from evaluation.errors import FrameInvalid
from evaluation.frames import frame_from_json
from evaluation.intake import quantities, rehearsals
from evaluation.intake.designs import drawing_from_json
from evaluation.intake.rehearsals import USUAL_DRAWS

FIELDS = ("frame", "parameters", "quantity", "draws", "first_seed")


class Rehearsals(StudyView):
    """The study's rehearsals of designs."""

    @extend_schema(operation_id="rehearsals", responses={200: RehearsalList, **REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """List the rehearsals, the latest first, without their numbers."""
        only(request)
        found = [rehearsals.listed_as_json(one) for one in rehearsals.rehearsals_of(self.study)]
        return Response({"study": self.study.slug, "rehearsals": found})

    @extend_schema(
        operation_id="request_rehearsal",
        request=RehearsalAsked,
        responses={201: RehearsalEntry, **REFUSALS},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a rehearsal; its numbers are there when its state says so."""
        only(request)
        only_fields(request, *FIELDS)
        body: dict[str, Any] = request.data if isinstance(request.data, dict) else {}
        drawing = drawing_from_json(body.get("parameters"))
        quantity = quantities.usual_for(self.study, besides=drawing.marked)
        if "quantity" in body:
            quantity = quantities.quantity_from_json(body["quantity"])
        one = tasks.request_rehearsal(
            self.study,
            frame_from_json(body.get("frame", {})),
            drawing,
            quantity=quantity,
            draws=_whole(body, "draws", USUAL_DRAWS),
            first_seed=_whole(body, "first_seed", 1),
            now=timezone.now(),
            by_id=request.user.pk,
        )
        return Response(rehearsals.listed_as_json(one), status=HTTPStatus.CREATED)


class OneRehearsal(StudyView):
    """One rehearsal of a design."""

    @extend_schema(operation_id="rehearsal", responses={200: KeptRehearsal, **REFUSALS})
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Give a rehearsal with its numbers."""
        only(request)
        one = rehearsals.rehearsal_of(self.study, number)
        return Response({**rehearsals.listed_as_json(one), "result": one.result})


def _whole(body: dict[str, Any], name: str, usual: int) -> int:
    found = body.get(name, usual)
    if type(found) is not int:
        raise FrameInvalid(f"{name} is a whole number.")
    return found
