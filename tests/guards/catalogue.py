"""What raters can read, as the code has it, and the catalogues that translate it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from django.utils.translation.template import templatize

from tests.environment import PROJECT

TEMPLATES = PROJECT / "templates"
CATALOGUES = sorted((PROJECT / "locale").glob("*/LC_MESSAGES/django.po"))
# Modules whose sentences a rater, or somebody who is not signed in, can be given.
MODULES = tuple(
    PROJECT / f"{name}.py"
    for name in (
        "annotation/answers",
        "annotation/citations",
        "annotation/gates",
        "annotation/own_words",
        "annotation/plans",
        "annotation/receipts",
        "annotation/spans",
        "annotation/vocabulary",
        "annotation/selectors/asking",
        "annotation/selectors/cards",
        "annotation/selectors/consents",
        "annotation/selectors/edits",
        "annotation/selectors/past",
        "annotation/selectors/queue",
        "annotation/selectors/said",
        "annotation/selectors/values",
        "annotation/services/consents",
        "annotation/services/drafts",
        "annotation/services/flags",
        "annotation/services/guesses",
        "annotation/services/invitations",
        "annotation/services/judgment_rows",
        "annotation/services/judgments",
        "annotation/services/revisions",
        "annotation/services/seats",
        "annotation/services/withdrawals",
        "annotation/views/card_pages",
        "annotation/views/clauses",
        "annotation/views/entry",
        "annotation/views/flags",
        "annotation/views/preferences",
        "annotation/views/questions",
        "annotation/views/rating",
        "annotation/views/revising",
        "annotation/views/taking_part",
        "annotation/views/tokens",
        "config/account_words",
        "config/accounts",
        "config/languages",
    )
)
# Pages of admins that are no page of one study yet.
IN_ENGLISH = frozenset({"annotation/new_study.html"})
OF_ADMINS = 'extends "study_base.html"'

_MARKS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
}
_LITERAL = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_MARKED = re.compile(rf"\b(ngettext|gettext|_)\({_LITERAL}(?:, *{_LITERAL})?", re.DOTALL)
_NAMED = re.compile(r"""{% *(?:include|extends) +"([^"]+)" """)
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


@dataclass(frozen=True)
class Text:
    """A text to translate; ``plural`` is empty where it has one form."""

    one: str
    plural: str = ""


@dataclass(frozen=True)
class Entry:
    """What a catalogue says of a text; ``said`` has one form, or one a plural form."""

    text: Text
    said: tuple[str, ...]
    fuzzy: bool


def read(path: Path) -> dict[str, Entry]:
    """Return the entries of a .po file by their English text; the header's is empty."""
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
    found = (_entry(block) for block in blocks if re.search(r"^msgid ", block, re.MULTILINE))
    return {entry.text.one: entry for entry in found}


def _entry(block: str) -> Entry:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#"):
            continue
        word, _, literal = ("", "", line) if line.startswith('"') else line.partition(" ")
        name = word or name
        fields[name] = fields.get(name, "") + ast.literal_eval(literal)
    said = tuple(text for name, text in sorted(fields.items()) if name.startswith("msgstr"))
    fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) is not None
    return Entry(Text(fields["msgid"], fields.get("msgid_plural", "")), said, fuzzy)


def placeholders(text: str) -> set[str]:
    """Return the places of a text that are filled when it is shown."""
    return set(_PLACEHOLDER.findall(text))


def name_of(path: Path) -> str:
    """Return a template's name as views and other templates call it."""
    return path.relative_to(TEMPLATES).as_posix()


def templates() -> list[Path]:
    """Return the templates of raters' pages: the pages, and what these include, extend or name."""
    pages = (path for path in TEMPLATES.rglob("*.html") if _is_raters_page(path))
    wanted = {name_of(path) for path in pages}
    for module in MODULES:
        wanted |= set(re.findall(r'"(annotation/\w+\.html)"', module.read_text(encoding="utf-8")))
    wanted -= IN_ENGLISH
    known: set[str] = set()
    while wanted - known:
        name = (wanted - known).pop()
        known.add(name)
        named = _NAMED.findall((TEMPLATES / name).read_text(encoding="utf-8"))
        wanted |= {one for one in named if (TEMPLATES / one).is_file()}
    return sorted(TEMPLATES / name for name in known)


def _is_raters_page(path: Path) -> bool:
    name = name_of(path)
    if path.name.startswith("_") or name.startswith("evaluation/"):
        return False
    if name in IN_ENGLISH or name == "study_base.html":
        return False
    return OF_ADMINS not in path.read_text(encoding="utf-8")


def texts_of_template(source: str) -> set[Text]:
    """Return the texts that a template marks for translation."""
    found = _MARKED.findall(templatize(source))
    return {
        Text(*(ast.literal_eval(word) for word in words[: 2 if mark == "ngettext" else 1]))
        for mark, *words in found
    }


def texts_of_module(source: str) -> set[Text]:
    """Return the texts that a module marks for translation; a name is marked where it is made."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    marked = (call for call in calls if _called(call) in _MARKS)
    return {
        Text(*(ast.literal_eval(word) for word in call.args[: _MARKS[_called(call)]]))
        for call in marked
        if isinstance(call.args[0], ast.Constant)
    }


def _called(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def unmarked_of_module(source: str) -> list[str]:
    """Return the sentences that a module refuses or reports with, and does not translate."""
    found = []
    for node in ast.walk(ast.parse(source)):
        call = node.exc if isinstance(node, ast.Raise) else node
        if not isinstance(call, ast.Call):
            continue
        says = isinstance(node, ast.Raise) or _reports(call)
        found += [ast.unparse(word) for word in call.args if says and _is_sentence(word)]
    return found


def _reports(call: ast.Call) -> bool:
    function = call.func
    of_messages = isinstance(function, ast.Attribute) and ast.unparse(function.value) == "messages"
    return of_messages or _called(call) in ("HttpResponse", "WhyNothing", "done")


def _is_sentence(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


# What people are given to read or to hear besides text.
_HEARD = frozenset(
    {"aria-label", "alt", "title", "placeholder", "data-confirm", "aria-description"}
)
_UNREAD = frozenset({"script", "style"})


@dataclass(frozen=True)
class Words:
    """A run of text, or an attribute that is read out, and the element it belongs to."""

    element: str
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []
        self.words: list[Words] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        heard = (value for name, value in attrs if name in _HEARD and value)
        self.words += [Words(tag, " ".join(value.split())) for value in heard]

    def handle_endtag(self, tag: str) -> None:
        while tag in self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        within = self.inside[-1] if self.inside else ""
        if data.strip() and within not in _UNREAD:
            self.words.append(Words(within, " ".join(data.split())))


def words_of(html: str) -> list[Words]:
    """Return everything on a page that is read, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.words


def attributes_of(html: str) -> Iterator[tuple[str, str]]:
    """Return name and value of every attribute on a page."""
    found: list[tuple[str, str]] = []

    class Collector(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((name, value or "") for name, value in attrs)

    Collector().feed(html)
    return iter(found)


_COMMENT = re.compile(r"{#.*?#}|{% *comment\b.*?{% *endcomment *%}", re.DOTALL)
_TRANSLATED = re.compile(r"{% *blocktrans(?:late)?\b.*?{% *endblocktrans(?:late)? *%}", re.DOTALL)
_CLASSES = re.compile(r"{% *block \w+_class *%}.*?{% *endblock *%}", re.DOTALL)
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)


def untranslated_of_template(source: str) -> list[Words]:
    """Return what a template says itself, outside of every tag."""
    for left_out in (_COMMENT, _TRANSLATED, _CLASSES, _TAG):
        source = left_out.sub("", source)
    return words_of(source)
