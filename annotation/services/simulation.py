"""Raters who are not people: they walk the real way, from a seat to a stored judgment.

For demonstrations and load tests. Their source is ``simulated``, which shows wherever their
judgments do.
"""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotation.answers import asked
from annotation.models import Rater, Seat, Study
from annotation.plans import QuestionPlan
from annotation.receipts import opened
from annotation.selectors.cards import card_for
from annotation.selectors.rubrics import plan
from annotation.services import judgments, raters, seats
from annotation.stages import stage_at
from annotation.tally import Progress, no_progress
from annotation.vocabulary import QuestionType, RaterSource

# Options by code with their probability or weight; by question.
Opinion = Mapping[str, Any]
CARELESS = 0.08
LIKELY = 0.5


def run(
    *,
    study: Study,
    opinions: Mapping[str, Opinion],
    n_raters: int,
    items_each: int,
    seed: int,
    now: datetime,
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
        now: when they judge.
    """
    names = [f"simulated-{number:02d}" for number in range(1, n_raters + 1)]
    raters.named(study=study, names=names, source=RaterSource.SIMULATED, now=now)
    made = 0
    for name in names:
        rater = Rater.objects.select_related("study").get(
            study=study, source=RaterSource.SIMULATED, external_id=name
        )
        for _ in range(items_each):
            seat = seats.claim_next(rater=rater, now=now)
            if seat is None:
                break
            _judge(seat, rater, opinions, seed=seed, now=now)
            made += 1
            progress(made)
    return made


def _judge(
    seat: Seat, rater: Rater, opinions: Mapping[str, Opinion], *, seed: int, now: datetime
) -> None:
    reply_id = seat.item.reply_1.external_id
    draw = random.Random(f"{seed}:{rater.external_id}:{reply_id}")  # noqa: S311 - not a secret
    opinion = opinions.get(reply_id, {}) if draw.random() > CARELESS else {}
    finished = False
    while not finished:
        card = card_for(seat, rater)
        receipt = opened(card.receipt, seat_key=card.seat_key)
        rubric = plan(receipt.rubric_id)
        scopes = frozenset(question.scope for question in rubric.questions)
        stage = stage_at(scopes, turns=card.turns, turns_judged=seat.turns_judged)
        about = _about(opinion, stage.turn)
        sent = {q.key: _answer(q, about, draw) for q, _ in asked(rubric, stage)}
        stored = judgments.submit(rater=rater, receipt=receipt, turn=stage.turn, sent=sent, now=now)
        finished = stored.finished
        seat.turns_judged = stage.turn


def _about(opinion: Opinion, turn: int) -> Opinion:
    turns = opinion.get("turns", [])
    return turns[turn - 1] if turn and turn <= len(turns) else opinion


def _answer(question: QuestionPlan, opinion: Opinion, draw: random.Random) -> list[str]:
    codes = [option.code for option in question.options]
    if question.type == QuestionType.TEXT or not codes:
        return []
    said = opinion.get(question.key, {})
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
