"""Changing what was said: every change is a new revision, and nothing is overwritten.

A rater may look again at a stage until the study's cut-off. What they say then of the whole, or of
a reply of one turn, is what counts from then on. What they say then of an earlier turn of a
conversation was said after its later turns were seen: it is kept as a late revision and counted
apart, because statistics use what was said before (``design.md`` §11.4).
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotation import signals
from annotation.answers import Given, Sent
from annotation.errors import AlreadyJudged, EditsClosed, SeatNotHeld, ShownTextChanged
from annotation.models import Judgment, Rater, Seat
from annotation.receipts import Receipt
from annotation.selectors import said
from annotation.selectors.cards import stage_turns
from annotation.selectors.edits import edits_closed
from annotation.selectors.rubrics import plan
from annotation.services import judgment_rows, seats
from annotation.services.judgments import Stored, checked_answers, stage_of
from annotation.signals import PageSignals
from annotation.stages import Stage


def revise(
    *,
    rater: Rater,
    receipt: Receipt,
    turn: int,
    sent: Sent,
    now: datetime,
    page: PageSignals = signals.ELSEWHERE,
) -> Stored:
    """Store a rater's second thoughts on one stage of a seat as a revision.

    Sending what is stored already stores nothing.

    Raises:
        SeatNotHeld: the seat is not this rater's, or this stage was not judged yet.
        EditsClosed: the study's cut-off has passed.
        AnswersInvalid: an answer is missing or not on offer.
        AlreadyJudged: it was changed in another window since this form was shown; both are in
            ``details``.
        ShownTextChanged: the form is of another rubric or text than the judgment.
    """
    seat = Seat.objects.filter(key=receipt.seat_key, rater=rater.pk).first()
    whole = said.whole_judgment(seat.pk) if seat is not None else None
    if seat is None or whole is None:
        raise SeatNotHeld(_nothing())
    closed = edits_closed(rater, at=now)
    if closed:
        raise EditsClosed(closed)
    stage = stage_of(plan(receipt.rubric_id, receipt.language), receipt, turn)
    _refuse_other(whole, receipt)
    if seat.judged_at is None and not 0 < turn <= seat.turns_judged:
        raise SeatNotHeld(_("This turn was not judged yet; there is nothing to change."))
    given = checked_answers(seat, rater, receipt, stage, sent)
    try:
        with transaction.atomic():
            if not seats.hold_judged(seat, rater):
                raise SeatNotHeld(_nothing())
            return _revised(seat, rater, whole, receipt, stage, given, page, now)
    except IntegrityError:
        # The rater's other window stored a revision at this very moment.
        raise _conflict(seat, receipt, stage, given) from None


def _nothing() -> str:
    return _("There is no answer of yours here that could be changed.")


def _refuse_other(whole: Judgment, receipt: Receipt) -> None:
    begun = (whole.text_version, whole.rubric_id)
    if begun != (receipt.text_version, receipt.rubric_id):
        raise ShownTextChanged(
            _(
                "This conversation was begun with another text or other questions. Please load the"
                " page again."
            )
        )


def _revised(
    seat: Seat,
    rater: Rater,
    whole: Judgment,
    receipt: Receipt,
    stage: Stage,
    given: tuple[Given, ...],
    page: PageSignals,
    now: datetime,
) -> Stored:
    latest = said.latest_of_stage(seat.pk, stage.turn) or whole
    turns = stage_turns(plan(receipt.rubric_id), stage)
    if said.said_at(latest.pk, turns=turns) == said.said_in(given):
        judgment_rows.take_draft(seat, stage.turn, revision=receipt.revision)
        return Stored(str(latest.public_id), finished=stage.last, replayed=True)
    last = said.last_revision(seat.pk)
    if last != receipt.revision:
        raise _conflict(seat, receipt, stage, given)
    late = stage.turn if not stage.last else None
    made = judgment_rows.begin(
        seat,
        rater,
        receipt,
        page,
        current=False,
        now=now,
        revision=last + 1,
        late_turn=late,
        position=whole.position,
    )
    if late is None:
        _supersede(whole, made.id, turns)
    judgment_rows.write(made.id, seat, given, current=late is None)
    touched = judgment_rows.take_draft(seat, stage.turn, revision=receipt.revision)
    judgment_rows.record_stage(made.id, stage.turn, page, shown_at=None, touched=touched, now=now)
    return Stored(made.public_id, finished=stage.last, replayed=False)


def _supersede(whole: Judgment, newer_id: int, replaced_turns: set[int]) -> None:
    """Make the newer judgment current, with all that was said of the turns it does not replace."""
    judgment_rows.set_current(whole.pk, current=False)
    Judgment.objects.filter(pk=newer_id).update(current=True)
    judgment_rows.copy(whole.pk, newer_id, turns_left_out=replaced_turns)


def _conflict(
    seat: Seat, receipt: Receipt, stage: Stage, given: tuple[Given, ...]
) -> AlreadyJudged:
    latest = said.latest_of_stage(seat.pk, stage.turn)
    rubric = plan(receipt.rubric_id)
    turns = stage_turns(rubric, stage)
    stored = said.said_at(latest.pk, turns=turns) if latest else said.Said()
    return AlreadyJudged(
        _("You changed this answer in another window since, and that change was kept."),
        stored=said.as_form(stored, rubric),
        sent=said.as_form(said.said_in(given), rubric),
    )
