"""How often each two raters agree: heat map, table, and the same as CSV, SVG and PNG."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.safestring import SafeString

from annotation.selectors.gold import RaterFacts
from evaluation import charts
from evaluation.charts import Square
from evaluation.digits import percent
from evaluation.services import reports
from evaluation.services.rater_pairs import ENOUGH_SHARED, Pair, RaterPairs, rater_pairs
from evaluation.stats.estimates import Estimate
from evaluation.views import downloads
from evaluation.views.inline import inline
from evaluation.views.numbers import Shown, separated
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import MOST_ON_A_PAGE, Picked, picked, too_many
from evaluation.views.raters import NAME_SHOWN
from evaluation.views.words import captioned

PAIRS_PER_PAGE = 100
COLUMNS = (
    "question", "scope", "first", "second", "shared", "agreement", "low", "high", "se", "reason",
    "clusters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """Two raters, to be shown."""

    first: str
    second: str
    shared: str
    clusters: str
    agreement: Shown


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show the busiest raters as a heat map, and every pair in a table."""
    asked = picked(visit)
    context = asked.context("pairs")
    if n := too_many(asked.meant):
        most = separated(ratings=n, most=MOST_ON_A_PAGE)
        return visit.page("raters_too_many.html", context | most)
    found = rater_pairs(visit.study, asked.meant)
    shown = Paginator(found, PAIRS_PER_PAGE).get_page(visit.asked("page") or "1")
    n_raters = len(found.raters)
    sizes = separated(
        raters=n_raters,
        pairs=len(found),
        possible=n_raters * (n_raters - 1) // 2,
        units=found.units,
        ratings=found.ratings,
    )
    context |= {
        "page": shown,
        "rows": [_row(visit, one) for one in shown],
        "chart": _drawn(visit, asked, found) if len(found) else "",
        "title": _title(asked),
        "raters": n_raters,
        "sizes": sizes,
        "units": found.units,
        "ratings": found.ratings,
        "drawn": min(n_raters, charts.MOST_ROWS),
        "extremes": _extremes(visit, found),
    }
    return visit.page("rater_pairs.html", context)


@researchers("agreement")
def as_csv(visit: Visit) -> HttpResponse:
    """Download every pair of raters who share an item."""
    reports.only_if_few_judge(visit.study)
    asked = picked(visit)
    found = rater_pairs(visit.study, asked.meant)
    where = (asked.meant.question.key, str(asked.meant.scope))
    rows = ([*where, *_cells(found[at])] for at in range(len(found)))
    return downloads.table_file(visit, COLUMNS, rows, "rater-pairs", asked.file_name)


@researchers("agreement")
def chart(visit: Visit, form: str) -> HttpResponse:
    """Download the heat map."""
    reports.only_if_few_judge(visit.study)
    asked = picked(visit)
    svg = _drawn(visit, asked, rater_pairs(visit.study, asked.meant))
    return downloads.chart_file(visit, svg, "rater-pairs", asked.file_name, form=form)


def _title(asked: Picked) -> str:
    one = asked.meant
    return f"How often each two raters agree on {captioned(one.question.label, one.scope)}"


def _drawn(visit: Visit, asked: Picked, found: RaterPairs) -> SafeString:
    chosen, pairs = found.among_the_busiest(charts.MOST_ROWS)
    names = [_unlike(visit, found.facts[at], found.raters[at]) for at in chosen]
    of = dict(zip(chosen, names, strict=True))
    squares = []
    for first, second, one in pairs:
        words = "" if one.value is None else f"{one.value:.2f}"
        about = f"{_spread(one)}n {one.items:,}"
        squares += [
            Square(of[first], of[second], one.value, words, about),
            Square(of[second], of[first], one.value, words, about),
        ]
    drawn = charts.heat_map(squares, title=_title(asked), rows=names, columns=names)
    return inline(drawn)


def _spread(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"{one.low:.2f} to {one.high:.2f}, "


def _unlike(visit: Visit, facts: RaterFacts, name: str) -> str:
    """Return a name for a row of the chart: two accounts may look the same, two rows must not."""
    return f"{facts.name} ({name[:4]})" if visit.is_admin else name[:NAME_SHOWN]


def _shown_name(visit: Visit, facts: RaterFacts, name: str) -> str:
    return facts.name if visit.is_admin else name[:NAME_SHOWN]


def _row(visit: Visit, one: Pair) -> Row:
    return Row(
        first=_shown_name(visit, one.first_facts, one.first),
        second=_shown_name(visit, one.second_facts, one.second),
        shared=f"{one.agreement.items:,}",
        clusters=f"{one.agreement.clusters:,}",
        agreement=Shown(one.agreement, as_percent=True),
    )


def _extremes(visit: Visit, found: RaterPairs) -> list[str]:
    """Say in words who agree least and most, of those who share enough."""
    said = []
    for how, one in zip(("least", "most"), found.extremes(), strict=False):
        row = _row(visit, one)
        said.append(
            f"{row.first} and {row.second} agree {how}: in"
            f" {percent(one.agreement.value or 0.0)} of {row.shared} ratings that both gave."
        )
    if len(found) and not said:
        said.append(
            f"No two raters share {ENOUGH_SHARED} items or turns, so nobody is named here: of fewer"
            " chance says who agrees most."
        )
    return said


def _cells(one: Pair) -> list[object]:
    found = one.agreement
    return [
        one.first,
        one.second,
        found.items,
        found.value,
        found.low,
        found.high,
        found.se,
        str(found.reason) if found.reason else None,
        found.clusters,
    ]
