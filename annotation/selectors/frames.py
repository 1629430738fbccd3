"""The replies from which a sample may be drawn, and by what they can be told apart."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, StrIndex

from annotation.models import Batch, Item, LanguageModel, Query, Response, Seat, Study, Value
from annotation.vocabulary import BatchState, ItemKind

MOST_TOPICS = 200
EITHER_VALUE = ("value_a", "value_b")
# Seconds; what is kept is of one set of replies and never wrong, only forgotten some day.
KEPT = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class ReplyFilter:
    """Which replies; an empty field leaves none out.

    ``category`` is that of either value. ``seats`` is "none" or "some": replies that nobody can
    judge yet, or that somebody can. ``as_of`` takes them as they were at a time: uploaded before
    it, and with the seats that were opened before it.
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
    as_of: datetime | None = None


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
        seats = Seat.objects.filter(item__reply_1=OuterRef("pk"))
        if wanted.as_of is not None:
            seats = seats.filter(opening__opened_at__lt=wanted.as_of)
        seated = Exists(seats)
        found = found.filter(seated if wanted.seats == "some" else ~seated)
    for topics in [wanted.topic] if wanted.topic else []:
        found = found.filter(query__in=about(study_id, topics))
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
        "batch__created_at__lte": wanted.as_of,
    }
    found = [Q(**{name: value}) for name, value in lists.items() if value not in ((), None)]
    if wanted.category:
        either = ("query__value_a__category__in", "query__value_b__category__in")
        found.append(Q(**{either[0]: wanted.category}) | Q(**{either[1]: wanted.category}))
    return found


def about(study_id: int, topics: tuple[str, ...]) -> QuerySet[Query]:
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
        words = words.annotate(**{name: StrIndex("words", models.Value(topic))})
        met |= Q(**{f"{name}__gt": 0})
    return words.filter(met)


def replies_mark(study_id: int) -> str:
    """Return a mark of which replies a study offers and how they are described.

    What was counted of them holds as long as it is the same: every load, every item that is taken
    out, and every category or family that is changed makes another.

    Cost: the study's batches, models and values, and a look at an index of what was taken out.
    """
    batches = Batch.objects.filter(study=study_id).order_by("pk")
    retired = Item.objects.filter(study=study_id, retired_at__isnull=False)
    known = (
        # Drawn for the study alone: no other database's counts are met in a cache by chance.
        Study.objects.values_list("secret", flat=True).get(pk=study_id),
        list(batches.values_list("pk", "state", "file_name", "created", "updated", "finished_at")),
        retired.aggregate(n=Count("pk"), all=Sum("pk"), latest=Max("retired_at")),
        list(
            LanguageModel.objects.filter(study=study_id).order_by("pk").values_list("pk", "family")
        ),
        list(Value.objects.filter(study=study_id).order_by("pk").values_list("pk", "category")),
    )
    return hashlib.sha256(repr((study_id, *known)).encode()).hexdigest()


def words_of(study_id: int) -> FrameWords:
    """Return what a study's replies can be told apart by; counted once for each set of replies."""
    key = f"frame-words-{replies_mark(study_id)}"
    found: FrameWords | None = cache.get(key)
    if found is None:
        found = _counted_words(study_id)
        cache.set(key, found, timeout=KEPT)
    return found


def _counted_words(study_id: int) -> FrameWords:
    """Count in one pass over the replies, and in one over those whose queries have topics."""
    replies = replies_of(study_id, ReplyFilter()).order_by()
    columns = (
        "model__key",
        "model__family",
        "query__framing",
        "query__language",
        "versions__turns",
    )
    counts: list[Counter[Any]] = [Counter() for _ in columns]
    for *words, n in replies.values_list(*columns).annotate(n=Count("pk")):
        for counted, word in zip(counts, words, strict=True):
            counted[word] += n
    model, family, framing, language, turns = (
        tuple(sorted((word, n) for word, n in counted.items() if word not in ("", None)))
        for counted in counts
    )
    batches = Batch.objects.filter(study=study_id, state=BatchState.READY).order_by("number")
    return FrameWords(
        model=model,
        family=family,
        framing=framing,
        language=language,
        category=_categories(study_id),
        topic=_topics(replies),
        batch=tuple(batches.values_list("number", "file_name")),
        turns=turns,
    )


def _categories(study_id: int) -> tuple[str, ...]:
    """Return the categories of the values that queries of the study are about."""
    either = [Q(Exists(Query.objects.filter(**{name: OuterRef("pk")}))) for name in EITHER_VALUE]
    used = Value.objects.filter(either[0] | either[1], study=study_id).exclude(category="")
    return tuple(sorted(set(used.values_list("category", flat=True))))


def _topics(replies: QuerySet[Response]) -> tuple[tuple[str, int], ...]:
    """Return the commonest topics with their replies; a list of topics is met once."""
    listed = replies.exclude(query__topics=[]).annotate(words=Cast("query__topics", TextField()))
    counted: Counter[str] = Counter()
    for words, n in listed.values_list("words").annotate(n=Count("pk")).iterator(chunk_size=5_000):
        for topic in set(json.loads(words)):
            counted[topic] += n
    return tuple(sorted(counted.most_common(MOST_TOPICS)))
