"""What a page says of itself: counts, and nothing that could break anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.signals import PageSignals, page_signals
from annotation.vocabulary import ClientKind


def test_what_a_page_measured_is_read():
    sent = {
        "client": "narrow",
        "active": 1200.7,
        "questions": {"winner": 900},
        "pastes": {"note": 2},
        "absences": {"note": 1},
        "folded": [2, 1],
        "unfolded": [1],
    }

    found = page_signals(json.dumps(sent))

    assert found.client == ClientKind.NARROW
    assert (found.active_ms, found.active_at) == (1200, {"winner": 900})
    assert found.as_json() == {
        "pastes": {"note": 2},
        "absences": {"note": 1},
        "folded": [1, 2],
        "unfolded": [1],
    }


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "7", "{" * 5_000, json.dumps({"client": "elsewhere"}), "x" * 30_000,
     json.dumps({"active": -5, "questions": {"winner": -1}, "folded": ["a"]}),
     json.dumps({"active": True}), json.dumps({"active": 10**12})],
)  # fmt: skip
def test_what_cannot_be_so_is_as_if_it_was_not_sent(text):
    assert page_signals(text) == PageSignals()


@pytest.mark.parametrize("key", ["\0", "note\0", "\ud800", "\n"])
def test_what_no_database_stores_is_not_kept(key):
    found = page_signals(json.dumps({"questions": {key: 5, "note": 7}, "pastes": {key: 1}}))

    assert found == PageSignals(active_at={"note": 7})


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_no_input_is_an_error(value):
    page_signals(json.dumps({"active": value, "questions": value, "folded": value}))
