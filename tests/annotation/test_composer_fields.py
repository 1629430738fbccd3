"""A draft of a rubric as the fields of a form and back, and what becomes of it there."""

from dataclasses import replace

import pytest

from annotation.rubric_composer.acts import filled_in
from annotation.rubric_composer.draft import (
    DraftOption,
    DraftRubric,
    DraftWords,
    draft_in,
    draft_of,
    rubric_json,
    source_of,
)
from annotation.rubric_composer.fields import draft_from, fields_of, n_fields
from annotation.rubric_composer.problems import rubric_in
from annotation.rubric_format import RubricFile, presets, rubric_from_json
from tests import build
from tests.annotation.drafting import YES_NO, draft, ids, question

# Round trips


@pytest.mark.parametrize("preset", presets().values(), ids=lambda rubric: rubric.key)
def test_every_preset_comes_back_from_the_fields_of_the_form(preset):
    assert rubric_in(draft_from(fields_of(draft_of(preset)))) == preset


@pytest.mark.parametrize("preset", presets().values(), ids=lambda rubric: rubric.key)
def test_every_preset_comes_back_from_a_stored_draft(preset):
    assert rubric_in(draft_in(source_of(draft_of(preset)))) == preset


@pytest.mark.parametrize("preset", presets().values(), ids=lambda rubric: rubric.key)
def test_nothing_is_filled_into_a_preset(preset):
    assert filled_in(draft_of(preset)) == draft_of(preset)


def test_a_draft_with_gaps_comes_back_as_it_was_typed():
    typed = draft(
        question(7, key="", label=" Why? ", condition=3, condition_rows=(1,), required=False),
        question(3, key="", options=(DraftOption(), DraftOption(label="x", words={"de": "y"}))),
        version="two",
        languages=("de",),
    )
    words = {"de": DraftWords("L", "H")}
    typed = replace(
        typed,
        questions=tuple(
            replace(
                one,
                words=words,
                options=tuple(
                    replace(option, words={"de": option.words.get("de", "")})
                    for option in one.options
                ),
            )
            for one in typed.questions
        ),
    )

    assert draft_from(fields_of(typed)) == typed
    assert draft_in(source_of(typed)) == typed


def test_the_number_of_fields_is_what_a_browser_sends():
    assert n_fields(draft(question())) == len(
        [value for values in fields_of(draft(question())).values() for value in values]
    )


def test_an_empty_form_is_an_empty_draft():
    assert draft_from({}) == DraftRubric(version="", kind="")


@pytest.mark.parametrize("named", ["x", "-1", "1.5", "", "99999999999999999999", "٣"])
def test_a_question_or_condition_that_is_no_number_is_passed_over(named):
    found = draft_from({"question": ["1", named], "q1-condition": [named], "q1-rows": [named]})

    assert ids(found) == [1]
    assert (found.questions[0].condition, found.questions[0].condition_rows) == (None, ())


def test_a_question_that_is_named_twice_is_one_question():
    assert ids(draft_from({"question": ["2", "2"]})) == [2]


def test_what_no_database_stores_is_left_out_and_line_ends_are_plain():
    found = draft_from({"title": ["A\0B"], "question": ["1"], "q1-help": ["a\r\nb"]})

    assert (found.title, found.questions[0].help) == ("AB", "a\nb")


def test_codes_and_keys_lose_their_margins_and_labels_keep_them():
    found = draft_from(
        {"question": ["1"], "q1-key": [" k "], "q1-code": [" c "], "q1-option": [" Yes "]}
    )

    assert found.questions[0].key == "k"
    assert found.questions[0].options == (DraftOption("c", " Yes ", words={}),)


def test_languages_that_are_none_or_stand_twice_are_passed_over():
    assert draft_from({"language": ["de", "de", "no language", ""]}).languages == ("de",)


def test_answers_ticked_for_another_condition_do_not_count():
    fields = fields_of(draft(question(1), question(2, condition=1, condition_rows=(0,))))

    moved_on = draft_from({**fields, "q2-condition": ["3"]})

    assert moved_on.questions[1].condition_rows == ()


# What becomes of it


def test_blank_rows_are_no_options():
    rubric = draft(question(options=(*YES_NO, DraftOption(), DraftOption(" "))))

    assert [option["code"] for option in rubric_json(rubric)["questions"][0]["options"]] == [
        "yes",
        "no",
    ]


def test_a_version_that_is_no_number_stays_as_typed():
    assert rubric_json(draft(version="two"))["version"] == "two"
    assert rubric_json(draft(version="2"))["version"] == 2


def test_a_translation_follows_a_question_whose_key_and_codes_are_typed_anew():
    rubric = draft(
        question(
            key="new",
            options=(DraftOption("ja", "Yes", words={"de": "Ja"}), DraftOption("no", "No")),
            words={"de": DraftWords("Frage?", "")},
        ),
        languages=("de",),
    )

    assert rubric_json(rubric)["translations"] == {
        "de": {"new": {"label": "Frage?", "options": {"ja": "Ja"}}}
    }


def test_a_condition_follows_the_question_and_the_codes_it_names():
    rubric = draft(
        question(1, key="renamed", options=(DraftOption("a", "A"), DraftOption("b", "B"))),
        question(2, condition=1, condition_rows=(1,)),
    )

    assert rubric_json(rubric)["questions"][1]["show_if"] == {"question": "renamed", "is": ["b"]}


def test_a_rubric_of_every_type_goes_through_the_form():
    rubric = rubric_from_json(build.EVERY_TYPE)

    assert isinstance(rubric, RubricFile)
    assert rubric_in(draft_from(fields_of(draft_of(rubric)))) == rubric
