"""What keeps a draft from being published, told where it stands."""

from dataclasses import replace

import pytest

from annotation.errors import RubricInvalid
from annotation.rubric_composer.draft import DraftOption, DraftQuestion, DraftWords, rubric_json
from annotation.rubric_composer.problems import problems_in, problems_of
from annotation.rubric_format import rubric_from_json
from tests.annotation.drafting import YES_NO, draft, question, sentences


def test_a_whole_draft_has_no_problems():
    assert not problems_in(draft(question()))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"label": ""}, "Label is empty"),
        ({"key": "a b"}, "Key must begin with a letter"),
        ({"type": "odd"}, "Type must be one of the list"),
        ({"level": "odd"}, "Level must be one of the list"),
        ({"anchors": "odd"}, "Anchor texts must be one of the list"),
        ({"anchors": "value_a"}, "Only a scale has anchor texts"),
        ({"options": ()}, "needs options to choose from"),
        ({"type": "text"}, "A text question has no options"),
        ({"type": "text", "options": (), "clauses": True}, "has clauses"),
        ({"options": (*YES_NO, DraftOption("yes", "Again"))}, "Option yes stands twice"),
        ({"options": (DraftOption(), DraftOption("a"), *YES_NO)}, "Option 2: label is empty"),
        ({"options": (*YES_NO, DraftOption("a\x01", "A"))}, "cannot be shown"),
        ({"options": (*YES_NO, DraftOption("", "A"))}, "Option 3: code is empty"),
        (
            {"options": (*YES_NO, DraftOption("a" * 101, "A"))},
            "Option 3: code has more than 100 characters",
        ),
        ({"options": (DraftOption("slot_1", "A"), *YES_NO)}, "ask about two replies"),
        ({"type": "scale"}, "The points of a scale are whole numbers"),
        ({"condition": 1, "condition_rows": (0,)}, "a question that stands before"),
        ({"condition": 1}, "a question that stands before"),
    ],
)
def test_what_is_wrong_stands_beside_its_question_in_plain_words(more, sentence):
    assert sentence in sentences(draft(question(1, **more)))


def test_a_condition_without_an_answer_asks_for_one():
    assert "tick at least one answer" in sentences(draft(question(1), question(2, condition=1)), 2)


def test_what_is_too_many_is_told():
    rubric = draft(question(options=tuple(DraftOption(str(n), "A") for n in range(1001))))

    assert "Options are too many: 1000 at most" in sentences(rubric)


def test_two_questions_with_one_key_both_say_so():
    rubric = draft(question(1, key="same"), question(2, key="same"))

    assert "give each its own" in sentences(rubric, 1)
    assert "give each its own" in sentences(rubric, 2)


def test_a_condition_of_another_scope_is_told_at_the_conditional_question():
    rubric = draft(question(1, scope="turn"), question(2, condition=1, condition_rows=(0,)))

    assert "give both the same scope" in sentences(rubric, 2)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"title": ""}, "Title is empty"),
        ({"version": "two"}, "Version must be a whole number"),
        ({"version": "0"}, "Version should be greater than or equal to 1"),
        ({"kind": "odd"}, "Kind must be one of the list"),
        ({"questions": ()}, "Questions are missing: add at least one"),
    ],
)
def test_what_is_wrong_with_the_whole_stands_on_top(more, sentence):
    found = problems_in(replace(draft(question()), **more))

    assert sentence in "; ".join(found.general)
    assert not found.of(question())


def test_a_new_question_is_not_complained_about_until_something_is_typed():
    assert not problems_in(draft(question(1), DraftQuestion(id=2)))
    assert "Label is empty" in sentences(draft(question(1), DraftQuestion(id=2)), 2)


def test_words_that_cannot_be_used_are_told_at_their_question():
    rubric = draft(question(words={"de": DraftWords("a\ud800")}), languages=("de",))

    assert "Words in de holds half of a surrogate pair" in sentences(rubric)


def test_a_language_that_the_format_refuses_is_told_on_top():
    found = problems_in(draft(question(), languages=("d",)))

    assert found.general == ("translations: 'd' is no language code such as de or pt-BR",)


def test_words_for_an_option_that_is_not_there_are_told_at_their_question():
    wrong = rubric_json(draft(question()))
    wrong["translations"] = {"de": {"k1": {"options": {"gone": "weg"}}}}
    with pytest.raises(RubricInvalid) as refusal:
        rubric_from_json(wrong)

    found = problems_of(draft(question()), refusal.value)

    assert found.of(question()) == ("Words in de: it has no option 'gone'",)


def test_a_refusal_without_places_is_told_on_top():
    refusal = RubricInvalid("Not for this study.", errors=[])

    assert problems_of(draft(question()), refusal).general == ("Not for this study.",)
