"""Known answers, and how raters' answers stand beside them. Never for raters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db.models import QuerySet

from annotation.models import Answer, GoldAnswer, Option, Rater, Study
from annotation.plans import QuestionPlan, RubricPlan, with_values
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.selectors.rubrics import plan
from annotation.vocabulary import QuestionType, RaterSource

# Item, question and turn: what has one known answer.
Spot = tuple[int, int, int]


class Scored(NamedTuple):
    """One rater's answer where another is known: whether it is right, and how far off it is.

    ``distance`` is of scales: how many points lie between the two.
    """

    rater: int
    item: int
    question: int
    turn: int
    right: bool
    distance: float | None


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """What is right at one place, who said so, and how many raters found it.

    ``id`` is of one of its rows; ``ended_at`` is set where it was removed or replaced.
    """

    id: int
    item: int
    name: str
    question: str
    question_label: str
    turn: int
    answer: str
    answer_label: str
    reason: str
    file_name: str
    line: int
    added_by: str
    added_at: datetime
    ended_by: str
    ended_at: datetime | None
    judged: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True)
class GoldCounts:
    """How many of a rater's answers stand beside a known one, and how many are right."""

    judged: int = 0
    right: int = 0


def scored(
    study_id: int,
    rubric: RubricPlan,
    *,
    item_ids: Iterable[int] | None = None,
    rater_ids: Iterable[int] | None = None,
) -> Iterator[Scored]:
    """Yield every current answer to a question of this rubric whose right answer is known.

    Whatever wave the seat was of: an item that is gold may have been a rater's in the first wave,
    and what they said there is as much beside the known answer. Several choices are right when
    exactly the known ones were chosen.
    """
    questions = {question.id: question for question in rubric.questions}
    gold = GoldAnswer.objects.in_force().filter(item__study=study_id, question__in=questions)
    if item_ids is not None:
        gold = gold.filter(item__in=list(item_ids))
    known = _known(gold)
    answers = Answer.objects.filter(
        current=True,
        judgment__current=True,
        judgment__item__in=gold.values("item"),
        question__in={question for _, question, _ in known},
    )
    if rater_ids is not None:
        answers = answers.filter(judgment__rater__in=list(rater_ids))
    rows = answers.order_by("judgment_id", "question_id", "turn").values_list(
        "judgment__rater_id", "judgment_id", "item_id", "question_id", "turn", "option_id"
    )
    for (rater, _, item, question, turn), chosen in groupby(
        rows.iterator(chunk_size=ROWS_PER_FETCH), key=lambda row: row[:5]
    ):
        right = known.get((item, question, turn))
        if right is not None:
            given = frozenset(row[5] for row in chosen)
            distance = _distance(questions[question], given, right)
            yield Scored(rater, item, question, turn, given == right, distance)


def _known(gold: QuerySet[GoldAnswer]) -> dict[Spot, frozenset[int]]:
    found: dict[Spot, set[int]] = {}
    rows = gold.values_list("item_id", "question_id", "turn", "option_id")
    for item, question, turn, option in rows:
        found.setdefault((item, question, turn), set()).add(option)
    return {spot: frozenset(options) for spot, options in found.items()}


def _distance(question: QuestionPlan, given: frozenset[int], right: frozenset[int]) -> float | None:
    """Return how many points of a scale lie between two answers."""
    if question.type != QuestionType.SCALE:
        return None
    points = {option.id: option.value for option in question.options}
    (one,), (other,) = given, right
    here, there = points[one], points[other]
    return None if here is None or there is None else abs(here - there)


def counts_by_rater(study: Study, rater_ids: Iterable[int]) -> dict[int, GoldCounts]:
    """Return how each of these raters did beside known answers; nobody who met none is in it."""
    judged: dict[int, list[bool]] = {}
    for one in scored(study.pk, plan(study.rubric_id or 0), rater_ids=rater_ids):
        judged.setdefault(one.rater, []).append(one.right)
    return {rater: GoldCounts(len(found), sum(found)) for rater, found in judged.items()}


def gold_items(study: Study) -> QuerySet[GoldAnswer, int]:
    """Return the items of which something is known under the study's rubric, as their numbers."""
    rows = GoldAnswer.objects.in_force().filter(
        item__study=study, question__rubric=study.rubric_id, item__retired_at=None
    )
    return rows.order_by("item_id").values_list("item_id", flat=True).distinct()


def under_other_rubrics(study: Study) -> int:
    """Return of how many items something is known under another version of the rubric only."""
    others = GoldAnswer.objects.in_force().filter(item__study=study)
    others = others.exclude(question__rubric=study.rubric_id)
    here = GoldAnswer.objects.in_force().filter(question__rubric=study.rubric_id)
    others = others.exclude(item__in=here.values("item"))
    return others.values("item").distinct().count()


def answers_of(study: Study, *, ended: bool = False) -> QuerySet[GoldAnswer]:
    """Return the known answers of the study by item, one row each; or those that have ended."""
    rows = GoldAnswer.objects.filter(item__study=study, ended_at__isnull=not ended)
    rows = rows.filter(question__rubric=study.rubric_id)
    # Of several choices the row "asked" stands for all; every other question has one row.
    one_row = rows.filter(single=True) | rows.filter(single=False, option__asked=True)
    ordered = ("-ended_at", "item_id") if ended else ("item_id",)
    return one_row.order_by(*ordered, "question__position", "turn", "pk")


def described(
    study: Study, rows: Iterable[GoldAnswer], *, beside_raters: bool = True
) -> list[KnownAnswer]:
    """Return known answers in words, with how many raters answered there and how many rightly."""
    ids = [row.pk for row in rows]
    found = list(
        GoldAnswer.objects.filter(pk__in=ids).select_related(
            "item__reply_1", "item__reply_2", "question", "option", "added_by", "ended_by"
        )
    )
    counts = _counts_by_spot(study, {row.item_id for row in found}) if beside_raters else {}
    several, reasons = _of_several(found)
    by_id = {
        row.pk: _described(row, several, reasons, counts.get(_spot(row), GoldCounts()))
        for row in found
    }
    return [by_id[pk] for pk in ids]


def _spot(row: GoldAnswer) -> Spot:
    return (row.item_id, row.question_id, row.turn)


def _counts_by_spot(study: Study, item_ids: set[int]) -> dict[Spot, GoldCounts]:
    judged: dict[Spot, list[bool]] = {}
    for one in scored(study.pk, plan(study.rubric_id or 0), item_ids=item_ids):
        judged.setdefault((one.item, one.question, one.turn), []).append(one.right)
    return {spot: GoldCounts(len(found), sum(found)) for spot, found in judged.items()}


# A known answer of several choices: its place, and when it came.
Several = tuple[Spot, datetime, datetime | None]


def _of_several(rows: list[GoldAnswer]) -> tuple[dict[Several, list[Option]], dict[Several, str]]:
    """Return the options and the reasons of answers that have several rows."""
    items = {row.item_id for row in rows if not row.single}
    several = GoldAnswer.objects.filter(item__in=items, single=False)
    chosen: dict[Several, list[Option]] = {}
    reasons: dict[Several, str] = {}
    for row in several.select_related("option").order_by("option__position"):
        key = (_spot(row), row.added_at, row.ended_at)
        chosen.setdefault(key, [])
        if not row.option.asked:
            chosen[key].append(row.option)
        words = [reasons.get(key, ""), row.reason]
        reasons[key] = "; ".join(dict.fromkeys(word for word in words if word))
    return chosen, reasons


def _described(
    row: GoldAnswer,
    several: dict[Several, list[Option]],
    reasons: dict[Several, str],
    counts: GoldCounts,
) -> KnownAnswer:
    chosen, reason = [row.option], row.reason
    if not row.single:
        key = (_spot(row), row.added_at, row.ended_at)
        chosen, reason = several[key], reasons[key]
    replies = (row.item.reply_1, row.item.reply_2)
    return KnownAnswer(
        id=row.pk,
        item=row.item_id,
        name=" and ".join(reply.external_id for reply in replies if reply is not None),
        question=row.question.key,
        question_label=_spoken(row.question.label),
        turn=row.turn,
        answer=", ".join(option.code for option in chosen),
        answer_label=", ".join(_spoken(option.label) for option in chosen),
        reason=reason,
        file_name=row.file_name,
        line=row.line,
        added_by=row.added_by.username if row.added_by else "",
        added_at=row.added_at,
        ended_by=row.ended_by.username if row.ended_by else "",
        ended_at=row.ended_at,
        judged=counts.judged,
        right=counts.right,
    )


def _spoken(label: str) -> str:
    return with_values(label, "value A", "value B")


class RaterFacts(NamedTuple):
    """Who a rater is, as results say it; the account's name is for admins."""

    id: int
    name: str
    source: RaterSource
    cohort: str
    paused: bool


def rater_facts(study_id: int, rater_ids: Iterable[int]) -> dict[int, RaterFacts]:
    """Return these raters of the study."""
    found = Rater.objects.filter(study=study_id, pk__in=list(rater_ids)).select_related("user")
    return {
        rater.pk: RaterFacts(
            rater.pk,
            rater.user.username if rater.user else rater.external_id,
            RaterSource(rater.source),
            rater.cohort,
            rater.paused_at is not None,
        )
        for rater in found
    }
