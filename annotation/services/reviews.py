"""What becomes of items that raters skipped or flagged: parked, offered again, taken out."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from annotation.models import Flag, Item, Seat, Skip, Study

log = structlog.get_logger("touchstone.reviews")


def park_if_reported(*, item_id: int, now: datetime) -> bool:
    """Park the item's seats once raters skipped it as often as the study allows; say if it is so.

    To be called inside the transaction that stored the skip. The item's row is locked, so that of
    two skips at once the later one counts both. Whoever holds a seat may still finish: a parked
    seat is only given to nobody new, also when its lease lapses.
    """
    item = Item.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    found = item.get(pk=item_id)
    if _skips_that_count(item_id).count() < found.study.skips_before_review:
        return False
    if _park(item_id):
        log.info("item_parked", item=item_id, at=now.isoformat())
    return True


def offer_again(
    *, study: Study, item_id: int, now: datetime, by_id: int, seen_at: datetime | None = None
) -> bool:
    """Give the item to raters again, its flags resolved; say whether anything waited.

    Skips up to ``seen_at`` (default: now), when the admin saw what was reported, do not count any
    more; a flag that came later stays open. An item that was taken out stays out.
    """
    with transaction.atomic():
        item = _locked(study, item_id).filter(retired_at=None).first()
        if item is None or not _waits(item_id):
            return False
        _looked_at(item, now=now, by_id=by_id, seen_at=seen_at)
        _unpark(item_id)
    log.info("item_offered_again", item=item_id, by=by_id)
    return True


def retire(
    *, study: Study, item_id: int, now: datetime, by_id: int, seen_at: datetime | None = None
) -> bool:
    """Take the item out: nobody new gets it, what was judged stays; say whether it was in."""
    with transaction.atomic():
        item = _locked(study, item_id).filter(retired_at=None).first()
        if item is None:
            return False
        Item.objects.filter(pk=item_id).update(retired_at=now)
        _looked_at(item, now=now, by_id=by_id, seen_at=seen_at)
        _park(item_id)
    log.info("item_retired", item=item_id, by=by_id)
    return True


def restore(
    *, study: Study, item_id: int, now: datetime, by_id: int, seen_at: datetime | None = None
) -> bool:
    """Put an item back that was taken out; say whether it was out."""
    with transaction.atomic():
        item = _locked(study, item_id).filter(retired_at__isnull=False).first()
        if item is None:
            return False
        Item.objects.filter(pk=item_id).update(retired_at=None)
        _looked_at(item, now=now, by_id=by_id, seen_at=seen_at)
        _unpark(item_id)
    log.info("item_restored", item=item_id, by=by_id)
    return True


def resolve_flags_of_value(*, study: Study, value_id: int, now: datetime, by_id: int) -> int:
    """Resolve the open flags that call a value unclear; return how many there were."""
    flags = Flag.objects.filter(item__study=study, value=value_id, resolved_at=None)
    resolved = flags.update(resolved_at=now, resolved_by=by_id)
    if resolved:
        log.info("value_flags_resolved", value=value_id, flags=resolved, by=by_id)
    return resolved


def _locked(study: Study, item_id: int) -> QuerySet[Item]:
    return Item.objects.select_for_update(no_key=True).filter(pk=item_id, study=study)


def _park(item_id: int) -> int:
    seats = Seat.objects.filter(item=item_id, judged_at=None, abandoned_at=None)
    return seats.filter(parked=False).update(parked=True)


def _unpark(item_id: int) -> int:
    """Free every seat, also those that were judged meanwhile: a mark left there would spread."""
    return Seat.objects.filter(item=item_id, parked=True).update(parked=False)


def _skips_that_count(item_id: int) -> QuerySet[Skip]:
    """Return the skips since an admin last looked at the item."""
    since = Q(item__reviewed_at=None) | Q(skipped_at__gt=F("item__reviewed_at"))
    return Skip.objects.filter(since, item=item_id)


def _waits(item_id: int) -> bool:
    return (
        Flag.objects.filter(item=item_id, resolved_at=None).exists()
        or _skips_that_count(item_id).exists()
        or Seat.objects.filter(item=item_id, parked=True).exists()
    )


def _looked_at(item: Item, *, now: datetime, by_id: int, seen_at: datetime | None) -> None:
    """Note the decision about what was reported until the admin saw it, and not about the rest."""
    seen = min(seen_at or now, now)
    Item.objects.filter(pk=item.pk).update(reviewed_at=seen)
    flags = Flag.objects.filter(item=item, resolved_at=None, flagged_at__lte=seen)
    flags.update(resolved_at=now, resolved_by=by_id)
