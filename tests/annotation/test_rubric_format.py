"""The rubric file: what can be asked, and every way in which it cannot."""

import json

import pytest

from annotation.errors import FileUnreadable, RubricInvalid
from annotation.rubric_format import presets, rubric_from_file, rubric_from_json
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


def test_every_preset_is_a_rubric():
    assert "tradeoff-quick" in presets()
    assert all(found.key == name for name, found in presets().items())


def test_what_is_left_out_has_a_default():
    found = rubric_from_json(rubric()).questions[0]

    assert (found.level, found.scope, found.required) == ("nominal", "conversation", True)


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
    ],
)
def test_every_fault_is_named(found, why):
    assert any(why in error for error in errors(found))


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
