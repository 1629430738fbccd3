"""What the values of a study mean, for its raters and for its admins."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from annotation.models import Flag, Query, Rater, Seat, Study, Value
from annotation.rendering import one_way
from annotation.value_lines import RANKS, head_of
from annotation.vocabulary import RaterSource

FIRST, SECOND = "a", "b"


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """One value as raters may look it up."""

    name: str
    head: str
    category: str
    definition: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value as admins see it; ``unclear`` counts the open flags that call it so."""

    id: int
    name: str
    head: str
    category: str
    definition: str
    aliases: tuple[str, ...]
    queries: int
    unclear: int


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """The values of one category; neither head nor category where none was given."""

    head: str
    category: str
    values: tuple[ValueRow, ...]


@dataclass(frozen=True, slots=True)
class UnclearFlag:
    """What a rater found unclear about a value."""

    rater: str
    simulated: bool
    note: str
    reply_id: int


@dataclass(frozen=True, slots=True)
class ValueNamed:
    """A value by its name alone."""

    name: str


@dataclass(frozen=True, slots=True)
class SeatValues:
    """The two values at a seat, as much of them as the flag form needs."""

    seat_key: str
    value_a: ValueNamed
    value_b: ValueNamed


def glossary_of(study_id: int, *, words: str = "") -> tuple[GlossaryEntry, ...]:
    """Return the values that occur in the study's queries, by name; ``words`` narrows them."""
    queries = Query.objects.filter(study=study_id)
    occurring = Q(pk__in=queries.values("value_a")) | Q(pk__in=queries.values("value_b"))
    found = Value.objects.filter(occurring, study=study_id)
    entries = (
        GlossaryEntry(
            value.name,
            head_of(value.category),
            value.category,
            value.definition,
            tuple(value.aliases),
        )
        for value in found
        if _matches(value, words)
    )
    return tuple(sorted(entries, key=lambda entry: (entry.name.casefold(), entry.name)))


def values_of(study: Study, *, words: str = "") -> tuple[ValueRow, ...]:
    """Return all values in the order of heads, categories and names; ``words`` narrows them."""
    queries = _queries_by_value(study)
    unclear = _unclear_by_value(study)
    rows = [
        ValueRow(
            id=value.pk,
            name=value.name,
            head=head_of(value.category),
            category=value.category,
            definition=value.definition,
            aliases=tuple(value.aliases),
            queries=queries[value.pk],
            unclear=unclear.get(value.pk, 0),
        )
        for value in Value.objects.filter(study=study)
        if _matches(value, words)
    ]
    return tuple(sorted(rows, key=_order))


def grouped(rows: Iterable[ValueRow]) -> tuple[ValueGroup, ...]:
    """Return rows that stand in order as one group a category."""
    return tuple(
        ValueGroup(head, category, tuple(values))
        for (head, category), values in groupby(rows, key=lambda row: (row.head, row.category))
    )


def value_of(study: Study, value_id: int) -> Value | None:
    """Return one of the study's values, or None."""
    return Value.objects.filter(study=study, pk=value_id).first()


def unclear_flags_of(value: Value) -> tuple[UnclearFlag, ...]:
    """Return what raters found unclear about a value and nobody has resolved, oldest first."""
    flags = Flag.objects.filter(value=value, resolved_at=None).order_by("flagged_at", "pk")
    return tuple(
        UnclearFlag(
            rater=name_of(flag.rater),
            simulated=flag.rater.source == RaterSource.SIMULATED,
            note=flag.note,
            reply_id=flag.item.reply_1_id,
        )
        for flag in flags.select_related("rater__user", "item")
    )


def seat_values(rater: Rater, key: str) -> SeatValues | None:
    """Return the values at a seat of the rater, or None."""
    names = ("item__query__value_a__name", "item__query__value_b__name")
    found = _seats(rater, key).values_list(*names).first()
    return SeatValues(key, *(ValueNamed(one_way(name)) for name in found)) if found else None


def value_id_at(rater: Rater, key: str, side: str) -> int | None:
    """Return the id of a seat's first or second value; None where there is no such."""
    if side not in (FIRST, SECOND):
        return None
    return _seats(rater, key).values_list(f"item__query__value_{side}", flat=True).first()


def name_of(rater: Rater) -> str:
    """Return what admins know a rater by."""
    return rater.user.username if rater.user else rater.external_id


def _seats(rater: Rater, key: str) -> QuerySet[Seat]:
    return Seat.objects.filter(rater=rater.pk, key=key, abandoned_at=None)


def _matches(value: Value, words: str) -> bool:
    """Say whether all the words stand somewhere in what is known of a value."""
    category = (value.category, _(value.category))
    known = " ".join([value.name, *category, value.definition, *value.aliases]).casefold()
    return all(word in known for word in words.casefold().split())


def _order(row: ValueRow) -> tuple[int, str, str, str]:
    rank = RANKS.get(row.category, len(RANKS))
    return (rank, row.category, row.name.casefold(), row.name)


def _queries_by_value(study: Study) -> Counter[int]:
    counts: Counter[int] = Counter()
    for side in ("value_a", "value_b"):
        rows = Query.objects.filter(study=study).values_list(side).annotate(n=Count("pk"))
        counts.update(dict(rows))
    return counts


def _unclear_by_value(study: Study) -> dict[int | None, int]:
    flags = Flag.objects.filter(item__study=study, value__isnull=False, resolved_at=None)
    return dict(flags.values_list("value").annotate(n=Count("pk")))
