"""Who rates what: opening seats, giving them to raters and taking them back."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from annotation.errors import SeatNotHeld, SeatsRefused
from annotation.models import (
    Item,
    Rater,
    Response,
    Seat,
    SeatOpening,
    Skip,
    Study,
)
from annotation.models.statements import changed, moment, rows
from annotation.services.raters import PLACES
from annotation.vocabulary import BatchState, SkipReason, StudyState, Wave

ITEMS_AT_ONCE = 2_000
MOST_RATERS = 1_000
# How many free seats are looked at in one go. More only when all of them are at items, queries or
# scenarios the rater has had: then the pool is nearly done.
FIRST_WINDOW = 8
LARGEST_WINDOW = 2_000
READING = 1


def open_first_wave(
    *, study: Study, raters_per_item: int, seed: int, now: datetime, by_id: int | None = None
) -> SeatOpening:
    """Give every reply of a ready batch this many seats, in an order drawn from the seed.

    Seats are only ever added: after another upload, call it again and the new replies get theirs.

    Raises:
        SeatsRefused: less than one rater an item, or the study has no replies.
    """
    if not 1 <= raters_per_item <= MOST_RATERS:
        raise SeatsRefused(f"An item needs at least one rater, and at most {MOST_RATERS:,}.")
    if not -(2**63) <= seed < 2**63:
        raise SeatsRefused("The seed is a whole number of at most eighteen digits.")
    ready = Response.objects.filter(study=study, batch__state=BatchState.READY)
    if not ready.exists():
        raise SeatsRefused("The study has no replies yet. Upload a batch first.")
    _make_items(study, ready.filter(~Exists(Item.objects.filter(reply_1=OuterRef("pk")))))
    opening = SeatOpening.objects.create(
        study=study,
        wave=Wave.FIRST,
        raters_per_item=raters_per_item,
        seed=seed,
        opened_by_id=by_id,
        opened_at=now,
        items=0,
        seats=0,
    )
    made, items, after = 0, 0, 0
    while chunk := _items_after(study, after):
        made += _add_seats(opening, chunk)
        items += len(chunk)
        after = chunk[-1].pk
    SeatOpening.objects.filter(pk=opening.pk).update(items=items, seats=made)
    Study.objects.filter(pk=study.pk).update(raters_per_item=raters_per_item)
    opening.items, opening.seats = items, made
    return opening


def _make_items(study: Study, replies: QuerySet[Response]) -> None:
    rows = replies.order_by("pk").values_list("pk", "query_id", "query__scenario_id")
    while chunk := list(rows[:ITEMS_AT_ONCE]):
        Item.objects.bulk_create(
            (
                Item(study=study, reply_1_id=pk, query_id=query_id, scenario_id=scenario_id)
                for pk, query_id, scenario_id in chunk
            ),
            ignore_conflicts=True,
        )


def _items_after(study: Study, pk: int) -> list[Item]:
    ready = Item.objects.filter(study=study, pk__gt=pk, reply_1__batch__state=BatchState.READY)
    first = Q(seats__wave=Wave.FIRST)
    return list(
        ready.select_related("reply_1")
        .annotate(
            filled=Count("seats", filter=first & Q(seats__abandoned_at=None)),
            highest=Max("seats__number", filter=first),
        )
        .order_by("pk")[:ITEMS_AT_ONCE]
    )


def _add_seats(opening: SeatOpening, items: list[Item]) -> int:
    new = [
        Seat(
            study_id=opening.study_id,
            item=item,
            query_id=item.query_id,
            scenario_id=item.scenario_id,
            opening=opening,
            wave=opening.wave,
            number=(item.highest or 0) + 1 + extra,  # type: ignore[attr-defined]  # annotated
            place=place_of(item.reply_1.external_id, seed=opening.seed),
        )
        for item in items
        for extra in range(opening.raters_per_item - item.filled)  # type: ignore[attr-defined]
    ]
    Seat.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def place_of(external_id: str, *, seed: int) -> int:
    """Return an item's place in the order drawn from a seed; it does not depend on the upload."""
    drawn = hashlib.sha256(f"{seed}:{external_id}".encode()).digest()
    return int.from_bytes(drawn[:4]) % PLACES


def claim_next(*, rater: Rater, now: datetime, has_just_judged: bool = False) -> Seat | None:
    """Give the rater the seat they hold, or the next in their own order; None when none is free.

    Asking twice gives the same seat; only a rater who ``has_just_judged`` the one they held need
    not be asked what they hold. Safe under any number of processes without locks: a seat is
    taken by an UPDATE that names the state it expects, and one changed row means it is ours. A
    pass in which others took every candidate is repeated. The cost does not grow with the tables:
    the rater's cursor says where to look, and one index answers.
    """
    look_for_held = not has_just_judged
    while True:
        held = Seat.objects.held_by(rater.pk).order_by("hold").first() if look_for_held else None
        if held is not None and _renew(held, rater, now):
            return held
        look_for_held = True
        if rater.paused_at is not None or rater.study.state != StudyState.OPEN:
            return None
        taken, contended = _take_one(rater, now)
        if taken is not None or not contended:
            return taken


def _lease(rater: Rater, now: datetime) -> datetime:
    return now + timedelta(minutes=rater.study.lease_minutes)


def _renew(seat: Seat, rater: Rater, now: datetime) -> bool:
    """Renew the rater's own lease, lapsed or not, if nobody took the seat meanwhile."""
    mine = Seat.objects.held_by(rater.pk).filter(pk=seat.pk)
    seat.leased_until = _lease(rater, now)
    return mine.update(leased_until=seat.leased_until) == 1


def _take_one(rater: Rater, now: datetime) -> tuple[Seat | None, bool]:
    """Walk once around the study from the rater's cursor; say whether others were in the way."""
    contended = False
    for begin, end in _arcs(rater):
        window, reached = FIRST_WINDOW, begin
        while candidates := _candidates(rater, reached, end, window, now):
            for seat in _eligible(rater, candidates):
                if _take(seat, rater, now):
                    return seat, contended
                contended = True
            if len(candidates) < window:
                break
            reached = (candidates[-1].place, candidates[-1].pk)
            window = min(window * 10, LARGEST_WINDOW)
    return None, contended


Reached = tuple[int, int]
_FARTHEST = 2**62


def _arcs(rater: Rater) -> tuple[tuple[Reached, int], tuple[Reached, int]]:
    """Return the two stretches of one walk around: cursor to the end, then the beginning to it."""
    if rater.descending:
        return ((rater.cursor, _FARTHEST), -1), ((PLACES, _FARTHEST), rater.cursor)
    return ((rater.cursor, -1), PLACES), ((-1, _FARTHEST), rater.cursor)


_LOOKED_AT = (
    "id",
    "study_id",
    "item_id",
    "query_id",
    "scenario_id",
    "opening_id",
    "wave",
    "place",
    "turns_judged",
)
_AHEAD = (
    f"SELECT {', '.join(_LOOKED_AT)} FROM annotation_seat"
    " WHERE study_id = %s AND judged_at IS NULL AND abandoned_at IS NULL"
    " AND (rater_id IS NULL OR leased_until <= %s)"
)
_UPWARDS = (
    f"{_AHEAD} AND place >= %s AND place < %s AND (place > %s OR id > %s)"
    " ORDER BY place, id LIMIT %s"
)
_DOWNWARDS = (
    f"{_AHEAD} AND place <= %s AND place > %s AND (place < %s OR id < %s)"
    " ORDER BY place DESC, id DESC LIMIT %s"
)


def _candidates(rater: Rater, reached: Reached, end: int, window: int, now: datetime) -> list[Seat]:
    """Return the next free seats of the rater's walk: what ``Seat.objects.free`` says, in order."""
    place, pk = reached
    found = rows(
        _DOWNWARDS if rater.descending else _UPWARDS,
        [rater.study_id, moment(now), place, end, place, pk, window],
    )
    return [Seat.from_db("default", _LOOKED_AT, row) for row in found]


def _eligible(rater: Rater, candidates: list[Seat]) -> list[Seat]:
    """Leave out items the rater had, other framings of a scenario they had, and full queries."""
    scenarios = {seat.scenario_id for seat in candidates}
    places = ", ".join(["%s"] * len(scenarios))
    had = rows(
        "SELECT scenario_id, query_id, item_id FROM annotation_seat"
        f" WHERE rater_id = %s AND scenario_id IN ({places})",
        [rater.pk, *scenarios],
    )
    items = {item for _, _, item in had}
    if rater.skipped_count:
        ids = [seat.item_id for seat in candidates]
        skipped = Skip.objects.filter(rater=rater.pk, item__in=ids)
        items |= set(skipped.values_list("item_id", flat=True))
    framings: dict[int, set[int]] = {}
    replies: dict[int, int] = {}
    for scenario, query, _ in had:
        framings.setdefault(scenario, set()).add(query)
        replies[query] = replies.get(query, 0) + 1
    most = rater.study.replies_per_query
    one_framing = rater.study.one_framing_per_scenario
    return [
        seat
        for seat in candidates
        if seat.item_id not in items
        and not (one_framing and framings.get(seat.scenario_id, set()) - {seat.query_id})
        and (most is None or replies.get(seat.query_id, 0) < most)
    ]


def _take(seat: Seat, rater: Rater, now: datetime) -> bool:
    """Take the seat if it is still free and the rater has not taken another in a second window.

    A seat that was left half way is not taken but replaced; the next look finds the new one.
    """
    if seat.turns_judged:
        _replace(seat, now)
        return False
    try:
        with transaction.atomic():
            moved = changed(
                "UPDATE annotation_rater SET cursor = %s WHERE id = %s AND cursor = %s",
                [seat.place, rater.pk, rater.cursor],
            )
            taken = moved == 1 and _seize(seat, rater, now)
            transaction.set_rollback(not taken)
    except IntegrityError:
        taken = False  # the rater's other window holds a seat since a moment ago
    if taken:
        rater.cursor = seat.place
    else:
        rater.refresh_from_db(fields=["cursor"])
    return taken


_SEIZE = (
    "UPDATE annotation_seat"
    " SET rater_id = %s, key = %s, hold = %s, claimed_at = %s, leased_until = %s"
    " WHERE id = %s AND judged_at IS NULL AND abandoned_at IS NULL AND turns_judged = 0"
    " AND (rater_id IS NULL OR leased_until <= %s)"
)


def _seize(seat: Seat, rater: Rater, now: datetime) -> bool:
    key, until = secrets.token_urlsafe(16), _lease(rater, now)
    at = moment(now)
    if changed(_SEIZE, [rater.pk, key, READING, at, moment(until), seat.pk, at]) != 1:
        return False
    seat.rater_id, seat.key, seat.hold = rater.pk, key, READING
    seat.claimed_at, seat.leased_until = now, until
    return True


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
    highest = Seat.objects.filter(item=seat.item_id, wave=seat.wave).aggregate(n=Max("number"))
    Seat.objects.create(
        study_id=seat.study_id,
        item_id=seat.item_id,
        query_id=seat.query_id,
        scenario_id=seat.scenario_id,
        opening_id=seat.opening_id,
        wave=seat.wave,
        number=highest["n"] + 1,
        place=seat.place,
    )


def skip(*, rater: Rater, key: str, reason: SkipReason, now: datetime) -> None:
    """Give a held seat back with a reason; the item is not offered to this rater again.

    Raises:
        SeatNotHeld: the rater does not hold this seat.
    """
    with transaction.atomic():
        seat = Seat.objects.held_by(rater.pk).filter(key=key).first()
        if seat is None or not _give_back(seat, rater, now):
            raise SeatNotHeld("You do not hold this item any more; here is your next one.")
        _, made = Skip.objects.get_or_create(
            rater=rater, item_id=seat.item_id, defaults={"reason": reason, "skipped_at": now}
        )
        if made:
            Rater.objects.filter(pk=rater.pk).update(skipped_count=F("skipped_count") + 1)
    rater.skipped_count += made


def _give_back(seat: Seat, rater: Rater, now: datetime) -> bool:
    mine = Seat.objects.held_by(rater.pk).filter(pk=seat.pk, turns_judged=seat.turns_judged)
    if seat.turns_judged == 0:
        emptied = {"rater": None, "key": None, "hold": None, "claimed_at": None}
        return mine.update(**emptied, leased_until=None) == 1
    if mine.update(leased_until=now) != 1:
        return False
    _replace(seat, now)
    return True
