"""A rater points out that an item is wrong, or that a value is unclear."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from annotation import gates
from annotation.errors import AnnotationError, FlagRefused
from annotation.models import Rater
from annotation.selectors.values import seat_values, value_id_at
from annotation.services import flags
from annotation.views.card_pages import confirmed, note_refusal
from annotation.vocabulary import FlagKind

SEE_OTHER = 303


@gates.rater
@require_POST
@vary_on_headers("HX-Request")
def flag(request: HttpRequest, rater: Rater, key: str) -> HttpResponse:
    """Store what the rater points out; a page with script gets a sentence, others go back."""
    part = request.headers.get("HX-Request") == "true"
    try:
        _flag(request, rater, key)
    except AnnotationError as refusal:
        return _refused(request, rater, key, refusal, part=part)
    thanks = _("Thank you: the people who run the study will see it. You can go on.")
    if part:
        return confirmed(render(request, "annotation/_flagged.html", {"flagged": thanks}))
    messages.success(request, thanks)
    response = redirect("annotation:rate", rater.study.slug)
    response.status_code = SEE_OTHER
    return response


def _flag(request: HttpRequest, rater: Rater, key: str) -> None:
    sent = request.POST
    side = sent.get("value", "")
    # The buttons for a value send only which one.
    word = sent.get("kind") or (FlagKind.VALUE if side else "")
    if word not in FlagKind.values:
        raise FlagRefused(_("Choose what you want to point out."))
    kind = FlagKind(word)
    flags.flag(
        rater=rater,
        key=key,
        kind=kind,
        value_id=value_id_at(rater, key, side) if kind == FlagKind.VALUE else None,
        note=sent.get("note", ""),
        now=timezone.now(),
    )


def _refused(
    request: HttpRequest, rater: Rater, key: str, refusal: AnnotationError, *, part: bool
) -> HttpResponse:
    """Say what is wrong; what was written stays in the form."""
    note_refusal(rater, refusal)
    context = {
        "rater": rater,
        "card": seat_values(rater, key),
        "flag_problem": str(refusal),
        "flag_note": request.POST.get("note", ""),
    }
    template = "annotation/_flagged.html" if part else "annotation/flag.html"
    return render(request, template, context, status=refusal.http_status)
