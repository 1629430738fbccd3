"""What may be said of a judge in one plain sentence, from its numbers. Pure."""

import math
from dataclasses import dataclass
from enum import StrEnum

from evaluation.digits import level, percent, signed
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
    ONE_ANSWER = "one_answer"
    NO_PEOPLE = "no_people"
    TOO_FEW = "too_few"
    AS_WELL = "as_well"
    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Said:
    """A conclusion, the sentence that gives it with its evidence, and what would change it."""

    conclusion: Conclusion
    sentence: str
    would_change: str


def said_of(
    *,
    units: str,
    items: int,
    accuracy: Estimate,
    kappa: Estimate,
    inverted: bool,
    ceiling: HumanCeiling,
    only_says: str | None = None,
) -> Said:
    """Return what may be said of a judge on one question.

    ``units`` names what was rated: items, or turns. A comparison with people needs
    :data:`FEWEST_ITEMS` of them with a verdict and two people's ratings. "About as well" needs
    the whole interval of the difference within :data:`MARGIN`: an interval that merely holds 0
    proves nothing. ``only_says`` is the one answer of a judge that gave no other.
    """
    if accuracy.value is None:
        return Said(
            Conclusion.NO_PAIRS,
            "Nothing can be said: no item has both a verdict and a person's rating.",
            "Verdicts on items that people rated, or ratings of items that it judged.",
        )
    if inverted:
        return Said(
            Conclusion.INVERTED,
            f"Do not use it as it is: it says the opposite of people more often than chance would"
            f" (kappa {_shown(kappa)}). Its labels may be inverted; check what its options mean.",
            "Verdicts under a new version with the options put right, if they were swapped.",
        )
    if only_says is not None and items >= FEWEST_ITEMS:
        return Said(
            Conclusion.ONE_ANSWER,
            f"Do not use it: it says “{only_says}” of all {items:,} {units}, so it tells nothing"
            f" apart; that {percent(accuracy.value)} of people's ratings say so too is no merit of"
            " its.",
            "A version of the judge that gives other answers where people do.",
        )
    difference = ceiling.difference
    agrees = f"It says what a single person says in {percent(accuracy.value)} of {items:,} {units}"
    if difference.value is None:
        return Said(
            Conclusion.NO_PEOPLE,
            f"{agrees}, but nothing says how good that is: nothing with a verdict has ratings of"
            " two people.",
            f"A second person's rating of {FEWEST_ITEMS} {units} or more, in several clusters.",
        )
    if difference.items < FEWEST_ITEMS or difference.low is None or difference.high is None:
        return Said(
            Conclusion.TOO_FEW,
            f"Too few to say: {difference.items:,} {units} in {difference.clusters:,} clusters have"
            f" a verdict and two people's ratings; {FEWEST_ITEMS} {units} in several clusters are"
            " needed.",
            _more_units(difference, units),
        )
    return _compared(ceiling, units, difference.low, difference.high)


def of_two_replies() -> Said:
    """Return what may be said of a judge on a question about two replies side by side."""
    return Said(
        Conclusion.TWO_REPLIES,
        "Nothing can be said: the question is about two replies side by side, and a judge's verdict"
        " is about one.",
        "A question about one reply.",
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
            f"More ratings: {_clusters_for(ceiling.difference)}.",
        )
    return Said(
        conclusion,
        f"The judge {words} people agree with each other: {_evidence(ceiling, units)}.",
        _would_move(conclusion, low, high),
    )


def _more_units(difference: Estimate, units: str) -> str:
    """Say how many are missing, or that they must be spread further."""
    missing = FEWEST_ITEMS - difference.items
    if missing > 0:
        return f"A verdict and two people's ratings of {missing:,} more {units}."
    return f"Ratings of {units} in more clusters, which do not all come out alike."


def _clusters_for(difference: Estimate) -> str:
    """Say how many clusters would make the interval narrow enough to decide, as things stand."""
    half = ((difference.high or 0) - (difference.low or 0)) / 2
    value = abs(difference.value or 0)
    # What decides is the nearer of two: that 0 lies outside, or that all lies within the margin.
    room = max(value, MARGIN - value)
    clusters = math.ceil(difference.clusters * (half / room) ** 2)
    return (
        f"with the same spread about {clusters:,} clusters with a verdict and two people's ratings"
        f" would decide it, instead of {difference.clusters:,}"
    )


def _would_move(conclusion: Conclusion, low: float, high: float) -> str:
    """Say how far the evidence is from another conclusion."""
    if conclusion == Conclusion.AS_WELL:
        room = MARGIN - max(abs(low), abs(high))
        return (
            f"Evidence that moves an end of the interval by more than {room:.3f}, beyond a"
            f" difference of {MARGIN:.1f}, or that leaves 0 outside of it."
        )
    nearest = low if conclusion == Conclusion.BETTER else high
    way = "down" if conclusion == Conclusion.BETTER else "up"
    return (
        f"Evidence that moves the interval {way} by more than {abs(nearest):.3f}, so that it holds"
        " 0; or other people, whose agreement with each other is another."
    )


def _evidence(ceiling: HumanCeiling, units: str) -> str:
    judge, people, difference = ceiling.judge, ceiling.people, ceiling.difference
    return (
        f"{percent(judge.value or 0)} against {percent(people.value or 0)} on the same"
        f" {difference.items:,} {units}, difference {_shown(difference)} over"
        f" {difference.clusters:,} clusters"
    )


def _shown(estimate: Estimate) -> str:
    """Return a value with its interval; only what has both is shown."""
    low, high = estimate.low or 0, estimate.high or 0
    return (
        f"{signed(estimate.value or 0)}, {level(estimate.confidence)} interval {signed(low)} to"
        f" {signed(high)}"
    )
