"""Drafts: what was entered and not sent."""

from datetime import timedelta

import pytest

from annotation.errors import AnswersInvalid, EditsClosed, SeatNotHeld, ShownTextChanged
from annotation.models import Draft, Judgment, Seat, StageRecord, Study
from annotation.receipts import opened
from annotation.selectors.cards import card_for, card_for_edit
from annotation.services import drafts, seats
from annotation.vocabulary import SkipReason
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def study():
    return build.study(rubric=build.EVERY_TYPE)


@pytest.fixture
def held(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    return ann, claim(ann)


def keep(ann, seat, *, at=NOW, turn=0, receipt=None, **sent):
    return drafts.keep(
        rater=ann, receipt=receipt or build.receipt(seat, ann), turn=turn, sent=sent, now=at
    )


def test_a_draft_is_in_the_form_again(held):
    ann, seat = held
    keep(ann, seat, misled=["yes"], who=["user"], note=["half a thought"])

    card = card_for(claim(ann), ann)

    assert card.restored
    by_key = {question.key: question for question in card.questions}
    assert [o.code for o in by_key["who"].options if o.chosen] == ["user"]
    assert by_key["note"].text == "half a thought"


def test_the_last_draft_is_kept(held):
    ann, seat = held
    keep(ann, seat, misled=["yes"])
    keep(ann, seat, misled=["no"])

    assert Draft.objects.get().answers == {"misled": ["no"]}


def test_only_answers_are_kept(held):
    ann, seat = held

    keep(ann, seat, misled=["no"], note=["  "], is_gold=["1"], rater=["2"])

    assert Draft.objects.get().answers == {"misled": ["no"]}


def test_a_draft_renews_the_lease(held):
    ann, seat = held

    until = keep(ann, seat, at=NOW + 30 * MINUTE, misled=["no"])

    assert until == Seat.objects.get(pk=seat.pk).leased_until == NOW + 90 * MINUTE


def test_a_draft_of_anothers_seat_is_refused(held, study):
    _, seat = held
    receipt = build.receipt(seat, held[0])

    with pytest.raises(SeatNotHeld):
        keep(build.rater(study), seat, receipt=receipt, misled=["no"])
    assert not Draft.objects.exists()


def test_a_draft_of_a_seat_that_went_to_another_is_refused(held, study):
    ann, seat = held
    receipt = build.receipt(seat, ann)
    claim(build.rater(study), at=NOW + HOUR)

    with pytest.raises(SeatNotHeld):
        keep(ann, seat, at=NOW + HOUR, receipt=receipt, misled=["no"])


def test_a_draft_of_another_turn_is_refused(tmp_path):
    study = build.study()
    build.item(study, tmp_path, messages=build.conversation(2))
    ann = build.rater(study)

    with pytest.raises(SeatNotHeld, match="another turn"):
        keep(ann, claim(ann), turn=2, winner=["both"])


def test_a_draft_that_no_form_holds_is_refused(held):
    ann, seat = held

    with pytest.raises(AnswersInvalid):
        keep(ann, seat, note=["x" * (drafts.LARGEST + 1)])


def test_sending_the_answers_ends_the_draft(held):
    ann, seat = held
    keep(ann, seat, misled=["no"])

    build.submit(ann, seat, misled="no")

    assert not Draft.objects.exists()


def test_skipping_ends_the_draft(held):
    ann, seat = held
    keep(ann, seat, misled=["no"])

    seats.skip(rater=ann, key=seat.key, reason=SkipReason.BROKEN, now=NOW)

    assert not Draft.objects.exists()


def test_a_draft_is_never_shown_to_the_next_rater_of_the_seat(held, study):
    ann, seat = held
    keep(ann, seat, note=["ann's own words"])
    bob = build.rater(study)

    card = card_for(claim(bob, at=NOW + 2 * HOUR), bob)

    assert not card.restored
    assert all(question.text == "" for question in card.questions)


def test_the_server_keeps_when_it_first_and_last_heard_of_each_answer(held):
    ann, seat = held
    keep(ann, seat, at=NOW, misled=["yes"])
    keep(ann, seat, at=NOW + MINUTE, misled=["no"])
    keep(ann, seat, at=NOW + 2 * MINUTE, misled=["no"], note=["x"])

    build.submit(ann, seat, at=NOW + 3 * MINUTE, misled="no", note="x")

    record = StageRecord.objects.get()
    assert record.questions["misled"] == {
        "first_at": NOW.isoformat(),
        "last_at": (NOW + MINUTE).isoformat(),
    }
    assert record.questions["note"]["first_at"] == (NOW + 2 * MINUTE).isoformat()
    assert (record.shown_at, record.submitted_at) == (NOW, NOW + 3 * MINUTE)


def test_a_draft_of_an_edit_is_kept_and_ends_with_it(held):
    ann, seat = held
    build.submit(ann, seat, misled="no")
    seat.refresh_from_db()
    receipt = opened(card_for_edit(seat, ann, turn=0).receipt, seat_key=seat.key)

    keep(ann, seat, receipt=receipt, misled=["yes"], who=["user"])

    card = card_for_edit(seat, ann, turn=0)
    assert card.restored
    assert Judgment.objects.count() == 1


def test_after_the_cut_off_no_edit_is_drafted(held, study):
    ann, seat = held
    build.submit(ann, seat, misled="no")
    seat.refresh_from_db()
    receipt = opened(card_for_edit(seat, ann, turn=0).receipt, seat_key=seat.key)
    Study.objects.filter(pk=study.pk).update(edits_until=NOW)
    ann.study.refresh_from_db()

    with pytest.raises(EditsClosed):
        keep(ann, seat, receipt=receipt, misled=["yes"])


def test_two_tabs_drafting_at_once_leave_one_draft(held, monkeypatch):
    """The race: between looking for a draft and making it, the other tab made it."""
    ann, seat = held
    create, other = Draft.objects.create, []

    def create_after_the_other(**fields):
        if not other:
            other.append(create(**fields))
        return create(**fields)

    monkeypatch.setattr(Draft.objects, "create", create_after_the_other)

    keep(ann, seat, misled=["no"])

    assert Draft.objects.count() == 1


def test_a_draft_that_comes_in_while_the_item_is_skipped_is_never_shown_to_others(
    held, study, monkeypatch
):
    """The race: between finding the rater's seat and storing the draft, the other tab skipped it."""
    ann, seat = held
    receipt = build.receipt(seat, ann)
    extend = seats.extend

    def extend_after_the_skip(**fields):
        seats.skip(rater=ann, key=seat.key, reason=SkipReason.BROKEN, now=NOW)
        return extend(**fields)

    monkeypatch.setattr(seats, "extend", extend_after_the_skip)

    with pytest.raises(SeatNotHeld):
        keep(ann, seat, receipt=receipt, note=["ann's own words"])
    assert not Draft.objects.exists()


def test_a_draft_is_kept_without_what_no_database_stores(held):
    ann, seat = held

    keep(ann, seat, **{"note": ["one\0two"], "note.\0": ["three"], "misled": ["yes"]})

    assert Draft.objects.get().answers == {"note": ["onetwo"], "misled": ["yes"]}


@pytest.mark.parametrize("turn", [1, 2, 32_768, 99_999])
def test_a_draft_of_an_edit_of_a_turn_that_there_is_not_is_refused(held, turn):
    ann, seat = held
    build.submit(ann, seat, misled="no")
    edit = card_for_edit(Seat.objects.select_related("item").get(pk=seat.pk), ann, turn=0)

    with pytest.raises(ShownTextChanged):
        keep(ann, seat, receipt=opened(edit.receipt, seat_key=seat.key), turn=turn, misled=["yes"])

    assert not Draft.objects.exists()
