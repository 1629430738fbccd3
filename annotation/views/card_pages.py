"""Showing a rater one stage of an item, or why their answers were not stored."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from annotation import gates, receipts
from annotation.errors import AnnotationError, ShownTextChanged
from annotation.models import Rater
from annotation.receipts import Receipt
from annotation.selectors.cards import Card, card_for
from annotation.selectors.past import pace_of
from annotation.selectors.queue import last_item, why_nothing
from annotation.selectors.refused import in_words
from annotation.selectors.specifications import clause_heads, title_of
from annotation.services import guesses, seats
from annotation.signals import FIELD as PAGE_FIELD
from annotation.views.questions import questions_html
from annotation.vocabulary import SkipReason

Sent = dict[str, list[str]]
# Of the form, not of the rubric: never taken for an answer.
FORM_FIELDS = frozenset({"csrfmiddlewaretoken", "receipt", "turn", "next", PAGE_FIELD})
# What only our own confirmation has; the page's script looks for it.
STORED = "X-Stored"


def sent_answers(request: HttpRequest) -> Sent:
    """Return what a form holds besides its own fields."""
    return {name: request.POST.getlist(name) for name in request.POST if name not in FORM_FIELDS}


def turn_of(request: HttpRequest) -> int:
    """Return the turn a form is about.

    Raises:
        ShownTextChanged: it names none.
    """
    text = request.POST.get("turn", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ShownTextChanged(_("This form is not complete any more. Please load the page again."))
    return int(text)


def wants_part(request: HttpRequest) -> bool:
    """Say whether a page's script asks for a part of it."""
    return request.headers.get("HX-Request") == "true"


def to_next(rater: Rater) -> HttpResponse:
    """Send a page without script on to the next item."""
    response = redirect("annotation:rate", rater.study.slug)
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def show_next(
    request: HttpRequest, rater: Rater, *, has_just_judged: bool = False, notice: str = ""
) -> HttpResponse:
    """Show the item the rater holds, their next one, or why there is none.

    Where the rater is to be asked about the item they judged last, that comes first.
    """
    asked_about = guesses.due(rater)
    if asked_about is not None:
        return show_guess(request, rater, str(asked_about.public_id))
    now = timezone.now()
    seat = seats.claim_next(rater=rater, now=now, has_just_judged=has_just_judged)
    if seat is None:
        why = why_nothing(rater, at=now)
        context = {"why": why.code, "sentence": why.sentence, "pace": pace_of(rater, at=now)}
        return show(request, rater, "annotation/_done.html", context)
    fresh = seat.claimed_at == now
    card = card_for(seat, rater, language=language(), fresh=fresh)
    return show_card(request, rater, card, notice=notice or last_item(rater))


def show_guess(
    request: HttpRequest,
    rater: Rater,
    judged: str,
    *,
    problem: str = "",
    said: str = "",
    words: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Ask whether the rater recognised who wrote what they judged."""
    context = {"judged": judged, "problem": problem, "said": said, "words": words}
    return show(request, rater, "annotation/_guess.html", context, status=status)


def show_card(
    request: HttpRequest,
    rater: Rater,
    card: Card,
    *,
    notice: str = "",
    changes: list[str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    ahead: int = 0,
) -> HttpResponse:
    """Show one stage of an item with its form; ``ahead`` are to be judged before it."""
    version = card.specification_id
    context = {
        "card": card,
        "asks_after": guesses.comes_after_next(rater, ahead=ahead),
        "notice": notice,
        "changes": changes or [],
        "skip_reasons": SkipReason.choices,
        "questions": questions_html(card),
        "clauses": clause_heads(version) if version else (),
        "specification": title_of(version) if version else None,
    }
    return show(request, rater, "annotation/_card.html", context, status=status)


def refused(
    request: HttpRequest, rater: Rater, key: str, sent: Sent, refusal: AnnotationError
) -> HttpResponse:
    """Show answers that could not be stored, beside those that were, as the rater read them."""
    note_refusal(rater, refusal)
    receipt = _receipt(request, key)
    stored = refusal.details.get("stored", {})
    context = {
        "refusal": str(refusal),
        "sent": in_words(sent, rater, receipt, language=language()),
        "stored": in_words(stored, rater, receipt, language=language()),
    }
    template = "annotation/_refused.html"
    return show(request, rater, template, context, status=refusal.http_status)


def _receipt(request: HttpRequest, key: str) -> Receipt | None:
    try:
        return receipts.opened(request.POST.get("receipt", ""), seat_key=key)
    except ShownTextChanged:
        return None


def confirmed(response: HttpResponse) -> HttpResponse:
    """Say to a page's script that what it sent is stored: any other answer may be a stranger's.

    A proxy, a hotel's sign-in page or a half-read body answers 200 too.
    """
    response[STORED] = "yes"
    return response


def note_refusal(rater: Rater, refusal: AnnotationError) -> None:
    """Log that a rater's act was refused and why, not what they sent: scripts show by many."""
    gates.log.warning("refused", rater=rater.pk, code=refusal.code)


def language() -> str:
    """Return the language of the page, as rubrics name it."""
    return translation.get_language() or ""


@vary_on_headers("HX-Request")
def show(
    request: HttpRequest,
    rater: Rater,
    part: str,
    context: dict[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Render the whole page, or only the part when its script asks for it."""
    template = part if wants_part(request) else "annotation/rate.html"
    return render(request, template, {**context, "rater": rater, "part": part}, status=status)
