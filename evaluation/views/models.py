"""Models: what each puts first, how it changes over turns, where models differ."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from evaluation.errors import ResultUnknown
from evaluation.services import model_profiles, reports
from evaluation.services.judges import judges_of
from evaluation.services.model_drift import Course, Drift
from evaluation.services.model_profiles import RANKED_BY, ModelReport
from evaluation.services.model_rows import Source
from evaluation.services.model_spread import RULE
from evaluation.services.report_kinds import MODELS
from evaluation.services.reports import Found
from evaluation.services.value_priorities import ModelDifference, Priorities
from evaluation.stats.survival import CurvePoint
from evaluation.views import model_charts
from evaluation.views.applying import applying
from evaluation.views.downloads import as_file, chart_file, table_file
from evaluation.views.inline import inline
from evaluation.views.model_tables import TABLES
from evaluation.views.numbers import Number, PValue, Shown
from evaluation.views.pages import Visit, researchers

DIFFERENCES_SHOWN = 100
OF_JUDGE = "judge-"
SOURCES = (
    (Source.MAJORITY, "people: majority of each reply"),
    (Source.RATINGS, "people: all ratings"),
)
WORDS = {
    "first_misleading_turn": "First misleading turn",
    "turn_of_flip": "Turn of flip",
    "majority": "by the majority of raters at each turn",
    "rater": "by each rater on their own",
    "judge": "by the judge",
}


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value or category for one model."""

    name: str
    comparisons: str
    strength: Shown
    rate: Shown


@dataclass(frozen=True, slots=True)
class Ranking:
    """One model's ranking as the page shows it, the strongest first."""

    found: Priorities

    @property
    def framing(self) -> Shown:
        """What a wording that leans to a value adds."""
        return Shown(self.found.framing)

    @property
    def why(self) -> str:
        """Why nothing was ranked; empty where something was."""
        return self.found.why

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers, with separators."""
        names = ("comparisons", "dropped", "without", "clusters")
        return {name: f"{getattr(self.found, name):,}" for name in names}

    @property
    def rows(self) -> list[ValueRow]:
        """Each value, the strongest first, those without a strength by how often they won."""
        ordered = sorted(
            self.found.values,
            key=lambda one: (
                one.strength.value is None,
                -(one.strength.value or 0.0),
                -(one.rate.value or 0.0),
            ),
        )
        return [
            ValueRow(
                one.name,
                f"{one.comparisons:,}",
                Shown(one.strength),
                Shown(one.rate, as_percent=True),
            )
            for one in ordered
        ]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """Two models on one value."""

    found: ModelDifference

    @property
    def difference(self) -> Shown:
        """The first model's rate minus the other's."""
        return Shown(self.found.difference, as_percent=True)

    @property
    def tests(self) -> tuple[Number, ...]:
        """The p-value alone, and adjusted for all that were tested."""
        found = self.found
        return tuple(PValue(p) for p in (found.p, found.p_benjamini_hochberg, found.p_holm))


@dataclass(frozen=True, slots=True)
class PointRow:
    """A curve at one turn."""

    found: CurvePoint

    @property
    def survival(self) -> Shown:
        """The share without the event so far."""
        return Shown(self.found.survival, as_percent=True)


@dataclass(frozen=True, slots=True)
class CourseRows:
    """One model's conversations as the page shows them."""

    found: Course

    @property
    def points(self) -> list[PointRow]:
        """Turn by turn."""
        return [PointRow(one) for one in self.found.curve.points]

    @property
    def flips(self) -> Shown:
        """How often it changed."""
        return Shown(self.found.flips)

    @property
    def recovery(self) -> Shown:
        """How often it was without the event again later."""
        return Shown(self.found.recovery, as_percent=True)

    @property
    def median(self) -> str:
        """The first turn after which at most half are without the event, or why there is none."""
        curve = self.found.curve
        reason = curve.median_reason
        return str(curve.median) if reason is None else reason.sentence


@dataclass(frozen=True, slots=True)
class Section:
    """When one event comes: its chart and its tables."""

    found: Drift
    title: str
    chart: SafeString
    key: str

    @property
    def heading(self) -> str:
        """The event, and who saw it."""
        return f"{WORDS[self.found.event]}, {WORDS[self.found.seen_by]}"

    @property
    def courses(self) -> list[CourseRows]:
        """Each model."""
        return [CourseRows(one) for one in self.found.courses]

    @property
    def drawn(self) -> int:
        """How many courses the chart holds."""
        return len(model_charts.shown_courses(self.found))


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its title; ``key`` is its name in addresses."""

    key: str
    title: str
    svg: SafeString


@researchers("models")
def page(visit: Visit) -> HttpResponse:
    """Show what is particular to each model."""
    kept = _kept(visit)
    known = {"applying": applying(visit), "kept": kept, **_choices(visit)}
    return visit.page("models.html", known | (_shown(kept.value) if kept.value else {}))


def _shown(report: ModelReport) -> dict[str, Any]:
    """Return what the page shows of a report."""
    figures = {figure.key: figure for figure in _figures(report)}
    sections = [_section(drift, figures) for drift in report.drift]
    return {
        "report": report,
        "exclusions": report.exclusions,
        "priority_figures": _of(figures, model_charts.PRIORITIES, model_charts.WINS),
        "spread_figures": _of(figures, model_charts.DISAGREEMENT),
        "rankings": [Ranking(one) for one in report.priorities],
        "nothing_ranked": not any(one.values for one in report.priorities),
        "nothing_said": report.reason == model_profiles.NO_ANSWERS
        and not (report.judge or report.drift or report.spread.queries),
        "differences": [DifferenceRow(one) for one in report.differences[:DIFFERENCES_SHOWN]],
        "more_differences": max(len(report.differences) - DIFFERENCES_SHOWN, 0),
        "found": sum(one.found for one in report.differences),
        "sections": sections,
        "top": [(one, Number(one.disagreement)) for one in report.spread.top],
        "outliers": report.spread.outliers,
        "rule": RULE,
        "tables": list(TABLES),
    }


@researchers("models")
def as_json(visit: Visit) -> HttpResponse:
    """Download what is shown as command and API give it."""
    text = json.dumps(_kept(visit).as_json(), ensure_ascii=False, allow_nan=False)
    kind = "application/json; charset=utf-8"
    return as_file(visit, text.encode(), *_name(visit), content_type=kind, ending="json")


@researchers("models")
def as_csv(visit: Visit, table: str) -> HttpResponse:
    """Download one table of what is shown."""
    if table not in TABLES:
        raise ResultUnknown(f"There is no table {table!r}. There are {', '.join(TABLES)}.")
    chosen = TABLES[table]
    return table_file(visit, chosen.columns, chosen.rows(_report(visit)), *_name(visit), table)


@researchers("models")
def chart(visit: Visit, chart: str, form: str) -> HttpResponse:
    """Download one chart of what is shown."""
    drawn = model_charts.drawn(_report(visit))
    if chart not in drawn:
        known = ", ".join(drawn) or "none: there is nothing to draw"
        raise ResultUnknown(f"There is no chart {chart!r}. There are {known}.")
    return chart_file(visit, drawn[chart][1], *_name(visit), chart, form=form)


def _kept(visit: Visit) -> Found[ModelReport]:
    asked = visit.asked("from") or str(Source.MAJORITY)
    judge = asked.removeprefix(OF_JUDGE) if asked.startswith(OF_JUDGE) else ""
    given = {
        "from": [] if judge else [asked],
        "judge": [judge],
        "by": [visit.asked("by") or model_profiles.CATEGORY],
        "exclusions": visit.request.GET.getlist("exclusions"),
    }
    return reports.found(visit.study, MODELS, given)


def _report(visit: Visit) -> ModelReport:
    return _kept(visit).or_refused()


def _choices(visit: Visit) -> dict[str, Any]:
    judges = [(f"{OF_JUDGE}{one.id}", f"judge: {one.name}") for one in judges_of(visit.study)]
    chosen = {"from": visit.asked("from") or "", "by": visit.asked("by") or ""}
    kept = applying(visit).kept
    return {
        "sources": [*((str(key), words) for key, words in SOURCES), *judges],
        "ranked_by": RANKED_BY,
        "chosen": chosen["from"],
        "by": chosen["by"],
        "query": urlencode({name: value for name, value in chosen.items() if value} | kept),
        "by_value": urlencode({"from": chosen["from"], "by": model_profiles.VALUE} | kept),
    }


def _name(visit: Visit) -> tuple[str | None, ...]:
    return ("models", visit.asked("from"), visit.asked("by"))


def _figures(report: ModelReport) -> Iterator[Figure]:
    for key, (title, svg) in model_charts.drawn(report).items():
        yield Figure(key, title, inline(svg))


def _of(figures: dict[str, Figure], *keys: str) -> list[Figure]:
    return [figures[key] for key in keys if key in figures]


def _section(drift: Drift, figures: dict[str, Figure]) -> Section:
    figure = figures[model_charts.name_of(drift)]
    return Section(drift, figure.title, figure.svg, figure.key)
