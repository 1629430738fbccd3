"""Answers by the order of things: which reply stood first, which item came when."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Count, Q

from annotation.selectors.asked import Asked
from annotation.selectors.labels import ROWS_PER_FETCH


class SidedAnswers(NamedTuple):
    """How many judgments of pairs gave an answer, by the side shown and who wrote both replies.

    ``side`` is the slot of the reply that stood first, None where that is not known: of judgments
    made elsewhere. ``first_model`` wrote slot 1.
    """

    cluster: int
    first_model: int
    second_model: int
    side: int | None
    option: int
    judgments: int


def sided_answers(asked: Asked) -> Iterator[SidedAnswers]:
    """Yield the answers to a question about two replies, grouped in the database."""
    fields = (
        "cluster_id",
        "item__reply_1__model_id",
        "item__reply_2__model_id",
        "judgment__side",
        "option_id",
    )
    pairs = asked.answers().filter(item__reply_2__isnull=False)
    counted = pairs.order_by().values(*fields).annotate(n=Count("pk")).order_by(*fields)
    rows = counted.values_list(*fields, "n").iterator(chunk_size=ROWS_PER_FETCH)
    return (SidedAnswers(*row) for row in rows)


class PlacedAnswers(NamedTuple):
    """How often a rater gave an answer: early, at any known place of their order, and at all."""

    rater: int
    option: int
    early: int
    placed: int
    all: int


def placed_answers(asked: Asked, *, first: int) -> Iterator[PlacedAnswers]:
    """Yield the answers to a question by rater; early are a rater's first so many items.

    A judgment made elsewhere has no place.
    """
    fields = ("judgment__rater_id", "option_id")
    counted = (
        asked.answers()
        .order_by()
        .values(*fields)
        .annotate(
            early=Count("pk", filter=Q(judgment__position__lte=first)),
            placed=Count("pk", filter=Q(judgment__position__isnull=False)),
            n=Count("pk"),
        )
        .order_by(*fields)
    )
    rows = counted.values_list(*fields, "early", "placed", "n")
    return (PlacedAnswers(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))
