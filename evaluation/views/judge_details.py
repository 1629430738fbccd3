"""Pages about one judge more closely: in slices, beside another judge, and its own family."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from annotation.selectors.rated_replies import families_of
from evaluation import charts, sentences
from evaluation.charts import Point
from evaluation.digits import level, signed
from evaluation.intake import LONGEST_NAME
from evaluation.services import judge_slices, judges, reports
from evaluation.services.judge_comparisons import ChangedItem, ComparedJudges
from evaluation.services.judge_slices import BiasTest, SlicedQuestion, SliceRow
from evaluation.services.judges import JudgeFacts
from evaluation.services.report_kinds import AGAINST, SLICES
from evaluation.views.applying import applying
from evaluation.views.inline import inline
from evaluation.views.judge_sections import JUDGE, PEOPLE
from evaluation.views.numbers import Number, Shown
from evaluation.views.pages import Visit, of_judge, researchers
from evaluation.views.words import captioned, menu, spoken

ITEMS_SHOWN = 200
# Where all questions stand on one page.
FIRST_SHOWN = 20
SHOWN_BY = {
    "model": "model",
    "family": "model family",
    "category": "category of values",
    "turn": "turn",
    "length": "length of the reply",
    "framing": "framing",
}


class FamilyForm(forms.Form):
    """Of which family the language model behind a judge is."""

    family = forms.CharField(
        label="Family of the model behind it",
        max_length=LONGEST_NAME,
        required=False,
        help_text="As replies' models have it, such as anthropic. Empty: not known.",
    )


@dataclass(frozen=True, slots=True)
class SlicedRow:
    """One slice in the table."""

    found: SliceRow

    @property
    def sizes(self) -> tuple[str, str]:
        """Items and pairs."""
        return f"{self.found.items:,}", f"{self.found.pairs:,}"

    @property
    def numbers(self) -> tuple[Shown, ...]:
        """Accuracy, kappa, people's agreement, judge's agreement minus people's."""
        found = self.found
        return (
            Shown(found.accuracy, as_percent=True),
            Shown(found.kappa),
            Shown(found.agreement.people, as_percent=True),
            Shown(found.agreement.difference),
        )


@dataclass(frozen=True, slots=True)
class Sliced:
    """A judge on one question in slices, as the page shows it."""

    found: SlicedQuestion

    @property
    def label(self) -> str:
        """What was asked."""
        return spoken(self.found.label)

    @property
    def title(self) -> str:
        """What the chart shows."""
        return f"{captioned(self.found.label, self.found.scope)} by {SHOWN_BY[self.found.by]}"

    @property
    def rows(self) -> list[SlicedRow]:
        """The slices."""
        return [SlicedRow(row) for row in self.found.rows]

    @property
    def chart(self) -> SafeString:
        """The judge's and people's agreement in each slice."""
        points = [
            Point(f"{row.key}{' (own)' if row.own else ''}", series, e.value, e.low, e.high)
            for row in self.found.rows
            for series, e in ((JUDGE, row.agreement.judge), (PEOPLE, row.agreement.people))
        ]
        return inline(charts.forest(points, title=self.title))

    @property
    def biases(self) -> list[str]:
        """What the tests of a bias say, or why there is none."""
        if self.found.why_no_bias:
            return [f"Self-preference cannot be tested. {self.found.why_no_bias}"]
        return [_of_bias(self.found.by, test, self.found.cluster) for test in self.found.tests]


def _of_bias(by: str, test: BiasTest, cluster: str) -> str:
    """Say in words what a test of a bias found."""
    of = "its own family, compared with others" if by == "family" else "longer replies"
    about = "of replies by " if by == "family" else "of "
    head = f"How much more often the judge says “{spoken(test.label)}” than people do, {about}{of}"
    found = test.found
    if found.value is None:
        return f"{head}: undefined. {found.reason.sentence if found.reason else ''}"
    unit = " for each doubling of the length" if by == "length" else ""
    told = f"{head}: {signed(100 * found.value, 1)} percentage points{unit}"
    if test.p is None:
        return f"{told}. {found.reason.sentence if found.reason else ''}"
    spread = sentences.spread(found, cluster)
    name = "self-preference" if by == "family" else "verbosity bias"
    end = f"This shows {name}." if test.is_clear else f"This does not show {name}."
    return f"{told} (p = {test.p:.3g}, by Holm). {spread} {end}"


@researchers("judges")
def slices(visit: Visit, judge_id: int) -> HttpResponse:
    """Show one judge beside people in slices, with tests of two biases."""
    by = visit.asked("by") or judge_slices.SLICES[0]
    counts = applying(visit)
    kept = reports.found(visit.study, SLICES, of_judge(visit, judge_id) | {"by": [by]})
    found = kept.value or []
    context = {
        "applying": counts,
        "kept": kept,
        "judge": judges.judge_of(visit.study, judge_id),
        "sections": [Sliced(one) for one in found],
        "exclusions": found[0].exclusions if found else (),
        "questions": menu(judges.offered(visit.study)),
        "question": visit.asked("question"),
        "by": by,
        "by_words": SHOWN_BY[by],
        "ways": SHOWN_BY.items(),
    }
    return visit.page("judge_slices.html", context)


@researchers("judges", methods=("POST",))
def set_family(visit: Visit, judge_id: int) -> HttpResponse:
    """Say of which family the model behind a judge is."""
    form = FamilyForm(visit.request.POST)
    facts = judges.judge_of(visit.study, judge_id)
    if not form.is_valid():
        context = {"judge": facts, "form": form, "families": families(visit)}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return visit.page("judge_family.html", context, status=status)
    judges.set_family(visit.study, judge_id, form.cleaned_data["family"])
    messages.success(visit.request, "The judge's family is stored.")
    return redirect("evaluation:judge", visit.study.slug, judge_id)


def families(visit: Visit) -> list[str]:
    """Return the families that the study's replies have."""
    return sorted({one for one in families_of(visit.study.id).values() if one})


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One unit of which two judges say different things."""

    found: ChangedItem
    words: dict[str, str]

    @property
    def first(self) -> str:
        """What the first judge said."""
        return self.words.get(self.found.first, self.found.first)

    @property
    def second(self) -> str:
        """What the second judge said."""
        return self.words.get(self.found.second, self.found.second)

    @property
    def people(self) -> str:
        """What people said, with how many."""
        said = ((self.words.get(code, code), n) for code, n in self.found.people)
        return ", ".join(f"{words} × {n}" for words, n in said)  # noqa: RUF001 - the sign for times


@dataclass(frozen=True, slots=True)
class BesideAnother:
    """Two judges on one question, as the page shows it."""

    found: ComparedJudges
    first: JudgeFacts
    second: JudgeFacts
    most: int
    asked: tuple[str, str] | None = None
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What was asked."""
        return spoken(self.found.label)

    @property
    def numbers(self) -> tuple[tuple[str, Shown], ...]:
        """Both accuracies and the paired differences."""
        paired = self.found.paired
        return (
            (f"accuracy of {self.first.full_name}", Shown(paired.first, as_percent=True)),
            (f"accuracy of {self.second.full_name}", Shown(paired.second, as_percent=True)),
            ("difference in accuracy", Shown(paired.accuracy)),
            ("difference in kappa", Shown(paired.kappa)),
        )

    @property
    def p(self) -> Number:
        """Of "both are right equally often"."""
        return Number(self.found.p)

    @property
    def sentence(self) -> str:
        """Which agrees more with people, as far as the data tell."""
        difference = self.found.paired.accuracy
        if difference.value is None:
            return "People rated nothing that both judges judged, so nothing can be compared."
        if difference.low is None or difference.high is None:
            why = difference.reason.sentence if difference.reason else ""
            return f"Their accuracy differs by {signed(difference.value)}. {why}"
        spread = (
            f"{signed(difference.value)}, {level(difference.confidence)} interval"
            f" {signed(difference.low)} to {signed(difference.high)} over"
            f" {difference.clusters:,} clusters"
        )
        if difference.low <= 0 <= difference.high:
            return f"It cannot be told which agrees more with people: {spread}."
        better = self.second if difference.value > 0 else self.first
        return f"{better.full_name} agrees more with people: {spread}."

    @property
    def places(self) -> str:
        """Where both spoke, rated or not."""
        places = self.found.places
        if places is None:
            return ""
        return (
            f"Both gave a verdict in {places.both:,} places, rated or not, and differ in"
            f" {places.differ:,} of them."
        )

    @property
    def matrix(self) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
        """A row what the first judge said, a column what the second: units, address, same."""
        found = self.found
        for one, label, counts in zip(found.options, found.option_labels, found.table, strict=True):
            cells = [
                (f"{n:,}", self._query(one, two) if n else "", one == two)
                for two, n in zip(found.options, counts, strict=True)
            ]
            yield spoken(label), cells

    @property
    def labels(self) -> list[str]:
        """The options as people read them."""
        return [spoken(label) for label in self.found.option_labels]

    @property
    def changed(self) -> list[ChangedRow]:
        """The units that are listed."""
        return [ChangedRow(one, self.words) for one in self.found.changed[: self.most]]

    @property
    def words(self) -> dict[str, str]:
        """Each option's code as people read it."""
        return dict(zip(self.found.options, self.labels, strict=True))

    @property
    def cell(self) -> tuple[str, str] | None:
        """The two answers whose items are listed, if the page was asked for a cell."""
        if self.asked is None:
            return None
        first, second = self.asked
        return self.words.get(first, first), self.words.get(second, second)

    @property
    def n_changed(self) -> str:
        """How many there are."""
        return f"{self.found.n_changed:,}"

    def _query(self, one: str, two: str) -> str:
        asked = {"other": str(self.second.id), "question": self.found.key}
        return urlencode(asked | {"first": one, "second": two} | dict(self.kept))


@researchers("judges")
def against(visit: Visit, judge_id: int) -> HttpResponse:
    """Compare one judge with another on the same items; without another, offer those there are."""
    first = judges.judge_of(visit.study, judge_id)
    others = [one for one in judges.judges_of(visit.study) if one.id != judge_id]
    wanted = visit.asked("other")
    counts = applying(visit)
    context = {
        "applying": counts,
        "judge": first,
        "others": others,
        "other": None,
        "sections": [],
    }
    if wanted is not None:
        second = judges.judge_named(visit.study, wanted)
        if second.id == first.id:
            return visit.page("judge_against.html", context | {"itself": True})
        one, two = visit.asked("first"), visit.asked("second")
        cell = (one, two) if one and two else None
        given = of_judge(visit, judge_id) | {"other": [str(second.id)]}
        kept = reports.found(visit.study, AGAINST, given)
        found = kept.value or []
        most = ITEMS_SHOWN if visit.asked("question") else FIRST_SHOWN
        context |= {"kept": kept, "other": second}
        context["sections"] = [
            BesideAnother(each, first, second, most, cell, counts.kept) for each in found
        ]
        context["exclusions"] = found[0].exclusions if found else ()
    return visit.page("judge_against.html", context)
