"""Deciding about stretches of text that may tell who wrote a reply."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import HitsUnknown
from annotation.models import Hit, Study, User
from annotation.vocabulary import HitDecision

log = structlog.get_logger("touchstone.leaks")
DECISIONS = (HitDecision.MASKED, HitDecision.KEPT)


@transaction.atomic
def decide(
    *,
    study: Study,
    seen: Mapping[int, HitDecision],
    decision: HitDecision,
    by: User,
    now: datetime,
) -> int:
    """Mask or keep these hits, and return how many of them that changed.

    ``seen`` says as what each hit was seen: one that somebody else decided meanwhile stays as it
    is. From then on raters see the text so; what was judged keeps the hash of what it was shown.

    Raises:
        HitsUnknown: one of them is not of this study; none was changed.
    """
    hits = Hit.objects.filter(batch__study=study)
    if not seen or hits.filter(pk__in=seen).count() != len(seen):
        raise HitsUnknown("These findings are not all of this study. Nothing was changed.")
    return sum(
        _set(hits.filter(pk__in=ids), was, decision, by=by, now=now)
        for was in HitDecision
        if (ids := [pk for pk, shown in seen.items() if shown == was])
    )


def decide_alike(
    *,
    study: Study,
    hit_id: int,
    was: HitDecision,
    decision: HitDecision,
    by: User,
    now: datetime,
) -> int:
    """Mask or keep every hit of the study with this hit's rule and very text that was so before.

    Raises:
        HitsUnknown: the hit is not of this study.
    """
    hit = Hit.objects.filter(batch__study=study, pk=hit_id).first()
    if hit is None:
        raise HitsUnknown("This finding is not of this study. Nothing was changed.")
    alike = Hit.objects.filter(batch__study=study, rule=hit.rule, found=hit.found)
    return _set(alike, was, decision, by=by, now=now)


def _set(
    hits: QuerySet[Hit], was: HitDecision, decision: HitDecision, *, by: User, now: datetime
) -> int:
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    if was == decision:
        return 0
    changed = hits.filter(decision=was).update(decision=decision, decided_by=by, decided_at=now)
    log.info("hits_decided", decision=str(decision), n=changed, by=by.pk)
    return changed
