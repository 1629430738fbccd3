"""The rubric file: what can be asked, and every way in which it cannot."""

import json

import pytest

from annotation.errors import FileUnreadable, RubricInvalid
from annotation.rubric_format import PRESET_NAMES, presets, rubric_from_file, rubric_from_json
from annotation.rubric_format import PRESETS as PRESETS_DIRECTORY
from tests import build


def question(**changes):
    return {**build.SAFE["questions"][0], **changes}


def rubric(*questions, **changes):
    return {"key": "k", "title": "T", "questions": list(questions) or [question()], **changes}


def errors(found):
    with pytest.raises(RubricInvalid) as refusal:
        rubric_from_json(found)
    return refusal.value.details["errors"]


def options(*codes):
    return [{"code": code, "label": str(code)} for code in codes]


PRESETS = {
    "tradeoff-standard": 1,
    "tradeoff-quick": 2,
    "refusal": 1,
    "compliance": 1,
    "pairwise": 1,
}


def test_every_file_of_a_preset_is_offered():
    assert {path.stem for path in PRESETS_DIRECTORY.glob("*.json")} == set(PRESET_NAMES)


def test_every_preset_is_a_rubric():
    assert {name: found.version for name, found in presets().items()} == PRESETS
    assert all(found.key == name for name, found in presets().items())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_all_its_words_in_german(name):
    found = presets()[name]
    german = found.translations["de"]
    missing = []

    for asked in found.questions:
        said = german[asked.key]
        missing += [asked.key] * (not said.label or bool(asked.help) != bool(said.help))
        missing += [
            (asked.key, option.code)
            for option in asked.options
            if option.code not in said.options and option.label not in ("{value_a}", "{value_b}")
        ]

    assert missing == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_german_words_keep_the_places_for_the_values(name):
    found = presets()[name]
    german = found.translations["de"]

    for place in ("{value_a}", "{value_b}"):
        for asked in found.questions:
            assert (place in asked.label) == (place in german[asked.key].label)


def test_the_standard_preset_asks_what_the_presets_for_one_question_ask():
    standard = {question.key: question for question in presets()["tradeoff-standard"].questions}

    for name in ("tradeoff-quick", "refusal", "compliance"):
        found = presets()[name]
        assert [asked for asked in found.questions if asked != standard[asked.key]] == []


def test_what_is_left_out_has_a_default():
    found = rubric_from_json(rubric()).questions[0]

    assert (found.level, found.scope, found.required) == ("nominal", "conversation", True)
    assert (found.clauses, found.anchors) == (False, None)


def test_a_rubric_is_about_one_reply_unless_it_says_otherwise():
    assert rubric_from_json(rubric()).kind == "single"


@pytest.mark.parametrize(("given", "kept"), [("007", "007"), (7, "7"), ("-1", "-1")])
def test_codes_are_text(given, kept):
    found = rubric_from_json(rubric(question(options=options(given, "x"))))

    assert found.questions[0].options[0].code == kept


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "rubric"),
        ({}, "key"),
        (rubric(title=" "), "title"),
        (rubric(key="\0"), "key"),
        (rubric(version=0), "version"),
        (rubric(version=10**10), "version"),
        (rubric(extra=1), "extra"),
        ({**rubric(), "questions": []}, "questions"),
        (rubric(question(key="1st")), "questions.0.key"),
        (rubric(question(label="")), "questions.0.label"),
        (rubric(question(type="free")), "questions.0.type"),
        (rubric(question(level="ratio")), "questions.0.level"),
        (rubric(question(scope="sentence")), "questions.0.scope"),
        (rubric(question(hint="x")), "questions.0.hint"),
        (rubric(question(options=options(True, "x"))), "options.0.code"),
        (rubric(question(options=options(1.5, "x"))), "options.0.code"),
        (rubric(question(options=options("", "x"))), "options.0.code"),
        (rubric(question(options=options("a\n", "x"))), "options.0.code"),
        (rubric(question(options=options(" a", "x"))), "options.0.code"),
        (rubric(question(options=options("a ", "x"))), "options.0.code"),
        (rubric(question(options=options(*range(1_001)))), "options"),
        (rubric(question(options=options("a", "a", "b"))), "option a stands twice"),
        (rubric(question(options=options("a"))), "needs options"),
        (rubric(question(options=[])), "needs options"),
        (rubric(question(type="several", options=[])), "needs options"),
        (rubric(question(type="text")), "has no options"),
        (rubric(question(type="scale")), "whole numbers"),
        (rubric(question(type="scale", options=options("1", "2.5"))), "whole numbers"),
        (rubric(question(level="interval")), "whole numbers as codes"),
        (rubric(question(), question()), "2 questions have this key"),
        (rubric(question(show_if={"question": "safe", "is": ["yes"]})), "no earlier question"),
        (rubric(question(show_if={"question": "x", "is": []})), "show_if"),
        (
            rubric(
                question(key="e", type="spans", options=options("a")),
                question(show_if={"question": "e", "is": ["a"]}),
            ),
            "e has no options to choose from",
        ),
        (rubric(translations={"de": {}, "DE": {}}), "de is given 2 times"),
        (rubric(kind="triple"), "kind"),
        (rubric(question(clauses="perhaps")), "questions.0.clauses"),
        (rubric(question(type="spans", clauses=True)), "has clauses"),
        (rubric(question(type="text", options=[], clauses=True)), "has clauses"),
        (rubric(question(anchors="value_c")), "questions.0.anchors"),
        (rubric(question(anchors="value_a")), "only a scale has anchor texts"),
        (rubric(question(type="spans", anchors="value_b")), "only a scale has anchor texts"),
        (rubric(question(type="spans", options=options("a", "a"))), "option a stands twice"),
        (rubric(translations=[]), "translations"),
        (rubric(translations={"de": {"safe": {"title": "x"}}}), "translations.de.safe.title"),
        (rubric(translations={"de": {"safe": {"options": {"no": " "}}}}), "safe.options.no"),
    ],
)
def test_every_fault_is_named(found, why):
    assert any(why in error for error in errors(found))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "spans", "options": []},
        {"type": "spans", "options": options("omission", "framing")},
        {"type": "spans", "options": options("omission")},
        {"type": "text", "options": []},
        {"type": "single", "clauses": True},
        {"type": "several", "clauses": True},
        {"type": "scale", "options": options(0, 1), "clauses": True, "anchors": "value_a"},
        {"type": "scale", "options": options(0, 1), "anchors": "value_b"},
        {"options": options("tie", "other")},
    ],
)
def test_what_may_be_asked(changes):
    assert len(rubric_from_json(rubric(question(**changes))).questions) == 1


def test_a_span_question_says_what_may_be_said_of_a_place():
    found = rubric_from_json(rubric(question(type="spans", options=options("omission"))))

    assert [option.code for option in found.questions[0].options] == ["omission"]


# Two replies side by side


@pytest.mark.parametrize("codes", [("slot_1", "slot_2"), ("slot_1", "b"), ("a", "slot_2")])
def test_one_reply_is_not_compared(codes):
    found = rubric(question(options=options(*codes)))

    assert errors(found) == [
        ('safe: slot_1 and slot_2 are answers about two replies; give the rubric "kind": "pair"')
    ]


@pytest.mark.parametrize("scope", ["turn", "both"])
def test_two_replies_are_compared_as_wholes(scope):
    found = rubric(question(options=options("slot_1", "slot_2"), scope=scope), kind="pair")

    assert errors(found) == ["safe: two replies are compared as wholes; its scope is conversation"]


@pytest.mark.parametrize("codes", [("slot_1", "tie"), ("slot_2", "tie")])
def test_a_comparison_offers_both_replies(codes):
    found = rubric(question(options=options(*codes)), kind="pair")

    assert errors(found) == ["safe: offers one of slot_1 and slot_2; offer both"]


@pytest.mark.parametrize(
    "codes", [("slot_1", "slot_2"), ("slot_1", "slot_2", "tie"), ("no", "yes")]
)
def test_what_may_be_asked_of_two_replies(codes):
    assert rubric_from_json(rubric(question(options=options(*codes)), kind="pair")).kind == "pair"


# In other languages


@pytest.mark.parametrize("language", ["de", "de-AT", "pt-BR", "zh-Hant-TW", "haw"])
def test_words_of_another_language_are_kept(language):
    words = {"label": "Sicher?", "help": "Ein Satz.", "options": {"no": "Nein"}}

    found = rubric_from_json(rubric(translations={language: {"safe": words}}))

    assert found.translations[language]["safe"].options == {"no": "Nein"}


@pytest.mark.parametrize("language", ["", "d", "german", "de_AT", "de-", "de-A", "d\u00e9", "de\n"])
def test_a_language_has_a_code(language):
    found = errors(rubric(translations={language: {}}))

    assert found == [f"translations: {language!r} is no language code such as de or pt-BR"]


@pytest.mark.parametrize("words", [{}, {"label": ""}, {"label": " \n"}])
def test_a_label_that_is_blank_in_a_language_is_left_out(words):
    found = rubric_from_json(rubric(translations={"de": {"safe": words}}))

    assert found.translations["de"]["safe"].label == ""


def test_what_a_rubric_was_made_from_makes_it_again():
    made = rubric_from_json(rubric(translations={"de": {"safe": {"options": {"no": "Nein"}}}}))

    assert rubric_from_json(made.model_dump(mode="json", by_alias=True)) == made


def test_a_question_that_is_not_asked_is_not_translated():
    assert errors(rubric(translations={"de": {"sure": {"label": "Sicher?"}}})) == [
        "translations.de.sure: the rubric has no question 'sure'"
    ]


def test_an_option_that_is_not_offered_is_not_translated():
    words = {"options": {"perhaps": "Vielleicht", "no": "Nein", "maybe": "Kann sein"}}

    assert errors(rubric(translations={"de": {"safe": words}})) == [
        "translations.de.safe: it has no option 'maybe'",
        "translations.de.safe: it has no option 'perhaps'",
    ]


def test_a_condition_names_an_answer_that_is_offered():
    after = question(key="why", show_if={"question": "safe", "is": ["no", "perhaps"]})

    assert errors(rubric(question(), after)) == ["why: show_if: safe has no option 'perhaps'"]


@pytest.mark.parametrize(
    ("earlier", "later", "good"),
    [
        ("conversation", "conversation", True),
        ("turn", "turn", True),
        ("both", "both", True),
        ("both", "turn", True),
        ("both", "conversation", True),
        ("conversation", "turn", False),
        ("turn", "conversation", False),
        ("turn", "both", False),
    ],
)
def test_a_condition_is_asked_wherever_its_question_is(earlier, later, good):
    after = question(key="why", scope=later, show_if={"question": "safe", "is": ["no"]})
    found = rubric(question(scope=earlier), after)

    if good:
        assert len(rubric_from_json(found).questions) == 2
    else:
        assert "the same scope" in errors(found)[0]


@pytest.mark.parametrize("key", ["next", "page", "turn", "receipt", "action", "dataset", "matches"])
def test_a_key_that_the_form_has_for_itself_is_refused(key):
    assert "choose another key" in errors(rubric(question(key=key)))[0]


@pytest.mark.parametrize("code", ["{value_a}", "for {value_b}"])
def test_a_code_with_the_name_of_a_value_in_it_is_refused(code):
    assert "stand in labels" in errors(rubric(question(options=options("no", code))))[0]


def test_every_fault_is_told_at_once():
    assert len(errors(rubric(question(key="1"), question(type="x"), title=""))) == 3


def test_a_file_is_read_with_its_byte_order_mark(tmp_path):
    path = tmp_path / "r.json"
    path.write_text("\ufeff" + json.dumps(rubric()))

    assert rubric_from_file(path).key == "k"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"key": "a", "key": "b"}', "stands twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_R062_a_file_that_is_no_json_is_refused(content, why, tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(content)

    with pytest.raises(FileUnreadable, match=why):
        rubric_from_file(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        rubric_from_file(tmp_path / "none.json")
