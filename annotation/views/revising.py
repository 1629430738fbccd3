"""The rater's own past: what they said, changing it, and taking back the last step."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation import gates, receipts
from annotation.errors import (
    AlreadyJudged,
    AnswersInvalid,
    EditsClosed,
    SeatNotHeld,
    ShownTextChanged,
)
from annotation.models import Rater, Seat
from annotation.selectors import past
from annotation.selectors.cards import card_for_edit
from annotation.selectors.edits import edits_closed, last_sent
from annotation.services import revisions
from annotation.signals import FIELD as PAGE_FIELD
from annotation.signals import page_signals
from annotation.views.card_pages import (
    Sent,
    confirmed,
    language,
    refused,
    sent_answers,
    show_card,
    turn_of,
    wants_part,
)
from annotation.views.pages import done, page_number


@gates.rater
@require_safe
def mine(request: HttpRequest, rater: Rater) -> HttpResponse:
    """List the rater's own judgments, latest first, with their progress and pace."""
    now = timezone.now()
    context = {
        "rater": rater,
        "judgments": past.judgments_of(rater, page_number(request)),
        "pace": past.pace_of(rater, at=now),
        "closed": edits_closed(rater, at=now),
    }
    return render(request, "annotation/mine.html", context)


@gates.rater
@require_safe
def my_judgment(request: HttpRequest, rater: Rater, public_id: UUID) -> HttpResponse:
    """Show one of the rater's own judgments; another's does not exist for them."""
    found = past.judgment_of(rater, public_id, language=language())
    if found is None:
        gates.log.warning("refused", user_id=rater.user_id, judgment=str(public_id))
        raise Http404
    context = {"rater": rater, "past": found, "closed": edits_closed(rater, at=timezone.now())}
    return render(request, "annotation/my_judgment.html", context)


@gates.rater
@require_safe
@never_cache
def undo(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Lead back to what the rater sent last, to change it."""
    last = last_sent(rater)
    if last is None:
        messages.info(request, _("You have not sent anything yet that could be taken back."))
        return redirect("annotation:rate", rater.study.slug)
    return redirect("annotation:revise", rater.study.slug, last.key, last.turn)


@gates.rater
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def revise(request: HttpRequest, rater: Rater, key: str, turn: int) -> HttpResponse:
    """Show one stage that was judged, and store what the rater says of it now as a revision."""
    if request.method != "POST":
        return _stage(request, rater, key, turn)
    sent = sent_answers(request)
    try:
        receipt = receipts.opened(request.POST.get("receipt", ""), seat_key=key)
        stored = revisions.revise(
            rater=rater,
            receipt=receipt,
            turn=turn_of(request),
            sent=sent,
            now=timezone.now(),
            page=page_signals(request.POST.get(PAGE_FIELD, "")),
        )
    except AnswersInvalid as refusal:
        return _stage(request, rater, key, turn, sent=sent, refusal=refusal)
    except (AlreadyJudged, SeatNotHeld, ShownTextChanged, EditsClosed) as refusal:
        return refused(request, rater, key, sent, refusal)
    sentence = _("Nothing was changed.") if stored.replayed else _("Your change is saved.")
    response = done(request, sentence, "annotation:rate", rater.study.slug)
    if wants_part(request):
        response = HttpResponse()
        response["X-Next"] = reverse("annotation:rate", args=[rater.study.slug])
    response["X-Judgment"] = stored.judgment_id
    return confirmed(response)


def _stage(
    request: HttpRequest,
    rater: Rater,
    key: str,
    turn: int,
    *,
    sent: Sent | None = None,
    refusal: AnswersInvalid | None = None,
) -> HttpResponse:
    """Show the stage with the rater's last answers, or with what they have just sent."""
    seat = Seat.objects.filter(key=key, rater=rater.pk).select_related("item").first()
    problems = refusal.details["fields"] if refusal else None
    card = None
    if seat is not None:
        card = card_for_edit(
            seat, rater, turn=turn, sent=sent, problems=problems, language=language()
        )
    if card is None:
        gates.log.warning("refused", user_id=rater.user_id, seat=key)
        raise Http404
    notice = str(refusal) if refusal else edits_closed(rater, at=timezone.now())
    if refusal:
        return show_card(request, rater, card, notice=notice, status=refusal.http_status)
    return show_card(request, rater, card, notice=notice)
