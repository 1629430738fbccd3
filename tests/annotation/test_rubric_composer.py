from dataclasses import replace

import pytest

from annotation.errors import RubricInvalid
from annotation.rubric_composer.acts import acted, filled_in
from annotation.rubric_composer.draft import (
    DraftOption,
    DraftQuestion,
    DraftRubric,
    DraftWords,
    draft_in,
    draft_of,
    rubric_json,
    source_of,
)
from annotation.rubric_composer.fields import draft_from, fields_of, n_fields
from annotation.rubric_composer.preview import previewed
from annotation.rubric_composer.problems import problems_in, problems_of, rubric_in
from annotation.rubric_composer.sheet import rows_of
from annotation.rubric_format import RubricFile, presets, rubric_from_json
from tests import build

YES_NO = (DraftOption("yes", "Yes"), DraftOption("no", "No"))


def draft(*questions: DraftQuestion, **more) -> DraftRubric:
    return DraftRubric(key="r", title="R", questions=questions, **more)


def question(id_: int = 1, **more) -> DraftQuestion:
    given = {"key": f"k{id_}", "label": f"Question {id_}?", "options": YES_NO, **more}
    return DraftQuestion(id=id_, **given)


def pressed(before: DraftRubric, do: str, **fields: str) -> DraftRubric:
    return acted(before, do, {name.replace("_", "-"): [one] for name, one in fields.items()}).draft


def ids(rubric: DraftRubric) -> list[int]:
    return [one.id for one in rubric.questions]


def codes(one: DraftQuestion) -> list[str]:
    return [option.code for option in one.options]


def sentences(rubric: DraftRubric, id_: int = 1) -> str:
    """Return what publishing would say of a question."""
    with pytest.raises(RubricInvalid) as refusal:
        rubric_in(rubric)
    return "; ".join(problems_of(rubric, refusal.value).of(rubric.question(id_)))


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
        ("How did the reply treat this value: {value_a}?", "how_did_the_reply_treat_this_value_a"),
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
    assert made.key == key or made.key.startswith("how_did_the_reply")


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


# What is wrong


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


def test_a_rubric_of_every_type_goes_through_the_form():
    rubric = rubric_from_json(build.EVERY_TYPE)

    assert isinstance(rubric, RubricFile)
    assert rubric_in(draft_from(fields_of(draft_of(rubric)))) == rubric
