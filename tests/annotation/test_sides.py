"""Which reply of a pair stands first: dealt so that no model stands first more often (R-090)."""

from collections import Counter

import pytest

from annotation.models import Item, LanguageModel, Seat
from annotation.services import openings, seats, withdrawals
from annotation.vocabulary import Wave
from tests import build
from tests.annotation.seating import CLAIM
from tests.annotation.test_pairs import PAIR, open_pairs, replies
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study(rubric="pairwise")


def of_items(study):
    """How often each side stands first, by item."""
    found: dict[int, Counter[int]] = {}
    for seat in Seat.objects.filter(study=study, abandoned_at=None):
        found.setdefault(seat.item_id, Counter())[seat.side] += 1
    return found


def of_models(study, **which):
    """How much more often one model stands first than the other, by pair of models."""
    found: Counter[tuple[str, str]] = Counter()
    kept = Seat.objects.filter(study=study, abandoned_at=None, **which)
    for seat in kept.select_related("item__reply_1__model", "item__reply_2__model"):
        models = [seat.item.reply_1.model.key, seat.item.reply_2.model.key]
        found[tuple(sorted(models))] += 1 if models[seat.side - 1] == min(models) else -1
    return found


@pytest.mark.parametrize("n_seats", [1, 2, 3, 4])
def test_R090_each_reply_of_a_pair_stands_first_as_often_as_the_other(study, tmp_path, n_seats):
    replies(study, tmp_path, queries=5)

    open_pairs(study, pairs=2, n_seats=n_seats)

    found = of_items(study)
    assert len(found) == 10
    assert {abs(sides[1] - sides[2]) for sides in found.values()} == {n_seats % 2}


@pytest.mark.parametrize("n_seats", [1, 2, 3, 4])
def test_R090_each_model_of_a_pair_stands_first_as_often_as_the_other(study, tmp_path, n_seats):
    replies(study, tmp_path, queries=9)

    open_pairs(study, pairs=3, n_seats=n_seats)

    found = of_models(study)
    assert len(found) == 3
    assert {abs(lead) for lead in found.values()} == {n_seats % 2}  # nine items: one is left over


@pytest.mark.parametrize("n_seats", [2, 3])
def test_R090_what_is_judged_first_is_balanced_too(study, tmp_path, n_seats):
    replies(study, tmp_path, queries=8)

    open_pairs(study, pairs=3, n_seats=n_seats)

    assert set(of_models(study, number=1).values()) == {0}


def test_R090_another_upload_goes_on_where_the_last_one_ended(study, tmp_path):
    replies(study, tmp_path, queries=3, models=2)
    open_pairs(study)
    for number in range(3, 8):
        build.batch(
            study,
            [
                build.reply_fields(query_id=f"q{number}", model=f"acme/{model}")
                for model in range(2)
            ],
            tmp_path,
        )
        open_pairs(study, seed=number)

        assert abs(of_models(study)["acme/0", "acme/1"]) <= 1


def test_R090_more_raters_an_item_even_out_what_there_was(study, tmp_path):
    replies(study, tmp_path, queries=4)
    open_pairs(study, pairs=3, n_seats=1)

    open_pairs(study, pairs=3, n_seats=2, seed=9)

    assert all(sides == {1: 1, 2: 1} for sides in of_items(study).values())


def test_R090_a_later_wave_is_balanced_by_itself(study, tmp_path):
    replies(study, tmp_path, queries=4, models=2)
    open_pairs(study)
    items = Item.objects.filter(study=study).values_list("pk", flat=True)

    openings.open_wave(
        study=study, wave=Wave.EXTRA, items=items, raters_per_item=1, seed=5, now=NOW
    )

    assert of_models(study, wave=Wave.EXTRA) == {("acme/0", "acme/1"): 0}


def test_R090_the_seed_fixes_the_sides(tmp_path):
    dealt = []
    for seed in (1, 1, 2):
        study = build.study(rubric="pairwise")
        replies(study, tmp_path, queries=12, models=2)
        open_pairs(study, seed=seed)
        rows = Seat.objects.filter(study=study).order_by("item__query__external_id")
        dealt.append(list(rows.values_list("item__reply_1__external_id", "side")))

    assert dealt[0] == dealt[1] != dealt[2]


def test_R090_neither_the_slot_nor_the_number_of_a_seat_tells_the_side(study, tmp_path):
    replies(study, tmp_path, queries=12, models=2)

    open_pairs(study, n_seats=2)

    for number in (1, 2):
        firsts = Seat.objects.filter(study=study, number=number).values_list("side", flat=True)
        assert set(firsts) == {1, 2}


def test_R090_two_replies_of_one_model_are_balanced_by_slot(study, tmp_path):
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"q{n}-{sample}", sample=sample)
        for n in range(4)
        for sample in (1, 2)
    ]
    build.batch(study, lines, tmp_path)

    open_pairs(study)

    assert LanguageModel.objects.filter(study=study).count() == 1
    assert Counter(Seat.objects.values_list("side", flat=True)) == {1: 2, 2: 2}


def test_R090_a_seat_of_one_reply_has_no_side(tmp_path):
    study = build.study("single")
    build.item(study, tmp_path, n_seats=2)

    assert set(Seat.objects.filter(study=study).values_list("side", flat=True)) == {None}


def test_R090_a_seat_that_is_given_back_keeps_its_side(study, tmp_path):
    replies(study, tmp_path)
    open_pairs(study)
    dealt = Seat.objects.get().side

    seats.give_back_all(rater=_seated(study), now=NOW)

    assert Seat.objects.get().side == dealt
    assert claim(build.rater(study)).side == dealt


def _seated(study):
    ann = build.rater(study)
    claim(ann)
    return ann


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_R090_whoever_judges_in_place_of_a_rater_who_left_has_the_same_side(tmp_path, policy):
    study = build.study(rubric="pairwise", on_withdrawal=policy)
    replies(study, tmp_path)
    open_pairs(study)
    dealt = Seat.objects.get().side
    ann = build.rater(study)
    build.submit(ann, claim(ann), **PAIR)

    withdrawals.withdraw(rater=ann, now=NOW)

    assert Seat.objects.get(judged_at=None, abandoned_at=None).side == dealt


def test_R090_taking_a_pair_costs_no_more_than_taking_one_reply(
    study, tmp_path, django_assert_num_queries
):
    replies(study, tmp_path, queries=3)
    open_pairs(study)
    ann = build.rater(study, start=0, cursor=0, descending=False)
    build.submit(ann, claim(ann), **PAIR)

    with django_assert_num_queries(CLAIM):
        seats.claim_next(rater=ann, now=NOW)
