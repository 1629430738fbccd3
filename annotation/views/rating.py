"""The rater's pages."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from annotation import gates, receipts, rendering
from annotation.errors import (
    AlreadyJudged,
    AnnotationError,
    AnswersInvalid,
    SeatNotHeld,
    ShownTextChanged,
)
from annotation.models import Rater, Seat
from annotation.selectors import past
from annotation.selectors.cards import card_for
from annotation.selectors.queue import last_item, why_nothing
from annotation.services import judgments, seats
from annotation.views.questions import questions_html
from annotation.vocabulary import SkipReason

Sent = dict[str, list[str]]
# Of the form, not of the rubric: never taken for an answer.
FORM_FIELDS = frozenset({"csrfmiddlewaretoken", "receipt", "turn"})


@gates.rater
@require_safe
@never_cache
def rate(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the item the rater holds, or their next one; asking twice shows the same."""
    return _next(request, rater)


@gates.rater
@require_POST
def submit(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Store the answers to one stage and show what comes next; keep the input if refused."""
    sent = {name: request.POST.getlist(name) for name in request.POST if name not in FORM_FIELDS}
    try:
        receipt = receipts.opened(request.POST.get("receipt", ""), seat_key=key)
        stored = judgments.submit(
            rater=rater,
            receipt=receipt,
            turn=_turn(request.POST.get("turn", "")),
            sent=sent,
            now=timezone.now(),
        )
    except AnswersInvalid as refusal:
        return _again(request, rater, key, sent, refusal)
    except (AlreadyJudged, SeatNotHeld, ShownTextChanged) as refusal:
        return _refused(request, rater, sent, refusal)
    if _wants_part(request):
        response = _next(request, rater, has_just_judged=stored.finished and not stored.replayed)
    else:
        response = _to_next(rater)
    response["X-Judgment"] = stored.judgment_id
    return response


@gates.rater
@require_POST
def skip(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Give the item back with a reason and show the next."""
    reason = request.POST.get("reason", "")
    try:
        if reason not in SkipReason.values:
            raise AnswersInvalid("Choose one of the reasons for skipping.", fields={})
        seats.skip(rater=rater, key=key, reason=SkipReason(reason), now=timezone.now())
    except AnnotationError as refusal:
        return _refused(request, rater, {}, refusal)
    return _next(request, rater) if _wants_part(request) else _to_next(rater)


@gates.rater
@require_safe
def guidelines(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the guidelines that count now."""
    written = rater.study.guidelines
    context = {
        "rater": rater,
        "html": rendering.render(written.text, top=2) if written and written.text else "",
        "version": written.version if written else None,
    }
    return render(request, "annotation/guidelines.html", context)


@gates.rater
@require_safe
def mine(request: HttpRequest, rater: Rater) -> HttpResponse:
    """List the rater's own judgments, latest first."""
    found = past.judgments_of(rater)
    context = {"rater": rater, "judgments": found, "more": rater.judged_count > len(found)}
    return render(request, "annotation/mine.html", context)


@gates.rater
@require_safe
def my_judgment(request: HttpRequest, rater: Rater, public_id: UUID) -> HttpResponse:
    """Show one of the rater's own judgments; another's does not exist for them."""
    found = past.judgment_of(rater, public_id)
    if found is None:
        gates.log.warning("refused", user_id=rater.user_id, judgment=str(public_id))
        raise Http404
    return render(request, "annotation/my_judgment.html", {"rater": rater, "past": found})


def _wants_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _to_next(rater: Rater) -> HttpResponse:
    response = redirect("annotation:rate", rater.study.slug)
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _turn(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ShownTextChanged("This form is not complete any more. Please load the page again.")
    return int(text)


def _next(request: HttpRequest, rater: Rater, *, has_just_judged: bool = False) -> HttpResponse:
    now = timezone.now()
    seat = seats.claim_next(rater=rater, now=now, has_just_judged=has_just_judged)
    if seat is None:
        why = why_nothing(rater, at=now)
        context = {"why": why.code, "sentence": why.sentence}
        return _show(request, rater, "annotation/_done.html", context)
    return _show_card(request, rater, {"card": card_for(seat, rater), "notice": last_item(rater)})


def _again(
    request: HttpRequest, rater: Rater, key: str, sent: Sent, refusal: AnswersInvalid
) -> HttpResponse:
    """Show the same item with what was sent and what is wrong with it."""
    seat = Seat.objects.held_by(rater.pk).select_related("item").filter(key=key).first()
    if seat is None:
        try:
            judgments.refuse_if_judged(rater=rater, key=key, sent=sent)
        except AlreadyJudged as judged:
            return _refused(request, rater, sent, judged)
        return _refused(request, rater, sent, refusal)
    card = card_for(seat, rater, sent=sent, problems=refusal.details["fields"])
    context = {"card": card, "notice": str(refusal)}
    return _show_card(request, rater, context, status=refusal.http_status)


def _refused(
    request: HttpRequest, rater: Rater, sent: Sent, refusal: AnnotationError
) -> HttpResponse:
    stored = refusal.details.get("stored", {})
    context = {
        "refusal": str(refusal),
        "sent": [(key, ", ".join(words)) for key, words in sent.items()],
        "stored": [(key, ", ".join(words)) for key, words in stored.items()],
    }
    template = "annotation/_refused.html"
    return _show(request, rater, template, context, status=refusal.http_status)


def _show_card(
    request: HttpRequest,
    rater: Rater,
    context: dict[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context["skip_reasons"] = SkipReason.choices
    context["questions"] = questions_html(context["card"])
    return _show(request, rater, "annotation/_card.html", context, status=status)


@vary_on_headers("HX-Request")
def _show(
    request: HttpRequest,
    rater: Rater,
    part: str,
    context: dict[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Render the whole page, or only the part when htmx asks for it."""
    template = part if _wants_part(request) else "annotation/rate.html"
    return render(request, template, {**context, "rater": rater, "part": part}, status=status)
