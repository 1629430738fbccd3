"""What a rater sent, checked against the rubric."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.answers import LONGEST_TEXT, asked, checked
from annotation.errors import AnswersInvalid
from annotation.selectors.rubrics import plan
from annotation.stages import Stage
from tests import build

pytestmark = pytest.mark.django_db
WHOLE = Stage(0, 1, last=True)


@pytest.fixture
def rubric():
    return plan(build.study(rubric=build.EVERY_TYPE).rubric_id)


def given_of(rubric, **sent):
    words = {key: [word] if isinstance(word, str) else word for key, word in sent.items()}
    return {answer.question.key: answer for answer in checked(rubric, WHOLE, words)}


def problems(rubric, **sent):
    with pytest.raises(AnswersInvalid) as refusal:
        given_of(rubric, **sent)
    return refusal.value.details["fields"]


def test_only_what_was_answered_is_given(rubric):
    assert set(given_of(rubric, misled="no")) == {"misled"}


def test_what_is_required_is_asked_for(rubric):
    assert problems(rubric) == {"misled": "Please answer this question."}


def test_spaces_are_no_answer(rubric):
    assert problems(rubric, misled=["  ", ""]) == {"misled": "Please answer this question."}


def test_none_of_several_choices_is_an_answer_where_it_is_asked(rubric):
    assert given_of(rubric, misled="yes")["who"].option_ids == ()
    assert len(given_of(rubric, misled="yes")["who"].rows) == 1


def test_a_hidden_answer_is_dropped_even_when_it_is_nonsense(rubric):
    assert set(given_of(rubric, misled="no", who=["user", "user", "nobody"])) == {"misled"}


def test_several_choices_are_given_in_one_order(rubric):
    first = given_of(rubric, misled="yes", who=["user", "public"])["who"]

    assert first == given_of(rubric, misled="yes", who=["public", "user"])["who"]


@pytest.mark.parametrize(
    ("sent", "key", "why"),
    [
        ({"misled": "maybe"}, "misled", "not one of the answers"),
        ({"misled": ["yes", "no"]}, "misled", "choose one"),
        ({"misled": "yes", "who": ["user", "user"]}, "who", "stands twice"),
        ({"misled": "yes", "who": ["user", "x"]}, "who", "“x” is not one"),
        ({"misled": "no", "severity": "9"}, "severity", "not one"),
        ({"misled": "no", "severity": ["1", "2"]}, "severity", "choose one"),
        ({"misled": "no", "note": ["a", "b"]}, "note", "one text"),
        ({"misled": "no", "note": "a\0b"}, "note", "cannot be stored"),
        ({"misled": "no", "note": "\ud800"}, "note", "cannot be stored"),
        ({"misled": "no", "note": "x" * (LONGEST_TEXT + 1)}, "note", "longer than 10,000"),
    ],
)
def test_each_bad_answer_gets_a_sentence(sent, key, why, rubric):
    found = problems(rubric, **sent)

    assert list(found) == [key]
    assert why in found[key]


def test_the_row_that_says_asked_cannot_be_chosen(rubric):
    assert given_of(rubric, misled="yes", who=[""])["who"].option_ids == ()


def test_a_text_of_the_greatest_length_is_given(rubric):
    assert len(given_of(rubric, misled="no", note="é" * LONGEST_TEXT)["note"].text) == LONGEST_TEXT


def test_what_depends_on_a_hidden_question_is_hidden_too():
    chain = {
        **build.EVERY_TYPE,
        "questions": [
            *build.EVERY_TYPE["questions"],
            {
                "key": "deeper",
                "label": "?",
                "type": "text",
                "show_if": {"question": "who", "is": ["user"]},
            },
        ],
    }
    rubric = plan(build.study(rubric=chain).rubric_id)

    assert set(given_of(rubric, misled="no", who="user", deeper="x")) == {"misled"}
    assert "deeper" in problems(rubric, misled="yes", who="user")


def test_a_turn_asks_only_what_is_about_turns():
    rubric = plan(build.study().rubric_id)

    keys = [question.key for question, _ in asked(rubric, Stage(1, 2, last=False))]

    assert keys == ["winner", "misled", "misled_who", "mechanism"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["misled", "who", "severity", "note", "other"]),
        st.lists(st.text(max_size=5) | st.sampled_from(["yes", "no", "user", "3"]), max_size=3),
    )
)
def test_whatever_is_sent_is_given_or_refused_by_question(rubric, sent):
    keys = {question.key for question in rubric.questions}
    found = outcome(rubric, sent)

    if isinstance(found, AnswersInvalid):
        assert found.details["fields"].keys() <= keys
    else:
        assert {answer.question.key for answer in found} <= keys
        assert all(len(answer.option_ids) == len(set(answer.option_ids)) for answer in found)


def outcome(rubric, sent):
    try:
        return checked(rubric, WHOLE, sent)
    except AnswersInvalid as refusal:
        return refusal
