"""Replies and ratings as profiles of models and labels read them: plain rows, streamed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from django.db.models import F
from django.db.models.functions import Mod

from annotation.bulk_reads import INTEGER, TEXT, columns, number_parts
from annotation.models import GoldAnswer, Item, LanguageModel, Query, Response, Value
from annotation.selectors.asked import Asked
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.vocabulary import Framing, ItemKind

if TYPE_CHECKING:
    from annotation.bulk_reads import Numbers

# Park and Miller's minimal standard generator.
SPREAD_BY, SPREAD_OVER = 48_271, 2_147_483_647
# What is read of a rating; of one answer among several choices one of its options.
RATING = ("cluster_id", "item_id", "turn", "rater", "option_id", "judgment_id")
LEANS = {Framing.NEUTRAL: 0, Framing.VALUE_A: 1, Framing.VALUE_B: -1}


class ReplyPlace(NamedTuple):
    """Where a reply stands: whose it is, of which query, between which values.

    ``lean`` is 1 where the query's wording leans to value A, -1 to value B, 0 to neither.
    """

    reply: int
    model: int
    query: int
    cluster: int
    value_a: int
    value_b: int
    lean: int


class ValueName(NamedTuple):
    """What a value is called, and its category; empty where it has none."""

    name: str
    category: str


def reply_places(study_id: int) -> Iterator[ReplyPlace]:
    """Yield every reply of a study, by number."""
    rows = Response.objects.filter(study=study_id).order_by("pk")
    found = rows.values_list(
        "pk",
        "model_id",
        "query_id",
        "query__scenario_id",
        "query__value_a_id",
        "query__value_b_id",
        "query__framing",
    )
    for row in found.iterator(chunk_size=ROWS_PER_FETCH):
        yield ReplyPlace(*row[:6], LEANS[Framing(row[6])])


def model_keys(study_id: int) -> dict[int, str]:
    """Return what the study's models are called, in the order of their names."""
    rows = LanguageModel.objects.filter(study=study_id).order_by("key")
    return dict(rows.values_list("pk", "key"))


def value_names(study_id: int) -> dict[int, ValueName]:
    """Return what the study's values are called, in the order of their names."""
    rows = Value.objects.filter(study=study_id).order_by("name")
    return {pk: ValueName(*names) for pk, *names in rows.values_list("pk", "name", "category")}


def replies_of_items(asked: Asked) -> Iterator[tuple[int, int]]:
    """Yield item and reply of each item of one reply that has these answers."""
    items = asked.answers().order_by().values("item_id").distinct()
    rows = Item.objects.filter(pk__in=items, kind=ItemKind.SINGLE).order_by("pk")
    return rows.values_list("pk", "reply_1_id").iterator(chunk_size=ROWS_PER_FETCH)


def reply_ids(replies: Iterable[int]) -> dict[int, str]:
    """Return the outside ids of these replies."""
    rows = Response.objects.filter(pk__in=list(replies))
    return dict(rows.values_list("pk", "external_id"))


def query_ids(queries: Iterable[int]) -> dict[int, str]:
    """Return the outside ids of these queries."""
    rows = Query.objects.filter(pk__in=list(queries))
    return dict(rows.values_list("pk", "external_id"))


def unit_count(asked: Asked) -> int:
    """Return how many units (items, or turns of them) have these answers."""
    return asked.answers().order_by().values("item_id", "turn").distinct().count()


def rating_parts(asked: Asked, *, at_once: int, every: int = 1) -> Iterator["Numbers"]:
    """Yield who chose what, by item and turn; of several choices a row an option, and one more.

    Args:
        asked: which answers.
        at_once: how many come together, shape (n, 6): the columns of ``RATING``.
        every: about one item in this many, the same ones each time, wherever they stand.
    """
    answers = asked.answers().order_by()
    if every > 1:
        # A multiplicative generator's step spreads neighbouring numbers over all remainders.
        spread = Mod(F("item_id") * SPREAD_BY, SPREAD_OVER)
        answers = answers.annotate(part=Mod(spread, every)).filter(part=0)
    rows = answers.annotate(rater=F("judgment__rater_id")).values(*RATING)
    order = ("item_id", "turn", "judgment_id", "option_id")
    return number_parts(rows, RATING, order=order, at_once=at_once)


def item_names(items: Sequence[int]) -> pa.Table:
    """Return the outside ids of the replies of each of these items, by item; each item once."""
    rows = Item.objects.filter(pk__in=items).order_by("pk")
    types = {"item": INTEGER, "response_id": TEXT, "response_id_2": TEXT}
    return columns(rows.values_list("pk", "reply_1__external_id", "reply_2__external_id"), types)


def known_options(study_id: int, question_id: int) -> dict[tuple[int, int], int]:
    """Return the option that is right by item and turn, of a question of one answer."""
    rows = GoldAnswer.objects.in_force().filter(item__study=study_id, question=question_id)
    return {
        (item, turn): option
        for item, turn, option in rows.values_list("item_id", "turn", "option_id")
    }
