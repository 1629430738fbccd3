"""Whether answers depend on the order of things: the page, and the same as CSV, SVG and PNG."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.safestring import SafeString

from evaluation import charts, digits, sentences
from evaluation.charts import Mark, Point
from evaluation.services import order_effects
from evaluation.services.order_effects import FIRST_PLACES, LeftRight, ModelPair, OrderEffects
from evaluation.services.report_kinds import ORDERS
from evaluation.stats.order_effects import RATERS_FROM, Shift
from evaluation.views import downloads
from evaluation.views.disagreements import numbers
from evaluation.views.inline import inline
from evaluation.views.numbers import Number, PValue, Shown, interval, separated
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import Picked, kept_of, picked_results
from evaluation.views.words import captioned, spoken

SIDES = (
    "question", "scope", "first", "second", "judgments", "first_left", "expected", "difference",
    "balance_p", "balance_p_holm", "balanced", "measure", "value", "low", "high", "se", "reason",
    "clusters", "p",
)  # fmt: skip
PLACES = (
    "question", "scope", "option", "first_places", "early", "later", "early_share", "later_share",
    "measure", "value", "low", "high", "se", "reason", "raters", "p", "p_holm",
)  # fmt: skip
ALL_PAIRS = "All pairs"
ON_THE_LEFT = "reply on the left"
FIRST_LEFT, FIRST_RIGHT = "first named, on the left", "first named, on the right"
HALF = (Mark(0.5, "half"),)


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two models, to be shown."""

    found: ModelPair

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers."""
        found = self.found
        return separated(
            judgments=found.balance.total,
            first_left=found.balance.first,
            on_left=found.left.ratings,
            on_right=found.right.ratings,
        )

    @property
    def expected(self) -> str:
        """Half of the judgments."""
        return digits.decimal(self.found.balance.expected, 1)

    @property
    def difference(self) -> str:
        """How far the count is from half."""
        return digits.decimal(self.found.balance.difference, 1)

    @property
    def p(self) -> PValue:
        """The exact binomial p."""
        return PValue(self.found.balance.p)

    @property
    def p_holm(self) -> PValue:
        """The same held for all pairs."""
        return PValue(self.found.balance.p_holm)

    @property
    def left(self) -> Shown:
        """How often the first is preferred where it stood left."""
        return Shown(self.found.left, as_percent=True)

    @property
    def right(self) -> Shown:
        """How often the first is preferred where it stood right."""
        return Shown(self.found.right, as_percent=True)

    @property
    def by_side(self) -> Shown:
        """The difference of both."""
        return Shown(self.found.contrast.difference, as_percent=True)

    @property
    def by_side_p(self) -> PValue:
        """Its p."""
        return PValue(self.found.contrast.p)

    @property
    def said(self) -> str:
        """Both in words."""
        found = self.found
        balance = sentences.of_balance(found.first, found.balance)
        sides = sentences.of_sides_of_a_pair(found.first, found.second, (found.left, found.right))
        return f"{balance} {sides}"


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One option early and later, to be shown; here the raters are what varies."""

    label: str
    found: Shift

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers."""
        return separated(early=self.found.early, later=self.found.later)

    @property
    def why(self) -> str:
        """Why there is no difference, or no interval; empty where nothing is missing."""
        one = self.found.difference
        return sentences.why_no_shift(one) if one.reason else ""

    @property
    def early(self) -> Number:
        """The share early."""
        return Number(self.found.early_share, as_percent=True, why=self.why)

    @property
    def later(self) -> Number:
        """The share later."""
        return Number(self.found.later_share, as_percent=True, why=self.why)

    @property
    def difference(self) -> Number:
        """Early minus later."""
        return Number(self.found.difference.value, as_percent=True, why=self.why)

    @property
    def interval(self) -> SafeString:
        """Both ends, or a dash."""
        low = Number(self.found.difference.low, as_percent=True)
        return interval(low, Number(self.found.difference.high, as_percent=True), self.why)

    @property
    def p_holm(self) -> PValue:
        """The p of no difference, held for all options."""
        return PValue(self.found.p_holm, why=self.why)

    @property
    def said(self) -> str:
        """The same in words."""
        return sentences.of_first_places(self.label, self.found, FIRST_PLACES)


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show whether the side decides who wins, and whether first answers differ from later ones."""
    asked = picked_results(visit)
    kept = kept_of(visit, asked, ORDERS)
    found = kept.value
    context = asked.context("orders") | {
        "kept": kept,
        "found": found,
        "first_places": FIRST_PLACES,
        "raters_from": RATERS_FROM,
        **(_of_sides(asked, found) | _of_places(asked, found) if found else {}),
    }
    return visit.page("order_effects.html", context)


@researchers("agreement")
def sides_csv(visit: Visit) -> HttpResponse:
    """Download how often the reply on the left wins, whole and by pair of models."""
    asked, found = _found(visit)
    rows = ([*_where(asked), *cells] for cells in _side_cells(found.sides))
    return downloads.table_file(visit, SIDES, rows, "order-sides", asked.file_name)


@researchers("agreement")
def places_csv(visit: Visit) -> HttpResponse:
    """Download how often each option is chosen early and later."""
    asked, found = _found(visit)
    rows = ([*_where(asked), *cells] for cells in _place_cells(found))
    return downloads.table_file(visit, PLACES, rows, "order-places", asked.file_name)


@researchers("agreement")
def sides_chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of preferences by side."""
    asked, found = _found(visit)
    svg = _sides_drawn(asked, found.sides)
    return downloads.chart_file(visit, svg, "order-sides", asked.file_name, form=form)


@researchers("agreement")
def places_chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of first answers beside later ones."""
    asked, found = _found(visit)
    svg = _places_drawn(asked, found)
    return downloads.chart_file(visit, svg, "order-places", asked.file_name, form=form)


def _found(visit: Visit) -> tuple[Picked, OrderEffects]:
    asked = picked_results(visit)
    return asked, kept_of(visit, asked, ORDERS).or_refused()


def _where(asked: Picked) -> tuple[str, str]:
    return asked.meant.question.key, str(asked.meant.scope)


def _of_sides(asked: Picked, found: OrderEffects) -> dict[str, object]:
    sides = found.sides
    if sides is None:
        return {"sides": None}
    share = sides.share
    return {
        "sides": sides,
        "share": Shown(share.share, as_percent=True),
        "share_p": PValue(share.p),
        "share_said": sentences.of_left_share(share.share, share.p, asked.meant.cluster),
        "pair_rows": [PairRow(one) for one in sides.pairs],
        "unbalanced": sum(not one.balance.balanced for one in sides.pairs),
        "sides_chart": _sides_drawn(asked, sides) if sides.preferring else "",
        "sides_title": _sides_title(asked),
        "side_sizes": separated(
            judgments=sides.judgments,
            preferring=sides.preferring,
            left=sides.left,
            undecided=sides.undecided,
            unknown=sides.unknown,
            same_model=sides.same_model,
        ),
    }


def _of_places(asked: Picked, found: OrderEffects) -> dict[str, object]:
    places = found.places
    if places is None:
        return {"places": None}
    shifts = places.shifts
    return {
        "places": places,
        "place_rows": [PlaceRow(spoken(label), one) for _, label, one in places.options],
        "places_chart": _places_drawn(asked, found) if shifts.early and shifts.later else "",
        "places_title": _places_title(asked),
        "place_sizes": separated(
            early=shifts.early,
            later=shifts.later,
            raters=shifts.raters,
            in_both=shifts.in_both,
            unplaced=places.unplaced,
        ),
    }


def _sides_title(asked: Picked) -> str:
    about = captioned(asked.meant.question.label, asked.meant.scope)
    return f"How often a reply is preferred by its side: {about}"


def _sides_drawn(asked: Picked, sides: LeftRight | None) -> SafeString:
    points = []
    if sides is not None:
        one = sides.share.share
        points.append(Point(ALL_PAIRS, ON_THE_LEFT, one.value, one.low, one.high))
        for pair in sides.pairs[: charts.MOST_ROWS - 1]:
            row = f"{pair.first} against {pair.second}"
            points += [
                Point(row, series, found.value, found.low, found.high)
                for series, found in ((FIRST_LEFT, pair.left), (FIRST_RIGHT, pair.right))
            ]
    drawn = charts.forest(points, title=_sides_title(asked), marks=HALF)
    return inline(drawn)


def _places_title(asked: Picked) -> str:
    one = asked.meant
    return (
        f"Share of each answer among raters' first {FIRST_PLACES} items minus the later ones:"
        f" {captioned(one.question.label, one.scope)}"
    )


def _places_drawn(asked: Picked, found: OrderEffects) -> SafeString:
    series = f"first {FIRST_PLACES} minus later"
    options = found.places.options if found.places else ()
    points = [
        Point(
            spoken(label),
            series,
            one.difference.value,
            one.difference.low,
            one.difference.high,
        )
        for _, label, one in options
    ]
    drawn = charts.forest(points, title=_places_title(asked))
    return inline(drawn)


def _side_cells(sides: LeftRight | None) -> Iterator[list[object]]:
    if sides is None:
        return
    one = sides.share.share
    nothing = [None] * 5
    whole = [None, None, sides.preferring, sides.left, *nothing, order_effects.LEFT_SHARE]
    yield [*whole, *numbers(one), one.clusters, sides.share.p]
    for pair in sides.pairs:
        balance = pair.balance
        known = [
            pair.first,
            pair.second,
            balance.total,
            balance.first,
            balance.expected,
            balance.difference,
            balance.p,
            balance.p_holm,
            balance.balanced,
        ]
        for name, found, p in (
            (order_effects.WINS_LEFT, pair.left, None),
            (order_effects.WINS_RIGHT, pair.right, None),
            (order_effects.BY_SIDE, pair.contrast.difference, pair.contrast.p),
        ):
            yield [*known, name, *numbers(found), found.clusters, p]


def _place_cells(found: OrderEffects) -> Iterator[list[object]]:
    for code, _, one in found.places.options if found.places else ():
        shares = [one.early, one.later, one.early_share, one.later_share]
        difference = one.difference
        yield [
            code,
            FIRST_PLACES,
            *shares,
            order_effects.SHIFT,
            *numbers(difference),
            difference.clusters,
            one.p,
            one.p_holm,
        ]
