"""Two replies side by side: which, in which order, and what is stored."""

import pytest
from scipy.stats import binomtest

from annotation.errors import AnswersInvalid, SeatsRefused
from annotation.models import Item, Judgment, Seat
from annotation.selectors.cards import card_for
from annotation.selectors.past import judgment_of
from annotation.services import openings
from annotation.vocabulary import ItemKind
from tests import build
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db
PAIR = {"more_a": "slot_1", "more_misleading": "tie", "confidence": "3"}


@pytest.fixture
def study():
    return build.study(rubric="pairwise")


def replies(study, tmp_path, *, queries=1, models=3, **fields):
    lines = [
        build.reply_fields(
            query_id=f"q-{query}",
            response_id=f"q-{query}-m{model}",
            model=f"acme/{model}",
            messages=[
                {"role": "user", "content": f"Question {query}?"},
                {"role": "assistant", "content": f"Reply of {model}."},
            ],
            **fields,
        )
        for query in range(queries)
        for model in range(models)
    ]
    build.batch(study, lines, tmp_path)


def open_pairs(study, *, pairs=1, n_seats=1, seed=1):
    return openings.open_first_wave(
        study=study, raters_per_item=n_seats, pairs_per_query=pairs, seed=seed, now=NOW
    )


def pairs_of(study):
    rows = Item.objects.filter(study=study).order_by("reply_1__external_id", "reply_2__external_id")
    return list(rows.values_list("reply_1__external_id", "reply_2__external_id"))


def test_each_query_gets_as_many_pairs_as_asked_for(study, tmp_path):
    replies(study, tmp_path, queries=2, models=4)

    opened = open_pairs(study, pairs=2, n_seats=3)

    assert (opened.items, opened.seats, opened.design) == (4, 12, "pairs")
    assert set(Item.objects.values_list("kind", flat=True)) == {ItemKind.PAIR}


def test_the_seed_fixes_the_pairs(tmp_path):
    drawn = []
    for seed in (1, 1, 2):
        study = build.study(rubric="pairwise")
        replies(study, tmp_path, queries=5, models=4)
        open_pairs(study, seed=seed)
        drawn.append(pairs_of(study))

    assert drawn[0] == drawn[1] != drawn[2]


def test_opening_again_adds_nothing(study, tmp_path):
    replies(study, tmp_path, queries=3)
    open_pairs(study, pairs=2)

    again = open_pairs(study, pairs=2)

    assert again.seats == 0
    assert Item.objects.count() == 6


def test_more_pairs_add_to_those_there_are(study, tmp_path):
    replies(study, tmp_path, models=4)
    open_pairs(study, pairs=1)
    first = set(pairs_of(study))

    open_pairs(study, pairs=3)

    assert first < set(pairs_of(study))
    unordered = {frozenset(pair) for pair in pairs_of(study)}
    assert len(unordered) == Item.objects.count() == 3


def test_a_query_has_no_more_pairs_than_its_replies_make(study, tmp_path):
    replies(study, tmp_path, models=3)

    open_pairs(study, pairs=10)

    assert Item.objects.count() == 3


def test_a_study_of_single_replies_has_no_pairs_to_open(study, tmp_path):
    replies(study, tmp_path, models=1)

    with pytest.raises(SeatsRefused, match="no query has two"):
        open_pairs(study)


@pytest.mark.parametrize("pairs", [0, 67])
def test_a_number_of_pairs_that_cannot_be_is_refused(study, tmp_path, pairs):
    replies(study, tmp_path)

    with pytest.raises(SeatsRefused, match="at least one pair"):
        open_pairs(study, pairs=pairs)


def test_R080_sides_are_dealt_with_the_seats_and_recorded(study, tmp_path):
    replies(study, tmp_path)
    open_pairs(study)
    dealt = Seat.objects.get().side
    ann = build.rater(study)

    build.submit(ann, claim(ann), **PAIR)

    assert dealt in (1, 2)
    assert Seat.objects.get().side == Judgment.objects.get().side == dealt


def test_R080_a_seat_from_before_sides_were_dealt_draws_its_own_from_the_seed(study, tmp_path):
    replies(study, tmp_path)
    open_pairs(study)
    Seat.objects.update(side=None)
    ann = build.rater(study)
    seat = claim(ann)
    item = Item.objects.select_related("reply_1", "reply_2").get(pk=seat.item_id)
    name = f"{ann.source}:{ann.external_id}"

    build.submit(ann, seat, **PAIR)

    drawn = openings.side_of(item, seed=1, rater_name=name)
    assert Seat.objects.get().side == Judgment.objects.get().side == drawn


def test_R080_a_reload_does_not_draw_again(study, tmp_path):
    replies(study, tmp_path)
    open_pairs(study)
    ann = build.rater(study)

    sides = {claim(ann).side for _ in range(5)}

    assert len(sides) == 1


def test_R080_each_side_comes_first_as_often_as_the_other(study, tmp_path):
    replies(study, tmp_path)
    open_pairs(study)
    item = Item.objects.select_related("reply_1", "reply_2").get()

    first = sum(
        openings.side_of(item, seed=1, rater_name=f"account:{n}") == 1 for n in range(2_000)
    )

    assert binomtest(first, 2_000).pvalue > 0.001


def at_side(study, side, tmp_path):
    """A rater who sits at the study's pair with this side first: of two seats one has it."""
    open_pairs(study, n_seats=2)
    while True:
        ann = build.rater(study)
        seat = claim(ann)
        if seat.side == side:
            return ann, seat


@pytest.mark.parametrize(("side", "slots"), [(1, [1, 2]), (2, [2, 1])])
def test_replies_and_answers_stand_in_the_order_of_the_side(study, tmp_path, side, slots):
    replies(study, tmp_path, models=2)
    open_pairs(study)
    ann, seat = at_side(study, side, tmp_path)

    card = card_for(seat, ann)

    assert [(reply.letter, reply.slot) for reply in card.replies] == list(
        zip("AB", slots, strict=True)
    )
    options = [(o.label, o.code) for o in card.questions[0].options]
    assert options[:2] == [("Reply A", f"slot_{slots[0]}"), ("Reply B", f"slot_{slots[1]}")]


def test_the_query_is_shown_once_above_both(study, tmp_path):
    replies(study, tmp_path, models=2)
    open_pairs(study)
    ann = build.rater(study)

    card = card_for(claim(ann), ann)

    assert [message.speaker for message in card.messages] == ["user"]
    assert [len(reply.messages) for reply in card.replies] == [1, 1]


def test_a_judgment_of_a_pair_is_bound_to_both_texts(study, tmp_path):
    replies(study, tmp_path, models=2)
    open_pairs(study)
    ann = build.rater(study)

    build.submit(ann, claim(ann), **PAIR)

    judgment = Judgment.objects.get()
    assert (judgment.text_version, judgment.text_version_2) == (1, 1)
    assert len({judgment.shown_sha256, judgment.shown_sha256_2}) == 2
    assert len(judgment.shown_sha256_2) == 64


def test_a_past_judgment_of_a_pair_reads_as_it_was_shown(study, tmp_path):
    replies(study, tmp_path, models=2)
    open_pairs(study)
    ann, seat = at_side(study, 2, tmp_path)
    build.submit(ann, seat, **{**PAIR, "more_a": "slot_2"})

    past = judgment_of(ann, Judgment.objects.get().public_id)

    assert [reply.slot for reply in past.replies] == [2, 1]
    assert past.stages[0].answers[0] == ("Which reply served this value more: Honesty?", "Reply A")
    assert not past.text_changed


def test_an_answer_to_a_pair_outside_the_rubric_is_refused(study, tmp_path):
    replies(study, tmp_path, models=2)
    open_pairs(study)
    ann = build.rater(study)

    with pytest.raises(AnswersInvalid):
        build.submit(ann, claim(ann), **{**PAIR, "more_a": "slot_3"})


def test_conversations_of_several_turns_are_compared_as_wholes(study, tmp_path):
    for model in ("one", "two"):
        build.reply(
            study,
            tmp_path,
            query_id="q",
            model=f"acme/{model}",
            messages=build.conversation(3, text=model),
        )
    open_pairs(study)
    ann = build.rater(study)

    card = card_for(claim(ann), ann)

    assert (card.turn, card.last) == (0, True)
    assert [len(reply.messages) for reply in card.replies] == [5, 5]
