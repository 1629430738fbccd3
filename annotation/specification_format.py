"""Specifications as Markdown: one clause for each heading, with its id and its authority. Pure.

A heading names its clause in braces at its end: ``### Do not lie {#do_not_lie authority=user}``.
A clause's text goes on to the next heading of any level. Headings in fenced code are text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from annotation.files import Problem
from annotation.headings import Heading, headings, title_and_attributes

LARGEST = 5_000_000
MOST_CLAUSES = 500
MOST_PROBLEMS = 100
LONGEST_ID = 200
LONGEST_AUTHORITY = 100
LONGEST_TITLE = 500
LONGEST_HEADING = 2_000
LONGEST_SLUG = 80
PREAMBLE = "preamble"

_UNSTORABLE = re.compile("([\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd])[^\n]*+")
_NOTICE = re.compile(r"!!![ \t]+(?P<kind>[\w-]+)(?:[ \t]+\"(?P<title>[^\"\n]*)\")?[ \t]*$")
_INDENT = " " * 4


@dataclass(frozen=True, slots=True)
class ParsedClause:
    """One section. ``line`` is its heading's; ``proposed`` says that its id was made here."""

    position: int
    line: int
    clause_id: str
    proposed: bool
    title: str
    authority: str
    level: int
    text: str

    @property
    def words(self) -> int:
        """How many words its text has."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True)
class ParsedSpecification:
    """A document by clause; it can be stored if it has no problems. Notes stop nobody."""

    clauses: tuple[ParsedClause, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Findings:
    """What is wrong, and what is only worth a look."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, name: str, reason: str) -> None:
        self.problems.append(Problem(line, name, reason))

    def note(self, line: int, reason: str) -> None:
        self.notes.append(Problem(line, "", reason))


@dataclass(frozen=True, slots=True)
class _Draft:
    """A clause before ids are given out; ``written_id`` is empty where the heading has none."""

    line: int
    level: int
    title: str
    written_id: str
    authority: str
    text: str


def normalised(markdown: str) -> str:
    """Return the text as it is stored: without a byte order mark, lines ended alike."""
    return markdown.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def parse(markdown: str, *, ids: Mapping[int, str] | None = None) -> ParsedSpecification:
    """Return a document's clauses and everything that is wrong with it, by line.

    ``ids`` are given by hand, by the clause's position, and go before what the heading says. Every
    clause has an id of its own even where there are problems: one is proposed from the title where
    none can be taken. Never raises; the cost is linear in the length.
    """
    found = _Findings()
    text = normalised(markdown)
    if len(text.encode(errors="surrogatepass")) > LARGEST:
        found.wrong(0, "", f"The text is larger than {LARGEST // 1_000_000} MB. Split it.")
        return _result((), found)
    _find_unstorable(text, found)
    marks = list(islice(headings(text), MOST_CLAUSES + 1))
    named = [mark for mark in marks if isinstance(mark, Heading)]
    for mark in marks[len(named) :]:
        found.note(mark.line, "Code begins here and never ends: headings after it are not seen.")
    if len(named) > MOST_CLAUSES:
        line = named[-1].line
        found.wrong(line, "", f"There are more than {MOST_CLAUSES} headings. Split the document.")
        return _result((), found)
    if not named:
        found.wrong(0, "", "There is no heading. Clauses are made of Markdown headings: ## Title")
        return _result((), found)
    drafts = list(_drafts(text, named, found))
    return _result(_with_ids(drafts, ids or {}, found), found)


def _result(clauses: tuple[ParsedClause, ...], found: _Findings) -> ParsedSpecification:
    return ParsedSpecification(clauses, _first(found.problems), _first(found.notes))


def _first(problems: list[Problem]) -> tuple[Problem, ...]:
    kept = sorted(problems, key=lambda problem: problem.line)[:MOST_PROBLEMS]
    more = len(problems) - len(kept)
    if more:
        kept.append(Problem(kept[-1].line, "", f"… and {more:,} more further down"))
    return tuple(kept)


def _find_unstorable(text: str, found: _Findings) -> None:
    """Name the lines that hold a character which a text never needs."""
    line, counted = 1, 0
    for match in islice(_UNSTORABLE.finditer(text), MOST_PROBLEMS):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        code = f"U+{ord(match[1]):04X}"
        found.wrong(line, "", f"holds the character {code}, which no text needs; remove it")


def _drafts(text: str, named: list[Heading], found: _Findings) -> Iterator[_Draft]:
    before = text[: named[0].start]
    if any(map(str.isalnum, before)):
        yield _Draft(1, 1, PREAMBLE.capitalize(), "", "", _without_blank_ends(before))
    ends = [heading.start for heading in named[1:]] + [len(text)]
    for heading, end in zip(named, ends, strict=True):
        title, written = _title_and_attributes(heading, found)
        yield _Draft(
            line=heading.line,
            level=heading.level,
            title=title,
            written_id=written.get("id", ""),
            authority=written.get("authority", ""),
            text=_without_blank_ends(text[heading.end : end]),
        )


def _without_blank_ends(text: str) -> str:
    """Return a text without blank lines around it; the indent of its first line counts."""
    kept = text.rstrip()
    words = kept.lstrip()
    return kept[kept.rfind("\n", 0, len(kept) - len(words)) + 1 :]


def _title_and_attributes(heading: Heading, found: _Findings) -> tuple[str, dict[str, str]]:
    line = heading.line
    if len(heading.content) > LONGEST_HEADING:
        found.wrong(line, "title", f"The heading is longer than {LONGEST_HEADING:,} characters.")
        return heading.content[:LONGEST_TITLE].strip(), {}
    title, attributes = title_and_attributes(heading.content)
    if len(title) > LONGEST_TITLE:
        found.wrong(line, "title", f"The title is longer than {LONGEST_TITLE} characters.")
    written: dict[str, str] = {}
    for one in attributes:
        if one.key not in {"id", "authority"}:
            found.note(line, f"{one.written[:80]} in the braces is not read")
        elif one.key in written:
            found.wrong(line, one.key, f"{one.written[:80]} is a second {one.key}; keep one")
        else:
            written[one.key] = one.value
    if len(written.get("authority", "")) > LONGEST_AUTHORITY:
        found.wrong(line, "authority", f"is longer than {LONGEST_AUTHORITY} characters")
    return title[:LONGEST_TITLE], written


def _with_ids(
    drafts: list[_Draft], by_hand: Mapping[int, str], found: _Findings
) -> tuple[ParsedClause, ...]:
    for position in sorted(by_hand.keys() - set(range(len(drafts)))):
        found.wrong(0, "id", f"{by_hand[position][:80]!r} is given to a clause that is not there")
    taken: dict[str, int] = {}
    given: dict[int, str] = {}
    for position, draft in enumerate(drafts):
        wanted = by_hand.get(position, "").strip() or draft.written_id
        problem = _id_problem(wanted, taken) if wanted else ""
        if problem:
            found.wrong(draft.line, "id", problem)
        elif wanted:
            given[position] = wanted
            taken[wanted] = draft.line
    proposals = _Proposals(taken)
    return tuple(
        ParsedClause(
            position=position,
            line=draft.line,
            clause_id=given.get(position) or proposals.made_from(draft.title),
            proposed=position not in given,
            title=draft.title,
            authority=draft.authority,
            level=draft.level,
            text=draft.text,
        )
        for position, draft in enumerate(drafts)
    )


def _id_problem(wanted: str, taken: Mapping[str, int]) -> str:
    if len(wanted) > LONGEST_ID:
        return f"{wanted[:40]!r}… is longer than {LONGEST_ID} characters"
    if not wanted.isprintable() or any(map(str.isspace, wanted)):
        return f"{wanted!r} holds a space or a sign that cannot be seen; leave it out"
    if wanted in taken:
        return f"{wanted!r} names the clause of line {taken[wanted]} already; each has its own id"
    return ""


class _Proposals:
    """Ids made of titles: none twice, the same for the same document."""

    def __init__(self, taken: Mapping[str, int]) -> None:
        self._taken = set(taken)
        self._latest: dict[str, int] = {}

    def made_from(self, title: str) -> str:
        """Return an id that no other clause has."""
        slug = _slug(title)
        made, number = slug, self._latest.get(slug, 1)
        while made in self._taken:
            number += 1
            made = f"{slug}_{number}"
        self._latest[slug] = number
        self._taken.add(made)
        return made


def _slug(title: str) -> str:
    signs = unicodedata.normalize("NFKC", title).casefold()
    kept = "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in signs)
    slug = "_".join(kept.split())[:LONGEST_SLUG].rstrip("_")
    return slug if any(map(str.isalnum, slug)) and slug.isprintable() else "clause"


def readable(text: str) -> str:
    """Return a clause's text for reading: a notice such as ``!!! meta "Commentary"`` as a quote.

    What stands indented under it would otherwise be read as code.
    """
    if "!!!" not in text:
        return text
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        notice = _NOTICE.match(line)
        if notice:
            lines += ["", f"> **{notice['title'] or notice['kind'].capitalize()}**", ">"]
        elif inside and (line.startswith(_INDENT) or not line.strip()):
            lines.append(f"> {line.removeprefix(_INDENT)}".rstrip())
        else:
            lines += ["", line] if inside else [line]
        inside = bool(notice) or (inside and lines[-1].startswith(">"))
    return "\n".join(lines)
