"""Every sentence that a rater can read is translated, and nothing that is counted ever is (R-053)."""

import gettext
import json
import re
from pathlib import Path

import allauth
import django.conf
import pytest
from django.template.loader import render_to_string
from django.utils import translation

from config.account_words import OF_LIBRARIES
from tests.guards import catalogue, german
from tests.guards.catalogue import Text, Words, name_of, words_of

LANGUAGES = pytest.mark.parametrize("path", catalogue.CATALOGUES, ids=lambda path: path.parts[-3])
TEMPLATES = pytest.mark.parametrize("path", catalogue.templates(), ids=name_of)
MODULES = pytest.mark.parametrize("path", catalogue.MODULES, ids=lambda path: path.stem)
# The product's name, the sign of a second, and what stands on keys and in code.
SAID_ALIKE = frozenset({"Touchstone", "s"})
NOT_SPOKEN = frozenset({"kbd", "code"})
# Rendered only when the server breaks.
NEVER_WALKED = {"500.html", "403_csrf.html"}
ENGLISH = re.compile(r"\b(the|you|your|and|with|this|please|are|of|to|from|for)\b", re.IGNORECASE)


def wanted() -> set[Text]:
    """Return every text that a rater's page or sentence marks for translation."""
    read = [path.read_text(encoding="utf-8") for path in catalogue.templates()]
    modules = [path.read_text(encoding="utf-8") for path in catalogue.MODULES]
    return set().union(
        *map(catalogue.texts_of_template, read), *map(catalogue.texts_of_module, modules)
    )


def problem_of(text: Text, entries) -> str:
    """Return what a catalogue lacks for a text, or nothing."""
    entry = entries.get(text.one)
    if entry is None or entry.text.plural != text.plural:
        return "is missing: run bin/translations, and translate it"
    if entry.fuzzy:
        return "is fuzzy: look at it"
    if not all(entry.said):
        return "is not translated"
    given = catalogue.placeholders(text.one)
    if any(catalogue.placeholders(said) != given for said in entry.said):
        return "has other placeholders"
    return ""


class TestCatalogues:
    def test_there_is_one_for_every_language_but_english(self, settings):
        found = {path.parts[-3] for path in catalogue.CATALOGUES}

        assert found == set(dict(settings.LANGUAGES)) - {"en"}

    @LANGUAGES
    def test_every_text_of_a_rater_is_translated(self, path):
        entries = catalogue.read(path)

        problems = {text.one: problem_of(text, entries) for text in wanted()}

        assert {one: problem for one, problem in problems.items() if problem} == {}

    @pytest.mark.parametrize(
        "block",
        [
            'msgid "Stay"\nmsgstr "Bleiben"',
            'msgid "%d seats"\nmsgstr ""',
            '#, fuzzy, python-format\nmsgid "%d seats"\nmsgstr "%d Plätze"',
            'msgid "%d seats"\nmsgstr "Die Plätze"',
            'msgid "%d seats"\nmsgid_plural "%d"\nmsgstr[0] "%d"\nmsgstr[1] "%d"',
        ],
        ids=["missing", "empty", "fuzzy", "placeholder", "plural"],
    )
    def test_what_a_catalogue_lacks_is_found(self, tmp_path, block):
        path = tmp_path / "django.po"
        path.write_text(block + "\n")

        assert problem_of(Text("%d seats"), catalogue.read(path))

    @LANGUAGES
    def test_the_compiled_file_is_what_the_catalogue_says(self, path):
        with path.with_suffix(".mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)._catalog

        said = {}
        for entry in catalogue.read(path).values():
            if entry.text.plural:
                said |= {(entry.text.one, form): text for form, text in enumerate(entry.said)}
            else:
                said[entry.text.one] = entry.said[0]
        assert said.keys() == compiled.keys()
        assert {one for one in said if one and said[one] != compiled[one]} == set()

    @LANGUAGES
    def test_the_plural_rule_is_djangos_own(self, path):
        # With another one Django would keep the forms apart, and ask for forms that are not there.
        header = catalogue.read(path)[""].said[0]
        forms = int(re.search(r"nplurals=(\d)", header)[1])

        plurals = [entry for entry in catalogue.read(path).values() if entry.text.plural]

        assert {len(entry.said) for entry in plurals} == {forms}

    def test_what_is_said_in_the_name_of_libraries_is_what_they_say(self):
        folders = (Path(library.__file__).parent for library in (allauth, django.conf))
        theirs = [gettext.translation("django", folder / "locale", ["de"]) for folder in folders]

        said = set().union(*(catalogue._catalog for catalogue in theirs))
        assert [one for one in OF_LIBRARIES if one not in said] == []


class TestCode:
    @TEMPLATES
    def test_a_raters_template_says_nothing_outside_of_a_translation(self, path):
        said = catalogue.untranslated_of_template(path.read_text(encoding="utf-8"))

        spoken = [words.text for words in said if words.element not in NOT_SPOKEN]
        words = {word for text in spoken for word in re.findall(r"[^\W\d]+", text)}
        assert words - SAID_ALIKE == set()

    @MODULES
    def test_a_raters_module_says_nothing_outside_of_a_translation(self, path):
        assert catalogue.unmarked_of_module(path.read_text(encoding="utf-8")) == []

    def test_every_module_that_translates_is_known_as_one_that_raters_hear(self):
        folders = (catalogue.PROJECT / name for name in ("annotation", "config"))
        modules = {path for folder in folders for path in folder.rglob("*.py")}
        speak = {path for path in modules if "gettext" in path.read_text(encoding="utf-8")}

        assert speak <= set(catalogue.MODULES)

    def test_a_bare_sentence_is_found(self):
        source = '<p title="A tip">{% translate "Yes" %} but <kbd>k</kbd> {# no #} {{ more }}</p>'

        found = catalogue.untranslated_of_template(source)

        assert found == [Words("p", "A tip"), Words("p", "but"), Words("kbd", "k")]

    @pytest.mark.parametrize(
        "source",
        [
            'raise Refused("Not you.")',
            'raise Refused(f"Not {you}")',
            'messages.info(r, "All right")',
        ],
    )
    def test_a_sentence_of_a_module_that_is_not_translated_is_found(self, source):
        assert len(catalogue.unmarked_of_module(source)) == 1

    @pytest.mark.parametrize("text", ["Sign out", "Leaf: Turn 2 of 3", "Das is for Sie"])
    def test_an_english_text_on_a_page_is_found(self, text):
        assert is_english(text, english_of(catalogue.CATALOGUES[0]))


def spoken(answer) -> list[str]:
    """Return what an answer gives to read: the words of a page, or the message of a refusal."""
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        return [json.loads(answer.content).get("message", "")]
    return [words.text for words in words_of(answer.content.decode())]


def pattern_of(one: str) -> re.Pattern[str]:
    """Return how an English text looks on a page, its places filled."""
    parts = re.split(r"%(?:\(\w+\))?[sd]", " ".join(re.sub(r"<[^>]+>", " ", one).split()))
    return re.compile(".+?".join(map(re.escape, parts)))


def english_of(path) -> list[tuple[re.Pattern[str], bool]]:
    """Return every English text that is said otherwise, and whether it is long enough to look for
    within others."""
    entries = [entry for entry in catalogue.read(path).values() if entry.text.one]
    said = [(entry.text.one, entry) for entry in entries]
    said += [(entry.text.plural, entry) for entry in entries if entry.text.plural]
    return [(pattern_of(one), one.count(" ") > 1) for one, entry in said if one not in entry.said]


def is_english(text: str, patterns) -> bool:
    """Say whether a text, or part of it, is English."""
    if ENGLISH.search(text):
        return True
    return any(p.fullmatch(text) or (long and p.search(text)) for p, long in patterns)


@pytest.mark.django_db
class TestGerman:
    @pytest.mark.parametrize("walk", german.WALKS, ids=lambda walk: walk.__name__)
    def test_no_page_that_a_rater_opens_says_anything_in_english(self, walk, tmp_path):
        patterns = english_of(catalogue.CATALOGUES[0])

        answers = walk(tmp_path).answers

        found = {
            what: [text for text in spoken(answer) if is_english(text, patterns)]
            for what, answer in answers
        }
        assert {what: texts for what, texts in found.items() if texts} == {}
        assert [what for what, _ in answers if what.startswith("500")] == []

    def test_the_walks_lead_over_every_template_of_raters(self, tmp_path):
        seen = {
            template.name
            for walk in german.WALKS
            for _, answer in walk(tmp_path).answers
            for template in answer.templates
        }

        assert {name_of(path) for path in catalogue.templates()} - seen == NEVER_WALKED

    @pytest.mark.parametrize("name", sorted(NEVER_WALKED))
    def test_the_pages_that_no_walk_meets_are_in_german_too(self, name):
        with translation.override("de"):
            html = render_to_string(name)

        assert '<html lang="de">' in html
        assert [
            w.text
            for w in words_of(html)
            if is_english(w.text, english_of(catalogue.CATALOGUES[0]))
        ] == []
