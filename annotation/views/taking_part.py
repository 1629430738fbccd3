"""A rater's coming and going: consent, support, and leaving the study."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation import gates, own_words, rendering
from annotation.errors import ConsentTextChanged
from annotation.models import Rater, Study, User
from annotation.selectors.consents import policy_for, promise_of
from annotation.services import consents, withdrawals
from annotation.vocabulary import OnWithdrawal

LONGEST_NUMBER = 18


@gates.arriving
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def consent(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show what a rater is to agree to; store that they did, and go on to what they asked for.

    What they had sent when they were asked is sent again by the browser: 307 keeps the fields.
    """
    next_page, repeat = (_own(rater, request.GET.get(name, "")) for name in ("next", "repeat"))
    if request.method != "POST":
        return gates.ask_to_agree(request, rater, next_page=next_page)
    try:
        consents.give(
            rater=rater,
            text_id=_number(request.GET),
            language=request.GET.get("in"),
            now=timezone.now(),
        )
    except ConsentTextChanged as refusal:
        return gates.ask_to_agree(
            request,
            rater,
            next_page=next_page,
            repeat=repeat,
            problem=str(refusal),
            status=refusal.http_status,
        )
    response = redirect(repeat or next_page or reverse("annotation:rate", args=[rater.study.slug]))
    response.status_code = HTTPStatus.TEMPORARY_REDIRECT if repeat else HTTPStatus.SEE_OTHER
    return response


def _number(sent: dict[str, str]) -> int:
    """Return the number of the text that was shown; 0, which is none, for anything else."""
    text = sent.get("text", "")
    readable = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if readable else 0


def _own(rater: Rater, path: str) -> str:
    """Return the path if it leads to a page of the rater's own study, else nothing."""
    if not (path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)):
        return ""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return ""
    return path if match.kwargs.get("slug") == rater.study.slug else ""


@gates.arriving
@require_safe
@never_cache
def declined(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Tell a rater who does not agree that nothing was recorded, and how to come back."""
    return render(request, "annotation/declined.html", {"rater": rater})


@gates.arriving
@require_safe
def support(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show where to turn; open before any consent, for it shows nothing of the study's items."""
    context = {"rater": rater, "html": _support_html(rater.study)}
    return render(request, "annotation/support.html", context)


def _support_html(study: Study) -> str:
    return own_words.translated(rendering.render(study.support_text, top=2))


@gates.leaving
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def withdraw(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Say what leaving means, and carry it out on the second press."""
    policy = policy_for(rater)
    if request.method != "POST":
        context = {"rater": rater, "promise": promise_of(policy), "policy": policy}
        return render(request, "annotation/withdraw.html", context)
    judged = rater.judged_count
    made = withdrawals.withdraw(rater=rater, now=timezone.now())
    messages.success(request, _said(OnWithdrawal(made.policy), judged))
    response = redirect("annotation:goodbye", rater.study.slug)
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _said(policy: OnWithdrawal, judged: int) -> str:
    """Say what was done; only here and now, for afterwards nothing leads from account to rater."""
    if not judged:
        return _("You left the study. There were no judgments of yours.")
    if policy == OnWithdrawal.DELETE:
        sentence = ngettext(
            "You left the study. Your %d judgment was deleted.",
            "You left the study. Your %d judgments were deleted.",
            judged,
        )
    else:
        sentence = ngettext(
            "You left the study. Your %d judgment is not linked to you now and does not count.",
            "You left the study. Your %d judgments are not linked to you now and do not count.",
            judged,
        )
    return sentence % judged


@gates.signed_in
@require_safe
@never_cache
def goodbye(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell somebody who withdrew that it is done; for everybody else there is no such page."""
    study = gates.withdrew_from(cast(User, request.user), slug)
    if study is None:
        raise Http404
    return render(
        request, "annotation/goodbye.html", {"study": study, "support": _support_html(study)}
    )
