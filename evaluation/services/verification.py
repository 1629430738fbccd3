"""The headline numbers once more, from the database, by the independent ``krippendorff`` package.

Answers are read one by one and counted here again: nothing of the packed counts or of
``evaluation.stats`` takes part, so that a mistake there cannot hide here.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.labels import choices
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES
from evaluation.exports.layout import Patterns
from evaluation.exports.recompute import alpha_of, package, same
from evaluation.services import agreement, asking


@dataclass(frozen=True, slots=True)
class Verified:
    """Alpha of one question in one scope, by us and by the other package."""

    key: str
    scope: str
    ours: float | None
    theirs: float | None

    @property
    def equal(self) -> bool:
        """Say whether both are the same within 1e-9, or both undefined."""
        return same(self.ours, self.theirs)

    def as_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        return {
            "key": self.key,
            "scope": self.scope,
            "value": self.ours,
            "recomputed": self.theirs,
            "by": package(),
            "equal": self.equal,
        }


def verify(study: StudyFacts) -> list[Verified]:
    """Recompute alpha of every question that was asked, with the exclusions in force."""
    filters = asking.counting(study)
    ours = {
        (one.key, one.scope): one.alpha.value
        for one in agreement.report(study, filters=filters)
        if not one.definition
    }
    return [
        Verified(
            question.key,
            str(scope),
            ours[question.key, str(scope)],
            _theirs(question, asking.asked_of(question.id, scope, filters)),
        )
        for question in study.rubric.questions
        if question.type in CLOSED_TYPES
        for scope in agreement.scopes_of(question)
        if (question.key, str(scope)) in ours
    ]


def _theirs(question: QuestionPlan, asked: Asked) -> float | None:
    """Return alpha as the package computes it, None where it is undefined."""
    codes = {option.id: option.code for option in question.options}
    patterns: Patterns = Counter()
    # Choices come by unit and judgment, so one unit is held at a time.
    for _, unit in groupby(choices(asked), key=lambda row: (row.item, row.turn)):
        said = Counter(
            tuple(sorted(codes[row.option] for row in rows if row.option in codes))
            for _, rows in groupby(unit, key=lambda row: row.judgment)
        )
        patterns[tuple(sorted(said.items()))] += 1
    if not patterns:
        return None
    written = {
        "type": str(question.type),
        "level": str(question.level),
        "options": [{"code": option.code} for option in question.options],
    }
    return alpha_of(written, patterns)
