"""Researchers decide what of raters' words leaves with releases; judgments have it stored."""

from collections.abc import Mapping
from datetime import datetime

from annotation.selectors.personal_data import Finding
from annotation.selectors.studies import StudyFacts
from annotation.services import personal_data
from annotation.vocabulary import HitDecision, PersonalKind

__all__ = ["DECISIONS", "NOT_ALL", "decide", "decide_kind"]

DECISIONS = personal_data.DECISIONS
NOT_ALL = personal_data.NOT_ALL


def decide(
    study: StudyFacts,
    seen: Mapping[Finding, HitDecision],
    decision: HitDecision,
    *,
    by_id: int | None,
    now: datetime,
) -> int:
    """Mask or keep these findings; return for how many that is new.

    Raises:
        FindingsUnknown: as :func:`annotation.services.personal_data.decide`.
    """
    return personal_data.decide(
        study_id=study.id, seen=seen, decision=decision, by_id=by_id, now=now
    )


def decide_kind(
    study: StudyFacts,
    kind: PersonalKind,
    decision: HitDecision,
    *,
    by_id: int | None,
    now: datetime,
) -> int:
    """Mask or keep every finding of a kind that nobody decided about; return how many."""
    return personal_data.decide_kind(
        study_id=study.id, kind=kind, decision=decision, by_id=by_id, now=now
    )
