"""Whatever language a browser asks for, what is sent, counted and released is the same (R-053)."""

import re
from dataclasses import replace

import pytest
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from annotation.models import Answer, Judgment, Rater, Study
from annotation.selectors.cards import card_for
from tests import build
from tests.evaluation.given import written
from tests.guards import catalogue, german, world
from tests.guards.german import TURN, Reader, form_of

pytestmark = pytest.mark.django_db
LANGUAGES = pytest.mark.parametrize("language", ["de", "ar", "fa", "tr"])
MILLION = 1_234_567


@pytest.fixture(autouse=True)
def _separators(settings):
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGES = [(code, code) for code in ("en", "de", "ar", "fa", "tr")]


def reader_of(rater: Rater, language: str) -> Reader:
    reader = Reader(rater)
    reader.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return reader


@LANGUAGES
def test_R053_a_form_is_stored_alike_in_every_language(language, tmp_path):
    ann = build.rater(german.study(tmp_path))
    reader = reader_of(ann, language)
    shown = reader.get("rate")
    form = form_of(shown)

    answer = reader.post("submit", form.pop("key"), **form, **TURN)

    said = dict(Answer.objects.values_list("question__key", "option__code"))
    assert shown.headers["Content-Language"] == language
    assert answer.status_code == 303
    assert said == {"winner": "both", "refusal": "1", "misled": "no"}
    assert Judgment.objects.get().language == language


@pytest.mark.parametrize("language", ["de", "tr"])  # the others group no digits
def test_R053_numbers_that_a_form_sends_and_a_script_reads_are_plain(language, tmp_path):
    ann = build.rater(german.study(tmp_path, break_minutes=30_000))
    card = card_for(build.claim(ann, at=build.now()), ann)
    long = tuple(replace(m, turn=MILLION, slot=MILLION, words=MILLION) for m in card.messages)
    card = replace(
        card,
        turn=MILLION,
        turns=MILLION,
        revision=MILLION,
        specification_id=MILLION,
        messages=long,
        warned_of=(),
    )
    context = {"card": card, "rater": ann, "clauses": (), "part": "annotation/_card.html"}

    with translation.override(language):
        html = render_to_string("annotation/rate.html", context)

    # A random key may hold the same digits by chance, the whole number it does not.
    number = re.compile(r"1\D?234\D?567")
    sent = {name: value for name, value in catalogue.attributes_of(html) if number.search(value)}
    assert {"value", "data-turn", "data-revision", "data-words", "data-clauses-at"} <= sent.keys()
    assert all(str(MILLION) in value for value in sent.values())
    assert 'data-break="30000"' in html
    assert html.count(str(MILLION)) < html.count("567")  # what is read has its separators


def test_R053_addresses_have_plain_numbers(tmp_path):
    ann = build.rater(german.study(tmp_path))
    clauses = {"rater": ann, "version_id": MILLION, "words": "luege", "found": ()}
    pager = {"page": Paginator(range(3_000), 1).get_page(1_500)}

    with translation.override("de"):
        html = render_to_string("annotation/clauses.html", clauses)
        html += render_to_string("components/_pager.html", pager)

    assert html.count(str(MILLION)) == html.count("567") == 2
    assert "page=1499" in html
    assert "page=1501" in html
    assert "Seite 1.500 von 3.000" in html


@pytest.mark.parametrize(
    "digits", ["\N{ARABIC-INDIC DIGIT ONE}", "\N{FULLWIDTH DIGIT ONE}", "1.000"]
)
def test_R053_other_digits_in_a_number_are_refused_and_nothing_is_stored(digits, tmp_path):
    reader = reader_of(build.rater(german.study(tmp_path)), "ar")
    form = form_of(reader.get("rate"))

    answer = reader.post("submit", form["key"], receipt=form["receipt"], turn=digits, **TURN)
    clauses = reader.get("clauses", query=f"?version={digits}")

    assert (answer.status_code, clauses.status_code) == (409, 404)
    assert not Judgment.objects.exists()


def test_R053_a_release_is_the_same_in_every_language(tmp_path):
    german.judges(tmp_path)
    study = Study.objects.get(rubric__key="tradeoff-standard")
    files = {}

    for language in ("en", "de", "ar", "fa", "tr"):
        with translation.override(language):
            out = written(study, tmp_path, folder=language)
        files[language] = {path.name: path.read_bytes() for path in out.iterdir()}

    first = files.pop("en")
    assert {
        name for other in files.values() for name in other if other[name] != first[name]
    } == set()
    assert b"neither" in first["judgments.jsonl"]


def test_R053_the_api_says_the_same_in_every_language(tmp_path):
    study = world.make(tmp_path, name="own")
    client = world.client(study.people["researcher"])
    names = ("api-agreement", "api-judges")

    said = {
        (name, client.get(reverse(name, args=["own"]), headers={"Accept-Language": code}).content)
        for name in names
        for code in ("en", "de", "ar", "fa", "tr")
    }

    assert len(said) == len(names)


def test_R053_pages_of_results_stay_in_english(tmp_path):
    study = world.make(tmp_path, name="own")
    client = world.client(study.people["researcher"])

    for page in ("agreement", "judges", "rates", "releases"):
        address = reverse(f"evaluation:{page}", args=["own"])
        german_asked = client.get(address, headers={"Accept-Language": "de"})
        assert german_asked.headers["Content-Language"] == "en"
        assert "Abmelden" not in german_asked.content.decode()
