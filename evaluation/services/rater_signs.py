"""Signs that a rater may not have read: sentences with their numbers, for a person to weigh.

Nothing follows from a sign by itself: nobody is paused, left out or paid less.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from evaluation.digits import percent
from evaluation.stats.estimates import Estimate
from evaluation.stats.left_out import LeftOut
from evaluation.stats.rater_signs import (
    ANSWERS_FROM,
    FASTEST,
    OneAnswer,
    Pace,
    Pattern,
    one_answer,
)

# How far below the others the upper end of an interval must lie: a convention.
APART = 0.1
KNOWN_FROM = 5


class SignKind(StrEnum):
    """What a sign is about."""

    PACE = "pace"
    ONE_ANSWER = "one_answer"
    PATTERN = "pattern"
    APART = "apart"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign with its numbers in words."""

    kind: SignKind
    sentence: str

    @property
    def name(self) -> str:
        """What the sign is about, in words."""
        return str(self.kind).replace("_", " ")

    def as_json(self) -> dict[str, str]:
        """Return it as command and API give it."""
        return {"kind": str(self.kind), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the signs of one rater on one question are drawn from.

    ``everyone`` is how often any two raters agree, ``all_gold`` the share of all raters' answers
    that is right where the right one is known.
    """

    beside: LeftOut
    labels: list[str]
    pace: Pace
    pattern: Pattern | None
    everyone: Estimate
    gold: Estimate | None
    all_gold: float | None


def signs_of(found: Evidence) -> tuple[Sign, ...]:
    """Return every sign that a rater shows."""
    one = one_answer(found.beside.shared_use, found.beside.others_use)
    return (
        *_of_pace(found.pace),
        *(_of_one_answer(one, found.labels) if one else ()),
        *(_of_pattern(found.pattern) if found.pattern else ()),
        *_of_agreement(found),
        *_of_gold(found),
    )


def _of_pace(pace: Pace) -> Iterator[Sign]:
    if pace.is_sign and pace.seconds is not None and pace.speed is not None:
        yield Sign(
            SignKind.PACE,
            f"{pace.too_fast} of {pace.timed} timed judgments were faster than {FASTEST:.0f}"
            f" characters a second, about 1,000 words a minute: {pace.seconds:.1f} seconds and"
            f" {pace.speed:,.0f} characters a second in the median.",
        )


def _of_one_answer(found: OneAnswer, labels: list[str]) -> Iterator[Sign]:
    yield Sign(
        SignKind.ONE_ANSWER,
        f"“{labels[found.option]}” in {found.times} of {found.answers} answers; others gave it"
        f" in {percent(found.others)} of the same places. By chance so often with a probability"
        f" {_chance(found.chance)}.",
    )


def _of_pattern(found: Pattern) -> Iterator[Sign]:
    yield Sign(
        SignKind.PATTERN,
        f"Answers repeat every {found.period}: {found.repeated} of {found.compared} equal the"
        f" one {found.period} before. By chance so often with a probability"
        f" {_chance(found.chance)}.",
    )


def _of_agreement(found: Evidence) -> Iterator[Sign]:
    own, everyone = found.beside.agreement, found.everyone.value
    if own.value is None or own.low is None or own.high is None or everyone is None:
        return
    if found.beside.shared >= ANSWERS_FROM and own.high < everyone - APART:
        yield Sign(
            SignKind.APART,
            f"Agrees with the others in {percent(own.value)} of comparisons"
            f" ({percent(own.low)} to {percent(own.high)}, {found.beside.shared} answers); any"
            f" two raters agree in {percent(everyone)}.",
        )


def _of_gold(found: Evidence) -> Iterator[Sign]:
    gold, others = found.gold, found.all_gold
    if gold is None or gold.value is None or gold.low is None or gold.high is None:
        return
    if others is not None and gold.items >= KNOWN_FROM and gold.high < others - APART:
        yield Sign(
            SignKind.GOLD,
            f"Right in {percent(gold.value)} of {gold.items} answers where the right one is known"
            f" ({percent(gold.low)} to {percent(gold.high)}); all raters in {percent(others)}.",
        )


def _chance(chance: float) -> str:
    return "below one in a million" if chance < 1e-6 else f"of {chance:.6f}"
