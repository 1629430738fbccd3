"""Opening seats of the first wave: how many, at what, and that doing it again adds none."""

import pytest

from annotation.errors import SeatsRefused
from annotation.models import Item, Query, Scenario, Seat, SeatOpening
from annotation.services import openings, raters
from annotation.vocabulary import BatchState, Wave
from tests import build
from tests.annotation.seating import items, open_seats
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


def test_opening_seats_twice_adds_none(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2)

    again = open_seats(study, 2)

    assert (again.items, again.seats) == (3, 0)
    assert Seat.objects.count() == 6


def test_opening_more_raters_per_item_adds_what_is_missing(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2)

    assert open_seats(study, 5).seats == 9
    study.refresh_from_db()
    assert study.raters_per_item == 5


def test_later_replies_get_their_seats(study, tmp_path):
    items(study, tmp_path, 2, n_seats=2)
    build.batch(study, [build.reply_fields()], tmp_path)

    opened = open_seats(study, 2)

    assert (opened.items, opened.seats) == (3, 2)


def test_replies_of_an_unready_batch_get_no_seats(study, tmp_path):
    items(study, tmp_path, 1)
    late = build.batch(study, [build.reply_fields()], tmp_path)
    type(late).objects.filter(pk=late.pk).update(state=BatchState.READING)

    assert open_seats(study, 1).items == 1


def test_more_items_than_one_chunk_are_opened(study, tmp_path, monkeypatch):
    monkeypatch.setattr(openings, "ITEMS_AT_ONCE", 2)
    items(study, tmp_path, 5, n_seats=2)

    assert Item.objects.count() == 5
    assert Seat.objects.count() == 10


def test_an_opening_is_recorded_with_its_design(study, tmp_path):
    items(study, tmp_path, 2, n_seats=3)

    opening = SeatOpening.objects.get()

    assert (opening.wave, opening.design, opening.seed) == (Wave.FIRST, "all", 1)
    assert (opening.raters_per_item, opening.items, opening.seats) == (3, 2, 6)


@pytest.mark.parametrize("n", [0, -1, 1_001, 10**9])
def test_a_senseless_number_of_raters_is_refused(n, study, tmp_path):
    build.reply(study, tmp_path)

    with pytest.raises(SeatsRefused, match="at least one rater"):
        open_seats(study, n)
    assert SeatOpening.objects.count() == 0


def test_a_seed_no_database_stores_is_refused(study, tmp_path):
    build.reply(study, tmp_path)

    with pytest.raises(SeatsRefused, match="seed"):
        open_seats(study, 1, seed=2**63)


def test_a_study_without_replies_is_refused(study):
    with pytest.raises(SeatsRefused, match="no replies"):
        open_seats(study, 1)


def test_places_follow_from_seed_and_reply_alone(study, tmp_path):
    assert openings.place_of("r-1", seed=1) == openings.place_of("r-1", seed=1)
    assert openings.place_of("r-1", seed=1) != openings.place_of("r-1", seed=2)
    assert all(0 <= openings.place_of(f"r-{n}", seed=1) < raters.PLACES for n in range(200))


def test_seats_repeat_what_their_item_says(study, tmp_path):
    build.item(study, tmp_path, n_seats=1, scenario_id="s-1")

    seat = Seat.objects.get()

    assert seat.query == Query.objects.get() == seat.item.query
    assert seat.scenario == Scenario.objects.get() == seat.item.scenario


def test_lapsed_seats_are_those_whose_lease_ended(study, tmp_path):
    items(study, tmp_path, 2)
    left = claim(build.rater(study))

    assert list(Seat.objects.lapsed(at=NOW + HOUR)) == [left]
    assert not Seat.objects.lapsed(at=NOW).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R048_two_admins_opening_at_once_add_no_seat_twice(tmp_path):
    study = build.study()
    build.batch(study, [build.reply_fields() for _ in range(10)], tmp_path)

    found = build.at_once(*[lambda: open_seats(study, 3)] * 2)

    assert [error for error in found if isinstance(error, Exception)] == []
    assert Seat.objects.count() == 30
