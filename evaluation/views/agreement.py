"""How far raters agree: the page, and what it shows as CSV, JSON and SVG."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from django.http import HttpResponse, JsonResponse
from django.utils.safestring import SafeString

from annotation.selectors.filter_words import filter_words
from evaluation import charts, selections, sentences
from evaluation.charts import Bar, Mark, Moment, Point, Square
from evaluation.errors import EvaluationError
from evaluation.services import identical_blocks, reports
from evaluation.services.agreement import Agreement
from evaluation.services.coefficients import AC1, ALPHA, PERCENT, TITLES
from evaluation.services.report_kinds import AGREEMENT, AgreementFound
from evaluation.views.agreement_cells import COLUMNS, cells, marking_cells
from evaluation.views.agreement_form import AgreementForm
from evaluation.views.downloads import as_file, chart_file, table_file
from evaluation.views.inline import inline
from evaluation.views.markings import MarkingShown
from evaluation.views.numbers import Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.words import captioned, shortened, spoken

ALPHA_NAME = "Krippendorff's alpha"
PERCENT_NAME = "Percent agreement"
CONVENTIONS = (Mark(sentences.TENTATIVE, ".667"), Mark(sentences.RELIABLE, ".800"))
ROWS_SHOWN = 100
TURN = "turn"
# Of more slices the table is folded up under its chart.
ROWS_UNFOLDED = 15
# Identical blocks are looked for beside the numbers only where that takes no longer than they do.
MOST_LOOKED_THROUGH = 50_000


@dataclass(frozen=True, slots=True)
class OptionRow:
    """How often an option was chosen, and how well raters agree on it."""

    label: str
    ratings: int
    share: Shown
    agreement: Shown

    @property
    def count(self) -> str:
        """The ratings, with separators."""
        return f"{self.ratings:,}"


@dataclass(frozen=True, slots=True)
class Line:
    """One coefficient."""

    title: str
    level: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Row:
    """One measured question, whole or in one slice, as the page shows it.

    ``without`` is the same with no exclusion applied, where some are.
    """

    found: Agreement
    alpha: Shown
    percent: Shown
    lines: tuple[Line, ...]
    options: tuple[OptionRow, ...]
    without: "Row | None" = None

    @property
    def label(self) -> str:
        """What was asked, with words for the values that differ from item to item."""
        return spoken(self.found.label)

    @property
    def caption(self) -> str:
        """The question as titles call it."""
        return captioned(self.found.label, self.found.scope)

    @property
    def name(self) -> str:
        """The slice, or the question with its scope where it has two."""
        return self.found.slice_key or self.full_name

    @property
    def short_name(self) -> str:
        """The first words of the question, what it is about, and the slice where there is one."""
        of = f": {self.found.slice_key}" if self.found.slice_key else ""
        return f"{shortened(self.found.label, self.found.scope)}{of}"

    @property
    def full_name(self) -> str:
        """The question's key with its scope, and the slice where there is one."""
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
    def with_not_asked(self) -> str:
        """What it is when "not asked" is an option too, in words; empty where it never is."""
        beside = self.found.with_not_asked
        if beside is None:
            return ""
        return sentences.of_not_asked(
            beside.share.prevalence,
            beside.alpha,
            beside.percent,
            ratings=beside.share.ratings,
            metric=beside.metric,
        )

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
    def is_long(self) -> bool:
        """Say whether its table would stand in the way of the next question."""
        return len(self.rows) > ROWS_UNFOLDED

    @property
    def label(self) -> str:
        """What was asked."""
        return self.first.label

    @property
    def found(self) -> Agreement:
        """The question's agreement, of the first slice if there are several."""
        return self.first.found

    @property
    def judged(self) -> bool:
        """Say whether anyone answered it."""
        return any(row.found.judgments for row in self.rows)


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show agreement on each question, or on one, whole or in slices."""
    words = filter_words(visit.study.id)
    form = AgreementForm(visit.study, words, visit.request.GET)
    asked = _asked(visit)
    kept = reports.found(visit.study, AGREEMENT, asked.given)
    found = kept.value.questions if kept.value else []
    marked = kept.value.spans if kept.value else []
    rows = [_row(one) for one in found]
    if any(one.filters.exclusions for one in found):
        rows = _beside(rows, _without_exclusions(visit, asked))
    judged = any(one.judgments for one in found)
    context = {
        "kept": kept,
        "sections": _sections(rows) if judged else [],
        "rows": rows if judged and not asked.by else [],
        "overview": _overview(rows) if judged and not asked.by else "",
        **(_by_two(rows) if judged and asked.by and "," in asked.by else {}),
        "charted": judged,
        "judged": judged or any(one.judgments for one in marked),
        "markings": [MarkingShown(one) for one in marked],
        "form": form,
        "filtered": form.is_filtered,
        "question": asked.question,
        "by": asked.by,
        "identical": len(
            identical_blocks.report(visit.study, most=MOST_LOOKED_THROUGH).found if judged else ()
        ),
        "convention": sentences.CONVENTION,
        "query": asked.as_query(),
        "given": _given(asked),
        "chosen": asked.chosen,
        "exclusions": (found or marked)[0].filters.exclusions if found or marked else (),
    }
    return visit.page("agreement.html", context)


def _without_exclusions(visit: Visit, asked: selections.Selection) -> list[Agreement]:
    """Return the same with no exclusion applied; nothing where that is not computed yet."""
    given = asked.without_exclusions().as_json()
    beside = reports.found(visit.study, AGREEMENT, given)
    return beside.value.questions if beside.value else []


def _given(asked: selections.Selection) -> list[tuple[str, str]]:
    return [(name, value) for name, values in asked.given.items() for value in values]


@researchers("agreement")
def as_csv(visit: Visit) -> HttpResponse:
    """Download what is shown as a table that a spreadsheet opens and does not run."""
    found = _found(visit)
    rows = [row for one in found.questions for row in cells(one)]
    rows += [row for one in found.spans for row in marking_cells(one)]
    return table_file(visit, COLUMNS, rows, *_file_parts(visit))


@researchers("agreement")
def as_json(visit: Visit) -> HttpResponse:
    """Download what is shown as the command and the API give it."""
    try:
        body = reports.found(visit.study, AGREEMENT, _asked(visit).given).as_json()
    except EvaluationError as refusal:
        error = {"code": refusal.code, "message": str(refusal), "details": refusal.details}
        return JsonResponse(error, status=refusal.http_status)
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    kind = "application/json; charset=utf-8"
    return as_file(visit, text.encode(), *_file_parts(visit), content_type=kind, ending="json")


@researchers("agreement")
def chart(visit: Visit, form: str) -> HttpResponse:
    """Download the chart of what is shown."""
    drawn = _overview([_row(one) for one in _found(visit).questions])
    return chart_file(visit, drawn, *_file_parts(visit), form=form)


def _asked(visit: Visit) -> selections.Selection:
    return selections.read(dict(visit.request.GET.lists()))


def _found(visit: Visit) -> AgreementFound:
    return reports.found(visit.study, AGREEMENT, _asked(visit).given).or_refused()


def _beside(rows: list[Row], found: list[Agreement]) -> list[Row]:
    """Put the same numbers with no exclusion applied beside each row."""
    known = {(one.key, one.scope, one.names): _row(one) for one in found}
    return [
        replace(row, without=known.get((row.found.key, row.found.scope, row.found.names)))
        for row in rows
    ]


def _row(found: Agreement) -> Row:
    options = tuple(
        OptionRow(
            spoken(share.label),
            share.ratings,
            Shown(share.prevalence, as_percent=True),
            Shown(share.agreement, as_percent=True),
        )
        for share in found.shares
    )
    lines = tuple(
        Line(TITLES[name], found.level if name == ALPHA else "", Shown(one, name == PERCENT))
        for name, one in found.coefficients.items()
    )
    return Row(found, Shown(found.alpha), Shown(found.percent, as_percent=True), lines, options)


def _sections(rows: list[Row]) -> list[Section]:
    """Group rows by question; of many slices the table shows those with the most ratings."""
    found = []
    for _, group in groupby(rows, key=lambda row: (row.found.key, row.found.scope)):
        slices = list(group)
        shown = _most_rated(slices)
        first = shown[0]
        if first.found.slice_by:
            title = f"Agreement on {first.caption} by slice"
            drawn = _forest(((row.name, row) for row in shown), title)
        else:
            title = f"How often each answer to {first.caption} was given"
            drawn = _prevalence(first, title)
        found.append(Section(shown, drawn, title, len(slices) - len(shown)))
    return found


def _most_rated(slices: list[Row]) -> list[Row]:
    """Return as many slices as a page shows, in their own order."""
    least_first = sorted(range(len(slices)), key=lambda at: slices[at].found.judgments)
    return [slices[at] for at in sorted(least_first[-ROWS_SHOWN:])]


def _overview(rows: list[Row]) -> SafeString:
    named = zip(_names_in_chart(rows), rows, strict=True)
    return _forest(named, "Agreement by question, with 95 % intervals")


def _names_in_chart(rows: list[Row]) -> list[str]:
    """Return what rows are called beside each other: by their keys where words are alike."""
    worded = Counter(row.short_name for row in rows)
    return [row.short_name if worded[row.short_name] == 1 else row.full_name for row in rows]


def _forest(named: Iterable[tuple[str, Row]], title: str) -> SafeString:
    points = [
        Point(place, name, shown.estimate.value, shown.estimate.low, shown.estimate.high)
        for place, row in named
        for name, shown in _drawn(row)
    ]
    return inline(charts.forest(points, title=title, marks=CONVENTIONS))


def _drawn(row: Row) -> list[tuple[str, Shown]]:
    """Return what is drawn of a row: alpha, AC1 where it has one, percent."""
    drawn = [(ALPHA_NAME, row.alpha), (PERCENT_NAME, row.percent)]
    if AC1 in row.found.coefficients:
        drawn.insert(1, (TITLES[AC1], Shown(row.found.coefficients[AC1])))
    return drawn


def _by_two(rows: list[Row]) -> dict[str, SafeString]:
    """Return the chart of two ways to slice: small multiples over turns, else a map."""
    over_turns = rows and TURN in dict(rows[0].found.names)
    return {"panels": _panels(rows)} if over_turns else {"map": _map(rows)}


def _of_first_question(rows: list[Row]) -> list[Row]:
    first = (rows[0].found.key, rows[0].found.scope)
    return [row for row in rows if (row.found.key, row.found.scope) == first and row.found.items]


def _panels(rows: list[Row]) -> SafeString:
    """Draw alpha of the first question over turns, a panel for each slice of the other way."""
    moments = []
    for row in _of_first_question(rows):
        names = dict(row.found.names)
        at, (other,) = names.pop(TURN), names.values()
        alpha, about = row.found.alpha, f"{row.found.items:,} items"
        moments.append(
            Moment(
                at, other, alpha.value, alpha.low, alpha.high, about, row.alpha.why or "undefined"
            )
        )
    title = f"{ALPHA_NAME} of {rows[0].caption} over turns"
    thresholds = [mark.at for mark in CONVENTIONS]
    drawn = charts.panels(moments, title=title, x_title="turn", marks=thresholds)
    return inline(drawn)


def _map(rows: list[Row]) -> SafeString:
    """Draw alpha of the first question as colours, one way to slice down, the other across."""
    cells = [
        Square(row.found.names[0][1], row.found.names[1][1], row.found.alpha.value,
               row.alpha.value.text, f"{row.found.items:,} items", row.alpha.why)
        for row in _of_first_question(rows)
    ]  # fmt: skip
    title = f"{ALPHA_NAME} of {rows[0].caption} by {rows[0].found.slice_by}"
    return inline(charts.heat_map(cells, title=title, lowest=-1.0))


def _prevalence(row: Row, title: str) -> SafeString:
    drawn = [
        Bar(
            one.label,
            one.share.estimate.value or 0.0,
            f"{one.share.value.text} ({one.ratings:,})",
        )
        for one in row.options
    ]
    return inline(charts.bars(drawn, title=title))


def _file_parts(visit: Visit) -> list[str]:
    asked = _asked(visit)
    by = asked.by.replace(",", "-") if asked.by else ""
    return [part for part in ("agreement", asked.question or "", by) if part]
