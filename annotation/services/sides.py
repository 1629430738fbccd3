"""Which reply of a pair stands first: dealt when seats are opened, so that orders are balanced.

Drawn for each seat on its own, orders would be balanced in the long run only, and a preference for
the place would lean a study of few judgments towards one model.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from django.db.models import Count, QuerySet

from annotation.models import Item, Seat, SeatOpening
from annotation.vocabulary import ItemKind

Models = tuple[int, int]
Dealt = dict[int, tuple[int | None, ...]]


class Sides:
    """Deals the sides of one opening's seats; what its wave has already is taken into account.

    At one item the seats take turns, so each reply stands first as often as the other, give or
    take one. Which reply begins is dealt within each pair of models in blocks of two: the first
    item's is drawn from the seed, the second item's is the other one. So over all items each model
    of a pair stands first as often as the other, give or take one, whatever the number of raters.
    Items with an even and with an odd number of seats have blocks of their own: only of the odd
    ones does who begins change the sum.
    """

    def __init__(self, opening: SeatOpening) -> None:
        self._opening = opening
        self._begins: Counter[Models] = Counter()

    def deal(self, wanted: Iterable[tuple[Item, int]]) -> Dealt:
        """Return by item the sides of its new seats, so many as are wanted; None for one reply.

        Costs two grouped queries for the first pairs, and one for each further lot.
        """
        asked = list(wanted)
        dealt: Dealt = {item.pk: (None,) * n for item, n in asked}
        pairs = [(item, n) for item, n in asked if item.kind == ItemKind.PAIR and n > 0]
        if pairs:
            there = _there(self._opening, [item for item, _ in pairs])
            dealt |= {
                item.pk: self._of(item, n, there.get(item.pk, Counter())) for item, n in pairs
            }
        return dealt

    @cached_property
    def _ahead(self) -> Counter[Models]:
        """How much more often the model with the lower id stands first, by pair of models."""
        return _lead_of_lower(self._opening)

    def _of(self, item: Item, n: int, there: Counter[int]) -> tuple[int, ...]:
        models, lower = _models(item)
        lacking = there[1] - there[2]
        # First what the item's earlier seats left uneven, then turn by turn.
        sides = [2 if lacking > 0 else 1] * min(abs(lacking), n)
        self._ahead[models] += sum(1 if side == lower else -1 for side in sides)
        rest = n - len(sides)
        if rest:
            balance = self._ahead if rest % 2 else self._begins
            begins = self._beginning(item, models, lower, balance)
            sides += [begins if turn % 2 == 0 else 3 - begins for turn in range(rest)]
        return tuple(sides)

    def _beginning(self, item: Item, models: Models, lower: int, balance: Counter[Models]) -> int:
        """Return which side begins, and note it: the one that is behind, or drawn where none is."""
        behind = balance[models]
        drawn = 1 + (self._drawn(item) & 1)
        side = drawn if behind == 0 else lower if behind < 0 else 3 - lower
        balance[models] += 1 if side == lower else -1
        return side

    def _drawn(self, item: Item) -> int:
        second = item.reply_2.external_id if item.reply_2 else ""
        text = f"side:{self._opening.seed}:{item.reply_1.external_id}\n{second}"
        return hashlib.sha256(text.encode()).digest()[0]


def _models(item: Item) -> tuple[Models, int]:
    first = item.reply_1.model_id
    return _ordered(first, item.reply_2.model_id if item.reply_2 else first)


def _ordered(first: int, second: int) -> tuple[Models, int]:
    """Return the models of a pair's replies, and which reply is of the one with the lower id."""
    return ((first, second), 1) if first <= second else ((second, first), 2)


def _lead_of_lower(opening: SeatOpening) -> Counter[Models]:
    """Return how much more often the lower model stands first at what the wave has already."""
    seats = _with_sides(opening)
    rows = seats.values_list("item__reply_1__model_id", "item__reply_2__model_id", "side")
    found: Counter[Models] = Counter()
    for first, second, side, n in rows.annotate(n=Count("pk")).order_by():
        models, lower = _ordered(first, second)
        found[models] += n if side == lower else -n
    return found


def _there(opening: SeatOpening, items: list[Item]) -> Mapping[int, Counter[int]]:
    """Return how often each side stands first at each of these items already."""
    rows = _with_sides(opening).filter(item__in=items).values_list("item_id", "side")
    found: dict[int, Counter[int]] = {}
    for item, side, n in rows.annotate(n=Count("pk")).order_by():
        found.setdefault(item, Counter())[side] = n
    return found


def _with_sides(opening: SeatOpening) -> QuerySet[Seat]:
    """Return the seats of an opening's wave whose side is known, without those left half way."""
    return Seat.objects.filter(
        study=opening.study_id, wave=opening.wave, abandoned_at=None, side__isnull=False
    )
