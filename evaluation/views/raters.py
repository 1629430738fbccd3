"""Raters beside each other: the list, one rater, and the same as CSV, SVG and PNG."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.safestring import SafeString

from evaluation import charts, sentences
from evaluation.charts import Mark, Point, Square
from evaluation.digits import decimal
from evaluation.errors import RaterUnknown
from evaluation.services import identical_blocks, rater_quality, reports
from evaluation.services.identical_blocks import SharedBlocks
from evaluation.services.rater_quality import RaterOnQuestion, RatersOnQuestion
from evaluation.stats.estimates import Estimate
from evaluation.views import downloads
from evaluation.views.inline import inline
from evaluation.views.numbers import Number, Shown, separated
from evaluation.views.pages import Visit, researchers
from evaluation.views.picking import MOST_ON_A_PAGE, Picked, picked, too_many
from evaluation.views.words import captioned, spoken

RATERS_PER_PAGE = 100
NAME_SHOWN = 8
BLOCKS_SHOWN = 20
NAMES_SHOWN = 12
WITH_OTHERS = "With the others"
COLUMNS = (
    "question", "scope", "rater", "source", "cohort", "ratings", "shared",
    "agreement", "agreement_low", "agreement_high", "agreement_se", "agreement_reason",
    "kappa", "kappa_low", "kappa_high", "kappa_se", "kappa_reason",
    "hidden_truth", "hidden_truth_low", "hidden_truth_high", "hidden_truth_se",
    "hidden_truth_reason", "gold_judged", "gold", "gold_low", "gold_high", "gold_se",
    "gold_reason", "timed", "seconds", "characters_a_second", "too_fast", "signs", "sentences",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """How often a rater gave an answer, and the others at the same places."""

    label: str
    used: str
    share: Number
    others: Number


@dataclass(frozen=True, slots=True)
class BlockRow:
    """Items that share an improbable block, to be shown; ``more…`` are in the API and command."""

    said: str
    items: tuple[tuple[int, str], ...]
    more_items: int
    raters: tuple[tuple[str, str], ...]
    more_raters: int


@dataclass(frozen=True, slots=True)
class TruthRow:
    """What the rater probably answers where one answer is the hidden truth."""

    label: str
    cells: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One rater on the question, to be shown; an admin reads the account's name."""

    found: RaterOnQuestion
    name: str

    @property
    def agreement(self) -> Shown:
        """How often the others there say the same."""
        return Shown(self.found.agreement, as_percent=True)

    @property
    def kappa(self) -> Shown:
        """The same beyond chance."""
        return Shown(self.found.kappa)

    @property
    def truth(self) -> Shown:
        """How probably the rater's answers are the hidden truth."""
        return Shown(self.found.truth, as_percent=True)

    @property
    def gold(self) -> Shown | None:
        """The share right where the answer is known; None where none was judged."""
        return Shown(self.found.gold.share, as_percent=True) if self.found.gold else None

    @property
    def seconds(self) -> str:
        """The median time of a judgment."""
        found = self.found.pace.seconds
        return "" if found is None else decimal(found, 1)

    @property
    def speed(self) -> str:
        """The median speed in characters a second."""
        found = self.found.pace.speed
        return "" if found is None else f"{found:,.0f}"

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers."""
        found = self.found
        return separated(
            ratings=found.ratings,
            shared=found.shared,
            timed=found.pace.timed,
            judged=found.gold.judged if found.gold else 0,
        )

    @property
    def answers(self) -> list[AnswerRow]:
        """The use of answers beside the others'."""
        return [
            AnswerRow(
                spoken(one.label),
                f"{one.used:,}",
                Number(one.share, as_percent=True),
                Number(one.others, as_percent=True),
            )
            for one in self.found.answers
        ]


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """List the raters of one question, those with signs first, then the least agreeing."""
    asked = picked(visit)
    context = asked.context("raters")
    if n := too_many(asked.meant):
        return visit.page("raters_too_many.html", context | _too_many(n))
    found = _found(asked)
    blocks = identical_blocks.report(visit.study, most=MOST_ON_A_PAGE)
    shown = Paginator(found.raters, RATERS_PER_PAGE).get_page(visit.asked("page") or "1")
    with_signs = sum(bool(one.signs) for one in found.raters)
    more = max(0, len(found.raters) - charts.MOST_ROWS)
    context |= {
        "found": found,
        "page": shown,
        "rows": [Row(one, _name(visit, one)) for one in shown],
        "said": sentences.of_percent(found.everyone, found.meant.cluster),
        "chart": _forest(visit, found),
        "with_signs": with_signs,
        "more": more,
        "blocks": blocks,
        "block_rows": _block_rows(visit, blocks),
        "block_sizes": _block_sizes(blocks),
        "sizes": separated(ratings=found.ratings, units=found.units, signs=with_signs, more=more),
    }
    return visit.page("raters.html", context)


@researchers("agreement")
def rater(visit: Visit, rater: str) -> HttpResponse:
    """Show one rater: signs, hidden truth, use of answers."""
    asked = picked(visit)
    context = asked.context("raters")
    if n := too_many(asked.meant):
        return visit.page("raters_too_many.html", context | _too_many(n))
    found, one = _one(visit, asked, rater)
    context |= {
        "found": found,
        "row": Row(one, _name(visit, one)),
        "labels": [spoken(label) for label in found.labels],
        "truths": list(_truths(found, one)),
        "chart": _confusion(visit, found, one) if one.confusion else "",
        "said": _said(found, one),
    }
    return visit.page("rater.html", context)


@researchers("agreement")
def as_csv(visit: Visit) -> HttpResponse:
    """Download the raters of one question as a table."""
    reports.only_if_few_judge(visit.study)
    asked = picked(visit)
    rows = (_cells(asked, one) for one in _found(asked).raters)
    return downloads.table_file(visit, COLUMNS, rows, "raters", asked.file_name)


@researchers("agreement")
def chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of raters."""
    reports.only_if_few_judge(visit.study)
    asked = picked(visit)
    svg = _forest(visit, _found(asked))
    return downloads.chart_file(visit, svg, "raters", asked.file_name, form=form)


@researchers("agreement")
def confusion_chart(visit: Visit, rater: str, form: str) -> HttpResponse:
    """Download the chart of one rater's answers beside the hidden truth."""
    reports.only_if_few_judge(visit.study)
    asked = picked(visit)
    found, one = _one(visit, asked, rater)
    svg = _confusion(visit, found, one)
    return downloads.chart_file(visit, svg, "rater", rater, asked.file_name, form=form)


def _block_rows(visit: Visit, blocks: SharedBlocks) -> list[BlockRow]:
    rows = []
    for one in blocks.found[:BLOCKS_SHOWN]:
        shown = list(zip(one.raters, one.facts, strict=True))[:NAMES_SHOWN]
        rows.append(
            BlockRow(
                said=one.sentence,
                items=one.items[:NAMES_SHOWN],
                more_items=max(0, len(one.items) - NAMES_SHOWN),
                raters=tuple(
                    (name, facts.name if visit.is_admin else name[:NAME_SHOWN])
                    for name, facts in shown
                ),
                more_raters=max(0, len(one.raters) - NAMES_SHOWN),
            )
        )
    return rows


def _block_sizes(blocks: SharedBlocks) -> dict[str, str]:
    return separated(
        ratings=blocks.ratings,
        most=MOST_ON_A_PAGE,
        items=blocks.items,
        blocks=blocks.blocks,
        shared=blocks.shared,
        found=len(blocks.found),
        more=max(0, len(blocks.found) - BLOCKS_SHOWN),
    )


def _found(asked: Picked) -> RatersOnQuestion:
    one = asked.meant
    (found,) = rater_quality.report(
        asked.study,
        question=one.question.key,
        scope=str(one.scope),
        filters=asked.selection.filters,
        waves=asked.selection.waves,
    )
    return found


def _one(visit: Visit, asked: Picked, name: str) -> tuple[RatersOnQuestion, RaterOnQuestion]:
    found = _found(asked)
    for one in found.raters:
        if one.rater == name:
            return found, one
    among = " among the judgments that are chosen" if asked.filtered else ""
    raise RaterUnknown(
        f"No rater {name!r} has answered {asked.meant.question.key!r}"
        f" of {asked.about}{among}. {len(found.raters):,} raters have."
    )


def _name(visit: Visit, one: RaterOnQuestion) -> str:
    return one.facts.name if visit.is_admin else one.rater[:NAME_SHOWN]


def _too_many(n: int) -> dict[str, str]:
    return separated(ratings=n, most=MOST_ON_A_PAGE)


def _forest(visit: Visit, found: RatersOnQuestion) -> SafeString:
    points = [
        _point(_unlike(visit, one), one.agreement) for one in found.raters[: charts.MOST_ROWS]
    ]
    every = found.everyone.value
    marks = [] if every is None else [Mark(every, "any two raters")]
    return inline(charts.forest(points, title=_title(found), marks=marks))


def _unlike(visit: Visit, one: RaterOnQuestion) -> str:
    """Return a name for a chart's row: two accounts' names may look the same, two rows must not."""
    return f"{_name(visit, one)} ({one.rater[:4]})" if visit.is_admin else _name(visit, one)


def _title(found: RatersOnQuestion) -> str:
    one = found.meant
    about = captioned(one.question.label, one.scope)
    return f"Each rater's agreement with the others on {about}"


def _point(name: str, found: Estimate) -> Point:
    return Point(name, WITH_OTHERS, found.value, found.low, found.high)


def _truths(found: RatersOnQuestion, one: RaterOnQuestion) -> Iterator[TruthRow]:
    for label, shares in zip(found.labels, one.confusion, strict=False):
        cells = tuple(Number(share, as_percent=True) for share in shares)
        yield TruthRow(spoken(label), cells)


def _confusion(visit: Visit, found: RatersOnQuestion, one: RaterOnQuestion) -> SafeString:
    labels = [spoken(label) for label in found.labels]
    squares = [
        Square(f"is {truth}", f"says {answer}", share, f"{100 * share:.0f}")
        for truth, shares in zip(labels, one.confusion, strict=False)
        for answer, share in zip(labels, shares, strict=True)
    ]
    title = (
        f"What rater {_name(visit, one)} answers where an answer is probably true, in percent:"
        f" {captioned(found.meant.question.label, found.meant.scope)}"
    )
    return inline(charts.heat_map(squares, title=title))


def _said(found: RatersOnQuestion, one: RaterOnQuestion) -> list[str]:
    cluster = found.meant.cluster
    return [
        sentences.of_left_out(one.agreement, found.everyone, cluster),
        sentences.of_hidden_truth(one.truth, cluster),
    ]


def _cells(asked: Picked, one: RaterOnQuestion) -> list[object]:
    known = one.gold
    return [
        asked.meant.question.key,
        str(asked.meant.scope),
        one.rater,
        str(one.facts.source),
        one.facts.cohort,
        one.ratings,
        one.shared,
        *_numbers(one.agreement),
        *_numbers(one.kappa),
        *_numbers(one.truth),
        known.judged if known else 0,
        *(_numbers(known.share) if known else [None] * 5),
        one.pace.timed,
        one.pace.seconds,
        one.pace.speed,
        one.pace.too_fast,
        " ".join(str(sign.kind) for sign in one.signs),
        " ".join(sign.sentence for sign in one.signs),
    ]


def _numbers(one: Estimate) -> list[object]:
    return [one.value, one.low, one.high, one.se, str(one.reason) if one.reason else None]
