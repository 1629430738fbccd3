"""Judgments as evaluation may read them: plain rows, grouped in the database and streamed."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Count, Exists, Max, OuterRef

from annotation.models import Item, Judgment, Rater, Seat
from annotation.selectors.asked import Asked
from annotation.vocabulary import ItemKind, RaterSource

ROWS_PER_FETCH = 10_000
EVERYTHING = "all"  # the design of an opening of seats at every reply


class OptionCount(NamedTuple):
    """How many raters chose an option at one unit: an item, or one turn of it."""

    cluster: int
    item: int
    turn: int
    option: int
    raters: int


class Choice(NamedTuple):
    """One option that one judgment chose; a judgment's choices come together."""

    cluster: int
    item: int
    turn: int
    judgment: int
    option: int


def option_counts(asked: Asked) -> Iterator[OptionCount]:
    """Yield one row for each unit and option that was chosen; one grouped walk over an index."""
    grouped = asked.answers().values("cluster_id", "item_id", "turn", "option_id")
    counted = grouped.annotate(n=Count("pk")).order_by("item_id", "turn", "option_id")
    rows = counted.values_list("cluster_id", "item_id", "turn", "option_id", "n")
    return (OptionCount(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def value_categories(asked: Asked) -> dict[int, tuple[str, str]]:
    """Return the categories of both values of each item that has these answers; empty: none."""
    items = asked.answers().order_by().values("item_id").distinct()
    rows = Item.objects.filter(pk__in=items).values_list(
        "pk", "query__value_a__category", "query__value_b__category"
    )
    return {pk: (a, b) for pk, a, b in rows.iterator(chunk_size=ROWS_PER_FETCH)}


def replies_of_items(asked: Asked) -> dict[int, int]:
    """Return the reply of each item of one reply that has these answers."""
    items = asked.answers().order_by().values("item_id").distinct()
    rows = Item.objects.filter(pk__in=items, kind=ItemKind.SINGLE).values_list("pk", "reply_1")
    return dict(rows.iterator(chunk_size=ROWS_PER_FETCH))


def only_opened_at_everything(asked: Asked) -> bool:
    """Say whether all these answers come from seats that were opened at every reply."""
    answers = asked.answers()
    beside = answers.exclude(judgment__seat__opening__design=EVERYTHING)
    return answers.exists() and not beside.exists()


def replies_opened_at_everything(study_id: int) -> Iterator[int]:
    """Yield the replies at which such seats are, in their order."""
    seats = Seat.objects.filter(item=OuterRef("pk"), opening__design=EVERYTHING)
    items = Item.objects.filter(Exists(seats), study=study_id, kind=ItemKind.SINGLE)
    replies = items.order_by("reply_1").values_list("reply_1", flat=True)
    return replies.iterator(chunk_size=ROWS_PER_FETCH)


def choices(asked: Asked) -> Iterator[Choice]:
    """Yield every chosen option with its judgment: what questions of several choices need."""
    ordered = asked.answers().order_by("item_id", "turn", "judgment_id", "option_id")
    rows = ordered.values_list("cluster_id", "item_id", "turn", "judgment_id", "option_id")
    return (Choice(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def has_named_scenarios(study_id: int) -> bool:
    """Say whether any query of the study names a scenario: the cluster is the scenario then."""
    named = Item.objects.filter(study=study_id, scenario__external_id__isnull=False)
    return named.exists()


def has_simulated_judgments(study_id: int) -> bool:
    """Say whether any of the study's judgments was made by a simulation."""
    simulated = Rater.objects.filter(study=study_id, source=RaterSource.SIMULATED)
    return simulated.filter(judged_count__gt=0).exists()


def last_judgment(study_id: int) -> int:
    """Return the highest number in the study's sequence of judgments, 0 for none."""
    return Judgment.objects.filter(item__study=study_id).aggregate(n=Max("pk"))["n"] or 0
