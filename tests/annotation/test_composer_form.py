"""The form that shows a draft, and its preview: each question where it is asked."""

import pytest

from annotation.rubric_composer.draft import DraftOption, DraftQuestion, DraftRubric, DraftWords
from annotation.rubric_composer.preview import previewed
from annotation.rubric_composer.problems import problems_in
from annotation.rubric_composer.sheet import rows_of
from tests.annotation.drafting import YES_NO, draft, question

# The form


def test_few_questions_are_open_and_of_many_those_with_something_to_do():
    few = draft(question(1), question(2))
    many = draft(question(1), question(2, label=""), question(3), question(4))

    assert [row.opened for row in rows_of(few, problems_in(few))] == [True, True]
    assert [row.opened for row in rows_of(many, problems_in(many), focus="q4-label")] == [
        False,
        True,
        False,
        True,
    ]


def test_a_question_may_depend_on_earlier_ones_that_offer_something():
    rubric = draft(question(1), question(2, options=()), question(3), question(4))

    row = rows_of(rubric, problems_in(rubric))[2]

    assert [one.label for one in row.conditions] == ["Always", "Only after: k1"]


@pytest.mark.parametrize(
    ("condition", "label"), [(2, "k2: stands later"), (9, "The question was removed")]
)
def test_a_condition_that_no_longer_holds_stays_chosen(condition, label):
    rubric = draft(question(1, condition=condition, condition_rows=(0,)), question(2))

    chosen = [one for one in rows_of(rubric, problems_in(rubric))[0].conditions if one.chosen]

    assert chosen[0].label.startswith(label)


def test_the_answers_of_a_condition_are_offered_and_the_chosen_ones_marked():
    rubric = draft(question(1), question(2, condition=1, condition_rows=(1,)))

    row = rows_of(rubric, problems_in(rubric))[1]

    assert [(one.label, one.chosen) for one in row.answers] == [("Yes", False), ("No", True)]


# The preview


def shown(rubric: DraftRubric, language: str = "") -> list[tuple[str, list[int]]]:
    return [
        (stage.name, [one.id for one in stage.questions]) for stage in previewed(rubric, language)
    ]


def test_the_preview_shows_each_question_where_it_is_asked():
    rubric = draft(
        question(1, scope="turn"), question(2, scope="conversation"), question(3, scope="both")
    )

    assert [numbers for _, numbers in shown(rubric)] == [[1, 3], [2, 3]]


def test_the_preview_of_a_rubric_about_the_whole_has_one_stage():
    assert shown(draft(question(1))) == [("Of the whole conversation", [1])]


def test_the_preview_of_two_replies_has_one_stage():
    assert shown(draft(question(1), kind="pair")) == [("Of the two replies", [1])]


def test_no_question_of_the_preview_has_the_name_of_another():
    stages = previewed(draft(question(1, key="a", scope="both"), question(2, key="a")))

    names = [one.plan.key for stage in stages for one in stage.questions]
    assert len(names) == len(set(names)) == 3


def test_the_preview_has_sample_values_and_says_when_a_question_is_asked():
    rubric = draft(
        question(1, label="More {value_a}?", options=(DraftOption("a", "{value_b}"), *YES_NO)),
        question(2, condition=1, condition_rows=(0, 1)),
        question(3, condition=9),
    )

    ((_, (first, second, third)),) = [(s.name, s.questions) for s in previewed(rubric)]

    assert (first.plan.label, first.plan.options[0].label) == ("More Honesty?", "Kindness")
    assert second.only_if == "only if “More Honesty?” is Kindness or Yes"
    assert third.only_if == "only if …"


def test_the_preview_is_in_another_language_where_there_are_words():
    rubric = draft(
        question(
            help="Help",
            options=(DraftOption("a", "A", words={"de": "Ah"}), DraftOption("b", "B")),
            words={"de": DraftWords("Frage?", "")},
        ),
        languages=("de",),
    )

    (stage,) = previewed(rubric, "de")
    plan = stage.questions[0].plan

    assert (plan.label, plan.help) == ("Frage?", "Help")
    assert [option.label for option in plan.options] == ["Ah", "B"]


def test_the_preview_shows_what_is_not_whole_yet():
    rubric = draft(
        DraftQuestion(id=1, type="odd", scope="odd", options=(DraftOption(), DraftOption("a")))
    )

    (stage,) = previewed(rubric)
    plan = stage.questions[0].plan

    assert (plan.label, plan.type, plan.scope) == ("(no label yet)", "single", "conversation")
    assert [option.label for option in plan.options] == ["a"]
