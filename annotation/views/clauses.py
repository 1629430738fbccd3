"""The specification as raters read it and find clauses in it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from annotation import gates
from annotation.models import Rater
from annotation.selectors import specifications
from annotation.selectors.specifications import LONGEST_SEARCH

LONGEST_NUMBER = 18


@gates.rater
@require_safe
@vary_on_headers("HX-Request")
def clauses(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the clauses that a rater looks for: as a list to cite from, or as a page to read."""
    version_id = _version_id(request, rater)
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    as_part = request.headers.get("HX-Request") == "true"
    if words or as_part:
        found = specifications.clauses_matching(version_id, words)
    else:
        found = specifications.whole(version_id)
    context = {
        "rater": rater,
        "found": found,
        "words": words,
        "citing": as_part,
        "version_id": version_id,
        "question_key": request.GET.get("question", ""),
        "name": specifications.title_of(version_id),
    }
    template = "annotation/_clauses.html" if as_part else "annotation/clauses.html"
    return render(request, template, context)


def _version_id(request: HttpRequest, rater: Rater) -> int:
    """Return the version asked for, or the one that counts now; another study's is not there."""
    text = request.GET.get("version", "") or str(rater.study.specification_id or "")
    number = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    if not number or not specifications.is_of(rater.study, int(text)):
        raise Http404
    return int(text)
