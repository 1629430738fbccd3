"""What is stored of a judgment, and what is refused or comes too late."""

import uuid

import pytest

from annotation.errors import AnswersInvalid, SeatNotHeld, ShownTextChanged
from annotation.models import Answer, Judgment, Rater, Seat, TextAnswer
from annotation.receipts import opened, sealed
from annotation.services import judgments, seats
from annotation.vocabulary import SkipReason, Wave
from tests import build
from tests.annotation.judging import answers, holding
from tests.build import HOUR, NOW, claim, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(study, tmp_path):
    """Ann and the seat she holds, at an item of one turn with one seat."""
    return holding(study, tmp_path)


@pytest.fixture
def long(study, tmp_path):
    """Ann and the seat she holds, at an item of two turns with one seat."""
    return holding(study, tmp_path, messages=build.conversation(2))


# What is stored


def test_a_judgment_keeps_everything_that_was_shown(held, study):
    ann, seat = held
    shown = build.receipt(seat, ann)

    stored = submit(ann, seat)

    kept = Judgment.objects.get(public_id=stored.judgment_id)
    assert (kept.rater, kept.seat, kept.item) == (ann, seat, seat.item)
    assert (kept.revision, kept.current) == (1, True)
    assert (kept.claimed_at, kept.created_at) == (NOW, NOW)
    assert (kept.shown_sha256, kept.rule_set) == (shown.shown_sha256, shown.rule_set)
    assert (kept.rubric_id, kept.guidelines_id) == (study.rubric_id, study.guidelines_id)


def test_answers_are_narrow_rows_with_item_cluster_and_wave(held):
    submit(*held)

    assert answers() == [("winner", "value_a"), ("misled", "no"), ("confidence", "3")]
    row = Answer.objects.first()
    assert (row.item, row.cluster) == (held[1].item, held[1].item.scenario)
    assert (row.wave, row.turn, row.current, row.single) == (Wave.FIRST, 0, True, True)


def test_judging_ends_the_lease_and_counts_once(held):
    ann, seat = held

    submit(ann, seat, at=NOW + HOUR / 2)

    seat.refresh_from_db()
    assert (seat.judged_at, seat.hold, seat.leased_until) == (NOW + HOUR / 2, None, None)
    assert ann.judged_count == Rater.objects.get(pk=ann.pk).judged_count == 1


def test_hidden_answers_are_dropped(held):
    submit(*held, misled="no", misled_who="user", mechanism="omission")

    assert answers() == [("winner", "value_a"), ("misled", "no"), ("confidence", "3")]


def test_several_choices_are_a_row_each_and_one_that_says_asked(held):
    submit(*held, misled="yes", misled_who=["user", "public"], mechanism="omission")

    assert ("misled_who", "") in answers()
    assert [code for key, code in answers() if key == "misled_who"] == ["", "public", "user"]
    assert not Answer.objects.filter(question__key="misled_who", single=True).exists()


def test_none_chosen_differs_from_not_asked(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    build.item(study, tmp_path, n_seats=2)
    ann, bob = build.rater(study), build.rater(study)

    submit(ann, claim(ann), misled="yes")
    submit(bob, claim(bob), misled="no")

    asked = Answer.objects.filter(question__key="who")
    assert [(row.judgment.rater, row.option.asked) for row in asked] == [(ann, True)]


def test_scale_and_text_are_stored(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    build.item(study, tmp_path)
    ann = build.rater(study)

    submit(ann, claim(ann), severity="4", note="  Très <b>étrange</b> \u202e ")

    assert ("severity", "4") in answers()
    assert TextAnswer.objects.get().text == "Très <b>étrange</b> \u202e"
    assert TextAnswer.objects.get().current


def test_an_unknown_key_is_not_looked_at(held):
    submit(*held, rater_id="7", is_gold="1", current="0")

    assert {key for key, _ in answers()} == {"winner", "misled", "confidence"}


# Refusals leave everything as it was


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"winner": []}, "winner"),
        ({"winner": ""}, "winner"),
        ({"winner": "value_c"}, "winner"),
        ({"winner": ["value_a", "value_b"]}, "winner"),
        ({"misled": "yes", "mechanism": "omission"}, "misled_who"),
        ({"misled": "yes", "mechanism": "omission", "misled_who": ["user", "user"]}, "misled_who"),
        ({"confidence": "6"}, "confidence"),
        ({"confidence": "３"}, "confidence"),
        ({"confidence": "\ud800"}, "confidence"),
    ],
)
def test_invalid_answers_are_named_and_nothing_is_written(sent, field, held):
    with pytest.raises(AnswersInvalid) as refusal:
        submit(*held, **sent)

    assert list(refusal.value.details["fields"]) == [field]
    assert not Judgment.objects.exists()
    assert Seat.objects.get().judged_at is None


def test_R031_a_validation_error_does_not_burn_the_submission(held):
    with pytest.raises(AnswersInvalid):
        submit(*held, winner="")

    assert not submit(*held).replayed


def test_R130_a_receipt_of_another_item_is_refused(study, tmp_path):
    build.item(study, tmp_path)
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    mine, other = claim(ann), claim(bob)
    form = sealed(build.receipt(other, bob))

    with pytest.raises(ShownTextChanged, match="another item"):
        opened(form, seat_key=mine.key)


def test_R130_a_receipt_of_another_raters_seat_stores_nothing(study, tmp_path):
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(bob)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=build.receipt(seat, bob))
    assert not Judgment.objects.exists()


def test_R032_the_same_key_says_nothing_of_anothers_answer(study, tmp_path):
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(bob)
    shown = build.receipt(seat, bob)
    submit(bob, seat)

    with pytest.raises(SeatNotHeld) as refusal:
        submit(ann, seat, sealed=shown)
    assert refusal.value.details == {}


def test_a_skipped_seat_takes_no_answers(held):
    ann, seat = held
    shown = build.receipt(seat, ann)
    seats.skip(rater=ann, key=seat.key, reason=SkipReason.BROKEN, now=NOW)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=shown)
    assert not Judgment.objects.exists()


# Late


def test_R037_a_late_submit_is_good_while_nobody_took_the_seat(held):
    ann, seat = held

    assert submit(ann, seat, at=NOW + 30 * HOUR).finished


def test_R037_a_late_submit_is_refused_when_the_seat_was_taken(held, study):
    ann, seat = held
    shown = build.receipt(seat, ann)
    bob = build.rater(study)
    claim(bob, at=NOW + HOUR)

    with pytest.raises(SeatNotHeld, match="went to someone else"):
        submit(ann, seat, sealed=shown, at=NOW + HOUR)
    assert not Judgment.objects.exists()


def test_R037_a_late_submit_is_refused_when_another_judged_it_meanwhile(held, study, monkeypatch):
    """The race: between finding the seat and closing it, bob took and judged it in the same words."""
    ann, seat = held
    shown = build.receipt(seat, ann)
    bob = build.rater(study)
    store = judgments._store

    def store_after_bob(found, rater, *rest):
        if rater.pk == ann.pk:
            submit(bob, claim(bob, at=NOW + HOUR), at=NOW + HOUR)
        return store(found, rater, *rest)

    monkeypatch.setattr(judgments, "_store", store_after_bob)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=shown, at=NOW + HOUR)
    assert Judgment.objects.get().rater_id == bob.pk


def test_R037_the_rest_of_an_abandoned_conversation_is_refused_as_not_held(long, study):
    ann, seat = long
    submit(ann, seat, turn=1)
    shown = build.receipt(seat, ann)
    claim(build.rater(study), at=NOW + 2 * HOUR)

    with pytest.raises(SeatNotHeld, match="went to someone else"):
        submit(ann, seat, sealed=shown, turn=2, at=NOW + 2 * HOUR)
    assert not Answer.objects.filter(turn=2).exists()


def test_public_ids_are_not_guessable(held):
    assert uuid.UUID(submit(*held).judgment_id).version == 4
