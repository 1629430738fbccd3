"""What a judge's page shows of the alternative-annotator test and of calibration."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from evaluation import charts
from evaluation.digits import percent
from evaluation.services.alternative import Alternative, PersonTested
from evaluation.services.calibrations import ANSWER, RAW, Calibration, Recalibrated
from evaluation.views.inline import inline
from evaluation.views.numbers import Number, Shown

PEOPLE_SHOWN = 100
SCORING = {"accuracy": "by matches", "rmse": "by points off, root mean square"}


@dataclass(frozen=True, slots=True)
class Person:
    """One person against whom the judge was tested."""

    found: PersonTested

    @property
    def name(self) -> str:
        """The pseudonym."""
        return self.found.annotator

    @property
    def items(self) -> str:
        """Items with a verdict and another person's rating."""
        return f"{self.found.found.n:,}"

    @property
    def skipped(self) -> str:
        """Why the person was not tested; empty for one who was."""
        return self.found.why

    @property
    def judge_wins(self) -> bool:
        """Whether the judge may stand in for this person."""
        return self.found.found.judge_wins

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Judge's share, person's share, their difference, p."""
        one = self.found.found
        return (
            Number(one.rho_judge, as_percent=True),
            Number(one.rho_human, as_percent=True),
            Number(one.mean_difference),
            Number(one.p),
        )


@dataclass(frozen=True, slots=True)
class AlternativeTest:
    """The alternative-annotator test as the page says it."""

    found: Alternative

    @property
    def epsilon(self) -> str:
        """How much worse than a person the judge may be."""
        return f"{self.found.found.epsilon:g}"

    @property
    def q(self) -> str:
        """The false discovery rate over people."""
        return f"{self.found.found.q:g}"

    @property
    def scoring(self) -> str:
        """How an answer is held to the others'."""
        return SCORING[str(self.found.scoring)]

    @property
    def people(self) -> list[Person]:
        """The first people, tested or skipped."""
        return [Person(one) for one in self.found.people[:PEOPLE_SHOWN]]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(len(self.found.people) - PEOPLE_SHOWN, 0)

    @property
    def sentence(self) -> str:
        """The outcome, for whom epsilon is, and how many were skipped."""
        found = self.found.found
        allowed = f"ε = {found.epsilon:g} ({self.found.panel})"
        skipped = sum(one.skipped for one in found.annotators)
        if found.winning_rate is None or found.advantage is None:
            why = found.reason.sentence if found.reason else ""
            return (
                f"It cannot be tested, with {allowed}: {why} {skipped:,} people skipped; a person"
                " needs 30 items with a verdict and another person's rating."
            )
        tested = len(found.annotators) - skipped
        wins = "passes" if found.passed else "does not pass"
        return (
            f"The judge {wins} the alternative-annotator test with {allowed}: it wins against"
            f" {percent(found.winning_rate)} of {tested:,} people (omega; half are needed), and is"
            " at least as good as a person drawn from them with a chance of"
            f" {percent(found.advantage)} (rho). {skipped:,} people skipped. Items count as"
            " independent of each other here."
        )


@dataclass(frozen=True, slots=True)
class MapRow:
    """One recalibration, or the judge's own probabilities."""

    name: str
    brier: Shown
    formula: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration of one kind of probability as the page shows it."""

    found: Calibration

    @property
    def of(self) -> str:
        """What the probability is of."""
        return "the answer it gave" if self.found.of == ANSWER else f"“{self.found.of}”"

    @property
    def sizes(self) -> str:
        """From how many ratings, where not from all."""
        found = self.found
        if found.ratings == found.of_ratings:
            return f"{found.ratings:,} ratings"
        return f"{found.ratings:,} ratings, drawn from {found.of_ratings:,}"

    @property
    def scores(self) -> tuple[tuple[str, Shown], ...]:
        """Brier score, ECE under its full name, area under the curve."""
        found = self.found
        return (
            ("Brier score", Shown(found.brier)),
            (found.ece.name, Shown(found.ece)),
            ("AUC", Shown(found.auc)),
        )

    @property
    def parts(self) -> tuple[tuple[str, Number], ...]:
        """Murphy's parts of the Brier score of probabilities rounded to one decimal."""
        parts = self.found.murphy
        if parts is None:
            return ()
        return (
            ("Reliability (0 is calibrated)", Number(parts.reliability)),
            ("Resolution (more is better)", Number(parts.resolution)),
            ("Uncertainty (not the judge's doing)", Number(parts.uncertainty)),
        )

    @property
    def bins(self) -> list[tuple[str, Number, Shown]]:
        """Each bin: ratings, what was said, what was so."""
        return [(f"{b.ratings:,}", Number(b.said), Shown(b.was_so)) for b in self.found.bins]

    @property
    def maps(self) -> list[MapRow]:
        """The judge's own probabilities and each recalibration; one of them is chosen."""
        found = self.found
        raw = MapRow("as given", Shown(found.brier), "p", found.chosen == RAW)
        rest = (
            MapRow(one.name, Shown(one.brier), _formula(one), one.name == found.chosen)
            for one in found.maps
        )
        return [raw, *rest]

    @property
    def title(self) -> str:
        """What the chart shows."""
        return f"How often people say so, by the judge's probability of {self.of}"

    @property
    def chart(self) -> SafeString:
        """What was so against what was said, bin by bin."""
        points = [
            charts.Bin(b.said, b.was_so.value, b.was_so.low, b.was_so.high, b.ratings)
            for b in self.found.bins
            if b.was_so.value is not None
        ]
        drawn = charts.reliability(
            points, title=self.title, x_title="the judge's probability", y_title="people say so"
        )
        return inline(drawn)


def _formula(found: Recalibrated) -> str:
    """Say what the map is, or why there is none."""
    if found.parameters is None:
        return f"no map: {found.reason}" if found.reason else "no map for every fold"
    if "slope" in found.parameters:
        intercept, slope = found.parameters["intercept"], found.parameters["slope"]
        return f"logit⁻¹({intercept:.3f} + {slope:.3f} · logit p)"
    corners = zip(found.parameters["said"], found.parameters["calibrated"], strict=True)
    shown = [f"{x:.2f} → {y:.2f}" for x, y in corners]
    more = f" … ({len(shown)} corners)" if len(shown) > MOST_CORNERS else ""
    return ", ".join(shown[:MOST_CORNERS]) + more


MOST_CORNERS = 6
