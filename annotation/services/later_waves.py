"""Later waves: further seats at items that were judged, and why they were opened."""

from datetime import datetime
from decimal import Decimal

import structlog
from django.db import transaction

from annotation.errors import SeatsRefused
from annotation.models import SeatOpening, Study
from annotation.selectors.disagreement import Rule, disputed_items
from annotation.selectors.rubrics import plan
from annotation.services import openings
from annotation.services.lanes import as_first_wave
from annotation.vocabulary import CLOSED_TYPES, WHOLE_CONVERSATION, Scope, Wave

log = structlog.get_logger("touchstone.seats")
AFTER_DISAGREEMENT = (Wave.EXTRA, Wave.ADJUDICATION)
# Seats at more items than this are opened by the worker, not while a page waits.
ITEMS_AT_ONCE = 5_000
WHOLE, ANY_TURN = "whole", "any"
MOST_TURNS = 32_767


def rule_of(
    study: Study, *, question: str, about: str, share_below: Decimal | None, at_least: int | None
) -> Rule:
    """Return what an admin means by disagreement.

    ``about`` is ``whole``, ``any`` turn, or a turn's number; empty is what the question is asked
    of. No share asks for a tie; no number of raters is what the study wants of each item.

    Raises:
        SeatsRefused: no such closed question, one that is not asked of this, or a number beyond
            its limits.
    """
    rubric = plan(study.rubric_id or 0)
    closed = {q.key: q for q in rubric.questions if q.type in CLOSED_TYPES}
    if question not in closed:
        known = ", ".join(closed)
        raise SeatsRefused(f"The rubric has no question {question!r} with options; it has {known}.")
    if share_below is not None and not 0 < share_below <= 1:
        raise SeatsRefused("The share is above 0 and at most 1, such as 0.67.")
    if at_least is not None and at_least < 2:
        raise SeatsRefused("It takes at least two raters to disagree.")
    asked = closed[question]
    turn = _turn(asked.scope, about or (ANY_TURN if asked.scope == Scope.TURN else WHOLE))
    return Rule(asked, turn, share_below, at_least or max(study.raters_per_item, 2))


def _turn(scope: Scope, about: str) -> int | None:
    if about == WHOLE:
        turn: int | None = WHOLE_CONVERSATION
    elif about == ANY_TURN:
        turn = None
    elif about.isascii() and about.isdecimal() and 1 <= int(about[:9]) <= MOST_TURNS:
        turn = int(about)
    else:
        raise SeatsRefused(f"About is {WHOLE}, {ANY_TURN} or the number of a turn.")
    unasked = Scope.TURN if turn == WHOLE_CONVERSATION else Scope.CONVERSATION
    if scope == unasked:
        of = "each turn" if scope == Scope.TURN else "the whole conversation"
        raise SeatsRefused(f"This question is asked of {of} only.")
    return turn


def open_after_disagreement(
    *,
    study: Study,
    wave: Wave,
    rule: Rule,
    raters_per_item: int,
    seed: int,
    now: datetime,
    by_id: int | None = None,
    reason: str = "",
    cohort: str = "",
) -> SeatOpening:
    """Give items at which raters disagree further seats: extra ones, or of an adjudicating cohort.

    Nobody at such a seat sees what was said before, or that the item was judged before. What
    counts as disagreement is kept with the opening; opening again adds seats at items that fit
    the rule since, and none where they are.

    Raises:
        SeatsRefused: another wave, adjudication without a cohort, no disagreement by this rule, or
            a number beyond its limits.
    """
    if wave not in AFTER_DISAGREEMENT:
        raise SeatsRefused("After disagreement there are extra seats and adjudication.")
    if wave == Wave.ADJUDICATION and not cohort:
        raise SeatsRefused("Name the cohort that adjudicates: its raters alone get these seats.")
    with transaction.atomic():
        opening = openings.open_wave(
            study=study,
            wave=wave,
            items=disputed_items(rule),
            raters_per_item=raters_per_item,
            seed=seed,
            now=now,
            by_id=by_id,
            reason=reason or f"Raters disagree on {rule}.",
            rule=rule.as_json(),
            routing=as_first_wave(study, cohort=cohort),
        )
    log.info("wave_opened", study=study.slug, wave=str(wave.label), seats=opening.seats, by=by_id)
    return opening
