"""Where raters disagree: the most disputed items, and between which options."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.safestring import SafeString

from evaluation import charts, sentences
from evaluation.charts import Square
from evaluation.digits import decimal, percent
from evaluation.services.disagreements import Disputed, DisputedUnit, Kind, Kinds
from evaluation.services.report_kinds import DISAGREEMENTS, DISPUTED
from evaluation.stats.estimates import Estimate
from evaluation.views import downloads
from evaluation.views.inline import inline
from evaluation.views.numbers import Number, Shown, separated
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import Picked, kept_of, picked_results
from evaluation.views.words import captioned, spoken

UNITS_PER_PAGE = 50
NOT_CHOSEN = "not chosen"
DISPUTED_COLUMNS = (
    "question", "scope", "item", "responses", "turn", "ratings", "share_of_pairs_that_differ",
    "entropy_bits", "mean_points_apart", "votes",
)  # fmt: skip
KIND_COLUMNS = (
    "question", "scope", "first", "second", "pairs", "units", "share", "low", "high", "se",
    "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DisputedRow:
    """One disputed item or turn, to be shown."""

    found: DisputedUnit
    votes: str

    @property
    def share(self) -> Number:
        """How many pairs of ratings differ."""
        return Number(self.found.share, as_percent=True)

    @property
    def entropy(self) -> str:
        """How evenly the ratings are spread, in bits."""
        return decimal(self.found.entropy, 2)

    @property
    def distance(self) -> str:
        """How many points two ratings lie apart, on a scale."""
        found = self.found.distance
        return "" if found is None else decimal(found, 2)


@researchers("agreement")
def disputed(visit: Visit) -> HttpResponse:
    """List the items at which raters differ, the most disputed first."""
    asked = picked_results(visit)
    kept = kept_of(visit, asked, DISPUTED)
    shown = _disputed_shown(visit, asked, kept.value) if kept.value else {}
    return visit.page("disputed.html", asked.context("disputed") | {"kept": kept} | shown)


def _disputed_shown(visit: Visit, asked: Picked, found: Disputed) -> dict[str, Any]:
    """Return what the page shows of it."""
    shown = Paginator(found.units, UNITS_PER_PAGE).get_page(visit.asked("page") or "1")
    labels = [spoken(label) for label in found.labels]
    listed = len(found.units)
    return {
        "page": shown,
        "rows": [DisputedRow(one, _votes(one, labels)) for one in shown],
        "pairable": found.pairable,
        "rated": found.rated,
        "first_only": listed < found.differing,
        "sizes": separated(
            disputed=found.differing, pairable=found.pairable, rated=found.rated, listed=listed
        ),
        "of_scale": asked.meant.values is not None,
    }


@researchers("agreement")
def disputed_csv(visit: Visit) -> HttpResponse:
    """Download every disputed item; of a large study the first, as they are kept."""
    asked = picked_results(visit)
    found = kept_of(visit, asked, DISPUTED).or_refused()
    where = (asked.meant.question.key, str(asked.meant.scope))
    rows = (
        [
            *where,
            one.item,
            one.name,
            one.turn,
            one.ratings,
            one.share,
            one.entropy,
            one.distance,
            _votes(one, found.answers),
        ]
        for one in found.units
    )
    return downloads.table_file(visit, DISPUTED_COLUMNS, rows, "disputed", asked.file_name)


def _votes(one: DisputedUnit, names: Sequence[str]) -> str:
    """Say how often each answer was given, the most frequent first."""
    given = [(n, name) for n, name in zip(one.votes, names, strict=True) if n]
    return ", ".join(f"{name}: {n}" for n, name in sorted(given, key=lambda pair: -pair[0]))


@dataclass(frozen=True, slots=True)
class KindRow:
    """Two options between which raters differ, to be shown."""

    found: Kind

    @property
    def first(self) -> str:
        """The one option."""
        return spoken(self.found.first_label)

    @property
    def second(self) -> str:
        """The other, or that it was not chosen."""
        return spoken(self.found.second_label) if self.found.second else NOT_CHOSEN

    @property
    def pairs(self) -> str:
        """Pairs of ratings, with separators."""
        return f"{self.found.pairs:,}"

    @property
    def units(self) -> str:
        """Items or turns at which both were said, with separators."""
        return f"{self.found.units:,}"

    @property
    def share(self) -> Shown:
        """The share of pairs."""
        return Shown(self.found.share, as_percent=True)


@researchers("agreement")
def kinds(visit: Visit) -> HttpResponse:
    """Show between which options raters differ."""
    asked = picked_results(visit)
    kept = kept_of(visit, asked, DISAGREEMENTS)
    shown = _kinds_shown(asked, kept.value) if kept.value else {}
    return visit.page("disagreements.html", asked.context("kinds") | {"kept": kept} | shown)


def _kinds_shown(asked: Picked, found: Kinds) -> dict[str, Any]:
    """Return what the page shows of it."""
    return {
        "found": found,
        "rows": [KindRow(one) for one in found.kinds],
        "percent": Shown(found.percent, as_percent=True),
        "said": _said_of_kinds(found),
        "chart": _kinds_chart(asked, found) if found.kinds else "",
        "title": _kinds_title(asked, found),
        "sizes": separated(
            units=found.units,
            ratings=found.ratings,
            pairs=found.pairs,
            differing=found.differing,
        ),
    }


@researchers("agreement")
def kinds_csv(visit: Visit) -> HttpResponse:
    """Download between which options raters differ."""
    asked, found = _kinds_found(visit)
    where = (asked.meant.question.key, str(asked.meant.scope))
    rows = (
        [*where, one.first, one.second or None, one.pairs, one.units, *numbers(one.share)]
        for one in found.kinds
    )
    return downloads.table_file(visit, KIND_COLUMNS, rows, "disagreements", asked.file_name)


@researchers("agreement")
def kinds_chart(visit: Visit, form: str) -> HttpResponse:
    """Download the heat map of options."""
    asked, found = _kinds_found(visit)
    svg = _kinds_chart(asked, found)
    return downloads.chart_file(visit, svg, "disagreements", asked.file_name, form=form)


def _kinds_found(visit: Visit) -> tuple[Picked, Kinds]:
    asked = picked_results(visit)
    return asked, kept_of(visit, asked, DISAGREEMENTS).or_refused()


def _kinds_title(asked: Picked, found: Kinds) -> str:
    of = "of all pairs of ratings" if found.of_several else "of pairs of ratings that differ"
    about = captioned(asked.meant.question.label, asked.meant.scope)
    return f"Between which answers to {about} raters differ: percent {of}"


def _kinds_chart(asked: Picked, found: Kinds) -> SafeString:
    squares = []
    for one in found.kinds:
        row = KindRow(one)
        value = one.share.value
        cell = (value, f"{100 * value:.0f}" if value is not None else "", f"{row.pairs} pairs")
        squares.append(Square(row.first, row.second, *cell))
        if one.second:
            squares.append(Square(row.second, row.first, *cell))
    names = [spoken(label) for label in found.labels]
    columns = [NOT_CHOSEN] if found.of_several else names
    title = _kinds_title(asked, found)
    drawn = charts.heat_map(squares, title=title, rows=names, columns=columns)
    return inline(drawn)


def _said_of_kinds(found: Kinds) -> list[str]:
    said = [sentences.of_percent(found.percent, found.meant.cluster)]
    if found.kinds:
        first = KindRow(found.kinds[0])
        of = "all pairs of ratings" if found.of_several else "the pairs that differ"
        value = first.found.share.value
        said.append(
            f"Raters are split most often between “{first.first}” and “{first.second}”:"
            f" {percent(value or 0.0)} of {of} ({first.pairs} pairs at"
            f" {first.found.units:,} items or turns)."
            f" {sentences.spread(first.found.share, found.meant.cluster, shown=percent)}"
        )
    return said


def numbers(one: Estimate) -> list[object]:
    """Return a value with its interval and reason as cells of a table."""
    return [one.value, one.low, one.high, one.se, str(one.reason) if one.reason else None]
