"""How far raters agree: the page, and what it shows as CSV, JSON and SVG."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse, JsonResponse
from django.utils.http import content_disposition_header, urlencode
from django.utils.safestring import SafeString, mark_safe

from annotation.cells import cell
from annotation.selectors.labels import SLICES
from evaluation import charts, sentences
from evaluation.charts import Bar, Mark, Point
from evaluation.errors import EvaluationError
from evaluation.services import agreement
from evaluation.services.agreement import ALPHA, PERCENT, Agreement
from evaluation.views.numbers import Number, Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.words import spoken

ALPHA_NAME = "Krippendorff's alpha"
PERCENT_NAME = "Percent agreement"
CONVENTIONS = (Mark(sentences.TENTATIVE, ".667"), Mark(sentences.RELIABLE, ".800"))
ROWS_SHOWN = 100
COLUMNS = (
    "question", "scope", "level", "slice_by", "slice", "measure", "option", "value", "low", "high",
    "se", "reason", "items", "pairable_items", "raters", "ratings", "clusters", "cluster", "wave",
    "rubric_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OptionRow:
    """How often an option was chosen."""

    label: str
    ratings: int
    share: Number


@dataclass(frozen=True, slots=True)
class Row:
    """One measured question, whole or in one slice, as the page shows it."""

    found: Agreement
    alpha: Shown
    percent: Shown
    options: tuple[OptionRow, ...]

    @property
    def label(self) -> str:
        """What was asked, with words for the values that differ from item to item."""
        return spoken(self.found.label)

    @property
    def name(self) -> str:
        """The slice, or the question with its scope where it has two."""
        return self.found.slice_key or self.full_name

    @property
    def full_name(self) -> str:
        """The question with its scope, and the slice where there is one."""
        of = f": {self.found.slice_key}" if self.found.slice_key else ""
        return f"{self.found.key} ({self.found.scope}){of}"

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers, with separators."""
        names = ("items", "pairable_items", "raters", "judgments", "clusters")
        return {name: f"{getattr(self.found, name):,}" for name in names}

    @property
    def wave(self) -> str:
        """Which seats count."""
        return " + ".join(self.found.waves)

    @property
    def said(self) -> list[str]:
        """The numbers in words."""
        found = self.found
        common = max(found.shares, key=lambda share: share.share or 0.0, default=None)
        warning = (
            sentences.of_prevalence(spoken(common.label), common.share, found.alpha)
            if common
            else ""
        )
        alpha = sentences.of_alpha(found.alpha, found.cluster)
        return [
            s for s in (alpha, sentences.of_percent(found.percent, found.cluster), warning) if s
        ]


@dataclass(frozen=True, slots=True)
class Section:
    """One question in one scope: a row, or one for each slice, with its chart."""

    rows: list[Row]
    chart: SafeString
    title: str
    more: int

    @property
    def first(self) -> Row:
        """The row that names the question."""
        return self.rows[0]

    @property
    def judged(self) -> bool:
        """Say whether anyone answered it."""
        return any(row.found.judgments for row in self.rows)


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show agreement on each question, or on one, whole or in slices."""
    found = _found(visit)
    rows = [_row(one) for one in found]
    judged = any(one.judgments for one in found)
    context = {
        "sections": _sections(rows) if judged else [],
        "rows": rows if judged and not visit.asked("by") else [],
        "overview": _overview(rows) if judged and not visit.asked("by") else "",
        "judged": judged,
        "questions": agreement.offered(visit.study),
        "slices": [(key, key.replace("_", " ")) for key in SLICES],
        "question": visit.asked("question"),
        "by": visit.asked("by"),
        "convention": sentences.CONVENTION,
        "query": _query(visit),
    }
    return visit.page("agreement.html", context)


@researchers("agreement")
def as_csv(visit: Visit) -> HttpResponse:
    """Download what is shown as a table that a spreadsheet opens and does not run."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*COLUMNS, "csv_escaped"])
    writer.writerows(_escaped(row) for one in _found(visit) for row in _cells(one))
    return _download(visit, written.getvalue(), "text/csv; charset=utf-8", "csv")


@researchers("agreement")
def as_json(visit: Visit) -> HttpResponse:
    """Download what is shown as the command and the API give it."""
    try:
        body = agreement.as_json(visit.study, _found(visit))
    except EvaluationError as refusal:
        error = {"code": refusal.code, "message": str(refusal), "details": refusal.details}
        return JsonResponse(error, status=refusal.http_status)
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return _download(visit, text, "application/json; charset=utf-8", "json")


@researchers("agreement")
def chart(visit: Visit) -> HttpResponse:
    """Download the chart of what is shown."""
    svg = charts.standalone(_overview([_row(one) for one in _found(visit)]))
    return _download(visit, svg, "image/svg+xml; charset=utf-8", "svg")


def _found(visit: Visit) -> list[Agreement]:
    return agreement.report(visit.study, question=visit.asked("question"), by=visit.asked("by"))


def _row(found: Agreement) -> Row:
    options = tuple(
        OptionRow(spoken(share.label), share.ratings, Number(share.share, as_percent=True))
        for share in found.shares
    )
    return Row(found, Shown(found.alpha), Shown(found.percent, as_percent=True), options)


def _sections(rows: list[Row]) -> list[Section]:
    """Group rows by question; of many slices the table shows those with the most ratings."""
    found = []
    for _, group in groupby(rows, key=lambda row: (row.found.key, row.found.scope)):
        slices = list(group)
        shown = _most_rated(slices)
        first = shown[0]
        if first.found.slice_by:
            title = f"Agreement on {first.found.key} ({first.found.scope}) by slice"
            drawn = _forest(((row.name, row) for row in shown), title)
        else:
            title = f"How often each answer to {first.found.key} ({first.found.scope}) was given"
            drawn = _prevalence(first, title)
        found.append(Section(shown, drawn, title, len(slices) - len(shown)))
    return found


def _most_rated(slices: list[Row]) -> list[Row]:
    """Return as many slices as a page shows, in their own order."""
    least_first = sorted(range(len(slices)), key=lambda at: slices[at].found.judgments)
    return [slices[at] for at in sorted(least_first[-ROWS_SHOWN:])]


def _overview(rows: list[Row]) -> SafeString:
    named = ((row.full_name, row) for row in rows)
    return _forest(named, "Agreement by question, with 95 % intervals")


def _forest(named: Iterable[tuple[str, Row]], title: str) -> SafeString:
    points = [
        Point(place, name, shown.estimate.value, shown.estimate.low, shown.estimate.high)
        for place, row in named
        for name, shown in ((ALPHA_NAME, row.alpha), (PERCENT_NAME, row.percent))
    ]
    return mark_safe(charts.forest(points, title=title, marks=CONVENTIONS))  # noqa: S308 - ours


def _prevalence(row: Row, title: str) -> SafeString:
    drawn = [
        Bar(option.label, option.share.value or 0.0, f"{option.share.text} ({option.ratings:,})")
        for option in row.options
    ]
    return mark_safe(charts.bars(drawn, title=title))  # noqa: S308 - ours


def _cells(found: Agreement) -> Iterable[list[object]]:
    """Yield a line for each coefficient and each option's share."""
    before = [found.key, found.scope, found.level, found.slice_by, found.slice_key]
    sizes = [found.items, found.pairable_items, found.raters, found.judgments, found.clusters]
    after = [*sizes, found.cluster, "+".join(found.waves), found.rubric_version]
    for name, one in ((ALPHA, found.alpha), (PERCENT, found.percent)):
        numbers = [one.value, one.low, one.high, one.se]
        yield [*before, name, None, *numbers, str(one.reason) if one.reason else None, *after]
    for share in found.shares:
        yield [*before, "share", share.option, share.share, None, None, None, None, *after]


def _escaped(row: list[object]) -> list[str]:
    """Return a line as cells that no spreadsheet runs, with the names of those changed."""
    cells = [cell(value) for value in row]
    names = [name for name, (_, escaped) in zip(COLUMNS, cells, strict=True) if escaped]
    return [*(text for text, _ in cells), " ".join(names)]


def _query(visit: Visit) -> str:
    asked = {name: visit.asked(name) for name in ("question", "by")}
    return urlencode({name: value for name, value in asked.items() if value})


def _download(visit: Visit, text: str, content_type: str, ending: str) -> HttpResponse:
    parts = [visit.study.slug, "agreement", visit.asked("question"), visit.asked("by")]
    name = "-".join(part for part in parts if part)
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.{ending}"
    )
    return response
