"""Deciding what of raters' words leaves with releases: findings are masked, or kept as written."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from django.db import transaction

from annotation.errors import FindingsUnknown
from annotation.models import PersonalDecision, Study
from annotation.selectors.personal_data import Finding, findings_of
from annotation.vocabulary import HitDecision, PersonalKind

log = structlog.get_logger("touchstone.personal_data")
DECISIONS = (HitDecision.MASKED, HitDecision.KEPT)
NOT_ALL = (
    "These findings are not all of this study, or a rater judged again meanwhile. Nothing was"
    " changed."
)


@transaction.atomic
def decide(
    *,
    study_id: int,
    seen: Mapping[Finding, HitDecision],
    decision: HitDecision,
    by_id: int | None,
    now: datetime,
) -> int:
    """Mask or keep these findings in releases from now on; return for how many that is new.

    ``seen`` says as what each was seen: one that somebody else decided meanwhile stays as it is.

    Raises:
        FindingsUnknown: one of them is none, or not of this study; none was changed.
    """
    known = _locked(study_id)
    if not seen or any(finding not in known for finding in seen):
        raise FindingsUnknown(NOT_ALL)
    chosen = [finding for finding, was in seen.items() if known[finding] == was]
    return _add(chosen, known, decision, by_id=by_id, now=now)


@transaction.atomic
def decide_kind(
    *, study_id: int, kind: PersonalKind, decision: HitDecision, by_id: int | None, now: datetime
) -> int:
    """Mask or keep every finding of a kind that nobody decided about; return how many."""
    known = _locked(study_id)
    waiting = [
        finding
        for finding, was in known.items()
        if finding.found.kind == kind and was == HitDecision.HELD
    ]
    return _add(waiting, known, decision, by_id=by_id, now=now)


def _locked(study_id: int) -> dict[Finding, HitDecision]:
    """Return the study's findings, and let nobody else decide while this transaction lasts."""
    Study.objects.select_for_update(no_key=True).get(pk=study_id)
    return findings_of(study_id)


def _add(
    chosen: Iterable[Finding],
    known: Mapping[Finding, HitDecision],
    decision: HitDecision,
    *,
    by_id: int | None,
    now: datetime,
) -> int:
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    rows = [
        PersonalDecision(
            judgment_id=finding.place.judgment_id,
            question_id=finding.place.question_id,
            turn=finding.place.turn,
            start=finding.found.start,
            end=finding.found.end,
            kind=finding.found.kind,
            decision=decision,
            decided_by_id=by_id,
            decided_at=now,
        )
        for finding in chosen
        if known[finding] != decision
    ]
    PersonalDecision.objects.bulk_create(rows, batch_size=1_000)
    log.info("personal_data_decided", decision=str(decision), n=len(rows), by=by_id)
    return len(rows)
