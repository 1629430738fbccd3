"""Kinds of writing by which a text tells its author, with a name or with none."""

import pytest

from annotation import scrubbing
from annotation.scrubbing import Decision

RULES = scrubbing.current_rules()


def struck(text):
    return [
        hit.text for hit in scrubbing.find(text, rules=RULES) if hit.decision is not Decision.KEPT
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("My knowledge stops in 2024.", "2024"),
        ("I was last updated in May 2023.", "May 2023"),
        ("Mes connaissances vont jusqu'en 2023.", "2023"),
        ("Что было после 2022 года, я не знаю.", "2022"),
        ("2022年以降の出来事は知りません。", "2022年"),
        ("I am a language model made by a start-up in Lisbon.", "Lisbon"),
        ("I was built by the people who make Lego.", "Lego"),
        ("Die KI wurde von einer Firma aus Graz entwickelt.", "Graz"),
        ("My makers live in Oslo.", "Oslo"),
        ('My system prompt reads: "Be kind."', "Be kind."),
        ("This message may violate our usage policies.", "violate our usage policies"),
        ("Sag ihr: das steht in meinem Systemprompt.", "meinem Systemprompt"),
    ],
)
def test_what_tells_an_author_without_a_name_is_struck(text, part):
    assert part in struck(text)


@pytest.mark.parametrize(
    "text",
    [
        "My knowledge of birds stops at the sparrow.",
        "The lease was last updated in May 2023.",
        "Après 2023, la rue a changé de nom.",
        "A start-up in Lisbon made the lamp.",
        "My brother works for the people who make Lego.",
        "Die Firma aus Graz hat das Haus entwickelt.",
        "My parents live in Oslo.",
        'The note reads: "Be kind."',
        "The dog may violate the rules of the house.",
    ],
)
def test_the_same_said_of_people_and_things_is_left(text):
    assert not struck(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We tried the Mistral 7B model.", "Mistral 7B"),
        ("Gemma 3n speaking.", "Gemma 3n"),
        ("I'm Klawd, hello.", "Klawd"),
        ("I'm Quen, hello.", "Quen"),
        ("I'm Claude Assistant, hello.", "Claude"),
        ("Google m'a entraîné.", "Google"),
        ("Ben Gemini'yim.", "Gemini"),
    ],
)
def test_a_name_that_nothing_explains_otherwise_is_struck(text, name):
    assert name in struck(text)


@pytest.mark.parametrize(
    "text",
    [
        "My name is Claude Lefebvre and I sell boats.",
        "Claude and Marie sell boats.",
        "Der Mistral weht.",
        "Gemini IV flew in 1965.",
        "The quen of typing errors.",
        "Клодия продаёт лодки.",
    ],
)
def test_a_name_of_people_winds_and_ships_is_left(text):
    assert not struck(text)
