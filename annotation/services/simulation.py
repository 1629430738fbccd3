"""Raters who are not people: they walk the real way, from a seat to a stored judgment.

For demonstrations and load tests. Their source is ``simulated``, which shows wherever their
judgments do.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import strip_tags

from annotation.answers import asked
from annotation.models import Rater, Seat, Study
from annotation.plans import QuestionPlan
from annotation.receipts import opened
from annotation.selectors.cards import Card, card_for
from annotation.selectors.rubrics import plan
from annotation.services import judgments, raters, seats
from annotation.stages import stage_at
from annotation.tally import Progress, no_progress
from annotation.vocabulary import QuestionType, RaterSource

# Options by code with their probability or weight; by question.
Opinion = Mapping[str, Any]
NO_OPINION: Opinion = {}
# What they never answer: these may be left out in every ready-made rubric.
UNSAID = (QuestionType.TEXT, QuestionType.SPANS)
CARELESS = 0.08
LIKELY = 0.5
# Silent reading of careful people (150 to 330 words a minute), from one text to another, and what
# a question takes beside it.
CHARACTERS_A_SECOND = (13.0, 28.0)
MORE_OR_LESS = (0.8, 1.4)
SECONDS_AN_ANSWER = (1.5, 6.0)


def run(
    *,
    study: Study,
    opinions: Mapping[str, Opinion],
    n_raters: int,
    items_each: int,
    seed: int,
    now: datetime,
    takes_time: bool = False,
    usually: Opinion = NO_OPINION,
    progress: Progress = no_progress,
) -> int:
    """Let simulated raters judge; returns how many judgments they made.

    Args:
        study: an open study with seats.
        opinions: by reply id, what people would say of it: for each question the probability of
            each option, and ``turns`` with the same for each turn. A reply that is not named is
            answered at random.
        n_raters: how many raters; they keep their names, so that a second run goes on.
        items_each: how many items each of them judges at most in this run.
        seed: the same seed, study and opinions give the same answers.
        now: when they judge; with ``takes_time`` when each of them begins.
        takes_time: a judgment takes as long as a person would need to read and answer, by the
            seed; without it none takes any, and all are made at ``now``.
        usually: the same as of one reply, for questions of which its own opinion says nothing.

    A question that may be left out is, where nobody says what people think of it; places are never
    marked, and nothing is said in words.
    """
    names = [f"simulated-{number:02d}" for number in range(1, n_raters + 1)]
    raters.named(study=study, names=names, source=RaterSource.SIMULATED, now=now)
    made = 0
    for name in names:
        rater = Rater.objects.select_related("study").get(
            study=study, source=RaterSource.SIMULATED, external_id=name
        )
        pace = _Pace(f"{seed}:{name}") if takes_time else None
        at = now
        for _ in range(items_each):
            seat = seats.claim_next(rater=rater, now=at)
            if seat is None:
                break
            at = _judge(seat, rater, opinions, usually, seed=seed, now=at, pace=pace)
            made += 1
            progress(made)
    return made


class _Pace:
    """How long one rater takes; the same name takes the same times at the same texts."""

    def __init__(self, name: str) -> None:
        self._draw = random.Random(f"{name}:pace")  # noqa: S311 - made-up people, no secret
        self._speed = self._draw.uniform(*CHARACTERS_A_SECOND)

    def of(self, *, characters: int, questions: int) -> timedelta:
        """Return the time to read so many characters and answer so many questions."""
        reading = characters / self._speed * self._draw.uniform(*MORE_OR_LESS)
        answering = sum(self._draw.uniform(*SECONDS_AN_ANSWER) for _ in range(questions))
        return timedelta(seconds=round(reading + answering, 1))


def _judge(
    seat: Seat,
    rater: Rater,
    opinions: Mapping[str, Opinion],
    usually: Opinion,
    *,
    seed: int,
    now: datetime,
    pace: _Pace | None,
) -> datetime:
    """Judge all stages of a seat; returns when that was done."""
    reply_id = seat.item.reply_1.external_id
    draw = random.Random(f"{seed}:{rater.external_id}:{reply_id}")  # noqa: S311 - made-up people, no secret
    opinion = opinions.get(reply_id, {}) if draw.random() > CARELESS else {}
    finished, read, at = False, 0, now
    while not finished:
        card = card_for(seat, rater)
        receipt = opened(card.receipt, seat_key=card.seat_key)
        rubric = plan(receipt.rubric_id)
        scopes = frozenset(question.scope for question in rubric.questions)
        stage = stage_at(scopes, turns=card.turns, turns_judged=seat.turns_judged)
        about = {**usually, **_about(opinion, stage.turn)}
        sent = {q.key: _answer(q, about, draw) for q, _ in asked(rubric, stage)}
        if pace is not None:
            characters = _characters(card)
            at += pace.of(characters=max(characters - read, 0), questions=len(sent))
            read = characters
        stored = judgments.submit(rater=rater, receipt=receipt, turn=stage.turn, sent=sent, now=at)
        finished = stored.finished
        seat.turns_judged = stage.turn
    return at


def _characters(card: Card) -> int:
    """Return how much text a card shows."""
    messages = [*card.messages, *(one for reply in card.replies for one in reply.messages)]
    return sum(len(strip_tags(message.html)) for message in messages)


def _about(opinion: Opinion, turn: int) -> Opinion:
    turns = opinion.get("turns", [])
    return turns[turn - 1] if turn and turn <= len(turns) else opinion


def _answer(question: QuestionPlan, opinion: Opinion, draw: random.Random) -> list[str]:
    codes = [option.code for option in question.options]
    said = opinion.get(question.key, {})
    if question.type in UNSAID or not codes or not (said or question.required):
        return []
    weights = [float(said.get(code, 0.0)) for code in codes]
    if not sum(weights):
        weights = _usual(question, len(codes))
    first = draw.choices(codes, weights)[0]
    if question.type != QuestionType.SEVERAL:
        return [first]
    largest = max(weights)
    more = [
        code
        for code, weight in zip(codes, weights, strict=True)
        if code != first and weight and draw.random() < LIKELY * weight / largest
    ]
    return [first, *more]


def _usual(question: QuestionPlan, n: int) -> list[float]:
    """Return weights where nobody said what people think: scales lean to their upper middle."""
    if question.type != QuestionType.SCALE:
        return [1.0] * n
    return [float(1 + min(point, 2 * (n - 1 - point))) for point in range(n)]
