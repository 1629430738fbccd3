"""A rater's own past judgments and pace, as blind as the items were."""

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Page, Paginator

from annotation.models import Judgment, Rater, Seat
from annotation.rendering import one_way
from annotation.selectors.cards import (
    CardMessage,
    CardReply,
    EarlierAnswers,
    earlier_answers,
    numbered,
    pair_messages,
    readings_of,
    turns_of,
)
from annotation.selectors.readings import ValueShown
from annotation.selectors.rubrics import plan
from annotation.stages import stage_at

# On one page of the list.
LISTED = 200
# The pace is the median over the latest judgments.
PACE_OF = 50


@dataclass(frozen=True, slots=True)
class PastJudgment:
    """One line of the rater's own list."""

    public_id: UUID
    created_at: datetime
    revision: int
    value_a: str
    value_b: str


@dataclass(frozen=True, slots=True)
class PastStage:
    """What was said at one stage, and the turn under which it can be changed."""

    turn: int
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PastCard:
    """A judged conversation with the rater's own answers."""

    seat_key: str
    value_a: ValueShown
    value_b: ValueShown
    messages: tuple[CardMessage, ...]
    replies: tuple[CardReply, ...]
    language: str
    stages: tuple[PastStage, ...]
    text_changed: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a rater has come, and how long an item takes them (seconds, None if unknown)."""

    judged: int
    skipped: int
    judged_today: int
    most: int | None
    seconds: float | None

    @property
    def left(self) -> int | None:
        """How many items this rater may still judge, where there is a limit."""
        return None if self.most is None else max(0, self.most - self.judged)


def judgments_of(rater: Rater, page: str) -> Page[PastJudgment]:
    """Return a page of the rater's judgments, the latest first."""
    rows = (
        Judgment.objects.filter(rater=rater.pk, current=True)
        .order_by("-pk")
        .values_list(
            "public_id",
            "created_at",
            "revision",
            "item__query__value_a__name",
            "item__query__value_b__name",
        )
    )
    found: Any = Paginator(rows, LISTED).get_page(page)
    found.object_list = [
        PastJudgment(public_id, created_at, revision, one_way(a), one_way(b))
        for public_id, created_at, revision, a, b in found.object_list
    ]
    return cast("Page[PastJudgment]", found)


def judgment_of(rater: Rater, public_id: UUID, *, language: str = "") -> PastCard | None:
    """Return one of the rater's own judgments as it was shown, or None."""
    judgment = (
        Judgment.objects.filter(rater=rater.pk, public_id=public_id, current=True)
        .select_related("seat")
        .first()
    )
    if judgment is None:
        return None
    rubric = plan(judgment.rubric_id, language)
    seat = judgment.seat
    readings = readings_of(seat, rater.study, rubric, judgment)
    first = readings[0]
    shown = [reading.sha256 for reading in readings]
    messages: tuple[CardMessage, ...] = numbered(first.shown, first.html)
    replies: tuple[CardReply, ...] = ()
    if len(readings) > 1:
        messages, replies = pair_messages(readings, judgment.side)
    turns = turns_of(rubric, readings)
    by_turn = stage_at(rubric.scopes, turns=turns, turns_judged=0).turn > 0
    return PastCard(
        seat_key=seat.key or "",
        value_a=first.value_a,
        value_b=first.value_b,
        messages=messages,
        replies=replies,
        language=first.language,
        stages=_stages(earlier_answers(seat, judgment, rubric, first), by_turn=by_turn),
        text_changed=shown != [judgment.shown_sha256, judgment.shown_sha256_2][: len(shown)],
    )


def _stages(said: tuple[EarlierAnswers, ...], *, by_turn: bool) -> tuple[PastStage, ...]:
    """Return the stages that were judged one by one; a reply of one turn has one in all."""
    if by_turn:
        return tuple(PastStage(stage.turn, stage.answers) for stage in said)
    return (PastStage(0, tuple(answer for stage in said for answer in stage.answers)),)


def pace_of(rater: Rater, *, at: datetime) -> Pace:
    """Return a rater's progress and pace."""
    done = Seat.objects.filter(rater=rater.pk, judged_at__isnull=False)
    today = done.filter(
        judged_at__gte=at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    )
    latest = done.exclude(shown_at=None).order_by("-judged_at")[:PACE_OF]
    seconds = [
        (judged - shown).total_seconds()
        for shown, judged in latest.values_list("shown_at", "judged_at")
        if shown and judged
    ]
    return Pace(
        judged=rater.judged_count,
        skipped=rater.skipped_count,
        judged_today=today.count(),
        most=rater.study.judgments_per_rater,
        seconds=median(seconds) if seconds else None,
    )
