"""Opening seats: which items are judged, by how many, in which order drawn from which seed.

A first wave over all replies, or any wave over chosen items; both only ever add seats.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from annotation.errors import SeatsRefused
from annotation.models import Item, Response, Rubric, Seat, SeatOpening, Study
from annotation.services.lanes import Lanes, Routing
from annotation.services.raters import PLACES
from annotation.services.sides import Sides
from annotation.tally import chunks
from annotation.vocabulary import BatchState, ItemKind, Wave

ITEMS_AT_ONCE = 2_000
MOST_RATERS = 1_000
MOST_PAIRS = 66  # all pairs of twelve replies
ALL, PAIRS, RULE = "all", "pairs", "rule"
ANYONES = Routing()


def open_first_wave(
    *,
    study: Study,
    raters_per_item: int,
    seed: int,
    now: datetime,
    by_id: int | None = None,
    pairs_per_query: int = 1,
) -> SeatOpening:
    """Give every item this many seats, in an order drawn from the seed.

    An item is a reply of a ready batch or, where the rubric asks about two replies, a pair of
    replies to one query: ``pairs_per_query`` of them, drawn from the seed as well. Seats are only
    ever added: after another upload, call it again and the new replies get theirs. What an admin
    took out gets none.

    Raises:
        SeatsRefused: less than one rater an item, the study has no replies, or too few for a pair.
    """
    _check(raters_per_item, seed)
    ready = Response.objects.filter(study=study, batch__state=BatchState.READY)
    if not ready.exists():
        raise SeatsRefused("The study has no replies yet. Upload a batch first.")
    in_pairs = kind_of(study) == ItemKind.PAIR
    if in_pairs:
        _make_pairs(study, ready, pairs_per_query=pairs_per_query, seed=seed)
    else:
        alone = Item.objects.filter(reply_1=OuterRef("pk"), kind=ItemKind.SINGLE)
        _make_items(study, ready.filter(~Exists(alone)))
    opening = SeatOpening.objects.create(
        study=study,
        wave=Wave.FIRST,
        design=PAIRS if in_pairs else ALL,
        pairs_per_query=pairs_per_query if in_pairs else None,
        raters_per_item=raters_per_item,
        seed=seed,
        opened_by_id=by_id,
        opened_at=now,
        items=0,
        seats=0,
    )
    lots = _in_lots(_seatable(study, Wave.FIRST, ANYONES))
    _fill(opening, lots, lanes=Lanes(study, ANYONES), strata={})
    Study.objects.filter(pk=study.pk).update(raters_per_item=raters_per_item)
    return opening


def open_wave(
    *,
    study: Study,
    wave: Wave,
    items: Iterable[int],
    raters_per_item: int,
    seed: int,
    now: datetime,
    by_id: int | None = None,
    design: str = RULE,
    reason: str = "",
    rule: dict[str, Any] | None = None,
    routing: Routing = ANYONES,
    strata: Mapping[int, str] | None = None,
) -> SeatOpening:
    """Give chosen items this many seats in a wave, for the raters that ``routing`` says.

    Seats that the item has in this wave for the same cohort count, so that doing it twice adds
    nothing. ``reason`` and ``rule`` say for ever why these items; ``strata`` has the stratum of
    items whose quota ``routing`` limits. To be called in a transaction or a job.

    Raises:
        SeatsRefused: less than one rater an item, no items, or a routing that cannot be.
    """
    _check(raters_per_item, seed)
    routing.check()
    chosen = sorted(set(items))
    if not chosen:
        raise SeatsRefused("No item was chosen, so there is nothing to open seats at.")
    opening = SeatOpening.objects.create(
        study=study,
        wave=wave,
        design=design,
        raters_per_item=raters_per_item,
        seed=seed,
        opened_by_id=by_id,
        opened_at=now,
        items=0,
        seats=0,
        reason=reason,
        rule=rule or {},
    )
    seatable = _seatable(study, wave, routing)
    lots = (list(seatable.filter(pk__in=lot)) for lot in chunks(chosen, ITEMS_AT_ONCE))
    _fill(opening, lots, lanes=Lanes(study, routing), strata=strata or {})
    return opening


def _check(raters_per_item: int, seed: int) -> None:
    if not 1 <= raters_per_item <= MOST_RATERS:
        raise SeatsRefused(f"An item needs at least one rater, and at most {MOST_RATERS:,}.")
    if not -(2**63) <= seed < 2**63:
        raise SeatsRefused("The seed is a whole number of at most eighteen digits.")


def items_of(study: Study, replies: Iterable[int]) -> dict[int, int]:
    """Return the item of each of these replies by itself, made where it is not there yet."""
    found: dict[int, int] = {}
    for lot in chunks(sorted(set(replies)), ITEMS_AT_ONCE):
        alone = Item.objects.filter(reply_1=OuterRef("pk"), kind=ItemKind.SINGLE)
        _make_items(study, Response.objects.filter(~Exists(alone), study=study, pk__in=lot))
        items = Item.objects.filter(study=study, kind=ItemKind.SINGLE, reply_1__in=lot)
        found.update(items.values_list("reply_1", "pk"))
    return found


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


def _seatable(study: Study, wave: Wave, routing: Routing) -> QuerySet[Item]:
    """Return the items that may get seats, each with how many it has in the wave already."""
    ready = Item.objects.filter(study=study, reply_1__batch__state=BatchState.READY)
    there = Q(seats__wave=wave)
    of_cohort = Q(seats__lane__cohort=routing.cohort)
    if not routing.cohort:
        of_cohort |= Q(seats__lane=None)
    return (
        ready.filter(retired_at=None)
        .select_related("reply_1", "reply_2", "query")
        .annotate(
            filled=Count("seats", filter=there & of_cohort & Q(seats__abandoned_at=None)),
            highest=Max("seats__number", filter=there),
        )
        .order_by("pk")
    )


def _in_lots(items: QuerySet[Item]) -> Iterator[list[Item]]:
    after = 0
    while lot := list(items.filter(pk__gt=after)[:ITEMS_AT_ONCE]):
        yield lot
        after = lot[-1].pk


def _fill(
    opening: SeatOpening,
    lots: Iterable[list[Item]],
    *,
    lanes: Lanes,
    strata: Mapping[int, str],
) -> None:
    """Add the seats that items lack, lot by lot, and note how many there were."""
    sides = Sides(opening)
    for lot in lots:
        opening.seats += _add_seats(opening, lot, lanes=lanes, strata=strata, sides=sides)
        opening.items += len(lot)
    opening.save(update_fields=["items", "seats"])


def _add_seats(
    opening: SeatOpening,
    items: list[Item],
    *,
    lanes: Lanes,
    strata: Mapping[int, str],
    sides: Sides,
) -> int:
    # What waits for an admin waits with all of its seats.
    parked = set(Seat.objects.filter(item__in=items, parked=True).values_list("item_id", flat=True))
    with_lanes = [
        (item, lanes.of(stratum=strata.get(item.pk, ""), language=item.query.language))
        for item in items
    ]
    dealt = sides.deal(
        (item, opening.raters_per_item - item.filled)  # type: ignore[attr-defined]  # the query adds it
        for item in items
    )
    new = [
        Seat(
            study_id=opening.study_id,
            item=item,
            query_id=item.query_id,
            scenario_id=item.scenario_id,
            opening=opening,
            lane=lane,
            wave=opening.wave,
            number=(item.highest or 0) + 1 + extra,  # type: ignore[attr-defined]  # the query adds it
            place=place_of(_name(item), seed=opening.seed),
            parked=item.pk in parked,
            side=side,
        )
        for item, lane in with_lanes
        for extra, side in enumerate(dealt[item.pk])
    ]
    Seat.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _name(item: Item) -> str:
    return name_of(item.reply_1.external_id, item.reply_2.external_id if item.reply_2 else None)


def name_of(first: str, second: str | None) -> str:
    """Return what an item's place in an order is drawn from: the ids of its replies."""
    return first if second is None else f"{first}\n{second}"


def kind_of(study: Study) -> ItemKind:
    """Return whether the study's rubric asks about one reply or about two."""
    found = Rubric.objects.filter(pk=study.rubric_id or 0).values_list("kind", flat=True).first()
    return ItemKind(found or ItemKind.SINGLE)


def _make_pairs(
    study: Study, ready: QuerySet[Response], *, pairs_per_query: int, seed: int
) -> None:
    """Make the pairs that queries still lack, in the order in which the seed draws them."""
    if not 1 <= pairs_per_query <= MOST_PAIRS:
        raise SeatsRefused(f"A query gets at least one pair, and at most {MOST_PAIRS}.")
    rows = ready.order_by("query_id", "external_id").values_list(
        "query_id", "query__scenario_id", "external_id", "pk"
    )
    any_pair = False
    chunk: list[Item] = []
    for (query_id, scenario_id), replies in groupby(
        rows.iterator(chunk_size=ITEMS_AT_ONCE), key=itemgetter(0, 1)
    ):
        names = {pk: external_id for _, _, external_id, pk in replies}
        any_pair = any_pair or len(names) > 1
        wanted = _drawn_pairs(names, seed=seed)
        chunk += [
            Item(
                study=study,
                kind=ItemKind.PAIR,
                reply_1_id=first,
                reply_2_id=second,
                query_id=query_id,
                scenario_id=scenario_id,
            )
            for first, second in _lacking(query_id, wanted, pairs_per_query)
        ]
        if len(chunk) >= ITEMS_AT_ONCE:
            Item.objects.bulk_create(chunk, ignore_conflicts=True)
            chunk = []
    Item.objects.bulk_create(chunk, ignore_conflicts=True)
    if not any_pair:
        raise SeatsRefused(
            "The rubric asks about two replies side by side, and no query has two. Upload replies"
            " of more models to the same queries."
        )


def _drawn_pairs(names: dict[int, str], *, seed: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs of a query's replies, order and slots drawn from the seed."""
    drawn = {}
    for one, other in combinations(sorted(names, key=names.__getitem__), 2):
        digest = hashlib.sha256(f"{seed}:{names[one]}\n{names[other]}".encode()).digest()
        drawn[digest] = (one, other) if digest[-1] & 1 else (other, one)
    return (drawn[digest] for digest in sorted(drawn))


def _lacking(
    query_id: int, wanted: Iterable[tuple[int, int]], pairs_per_query: int
) -> list[tuple[int, int]]:
    pairs = Item.objects.filter(query=query_id, kind=ItemKind.PAIR)
    had = {frozenset(pair) for pair in pairs.values_list("reply_1_id", "reply_2_id")}
    new = [pair for pair in wanted if frozenset(pair) not in had]
    return new[: max(0, pairs_per_query - len(had))]


def side_of(item: Item, *, seed: int, rater_name: str) -> int:
    """Return which reply of a pair (1 or 2) stands first at a seat whose side was not dealt.

    Such seats were opened before sides were dealt; it is drawn from the seed for each rater.
    """
    drawn = hashlib.sha256(f"{seed}:{_name(item)}:{rater_name}".encode()).digest()
    return 1 + (drawn[0] & 1)


def place_of(external_id: str, *, seed: int) -> int:
    """Return an item's place in the order drawn from a seed; it does not depend on the upload."""
    drawn = hashlib.sha256(f"{seed}:{external_id}".encode()).digest()
    return int.from_bytes(drawn[:4]) % PLACES
