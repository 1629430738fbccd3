"""The alternative-annotator test of a judge: may it stand in for a person of the panel?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.selectors.rated_replies import RaterKind, rater_kinds
from annotation.selectors.studies import StudyFacts, pseudonyms
from annotation.vocabulary import Level, RaterSource
from evaluation.errors import EpsilonInvalid
from evaluation.services.judged import Judged, people_of
from evaluation.stats.alternative_annotator import (
    MIN_ITEMS,
    AlternativeAnnotator,
    AnnotatorResult,
    Epsilon,
    Scoring,
    alternative_annotator_test_in_blocks,
)

# What a cohort's name tells of its raters; the first that is in the name counts.
COHORT_WORDS = (("expert", Epsilon.EXPERTS), ("skilled", Epsilon.SKILLED), ("crowd", Epsilon.CROWD))
KINDS = {Epsilon.EXPERTS: "experts", Epsilon.SKILLED: "skilled people", Epsilon.CROWD: "a crowd"}


@dataclass(frozen=True, slots=True)
class PersonTested:
    """The judge against one person, under a name that means nothing elsewhere."""

    annotator: str
    found: AnnotatorResult

    @property
    def why(self) -> str:
        """Why the person was skipped; empty for one who was tested."""
        if not self.found.skipped:
            return ""
        return (
            f"{self.found.n:,} items with a verdict and another person's rating;"
            f" {MIN_ITEMS} are needed."
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        found = self.found
        return {
            "annotator": self.annotator,
            "items": found.n,
            "judge": found.rho_judge,
            "person": found.rho_human,
            "difference": found.mean_difference,
            "p": found.p,
            "judge_wins": found.judge_wins,
            "skipped": self.why or None,
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """The outcome of the test, with what it was asked and why.

    ``panel`` says for whom epsilon is; ``scoring`` how an answer is held to the others' answers.
    """

    found: AlternativeAnnotator
    panel: str
    scoring: Scoring
    people: tuple[PersonTested, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        found = self.found
        return {
            "winning_rate": found.winning_rate,
            "advantage_probability": found.advantage,
            "passed": found.passed,
            "epsilon": found.epsilon,
            "epsilon_for": self.panel,
            "q": found.q,
            "scoring": str(self.scoring),
            "reason": str(found.reason) if found.reason else None,
            "annotators": [one.as_json() for one in self.people],
        }


def epsilon_from(given: str | None) -> float | None:
    """Return epsilon as it was written in an address or a form; None where nothing was.

    Raises:
        EpsilonInvalid: no number, or not a share.
    """
    if given is None:
        return None
    try:
        epsilon = float(given)
    except ValueError:
        raise EpsilonInvalid(f"Epsilon is {given!r:.40}; it is a number, such as 0.15.") from None
    check_epsilon(epsilon)
    return epsilon


def check_epsilon(epsilon: float | None) -> None:
    """Refuse what is no share.

    Raises:
        EpsilonInvalid: below 0 or above 1.
    """
    if epsilon is not None and not 0 <= epsilon <= 1:
        raise EpsilonInvalid(
            f"Epsilon is {epsilon:g}; it is a share between 0 and 1: {Epsilon.EXPERTS} for experts,"
            f" {Epsilon.SKILLED} for skilled people, {Epsilon.CROWD} for a crowd."
        )


def alternative_of(
    study: StudyFacts,
    judged: Judged,
    *,
    epsilon: float | None = None,
    names: Mapping[int, str] | None = None,
) -> Alternative:
    """Test a judge on one question; see ``stats.alternative_annotator`` for the test itself.

    Scales are scored by their points, everything else by matches.
    """
    values = [option.value for option in judged.plan.options]
    as_numbers = judged.plan.level != Level.NOMINAL and None not in values
    scoring = Scoring.RMSE if as_numbers else Scoring.ACCURACY
    points = np.array(values if as_numbers else range(len(values)), dtype=np.float64)
    says = np.where(judged.says >= 0, points[judged.says] if points.size else np.nan, np.nan)
    panel, allowed = _epsilon(rater_kinds(judged.asked).values())
    if epsilon is not None:
        panel, allowed = "as asked", epsilon
    ratings = ((one.unit, one.rater, points[one.option]) for one in people_of(judged))
    found = alternative_annotator_test_in_blocks(
        ratings, judge=says, epsilon=allowed, scoring=scoring
    )
    ids = [one.annotator for one in found.annotators]
    known = names if names is not None else pseudonyms(study.id, purpose="pages", subjects=ids)
    named = (PersonTested(known[one.annotator], one) for one in found.annotators)
    return Alternative(found, panel, scoring, tuple(sorted(named, key=lambda one: one.annotator)))


def _epsilon(kinds: Iterable[RaterKind]) -> tuple[str, float]:
    """Return who the people are and what they allow: of a mixed panel the least."""
    allowed = {_of_kind(kind) for kind in kinds} or {Epsilon.CROWD}
    least = min(allowed)
    mixed = "a mixed panel, by its strictest part: " if len(allowed) > 1 else ""
    return f"{mixed}{KINDS[least]}", least


def _of_kind(kind: RaterKind) -> float:
    """Return what one rater allows: their cohort's name says so, else where they come from.

    Of imported raters nothing is known, so they allow least.
    """
    for word, epsilon in COHORT_WORDS:
        if re.search(rf"(?<!non)(?<!non[-_ ])(?<!un){word}", kind.cohort.lower()):
            return epsilon
    return Epsilon.SKILLED if kind.source == RaterSource.ACCOUNT else Epsilon.CROWD
