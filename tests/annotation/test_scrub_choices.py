"""Wordings are looked for by their first letters: what is found is the same as of all in a row."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.scrub_rules import choice
from tests.environment import PROJECT

RULES = json.loads((PROJECT / "annotation" / "scrub_rules.json").read_text(encoding="utf-8"))
LISTS = RULES["cues"] | RULES["context"]
FOUND = ("blinding_sentences.jsonl", "blinding_unseen.jsonl")
TEXTS = [
    json.loads(line)["text"].lower()
    for name in FOUND
    for line in (PROJECT / "fixtures" / name).read_text(encoding="utf-8").splitlines()
]
WORDINGS = ["ab", "a", "abc", "a b", "ab?", "a*c", "b|ca", "a(?:b|c)", "[|]a", r"a\|b", "ca{2}", ""]


def begins(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    return found.start() if found else None


@pytest.mark.parametrize("name", LISTS)
def test_a_choice_of_the_rules_is_found_where_the_row_is(name):
    quick, plain = (f"(?:{one})(?!\\w)" for one in (choice(LISTS[name]), "|".join(LISTS[name])))

    assert [begins(quick, text) for text in TEXTS] == [begins(plain, text) for text in TEXTS]


@given(st.lists(st.sampled_from(WORDINGS), min_size=1), st.text(alphabet="abc |", max_size=8))
def test_any_choice_is_found_where_the_row_is(wordings, text):
    quick, plain = f"(?:{choice(wordings)})$", f"(?:{'|'.join(wordings)})$"

    assert begins(quick, text) == begins(plain, text)
