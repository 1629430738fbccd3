"""The rater's pages: one item after the other, saved as it goes."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import gates, own_words, receipts, rendering
from annotation.errors import (
    AlreadyJudged,
    AnnotationError,
    AnswersInvalid,
    RubricChanged,
    SeatNotHeld,
    ShownTextChanged,
)
from annotation.models import Rater, Seat
from annotation.selectors.cards import card_for
from annotation.services import drafts, judgments, seats
from annotation.services.judgments import Stored
from annotation.signals import FIELD as PAGE_FIELD
from annotation.signals import page_signals
from annotation.views.card_pages import (
    Sent,
    confirmed,
    language,
    note_refusal,
    refused,
    sent_answers,
    show_card,
    show_next,
    to_next,
    turn_of,
    wants_part,
)
from annotation.views.pages import done
from annotation.vocabulary import SkipReason


@gates.rater
@require_safe
@never_cache
def rate(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the item the rater holds, or their next one; asking twice shows the same."""
    return show_next(request, rater)


@gates.rater
@require_safe
@never_cache
def ahead(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Give the item after the one being read, which is held for the rater from now on.

    Asking twice gives the same; 204 when there is none. Only its first stage is in it.
    """
    seat = seats.claim_ahead(rater=rater, now=timezone.now())
    if seat is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return show_card(request, rater, card_for(seat, rater, language=language()), ahead=1)


@gates.rater
@require_POST
def submit(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Store the answers to one stage and show what comes next; keep the input if refused."""
    sent = sent_answers(request)
    try:
        stored = judgments.submit(
            rater=rater,
            receipt=receipts.opened(request.POST.get("receipt", ""), seat_key=key),
            turn=turn_of(request),
            sent=sent,
            now=timezone.now(),
            page=page_signals(request.POST.get(PAGE_FIELD, "")),
        )
    except (AnswersInvalid, RubricChanged) as refusal:
        return _again(request, rater, key, sent, refusal)
    except (AlreadyJudged, SeatNotHeld, ShownTextChanged) as refusal:
        return refused(request, rater, key, sent, refusal)
    response = confirmed(_after(request, rater, stored))
    response["X-Judgment"] = stored.judgment_id
    return response


def _after(request: HttpRequest, rater: Rater, stored: Stored) -> HttpResponse:
    """Show what comes next, or nothing where the page says that it shows it already."""
    if stored.finished and _shows_next(request, rater):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return show_next(request, rater) if wants_part(request) else to_next(rater)


def _shows_next(request: HttpRequest, rater: Rater) -> bool:
    """Note which item a page says that it shows already; False where it shows none it may."""
    shown = request.POST.get("next", "").replace("\0", "")  # which no database looks up
    there = wants_part(request) and shown
    return bool(there) and seats.show(rater=rater, key=shown, now=timezone.now())


def _again(
    request: HttpRequest,
    rater: Rater,
    key: str,
    sent: Sent,
    refusal: AnswersInvalid | RubricChanged,
) -> HttpResponse:
    """Show the same item with what was sent and what is wrong with it."""
    seat = Seat.objects.held_by(rater.pk).select_related("item").filter(key=key).first()
    if seat is None:
        try:
            judgments.refuse_if_judged(rater=rater, key=key, sent=sent)
        except AlreadyJudged as judged:
            return refused(request, rater, key, sent, judged)
        return refused(request, rater, key, sent, refusal)
    problems = refusal.details.get("fields", {})
    card = card_for(seat, rater, sent=sent, problems=problems, language=language())
    return show_card(
        request,
        rater,
        card,
        notice=str(refusal),
        changes=refusal.details.get("changes"),
        status=refusal.http_status,
    )


@gates.rater
@require_POST
def skip(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Give the item back with a reason and show the next; a page may send it twice."""
    reason, receipt = request.POST.get("reason", ""), request.POST.get("receipt", "")
    try:
        if reason not in SkipReason.values:
            raise AnswersInvalid(_("Choose one of the reasons for skipping."), fields={})
        item_id = receipts.opened(receipt, seat_key=key).item_id if receipt else None
        seats.skip(
            rater=rater, key=key, reason=SkipReason(reason), now=timezone.now(), item_id=item_id
        )
    except AnnotationError as refusal:
        return refused(request, rater, key, {}, refusal)
    if _shows_next(request, rater):
        return confirmed(HttpResponse(status=HTTPStatus.NO_CONTENT))
    return confirmed(show_next(request, rater) if wants_part(request) else to_next(rater))


@gates.rater
@require_POST
def draft(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Keep what was entered so far; the item stays the rater's for another lease."""
    try:
        until = drafts.keep(
            rater=rater,
            receipt=receipts.opened(request.POST.get("receipt", ""), seat_key=key),
            turn=turn_of(request),
            sent=sent_answers(request),
            now=timezone.now(),
        )
    except AnnotationError as refusal:
        return _as_json(rater, refusal)
    return JsonResponse({"leased_until": until.isoformat() if until else ""})


@gates.rater
@require_POST
def extend(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Keep the item for the rater for another lease, as often as they ask."""
    try:
        until = seats.extend(rater=rater, key=key, now=timezone.now())
    except SeatNotHeld as refusal:
        if wants_part(request):
            return _as_json(rater, refusal)
        return refused(request, rater, key, {}, refusal)
    if wants_part(request):
        return JsonResponse({"leased_until": until.isoformat()})
    return done(request, _("The item stays yours."), "annotation:rate", rater.study.slug)


def _as_json(rater: Rater, refusal: AnnotationError) -> JsonResponse:
    note_refusal(rater, refusal)
    body = {"code": refusal.code, "message": str(refusal), "details": refusal.details}
    return JsonResponse(body, status=refusal.http_status)


@gates.rater
@require_safe
def guidelines(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the guidelines that count now."""
    written = rater.study.guidelines
    context = {
        "rater": rater,
        "html": own_words.translated(rendering.render(written.text if written else "", top=2)),
        "version": written.version if written else None,
    }
    return render(request, "annotation/guidelines.html", context)
