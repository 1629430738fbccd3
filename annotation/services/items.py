"""Items that files name: found by the ids of their replies, made where there are none."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.models import Item, Study, TextVersion
from annotation.services import openings
from annotation.vocabulary import ItemKind

# The id of a reply and, of a pair, that of the second; else nothing.
Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is needed of a reply to place an answer at it."""

    id: int
    external_id: str
    query_id: int
    scenario_id: int
    version: int
    rule_set: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """An item, its reply or its two, and whether the file names these in the other order."""

    item_id: int
    first: Reply
    second: Reply | None
    turned: bool

    @property
    def name(self) -> str:
        """What the item's place in the study's order is drawn from."""
        return openings.name_of(
            self.first.external_id, self.second.external_id if self.second else None
        )


def at(study: Study, named: Iterable[Named]) -> dict[Named, Place]:
    """Return the item of each reply or pair of the study, made where there is none."""
    names = list(dict.fromkeys(named))
    replies = _replies(study, {key for pair in names for key in pair if key})
    alone = [replies[one] for one, other in names if not other]
    pairs = [(replies[one], replies[other]) for one, other in names if other]
    single, paired = _items(study, alone), _pair_items(study, pairs)
    places = {
        (reply.external_id, ""): Place(single[reply.id], reply, None, turned=False)
        for reply in alone
    }
    for one, other in pairs:
        straight, turned = paired.get((one.id, other.id)), paired.get((other.id, one.id))
        place = (
            Place(turned, other, one, turned=True)
            if straight is None and turned is not None
            else Place(straight or 0, one, other, turned=False)
        )
        places[one.external_id, other.external_id] = place
    return places


def _replies(study: Study, ids: set[str]) -> dict[str, Reply]:
    rows = TextVersion.objects.filter(
        response__study=study, response__external_id__in=ids, current=True
    ).values_list(
        "response_id",
        "response__external_id",
        "response__query_id",
        "response__query__scenario_id",
        "number",
        "rule_set",
        "sha256",
    )
    return {row[1]: Reply(*row) for row in rows}


def _items(study: Study, replies: list[Reply]) -> dict[int, int]:
    """Return the item of each reply."""
    known = _known_items(replies)
    new = [_item(study, reply, None) for reply in replies if reply.id not in known]
    Item.objects.bulk_create(new, ignore_conflicts=True)
    return _known_items(replies) if new else known


def _known_items(replies: list[Reply]) -> dict[int, int]:
    found = Item.objects.filter(kind=ItemKind.SINGLE, reply_1__in=[reply.id for reply in replies])
    return dict(found.values_list("reply_1", "pk"))


def _pair_items(study: Study, pairs: list[tuple[Reply, Reply]]) -> dict[tuple[int, int], int]:
    """Return the item of each pair by its replies; one that is there keeps its own order."""
    known = _known_pairs(pairs)
    new = [
        _item(study, one, other)
        for one, other in pairs
        if not {(one.id, other.id), (other.id, one.id)} & known.keys()
    ]
    Item.objects.bulk_create(new, ignore_conflicts=True)
    return _known_pairs(pairs) if new else known


def _known_pairs(pairs: list[tuple[Reply, Reply]]) -> dict[tuple[int, int], int]:
    ids = {reply.id for pair in pairs for reply in pair}
    found = Item.objects.filter(kind=ItemKind.PAIR, reply_1__in=ids, reply_2__in=ids)
    rows = found.values_list("reply_1_id", "reply_2_id", "pk")
    return {(first, second): pk for first, second, pk in rows}


def _item(study: Study, first: Reply, second: Reply | None) -> Item:
    return Item(
        study=study,
        kind=ItemKind.PAIR if second else ItemKind.SINGLE,
        reply_1_id=first.id,
        reply_2_id=second.id if second else None,
        query_id=first.query_id,
        scenario_id=first.scenario_id,
    )
