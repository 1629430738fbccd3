"""Leaving a study: what a rater is owed when they withdraw, done at once or not at all."""

import secrets
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Max, Min, Model, OuterRef, Q

from annotation.models import (
    Answer,
    CitedClause,
    Draft,
    Flag,
    Guess,
    Judgment,
    Membership,
    PersonalDecision,
    Rater,
    Seat,
    SpanAnswer,
    StageRecord,
    TextAnswer,
    Withdrawal,
)
from annotation.selectors.consents import policy_for
from annotation.services import lanes, seats
from annotation.tally import chunks
from annotation.vocabulary import OnWithdrawal, Role, Wave

log = structlog.get_logger("touchstone.withdrawals")
SEATS_AT_ONCE = 500
# What was said, each row with the judgment it belongs to; and besides, how it came about.
SAID: tuple[type[Model], ...] = (Answer, TextAnswer, SpanAnswer, CitedClause)
RECORDED: tuple[type[Model], ...] = (Guess, StageRecord, PersonalDecision, *SAID)
OF_ITS_RATER = (
    "rater",
    "key",
    "hold",
    "claimed_at",
    "leased_until",
    "shown_at",
    "judged_at",
)


def withdraw(*, rater: Rater, now: datetime) -> Withdrawal:
    """End a rater's part in a study, as the consent they gave last promised; twice is as once.

    What they hold goes to others, what they entered and did not send is gone, and the account is
    not linked to the rater any more and cannot rate here again. Under ``keep`` their judgments stay
    and count no longer; under ``delete`` they go. Either way somebody else judges those items.

    Safe against a submission at the same moment: every act of a rater on an item begins by changing
    or locking its seat, so all the rater's seats are locked first, then the rater; a seat that was
    taken in between is seen, and everything begins again.
    """
    while True:
        try:
            with transaction.atomic():
                done = _withdrawn(rater, now)
                transaction.set_rollback(done is None)
        except IntegrityError:
            continue  # a seat that replaces one of theirs met another of the same number
        if done is not None:
            return done


def _withdrawn(rater: Rater, now: datetime) -> Withdrawal | None:
    """Withdraw the rater, whose seats are locked here; None where one was taken meanwhile."""
    locked = _locked_seats(rater)
    if Rater.objects.filter(pk=rater.pk, withdrew_at=None).update(withdrew_at=now) != 1:
        return Withdrawal.objects.get(rater=rater.pk)
    if _seat_ids(rater) - locked:
        return None
    stored = Rater.objects.select_related("study").get(pk=rater.pk)
    Draft.objects.filter(seat__rater=rater.pk).delete()
    seats.give_back_all(rater=stored, now=now)
    made = _recorded(stored, now)
    if made.policy == OnWithdrawal.DELETE:
        _delete_judgments(stored)
    else:
        _set_aside(stored)
    _judge_again(stored, now, kept=made.policy == OnWithdrawal.KEEP)
    Flag.objects.filter(rater=rater.pk).exclude(note="").update(note="")
    _unlink(stored, now)
    rater.user, rater.withdrew_at, rater.judged_count = None, now, 0
    # Not who: a line with the account and the rater's number would undo the unlinking.
    log.info("rater_withdrew", study=stored.study.slug, policy=made.policy)
    return made


def _locked_seats(rater: Rater) -> set[int]:
    """Lock the rater's seats, always in the same order; on SQLite the transaction has them."""
    mine = Seat.objects.filter(rater=rater.pk).order_by("pk")
    return set(mine.select_for_update(no_key=True).values_list("pk", flat=True))


def _seat_ids(rater: Rater) -> set[int]:
    return set(Seat.objects.filter(rater=rater.pk).values_list("pk", flat=True))


def _recorded(rater: Rater, now: datetime) -> Withdrawal:
    """Write down that it happened: also what lets the database delete, under that policy."""
    counted = Q(seat__judged_at__isnull=False, late_turn=None)
    about = Judgment.objects.filter(rater=rater.pk).aggregate(
        n=Count("pk"), first=Min("pk", filter=counted), last=Max("pk", filter=counted)
    )
    return Withdrawal.objects.create(
        rater=rater,
        policy=policy_for(rater),
        withdrew_at=now,
        judgments=about["n"],
        first_judgment=about["first"],
        last_judgment=about["last"],
    )


def _set_aside(rater: Rater) -> None:
    """Keep what was said and let none of it count."""
    Judgment.objects.filter(rater=rater.pk, current=True).update(current=False)
    for table in SAID:
        rows = table._default_manager.filter(judgment__rater=rater.pk, current=True)
        rows.update(current=False)


def _delete_judgments(rater: Rater) -> None:
    for table in RECORDED:
        table._default_manager.filter(judgment__rater=rater.pk).delete()
    Judgment.objects.filter(rater=rater.pk).delete()


def _judge_again(rater: Rater, now: datetime, *, kept: bool) -> None:
    """Have others judge what this rater judged: a seat with judgments is replaced, else freed.

    Imported seats were never anybody's to take, and are only closed.
    """
    mine = Seat.objects.filter(rater=rater.pk, judged_at__isnull=False)
    mine.filter(wave=Wave.IMPORTED).update(judged_at=None, abandoned_at=now)
    for lot in chunks(list(mine.order_by("pk").values_list("pk", flat=True)), SEATS_AT_ONCE):
        these = Seat.objects.filter(pk__in=lot)
        lanes.uncount(these.values_list("lane_id", flat=True))
        if kept:
            successors = _successors(list(these.order_by("pk")))
            these.update(judged_at=None, abandoned_at=now)
            _park_as_others([seat.pk for seat in Seat.objects.bulk_create(successors)])
        else:
            these.update(**dict.fromkeys(OF_ITS_RATER), turns_judged=0)
            _park_as_others(lot)


def _successors(judged: list[Seat]) -> list[Seat]:
    """Return new seats with the next numbers, one at the item of each seat."""
    at_these = Seat.objects.filter(item__in=[seat.item_id for seat in judged])
    rows = at_these.values_list("item", "wave").annotate(n=Max("number")).order_by()
    highest = {(item, wave): n for item, wave, n in rows}
    return [
        Seat(
            study_id=seat.study_id,
            item_id=seat.item_id,
            query_id=seat.query_id,
            scenario_id=seat.scenario_id,
            opening_id=seat.opening_id,
            lane_id=seat.lane_id,
            wave=seat.wave,
            number=highest[seat.item_id, seat.wave] + 1,
            place=seat.place,
            side=seat.side,
        )
        for seat in judged
    ]


def _park_as_others(seat_ids: list[int]) -> None:
    """Let seats wait for an admin where the item's other seats do, or the item was taken out."""
    parked = Seat.objects.filter(item=OuterRef("item"), parked=True)
    waits = Q(Exists(parked)) | Q(item__retired_at__isnull=False)
    Seat.objects.filter(waits, pk__in=seat_ids).update(parked=True)


def _unlink(rater: Rater, now: datetime) -> None:
    """Cut what leads from the rater's rows to the person, and close the study to the account."""
    if rater.user_id is not None:
        of_account = Membership.objects.filter(study=rater.study_id, user=rater.user_id)
        of_account.filter(role=Role.RATER, ended_at=None).update(ended_at=now)
        of_account.update(withdrew_at=now)
    name = f"withdrew-{secrets.token_hex(8)}"
    Rater.objects.filter(pk=rater.pk).update(user=None, external_id=name, judged_count=0)
