"""Seats that are left half way or skipped, and who gets them next."""

import pytest

from annotation.errors import SeatNotHeld
from annotation.models import Rater, Seat, Skip
from annotation.services import seats
from annotation.vocabulary import SkipReason
from tests import build
from tests.annotation.seating import items, open_seats
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


def skip(by, seat, *, at=NOW):
    seats.skip(rater=by, key=seat.key, reason=SkipReason.BROKEN, now=at)


# Left half way


def begun(study, tmp_path, *, n_seats=1, turns=3):
    """An item of several turns whose first turn ann judged; ann and her seat."""
    build.item(study, tmp_path, n_seats=n_seats, messages=build.conversation(turns))
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat, turn=1)
    seat.refresh_from_db()
    return ann, seat


def test_a_seat_left_half_way_is_abandoned_and_replaced(study, tmp_path):
    _, left = begun(study, tmp_path)

    new = claim(build.rater(study), at=NOW + HOUR)

    left.refresh_from_db()
    assert left.abandoned_at == NOW + HOUR
    assert (new.item_id, new.turns_judged, new.number) == (left.item_id, 0, left.number + 1)
    assert left.judgments.get().answers.count() > 0


def test_the_rater_of_an_abandoned_seat_never_meets_the_item_again(study, tmp_path):
    ann, _ = begun(study, tmp_path, n_seats=2)
    claim(build.rater(study), at=NOW + HOUR)
    claim(build.rater(study), at=NOW + HOUR)

    assert claim(ann, at=NOW + 3 * HOUR) is None


def test_a_seat_left_half_way_is_kept_for_its_rater_until_another_comes(study, tmp_path):
    ann, left = begun(study, tmp_path)

    assert claim(ann, at=NOW + 50 * HOUR).pk == left.pk


def test_two_replacements_at_one_item_get_numbers_of_their_own(study, tmp_path, monkeypatch):
    """The race: another abandoned seat of the item was replaced between counting and adding."""
    _, left = begun(study, tmp_path, n_seats=2)
    create, raced = Seat.objects.create, []

    def create_after_another(**fields):
        if not raced:
            raced.append(fields["number"])
            create(**fields)
        return create(**fields)

    monkeypatch.setattr(Seat.objects, "create", create_after_another)
    seats._replace(left, NOW + HOUR)

    left.refresh_from_db()
    assert left.abandoned_at is not None
    assert raced == [3]


def test_a_seat_whose_rater_came_back_meanwhile_is_not_replaced(study, tmp_path):
    ann, left = begun(study, tmp_path)
    claim(ann, at=NOW + 2 * HOUR)

    seats._replace(left, NOW + 2 * HOUR)

    left.refresh_from_db()
    assert left.abandoned_at is None
    assert Seat.objects.count() == 1


def test_a_rater_who_just_judged_still_gets_what_another_window_took(study, tmp_path, monkeypatch):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    held = claim(ann)

    again = seats.claim_next(rater=ann, now=NOW, has_just_judged=True)

    assert again.pk == held.pk
    assert Seat.objects.held_by(ann.pk).count() == 1


def test_opening_seats_again_fills_up_but_does_not_count_abandoned_ones(study, tmp_path):
    _, left = begun(study, tmp_path, n_seats=2)
    claim(build.rater(study), at=NOW + HOUR), claim(build.rater(study), at=NOW + HOUR)

    opened = open_seats(study, 3)

    assert opened.seats == 1
    assert Seat.objects.filter(item=left.item_id, abandoned_at=None).count() == 3


# Skipping


def test_a_skipped_item_is_not_offered_again_and_stays_free_for_others(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(ann)
    skip(ann, seat)

    assert claim(ann) is None
    assert claim(bob).pk == seat.pk


def test_a_skip_is_remembered_by_a_fresh_look_at_the_rater(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    skip(ann, claim(ann))

    ann = Rater.objects.select_related("study").get(pk=ann.pk)

    assert ann.skipped_count == 1
    assert claim(ann) is None
    assert Skip.objects.get().reason == SkipReason.BROKEN


def test_a_seat_is_skipped_once(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    skip(ann, seat)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)
    assert Rater.objects.get(pk=ann.pk).skipped_count == 1


def test_a_seat_of_another_rater_cannot_be_skipped(study, tmp_path):
    build.item(study, tmp_path)
    seat = claim(build.rater(study))

    with pytest.raises(SeatNotHeld):
        skip(build.rater(study), seat)
    assert Skip.objects.count() == 0


def test_a_judged_seat_cannot_be_skipped(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)


def test_skipping_half_way_keeps_the_answers_and_frees_the_item(study, tmp_path):
    ann, left = begun(study, tmp_path)

    skip(ann, left)

    left.refresh_from_db()
    assert left.abandoned_at == NOW
    assert left.judgments.get().answers.count() > 0
    assert claim(ann) is None
    assert claim(build.rater(study)).item_id == left.item_id


def test_skipping_an_item_again_in_a_stale_window_counts_once(study, tmp_path):
    """A window that does not know of the skip may still be given the item; skipping is fine."""
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    stale = Rater.objects.select_related("study").get(pk=ann.pk)
    skip(ann, claim(ann))

    skip(stale, claim(stale))

    assert Skip.objects.count() == 1
    assert Rater.objects.get(pk=ann.pk).skipped_count == 1


def test_a_seat_judged_a_turn_further_in_another_window_is_not_skipped(
    study, tmp_path, monkeypatch
):
    ann, seat = begun(study, tmp_path)
    give_back = seats._give_back

    def give_back_after_a_turn(found, rater, now):
        build.submit(ann, Seat.objects.select_related("item").get(pk=seat.pk), turn=2)
        return give_back(found, rater, now)

    monkeypatch.setattr(seats, "_give_back", give_back_after_a_turn)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)
    assert Skip.objects.count() == 0
