"""Raters of a study: bringing them in, pausing them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import structlog

from annotation.models import Rater, Study, User
from annotation.vocabulary import RaterSource

log = structlog.get_logger("touchstone.raters")
PLACES = 2**31


def order_of(study: Study, source: str, external_id: str) -> dict[str, int | bool]:
    """Draw a rater's own order from the study's secret: where it starts and which way it goes.

    Half of the raters walk upwards and half downwards, so that of any two items each comes first
    for half of them.
    """
    text = f"{study.secret}:{source}:{external_id}"
    drawn = hashlib.sha256(text.encode()).digest()
    start = int.from_bytes(drawn[:4]) % PLACES
    return {"start": start, "cursor": start, "descending": bool(drawn[4] & 1)}


def enrol(
    *,
    study: Study,
    user: User,
    now: datetime,
    cohort: str = "",
    languages: Iterable[str] = (),
) -> Rater:
    """Return the account's rater in this study, made at the first call."""
    external_id = str(user.pk)
    rater, _ = Rater.objects.get_or_create(
        study=study,
        user=user,
        defaults={
            "source": RaterSource.ACCOUNT,
            "external_id": external_id,
            "cohort": cohort,
            "languages": list(languages),
            "created_at": now,
            **order_of(study, RaterSource.ACCOUNT, external_id),
        },
    )
    return rater


def named(
    *, study: Study, names: list[str], source: RaterSource, now: datetime, cohort: str = ""
) -> dict[str, int]:
    """Return the ids of raters who have no account, by their outside name; made where missing."""
    Rater.objects.bulk_create(
        (
            Rater(
                study=study,
                source=source,
                external_id=name,
                cohort=cohort,
                created_at=now,
                **order_of(study, source, name),
            )
            for name in names
        ),
        ignore_conflicts=True,
    )
    found = Rater.objects.filter(study=study, source=source, external_id__in=names)
    return dict(found.values_list("external_id", "pk"))


def place(*, rater: Rater, cohort: str, languages: Iterable[str], by_id: int) -> None:
    """Put a rater into a cohort and note what they read: from now on they get such seats.

    What they hold or judged stays theirs.
    """
    Rater.objects.filter(pk=rater.pk).update(cohort=cohort, languages=list(languages))
    log.info("rater_placed", rater=rater.pk, by=by_id)


def pause(*, rater: Rater, now: datetime, by_id: int) -> None:
    """Give the rater no further seats; what they hold they may still finish."""
    Rater.objects.filter(pk=rater.pk, paused_at=None).update(paused_at=now)
    log.info("rater_paused", rater=rater.pk, by=by_id)


def resume(*, rater: Rater, by_id: int) -> None:
    """Give the rater seats again."""
    Rater.objects.filter(pk=rater.pk).update(paused_at=None)
    log.info("rater_resumed", rater=rater.pk, by=by_id)
