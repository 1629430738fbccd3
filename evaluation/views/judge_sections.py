"""What a judge's pages show of its report: few digits, words, the matrix as rows of cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.http import urlencode
from django.utils.safestring import SafeString

from annotation.selectors.asked import Filters
from annotation.selectors.studies import StudyFacts
from evaluation import charts, sentences
from evaluation.charts import Point
from evaluation.services import judges, reports
from evaluation.services.conclusions import Conclusion
from evaluation.services.judge_reports import JudgeQuestionReport, OptionReport
from evaluation.services.judges import JudgeFacts
from evaluation.stats.ceiling import HumanCeiling
from evaluation.stats.estimates import Estimate
from evaluation.views.inline import inline
from evaluation.views.judge_trials import AlternativeTest, Calibrated
from evaluation.views.numbers import Shown
from evaluation.views.words import captioned, spoken

# With more verdicts than this the list waits for nobody: the judge's own page has the numbers.
MOST_IN_THE_LIST = 200_000
JUDGE = "Judge with people"
PEOPLE = "People with each other"


@dataclass(frozen=True, slots=True)
class Line:
    """One judge in the list, with the numbers of the first question it answered."""

    facts: JudgeFacts
    questions: tuple[str, ...]
    accuracy: Shown | None = None
    kappa: Shown | None = None

    @property
    def verdicts(self) -> str:
        """How many verdicts it gave."""
        return f"{self.facts.verdicts:,}"

    @classmethod
    def of(cls, study: StudyFacts, facts: JudgeFacts, filters: Filters) -> "Line":
        """Read the judge's first numbers, unless that would take long."""
        found = None
        if facts.verdicts <= MOST_IN_THE_LIST and not reports.is_large_study(study):
            found = judges.at_a_glance(study, facts.id, filters)
        if found is None:
            return cls(facts, ())
        return cls(
            facts, found.questions, Shown(found.accuracy, as_percent=True), Shown(found.kappa)
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """How many pairs of a person's rating and a verdict there are, and where to see them."""

    pairs: str
    query: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """What the judge said where people chose one option."""

    label: str
    cells: tuple[Cell, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One coefficient: the judge's, the people's, and the difference, on the same items."""

    name: str
    judge: Shown
    people: Shown
    difference: Shown


@dataclass(frozen=True, slots=True)
class RateRow:
    """How the judge does on one option against the rest."""

    found: OptionReport

    @property
    def label(self) -> str:
        """The option as people read it."""
        return spoken(self.found.label)

    @property
    def rates(self) -> tuple[Shown, ...]:
        """Sensitivity, specificity, precision."""
        found = self.found
        return tuple(Shown(one) for one in (found.sensitivity, found.specificity, found.precision))


@dataclass(frozen=True, slots=True)
class Section:
    """A judge on one question in one scope; ``kept`` is what its links say of exclusions."""

    found: JudgeQuestionReport
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What was asked."""
        return spoken(self.found.label)

    @property
    def chart_key(self) -> str:
        """What its chart is called in addresses."""
        return f"{self.found.key}-{self.found.scope}"

    @property
    def alarming(self) -> bool:
        """Say whether the sentence is a warning."""
        return self.found.said.conclusion in (
            Conclusion.INVERTED,
            Conclusion.ONE_ANSWER,
            Conclusion.TOO_FEW,
            Conclusion.TWO_REPLIES,
            Conclusion.NO_PAIRS,
            Conclusion.NO_PEOPLE,
        )

    @property
    def accuracy(self) -> Shown:
        """The share of ratings that the judge repeats."""
        return Shown(self.found.accuracy, as_percent=True)

    @property
    def kappa(self) -> Shown:
        """Cohen's kappa."""
        return Shown(self.found.kappa)

    @property
    def weighted_kappa(self) -> Shown | None:
        """Quadratic kappa, for options in an order."""
        weighted = self.found.weighted_kappa
        return Shown(weighted) if weighted else None

    @property
    def alphas(self) -> tuple[tuple[str, Shown], ...]:
        """Alpha of people alone, and with the judge as one rater more."""
        return (
            ("people alone", Shown(self.found.human_alpha)),
            ("people and the judge", Shown(self.found.alpha)),
        )

    @property
    def alternative(self) -> AlternativeTest | None:
        """Whether it may stand in for a person."""
        return AlternativeTest(self.found.alternative) if self.found.alternative else None

    @property
    def calibrations(self) -> list[Calibrated]:
        """Whether its probabilities mean what they say; empty where it gave none."""
        return [Calibrated(one) for one in self.found.calibrations]

    @property
    def said(self) -> list[str]:
        """Accuracy and kappa in words."""
        cluster = self.found.cluster
        return [
            sentences.of_accuracy(self.found.accuracy, cluster),
            sentences.of_kappa(self.found.kappa, cluster),
        ]

    @property
    def compared(self) -> tuple[Compared, ...]:
        """Judge and people in the same coefficients, on the items that two people rated."""
        one, two = self.found.agreement, self.found.kappas
        return (
            Compared("Agreement", *(Shown(e, as_percent=True) for e in _three(one))),
            Compared("Kappa", *(Shown(e) for e in _three(two))),
        )

    @property
    def labels(self) -> list[str]:
        """The options as people read them."""
        return [spoken(label) for label in self.found.option_labels]

    @property
    def matrix(self) -> Iterator[MatrixRow]:
        """The confusion matrix: a row what people chose, a column what the judge said."""
        found = self.found
        named = zip(found.options, self.labels, found.confusion, strict=True)
        for people, label, counts in named:
            cells = tuple(
                Cell(f"{n:,}", self._query(people, says) if n else "", people == says)
                for says, n in zip(found.options, counts, strict=True)
            )
            yield MatrixRow(label, cells, f"{sum(counts):,}")

    @property
    def rates(self) -> list[RateRow]:
        """Each option against the rest."""
        return [RateRow(one) for one in self.found.rates]

    @property
    def title(self) -> str:
        """What the chart shows."""
        about = captioned(self.found.label, self.found.scope)
        return f"{about}: the judge beside people, on the same items"

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers, with separators."""
        found = self.found
        both = found.agreement.difference.items
        sizes = {"items": found.items, "pairs": found.pairs, "clusters": found.clusters}
        return {name: f"{n:,}" for name, n in (sizes | {"human_items": both}).items()}

    @property
    def chart(self) -> SafeString:
        """Judge and people side by side, with intervals."""
        points = [
            _point(one.name, series, shown.estimate)
            for one in self.compared
            for series, shown in ((JUDGE, one.judge), (PEOPLE, one.people))
        ]
        return inline(charts.forest(points, title=self.title))

    def _query(self, people: str, says: str) -> str:
        asked = {"question": self.found.key, "scope": self.found.scope}
        return urlencode(asked | {"people": people, "judge": says} | dict(self.kept))


def _three(found: HumanCeiling) -> tuple[Estimate, Estimate, Estimate]:
    return found.judge, found.people, found.difference


def _point(row: str, series: str, found: Estimate) -> Point:
    return Point(row, series, found.value, found.low, found.high)
