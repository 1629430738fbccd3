"""The admin's leak report: what may tell who wrote a reply, and what happens to it."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation import gates
from annotation.errors import HitsUnknown, WordsNotFound
from annotation.forms import LeakFilterForm
from annotation.gates import MemberRequest
from annotation.models import Response, Study
from annotation.selectors import leaks as found
from annotation.selectors.leaks import DecisionGroup, LeakFilter
from annotation.selectors.sweeps import masking_of
from annotation.services import leaks
from annotation.views.pages import done, page_number, show
from annotation.vocabulary import HitDecision

HITS_PER_PAGE = 50
ALIKE_PER_PAGE = 25
LONGEST_ID = 18


@gates.admin
@require_safe
def report(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the findings, those that wait for a decision first."""
    return _report(request, study)


@gates.admin
@require_POST
def decide(request: MemberRequest, study: Study) -> HttpResponse:
    """Mask or keep the findings chosen, or all that are alike with one."""
    try:
        changed = _decided(request, study)
    except HitsUnknown as refusal:
        messages.error(request, str(refusal))
        return _report(request, study, status=refusal.http_status)
    sentence = f"{changed} finding{'' if changed == 1 else 's'} decided."
    if not changed:
        sentence = "Nothing was left to decide: somebody did so a moment ago."
    if reply_id := _number(request.POST.get("reply", "")):
        return done(request, sentence, "annotation:reply", study.slug, reply_id)
    return done(request, sentence, "annotation:leaks", study.slug, query=request.GET.urlencode())


def _decided(request: MemberRequest, study: Study) -> int:
    sent = request.POST
    word, _, alike = sent.get("decision", "").partition(" ")
    if word not in leaks.DECISIONS:
        raise HitsUnknown("Press Mask or Keep.")
    decision, by, now = HitDecision(word), request.user, timezone.now()
    if alike:
        hit_id, was = _seen(alike)
        return leaks.decide_alike(
            study=study, hit_id=hit_id, was=was, decision=decision, by=by, now=now
        )
    seen = dict(_seen(text) for text in sent.getlist("hit"))
    if not seen:
        raise HitsUnknown("Choose at least one finding first.")
    return leaks.decide(study=study, seen=seen, decision=decision, by=by, now=now)


def _seen(text: str) -> tuple[int, HitDecision]:
    """Return a finding's number and as what the page showed it."""
    word, _, was = text.partition(" ")
    number = _number(word)
    if number is None or was not in HitDecision.values:
        raise HitsUnknown(leaks.NOT_ALL)
    return number, HitDecision(was)


def _number(text: str) -> int | None:
    """Return the id that a form sent, or None where it is none."""
    whole = text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID
    return int(text) if whole else None


def _report(request: HttpRequest, study: Study, *, status: int = HTTPStatus.OK) -> HttpResponse:
    summary = found.summary_of(study)
    form = LeakFilterForm(request.GET, rules=summary.rules, batches=summary.batches)
    wanted = LeakFilter(**form.cleaned_data) if form.is_valid() else LeakFilter()
    wanted = replace(wanted, alike=_number(request.GET.get("alike", "")))
    page, groups = _page(request, study, wanted)
    narrowed = request.GET.copy()
    narrowed.pop("page", None)
    context = {
        "summary": summary,
        "masking": masking_of(study),
        "form": form,
        "page": page,
        "groups": groups,
        "wanted": wanted,
        "query": request.GET.urlencode(),
        "narrowed": narrowed.urlencode(),
    }
    return show(request, study, "annotation/leaks.html", context, active="leaks", status=status)


def _page(
    request: HttpRequest, study: Study, wanted: LeakFilter
) -> tuple[Page[Any], tuple[DecisionGroup, ...]]:
    """Return one page of what is alike, or of the single places of what is."""
    alike = found.alike_of(study, wanted)
    if wanted.alike is None:
        page = Paginator(alike, ALIKE_PER_PAGE).get_page(page_number(request))
        return page, found.grouped(study, page.object_list, wanted)
    hits = found.hits_of(study, wanted)
    places = Paginator(hits, HITS_PER_PAGE).get_page(page_number(request))
    row = alike.first()
    return places, found.as_one(study, row, places.object_list) if row else ()


@gates.admin
@require_safe
def reply(request: HttpRequest, study: Study, reply_id: int) -> HttpResponse:
    """Show one reply as its raters see it."""
    return _reply(request, study, reply_id)


@gates.admin
@require_POST
def mask_words(request: MemberRequest, study: Study, reply_id: int) -> HttpResponse:
    """Mask words of one reply that no rule found."""
    if not Response.objects.filter(study=study, pk=reply_id).exists():
        raise Http404
    words = request.POST.get("words", "").replace("\0", "")  # which no database looks up
    try:
        n = leaks.mask_words(
            study=study, reply_id=reply_id, words=words, by=request.user, now=timezone.now()
        )
    except WordsNotFound as refusal:
        return _reply(
            request, study, reply_id, words=words, problem=str(refusal), status=refusal.http_status
        )
    sentence = f"Masked at {n} place{'' if n == 1 else 's'}. Raters who come from now on see it so."
    return done(request, sentence, "annotation:reply", study.slug, reply_id)


def _reply(
    request: HttpRequest,
    study: Study,
    reply_id: int,
    *,
    words: str = "",
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    preview = found.preview_of(study, reply_id)
    if preview is None:
        raise Http404
    context = {"preview": preview, "words": words, "problem": problem}
    return show(request, study, "annotation/reply.html", context, active="leaks", status=status)
