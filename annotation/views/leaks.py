"""The admin's leak report: what may tell who wrote a reply, and what happens to it."""

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation import gates
from annotation.errors import HitsUnknown
from annotation.forms import LeakFilterForm
from annotation.gates import MemberRequest
from annotation.models import Study
from annotation.selectors import leaks as found
from annotation.selectors.leaks import LeakFilter
from annotation.selectors.sweeps import masking_of
from annotation.services import leaks
from annotation.views.pages import done, page_number, show
from annotation.vocabulary import HitDecision

HITS_PER_PAGE = 50
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
    number, _, was = text.partition(" ")
    whole = number.isascii() and number.isdecimal() and len(number) <= LONGEST_ID
    if not whole or was not in HitDecision.values:
        raise HitsUnknown("These findings are not all of this study. Nothing was changed.")
    return int(number), HitDecision(was)


def _report(request: HttpRequest, study: Study, *, status: int = HTTPStatus.OK) -> HttpResponse:
    summary = found.summary_of(study)
    form = LeakFilterForm(request.GET, rules=summary.rules, batches=summary.batches)
    wanted = LeakFilter(**form.cleaned_data) if form.is_valid() else LeakFilter()
    hits = found.hits_of(study, wanted)
    page = Paginator(hits, HITS_PER_PAGE).get_page(page_number(request))
    narrowed = request.GET.copy()
    narrowed.pop("page", None)
    context = {
        "summary": summary,
        "masking": masking_of(study),
        "form": form,
        "page": page,
        "groups": found.grouped(study, page.object_list),
        "query": request.GET.urlencode(),
        "narrowed": narrowed.urlencode(),
    }
    return show(request, study, "annotation/leaks.html", context, active="leaks", status=status)


@gates.admin
@require_safe
def reply(request: HttpRequest, study: Study, reply_id: int) -> HttpResponse:
    """Show one reply as its raters see it."""
    preview = found.preview_of(study, reply_id)
    if preview is None:
        raise Http404
    context = {"preview": preview}
    return show(request, study, "annotation/reply.html", context, active="leaks")
