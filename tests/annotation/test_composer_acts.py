"""The buttons of the composer: what each does to a draft, and what is filled in."""

import pytest

from annotation.rubric_composer.acts import acted, filled_in
from annotation.rubric_composer.draft import DraftOption, DraftRubric
from tests.annotation.drafting import codes, draft, ids, pressed, question, sentences

# Acts


def test_a_question_is_added_at_the_end_with_the_type_chosen():
    after = acted(draft(question(4)), "add-question", {"new-type": ["several"]})

    assert ids(after.draft) == [4, 5]
    assert after.draft.questions[1].type == "several"
    assert len(after.draft.questions[1].options) == 2
    assert after.focus == "q5-label"


@pytest.mark.parametrize(
    ("chosen", "type_", "rows"),
    [("text", "text", 0), ("spans", "spans", 0), ("", "single", 2), ("odd", "single", 2)],
)
def test_a_new_question_has_the_rows_its_type_needs(chosen, type_, rows):
    (made,) = pressed(draft(), "add-question", new_type=chosen).questions

    assert (made.type, len(made.options)) == (type_, rows)


def test_a_new_scale_gets_points_from_1_to_5_and_is_ordinal():
    (made,) = filled_in(pressed(draft(), "add-question", new_type="scale")).questions

    assert codes(made) == ["1", "2", "3", "4", "5"]
    assert made.level == "ordinal"


def test_points_that_were_typed_stay():
    typed = question(type="scale", options=(DraftOption("0", "None"), DraftOption("1", "All")))

    (made,) = filled_in(draft(typed)).questions

    assert (codes(made), made.level) == (["0", "1"], "nominal")


def test_a_choice_between_two_replies_begins_with_the_codes_for_them():
    (made,) = pressed(draft(kind="pair"), "add-question", new_type="single").questions

    assert codes(made) == ["slot_1", "slot_2", "tie"]


def test_a_question_is_removed_and_the_next_one_is_gone_on_at():
    after = acted(draft(question(1), question(2), question(3)), "remove-question:2", {})

    assert ids(after.draft) == [1, 3]
    assert after.focus == "q3-summary"


@pytest.mark.parametrize(
    ("before", "do", "focus"),
    [
        ([1, 2], "remove-question:2", "q1-summary"),
        ([1], "remove-question:1", "add-question"),
        ([1, 2, 3], "down:1", "q1-down"),
        ([1, 2, 3], "down:2", "q2-up"),
        ([1, 2, 3], "up:3", "q3-up"),
        ([1, 2, 3], "up:2", "q2-down"),
        ([1, 2], "up:2", "q2-down"),
        ([1, 2], "down:1", "q1-up"),
    ],
)
def test_one_goes_on_where_it_is_possible(before, do, focus):
    assert acted(draft(*map(question, before)), do, {}).focus == focus


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("up:2", [2, 1, 3]),
        ("down:2", [1, 3, 2]),
        ("up:1", [1, 2, 3]),
        ("down:3", [1, 2, 3]),
    ],
)
def test_a_question_moves_by_one_place_and_not_over_the_edge(do, order):
    assert ids(pressed(draft(question(1), question(2), question(3)), do)) == order


def test_an_option_is_added_to_its_question():
    after = acted(draft(question(1), question(2)), "add-option:2", {})

    assert [len(one.options) for one in after.draft.questions] == [2, 3]
    assert after.focus == "q2-o2-label"


def test_the_last_option_can_go():
    one = draft(question(options=(DraftOption("a", "A"),)))

    after = acted(one, "remove-option:1:0", {})

    assert after.draft.questions[0].options == ()
    assert after.focus == "q1-add-option"


@pytest.mark.parametrize(
    ("do", "order", "named"),
    [
        ("option-up:1:2", ["a", "c", "b"], ["a", "c"]),
        ("option-down:1:0", ["b", "a", "c"], ["a", "c"]),
        ("option-up:1:0", ["a", "b", "c"], ["a", "c"]),
        ("remove-option:1:1", ["a", "c"], ["a", "c"]),
        ("remove-option:1:0", ["b", "c"], ["c"]),
        ("add-option:1", ["a", "b", "c", ""], ["a", "c"]),
    ],
)
def test_a_condition_names_the_same_options_wherever_they_go(do, order, named):
    options = tuple(DraftOption(code, code.upper()) for code in "abc")
    before = draft(question(1, options=options), question(2, condition=1, condition_rows=(0, 2)))

    after = pressed(before, do)

    asked, conditional = after.questions
    assert codes(asked) == order
    assert [codes(asked)[row] for row in sorted(conditional.condition_rows)] == named


def test_a_removed_condition_is_not_forgotten_but_asked_for():
    before = draft(question(1), question(2, condition=1, condition_rows=(0,)))

    after = pressed(before, "remove-question:1")

    assert after.questions[0].condition == 1
    assert "choose a question that stands before" in sentences(after, 2)


def test_a_language_is_added_and_removed():
    with_words = pressed(draft(question()), "add-language", new_language="de")

    assert with_words.languages == ("de",)
    assert pressed(with_words, "remove-language:de").languages == ()


def test_one_goes_on_at_the_first_words_of_a_new_language():
    fields = {"new-language": ["pt-BR"]}

    assert acted(draft(question(3)), "add-language", fields).focus == "q3-pt-BR-label"
    assert acted(draft(), "add-language", fields).focus == "new-language"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "Give a language code"),
        ("German", "is no language code"),
        ("DE", "is there already"),
        ("d", "is no language code"),
    ],
)
def test_a_language_that_cannot_be_added_is_refused(given, sentence):
    after = acted(draft(languages=("de",)), "add-language", {"new-language": [given]})

    assert sentence in after.refused
    assert after.draft.languages == ("de",)


@pytest.mark.parametrize(
    "do",
    [
        "",
        "dance",
        "up",
        "up:",
        "up:9",
        "up:x",
        "up:1:1",
        "add-option:9",
        "remove-option:1",
        "remove-option:1:9",
        "remove-option:1:x",
        "option-up:9:0",
        "remove-language:fr",
        "remove-language",
    ],
)
def test_a_button_that_is_none_does_nothing(do):
    assert acted(draft(question(1)), do, {}) is None


# What is filled in


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Is it safe?", "is_it_safe"),
        (
            "How did the reply treat this value: {value_a}?",
            "how_did_the_reply_treat_this_value_value",
        ),
        ("Lässt sich’s beurteilen?", "lasst_sichs_beurteilen"),
        ("3 words", "n_3_words"),
        ("是否安全?", "question_1"),
        ("x" * 90, "x" * 40),
        ("Page?", "page_2"),  # the form has a field of this name
        ("  ", ""),
    ],
)
def test_a_key_is_proposed_from_the_label(label, key):
    (made,) = filled_in(draft(question(key="", label=label))).questions

    assert len(made.key) <= 40
    assert made.key == key


def test_a_key_that_was_typed_stays():
    assert filled_in(draft(question(key="mine"))).questions[0].key == "mine"


def test_no_key_is_proposed_twice():
    same = [question(number, key="", label="Safe?") for number in (1, 2, 3)]

    assert [one.key for one in filled_in(draft(*same)).questions] == ["safe", "safe_2", "safe_3"]


def test_the_rubrics_key_is_proposed_from_its_title():
    assert filled_in(DraftRubric(title="Trade-off, standard")).key == "trade-off-standard"


def test_codes_are_proposed_from_the_labels():
    options = (DraftOption(label="Yes"), DraftOption(label="{value_a}"), DraftOption(label="否"))

    (made,) = filled_in(draft(question(options=(*options, DraftOption())))).questions

    assert codes(made) == ["yes", "value_a", "option_3", ""]


@pytest.mark.parametrize("more", [{"type": "scale"}, {"level": "interval"}])
def test_a_new_point_of_a_scale_is_the_next_number(more):
    options = (DraftOption("3", "Some"), DraftOption(label="More"), DraftOption())

    (made,) = filled_in(draft(question(options=options, **more))).questions

    assert codes(made) == ["3", "4", ""]
