"""Many texts at once: what the sieve keeps back holds nothing, and the rest is found as before."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import scrub_sieve, scrubbing
from annotation.scrubbing import current_rules, find, find_in_all

RULES = current_rules()
NAMES = ("acme/fern-2", "boreal")
PLAIN = "We would weigh what a friend needs against the plan."
WORDS = sorted(word.decode() for word in RULES.heads | RULES.pattern_words)
PARTS = st.one_of(
    st.sampled_from([*WORDS, *RULES.names, "I'm", "the", "trained by", "Fern", "boreal"]),
    st.sampled_from(["g p t", "C.l.a.u.d.e", "a", "b", "\uff27PT", "\u212a", "\u017f", "\u0130"]),
    st.text(st.sampled_from(string.ascii_letters + " -_.*|\n\u00b7\u00e9<["), max_size=12),
    st.text(max_size=4),
)


@pytest.fixture(autouse=True)
def _sieve_even_few(monkeypatch):
    monkeypatch.setattr(scrub_sieve, "FEWEST", 0)


def suspects(*texts):
    words = RULES.heads | RULES.pattern_words
    return list(scrub_sieve.suspects(texts, words=words, signs=RULES.pattern_signs))


@settings(deadline=None)
@given(st.lists(st.lists(PARTS, max_size=6).map(" ".join), min_size=1, max_size=8))
def test_many_texts_at_once_give_what_each_gives_alone(texts):
    alone = [find(text, rules=RULES, extra_names=NAMES) for text in texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrub_sieve, "FEWEST", 0)
        assert find_in_all(texts, rules=RULES, extra_names=NAMES) == alone


def test_plain_prose_is_kept_back():
    assert suspects(PLAIN, "", "I a", "Caf\u00e9 \u2014 \u201cquoted\u201d") == [False] * 4


@pytest.mark.parametrize(
    "text",
    [
        "claude",
        "As ChatGPT",
        "(OpenAI)",
        "x GPT4",
        "g p t",
        "-g-p-t",
        "\uff27",
        "<think>",
        "\u7531",
    ],
)
def test_what_begins_a_rule_is_let_through(text):
    assert suspects(PLAIN, text) == [False, True]


def test_every_sign_that_a_rule_or_a_script_begins_with_is_let_through():
    signs = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]

    found = suspects(*signs)

    for sign, suspect in zip(signs, found, strict=True):
        low = sign.lower() if len(sign.lower()) == 1 else sign
        assert suspect or not (
            scrubbing._OTHER_SCRIPT.search(low)
            or scrubbing._DISGUISE.search(sign)
            or low in RULES.pattern_signs
        ), hex(ord(sign))


def test_few_texts_are_looked_at_one_by_one(monkeypatch):
    monkeypatch.setattr(scrub_sieve, "FEWEST", 3)

    assert suspects(PLAIN, PLAIN) == [True, True]
