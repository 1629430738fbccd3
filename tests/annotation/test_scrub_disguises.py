"""Names that are written so that no search should find them are found, and like writing is left."""

import pytest

from annotation import scrub_sieve, scrubbing
from annotation.scrubbing import Decision

RULES = scrubbing.current_rules()


def struck(text):
    return [
        hit.text for hit in scrubbing.find(text, rules=RULES) if hit.decision is not Decision.KEPT
    ]


DISGUISED = [
    *("cl4ude", "Gr0k", "D33pS33k", "G3m1n1", "Ch@tGPT", "0penAI", "Anthr0pic", "cl4ud3"),
    *("Cl*ude", "Cl**de", "Ch#tGPT", "Op*nAI"),
    *("\U0001f172\U0001f17b\U0001f170\U0001f184\U0001f173\U0001f174", "ᴄʟᴀᴜᴅᴇ", "ᶜˡᵃᵘᵈᵉ"),
    *("К л о д", "深 度 求 索", "클-로-드", "ク ロ ー ド"),
    *("K.I.M.I", "Q w e n", "C_l_a_u_d_e"),
]


@pytest.mark.parametrize("name", DISGUISED)
def test_a_name_in_disguise_is_struck_whole(name):
    assert struck(f"well, {name} says no") == [name]


@pytest.mark.parametrize("name", ["Clàude", "Gémini", "ÇhatGPT", "Òpénaï", "Çopilot"])
def test_accents_hide_no_name_where_the_text_says_who_speaks(name):
    assert struck(f"I'm {name}, hello.") == [name]


def test_accents_alone_make_no_name():
    assert not struck("Llamá a tu madre. Où est la méta-analyse du Géminis ?")


@pytest.mark.parametrize(
    "text",
    [
        *("covid19 and the 1st of May", "an mp3 of 4th grade", "write to ann@example.org"),
        *("a**bold**word", "f*ck that", "C#sharp", "f(x)=x*y", "B4 is a paper size"),
        *("это и я", "그 날 밤 에", "a b c d e", "N.A.S.A. and the E.S.A. agreed"),
    ],
)
def test_digits_stars_and_single_letters_by_themselves_are_left(text):
    assert not struck(text)


def test_a_starred_word_that_could_be_a_common_one_is_none():
    assert not struck("the g**p in the l*w")


def test_the_words_beside_a_disguise_keep_their_place():
    (hit,) = scrubbing.find("So: cl4ude, not 4 ducks.", rules=RULES)

    assert (hit.start, hit.end) == (4, 10)


@pytest.mark.parametrize("name", [*DISGUISED, "Clàude", "Gémini"])
def test_the_sieve_lets_a_disguise_through(name, monkeypatch):
    monkeypatch.setattr(scrub_sieve, "FEWEST", 0)

    alone = scrubbing.find(f"I'm {name}, hello.", rules=RULES)

    assert scrubbing.find_in_all([f"I'm {name}, hello."], rules=RULES) == [alone]
    assert alone
