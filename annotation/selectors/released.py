"""What a release freezes: plain rows in a fixed order, streamed, and never an account."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotation.models import (
    Answer,
    Item,
    Judgment,
    Rater,
    Rubric,
    Seat,
    SeatOpening,
    Skip,
    TextAnswer,
)
from annotation.selectors.labels import ROWS_PER_FETCH, Asked
from annotation.vocabulary import RaterSource, Wave

TEXTS_PER_FETCH = 500
_JUDGMENT = (
    "judgment__item__reply_1__external_id",
    "judgment__rater_id",
    "judgment__created_at",
    "judgment__public_id",
    "judgment__revision",
    "judgment__rubric__key",
    "judgment__rubric__version",
    "judgment__text_version",
    "judgment__shown_sha256",
)


class FrozenAnswer(NamedTuple):
    """One answer of a current judgment in words; None says that none of several was chosen."""

    response_id: str
    rater: int
    judged_at: str
    judgment: str
    revision: int
    rubric: str
    rubric_version: int
    text_version: int
    shown_sha256: str
    question: str
    answer: str | None
    turn: int
    wave: str


def frozen_answers(study_id: int, *, until: int) -> Iterator[FrozenAnswer]:
    """Yield every current answer up to a cut-off: closed ones by judgment, then the texts."""
    closed = _current(Answer.objects.all(), study_id, until)
    rows = closed.order_by("judgment_id", "question__position", "turn", "option__position")
    before: tuple[Any, ...] = ()
    fields = (*_JUDGMENT, "question__key", "option__code", "turn", "wave")
    for row in rows.values_list(*fields).iterator(chunk_size=ROWS_PER_FETCH):
        answer = _frozen(row)
        place = (answer.judgment, answer.question, answer.turn)
        # The row without a code says that the question was asked; it comes last.
        if answer.answer or place != before:
            yield answer
        before = place
    texts = _current(TextAnswer.objects.all(), study_id, until)
    rows = texts.order_by("judgment_id", "question__position", "turn")
    fields = (*_JUDGMENT, "question__key", "text", "turn", "judgment__seat__wave")
    for row in rows.values_list(*fields).iterator(chunk_size=ROWS_PER_FETCH):
        yield _frozen(row)


def _current(rows: QuerySet[Any], study_id: int, until: int) -> QuerySet[Any]:
    return rows.filter(
        judgment__item__study=study_id, judgment__current=True, judgment__lte=until, current=True
    )


def _frozen(row: tuple[Any, ...]) -> FrozenAnswer:
    reply, rater, judged_at, judgment, *rest, question, answer, turn, wave = row
    start = (reply, rater, judged_at.isoformat(), str(judgment))
    end = (question, answer or None, turn, str(Wave(wave).label))
    return FrozenAnswer._make((*start, *rest, *end))


class UnitCount(NamedTuple):
    """How many raters chose an option at one unit, named by its reply."""

    response_id: str
    item: int
    turn: int
    option: int
    raters: int


def unit_counts(asked: Asked) -> Iterator[UnitCount]:
    """Yield one row for each unit and option that was chosen, by item, turn and option."""
    fields = ("item__reply_1__external_id", "item_id", "turn", "option_id")
    counted = asked.answers().values(*fields).annotate(n=Count("pk"))
    rows = counted.order_by("item_id", "turn", "option_id").values_list(*fields, "n")
    return (UnitCount(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


class FrozenItem(NamedTuple):
    """One item with the current words of its reply."""

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
    anchors: dict[str, list[str]]
    metadata: dict[str, Any]
    text_version: int
    text_sha256: str
    messages: list[dict[str, str]]


def frozen_items(study_id: int) -> Iterator[FrozenItem]:
    """Yield every item of the study, in the order the items were made."""
    rows = (
        Item.objects.filter(study=study_id, reply_1__versions__current=True)
        .order_by("pk")
        .values_list(
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
            "query__anchors",
            "reply_1__metadata",
            "reply_1__versions__number",
            "reply_1__versions__sha256",
            "reply_1__versions__messages",
        )
    )
    return (FrozenItem(*row) for row in rows.iterator(chunk_size=TEXTS_PER_FETCH))


class FrozenRater(NamedTuple):
    """One rater who has judged."""

    id: int
    source: str
    cohort: str
    judgments: int


def frozen_raters(study_id: int, *, until: int) -> Iterator[FrozenRater]:
    """Yield the raters who have judged up to a cut-off, with how many items."""
    judged = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    counted = judged.values("rater_id").annotate(n=Count("pk")).order_by("rater_id")
    rows = counted.values_list("rater_id", "rater__source", "rater__cohort", "n")
    return (FrozenRater(*row) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))


def rater_ids(study_id: int) -> list[int]:
    """Return all raters of the study."""
    return list(Rater.objects.filter(study=study_id).order_by("pk").values_list("pk", flat=True))


class Opening(NamedTuple):
    """One decision to have items judged."""

    design: str
    wave: str
    raters_per_item: int
    seed: int
    items: int
    seats: int


def openings(study_id: int) -> list[Opening]:
    """Return how the study's items were chosen for judging, in order."""
    rows = SeatOpening.objects.filter(study=study_id).order_by("pk")
    found = rows.values_list("design", "wave", "raters_per_item", "seed", "items", "seats")
    return [Opening(design, str(Wave(wave).label), *rest) for design, wave, *rest in found]


class Fates(NamedTuple):
    """What became of the study's judgments up to a cut-off; all but the total add up to it."""

    total: int
    included: int
    superseded: int
    abandoned: int
    unfinished: int
    withdrawn: int


def fates(study_id: int, *, until: int) -> Fates:
    """Count judgments by what became of them."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until)
    newer = Judgment.objects.filter(seat=OuterRef("seat"), current=True)
    rows = rows.annotate(superseded=Exists(newer))
    left = Q(seat__abandoned_at__isnull=False)
    withdrawn = Q(current=False, rater__withdrew_at__isnull=False)
    old = Q(current=False, rater__withdrew_at=None)
    counted = rows.aggregate(
        n_total=Count("pk"),
        n_included=Count("pk", filter=Q(current=True)),
        n_superseded=Count("pk", filter=old & Q(superseded=True)),
        n_abandoned=Count("pk", filter=old & Q(superseded=False) & left),
        n_unfinished=Count("pk", filter=old & Q(superseded=False) & ~left),
        n_withdrawn=Count("pk", filter=withdrawn),
    )
    return Fates(*(int(counted[f"n_{fate}"]) for fate in Fates._fields))


def judgments_by_wave(study_id: int, *, until: int) -> dict[str, int]:
    """Count the current judgments of each wave."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    counted = rows.values_list("seat__wave").annotate(n=Count("pk")).order_by("seat__wave")
    return {str(Wave(wave).label): n for wave, n in counted}


def judgments_by_rubric(study_id: int, *, until: int) -> dict[str, int]:
    """Count the current judgments made under each rubric version."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    fields = ("rubric__key", "rubric__version")
    counted = rows.values_list(*fields).annotate(n=Count("pk")).order_by(*fields)
    return {f"{key} v{version}": n for key, version, n in counted}


def simulated_judgments(study_id: int, *, until: int) -> int:
    """Count the current judgments that a simulation made."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    return rows.filter(rater__source=RaterSource.SIMULATED).count()


def skips(study_id: int) -> int:
    """Count how often a rater passed an item over."""
    return Skip.objects.filter(item__study=study_id).count()


def open_seats(study_id: int) -> int:
    """Count the seats that are still open, nobody's or somebody's."""
    waiting = Seat.objects.filter(study=study_id, judged_at=None, abandoned_at=None)
    return waiting.count()


def rubric_source(rubric_id: int) -> dict[str, Any]:
    """Return the JSON a rubric version was made from."""
    source: dict[str, Any] = Rubric.objects.values_list("source", flat=True).get(pk=rubric_id)
    return source
