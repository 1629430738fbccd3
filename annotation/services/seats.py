"""Who rates what: giving seats to raters and taking them back."""

import json
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from annotation.errors import SeatNotHeld
from annotation.models import Draft, Item, Rater, Seat, Skip
from annotation.models.statements import changed, moment
from annotation.selectors.lanes import Level, OpenLane, Reached, ahead, levels_of
from annotation.selectors.queue import eligible
from annotation.selectors.rubrics import plan
from annotation.services import lanes, openings, reviews
from annotation.services.raters import PLACES
from annotation.vocabulary import ItemKind, SkipReason, StudyState

# How many free seats are looked at in one go. More only when all of them are at items, queries or
# scenarios the rater has had: then the pool is nearly done.
FIRST_WINDOW = 8
LARGEST_WINDOW = 2_000
# A rater's two leases are numbered; which of them is being read, its ``shown_at`` says.
HOLDS = (1, 2)


def gone() -> str:
    """Say that a seat is not the rater's any more."""
    return _("You do not hold this item any more; here is your next one.")


def claim_next(*, rater: Rater, now: datetime, has_just_judged: bool = False) -> Seat | None:
    """Give the rater the seat they read, or the next in their own order; None when none is free.

    Asking twice gives the same seat; only a rater who ``has_just_judged`` the one they held, and
    took none ahead, need not be asked what they hold. Safe under any number of processes without
    locks: a seat is taken by an UPDATE that names the state it expects, and one changed row means
    it is ours. A pass in which others took every candidate is repeated. The cost does not grow
    with the tables: the rater's cursor says where to look, and one index answers.
    """
    look_for_held = not has_just_judged
    while True:
        held = _held(rater) if look_for_held else []
        look_for_held = True
        if held:
            if _renew(held[0], rater, now, shown=True):
                return held[0]
            # Sent in another request meanwhile, or gone to somebody else: what is held is not this.
            continue
        if not _may_take(rater, held):
            return None
        taken, contended = _take_one(rater, now, hold=_free_hold(held), shown=True)
        if taken is not None or not contended:
            return taken


def claim_ahead(*, rater: Rater, now: datetime) -> Seat | None:
    """Give the rater the seat that comes after the one they read, to be fetched meanwhile.

    Asking twice gives the same seat. None when nothing is being read (then there is nothing to be
    ahead of), or nothing more is free.
    """
    while True:
        held = _held(rater)
        if not held:
            return None
        if len(held) == len(HOLDS):
            return held[1] if _renew(held[1], rater, now, shown=False) else None
        if not _may_take(rater, held):
            return None
        taken, contended = _take_one(rater, now, hold=_free_hold(held), shown=False)
        if taken is not None or not contended:
            return taken


def show(*, rater: Rater, key: str, now: datetime) -> bool:
    """Note that a seat taken ahead is before the rater now, and renew its lease."""
    seat = Seat.objects.held_by(rater.pk).filter(key=key).first()
    return seat is not None and _renew(seat, rater, now, shown=True)


def extend(*, rater: Rater, key: str, now: datetime) -> datetime:
    """Renew the lease of a seat, lapsed or not, and return its new end.

    Raises:
        SeatNotHeld: the rater does not hold it, or it went to someone else.
    """
    seat = Seat.objects.held_by(rater.pk).filter(key=key).first()
    if seat is None or seat.leased_until is None or not _renew(seat, rater, now, shown=False):
        raise SeatNotHeld(gone())
    return seat.leased_until


# In each request for the next item: what ``held_by`` finds, the one being read first.
_HELD = """
SELECT * FROM annotation_seat
WHERE rater_id = %s AND judged_at IS NULL AND abandoned_at IS NULL
ORDER BY shown_at IS NULL, shown_at, claimed_at, id
"""


def _held(rater: Rater) -> list[Seat]:
    """Return the seats a rater holds, the one being read first."""
    return list(Seat.objects.raw(_HELD, [rater.pk]))


def _free_hold(held: list[Seat]) -> int:
    return next(hold for hold in HOLDS if hold not in {seat.hold for seat in held})


def _may_take(rater: Rater, held: list[Seat]) -> bool:
    if rater.paused_at or rater.withdrew_at or rater.study.state != StudyState.OPEN:
        return False
    most = rater.study.judgments_per_rater
    return len(held) < len(HOLDS) and (most is None or rater.judged_count + len(held) < most)


def _lease(rater: Rater, now: datetime) -> datetime:
    return now + timedelta(minutes=rater.study.lease_minutes)


def _renew(seat: Seat, rater: Rater, now: datetime, *, shown: bool) -> bool:
    """Renew the rater's own lease, lapsed or not, if nobody took the seat meanwhile."""
    mine = Seat.objects.held_by(rater.pk).filter(pk=seat.pk)
    seat.leased_until = _lease(rater, now)
    if shown and seat.shown_at is None:
        seat.shown_at = now
    return mine.update(leased_until=seat.leased_until, shown_at=seat.shown_at) == 1


def _take_one(rater: Rater, now: datetime, *, hold: int, shown: bool) -> tuple[Seat | None, bool]:
    """Look into the rater's lanes, the most urgent first; say whether others were in the way."""
    in_the_way = False
    for level in levels_of(rater):
        taken, contended = _take_in(level, rater, now, hold=hold, shown=shown)
        in_the_way = in_the_way or contended
        if taken is not None or contended:
            return taken, in_the_way
    return None, in_the_way


def _take_in(
    level: Level, rater: Rater, now: datetime, *, hold: int, shown: bool
) -> tuple[Seat | None, bool]:
    """Walk once around the study from the place the rater reached in these lanes."""
    contended, judged = False, rater.judged_count
    lane_of = {lane.id: lane for lane in level}
    for begin, end in _arcs(rater, _place_reached(rater, level)):
        window, reached = FIRST_WINDOW, begin
        while candidates := ahead(rater, level, reached, end, window, at=now):
            for seat in eligible(rater, candidates, crossed=_crossed(level)):
                lane = lane_of[seat.lane_id]
                if _take(seat, rater, now, lane=lane, hold=hold, shown=shown):
                    return seat, contended
                contended = True
                if rater.judged_count != judged or rater.paused_at or rater.withdrew_at:
                    return None, True  # whether they may take one at all is asked again
            if len(candidates) < window:
                break
            reached = (candidates[-1].place, candidates[-1].pk)
            window = min(window * 10, LARGEST_WINDOW)
    return None, contended


def _crossed(level: Level) -> frozenset[int | None]:
    return frozenset(lane.id for lane in level if lane.crossed)


def _place_reached(rater: Rater, level: Level) -> int:
    """Return where the rater stands in lanes of this priority: urgent ones do not move the rest."""
    priority = level[0].priority
    return rater.cursors.get(str(priority), rater.start) if priority else rater.cursor


_FARTHEST = 2**62


def _arcs(rater: Rater, cursor: int) -> tuple[tuple[Reached, int], tuple[Reached, int]]:
    """Return the two stretches of one walk around: cursor to the end, then the beginning to it."""
    if rater.descending:
        return ((cursor, _FARTHEST), -1), ((PLACES, _FARTHEST), cursor)
    return ((cursor, -1), PLACES), ((-1, _FARTHEST), cursor)


def _take(
    seat: Seat, rater: Rater, now: datetime, *, lane: OpenLane, hold: int, shown: bool
) -> bool:
    """Take the seat if it is still free and the rater has not taken another in a second window.

    A seat that was left half way is not taken but replaced; the next look finds the new one.
    """
    if seat.turns_judged:
        _replace(seat, now)
        return False
    was_free = seat.rater_id is None
    cursor, cursors = _moved(rater, lane, seat.place)
    try:
        with transaction.atomic():
            taken = _move(rater, cursor, cursors) and _seize(
                seat, rater, now, hold=hold, shown=shown
            )
            if taken and lane.counted and was_free:  # one that lapsed was counted before
                taken = lanes.count(lane.id)
            transaction.set_rollback(not taken)
    except IntegrityError:
        taken = False  # the rater's other window holds a seat since a moment ago
    if taken:
        rater.cursor, rater.cursors = cursor, cursors
    else:
        rater.refresh_from_db(fields=_OF_A_WALK)
    return taken


_OF_A_WALK = ("cursor", "cursors", "judged_count", "paused_at", "withdrew_at")
_IF_UNMOVED = (
    " WHERE id = %s AND cursor = %s AND judged_count = %s"
    " AND paused_at IS NULL AND withdrew_at IS NULL"
)


def _moved(rater: Rater, lane: OpenLane, place: int) -> tuple[int, dict[str, int]]:
    """Return where the rater stands once they have a seat of this lane."""
    if lane.priority:
        return rater.cursor, {**rater.cursors, str(lane.priority): place}
    return place, rater.cursors


def _move(rater: Rater, cursor: int, cursors: dict[str, int]) -> bool:
    """Move the rater if nothing else did: of two of their windows at once, one looks again."""
    known = [rater.pk, rater.cursor, rater.judged_count]
    if cursors == rater.cursors:
        moved = changed(f"UPDATE annotation_rater SET cursor = %s{_IF_UNMOVED}", [cursor, *known])
    else:
        moved = changed(
            f"UPDATE annotation_rater SET cursor = %s, cursors = %s{_IF_UNMOVED}",
            [cursor, json.dumps(cursors), *known],
        )
    return moved == 1


_SEIZE = (
    "UPDATE annotation_seat"
    " SET rater_id = %s, key = %s, hold = %s, claimed_at = %s, leased_until = %s, shown_at = %s,"
    " side = %s"
    " WHERE id = %s AND judged_at IS NULL AND abandoned_at IS NULL AND turns_judged = 0"
    " AND NOT parked"
)
# In the state in which it was found, so that a lane counts it once.
_IF_FREE = " AND rater_id IS NULL"
_IF_LAPSED = " AND rater_id = %s AND leased_until <= %s"


def _seize(seat: Seat, rater: Rater, now: datetime, *, hold: int, shown: bool) -> bool:
    key, until, side = secrets.token_urlsafe(16), _lease(rater, now), _side(seat, rater)
    at = moment(now)
    new = [rater.pk, key, hold, at, moment(until), at if shown else None, side]
    if seat.rater_id is None:
        seized = changed(_SEIZE + _IF_FREE, [*new, seat.pk])
    else:
        seized = changed(_SEIZE + _IF_LAPSED, [*new, seat.pk, seat.rater_id, at])
    if seized != 1:
        return False
    if seat.rater_id is not None:  # somebody let it lapse: what they had entered is not shown on
        Draft.objects.filter(seat=seat.pk).delete()
    seat.rater_id, seat.key, seat.hold, seat.side = rater.pk, key, hold, side
    seat.claimed_at, seat.leased_until, seat.shown_at = now, until, now if shown else None
    return True


def _side(seat: Seat, rater: Rater) -> int | None:
    """Return which reply of a pair stands first: as dealt when the seat was opened.

    Seats that are older than that have none before they are taken; theirs is drawn from the seed.
    """
    if seat.side is not None or plan(rater.study.rubric_id or 0).kind != ItemKind.PAIR:
        return seat.side
    item = Item.objects.select_related("reply_1", "reply_2").get(pk=seat.item_id)
    seed = seat.opening.seed if seat.opening else 0
    return openings.side_of(item, seed=seed, rater_name=f"{rater.source}:{rater.external_id}")


def _replace(seat: Seat, now: datetime) -> None:
    """Abandon a seat that was left half way, its answers kept, and add a new one at its item."""
    while True:
        try:
            with transaction.atomic():
                _replace_once(seat, now)
        except IntegrityError:
            continue  # another seat of the item took the number a moment ago
        return


def _replace_once(seat: Seat, now: datetime) -> None:
    left = Seat.objects.free(at=now).filter(pk=seat.pk)
    if left.update(abandoned_at=now, hold=None, leased_until=None) != 1:
        return
    lanes.uncount([seat.lane_id])
    highest = Seat.objects.filter(item=seat.item_id, wave=seat.wave).aggregate(n=Max("number"))
    Seat.objects.create(
        study_id=seat.study_id,
        item_id=seat.item_id,
        query_id=seat.query_id,
        scenario_id=seat.scenario_id,
        opening_id=seat.opening_id,
        lane_id=seat.lane_id,
        wave=seat.wave,
        number=highest["n"] + 1,
        place=seat.place,
        side=seat.side,
        parked=Seat.objects.filter(item=seat.item_id, parked=True).exists(),
    )


def skip(
    *, rater: Rater, key: str, reason: SkipReason, now: datetime, item_id: int | None = None
) -> None:
    """Give a held seat back with a reason; the item is not offered to this rater again.

    A page that knows which item it showed may ask twice, as after a lost line: the second time
    changes nothing.

    Raises:
        SeatNotHeld: the rater does not hold this seat, and has not skipped its item.
    """
    with transaction.atomic():
        seat = Seat.objects.held_by(rater.pk).filter(key=key).first()
        if seat is None or not _give_back(seat, rater, now):
            if item_id and Skip.objects.filter(rater=rater.pk, item=item_id).exists():
                return
            raise SeatNotHeld(gone())
        __, made = Skip.objects.get_or_create(
            rater=rater, item_id=seat.item_id, defaults={"reason": reason, "skipped_at": now}
        )
        if made:
            Rater.objects.filter(pk=rater.pk).update(skipped_count=F("skipped_count") + 1)
        reviews.park_if_reported(item_id=seat.item_id, now=now)
    rater.skipped_count += made


def hold_judged(seat: Seat, rater: Rater) -> bool:
    """Lock a seat that the rater judged, or is judging, until the transaction ends.

    False where it is not theirs any more: they withdrew a moment ago, or it was abandoned.
    """
    mine = Seat.objects.filter(pk=seat.pk, rater=rater.pk, abandoned_at=None)
    return mine.select_for_update(no_key=True).values_list("pk", flat=True).first() is not None


@transaction.atomic
def give_back_all(*, rater: Rater, now: datetime) -> int:
    """Give back every seat a rater holds, their drafts deleted; returns how many they were."""
    return sum(_give_back(seat, rater, now) for seat in Seat.objects.held_by(rater.pk))


def _give_back(seat: Seat, rater: Rater, now: datetime) -> bool:
    """Give one seat back, in the caller's transaction.

    The seat goes first, the drafts after it: a draft that comes in at this moment waits for the
    seat's row, and then finds that the rater does not hold it.
    """
    mine = Seat.objects.held_by(rater.pk).filter(pk=seat.pk, turns_judged=seat.turns_judged)
    if seat.turns_judged == 0:
        emptied = dict.fromkeys(("rater", "key", "hold", "claimed_at", "shown_at"))
        given = mine.update(**emptied, leased_until=None) == 1
        lanes.uncount([seat.lane_id] if given else [])
    else:
        given = mine.update(leased_until=now) == 1
        if given:
            _replace(seat, now)
    if given:
        Draft.objects.filter(seat=seat.pk).delete()
    return given
