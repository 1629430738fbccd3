"""Keeping what a rater has entered but not sent, at each answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotation.errors import AnswersInvalid, EditsClosed, SeatNotHeld
from annotation.models import Draft, Rater, Seat
from annotation.receipts import Receipt
from annotation.selectors.edits import edits_closed
from annotation.selectors.rubrics import plan
from annotation.services import judgments, seats
from annotation.stages import stage_at

LARGEST = 200_000
Sent = Mapping[str, Sequence[str]]


def keep(
    *, rater: Rater, receipt: Receipt, turn: int, sent: Sent, now: datetime
) -> datetime | None:
    """Store a draft of one stage, or of an edit of it; the lease of a held seat is renewed.

    The last draft to come in is the one that is kept. The seat's row is held until the draft is
    stored: nobody else gets the seat in between, and with it what was entered. Returns the new end
    of the lease; None for an edit, which has none.

    Raises:
        SeatNotHeld: the seat is not this rater's, or not at this stage.
        EditsClosed: an edit after the study's cut-off.
        AnswersInvalid: more text than any form holds.
        ShownTextChanged: an edit of a turn that there is not.
    """
    seat = Seat.objects.filter(key=receipt.seat_key, rater=rater.pk).first()
    if seat is None:
        raise SeatNotHeld(seats.gone())
    rubric = plan(receipt.rubric_id)
    keys = {question.key for question in rubric.questions}
    # Without NUL, which no database stores; sent as an answer it is refused with a sentence.
    answers = {
        name: [word.replace("\0", "") for word in words]
        for name, words in sent.items()
        if name.partition(".")[0] in keys and "\0" not in name and any(map(str.strip, words))
    }
    if sum(len(word) for words in answers.values() for word in words) > LARGEST:
        raise AnswersInvalid(_("This is more text than can be kept."), fields={})
    with transaction.atomic():
        until = _touch(seat, rater, receipt, turn, now)
        _store(seat, turn, receipt.revision, answers, now)
    return until


def _touch(seat: Seat, rater: Rater, receipt: Receipt, turn: int, now: datetime) -> datetime | None:
    """Hold the seat for this rater until the transaction ends."""
    if receipt.revision:
        if closed := edits_closed(rater, at=now):
            raise EditsClosed(closed)
        judgments.stage_of(plan(receipt.rubric_id), receipt, turn)
        if not seats.hold_judged(seat, rater):
            raise SeatNotHeld(seats.gone())
        return None
    rubric = plan(receipt.rubric_id)
    stage = stage_at(rubric.scopes, turns=receipt.turns, turns_judged=seat.turns_judged)
    if stage.turn != turn:
        raise SeatNotHeld(_("This item is at another turn. Please load the page again."))
    return seats.extend(rater=rater, key=receipt.seat_key, now=now)


def _store(
    seat: Seat, turn: int, revision: int, answers: dict[str, list[str]], now: datetime
) -> None:
    place = {"seat": seat, "turn": turn, "revision": revision}
    while True:
        draft = Draft.objects.filter(**place).first()
        touched = _touched(draft, answers, now)
        fields = {"answers": answers, "touched": touched, "updated_at": now}
        if draft is not None:
            Draft.objects.filter(pk=draft.pk).update(**fields)
            return
        try:
            with transaction.atomic():
                Draft.objects.create(**place, **fields)
        except IntegrityError:
            continue  # the rater's other window made it a moment ago
        return


def _touched(
    draft: Draft | None, answers: dict[str, list[str]], now: datetime
) -> dict[str, list[str]]:
    """Return, by question, when the server first and last heard of another answer to it."""
    before: dict[str, list[str]] = draft.answers if draft else {}
    touched: dict[str, list[str]] = dict(draft.touched) if draft else {}
    at = now.isoformat()
    for name in {*before, *answers}:
        if before.get(name) != answers.get(name):
            key = name.partition(".")[0]
            touched[key] = [touched.get(key, [at])[0], at]
    return touched
