"""The replies from which a sample may be drawn, and by what they can be told apart."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, StrIndex

from annotation.models import Batch, Item, Query, Response, Seat
from annotation.vocabulary import BatchState, ItemKind

MOST_TOPICS = 200


@dataclass(frozen=True, slots=True)
class ReplyFilter:
    """Which replies; an empty field leaves none out.

    ``category`` is that of either value. ``seats`` is "none" or "some": replies that nobody can
    judge yet, or that somebody can.
    """

    model: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    framing: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    batch: tuple[int, ...] = ()
    turns_from: int | None = None
    turns_to: int | None = None
    seats: str = ""


@dataclass(frozen=True, slots=True)
class FrameWords:
    """What replies of a study can be told apart by, each word with its number of replies."""

    model: tuple[tuple[str, int], ...]
    family: tuple[tuple[str, int], ...]
    framing: tuple[tuple[str, int], ...]
    language: tuple[tuple[str, int], ...]
    category: tuple[str, ...]
    topic: tuple[tuple[str, int], ...]
    batch: tuple[tuple[int, str], ...]
    turns: tuple[tuple[int, int], ...] = field(default=())


# What may make strata, and where it stands.
STRATIFIERS = {
    "model": ("model__key",),
    "family": ("model__family",),
    "framing": ("query__framing",),
    "category": ("query__value_a__category", "query__value_b__category"),
    "language": ("query__language",),
    "turns": ("versions__turns",),
    "batch": ("batch__number",),
}


def replies_of(study_id: int, wanted: ReplyFilter) -> QuerySet[Response]:
    """Return the replies of ready batches that fit, each once, without what was taken out."""
    alone = Item.objects.filter(reply_1=OuterRef("pk"), kind=ItemKind.SINGLE)
    found = Response.objects.filter(
        ~Exists(alone.filter(retired_at__isnull=False)),
        *_conditions(wanted),
        study=study_id,
        batch__state=BatchState.READY,
        versions__current=True,
    )
    if wanted.seats:
        seated = Exists(Seat.objects.filter(item__reply_1=OuterRef("pk")))
        found = found.filter(seated if wanted.seats == "some" else ~seated)
    for topics in [wanted.topic] if wanted.topic else []:
        found = found.filter(query__in=_about(study_id, topics))
    return found


def _conditions(wanted: ReplyFilter) -> list[Q]:
    """Return the conditions that stand together with the current text: it is one of several."""
    lists = {
        "model__key__in": wanted.model,
        "model__family__in": wanted.family,
        "query__framing__in": wanted.framing,
        "query__language__in": wanted.language,
        "batch__number__in": wanted.batch,
        "versions__turns__gte": wanted.turns_from,
        "versions__turns__lte": wanted.turns_to,
    }
    found = [Q(**{name: value}) for name, value in lists.items() if value not in ((), None)]
    if wanted.category:
        either = ("query__value_a__category__in", "query__value_b__category__in")
        found.append(Q(**{either[0]: wanted.category}) | Q(**{either[1]: wanted.category}))
    return found


def _about(study_id: int, topics: tuple[str, ...]) -> QuerySet[Query]:
    """Return the queries with one of these topics: neither way into a list is both databases'.

    A quotation mark inside a topic is escaped, so none is met by the middle of another.
    """
    queries = Query.objects.filter(study=study_id)
    words = queries.annotate(words=Cast("topics", TextField()))
    met = Q()
    # SQLite keeps what was written, with letters or their numbers.
    written = {json.dumps(topic, ensure_ascii=plain) for topic in topics for plain in (True, False)}
    for number, topic in enumerate(sorted(written)):
        name = f"at_{number}"
        words = words.annotate(**{name: StrIndex("words", Value(topic))})
        met |= Q(**{f"{name}__gt": 0})
    return words.filter(met)


def words_of(study_id: int) -> FrameWords:
    """Return what a study's replies can be told apart by."""
    replies = replies_of(study_id, ReplyFilter())

    def counted(name: str) -> tuple[tuple[Any, int], ...]:
        rows = replies.order_by(name).values_list(name).annotate(n=Count("pk"))
        return tuple((word, n) for word, n in rows if word not in ("", None))

    queries = Query.objects.filter(study=study_id)
    categories = {
        word
        for name in ("value_a__category", "value_b__category")
        for word in queries.values_list(name, flat=True).distinct()
    }
    topics: Counter[str] = Counter()
    listed = queries.exclude(topics=[]).annotate(n=Count("responses"))
    for words, n in listed.values_list("topics", "n").iterator(chunk_size=5_000):
        topics.update(dict.fromkeys(words, n))
    batches = Batch.objects.filter(study=study_id, state=BatchState.READY).order_by("number")
    return FrameWords(
        model=counted("model__key"),
        family=counted("model__family"),
        framing=counted("query__framing"),
        language=counted("query__language"),
        category=tuple(sorted(categories - {""})),
        topic=tuple(sorted(topics.most_common(MOST_TOPICS))),
        batch=tuple(batches.values_list("number", "file_name")),
        turns=counted("versions__turns"),
    )
