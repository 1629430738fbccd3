"""The rater's page that asks whether they recognised who wrote what they had just judged."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from annotation import gates
from annotation.errors import GuessRefused
from annotation.models import Rater
from annotation.services import guesses
from annotation.views.card_pages import (
    note_refusal,
    show_guess,
    show_next,
    to_next,
    wants_part,
)

ANSWERS = {"yes": True, "no": False}


@gates.rater
@require_POST
def guess(request: HttpRequest, rater: Rater, public_id: UUID) -> HttpResponse:
    """Store what the rater said and go on to the next item; ask again where that is not clear."""
    sent = request.POST
    said = sent.get("knew", "")
    try:
        guesses.give(
            rater=rater,
            judgment_id=str(public_id),
            knew=ANSWERS.get(said),
            words=sent.get("words", ""),
            now=timezone.now(),
        )
    except GuessRefused as refusal:
        note_refusal(rater, refusal)
        return show_guess(
            request,
            rater,
            str(public_id),
            problem=str(refusal),
            said=said,
            words=sent.get("words", ""),
            status=refusal.http_status,
        )
    return show_next(request, rater) if wants_part(request) else to_next(rater)
