"""Labels: how far they can be relied on, and the labels themselves as files."""

import json
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header, urlencode
from django.utils.safestring import SafeString

from annotation.cells import json_text
from evaluation import charts
from evaluation.charts import Bin
from evaluation.errors import ResultUnknown
from evaluation.services import labels, reports
from evaluation.services.judges import id_or_name, judges_of
from evaluation.services.label_checks import Measured
from evaluation.services.labels import Labelling
from evaluation.services.report_kinds import LABELS
from evaluation.services.reports import Found
from evaluation.views.applying import applying
from evaluation.views.downloads import as_file, chart_file
from evaluation.views.inline import inline
from evaluation.views.numbers import Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.tables import csv_lines
from evaluation.views.words import menu, spoken

KINDS = {
    "shares": "vote shares",
    "smoothed_shares": "smoothed vote shares",
    "posterior": "posterior (Dawid and Skene)",
    "raw": "as the judge gave it",
    "recalibrated": "recalibrated",
}
CONTENT = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One kind of probability with its two numbers."""

    found: Measured

    @property
    def name(self) -> str:
        """What kind it is."""
        return KINDS[self.found.kind]

    @property
    def brier(self) -> Shown:
        """Mean squared error."""
        return Shown(self.found.brier)

    @property
    def ece(self) -> Shown:
        """Calibration error."""
        return Shown(self.found.ece)


@dataclass(frozen=True, slots=True)
class CheckSection:
    """One check: its chart, and a row for each kind of probability."""

    key: str
    title: str
    cases: str
    reason: str
    measured: tuple[Measured, ...]

    @property
    def rows(self) -> list[MeasureRow]:
        """Each kind of probability."""
        return [MeasureRow(one) for one in self.measured]

    @property
    def drawing(self) -> str:
        """The reliability diagram."""
        bins = [
            Bin(point.mean_probability, point.share_positive, None, None, point.n, KINDS[one.kind])
            for one in self.measured
            for point in one.curve
        ]
        return charts.reliability(bins, title=self.title)

    @property
    def chart(self) -> SafeString:
        """The reliability diagram, for a page."""
        return inline(self.drawing)


@dataclass(frozen=True, slots=True)
class Section:
    """The labels of one question in one scope."""

    found: Labelling

    @property
    def label(self) -> str:
        """What was asked."""
        return spoken(self.found.question.label)

    @property
    def learnt(self) -> dict[str, str]:
        """From how much raters' errors were learnt, with separators."""
        errors = self.found.errors
        if errors is None:
            return {}
        sizes = {"ratings": errors.ratings, "units": errors.units, "raters": errors.rater.size}
        return {name: f"{n:,}" for name, n in (sizes | {"every": errors.every}).items()}

    @property
    def checks(self) -> list[CheckSection]:
        """Each check that can be made, and the judge where one was chosen."""
        found = self.found
        scope = found.asked.scope
        sections = [
            CheckSection(
                f"{key}-{scope}",
                f"Labels beside {what} ({scope})",
                f"{check.cases:,} {of}",
                check.reason,
                check.measured,
            )
            for key, what, of, check in (
                ("held-out", "raters who were left out", "ratings", found.held_out),
                ("gold", "known answers", "units", found.gold),
            )
        ]
        judge = found.recalibrated
        if judge:
            title = f"The judge {judge.judge.name} beside people's majority ({scope})"
            units = f"{judge.units:,} units"
            section = CheckSection(f"judge-{scope}", title, units, judge.reason, judge.measured)
            sections.append(section)
        return sections


@researchers("labels")
def page(visit: Visit) -> HttpResponse:
    """Show how the labels of one question are made and how well they do."""
    kept = _kept(visit)
    found = kept.value or []
    context = {
        "applying": applying(visit),
        "kept": kept,
        "sections": [Section(one) for one in found],
        "exclusions": found[0].asked.filters.exclusions if found else (),
        "questions": menu(labels.offered(visit.study)),
        "question": kept.terms.one("question"),
        "judges": judges_of(visit.study),
        "judge": id_or_name(visit.asked("judge")),
        "query": _query(visit),
        "judged": any(one.errors or one.held_out.reason == labels.SEVERAL for one in found),
    }
    return visit.page("labels.html", context)


@researchers("labels")
def as_json(visit: Visit) -> HttpResponse:
    """Download the checks as command and API give them."""
    body = _kept(visit).as_json()
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    kind = "application/json; charset=utf-8"
    return as_file(visit, text.encode(), *_name(visit), content_type=kind, ending="json")


@researchers("labels")
def as_table(visit: Visit, form: str) -> StreamingHttpResponse:
    """Download the labels, a line for each unit, as they are made."""
    if form not in CONTENT:
        raise ResultUnknown(f"Labels come as {' or '.join(CONTENT)}, not as {form!r}.")
    found = reports.at_once(visit.study, LABELS, _given(visit))
    rows = labels.rows(visit.study, found.or_refused())
    cells = (list(row.values()) for row in rows)
    lines = (
        csv_lines(labels.COLUMNS, cells)
        if form == "csv"
        else (f"{json_text(row)}\n" for row in rows)
    )
    response = StreamingHttpResponse(lines, content_type=CONTENT[form])
    name = "-".join(part for part in (visit.study.slug, *_name(visit)) if part)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.{form}"
    )
    return response


@researchers("labels")
def chart(visit: Visit, chart: str, form: str) -> HttpResponse:
    """Download one reliability diagram."""
    sections = [one for found in _found(visit) for one in Section(found).checks if one.measured]
    for one in sections:
        if one.key == chart:
            return chart_file(visit, one.drawing, *_name(visit), chart, form=form)
    known = ", ".join(one.key for one in sections) or "none: nothing can be checked yet"
    raise ResultUnknown(f"There is no chart {chart!r}. There are {known}.")


def _found(visit: Visit) -> list[Labelling]:
    return _kept(visit).or_refused()


def _kept(visit: Visit) -> Found[list[Labelling]]:
    return reports.found(visit.study, LABELS, _given(visit))


def _given(visit: Visit) -> dict[str, list[str]]:
    question = visit.asked("question") or labels.first_question(visit.study)
    return {**dict(visit.request.GET.lists()), "question": [question]}


def _query(visit: Visit) -> str:
    asked = {name: visit.asked(name) for name in ("question", "judge", "exclusions")}
    return urlencode({name: value for name, value in asked.items() if value})


def _name(visit: Visit) -> tuple[str | None, ...]:
    return ("labels", visit.asked("question"), visit.asked("judge"))
