"""Evidence spans: what a form sends, and where it lies in the text as shown."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import rendering, spans
from annotation.errors import AnswersInvalid
from annotation.models import Judgment, SpanAnswer
from annotation.selectors.cards import card_for
from annotation.spans import SpanRefused
from tests import build
from tests.build import NOW, claim

TEXT = "Ein 😀 Bild\nund das Wort."
KINDS = {
    "key": "spans",
    "title": "Spans",
    "questions": [
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "required": False,
            "options": [{"code": "omission", "label": "Omission"}],
        }
    ],
}


def sent(**fields) -> str:
    whole = {"slot": 1, "message": 1, "start": 0, "end": 3, "kind": "omission", "quote": "Ein"}
    return json.dumps({**whole, **fields})


def located(**fields):
    (span,) = spans.sent_spans({"e": [sent(**fields)]}, "e")
    return spans.located(span, {(1, 1): TEXT}, option_id=7)


def test_offsets_count_code_points():
    span = located(start=4, end=10, quote="😀 Bild")

    assert (span.start, span.end, span.quote) == (4, 10, "😀 Bild")
    assert span.text_sha256 == spans.text_sha256(TEXT)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"start": 0, "end": 99, "quote": "Ein"}, "outside the text"),
        ({"start": -1, "end": 3, "quote": "Ein"}, "outside the text"),
        ({"start": 3, "end": 3, "quote": ""}, "outside the text"),
        ({"start": 5, "end": 2, "quote": "x"}, "outside the text"),
        ({"start": 0, "end": 3, "quote": "Ein "}, "Other words stand"),
        ({"message": 2}, "not asked about here"),
        ({"slot": 2}, "not asked about here"),
    ],
)
def test_a_span_that_does_not_lie_in_the_text_is_refused(fields, why):
    with pytest.raises(SpanRefused, match=why):
        located(**fields)


@pytest.mark.parametrize(
    "bad",
    ["not json", "[]", "3", "null", sent(start="0"), sent(end=True), sent(quote=7), "{" * 9_000,
     json.dumps({"start": 0, "end": 3})],
)  # fmt: skip
def test_what_is_no_span_is_refused_with_what_to_do(bad):
    with pytest.raises(SpanRefused, match="mark it again"):
        spans.sent_spans({"e": [bad]}, "e")


def test_too_many_spans_are_refused():
    many = [sent(start=n, end=n + 1) for n in range(spans.MOST + 1)]

    with pytest.raises(SpanRefused, match="mark fewer"):
        spans.sent_spans({"e": many}, "e")


def test_without_script_the_words_are_looked_up_whatever_their_white_space():
    (span,) = spans.sent_spans({"e.quote": ["Bild  und", ""], "e.kind": ["omission"]}, "e")

    found = spans.located(span, {(1, 1): TEXT}, option_id=7)

    assert found.quote == "Bild\nund"


def test_words_that_do_not_stand_there_are_named():
    (span,) = spans.sent_spans({"e.quote": ["Katze"]}, "e")

    with pytest.raises(SpanRefused, match="Katze"):
        spans.located(span, {(1, 1): TEXT}, option_id=None)


@given(st.text(max_size=200), st.data())
def test_every_stretch_of_a_rendered_reply_is_found_where_it_was_marked(markdown, data):
    text = rendering.text_of(rendering.render(markdown))
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    fields = sent(start=start, end=end, quote=text[start:end])
    (span,) = spans.sent_spans({"e": [fields]}, "e")

    found = spans.located(span, {(1, 1): text}, option_id=None)

    assert text[found.start : found.end] == found.quote


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold** and `code`", "bold and code\n"),
        ("```\n\nx\n```", "\nx\n\n"),
        ("a &amp; <b>", "a &amp; <b>\n"),
    ],
)
def test_the_text_content_of_html_is_what_a_browser_has(markdown, text):
    assert rendering.text_of(rendering.render(markdown)) == text


def test_a_line_break_after_a_pre_is_dropped_as_browsers_do():
    assert rendering.text_of('<pre class="plain-reply">\n\nx</pre>') == "\nx"


@pytest.mark.django_db
class TestStored:
    @pytest.fixture
    def ann(self, tmp_path):
        study = build.study(rubric=KINDS)
        messages = [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "red **green** blue"},
        ]
        build.item(study, tmp_path, n_seats=1, messages=messages)
        return build.rater(study)

    def submit(self, ann, *places):
        return build.submit(ann, claim(ann), evidence=list(places))

    def test_a_span_is_stored_with_its_words_kind_and_hash(self, ann):
        self.submit(ann, sent(start=4, end=9, quote="green"))

        span = SpanAnswer.objects.get()
        assert (span.message, span.start, span.end, span.quote) == (1, 4, 9, "green")
        assert span.option.code == "omission"
        assert span.text_sha256 == spans.text_sha256("red green blue\n")
        assert span.current

    def test_a_span_outside_the_text_stores_nothing_and_names_its_question(self, ann):
        with pytest.raises(AnswersInvalid) as refusal:
            self.submit(ann, sent(start=4, end=90, quote="green"))

        assert "outside the text" in refusal.value.details["fields"]["evidence"]
        assert not Judgment.objects.exists()

    def test_a_kind_that_is_not_on_offer_is_refused(self, ann):
        with pytest.raises(AnswersInvalid) as refusal:
            self.submit(ann, sent(start=4, end=9, quote="green", kind="lies"))

        assert "lies" in refusal.value.details["fields"]["evidence"]

    def test_a_span_without_its_kind_is_refused(self, ann):
        with pytest.raises(AnswersInvalid):
            self.submit(ann, sent(start=4, end=9, quote="green", kind=""))

    def test_the_same_span_twice_is_stored_once(self, ann):
        place = sent(start=4, end=9, quote="green")

        self.submit(ann, place, place)

        assert SpanAnswer.objects.count() == 1

    def test_the_same_spans_again_are_a_replay(self, ann):
        seat = claim(ann)
        shown = build.receipt(seat, ann)
        place = sent(start=4, end=9, quote="green")
        build.submit(ann, seat, sealed=shown, evidence=[place])

        again = build.submit(ann, seat, sealed=shown, evidence=[place])

        assert again.replayed
        assert SpanAnswer.objects.count() == 1

    def test_a_form_that_comes_back_has_its_spans(self, ann):
        place = sent(start=4, end=9, quote="green")

        card = card_for(claim(ann), ann, sent={"evidence": [place]})

        (span,) = card.questions[0].spans
        assert (span.sent, span.quote, span.kind) == (place, "green", "Omission")


@pytest.mark.django_db
def test_only_the_turn_being_judged_can_be_marked(tmp_path):
    rubric = {**KINDS, "questions": [{**KINDS["questions"][0], "scope": "turn"}]}
    study = build.study(rubric=rubric)
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    ann = build.rater(study)
    build.submit(ann, claim(ann), turn=1)
    earlier = sent(message=1, start=0, end=4, quote="Turn")

    with pytest.raises(AnswersInvalid, match="missing or not on offer"):
        build.submit(ann, claim(ann), turn=2, evidence=[earlier])


@pytest.mark.django_db
def test_a_span_of_a_masked_text_counts_in_the_text_as_shown(tmp_path):
    study = build.study(rubric=KINDS)
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "I am Claude, made by Anthropic, and sure."},
    ]
    build.item(study, tmp_path, n_seats=1, messages=messages)
    ann = build.rater(study)
    seat = claim(ann)
    text = rendering.text_of(card_for(seat, ann).messages[1].html)
    start = text.index("sure")

    build.submit(ann, seat, evidence=[sent(start=start, end=start + 4, quote="sure")], at=NOW)

    assert "Claude" not in text
    assert SpanAnswer.objects.get().text_sha256 == spans.text_sha256(text)


@pytest.mark.parametrize("field", ["quote", "kind"])
def test_half_of_a_surrogate_pair_is_refused(field):
    with pytest.raises(SpanRefused, match="did not arrive whole"):
        located(**{field: "\ud800"})


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["quote", "kind"])
def test_half_of_a_surrogate_pair_is_shown_again_as_it_came(tmp_path, field):
    study = build.study(rubric=KINDS)
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    marked = sent(**{field: "\ud800"})

    (question,) = card_for(claim(ann), ann, sent={"evidence": [marked]}).questions

    assert question.spans[0].sent == question.spans[0].quote == marked


@given(st.lists(st.text(alphabet="ab \n\t\u2003.", max_size=4), max_size=12), st.data())
def test_a_quote_is_found_where_a_search_by_hand_finds_it(parts, data):
    text = "".join(parts)
    words = text.split()
    begin = data.draw(st.integers(0, len(words)))
    quote = " ".join(words[begin : data.draw(st.integers(begin, len(words)))])
    by_hand = re.search(r"\s+".join(map(re.escape, quote.split())), text) if quote else None

    marked = spans.sent_spans({"e.quote": [quote]}, "e")
    found = [spans.located(one, {(1, 1): text}, option_id=None) for one in marked]

    assert [(one.start, one.end) for one in found] == ([by_hand.span()] if by_hand else [])


def test_a_quote_of_one_word_many_times_over_costs_no_more_than_another():
    text, quote = "a " * 100_000, "a " * 9_000 + "b"
    (marked,) = spans.sent_spans({"e.quote": [quote]}, "e")

    begun = time.process_time()
    with pytest.raises(SpanRefused, match="do not stand in the reply"):
        spans.located(marked, {(1, 1): text}, option_id=None)

    assert time.process_time() - begun < 1
