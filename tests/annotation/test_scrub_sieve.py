"""Many texts at once: what the sieve keeps back holds nothing, and the rest is found as before."""

import json
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import scrub_disguises, scrub_sieve, scrubbing
from annotation.scrub_context import View
from annotation.scrub_finder import finder
from annotation.scrubbing import current_rules, find, find_in_all
from tests.environment import PROJECT

RULES = current_rules()
NAMES = ("acme/fern-2", "boreal")
PLAIN = "We would weigh what a friend needs against the plan."
WORDS = sorted(word.decode() for word in RULES.heads | RULES.pattern_words)
PARTS = st.one_of(
    st.sampled_from([*WORDS, *RULES.names, "I'm", "the", "trained by", "Fern", "boreal"]),
    st.sampled_from(sorted(RULES.sieve_phrases)),
    st.sampled_from(
        [
            "g p t",
            "cl4ude",
            "Cl*ude",
            "Cl\u00e0ude",
            "C.l.a.u.d.e",
            "a",
            "b",
            "\uff27PT",
            "\u212a",
            "\u017f",
            "\u0130",
        ]
    ),
    st.text(st.sampled_from(string.ascii_letters + " -_.*|\n\u00b7\u00e9<["), max_size=12),
    st.text(max_size=4),
)

# Parts of names beside each other, and of what says who made the speaker.
NEAR = st.sampled_from(
    [
        *sorted({part for name in RULES.names for part in re.findall("[a-z]+|[0-9]+", name)}),
        *["facebook", "ai", "research", "command", "r", "plus", "open", "gpt", "4", "o", "é", "x"],
    ]
)
SAYINGS = [
    "I'm Fern", "I’m", "i am", "\u0131 am", "\u0130'm", "my name is Zed", "as an", "a\u017f an", "me", "my",
    "AI", "AI model", "an AI", ", a language model", "chatbot", "trained by", "was built by", "I was made by",
    "the company Zed Labs", "Zed", ".", "that", "mime",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _sieve_even_few(monkeypatch):
    monkeypatch.setattr(scrub_sieve, "FEWEST", 0)


def suspects(*texts):
    found = scrub_sieve.suspects(
        texts,
        words=RULES.sieve_words,
        signs=RULES.pattern_signs,
        phrases=RULES.sieve_phrases,
        accented=RULES.accented_names,
    )
    return list(found)


@settings(deadline=None)
@given(st.lists(st.lists(PARTS, max_size=6).map(" ".join), min_size=1, max_size=8))
def test_many_texts_at_once_give_what_each_gives_alone(texts):
    alone = [find(text, rules=RULES, extra_names=NAMES) for text in texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrub_sieve, "FEWEST", 0)
        assert find_in_all(texts, rules=RULES, extra_names=NAMES) == alone


@settings(deadline=None)
@given(st.lists(PARTS | NEAR, max_size=12), st.sampled_from(["", " ", " ", "-", "\n"]))
def test_names_are_found_around_their_heads_as_in_the_whole_text(parts, between):
    low = scrub_disguises.lowered(between.join(parts))
    words = scrub_disguises.letter_runs(low.encode("latin-1", "replace"))

    for names in (RULES.latin, scrubbing._of_batch(RULES, NAMES).finder):
        found = [match.span() for match in names.matches(low, words)]
        assert found == [match.span() for match in names.pattern.finditer(low)]


def test_a_search_around_a_head_never_ends_in_the_midst_of_a_word():
    for apart in range(1, RULES.latin.reach + 3):
        low = f"anthropic{' ' * apart}bards"
        words = scrub_disguises.letter_runs(low.encode())
        assert [match.group() for match in RULES.latin.matches(low, words)] == ["anthropic"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(SAYINGS) | PARTS, max_size=8), st.sampled_from([" ", " ", "\n", ""])
)
def test_wordings_are_found_where_they_can_begin_as_in_the_whole_text(parts, between):
    text = between.join(parts)
    view = View(text, scrub_disguises.lowered(text))

    for pattern in RULES.patterns:
        found = [match.span() for match in scrubbing._wordings(pattern, view)]
        assert found == [match.span() for match in pattern.regex.finditer(text)]


@pytest.mark.parametrize("name", ["blinding_sentences.jsonl", "blinding_unseen.jsonl"])
def test_of_the_labelled_sentences_the_sieve_keeps_none_back(name):
    lines = (PROJECT / "fixtures" / name).read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]

    assert find_in_all(texts, rules=RULES) == [find(text, rules=RULES) for text in texts]


def test_what_begins_is_known_of_the_wordings_that_take_longest():
    known = {pattern.rule for pattern in RULES.patterns if pattern.begins}

    assert known >= {"pattern:unknown_maker_en", "pattern:unknown_name_en"}


def test_a_name_run_together_halfway_is_looked_at():
    assert suspects("Command Rplus", "the Facebook AIResearch lab") == [True, True]


def test_a_name_that_no_letter_could_find_is_refused():
    with pytest.raises(ValueError, match="360"):
        finder(["open ai", "360"])


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
            scrub_disguises.OTHER_SCRIPT.search(low)
            or scrub_disguises.DISGUISE.search(sign)
            or low in RULES.pattern_signs
        ), hex(ord(sign))


def test_few_texts_are_looked_at_one_by_one(monkeypatch):
    monkeypatch.setattr(scrub_sieve, "FEWEST", 3)

    assert suspects(PLAIN, PLAIN) == [True, True]
