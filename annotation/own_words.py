"""The product's own words inside a message: what stands for a masked name, an image, a table.

They are part of the text as shown, so they are hashed, and evidence counts in them: for that they
are the same for everybody. Readers have them in their own language all the same. The HTML that is
made once for each shown text carries them as they count; what they read as is put in when a page
is made, beside the words that they stand for (``data-counts``).
"""

import re
from html import escape

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from annotation.scrubbing import MARK

CLASS = "own-words"
IMAGE = gettext_noop("Image not shown:")
NO_DESCRIPTION = gettext_noop("no description")
TABLE = gettext_noop("Table")
_MASK = gettext_noop("[removed]")
assert _MASK == MARK  # noqa: S101 - what is translated is what masks read

_START = f'<span class="{CLASS}" dir="auto">'
_ELEMENT = re.compile(re.escape(_START) + "([^<]*)</span>")
TABLE_START = '<div class="table-scroll" tabindex="0" role="group" aria-label="{}">'
_TABLE = TABLE_START.format(TABLE)


def element(words: str) -> str:
    """Return own words as the HTML that is kept has them."""
    return f"{_START}{words}</span>"


def translated(html: str) -> str:
    """Return a message's safe HTML with the product's own words in the reader's language.

    Nothing that a message says can look like such an element, because its signs are escaped.
    """
    if _TABLE in html:
        html = html.replace(_TABLE, TABLE_START.format(escape(_(TABLE))))
    return _ELEMENT.sub(_put, html) if _START in html else html


def _put(match: re.Match[str]) -> str:
    words = match[1]
    said = escape(_(words))
    counts = f' data-counts="{words}"' if said != words else ""
    return f'<span class="{CLASS}" dir="auto" lang="{get_language()}"{counts}>{said}</span>'


def as_read(text: str) -> str:
    """Return words of a message, as they count, as the reader has them on the page."""
    for counted, read in _pairs():
        text = text.replace(counted, read)
    return text


def as_counted(text: str) -> str:
    """Return words that a reader copied from the page as they count."""
    for counted, read in _pairs():
        text = text.replace(read, counted)
    return text


def _pairs() -> tuple[tuple[str, str], ...]:
    """Return own words as they count and as they read, with what tells them from a reply's own."""
    return (
        (f"[{IMAGE} {NO_DESCRIPTION}]", f"[{_(IMAGE)} {_(NO_DESCRIPTION)}]"),
        (f"[{IMAGE} ", f"[{_(IMAGE)} "),
        (MARK, _(MARK)),
    )
