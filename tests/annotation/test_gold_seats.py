"""Seats at gold items: of which wave, where they stand, and that no rater gets one twice."""

from http import HTTPStatus

import pytest

from annotation.errors import SeatsRefused
from annotation.models import Item, Rater, Seat, SeatOpening
from annotation.selectors.progress import progress_of
from annotation.services import gold, openings
from annotation.vocabulary import Role, Wave
from tests import build
from tests.annotation.disputing import seats_at
from tests.annotation.test_commands import run
from tests.build import NOW, claim
from tests.evaluation import given
from tests.pages import page

pytestmark = pytest.mark.django_db


def know(study, tmp_path, *lines):
    rows = [{"response_id": reply, "question": "safe", "answer": answer} for reply, answer in lines]
    path = build.jsonl(tmp_path / "gold.jsonl", rows)
    tally = gold.load(study=study, path=path, now=NOW)
    assert not tally.refused, tally.errors


def open_gold(study, *, n=2, seed=1):
    return gold.open_seats(study=study, raters_per_item=n, seed=seed, now=NOW)


@pytest.fixture
def fresh(tmp_path):
    """Six replies with a first-wave seat each; r1 and r4 are gold."""
    made = build.study("f", rubric=build.SAFE, raters_per_item=1)
    given.replies(made, tmp_path, *(f"r{number}" for number in range(6)))
    build.open_seats(made, n_seats=1)
    know(made, tmp_path, ("r1", "yes"), ("r4", "no"))
    return made


def test_gold_items_get_seats_of_wave_gold(fresh):
    opening = open_gold(fresh)

    assert (opening.items, opening.seats) == (2, 4)
    assert seats_at(wave=Wave.GOLD) == ["r1", "r1", "r4", "r4"]
    assert opening.rule == {"gold": True, "rubric_version": 1}


def test_opening_them_again_adds_none(fresh):
    open_gold(fresh)

    assert open_gold(fresh).seats == 0


def test_what_was_taken_back_or_out_gets_none(fresh):
    row = fresh.items.get(reply_1__external_id="r1").gold.get()
    gold.remove(study=fresh, gold_id=row.pk, now=NOW, by_id=None)
    Item.objects.filter(reply_1__external_id="r4").update(retired_at=NOW)

    with pytest.raises(SeatsRefused, match="no gold items"):
        open_gold(fresh)


def test_a_gold_seat_stands_where_the_items_first_seat_stands(fresh):
    open_gold(fresh)

    places = {}
    for name, place in Seat.objects.values_list("item__reply_1__external_id", "place"):
        places.setdefault(name, set()).add(place)
    assert {len(found) for found in places.values()} == {1}


def test_with_another_seed_gold_seats_are_drawn_among_the_others(fresh):
    open_gold(fresh, seed=99)

    drawn = {openings.place_of(name, seed=99) for name in ("r1", "r4")}
    assert set(Seat.objects.filter(wave=Wave.GOLD).values_list("place", flat=True)) == drawn


def test_no_rater_gets_a_gold_item_twice(fresh):
    open_gold(fresh, n=3)
    ann = build.rater(fresh)

    met = []
    while seat := claim(ann):
        met.append(seat.item_id)
        build.submit(ann, seat, safe="yes")

    assert (len(met), len(set(met))) == (6, 6)


def test_gold_items_alone_are_not_short_of_target(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=1)
    given.replies(study, tmp_path, "r")
    know(study, tmp_path, ("r", "yes"))
    open_gold(study)

    assert progress_of(study, at=NOW).short == 0


def test_an_admin_opens_gold_seats_on_the_page(fresh, client):
    client.force_login(build.member(fresh, Role.ADMIN))

    answer = client.post("/studies/f/gold/seats/", {"raters_per_item": 2, "seed": 3}, follow=True)

    assert "4 seats were added at 2 gold items." in page(answer)
    assert SeatOpening.objects.get(wave=Wave.GOLD).seed == 3


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"raters_per_item": 0, "seed": 1}, "greater than or equal to 1"),
        ({"raters_per_item": 1, "seed": 1}, "no gold items yet"),
    ],
)
def test_gold_seats_that_cannot_be_are_refused(tmp_path, client, sent, words):
    study = build.study("g", rubric=build.SAFE)
    given.replies(study, tmp_path, "r")
    know(study, tmp_path, ("r", "yes"))
    if sent["raters_per_item"]:
        Item.objects.update(retired_at=NOW)
    client.force_login(build.member(study, Role.ADMIN))

    answer = client.post("/studies/g/gold/seats/", sent)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page(answer)


def test_the_command_opens_gold_seats(fresh, capsys):
    code, out, _ = run(capsys, "open_seats", "f", "--wave", "gold", "--raters", 2)

    assert (code, out) == (0, "4 seats added; 2 items are open.\n")
    assert Rater.objects.filter(study=fresh).count() == 0
