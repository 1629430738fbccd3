"""What may be personal data in raters' words: looked at, and masked or kept in releases."""

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from annotation.errors import FindingsUnknown
from annotation.personal_data import Found
from annotation.selectors.personal_data import (
    Finding,
    TextPlace,
    counts_of,
    findings_of,
    shown,
)
from annotation.vocabulary import HitDecision, PersonalKind
from evaluation.intake import personal_data
from evaluation.views.pages import Visit, researchers

FINDINGS_PER_PAGE = 50
# Of a finding as a form names it: five numbers, its kind, and as what it was shown.
NUMBERS, PARTS = 5, 7
LONGEST_NUMBER = 18
# What waits for a decision comes first.
ORDER = {HitDecision.HELD: 0, HitDecision.MASKED: 1, HitDecision.KEPT: 2}


@researchers("releases", methods=("GET", "HEAD", "POST"))
def page(visit: Visit) -> HttpResponse:
    """List the findings; a sent form masks or keeps those chosen, or all of a kind."""
    if visit.request.method != "POST":
        return _list(visit)
    try:
        changed = _decided(visit)
    except FindingsUnknown as refusal:
        messages.error(visit.request, str(refusal))
        return _list(visit, status=refusal.http_status)
    sentence = f"{changed} finding{'' if changed == 1 else 's'} decided."
    if not changed:
        sentence = "Nothing was left to decide: somebody did so a moment ago."
    messages.success(visit.request, sentence)
    response = redirect("evaluation:personal_data", visit.study.slug)
    if query := visit.request.GET.urlencode():
        response["Location"] += f"?{query}"
    return response


def _decided(visit: Visit) -> int:
    sent, now = visit.request.POST, timezone.now()
    word, _, kind = sent.get("decision", "").partition(" ")
    if word not in personal_data.DECISIONS:
        raise FindingsUnknown("Press Mask or Keep.")
    decision, by_id = HitDecision(word), visit.request.user.pk
    if kind:
        if kind not in PersonalKind.values:
            raise FindingsUnknown(personal_data.NOT_ALL)
        return personal_data.decide_kind(
            visit.study, PersonalKind(kind), decision, by_id=by_id, now=now
        )
    seen = dict(_seen(text) for text in sent.getlist("finding"))
    if not seen:
        raise FindingsUnknown("Choose at least one finding first.")
    return personal_data.decide(visit.study, seen, decision, by_id=by_id, now=now)


def _seen(text: str) -> tuple[Finding, HitDecision]:
    """Return a finding, and as what the page showed it."""
    parts = text.split(" ")
    numbers = [int(part) for part in parts[:NUMBERS] if _is_number(part)]
    known = len(parts) == PARTS and len(numbers) == NUMBERS
    if not known or parts[-2] not in PersonalKind.values or parts[-1] not in HitDecision.values:
        raise FindingsUnknown(personal_data.NOT_ALL)
    place, found = TextPlace(*numbers[:3]), Found(numbers[3], numbers[4], PersonalKind(parts[-2]))
    return Finding(place, found), HitDecision(parts[-1])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER


def _list(visit: Visit, *, status: int = HTTPStatus.OK) -> HttpResponse:
    findings = findings_of(visit.study.id)
    kind = visit.asked("kind")
    wanted = [
        (finding, decision)
        for finding, decision in findings.items()
        if kind not in PersonalKind.values or finding.found.kind == kind
    ]
    wanted.sort(key=lambda one: (ORDER[one[1]], one[0]))
    pages = Paginator(wanted, FINDINGS_PER_PAGE)
    found = pages.get_page(visit.request.GET.get("page", "1"))
    narrowed = visit.request.GET.copy()
    narrowed.pop("page", None)
    context = {
        "counts": counts_of(findings),
        "kind": kind if kind in PersonalKind.values else "",
        "page": found,
        "rows": shown(visit.study.id, list(found.object_list)),
        "query": visit.request.GET.urlencode(),
        "narrowed": narrowed.urlencode(),
    }
    return visit.page("personal_data.html", context, status=status)
