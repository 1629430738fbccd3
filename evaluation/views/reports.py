"""Reports that are kept: the list, one with its numbers, computing it again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from evaluation import tasks
from evaluation.models import Report, ReportKind, ReportState
from evaluation.services import reports
from evaluation.services.coefficients import TITLES
from evaluation.services.report_kinds import AGREEMENT, kind_of
from evaluation.services.span_agreement import TITLES as SPAN_TITLES
from evaluation.views.models import OF_JUDGE
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import BETWEEN
from evaluation.views.words import menu

# The pages on which reports are shown; those of judges have the judge in their address.
PAGES = {
    ReportKind.AGREEMENT: "agreement",
    ReportKind.JUDGE: "judge",
    ReportKind.SLICES: "judge_slices",
    ReportKind.AGAINST: "judge_against",
    ReportKind.CELL: "judge_items",
    ReportKind.RATES: "rates",
    ReportKind.MODELS: "models",
    ReportKind.LABELS: "labels",
    ReportKind.OVER_TIME: "over_time",
    ReportKind.DISAGREEMENTS: "disagreements",
    ReportKind.DISPUTED: "disputed",
    ReportKind.ORDERS: "order_effects",
}
OF_ONE_JUDGE = (ReportKind.JUDGE, ReportKind.SLICES, ReportKind.AGAINST, ReportKind.CELL)
PICKED = (
    ReportKind.OVER_TIME, ReportKind.DISAGREEMENTS, ReportKind.DISPUTED, ReportKind.ORDERS,
)  # fmt: skip
# What says of what a number is, wherever it stands in a report.
NAMING = ("key", "question", "scope", "slice", "bucket", "model", "other", "option", "kind")
QUESTION = ("key", "question")
NUMBERS_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a report: of what it is, its name, and the number itself."""

    of: str
    title: str
    number: dict[str, Any]


@researchers("agreement", methods=("GET", "HEAD", "POST"))
def page(visit: Visit) -> HttpResponse:
    """List the reports; a sent form keeps what a page shows, or has it computed."""
    if visit.request.method == "POST":
        given = dict(visit.request.POST.lists())
        kind = kind_of(visit.request.POST.get("kind") or str(AGREEMENT.name))
        made = tasks.request_report(
            visit.study, kind, given, now=timezone.now(), by_id=visit.request.user.pk
        )
        return redirect("evaluation:kept_report", visit.study.slug, made.number)
    known = reports.reports_of(visit.study)
    rows = [{"report": one, "asked": asked_in_words(one)} for one in known]
    return visit.page("kept_reports.html", {"rows": rows})


@researchers("agreement", methods=("GET", "HEAD", "POST"))
def report(visit: Visit, number: int) -> HttpResponse:
    """Show one report; a sent form computes it again, where it is small, and compares."""
    if visit.request.method == "POST":
        return _compared(visit, number)
    found = reports.report_of(visit.study, number)
    labels = dict(menu(visit.study.rubric.questions))
    rows = list(_rows(found.result or {}, labels))
    context = {
        "report": found,
        "asked": asked_in_words(found),
        "page_url": _page_of(visit, found),
        "rows": rows[:NUMBERS_SHOWN],
        "more": max(len(rows) - NUMBERS_SHOWN, 0),
        "waiting": found.state == ReportState.WAITING,
        "ready": found.state == ReportState.READY,
    }
    return visit.page("kept_report.html", context, status=HTTPStatus.OK)


def _compared(visit: Visit, number: int) -> HttpResponse:
    equal = tasks.request_check(visit.study, number, now=timezone.now())
    if equal is None:
        messages.info(visit.request, "The worker computes it again and says here whether it is.")
    elif equal:
        messages.success(visit.request, "Computed again: every digit is equal.")
    else:
        messages.error(visit.request, "Computed again: NOT equal. Do not rely on either.")
    return redirect("evaluation:kept_report", visit.study.slug, number)


def asked_in_words(found: Report) -> str:
    """Return what a report was asked for, in a line."""
    parts = [f"{name}: {', '.join(values)}" for name, values in found.asked.items()]
    return "; ".join(parts) or "all questions, first and imported judgments"


def _page_of(visit: Visit, found: Report) -> str:
    """Return the address of the page on which such a report is shown."""
    kind, given = ReportKind(found.kind), dict(found.asked)
    where = [visit.study.slug]
    if kind in OF_ONE_JUDGE:
        where += given.pop("judge")
    if kind == ReportKind.CELL:
        given["judge"] = given.pop("says", [])
    if kind == ReportKind.MODELS:
        judged = [f"{OF_JUDGE}{one}" for one in given.pop("judge", [])]
        given["from"] = judged or given.get("from", [])
    if kind in PICKED and "scope" in given:
        given["question"] = [BETWEEN.join((*given["question"], *given.pop("scope")))]
    return f"{reverse(f'evaluation:{PAGES[kind]}', args=where)}?{urlencode(given, doseq=True)}"


def _rows(part: Any, labels: Mapping[str, str], of: tuple[str, ...] = ()) -> Iterator[Row]:
    """Yield every number with its interval that stands in a report, wherever it stands.

    ``labels`` are those of the questions, by key.
    """
    if isinstance(part, list):
        for one in part:
            yield from _rows(one, labels, of)
    elif isinstance(part, dict):
        if {"name", "value", "low", "high"} <= part.keys():
            title = (TITLES | SPAN_TITLES).get(part["name"], part["name"].replace("_", " "))
            yield Row(" · ".join(of), title, part)
            return
        here = (*of, *_named(part, labels))
        for one in part.values():
            yield from _rows(one, labels, here)


def _named(part: dict[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield what a part of a report says of itself."""
    for name in NAMING:
        value = part.get(name)
        if isinstance(value, str) and value:
            known = name in QUESTION and value in labels
            yield f"{labels[value]} ({value})" if known else value
        elif name == "slice" and isinstance(value, dict):
            yield ", ".join(f"{by} {key}" for by, key in value.items())
