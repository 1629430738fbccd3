"""Which items a rater may get and in which order; what a claim costs however long the queue is."""

import pytest

from annotation.models import Item, Seat
from annotation.services import raters, seats
from tests import build
from tests.annotation.seating import CLAIM, items, walk
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db


# Who may sit where


def test_two_framings_of_one_scenario_never_go_to_one_rater(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2, scenario_id="s-1")
    ann = build.rater(study)

    assert len(walk(ann)) == 1


def test_two_framings_of_one_scenario_do_where_the_study_allows_it(tmp_path):
    study = build.study(one_framing_per_scenario=False)
    items(study, tmp_path, 3, n_seats=2, scenario_id="s-1")

    assert len(walk(build.rater(study))) == 3


def test_the_rest_of_a_begun_framing_stays_eligible(study, tmp_path):
    items(study, tmp_path, 1, query_id="q-a", scenario_id="s-1", model="acme/one")
    items(study, tmp_path, 1, query_id="q-a", scenario_id="s-1", model="acme/two")
    items(study, tmp_path, 1, query_id="q-b", scenario_id="s-1", framing="value_a")

    met = walk(build.rater(study))

    queries = set(Item.objects.filter(pk__in=met).values_list("query__external_id", flat=True))
    assert len(queries) == 1


def test_a_rater_gets_no_more_replies_to_one_query_than_the_study_says(tmp_path):
    study = build.study(replies_per_query=2)
    for model in "abcd":
        items(study, tmp_path, 1, query_id="q-1", model=f"acme/{model}")

    assert len(walk(build.rater(study))) == 2


def test_without_a_limit_a_rater_gets_every_reply_to_a_query(study, tmp_path):
    for model in "abcd":
        items(study, tmp_path, 1, query_id="q-1", model=f"acme/{model}")

    assert len(walk(build.rater(study))) == 4


def test_a_held_seat_counts_as_had(tmp_path):
    """Two windows of time: what ann holds, lapsed or not, keeps its sibling framing from her."""
    study = build.study()
    items(study, tmp_path, 2, scenario_id="s-1")
    ann = build.rater(study)
    first = claim(ann)
    build.submit(ann, first)

    assert claim(ann) is None


# The order


def test_half_of_the_raters_walk_down(study):
    names = [f"rater-{n}" for n in range(400)]

    down = [raters.order_of(study, "account", name)["descending"] for name in names]

    assert 160 < sum(down) < 240


def test_an_order_is_drawn_from_the_secret_and_stays(study):
    other = build.study()

    drawn = raters.order_of(study, "account", "ann")

    assert drawn == raters.order_of(study, "account", "ann")
    assert drawn != raters.order_of(other, "account", "ann")
    assert drawn["cursor"] == drawn["start"]


@pytest.mark.parametrize("descending", [False, True])
def test_a_rater_meets_every_item_once_in_the_order_of_places(descending, study, tmp_path):
    items(study, tmp_path, 12)
    places = list(Seat.objects.order_by("place").values_list("place", flat=True))
    ann = build.rater(study, descending=descending, start=places[5], cursor=places[5])

    met = walk(ann)

    by_place = list(Seat.objects.order_by("place").values_list("item_id", flat=True))
    up = by_place[5:] + by_place[:5]
    down = by_place[5::-1] + by_place[:5:-1]
    assert met == (down if descending else up)


def test_two_items_come_in_both_orders(study, tmp_path):
    items(study, tmp_path, 2, n_seats=10)
    up = build.rater(study, descending=False, start=0, cursor=0)
    down = build.rater(study, descending=True, start=0, cursor=0)

    assert walk(up) == walk(down)[::-1]


@pytest.mark.parametrize("cursor", [0, 2**31 - 1])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("place", [0, 2**31 - 1])
def test_the_ends_of_the_circle_are_reached(place, descending, cursor, study, tmp_path):
    build.item(study, tmp_path)
    Seat.objects.update(place=place)
    ann = build.rater(study, descending=descending, start=cursor, cursor=cursor)

    assert claim(ann) is not None


@pytest.mark.parametrize("descending", [False, True])
def test_nobody_is_told_none_while_an_eligible_seat_is_free(
    descending, study, tmp_path, monkeypatch
):
    """The windows are small, and all but one of many seats at one place are not for ann."""
    monkeypatch.setattr(seats, "FIRST_WINDOW", 2)
    monkeypatch.setattr(seats, "LARGEST_WINDOW", 3)
    items(study, tmp_path, 12, n_seats=4, scenario_id="s-1")
    only = build.item(study, tmp_path, n_seats=4)
    Seat.objects.update(place=77)
    ann = build.rater(study, descending=descending)
    build.judgment(ann)
    if only.pk in Seat.objects.filter(rater=ann).values_list("item_id", flat=True):
        assert len(walk(ann)) == 1
    else:
        assert walk(ann) == [only.pk]


def test_many_raters_fill_every_seat_exactly(study, tmp_path, monkeypatch):
    monkeypatch.setattr(seats, "FIRST_WINDOW", 2)
    items(study, tmp_path, 7, n_seats=3)
    for _ in range(3):
        assert len(set(walk(build.rater(study)))) == 7

    assert claim(build.rater(study)) is None
    assert not Seat.objects.filter(judged_at=None).exists()


@pytest.mark.parametrize("n", [3, 40])
def test_claiming_costs_the_same_however_long_the_queue(
    n, study, tmp_path, django_assert_num_queries
):
    items(study, tmp_path, n, n_seats=3)
    ann = build.rater(study, start=0, cursor=0, descending=False)
    build.judgment(ann)

    with django_assert_num_queries(CLAIM):
        seats.claim_next(rater=ann, now=NOW)


def test_claiming_costs_the_same_however_much_was_judged(
    study, tmp_path, django_assert_num_queries
):
    items(study, tmp_path, 25, n_seats=2)
    ann = build.rater(study, start=0, cursor=0, descending=False)
    for _ in range(20):
        build.judgment(ann)

    with django_assert_num_queries(CLAIM):
        seats.claim_next(rater=ann, now=NOW)
