"""What may be said of a judge in one plain sentence, from its numbers. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from evaluation.stats.ceiling import HumanCeiling
from evaluation.stats.estimates import Estimate

# Fewer items with a verdict and two people than this, and nothing is said of the judge.
FEWEST_ITEMS = 30
# A difference that surely lies within this is slight, and "about as well" if it may be none.
MARGIN = 0.1


class Conclusion(StrEnum):
    """How a judge stands beside people, as far as the data tell."""

    TWO_REPLIES = "two_replies"
    NO_PAIRS = "no_pairs"
    INVERTED = "inverted"
    NO_PEOPLE = "no_people"
    TOO_FEW = "too_few"
    AS_WELL = "as_well"
    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Said:
    """A conclusion, and the sentence that gives it with its evidence."""

    conclusion: Conclusion
    sentence: str


def said_of(
    *,
    units: str,
    items: int,
    accuracy: Estimate,
    kappa: Estimate,
    inverted: bool,
    ceiling: HumanCeiling,
) -> Said:
    """Return what may be said of a judge on one question.

    ``units`` names what was rated: items, or turns. A comparison with people needs
    :data:`FEWEST_ITEMS` of them with a verdict and two people's ratings. "About as well" needs
    the whole interval of the difference within :data:`MARGIN`: an interval that merely holds 0
    proves nothing.
    """
    if accuracy.value is None:
        return Said(
            Conclusion.NO_PAIRS,
            "Nothing can be said: no item has both a verdict and a person's rating.",
        )
    if inverted:
        return Said(
            Conclusion.INVERTED,
            f"Do not use it as it is: it says the opposite of people more often than chance would"
            f" (kappa {_shown(kappa)}). Its labels may be inverted; check what its options mean.",
        )
    difference = ceiling.difference
    agrees = f"It says what a single person says in {accuracy.value:.1%} of {items:,} {units}"
    if difference.value is None:
        return Said(
            Conclusion.NO_PEOPLE,
            f"{agrees}, but nothing says how good that is: nothing with a verdict has ratings of"
            " two people.",
        )
    if difference.items < FEWEST_ITEMS or difference.low is None or difference.high is None:
        return Said(
            Conclusion.TOO_FEW,
            f"Too few to say: {difference.items:,} {units} in {difference.clusters:,} clusters have"
            f" a verdict and two people's ratings; {FEWEST_ITEMS} {units} in several clusters are"
            " needed.",
        )
    return _compared(ceiling, units, difference.low, difference.high)


def of_two_replies() -> Said:
    """Return what may be said of a judge on a question about two replies side by side."""
    return Said(
        Conclusion.TWO_REPLIES,
        "Nothing can be said: the question is about two replies side by side, and a judge's verdict"
        " is about one.",
    )


def _compared(ceiling: HumanCeiling, units: str, low: float, high: float) -> Said:
    """Say how the judge's agreement with people stands beside people's with each other."""
    slightly = "slightly " if low >= -MARGIN and high <= MARGIN else ""
    if low > 0:
        conclusion, words = Conclusion.BETTER, f"agrees with people {slightly}better than"
    elif high < 0:
        conclusion, words = Conclusion.WORSE, f"agrees with people {slightly}worse than"
    elif slightly:
        conclusion, words = Conclusion.AS_WELL, "agrees with people about as well as"
    else:
        return Said(
            Conclusion.UNCLEAR,
            "It cannot be told whether the judge agrees with people as well as people agree with"
            f" each other: {_evidence(ceiling, units)}.",
        )
    return Said(
        conclusion, f"The judge {words} people agree with each other: {_evidence(ceiling, units)}."
    )


def _evidence(ceiling: HumanCeiling, units: str) -> str:
    judge, people, difference = ceiling.judge, ceiling.people, ceiling.difference
    return (
        f"{judge.value or 0:.1%} against {people.value or 0:.1%} on the same"
        f" {difference.items:,} {units}, difference {_shown(difference)} over"
        f" {difference.clusters:,} clusters"
    )


def _shown(estimate: Estimate) -> str:
    """Return a value with its interval; only what has both is shown."""
    low, high = estimate.low or 0, estimate.high or 0
    return (
        f"{estimate.value or 0:+.3f}, {estimate.confidence:.0%} interval {low:+.3f} to {high:+.3f}"
    )
