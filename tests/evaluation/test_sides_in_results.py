"""R-090: whether the winner depends on the side where a reply stood."""

import re

import pytest
from django.core.management import call_command

from annotation.models import Item, Seat
from tests import build
from tests.annotation.test_pairs import open_pairs, replies
from tests.evaluation import given
from tests.evaluation.ordering import ONE, TWO, judged, left, page, sides, study_of_pairs, words
from tests.pages import table

pytestmark = pytest.mark.django_db

PAGES = (
    "order_effects",
    "order_sides_csv",
    "order_sides_svg",
    "order_sides_png",
    "order_places_csv",
    "order_places_svg",
    "order_places_png",
)


@pytest.fixture
def study(tmp_path):
    return study_of_pairs(tmp_path)


def of_model(key):
    """The reply of one model, wherever it stands."""

    def chosen(seat):
        item = Item.objects.select_related("reply_1__model").get(pk=seat.item_id)
        return "slot_1" if item.reply_1.model.key == key else "slot_2"

    return chosen


def test_R090_who_always_takes_the_left_prefers_it_in_every_judgment(study):
    judged(study, left)

    found = sides(study)

    assert (found.judgments, found.preferring, found.left) == (12, 12, 12)
    assert (found.share.share.value, found.share.share.clusters) == (1.0, 6)
    assert found.share.p == pytest.approx(2 / 2**6)  # six clusters, all to the left


def test_R090_who_goes_by_the_model_prefers_no_side(study):
    judged(study, of_model(ONE))

    found = sides(study)

    assert (found.left, found.preferring) == (6, 12)
    assert found.share.share.value == 0.5


def test_R090_orders_are_balanced_by_pair_of_models(study):
    judged(study, left)

    (pair,) = sides(study).pairs

    assert (pair.first, pair.second) == (ONE, TWO)
    assert (pair.balance.first, pair.balance.total, pair.balance.expected) == (6, 12, 6.0)
    assert (pair.balance.difference, pair.balance.p, pair.balance.balanced) == (0.0, 1.0, True)


def test_R090_a_model_that_stood_left_throughout_is_flagged(study, client):
    for seat in Seat.objects.select_related("item__reply_1__model"):
        Seat.objects.filter(pk=seat.pk).update(side=1 if seat.item.reply_1.model.key == ONE else 2)
    judged(study, left)

    (pair,) = sides(study).pairs

    assert (pair.balance.first, pair.balance.total, pair.balance.balanced) == (12, 12, False)
    assert pair.balance.p == pytest.approx(2 / 2**12)
    assert pair.right.value is None
    assert "the orders are not balanced (p &lt; 0.001)" in words(page(client, study))


@pytest.mark.parametrize(
    ("choose", "where", "depends"),
    [
        pytest.param(left, (1.0, 0.0, 1.0), True, id="by the side"),
        pytest.param(of_model(ONE), (1.0, 1.0, 0.0), False, id="by the model"),
        pytest.param(of_model(TWO), (0.0, 0.0, 0.0), False, id="by the other model"),
    ],
)
def test_R090_a_researcher_sees_whether_the_winner_depends_on_the_side(
    study, choose, where, depends
):
    judged(study, choose)

    (pair,) = sides(study).pairs

    values = (pair.left.value, pair.right.value, pair.contrast.difference.value)
    assert values == where
    assert pair.depends_on_side is depends


def test_R090_ties_stand_apart(study):
    judged(study, left, raters=1)
    judged(study, lambda seat: "tie", raters=1)

    found = sides(study)

    assert (found.judgments, found.preferring, found.undecided, found.left) == (12, 6, 6, 6)
    assert found.pairs[0].balance.total == 12


def test_R090_judgments_made_elsewhere_have_no_side(study, tmp_path):
    first, second = Item.objects.values_list("reply_1__external_id", "reply_2__external_id").first()
    row = {"response_id": first, "response_id_2": second, "rater": "x", "question": "more_a"}
    call_command(
        "load_judgments", "s", build.jsonl(tmp_path / "j.jsonl", [{**row, "answer": "slot_1"}])
    )

    found = sides(study)

    assert (found.judgments, found.unknown, found.preferring, found.pairs) == (1, 1, 0, ())


def test_R090_two_replies_of_one_model_are_in_no_pair_of_models(tmp_path):
    study = build.study("same", rubric="pairwise")
    lines = [
        build.reply_fields(query_id="q", response_id=f"r{sample}", sample=sample)
        for sample in (1, 2)
    ]
    build.batch(study, lines, tmp_path)
    open_pairs(study)
    judged(study, left, raters=1)

    found = sides(study)

    assert (found.same_model, found.preferring, found.pairs) == (1, 1, ())


@pytest.mark.parametrize(
    ("raters", "choose", "said"),
    [
        pytest.param(0, left, "There are no ratings of this question yet", id="nothing"),
        pytest.param(2, lambda seat: "tie", "no judgment prefers one of two", id="all ties"),
        pytest.param(2, left, "preferred for standing there", id="one side only"),
    ],
)
@pytest.mark.parametrize("name", PAGES)
def test_R090_however_little_there_is_every_page_answers(study, client, raters, choose, said, name):
    judged(study, choose, raters=raters)

    answer = page(client, study, name)

    assert name.endswith(("svg", "png")) or not re.search(r"\b(nan|inf)\b", words(answer).lower())
    assert name != "order_effects" or said in words(answer)


def test_R090_one_judgment_has_a_share_and_no_interval(tmp_path, client):
    study = build.study("s", rubric="pairwise")
    replies(study, tmp_path, models=2)
    open_pairs(study)
    judged(study, left, raters=1)

    found = sides(study).share

    assert (found.share.value, str(found.share.reason), found.p) == (1.0, "one_cluster", None)
    assert "No interval: All items belong to one query or scenario" in words(page(client, study))


def test_R090_a_question_about_one_reply_has_no_sides(tmp_path, client):
    study = given.safe(tmp_path, {"a": "yes no"}, slug="s")

    assert sides(study, "safe") is None
    assert "not about two replies side by side" in words(page(client, study))


def test_R090_a_slot_is_never_called_by_the_letter_of_a_side(study, client):
    judged(study, left)

    found = words(page(client, study))

    assert "“Reply 1” is " in found
    assert "“Reply A”" not in found


def test_R090_the_page_says_that_questions_and_options_have_one_order(study, client):
    judged(study, left)

    found = words(page(client, study))

    assert "Questions and the answers they offer stand in the order of the rubric" in found


@pytest.mark.parametrize("name", ["order_sides_csv", "order_sides_svg"])
def test_R090_files_of_sides_are_empty_where_there_are_none(tmp_path, client, name):
    study = given.safe(tmp_path, {"a": "yes no"}, slug="s")

    answer = page(client, study, name)

    assert "all pairs" not in words(answer).lower()
    assert not name.endswith("csv") or table(answer) == []
