"""Judgments as evaluation may read them: plain rows, grouped in the database and streamed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Max, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Greatest, Least

from annotation.models import Answer, Item, Judgment, Rater
from annotation.vocabulary import DEFAULT_WAVES, RaterSource, Scope, Wave

ROWS_PER_FETCH = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Which answers are meant: a question, about turns or about the whole, in which waves.

    ``until`` is the last judgment that counts, of the judgments' own sequence; None is all.
    """

    question_id: int
    scope: Scope
    waves: tuple[Wave, ...] = DEFAULT_WAVES
    until: int | None = None

    def answers(self) -> QuerySet[Answer]:
        """Return the current answers that are meant."""
        found = Answer.objects.filter(question=self.question_id, current=True, wave__in=self.waves)
        found = found.filter(turn__gt=0) if self.scope == Scope.TURN else found.filter(turn=0)
        return found if self.until is None else found.filter(judgment__lte=self.until)


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


class PairCount(NamedTuple):
    """How many judgments chose an option of one question and an option of another, at one unit."""

    cluster: int
    item: int
    turn: int
    option: int
    other: int
    raters: int


def pair_counts(asked: Asked, other_id: int) -> Iterator[PairCount]:
    """Yield one row for each unit and pair of options that one judgment chose together.

    Both questions take one answer. What was answered to one of them only is left out.
    """
    beside = Answer.objects.filter(
        judgment=OuterRef("judgment"), turn=OuterRef("turn"), question=other_id, current=True
    )
    fields = ("cluster_id", "item_id", "turn", "option_id", "other")
    both = asked.answers().annotate(other=Subquery(beside.values("option_id")[:1]))
    counted = both.exclude(other=None).values(*fields).annotate(n=Count("pk"))
    rows = counted.order_by("item_id", "turn", "option_id", "other").values_list(*fields, "n")
    return (PairCount(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def value_categories(asked: Asked) -> dict[int, tuple[str, str]]:
    """Return the categories of both values of each item that has these answers; empty: none."""
    items = asked.answers().order_by().values("item_id").distinct()
    rows = Item.objects.filter(pk__in=items).values_list(
        "pk", "query__value_a__category", "query__value_b__category"
    )
    return {pk: (a, b) for pk, a, b in rows.iterator(chunk_size=ROWS_PER_FETCH)}


def choices(asked: Asked) -> Iterator[Choice]:
    """Yield every chosen option with its judgment: what questions of several choices need."""
    ordered = asked.answers().order_by("item_id", "turn", "judgment_id", "option_id")
    rows = ordered.values_list("cluster_id", "item_id", "turn", "judgment_id", "option_id")
    return (Choice(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def rater_count(asked: Asked) -> int:
    """Return how many raters gave these answers."""
    counted = asked.answers().aggregate(n=Count("judgment__rater", distinct=True))
    return int(counted["n"])


_OF_REPLY = {"model": "model__key", "provider": "model__provider", "batch": "batch__number"}
_OF_QUERY = {
    "value_pair": ("query__value_a__name", "query__value_b__name"),
    "framing": ("query__framing",),
    "language": ("query__language",),
}
# A pair lies in the slice of both its models, whichever stands in which slot.
SLICES = ("model", "provider", "value_pair", "framing", "language", "batch")


def slice_of_items(study_id: int, by: str) -> dict[int, str]:
    """Return each item's slice key; ``by`` is one of :data:`SLICES`."""
    parts = _parts(by)
    rows = Item.objects.filter(study=study_id).annotate(**parts)
    return {pk: _slice_key(key) for pk, *key in rows.values_list("pk", *parts)}


def raters_by_slice(asked: Asked, by: str) -> dict[str, int]:
    """Return how many raters gave these answers in each slice."""
    parts = _parts(by, "item__")
    answers = asked.answers().annotate(**parts).values(*parts)
    counted = answers.annotate(n=Count("judgment__rater", distinct=True)).order_by()
    return {_slice_key(key): n for *key, n in counted.values_list(*parts, "n")}


def _parts(by: str, prefix: str = "") -> dict[str, Any]:
    """Return what the key of a slice is made of; of one reply the second part is empty."""
    if by in _OF_QUERY:
        return {f"part_{n}": F(prefix + path) for n, path in enumerate(_OF_QUERY[by])}
    first, second = (F(f"{prefix}{reply}__{_OF_REPLY[by]}") for reply in ("reply_1", "reply_2"))
    both = (first, Coalesce(second, first))
    alone = When(**{f"{prefix}reply_2": None}, then=None)
    return {"part_0": Least(*both), "part_1": Case(alone, default=Greatest(*both))}


def _slice_key(parts: Iterable[Any]) -> str:
    return " / ".join(str(part) or "(none)" for part in parts if part is not None)


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
