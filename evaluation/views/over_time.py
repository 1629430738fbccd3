"""How agreement goes on over time: the page, and the same as CSV, SVG and PNG."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from evaluation import charts, sentences
from evaluation.charts import Mark, Moment
from evaluation.digits import percent
from evaluation.services.disagreements import SEQUENCE, WAYS, WEEK, Bucket, Course
from evaluation.services.report_kinds import OVER_TIME
from evaluation.stats.estimates import Estimate
from evaluation.views import downloads
from evaluation.views.disagreements import numbers
from evaluation.views.inline import inline
from evaluation.views.numbers import Shown, separated
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import Picked, kept_of, picked_results
from evaluation.views.words import captioned

COLUMNS = (
    "question", "scope", "by", "bucket", "first_at", "last_at", "units", "pairable_units",
    "ratings", "clusters", "measure", "value", "low", "high", "se", "reason",
)  # fmt: skip
ALPHA_NAME, PERCENT_NAME = "Krippendorff's alpha", "Percent agreement"
WAYS_SAID = {WEEK: "week", SEQUENCE: "order in which items were completed"}
CONVENTIONS = (Mark(sentences.TENTATIVE, ".667"), Mark(sentences.RELIABLE, ".800"))


@dataclass(frozen=True, slots=True)
class TimeRow:
    """Agreement in one stretch of time, to be shown."""

    found: Bucket

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers."""
        found = self.found
        return separated(
            units=found.units,
            pairable=found.percent.pairable_items,
            ratings=found.ratings,
            clusters=found.percent.clusters,
        )

    @property
    def alpha(self) -> Shown:
        """Krippendorff's alpha at the question's level."""
        return Shown(self.found.alpha)

    @property
    def percent(self) -> Shown:
        """Percent agreement."""
        return Shown(self.found.percent, as_percent=True)


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show how agreement goes on, by week or by the order in which items were completed."""
    asked = picked_results(visit)
    by = visit.asked("by") or WEEK
    kept = kept_of(visit, asked, OVER_TIME, by=by)
    context = asked.context("time") | {
        "kept": kept,
        "query": f"{asked.query}&{urlencode({'by': by})}",
        "by": by,
        "ways": [(way, WAYS_SAID[way]) for way in WAYS],
        **(_shown(asked, kept.value) if kept.value else {}),
    }
    return visit.page("over_time.html", context)


def _shown(asked: Picked, found: Course) -> dict[str, Any]:
    """Return what the page shows of it."""
    return {
        "found": found,
        "rows": [TimeRow(one) for one in found.buckets],
        "chart": _course_chart(asked, found) if found.ratings else "",
        "title": _course_title(asked, found),
        "said": _said_of_time(found),
        "sizes": separated(units=found.units, ratings=found.ratings),
    }


@researchers("agreement")
def as_csv(visit: Visit) -> HttpResponse:
    """Download agreement over time."""
    asked, found = _found(visit)
    where = (asked.meant.question.key, str(asked.meant.scope), found.by)
    rows = ([*where, *cells] for one in found.buckets for cells in _time_cells(one))
    parts = ("over-time", asked.file_name, found.by)
    return downloads.table_file(visit, COLUMNS, rows, *parts)


@researchers("agreement")
def chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of agreement over time."""
    asked, found = _found(visit)
    parts = ("over-time", asked.file_name, found.by)
    return downloads.chart_file(visit, _course_chart(asked, found), *parts, form=form)


def _found(visit: Visit) -> tuple[Picked, Course]:
    asked = picked_results(visit)
    return asked, kept_of(visit, asked, OVER_TIME, by=visit.asked("by") or WEEK).or_refused()


def _course_title(asked: Picked, found: Course) -> str:
    one = asked.meant
    about = captioned(one.question.label, one.scope)
    return f"Agreement on {about} by {WAYS_SAID[found.by]}"


def _course_chart(asked: Picked, found: Course) -> SafeString:
    moments = [
        Moment(
            one.name,
            name,
            estimate.value,
            estimate.low,
            estimate.high,
            about=f"{estimate.pairable_items:,} with two ratings or more",
            note=str(estimate.reason or "undefined").replace("_", " "),
        )
        for one in found.buckets
        for name, estimate in ((ALPHA_NAME, one.alpha), (PERCENT_NAME, one.percent))
    ]
    x_title = "week (ISO, UTC)" if found.by == WEEK else "items or turns, in order of completion"
    title = _course_title(asked, found)
    drawn = charts.lines(moments, title=title, x_title=x_title, marks=CONVENTIONS)
    return inline(drawn)


def _said_of_time(found: Course) -> str:
    """Compare the first and the last stretch in words, by their intervals."""
    known = [one for one in found.buckets if one.percent.value is not None]
    if len(known) < 2:
        return "With fewer than two stretches of time nothing can be said of a change."
    first, last = known[0], known[-1]
    where = "" if found.by == WEEK else "items or turns "
    one, other = first.percent, last.percent
    ends = (one.low, one.high, other.low, other.high)
    if None in ends:
        change = "For want of an interval in one of them nothing can be said of a change."
    elif _below(one, other):
        change = "The intervals do not overlap: raters agree more often than at first."
    elif _below(other, one):
        change = "The intervals do not overlap: raters agree less often than at first."
    else:
        change = "The intervals overlap: no change is shown."
    return (
        f"Two raters gave the same answer in {percent(one.value or 0.0)} of pairs in"
        f" {where}{first.name} and in {percent(other.value or 0.0)} in {where}{last.name}. {change}"
        " Other items and other raters may be the reason, as well as the raters' practice."
    )


def _below(one: Estimate, other: Estimate) -> bool:
    return one.high is not None and other.low is not None and one.high < other.low


def _time_cells(one: Bucket) -> Iterator[list[object]]:
    ends = [moment.isoformat() if moment else None for moment in (one.first_at, one.last_at)]
    for name, found in (("krippendorff_alpha", one.alpha), ("percent_agreement", one.percent)):
        sizes = [one.units, found.pairable_items, one.ratings, found.clusters]
        yield [one.name, *ends, *sizes, name, *numbers(found)]
