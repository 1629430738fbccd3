"""The quick parser and the strict one read the same, and refuse the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.files import parsed_json, strict_json

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(['a":', "\\"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


def told(read, text):
    """What a parser says, or how it refuses."""
    try:
        return repr(read(text))
    except ValueError as refusal:
        return type(refusal), str(refusal)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_what_python_writes_is_read_alike(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert told(parsed_json, text) == told(strict_json._parsed_slowly, text)


@given(st.text(st.sampled_from('{}[]":,\\ \n01.-eEtrufalsn"ab'), max_size=30))
def test_what_is_no_json_is_refused_alike(text):
    assert told(parsed_json, text) == told(strict_json._parsed_slowly, text)


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a" :2}', '{"a":1,"\\u0061":2}', '[{"b":{"a":1,"a":1}}]', '{"a":"x\\":","a":1}'],
)
def test_a_key_that_stands_twice_is_never_passed_over(text):
    with pytest.raises(strict_json.KeyTwice):
        parsed_json(text)


@pytest.mark.parametrize("text", ['{"a":"b\\":c"}', '{"a" : "\\" :"}'])
def test_text_that_looks_like_the_end_of_a_key_is_text(text):
    assert list(parsed_json(text)) == ["a"]


@pytest.mark.parametrize("text", ['"\ud800"', '"\\ud800"'])
def test_half_of_a_surrogate_pair_is_for_the_format_to_refuse(text):
    assert parsed_json(text) == "\ud800"
