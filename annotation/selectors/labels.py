"""Judgments as evaluation may read them: plain rows, grouped in the database and streamed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Max, QuerySet

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


def choices(asked: Asked) -> Iterator[Choice]:
    """Yield every chosen option with its judgment: what questions of several choices need."""
    ordered = asked.answers().order_by("item_id", "turn", "judgment_id", "option_id")
    rows = ordered.values_list("cluster_id", "item_id", "turn", "judgment_id", "option_id")
    return (Choice(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def rater_count(asked: Asked) -> int:
    """Return how many raters gave these answers."""
    counted = asked.answers().aggregate(n=Count("judgment__rater", distinct=True))
    return int(counted["n"])


SLICES = {
    "model": ("reply_1__model__key",),
    "provider": ("reply_1__model__provider",),
    "value_pair": ("query__value_a__name", "query__value_b__name"),
    "framing": ("query__framing",),
    "language": ("query__language",),
    "batch": ("reply_1__batch__number",),
}


def slice_of_items(study_id: int, by: str) -> dict[int, str]:
    """Return each item's slice key; ``by`` is one of :data:`SLICES`."""
    rows = Item.objects.filter(study=study_id).values_list("pk", *SLICES[by])
    return {pk: _slice_key(parts) for pk, *parts in rows}


def raters_by_slice(asked: Asked, by: str) -> dict[str, int]:
    """Return how many raters gave these answers in each slice."""
    fields = [f"item__{path}" for path in SLICES[by]]
    counted = asked.answers().values(*fields).annotate(n=Count("judgment__rater", distinct=True))
    rows = counted.order_by().values_list(*fields, "n")
    return {_slice_key(parts): n for *parts, n in rows}


def _slice_key(parts: Iterable[Any]) -> str:
    return " / ".join(str(part) or "(none)" for part in parts)


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
