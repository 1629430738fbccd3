"""Evidence spans: stretches of a reply that a rater marked, as a form sends them. Pure.

Offsets count Unicode code points of the text as shown, which is the text content of a reply's
message on the page: what stands in bold, in a table or in code counts like any other letter, and
Markdown's own signs are not there to be counted. Without script there are no offsets to send; then
the words themselves are, and are looked up.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation import own_words

MOST = 50
LONGEST_QUOTE = 20_000
BY_QUOTE = ".quote"
KIND = ".kind"
_SPACES = re.compile(r"\s+")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")

# Slot of the reply (1, or 2 of a pair) and message of it (counted from 1).
Place = tuple[int, int]
Texts = Mapping[Place, str]


@dataclass(frozen=True, slots=True)
class SpanSent:
    """A span as it came in; ``start`` and ``end`` of None say that the quote is to be looked up."""

    slot: int
    message: int
    start: int | None
    end: int | None
    quote: str
    kind: str


@dataclass(frozen=True, slots=True)
class Span:
    """A span of a text that was shown; ``option_id`` is its kind, where the question has kinds."""

    slot: int
    message: int
    start: int
    end: int
    quote: str
    text_sha256: str
    option_id: int | None


class SpanRefused(Exception):
    """A span cannot be taken; the text says why and what to do."""


def sent_spans(sent: Mapping[str, Sequence[str]], key: str) -> tuple[SpanSent, ...]:
    """Return the spans that a form sends for a question.

    Raises:
        SpanRefused: not in the form that the page sends, or more than :data:`MOST`.
    """
    found = [_from_page(text) for text in sent.get(key, ()) if text.strip()]
    quotes = sent.get(key + BY_QUOTE, ())
    kinds = [*sent.get(key + KIND, ()), *[""] * len(quotes)]
    found += [
        SpanSent(1, 0, None, None, quote.strip(), kind.strip())
        for quote, kind in zip(quotes, kinds, strict=False)
        if quote.strip()
    ]
    if len(found) > MOST:
        raise SpanRefused(_("More than %s places are marked; mark fewer.") % MOST)
    return tuple(dict.fromkeys(found))


def _from_page(text: str) -> SpanSent:
    try:
        fields: Any = json.loads(text)
        numbers = [fields[name] for name in ("message", "start", "end")]
        slot, quote, kind = fields.get("slot", 1), fields["quote"], fields.get("kind", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SpanRefused(_("A marked place did not arrive whole; mark it again.")) from error
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in [*numbers, slot])
    if not whole or not _is_text(quote) or not _is_text(kind):
        raise SpanRefused(_("A marked place did not arrive whole; mark it again."))
    message, start, end = numbers
    return SpanSent(slot, message, start, end, quote, kind)


def _is_text(found: Any) -> bool:
    """Say whether it is a text that a page can show: JSON may hold half of a surrogate pair."""
    return isinstance(found, str) and not _HALF_OF_A_PAIR.search(found)


def located(span: SpanSent, texts: Texts, *, option_id: int | None) -> Span:
    """Return a span at its place in the texts that may be marked.

    Raises:
        SpanRefused: outside the text, empty, in a message that is not before the rater, or other
            words stand there.
    """
    if span.start is None or span.end is None:
        return _looked_up(span, texts, option_id)
    text = texts.get((span.slot, span.message))
    if text is None:
        raise SpanRefused(_("A place is marked in a message that is not asked about here."))
    if not 0 <= span.start < span.end <= len(text):
        raise SpanRefused(_("A marked place lies outside the text; mark it again."))
    if text[span.start : span.end] != span.quote:
        raise SpanRefused(_("Other words stand where a place was marked; mark it again."))
    return _at(span, span.slot, span.message, span.start, span.end, text, option_id)


def _looked_up(span: SpanSent, texts: Texts, option_id: int | None) -> Span:
    if len(span.quote) > LONGEST_QUOTE:
        raise SpanRefused(_("The quoted words are too long; quote fewer."))
    copied = " ".join(span.quote.split())
    # Words of ours stand in the page in the reader's language, and count in English.
    for words in dict.fromkeys((copied, own_words.as_counted(copied))):
        for (slot, message), text in sorted(texts.items()):
            place = _place_of(words, text)
            if place is not None:
                return _at(span, slot, message, *place, text, option_id)
    raise SpanRefused(
        _("The words “%s” do not stand in the reply; copy them from it.") % span.quote[:60]
    )


def _place_of(words: str, text: str) -> tuple[int, int] | None:
    """Return where words begin and end in a text, whatever gaps it has between them."""
    place = _SPACES.sub(" ", text).find(words)
    if place < 0:
        return None
    start, last = (_as_written(text, at) for at in (place, place + len(words) - 1))
    return start, last + 1


def _as_written(text: str, place: int) -> int:
    """Return where a sign of a text stands that has this place once each gap is one space."""
    for gap in _SPACES.finditer(text):
        if gap.start() >= place:
            break
        place += len(gap.group()) - 1
    return place


def _at(
    span: SpanSent,
    slot: int,
    message: int,
    start: int,
    end: int,
    text: str,
    option_id: int | None,
) -> Span:
    sha256 = text_sha256(text)
    return Span(slot, message, start, end, text[start:end], sha256, option_id)


def text_sha256(text: str) -> str:
    """Return the hash of a message's text as shown."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def as_sent(span: Span, kind: str) -> str:
    """Return a span as the page's form carries it."""
    fields = {
        "slot": span.slot,
        "message": span.message,
        "start": span.start,
        "end": span.end,
        "kind": kind,
        "quote": span.quote,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
