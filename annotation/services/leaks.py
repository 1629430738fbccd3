"""Deciding about stretches of text that may tell who wrote a reply."""

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db.models import QuerySet

from annotation.errors import HitsUnknown
from annotation.models import Hit, Study, User
from annotation.vocabulary import HitDecision

log = structlog.get_logger("touchstone.leaks")
DECISIONS = (HitDecision.MASKED, HitDecision.KEPT)


def decide(
    *, study: Study, hit_ids: Collection[int], decision: HitDecision, by: User, now: datetime
) -> int:
    """Mask or keep these hits, and say how many were not decided so before.

    From then on raters see the text so; what was judged keeps the hash of what it was shown.

    Raises:
        HitsUnknown: one of them is not of this study; none was changed.
    """
    asked = set(hit_ids)
    hits = Hit.objects.filter(batch__study=study, pk__in=asked)
    if not asked or hits.count() != len(asked):
        raise HitsUnknown("These findings are not all of this study. Nothing was changed.")
    return _set(hits, study, decision, by, now)


def decide_alike(
    *, study: Study, hit_id: int, decision: HitDecision, by: User, now: datetime
) -> int:
    """Mask or keep every hit of the study that has this hit's rule and its very text.

    Raises:
        HitsUnknown: the hit is not of this study.
    """
    hit = Hit.objects.filter(batch__study=study, pk=hit_id).first()
    if hit is None:
        raise HitsUnknown("This finding is not of this study. Nothing was changed.")
    alike = Hit.objects.filter(batch__study=study, rule=hit.rule, found=hit.found)
    return _set(alike, study, decision, by, now)


def _set(hits: QuerySet[Hit], study: Study, decision: HitDecision, by: User, now: datetime) -> int:
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    changed = hits.exclude(decision=decision).update(
        decision=decision, decided_by=by, decided_at=now
    )
    log.info("hits_decided", study=study.slug, decision=str(decision), n=changed, by=by.pk)
    return changed
