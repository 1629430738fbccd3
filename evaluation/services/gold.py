"""Raters beside known answers: how much of what they said is right, with intervals."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.gold import RaterFacts, Scored, rater_facts, scored
from annotation.selectors.studies import StudyFacts, pseudonyms
from annotation.vocabulary import CLOSED_TYPES, QuestionType, RaterSource
from evaluation.errors import QuestionUnknown
from evaluation.services.coefficients import coefficient_json
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import proportion

SHARE = "share_right"
ITEMS_RIGHT = "items_right"


@dataclass(frozen=True, slots=True)
class Beside:
    """A rater's answers to one question where the right ones are known.

    ``distance`` is of scales: how many points off they are on average, right ones included.
    """

    key: str
    label: str
    judged: int
    right: int
    share: Estimate
    distance: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "key": self.key,
            "judged": self.judged,
            "right": self.right,
            "share": coefficient_json(SHARE, self.share),
            "mean_distance": self.distance,
        }


@dataclass(frozen=True, slots=True)
class RaterOnGold:
    """One rater beside known answers: items all right, and each question.

    ``rater`` is a name that means nothing elsewhere; ``facts`` has the account's, for admins.
    """

    rater: str
    facts: RaterFacts
    items: int
    items_right: int
    share: Estimate
    questions: tuple[Beside, ...]

    @property
    def simulated(self) -> bool:
        """Say whether this is a stand-in, not a person."""
        return self.facts.source == RaterSource.SIMULATED

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it, without an account's name."""
        return {
            "rater": self.rater,
            "source": str(self.facts.source),
            "cohort": self.facts.cohort,
            "items": self.items,
            "items_right": self.items_right,
            "share": coefficient_json(ITEMS_RIGHT, self.share),
            "questions": [one.as_json() for one in self.questions],
        }


def report(study: StudyFacts, *, question: str | None = None) -> list[RaterOnGold]:
    """Return every rater who answered where the right answer is known, the least right first.

    Answers of every wave count, for an item that is gold may also have been judged in the first.

    Raises:
        QuestionUnknown: the rubric has no such question, or it is one of free text.
    """
    asked = {plan.id: plan for plan in _closed(study, question)}
    of_rater: dict[int, list[Scored]] = defaultdict(list)
    for one in scored(study.id, study.rubric):
        if one.question in asked:
            of_rater[one.rater].append(one)
    facts = rater_facts(study.id, of_rater)
    names = pseudonyms(study.id, purpose="pages", subjects=list(of_rater))
    found = [
        _beside(names[rater], facts[rater], answers, asked) for rater, answers in of_rater.items()
    ]
    return sorted(found, key=lambda one: (one.share.value or 0.0, -one.items, one.rater))


def as_json(study: StudyFacts, found: list[RaterOnGold]) -> dict[str, Any]:
    """Return a report in the one shape that command and API share."""
    return {
        "study": study.slug,
        "rubric_version": study.rubric.version,
        "raters": [one.as_json() for one in found],
    }


def _closed(study: StudyFacts, key: str | None) -> list[QuestionPlan]:
    closed = [q for q in study.rubric.questions if q.type in CLOSED_TYPES]
    found = [q for q in closed if key in (None, q.key)]
    if not found:
        known = ", ".join(q.key for q in closed)
        raise QuestionUnknown(f"The study has no closed question {key!r}. It has {known}.")
    return found


def _beside(
    name: str, facts: RaterFacts, answers: list[Scored], asked: dict[int, QuestionPlan]
) -> RaterOnGold:
    wholly: dict[int, bool] = {}
    of_question: dict[int, list[Scored]] = defaultdict(list)
    for one in answers:
        wholly[one.item] = wholly.get(one.item, True) and one.right
        of_question[one.question].append(one)
    right = sum(wholly.values())
    return RaterOnGold(
        rater=name,
        facts=facts,
        items=len(wholly),
        items_right=right,
        share=proportion(right, len(wholly), name=ITEMS_RIGHT),
        questions=tuple(
            _on_question(plan, of_question[plan.id])
            for plan in asked.values()
            if plan.id in of_question
        ),
    )


def _on_question(question: QuestionPlan, answers: Iterable[Scored]) -> Beside:
    found = list(answers)
    right = sum(one.right for one in found)
    distances = [one.distance for one in found if one.distance is not None]
    is_scale = question.type == QuestionType.SCALE and bool(distances)
    return Beside(
        key=question.key,
        label=question.label,
        judged=len(found),
        right=right,
        share=proportion(right, len(found), name=SHARE),
        distance=fmean(distances) if is_scale else None,
    )
