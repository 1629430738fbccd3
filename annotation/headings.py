"""Headings of a Markdown text, and what stands in braces at their end. Pure.

Only lines that may be a heading or fenced code are looked at; ids and clauses are not known here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What may be a heading or fenced code: the only lines looked at. A line over dashes is none where
# it stands in a quote, a list or a table, or is a rule itself.
_MARKS = re.compile(
    r"^(?: {0,3}(?:(?P<atx>#{1,6})(?=[ \t]|$)|(?P<fence>`{3,}|~{3,}))"
    r"|(?!(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$)|(?:[-*_][ \t]*+){3,}+$)"
    r"(?P<over>[^\s>|#=`~][^\n]*+)\n {0,3}(?P<under>=++|-++)[ \t]*+$)",
    re.MULTILINE,
)
_BRACES = re.compile(r"(?:^|(?<=[ \t]))\{((?:[^{}\"]|\"[^\"]*+\")*+)\}$")
_ATTRIBUTE = re.compile(
    r"#(?P<id>[^\s\"]*+)"
    r"|(?P<key>[^\s\"'=#{}]++)=(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\s\"]*+))"
    r"|(?P<other>\S+)"
)
_SETTING = re.compile(r"[A-Za-z][\w-]*+[ \t]*+:|[ \t#-]|$")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as it stands in the text, from ``start`` to ``end``; what follows is its text."""

    line: int
    level: int
    content: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OpenCode:
    """Code that begins in this line and never ends: headings after it are not seen."""

    line: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """A word in a heading's braces; without a key it is none of ``#id`` and ``key=value``."""

    key: str
    value: str
    written: str


def headings(text: str) -> Iterator[Heading | OpenCode]:
    """Yield the headings in order, and at the end where code begins that never ends.

    The cost is linear in the length.
    """
    fence, fenced_at = "", 0
    line, counted = 1, 0
    block_end = begin = _front_matter_end(text)
    for mark in _MARKS.finditer(text, begin):
        start, end = mark.start(), _line_end(text, mark.end())
        if fence:
            if _closes(mark, text[mark.end() : end], fence):
                fence, block_end = "", end
        elif mark["fence"]:
            if mark["fence"][0] == "~" or "`" not in text[mark.end() : end]:
                fence, fenced_at = mark["fence"], start
        elif mark["atx"] or _stands_alone(text, start, block_end):
            line += text.count("\n", counted, start)
            counted, block_end = start, end
            yield _heading(text, mark, line, end)
    if fence:
        yield OpenCode(text.count("\n", 0, fenced_at) + 1)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _closes(mark: re.Match[str], rest: str, fence: str) -> bool:
    signs = mark["fence"] or ""
    return signs[:1] == fence[0] and len(signs) >= len(fence) and not rest.strip()


def _front_matter_end(text: str) -> int:
    """Return where a head of settings between two lines of dashes ends; 0 where there is none."""
    if not text.startswith("---\n"):
        return 0
    end = text.find("\n---\n", 3)
    lines = text[4:end].split("\n") if end > 0 else ["no"]
    return end + 5 if all(map(_SETTING.match, lines)) else 0


def _stands_alone(text: str, start: int, block_end: int) -> bool:
    """Say whether a line over dashes is a heading; under a longer paragraph they are a rule."""
    before = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return start - 1 <= block_end or not text[before : start - 1].strip()


def _heading(text: str, mark: re.Match[str], line: int, end: int) -> Heading:
    if mark["atx"]:
        return Heading(line, len(mark["atx"]), text[mark.end() : end], mark.start(), end)
    level = 1 if mark["under"][0] == "=" else 2
    return Heading(line, level, mark["over"], mark.start(), end)


def title_and_attributes(content: str) -> tuple[str, tuple[Attribute, ...]]:
    """Return a heading's title, and what its braces say; other braces are words of the title."""
    content = _without_closing(content)
    braces = _BRACES.search(content)
    attributes = tuple(map(_attribute, _ATTRIBUTE.finditer(braces[1]))) if braces else ()
    if braces is None or not any(one.key for one in attributes):
        return content, ()
    return _without_closing(content[: braces.start()]), attributes


def _attribute(part: re.Match[str]) -> Attribute:
    key = "id" if part["id"] is not None else part["key"] or ""
    values = (part["id"], part["double"], part["single"], part["bare"])
    value = next((value for value in values if value is not None), "")
    return Attribute(key, value.strip(), part.group())


def _without_closing(content: str) -> str:
    """Return a heading's content without the signs that may close it: ``## Title ##``."""
    content = content.strip()
    bare = content.rstrip("#")
    if bare != content and (not bare or bare[-1] in " \t"):
        return bare.strip()
    return content
