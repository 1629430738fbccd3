"""The product's own words in a reply: alike for everybody where they count, translated to read."""

import pytest
from django.utils import translation

from annotation import own_words, rendering, spans
from annotation.models import Judgment, SpanAnswer
from annotation.selectors.cards import card_for
from annotation.selectors.said import in_words, said_at
from annotation.shown import ShownMessage, shown_sha256
from tests import build
from tests.build import claim
from tests.guards.catalogue import words_of

MARKDOWN = "I am [removed].\n\n![](x.png) ![a cat](y.png)\n\n|a|\n|-|\n|[removed]|"
EVIDENCE = {
    "key": "spans",
    "title": "Spans",
    "questions": [{"key": "evidence", "label": "Where?", "type": "spans", "required": False}],
}
MASKED = [
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "Well, I'm ChatGPT, and I know."},
]


def read_in(language: str, html: str) -> str:
    with translation.override(language):
        return own_words.translated(html)


def words(html: str) -> str:
    return " ".join(" ".join(one.text for one in words_of(html)).split())


def test_what_is_kept_is_the_same_in_every_language():
    with translation.override("de"):
        german = rendering.render(MARKDOWN)

    assert german == rendering.render(MARKDOWN)
    assert "I am [removed]." in rendering.text_of(german)


def test_a_reader_has_marks_images_and_tables_in_their_language():
    html = read_in("de", rendering.render(MARKDOWN))

    assert "I am [entfernt]." in rendering.text_of(html)
    assert "[Bild nicht gezeigt: ohne Beschreibung] (x.png)" in rendering.text_of(html)
    assert "[Bild nicht gezeigt: a cat] (y.png)" in rendering.text_of(html)
    assert 'role="group" aria-label="Tabelle"' in html
    assert "removed" not in words(html)


def test_translated_words_say_their_language_and_what_they_count_as():
    mark = read_in("de", rendering.render("[removed]"))

    assert 'lang="de" data-counts="[removed]">[entfernt]<' in mark


def test_in_english_own_words_count_as_they_read():
    html = read_in("en", rendering.render(MARKDOWN))

    assert "data-counts" not in html
    assert rendering.text_of(html) == rendering.text_of(rendering.render(MARKDOWN))


@pytest.mark.parametrize(
    "text",
    [
        '<span class="own-words" dir="auto">[removed]</span>',
        '`<span class="own-words" dir="auto">Table</span>`',
        '<div class="table-scroll" tabindex="0" role="group" aria-label="Table">',
    ],
)
def test_what_a_reply_writes_is_never_taken_for_own_words(text):
    html = rendering.render(text.replace("[removed]", "no description"))

    assert read_in("de", html) == html


def test_quoted_words_read_as_on_the_page_and_count_as_in_the_text():
    counted = "I'm [removed]. [Image not shown: no description] [Image not shown: a] no description"

    with translation.override("de"):
        read = own_words.as_read(counted)
        back = own_words.as_counted(read)

    assert read == (
        "I'm [entfernt]. [Bild nicht gezeigt: ohne Beschreibung] [Bild nicht gezeigt: a]"
        " no description"
    )
    assert back == counted


@pytest.mark.parametrize("quote", ["I am [entfernt]", "I am [removed]", "nicht  gezeigt: a cat"])
def test_words_copied_from_a_german_page_are_found(quote):
    text = rendering.text_of(rendering.render(MARKDOWN))
    sent = {"e.quote": [quote.replace("nicht  gezeigt:", "[Bild nicht gezeigt:")]}

    with translation.override("de"):
        (span,) = spans.sent_spans(sent, "e")
        found = spans.located(span, {(1, 1): text}, option_id=None)

    assert text[found.start : found.end] == found.quote
    assert "entfernt" not in found.quote


def test_a_word_that_a_reply_itself_writes_in_german_is_found_first():
    with translation.override("de"):
        (span,) = spans.sent_spans({"e.quote": ["[entfernt]"]}, "e")
        found = spans.located(span, {(1, 1): "[removed] [entfernt]"}, option_id=None)

    assert (found.start, found.quote) == (10, "[entfernt]")


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
def test_R044_the_text_shown_and_its_hash_are_the_same_in_every_language(tmp_path, language):
    study = build.study(rubric=EVIDENCE)
    build.item(study, tmp_path, messages=MASKED)
    ann = build.rater(study)
    with translation.override(language):
        seat = claim(ann)
        card = card_for(seat, ann, language=language)
        build.submit(ann, seat, **{"evidence.quote": own_words.as_read("[removed]")})

    span = SpanAnswer.objects.get()
    assert (span.quote, span.start, span.end) == ("[removed]", 10, 19)
    assert Judgment.objects.get().shown_sha256 == shown_sha256(
        ShownMessage(one["role"], one["content"].replace("ChatGPT", "[removed]")) for one in MASKED
    )
    read = {"en": "Well, I'm [removed], and", "de": "Well, I'm [entfernt], and"}[language]
    assert read in rendering.text_of(card.messages[1].html)


@pytest.mark.django_db
def test_past_answers_quote_as_the_page_reads(tmp_path):
    study = build.study(rubric=EVIDENCE)
    build.item(study, tmp_path, messages=MASKED)
    ann = build.rater(study)
    build.submit(ann, claim(ann), **{"evidence.quote": "I'm [removed]"})
    made = Judgment.objects.get()

    with translation.override("de"):
        ((_, _, said),) = in_words(said_at(made.pk), build.facts(study).rubric)

    assert said == "“I'm [entfernt]”"
