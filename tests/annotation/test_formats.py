"""What a line may say: every refusal by field, nothing turned into something else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import formats
from annotation.files import Record
from annotation.formats import ReplyLine, reply_line
from annotation.judgment_lines import JudgmentLine, judgment_line
from tests import build


def reply(**fields):
    return reply_line(Record(7, build.reply_fields(**fields)))


def cells(**more):
    """A CSV row: all text."""
    return {
        "query_id": "q",
        "model": "m",
        "value_a": "A",
        "value_b": "B",
        "prompt": "Why?",
        "response": "So.",
        **more,
    }


def row(**more):
    return reply_line(Record(7, cells(**more)))


def fields_of(problems):
    assert isinstance(problems, list)
    assert all(problem.line == 7 for problem in problems)
    return [problem.field for problem in problems]


def judged(**fields):
    line = {"response_id": "r", "rater": "ann", "question": "safe", "answer": "yes", **fields}
    return judgment_line(Record(7, line))


# Replies


def test_a_line_is_read_as_it_is():
    found = reply(response_id="007", topics=["a"], facts=["b"], framing="value_a", sample=2)

    assert (found.response_id, found.topics, found.facts) == ("007", ["a"], ["b"])
    assert (found.framing, found.sample) == ("value_a", 2)


@pytest.mark.parametrize("name", ["query_id", "model", "value_a", "value_b", "messages"])
@pytest.mark.parametrize("empty", [None, "", "absent"])
def test_what_is_required_is_named_when_it_is_missing(name, empty):
    fields = build.reply_fields()
    fields = {k: v for k, v in fields.items() if k != name}
    if empty != "absent":
        fields[name] = empty

    assert fields_of(reply_line(Record(7, fields))) == [name]


@pytest.mark.parametrize("name", ["query_id", "response_id", "model", "scenario_id"])
@pytest.mark.parametrize(
    "bad", [7, 7.0, True, ["a"], " ", "a\nb", "a\0b", "\x85", "x" * 201, "\ud800"]
)
def test_an_id_is_text_without_control_characters(name, bad):
    assert fields_of(reply(**{name: bad})) == [name]


@pytest.mark.parametrize("good", ["007", "x" * 200, "é/日本 🙂", "1e5", "NaN", "=1+1", "null"])
def test_an_id_is_any_other_text_and_stays_as_it_is(good):
    assert reply(query_id=good).query_id == good


def test_every_wrong_field_is_named_at_once():
    found = reply(query_id=1, framing="left", sample=0)

    assert sorted(fields_of(found)) == ["framing", "query_id", "sample"]


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "messages"),
        ("text", "messages"),
        ([{"role": "user", "content": "?"}], "messages"),
        ([{"role": "bot", "content": "!"}], "messages.0.role"),
        ([{"role": "assistant", "content": 5}], "messages.0.content"),
        ([{"role": "assistant", "content": None}], "messages.0.content"),
        ([{"role": "assistant"}], "messages.0.content"),
        ([{"role": "assistant", "content": "a\0b"}], "messages.0.content"),
        ([{"role": "assistant", "content": "\udc00"}], "messages.0.content"),
        ([{"role": "assistant", "content": "a", "name": "x"}], "messages.0.name"),
    ],
)
def test_messages_that_cannot_be_judged_are_refused(messages, field):
    assert fields_of(reply(messages=messages)) == [field]


def test_R050_two_replies_in_a_row_and_an_empty_one_are_kept_in_their_order():
    messages = [
        {"role": "system", "content": "s"},
        {"role": "assistant", "content": "one"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "bye"},
    ]

    assert [m.content for m in reply(messages=messages).messages] == ["s", "one", "", "bye"]


def test_more_messages_than_can_be_numbered_are_refused():
    messages = [{"role": "assistant", "content": "a"}] * 10_001

    assert fields_of(reply(messages=messages)) == ["messages"]


def test_the_two_values_must_differ():
    (problem,) = reply(value_a="Honesty", value_b="Honesty")

    assert "same as value_a" in problem.reason


@pytest.mark.parametrize("bad", [0, -1, 1.0, True, "0", "1.5", "-1", "٣", "9" * 5_000, 10**7])
def test_a_sample_is_a_whole_number_from_one(bad):
    assert fields_of(reply(sample=bad)) == ["sample"]


def test_unknown_fields_are_kept_beside_the_metadata():
    found = reply(provider_request="chatcmpl-1", cost=0.25, metadata={"a": [1, None]})

    assert found.metadata == {"provider_request": "chatcmpl-1", "cost": 0.25, "a": [1, None]}


@pytest.mark.parametrize(
    "bad",
    ["a\0b", "\ud800", ["\0"], {"\0": 1}, {"\ud800": 1}, float("inf"), [{"x": float("-inf")}]],
)
@pytest.mark.parametrize("name", ["metadata", "extra"])
def test_metadata_no_database_stores_is_refused_by_name(name, bad):
    found = reply(**{name: {"k": bad}})

    assert fields_of(found)[0].split(".")[0] == name


def test_an_unknown_field_whose_own_name_cannot_be_stored_is_refused():
    assert len(reply(**{"a\0b": 1})) == 1


def test_a_prompt_beside_messages_is_kept_and_not_dropped():
    assert reply(prompt="Why?").metadata == {"prompt": "Why?"}


def test_anchors_have_at_most_seven_levels_and_two_values():
    assert fields_of(reply(anchors={"value_a": ["x"] * 8})) == ["anchors.value_a"]
    assert len(reply(anchors={"value_c": ["x"]})) == 1


# Replies from CSV


def test_prompt_and_response_become_a_single_turn():
    assert [(m.role, m.content) for m in row().messages] == [("user", "Why?"), ("assistant", "So.")]


def test_a_response_needs_no_prompt():
    assert [m.role for m in row(prompt="").messages] == ["assistant"]


def test_a_row_without_a_response_has_nothing_to_judge():
    assert fields_of(row(response="")) == ["messages"]


def test_an_empty_cell_of_messages_leaves_prompt_and_response():
    assert [m.content for m in row(messages="").messages] == ["Why?", "So."]


def test_several_turns_stand_as_json_in_a_cell():
    found = row(messages=json.dumps(build.conversation(3)), prompt="", response="")

    assert len(found.messages) == 6


@pytest.mark.parametrize(
    "cell",
    ["not json", "[NaN]", '[{"role": "assistant", "role": "user", "content": "x"}]', "[" * 200],
)
def test_a_cell_is_read_as_strictly_as_a_json_line(cell):
    (problem,) = row(messages=cell, prompt="", response="")

    assert problem.field == "messages"


@pytest.mark.parametrize(
    ("cell", "topics"),
    [("a; b;;", ["a", "b"]), ('["a;b"]', ["a;b"]), ("7", ["7"]), ("007", ["007"]), (" ", [])],
)
def test_topics_are_a_list_or_words_between_semicolons(cell, topics):
    assert row(topics=cell).topics == topics


def test_a_list_of_topics_that_is_no_json_is_refused():
    assert fields_of(row(topics="[a")) == ["topics"]


@pytest.mark.parametrize(("cell", "sample"), [("3", 3), ("", 1), (" ", 1)])
def test_a_sample_in_a_cell_is_a_number_or_nothing(cell, sample):
    assert row(sample=cell).sample == sample


# Judgments


def test_a_scale_point_may_be_a_number():
    assert judged(answer=3).answer == "3"
    assert judged(confidence=4).confidence == "4"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rater": 7}, "rater"),
        ({"rater": ""}, "rater"),
        ({"answer": True}, "answer"),
        ({"answer": 3.0}, "answer"),
        ({"answer": " "}, "answer"),
        ({"answer": "a\0"}, "answer"),
        ({"turn": "one"}, "turn"),
        ({"turn": "1.0"}, "turn"),
        ({"turn": -1}, "turn"),
        ({"turn": True}, "turn"),
        ({"turn": 40_000}, "turn"),
        ({"turn": "9" * 5_000}, "turn"),
        ({"comment": "x"}, "comment"),
    ],
)
def test_a_judgment_line_is_refused_by_field(fields, name):
    assert fields_of(judged(**fields)) == [name]


@pytest.mark.parametrize(("cell", "turn"), [("", None), ("2", 2), ("0", 0), (2, 2), (" ", None)])
def test_a_turn_is_a_whole_number_or_nothing(cell, turn):
    assert judged(turn=cell).turn == turn


# Whatever comes


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*ReplyLine.model_fields, *JudgmentLine.model_fields, "prompt", "response"])


@given(st.dictionaries(names | st.text(), anything, max_size=6))
def test_no_line_is_ever_more_than_refused(fields):
    record = Record(7, {**build.reply_fields(), **fields})

    for found, kind in ((reply_line(record), ReplyLine), (judgment_line(record), JudgmentLine)):
        assert isinstance(found, kind) or (found and all(problem.reason for problem in found))


of_a_reply = st.sampled_from([*ReplyLine.model_fields])
likely = anything | st.sampled_from(["", " ", " a", "\x85", "\x7f", "é" * 200, "a" * 201, "\ud800"])


@given(st.dictionaries(of_a_reply, likely, max_size=4))
def test_what_passes_at_first_sight_is_what_a_closer_look_finds(fields):
    record = Record(7, {**build.reply_fields(), **fields})

    plain = formats._plain_reply(record.fields)

    assert plain is None or plain == formats.reply_of(formats.reply_line(record))


def test_an_ordinary_line_passes_at_first_sight():
    assert formats._plain_reply(build.reply_fields(value_a="Ehrlichkeit über alles")) is not None


@given(anything)
def test_whatever_is_kept_can_be_stored(value):
    found = reply_line(Record(7, build.reply_fields(extra=value)))

    if isinstance(found, ReplyLine) and "extra" in found.metadata:
        text = json.dumps(found.metadata, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in text
        assert text.encode()


def test_what_a_release_escaped_for_spreadsheets_is_taken_back():
    found = judged(rater="'=ann", question="'safe", csv_escaped="rater answer")

    assert (found.rater, found.question) == ("=ann", "'safe")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("query_id", 7, "must be text in quotes, not a number: ids are never numbers"),
        ("model", True, "must be text in quotes, not true or false: ids are never numbers"),
        ("value_a", ["x"], "must be text in quotes, not a list: ids are never numbers"),
        ("framing", "sideways", "must be 'neutral', 'value_a' or 'value_b'"),
        ("sample", "two", "must be a whole number"),
        ("sample", 0, "must be greater than or equal to 1"),
        ("topics", "x" * 10 + "\0", "holds a NUL character"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_people(field, value, reason):
    (problem,) = reply_line(Record(1, {**build.reply_fields(), field: value}))

    assert problem.field.startswith(field)
    assert problem.reason.startswith(reason)
