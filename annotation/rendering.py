"""Shows a reply to a rater: its Markdown as safe HTML in which nothing loads, links or runs.

Four things hold, whatever a reply contains:

- **Inert**: no link, no image, no style, no script. What a link or an image would have led to is
  printed as plain text. The Markdown renderer emits few tags, and an allow-list goes over them.
- **Complete**: raw HTML, entities and link definitions are shown as they were written. If the
  Markdown reading would lose a letter or a digit (over-deep nesting, more cells than columns),
  the reply is shown as plain text instead.
- **Masked as a whole**: the mark of a mask is never read as Markdown, whatever stands around it.
  It and the other words of ours are elements, so that readers get them in their own language.
- **Within its frame**: block elements carry ``dir="auto"``, direction overrides are made visible,
  and headings begin at h3, because a page around a reply uses h1 and h2.
"""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from annotation import own_words
from annotation.scrubbing import MARK

RENDERER_VERSION: Final = 2
"""The number kept with a judgment; raise it whenever the same reply would look different."""

MARKDOWN_LIMIT: Final = 200_000
"""Characters above which a reply is shown as plain text, so that hostile input stays cheap."""

IMAGE_ADDRESS_LIMIT: Final = 200
"""Characters of an image's address that are printed; an inlined image would fill the page."""

_BLOCK_NESTING = 20
_SHOWN_NESTING = 60
TOP_HEADING = 3
_LOWEST_HEADING = 6
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset({"p", "ul", "ol", "li", "blockquote", "th", "td", *_HEADINGS})
_ALIGNMENTS = {"text-align:right": "align-right", "text-align:center": "align-center"}

_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPECIAL = re.compile('[&<>"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|' + re.escape(MARK))
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    MARK: own_words.element(MARK),
}

_ALLOWED_ATTRIBUTES = {
    **{tag: {"dir"} for tag in (*_BLOCKS, "pre", "code", "span")},
    "ol": {"dir", "start"},
    "div": {"role", "aria-label", "tabindex"},
}
_ALLOWED_CLASSES = {
    "div": {"table-scroll"},
    "pre": {"plain-reply"},
    "span": {
        *("bidi-mark", "code-language", "inert-image", "inert-link", "inert-link-address"),
        own_words.CLASS,
    },
    "th": set(_ALIGNMENTS.values()),
    "td": set(_ALIGNMENTS.values()),
}
_ALLOWED_TAGS = {
    *_BLOCKS,
    *(
        "pre",
        "code",
        "span",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "br",
        "hr",
        "em",
        "strong",
        "s",
    ),
}


def render(markdown: str, *, top: int = TOP_HEADING) -> str:
    """The safe HTML of a reply, the same for the same text at every call.

    Its headings begin at level ``top`` and skip none, whatever levels the text uses: a page around
    it keeps its order for those who walk by headings.

    The result may be put into a page without escaping. Cost: O(length) and bounded, because a text
    longer than `MARKDOWN_LIMIT` or nested too deeply is shown as plain text.
    """
    text = _UNSHOWABLE.sub("\ufffd", markdown)
    if len(text) > MARKDOWN_LIMIT:
        return _plain(text)
    tokens = _PARSER.parse(text)
    if _depth(tokens) > _SHOWN_NESTING or _signs(text) != sum(map(_signs, _written(tokens))):
        return _plain(text)
    return _cleaned(_PARSER.renderer.render(_framed(tokens, top), _PARSER.options, {}))


def one_way(text: str) -> str:
    """Return a name or a short text with controls of direction as marks that can be seen.

    Where it stands in a label, what comes after it must not be turned around. Nothing else of it
    is changed: words of a script that runs the other way need no controls.
    """
    return _TURNING.sub(lambda met: f"[U+{ord(met.group()):04X}]", text)


def text_of(html: str) -> str:
    """Return the text content of a rendered message, letter for letter as the browser has it."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _TextReader(HTMLParser):
    """Collects text; like a browser it drops a line break right after the start of a pre."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._in_fresh_pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note that a pre begins."""
        self._in_fresh_pre = tag == "pre"

    def handle_data(self, data: str) -> None:
        """Keep a run of text."""
        self.parts.append(data.removeprefix("\n") if self._in_fresh_pre else data)
        self._in_fresh_pre = False


def _plain(text: str) -> str:
    return _cleaned(f'<pre class="plain-reply" dir="auto">\n{_shown(text)}</pre>')


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        allowed_classes=_ALLOWED_CLASSES,
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    )


def _shown(text: str) -> str:
    """Text for HTML, with each direction control as a mark that can be seen, and masks as ours."""
    return _SPECIAL.sub(_special_shown, text)


def _special_shown(match: re.Match[str]) -> str:
    sign = match.group()
    return _ESCAPES.get(sign) or f'<span class="bidi-mark">[U+{ord(sign):04X}]</span>'


def _signs(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def _written(tokens: Sequence[Token]) -> Iterator[str]:
    """Every piece of a reply's own text that the renderer will print or number."""
    for token in tokens:
        if token.children:
            yield from _written(token.children)
        elif token.type != "inline":
            yield token.content
        if token.type in {"link_open", "image", "fence", "list_item_open"}:
            yield token.info
            yield from _address(token)


def _depth(tokens: Sequence[Token]) -> int:
    """How deeply the elements of a reply stand inside each other."""
    deepest = level = 0
    for token in tokens:
        level += token.nesting
        inner = _depth(token.children) if token.children else 0
        deepest = max(deepest, level + inner)
    return deepest


def _address(token: Token) -> tuple[str, ...]:
    """Where a link or an image would have led, and its title."""
    parts = (token.attrGet("href") or token.attrGet("src"), token.attrGet("title"))
    return tuple(str(part) for part in parts if part)


def _framed(tokens: list[Token], top: int) -> list[Token]:
    """The tokens with headings in order, a text direction on each block and no inline style."""
    above: list[int] = []  # the levels, as written, of the headings that this one stands under
    for token in tokens:
        if token.type == "heading_open":
            written = int(token.tag[1])
            above = [level for level in above if level < written]
            above.append(written)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(top + len(above) - 1, _LOWEST_HEADING)}"
        if token.nesting != 1:
            continue
        alignment = _ALIGNMENTS.get(str(token.attrs.pop("style", "")))
        if alignment:
            token.attrSet("class", alignment)
        if token.tag in _BLOCKS:
            token.attrSet("dir", "auto")
    return tokens


class ReplyRenderer(RendererHTML):
    """Prints a reply's tokens; each method answers for the token type of its name."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A run of the reply's words."""
        return _shown(tokens[idx].content)

    def code_inline(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Code within a sentence, isolated so that its direction stays its own."""
        return f'<code dir="auto">{_shown(tokens[idx].content)}</code>'

    def code_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Indented code, every space kept."""
        return f'<pre dir="auto"><code>{_shown(tokens[idx].content)}</code></pre>\n'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Fenced code under the language it was said to be in."""
        language = tokens[idx].info.strip()
        label = (
            f'<span class="code-language" dir="auto">{_shown(language)}</span>' if language else ""
        )
        return label + self.code_block(tokens, idx, options, env)

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """The start of a link that leads nowhere."""
        return '<span class="inert-link" dir="auto">'

    def link_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """The link's address in plain text, after the words that carried it."""
        opening = next(
            token
            for token in reversed(tokens[:idx])
            if token.type == "link_open" and token.level == tokens[idx].level
        )
        address = _shown(" ".join(_address(opening)))
        return f' <span class="inert-link-address" dir="ltr">({address})</span></span>'

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """What an image was said to show, marked as an image that is not shown."""
        token = tokens[idx]
        alternative = _shown("".join(_written(token.children or [])))
        address = " ".join(_address(token))
        if len(address) > IMAGE_ADDRESS_LIMIT:
            address = f"{address[:IMAGE_ADDRESS_LIMIT]}…"
        return (
            f'<span class="inert-image" dir="auto">[{own_words.element(own_words.IMAGE)} '
            f"{alternative or own_words.element(own_words.NO_DESCRIPTION)}] "
            f'<span class="inert-link-address" dir="ltr">({_shown(address)})</span></span>'
        )

    def table_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """A table in a frame of its own, so that it scrolls alone on a phone."""
        return f"{own_words.TABLE_START.format(own_words.TABLE)}\n<table>\n"

    def table_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """The end of a table and of its frame."""
        return "</table>\n</div>\n"


def _mask(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as the parser calls it
    """Take the mark of a mask as it stands: before a bracket it would be a link's text."""
    after = state.pos + (state.src[state.pos] == "!")  # which would make an image of it
    # Looked at within the text of a link, it is that link's, and no reason for it to be none.
    if silent or not state.src.startswith(MARK, after):
        return False
    end = after + len(MARK)
    state.pending += state.src[state.pos : end]
    state.pos = end
    return True


class ReplyParser(MarkdownIt):
    """Reads a reply as CommonMark with tables and strikethrough, and drops nothing written."""

    def __init__(self) -> None:
        super().__init__(
            "commonmark",
            {"html": False, "linkify": False, "breaks": True, "maxNesting": _BLOCK_NESTING},
            renderer_cls=ReplyRenderer,
        )
        self.inline.ruler.before("link", "mask", _mask)
        self.enable(["table", "strikethrough"])
        self.disable(["html_block", "html_inline", "entity", "autolink", "reference"])

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
        """Every address is fit to be printed, since none is ever followed."""
        return True

    def normalizeLink(self, link: str) -> str:  # noqa: N802 - the parser's own name
        """An address as it was written."""
        return link


_PARSER = ReplyParser()
