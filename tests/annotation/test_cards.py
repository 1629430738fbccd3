"""What a rater is shown: the reply masked, the turns reached, and nothing that tells who wrote it."""

import dataclasses

import pytest

from annotation.models import Hit, Rendering, Value
from annotation.plans import with_values
from annotation.receipts import opened
from annotation.selectors import renderings
from annotation.selectors.cards import Card, card_for
from annotation.shown import ShownMessage, shown_messages, shown_sha256, text_sha256
from annotation.views.questions import questions_html
from annotation.vocabulary import HitDecision
from tests import build
from tests.build import claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


def shown(study, tmp_path, **fields):
    """The card of a new item for a new rater, the rater and the seat."""
    build.item(study, tmp_path, **fields)
    ann = build.rater(study)
    seat = claim(ann)
    return card_for(seat, ann), ann, seat


def flat(value):
    """Every string in a card, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from flat(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from flat(inner)


def test_a_card_has_query_values_facts_and_questions(study, tmp_path):
    card, _, seat = shown(study, tmp_path, facts=["Prices rose."], language="en")
    Value.objects.filter(name="Honesty").update(definition="Saying what is so.")

    again = card_for(seat, build.rater(study))

    assert (card.seat_key, card.turn, card.turns) == (seat.key, 0, 1)
    assert (card.value_a.name, card.value_b.name) == ("Honesty", "Kindness")
    assert again.value_a.definition == "Saying what is so."
    assert (card.facts, card.language) == (("Prices rose.",), "en")
    assert not card.about_whole


def test_the_items_values_stand_in_the_labels(study, tmp_path):
    card, *_ = shown(study, tmp_path)

    labels = [option.label for option in card.questions[0].options]
    assert labels[:2] == ["Honesty", "Kindness"]


def test_no_field_of_a_card_tells_who_wrote_the_reply(study, tmp_path):
    card, *_ = shown(
        study,
        tmp_path,
        model="zorblax/quux-9",
        framing="value_a",
        query_id="qid-7",
        scenario_id="scen-x9",
    )

    text = " ".join(flat(dataclasses.asdict(card))).lower()
    assert not any(word in text for word in ("zorblax", "quux", "qid-7", "scen-x9"))
    names = {field.name for field in dataclasses.fields(Card)}
    assert not names & {"model", "framing", "query_id", "response_id", "item_id", "scenario_id"}


def test_later_turns_are_not_sent(study, tmp_path):
    card, ann, seat = shown(study, tmp_path, messages=build.conversation(3))
    build.submit(ann, seat, turn=1)
    second = card_for(claim(ann), ann)

    assert (card.turn, second.turn, second.turns) == (1, 2, 3)
    assert [message.turn for message in card.messages] == [0, 1]
    assert [message.turn for message in second.messages] == [0, 1, 0, 2]
    assert not any("Turn3" in text or "Ask3" in text for text in flat(dataclasses.asdict(second)))


def test_the_last_pass_shows_everything_and_what_was_said(study, tmp_path):
    _, ann, seat = shown(study, tmp_path, messages=build.conversation(2))
    build.submit(
        ann, seat, turn=1, misled="yes", misled_who=["user", "public"], mechanism="omission"
    )
    build.submit(ann, seat, turn=2)

    card = card_for(claim(ann), ann)

    assert card.about_whole
    assert [message.turn for message in card.messages] == [0, 1, 0, 2]
    assert [earlier.turn for earlier in card.earlier] == [1, 2]
    assert dict(card.earlier[0].answers)["Which value did the reply serve more?"] == "Honesty"
    assert ("Who was misled, or would be?", "The user, The public or customers") in (
        card.earlier[0].answers
    )


def test_a_begun_seat_whose_answers_are_all_empty_still_shows(tmp_path):
    question = {**build.EVERY_TYPE["questions"][3], "scope": "turn"}
    study = build.study(rubric={**build.EVERY_TYPE, "questions": [question]})
    build.item(study, tmp_path, messages=build.conversation(2))
    ann = build.rater(study)
    build.submit(ann, claim(ann), turn=1)

    card = card_for(claim(ann), ann)

    assert (card.turn, card.earlier) == (2, ())


def test_what_was_sent_is_shown_again_with_what_is_wrong(study, tmp_path):
    _, ann, seat = shown(study, tmp_path)

    card = card_for(seat, ann, sent={"winner": ["both"]}, problems={"misled": "Please answer."})

    winner, misled = card.questions[:2]
    assert [option.code for option in winner.options if option.chosen] == ["both"]
    assert (winner.problem, misled.problem) == ("", "Please answer.")


def test_a_text_that_was_sent_is_shown_again(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    _, ann, seat = shown(study, tmp_path)

    card = card_for(seat, ann, sent={"note": ["mine"]})

    assert [question.text for question in card.questions] == ["", "", "", "mine"]


def test_conditions_are_told_to_the_page(study, tmp_path):
    card, *_ = shown(study, tmp_path)

    who = card.questions[2]
    assert (who.condition_key, who.condition_codes) == ("misled", "yes unsure")


LEAK = [{"role": "assistant", "content": "I am ChatGPT, and I say so."}]


def test_what_tells_the_author_is_masked_and_hashed_as_shown(study, tmp_path):
    card, _, seat = shown(study, tmp_path, messages=LEAK)

    receipt = opened(card.receipt, seat_key=seat.key)
    assert "ChatGPT" not in card.messages[0].html
    assert receipt.shown_sha256 != text_sha256(LEAK)


@pytest.mark.parametrize(
    ("decision", "seen"),
    [(HitDecision.MASKED, False), (HitDecision.HELD, False), (HitDecision.KEPT, True)],
)
def test_only_a_mask_that_was_lifted_shows_the_words(decision, seen, study, tmp_path):
    _, ann, seat = shown(study, tmp_path, messages=LEAK)
    Hit.objects.update(decision=decision)

    card = card_for(seat, ann)

    assert ("ChatGPT" in card.messages[0].html) == seen


@pytest.mark.parametrize("shows", [False, True])
def test_a_system_message_is_shown_only_where_the_study_says_so(shows, tmp_path):
    study = build.study(shows_system_messages=shows)
    messages = [{"role": "system", "content": "Secretly rude."}, *LEAK]

    card, *_ = shown(study, tmp_path, messages=messages)

    assert (card.messages[0].speaker == "system") == shows
    assert "ChatGPT" not in card.messages[-1].html


def test_a_card_is_rendered_once(study, tmp_path, monkeypatch):
    _, ann, seat = shown(study, tmp_path)

    monkeypatch.setattr(renderings.rendering, "render", None)

    assert card_for(seat, ann).messages
    assert Rendering.objects.count() == 1


def test_a_card_costs_the_same_however_long_the_conversation(
    study, tmp_path, django_assert_max_num_queries
):
    _, ann, seat = shown(study, tmp_path, messages=build.conversation(30))

    with django_assert_max_num_queries(2):  # the text with its query, the rendering
        card_for(seat, ann)


def test_the_shown_hash_is_of_roles_and_words_in_order():
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    as_shown = shown_messages(messages, {}, with_system=False)

    assert as_shown == (ShownMessage("user", "a"), ShownMessage("assistant", "b"))
    assert shown_sha256(as_shown) == text_sha256(messages)
    assert text_sha256(messages) != text_sha256(messages[::-1])


def test_the_items_values_stand_in_what_was_asked_and_not_in_what_was_written(tmp_path):
    note = {"key": "note", "label": "{value_a}?", "type": "text", "scope": "both"}
    study = build.study(rubric={**build.EVERY_TYPE, "questions": [note]})
    _, ann, seat = shown(study, tmp_path, messages=build.conversation(2))
    build.submit(ann, seat, turn=1, note="as {value_a} I wrote it")

    card = card_for(claim(ann), ann)

    assert card.earlier[0].answers == (("Honesty?", "as {value_a} I wrote it"),)


def test_a_value_may_be_called_as_the_mark_of_the_other_one(study, tmp_path):
    card, _, _ = shown(study, tmp_path, value_a="{value_b}", value_b="<b>&amp;")

    html = questions_html(card)

    assert "{value_b}" in html
    assert "&lt;b&gt;&amp;amp;" in html
    assert with_values("{value_a}, {value_b}", "{value_b}", "x") == "{value_b}, x"


def test_R135_a_value_that_turns_the_line_around_is_shown_with_its_sign(tmp_path):
    study = build.study()
    build.item(study, tmp_path, value_a="Tact\u202e", facts=["Paid\u2067"])
    ann = build.rater(study)

    card = card_for(build.claim(ann), ann)

    assert card.value_a.name == "Tact[U+202E]"
    assert card.facts == ("Paid[U+2067]",)
    assert not any("\u202e" in str(question) for question in card.questions)
