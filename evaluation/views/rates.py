"""Rates of a judge's answer: the page, and what it shows as CSV, JSON and SVG."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpResponse, JsonResponse
from django.utils.http import content_disposition_header, urlencode

from annotation.cells import cell
from annotation.plans import QuestionPlan
from annotation.vocabulary import VALUE_CATEGORIES
from evaluation import charts
from evaluation.charts import Point
from evaluation.errors import EvaluationError, RateRefused
from evaluation.services import judges, rate_words, rates, reports
from evaluation.services.agreement import scopes_of
from evaluation.services.judges import JudgeFacts
from evaluation.services.rate_methods import Method
from evaluation.services.rate_readings import answered
from evaluation.services.rate_reports import Rate, RateReport
from evaluation.services.report_kinds import RATES
from evaluation.services.reports import Found
from evaluation.views.applying import applying
from evaluation.views.downloads import chart_file
from evaluation.views.inline import inline
from evaluation.views.numbers import Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.words import captioned, menu, spoken

ROWS_SHOWN = 100
ASKED = ("judge", "question", "option", "by", "scope", "sample", "assume_random", "half_width")
COLUMNS = (
    "judge", "question", "scope", "option", "slice_by", "slice", "sample", "design", "estimator",
    "rate", "value", "low", "high", "se", "reason", "verdicts", "verdicts_unsure", "labels",
    "positives", "unsure", "ties", "unlabelled", "clusters", "cluster",
)  # fmt: skip
SERIES = (
    ("naive", "Judge alone"),
    ("human", "People alone"),
    ("corrected", "Corrected"),
)


class RatesForm(forms.Form):
    """Which rates are wanted; all of it fits into an address."""

    judge = forms.IntegerField(required=False)
    question = forms.CharField(required=False)
    option = forms.CharField(required=False)
    by = forms.CharField(required=False)
    scope = forms.CharField(required=False)
    sample = forms.IntegerField(required=False)
    assume_random = forms.BooleanField(required=False)
    half_width = forms.FloatField(required=False)

    def wanted(self) -> dict[str, Any]:
        """Return what was asked for, None for what was not.

        Raises:
            RateRefused: a field that is no number.
        """
        if not self.is_valid():
            told = ((name, " ".join(map(str, why))) for name, why in self.errors.items())
            wrong = "; ".join(f"{name}: {why}" for name, why in told)
            raise RateRefused(f"The address cannot be read. {wrong}")
        return {name: self.cleaned_data[name] or None for name in ASKED}


@dataclass(frozen=True, slots=True)
class Row:
    """One slice as the page shows it."""

    rate: Rate

    @property
    def name(self) -> str:
        """The slice."""
        return self.rate.key or "All"

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Naive, human and corrected rate."""
        found = self.rate.found
        three = (found.naive, found.human, found.corrected)
        return tuple(Shown(one, as_percent=True) for one in three)

    @property
    def estimator(self) -> str:
        """What the corrected rate is called."""
        return rate_words.NAMES[self.rate.found.method]

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the rates, with separators."""
        rate = self.rate
        numbers = {
            "verdicts": rate.verdicts,
            "hedged": rate.hedged,
            "labels": rate.labels,
            "positives": rate.positives,
            "left_out": rate.unsure + rate.ties,
            "clusters": rate.found.naive.clusters,
        }
        return {name: f"{n:,}" for name, n in numbers.items()}

    @property
    def errors(self) -> tuple[str, str] | None:
        """The judge's sensitivity and specificity, where they correct the rate."""
        errors = self.rate.found.errors
        if errors is None:
            return None
        return f"{errors.sensitivity:.3f}", f"{errors.specificity:.3f}"


@researchers("rates")
def page(visit: Visit) -> HttpResponse:
    """Show an answer's rates by judge, by people, and corrected; and plan further labels."""
    known = judges.judges_of(visit.study)
    context: dict[str, Any] = {"judges": known, "slices": rates.SLICES, "asked": visit.request.GET}
    status = HTTPStatus.OK
    counts = applying(visit)
    context["applying"] = counts
    try:
        facts, questions, asked = _chosen(visit, known)
        context |= {"judge": facts, "menu": menu(questions), "wanted": asked}
        context["scopes"] = _scopes(questions, asked["question"])
        if facts is not None and questions:
            kept = _kept(visit, facts, asked)
            context["kept"] = kept
            if kept.value:
                context |= _shown(facts, kept.value, asked, counts.kept)
    except EvaluationError as refusal:
        context["problem"], status = str(refusal), refusal.http_status
    return visit.page("rates.html", context, status=status)


@researchers("rates")
def as_csv(visit: Visit) -> HttpResponse:
    """Download what is shown as a table that a spreadsheet opens and does not run."""
    facts, found = _found(visit)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*COLUMNS, "csv_escaped"])
    writer.writerows(_escaped(row) for one in found.rates for row in _cells(facts, found, one))
    return _download(visit, found, written.getvalue(), "text/csv; charset=utf-8", "csv")


@researchers("rates")
def as_json(visit: Visit) -> HttpResponse:
    """Download what is shown as the command and the API give it."""
    try:
        _, kept = _asked(visit)
        found, body = kept.or_refused(), kept.as_json()
    except EvaluationError as refusal:
        error = {"code": refusal.code, "message": str(refusal), "details": refusal.details}
        return JsonResponse(error, status=refusal.http_status)
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return _download(visit, found, text, "application/json; charset=utf-8", "json")


@researchers("rates")
def chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of what is shown."""
    _, found = _found(visit)
    parts = ("rates", found.question.key, found.option, found.by)
    return chart_file(visit, _forest(found), *parts, form=form)


def _chosen(
    visit: Visit, known: list[JudgeFacts]
) -> tuple[JudgeFacts | None, list[QuestionPlan], dict[str, Any]]:
    """Return the judge, the questions there are rates of, and what is wanted; filled in."""
    asked = RatesForm(visit.request.GET).wanted()
    if not known:
        return None, [], asked
    facts = judges.judge_of(visit.study, asked["judge"] or known[0].id)
    questions = answered(visit.study, facts)
    keys = [one.key for one in questions]
    if not questions:
        return facts, [], asked
    if asked["question"] is None:
        asked["question"] = "misled" if "misled" in keys else keys[0]
    plan = next((one for one in questions if one.key == asked["question"]), None)
    # Whoever chose another question has an answer to the last one in the form.
    if plan and plan.options and asked["option"] not in [one.code for one in plan.options]:
        asked["option"] = rates.first_option(plan)
    if plan and not plan.options and asked["option"] not in _of_categories(visit):
        asked["option"], asked["by"] = rates.OWN, "value_category"
    return facts, questions, asked


def _of_categories(visit: Visit) -> set[str]:
    """Return the answers to which category won: what a winner may be besides, and categories."""
    winner = visit.study.rubric.question("winner")
    besides = {option.code for option in winner.options} if winner else set()
    return besides | {name for group in VALUE_CATEGORIES.values() for name in group}


def _kept(visit: Visit, facts: JudgeFacts, asked: dict[str, Any]) -> Found[RateReport]:
    """Return the rates that are wanted, with what was left open filled in."""
    filled = asked | {"judge": facts.id}
    given = {name: [str(value)] for name, value in filled.items() if value is not None}
    given["exclusions"] = visit.request.GET.getlist("exclusions")
    return reports.found(visit.study, RATES, given)


def _asked(visit: Visit) -> tuple[JudgeFacts, Found[RateReport]]:
    facts, questions, asked = _chosen(visit, judges.judges_of(visit.study))
    if facts is None or not questions:
        raise RateRefused("There is no judge here whose verdicts give a rate.")
    return facts, _kept(visit, facts, asked)


def _found(visit: Visit) -> tuple[JudgeFacts, RateReport]:
    facts, kept = _asked(visit)
    return facts, kept.or_refused()


def _scopes(questions: list[QuestionPlan], key: str | None) -> list[str]:
    """Return of what the question is asked, where there is a choice."""
    plan = next((one for one in questions if one.key == key), None)
    return [str(one) for one in scopes_of(plan)] if plan else []


def _shown(
    facts: JudgeFacts, found: RateReport, asked: dict[str, Any], kept: dict[str, str]
) -> dict[str, Any]:
    rows = [Row(one) for one in found.rates]
    filled = {name: value for name, value in asked.items() if value is not None}
    filled |= {"judge": facts.id, "option": found.option}
    filled |= {"by": found.by} if found.by else {}
    filled |= kept
    return {
        "found": found,
        "exclusions": found.exclusions,
        "rows": rows[:ROWS_SHOWN],
        "notes": _notes(rows[:ROWS_SHOWN]),
        "more": max(len(rows) - ROWS_SHOWN, 0),
        "label": spoken(found.question.label),
        "options": [(one.code, spoken(one.label)) for one in rates.options_of(found)],
        "answer": _answer(found),
        "chart": inline(_forest(found)),
        "title": _title(found),
        "query": urlencode(filled),
        "plans": [row for row in rows[:ROWS_SHOWN] if row.rate.plan],
        "refused": any(row.rate.found.method == Method.REFUSED for row in rows),
        "assumable": found.sample is None and not found.assumed,
    }


def _notes(rows: list[Row]) -> list[tuple[str, str]]:
    """Return what has to be known of the rates, each once, with the slices that it is about."""
    about: dict[str, list[str]] = {}
    for row in rows:
        for words in row.rate.warnings:
            about.setdefault(words, []).append(row.name)
    every = len(rows) if len(rows) > 1 else None
    return [
        ("All slices" if len(names) == every else ", ".join(names), words)
        for words, names in about.items()
    ]


def _answer(found: RateReport) -> str:
    labels = {one.code: spoken(one.label) for one in rates.options_of(found)}
    return labels.get(found.option, found.option)


def _title(found: RateReport) -> str:
    of = f" by {found.by.replace('_', ' ')}" if found.by else ""
    about = captioned(found.question.label, found.scope)
    return f"Rate of “{_answer(found)}” to {about}{of}"


def _forest(found: RateReport) -> str:
    points = [
        Point(row.name, series, shown.estimate.value, shown.estimate.low, shown.estimate.high)
        for row in map(Row, found.rates)
        for (_, series), shown in zip(SERIES, row.shown, strict=True)
    ]
    return charts.forest(points, title=_title(found))


def _cells(facts: JudgeFacts, found: RateReport, rate: Rate) -> Iterable[list[object]]:
    """Yield a line for each of the three rates."""
    asked = [facts.name, found.question.key, found.scope, rate.option, found.by, rate.key]
    before = [*asked, found.sample, found.design]
    sizes = [rate.verdicts, rate.hedged, rate.labels, rate.positives, rate.unsure, rate.ties]
    after = [*sizes, rate.unlabelled, rate.found.naive.clusters, found.cluster]
    three = (rate.found.naive, rate.found.human, rate.found.corrected)
    for (name, _), one in zip(SERIES, three, strict=True):
        method = str(rate.found.method) if name == "corrected" else None
        reason = str(one.reason) if one.reason else None
        yield [*before, method, name, one.value, one.low, one.high, one.se, reason, *after]


def _escaped(row: list[object]) -> list[str]:
    """Return a line as cells that no spreadsheet runs, with the names of those changed."""
    cells = [cell(value) for value in row]
    names = [name for name, (_, escaped) in zip(COLUMNS, cells, strict=True) if escaped]
    return [*(text for text, _ in cells), " ".join(names)]


def _download(
    visit: Visit, found: RateReport, text: str, content_type: str, ending: str
) -> HttpResponse:
    parts = (visit.study.slug, "rates", found.question.key, found.option, found.by)
    name = "-".join(part for part in parts if part)
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.{ending}"
    )
    return response
