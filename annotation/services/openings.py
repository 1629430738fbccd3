"""Opening seats: which items are judged, by how many, in which order drawn from which seed."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations, groupby
from operator import itemgetter

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from annotation.errors import SeatsRefused
from annotation.models import Item, Response, Rubric, Seat, SeatOpening, Study
from annotation.services.raters import PLACES
from annotation.vocabulary import BatchState, ItemKind, Wave

ITEMS_AT_ONCE = 2_000
MOST_RATERS = 1_000
MOST_PAIRS = 66  # all pairs of twelve replies
ALL, PAIRS = "all", "pairs"


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
    if not 1 <= raters_per_item <= MOST_RATERS:
        raise SeatsRefused(f"An item needs at least one rater, and at most {MOST_RATERS:,}.")
    if not -(2**63) <= seed < 2**63:
        raise SeatsRefused("The seed is a whole number of at most eighteen digits.")
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
    ready = ready.filter(retired_at=None)
    first = Q(seats__wave=Wave.FIRST)
    return list(
        ready.select_related("reply_1", "reply_2")
        .annotate(
            filled=Count("seats", filter=first & Q(seats__abandoned_at=None)),
            highest=Max("seats__number", filter=first),
        )
        .order_by("pk")[:ITEMS_AT_ONCE]
    )


def _add_seats(opening: SeatOpening, items: list[Item]) -> int:
    # What waits for an admin waits with all of its seats.
    parked = set(Seat.objects.filter(item__in=items, parked=True).values_list("item_id", flat=True))
    new = [
        Seat(
            study_id=opening.study_id,
            item=item,
            query_id=item.query_id,
            scenario_id=item.scenario_id,
            opening=opening,
            wave=opening.wave,
            number=(item.highest or 0) + 1 + extra,  # type: ignore[attr-defined]  # annotated
            place=place_of(_name(item), seed=opening.seed),
            parked=item.pk in parked,
        )
        for item in items
        for extra in range(opening.raters_per_item - item.filled)  # type: ignore[attr-defined]
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
    """Return which reply of a pair (1 or 2) stands first for a rater, drawn from the seed."""
    drawn = hashlib.sha256(f"{seed}:{_name(item)}:{rater_name}".encode()).digest()
    return 1 + (drawn[0] & 1)


def place_of(external_id: str, *, seed: int) -> int:
    """Return an item's place in the order drawn from a seed; it does not depend on the upload."""
    drawn = hashlib.sha256(f"{seed}:{external_id}".encode()).digest()
    return int.from_bytes(drawn[:4]) % PLACES
