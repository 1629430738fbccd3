"""Recording what raters say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from annotation import answers as checking
from annotation import signals
from annotation.answers import Given, Sent
from annotation.errors import AlreadyJudged, RubricChanged, SeatNotHeld, ShownTextChanged
from annotation.models import Clause, Judgment, Rater, Seat
from annotation.models.statements import changed, moment
from annotation.plans import RubricPlan
from annotation.receipts import Receipt
from annotation.selectors import said
from annotation.selectors.cards import shown_before
from annotation.selectors.readings import markable, reading_of
from annotation.selectors.rubrics import plan
from annotation.services import judgment_rows
from annotation.signals import PageSignals
from annotation.spans import Texts
from annotation.stages import Stage, stage_at
from annotation.vocabulary import ItemKind


def _already() -> str:
    return _("You answered this item before, in another window, and that answer was kept.")


def _lost() -> str:
    return _(
        "This item went to someone else while you were away. Your answers are still on this"
        " page, but they cannot be stored; the next item is waiting."
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a submission: the judgment, whether it is whole, and whether it was there."""

    judgment_id: str
    finished: bool
    replayed: bool


def submit(
    *,
    rater: Rater,
    receipt: Receipt,
    turn: int,
    sent: Sent,
    now: datetime,
    page: PageSignals = signals.ELSEWHERE,
) -> Stored:
    """Record a rater's answers to one stage of a seat.

    Sending the same answers again, at the same moment or a day later, stores nothing and gives
    the same judgment; other answers are refused with both. A lapsed lease is still good while
    nobody else took the seat.

    Raises:
        SeatNotHeld: the seat is not this rater's, or went to someone else. Nothing is written.
        AnswersInvalid: an answer is missing or not on offer; the seat stays as it was.
        AlreadyJudged: this stage has other answers.
        RubricChanged: the questions are not the study's any more, and this item was not begun.
        ShownTextChanged: the turn is not the one this seat is at, or the conversation was begun
            with another text or rubric.
    """
    seat = _seat(receipt.seat_key, rater)
    if seat is None:
        raise SeatNotHeld(_lost())
    rubric = plan(receipt.rubric_id, receipt.language)
    _refuse_old_questions(seat, rater, rubric, receipt)
    stage = stage_of(rubric, receipt, turn)
    given = checked_answers(seat, rater, receipt, stage, sent)
    stored = _store(seat, rater, receipt, stage, given, page, now)
    if stored is not None:
        return stored
    return _replayed(seat, rubric, stage, given)


_SEAT = "SELECT * FROM annotation_seat WHERE key = %s AND rater_id = %s"


def _seat(key: str, rater: Rater) -> Seat | None:
    return next(iter(Seat.objects.raw(_SEAT, [key, rater.pk])), None)


def _refuse_old_questions(seat: Seat, rater: Rater, rubric: RubricPlan, receipt: Receipt) -> None:
    """Refuse a form whose questions were changed before this item was begun."""
    now_asked = rater.study.rubric_id
    open_and_new = seat.judged_at is None and seat.abandoned_at is None and not seat.turns_judged
    if not open_and_new or now_asked in (None, receipt.rubric_id):
        return
    changes = rubric.changes_to(plan(now_asked or 0, receipt.language))
    raise RubricChanged(
        _("The questions were changed while you had this item open. Please look at them again."),
        changes=changes,
    )


def stage_of(rubric: RubricPlan, receipt: Receipt, turn: int) -> Stage:
    """Return the stage the rater says they are at, if the rubric has it.

    Raises:
        ShownTextChanged: it has none such.
    """
    judged = receipt.turns if turn == 0 else turn - 1
    stage = stage_at(rubric.scopes, turns=receipt.turns, turns_judged=judged)
    if stage.turn != turn or not 0 <= turn <= receipt.turns:
        raise ShownTextChanged(
            _("There is no such turn to judge here. Please load the page again.")
        )
    return stage


def checked_answers(
    seat: Seat, rater: Rater, receipt: Receipt, stage: Stage, sent: Sent
) -> tuple[Given, ...]:
    """Return the answers of a stage, places looked up in the very text the receipt names.

    Raises:
        AnswersInvalid: an answer is missing or not on offer, or a place lies outside the text.
    """
    rubric = plan(receipt.rubric_id, receipt.language)
    return checking.checked(
        rubric,
        stage,
        sent,
        texts=_texts(seat, rater, receipt, rubric, stage),
        clause_ids=lambda: frozenset(
            Clause.objects.filter(version=receipt.specification_id).values_list(
                "clause_id", flat=True
            )
        ),
    )


def _texts(
    seat: Seat, rater: Rater, receipt: Receipt, rubric: RubricPlan, stage: Stage
) -> Callable[[], Texts]:
    def texts() -> Texts:
        readings = [
            reading_of(
                seat.item_id,
                slot=slot,
                before=shown_before(receipt, slot),
                with_system=rater.study.shows_system_messages,
            )
            for slot in ((1, 2) if rubric.kind == ItemKind.PAIR else (1,))
        ]
        shown = [reading.sha256 for reading in readings]
        if shown != [receipt.shown_sha256, receipt.shown_sha256_2][: len(shown)]:
            raise ShownTextChanged(
                _("The text was changed while you had it open. Please load the page again.")
            )
        return markable(readings, turn=stage.turn)

    return texts


_HELD = " WHERE id = %s AND rater_id = %s AND judged_at IS NULL AND abandoned_at IS NULL"
_CLOSE = (
    "UPDATE annotation_seat SET judged_at = %s, hold = NULL, leased_until = NULL"
    f"{_HELD} AND turns_judged = %s"
)
_NEXT_TURN = (
    f"UPDATE annotation_seat SET turns_judged = %s, leased_until = %s{_HELD} AND turns_judged = %s"
)
_COUNT = "UPDATE annotation_rater SET judged_count = judged_count + 1 WHERE id = %s"


@transaction.atomic
def _store(
    seat: Seat,
    rater: Rater,
    receipt: Receipt,
    stage: Stage,
    given: tuple[Given, ...],
    page: PageSignals,
    now: datetime,
) -> Stored | None:
    """Close the stage if it is still open and write its answers; None when it is closed already."""
    before = stage.turn - 1 if stage.turn else _turns_before_whole(receipt)
    held = [seat.pk, rater.pk, before]
    if stage.last:
        closed = changed(_CLOSE, [moment(now), *held])
    else:
        until = now + timedelta(minutes=rater.study.lease_minutes)
        closed = changed(_NEXT_TURN, [stage.turn, moment(until), *held])
    if closed != 1:
        return None
    judgment = _judgment(seat, rater, receipt, page, finished=stage.last, first=not before, now=now)
    judgment_rows.write(judgment.id, seat, given, current=stage.last)
    touched = judgment_rows.take_draft(seat, stage.turn, revision=0)
    shown_at = judgment_rows.last_sent_at(judgment.id) if before else seat.shown_at
    judgment_rows.record_stage(
        judgment.id, stage.turn, page, shown_at=shown_at, touched=touched, now=now
    )
    if stage.last:
        changed(_COUNT, [rater.pk])
        rater.judged_count += 1
    return Stored(judgment.public_id, finished=stage.last, replayed=False)


def _turns_before_whole(receipt: Receipt) -> int:
    first = stage_at(plan(receipt.rubric_id).scopes, turns=receipt.turns, turns_judged=0)
    return receipt.turns if first.turn else 0


def _judgment(
    seat: Seat,
    rater: Rater,
    receipt: Receipt,
    page: PageSignals,
    *,
    finished: bool,
    first: bool,
    now: datetime,
) -> judgment_rows.Written:
    """Return the seat's judgment, made at its first stage and current once it is whole."""
    if first:
        position = rater.judged_count + 1
        return judgment_rows.begin(
            seat, rater, receipt, page, current=finished, now=now, position=position
        )
    judgment = Judgment.objects.get(seat=seat, revision=1)
    begun = judgment.text_version, judgment.rubric_id
    if begun != (receipt.text_version, receipt.rubric_id):
        raise ShownTextChanged(
            _(
                "This conversation was begun with another text or other questions. Please load the"
                " page again."
            )
        )
    if finished:
        judgment_rows.set_current(judgment.pk, current=True)
    return judgment_rows.Written(judgment.pk, str(judgment.public_id))


def _replayed(seat: Seat, rubric: RubricPlan, stage: Stage, given: tuple[Given, ...]) -> Stored:
    """Answer a submission whose stage is closed: the same answers are fine, others are not."""
    seat.refresh_from_db(fields=["judged_at", "abandoned_at", "turns_judged"])
    judgment = said.latest_of_stage(seat.pk, stage.turn)
    closed = seat.judged_at is not None or 0 < stage.turn <= seat.turns_judged
    others = judgment is not None and judgment.rater_id != seat.rater_id
    if judgment is None or others or (seat.abandoned_at is not None and not closed):
        raise SeatNotHeld(_lost())
    if not closed:
        raise ShownTextChanged(_("This item is at another turn. Please load the page again."))
    turns = {turn for __, turn in checking.asked(rubric, stage)}
    stored, sent = said.said_at(judgment.pk, turns=turns), said.said_in(given)
    if stored == sent:
        return Stored(str(judgment.public_id), finished=stage.last, replayed=True)
    raise AlreadyJudged(
        _already(),
        stored=said.as_form(stored, plan(judgment.rubric_id)),
        sent=said.as_form(sent, rubric),
    )


def refuse_if_judged(*, rater: Rater, key: str, sent: Sent) -> None:
    """Refuse answers to a seat that this rater judged before, whatever is missing in them.

    Raises:
        AlreadyJudged: ``details`` has what was stored and what was sent.
    """
    mine = Judgment.objects.filter(seat__key=key, rater=rater.pk, current=True)
    judgment = mine.first()
    if judgment is None:
        return
    raise AlreadyJudged(
        _already(),
        stored=said.as_form(said.said_at(judgment.pk), plan(judgment.rubric_id)),
        sent={key: list(words) for key, words in sent.items()},
    )
