"""Judgments as evaluation may read them: plain rows, grouped in the database and streamed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Max, QuerySet

from annotation.models import Answer, Item, Judgment, Rater, TextAnswer
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


class AnswerRow(NamedTuple):
    """One stored answer in words, for exports."""

    response_id: str
    rater: int
    question: str
    answer: str
    turn: int
    judged_at: str
    judgment: str
    revision: int
    wave: int
    rubric_version: int
    shown_sha256: str


def answer_rows(study_id: int, *, until: int) -> Iterator[AnswerRow]:
    """Yield every current closed answer up to a cut-off, in the order of the judgments."""
    current = Answer.objects.filter(
        judgment__item__study=study_id, judgment__current=True, judgment__lte=until, current=True
    )
    rows = current.order_by("judgment_id", "question__position", "turn", "option__position")
    fields = rows.values_list(
        "judgment__item__reply_1__external_id",
        "judgment__rater_id",
        "question__key",
        "option__code",
        "turn",
        "judgment__created_at",
        "judgment__public_id",
        "judgment__revision",
        "wave",
        "judgment__rubric__version",
        "judgment__shown_sha256",
    )
    for row in fields.iterator(chunk_size=ROWS_PER_FETCH):
        yield AnswerRow(*row[:5], row[5].isoformat(), str(row[6]), *row[7:])


def text_rows(study_id: int, *, until: int) -> Iterator[AnswerRow]:
    """Yield every current text answer up to a cut-off."""
    current = TextAnswer.objects.filter(
        judgment__item__study=study_id, judgment__current=True, judgment__lte=until, current=True
    )
    rows = current.order_by("judgment_id", "question__position", "turn").values_list(
        "judgment__item__reply_1__external_id",
        "judgment__rater_id",
        "question__key",
        "text",
        "turn",
        "judgment__created_at",
        "judgment__public_id",
        "judgment__revision",
        "judgment__seat__wave",
        "judgment__rubric__version",
        "judgment__shown_sha256",
    )
    for row in rows.iterator(chunk_size=ROWS_PER_FETCH):
        yield AnswerRow(*row[:5], row[5].isoformat(), str(row[6]), *row[7:])


class RaterRow(NamedTuple):
    """One rater, for exports: never an account."""

    id: int
    source: str
    cohort: str
    judgments: int


def rater_rows(study_id: int, *, until: int) -> Iterator[RaterRow]:
    """Yield the raters who have judged, with how often, up to a cut-off."""
    judged = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    counted = judged.values("rater_id").annotate(n=Count("pk")).order_by("rater_id")
    for row in counted.values_list("rater_id", "rater__source", "rater__cohort", "n"):
        yield RaterRow(*row)


class ItemRow(NamedTuple):
    """One item with its reply, for exports."""

    item: int
    cluster: int
    response_id: str
    query_id: str
    scenario_id: str | None
    framing: str
    language: str
    value_a: str
    value_b: str
    model: str
    sample: int
    topics: list[str]
    facts: list[str]
    text_version: int
    text_sha256: str
    messages: list[dict[str, str]]


def item_rows(study_id: int) -> Iterator[ItemRow]:
    """Yield every item of the study with the current words of its reply, by reply id."""
    rows = (
        Item.objects.filter(study=study_id, reply_1__versions__current=True)
        .order_by("reply_1__external_id")
        .values_list(
            "pk",
            "scenario_id",
            "reply_1__external_id",
            "query__external_id",
            "scenario__external_id",
            "query__framing",
            "query__language",
            "query__value_a__name",
            "query__value_b__name",
            "reply_1__model__key",
            "reply_1__sample",
            "query__topics",
            "query__facts",
            "reply_1__versions__number",
            "reply_1__versions__sha256",
            "reply_1__versions__messages",
        )
    )
    return (ItemRow(*row) for row in rows.iterator(chunk_size=1_000))


def item_ids_by_response(study_id: int) -> dict[int, int]:
    """Return the item of every reply of the study that has one."""
    found = Item.objects.filter(study=study_id, kind="single")
    return dict(found.values_list("reply_1_id", "pk"))
