"""The clauses of a specification as raters read and find them. Versions never change: kept."""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from annotation import own_words, rendering
from annotation.models import Clause, SpecificationVersion, Study
from annotation.specification_format import readable

LONGEST_SEARCH = 200
EXCERPT = 200
EXCERPT_BEFORE = 60


@dataclass(frozen=True, slots=True)
class ClauseHead:
    """A clause by name; ``level`` is its heading's depth."""

    clause_id: str
    title: str
    authority: str
    level: int


@dataclass(frozen=True, slots=True)
class ClauseFound:
    """A clause with its words: an excerpt as plain text, and all of it as safe HTML."""

    clause_id: str
    title: str
    authority: str
    level: int
    excerpt: str
    html: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A clause as it is kept: what it says, and its words as they are searched."""

    head: ClauseHead
    text: str
    named: str
    said: str


def is_of(study: Study, version_id: int) -> bool:
    """Say whether this version is one of the study's."""
    found = SpecificationVersion.objects.filter(pk=version_id, specification__study=study)
    return found.exists()


def title_of(version_id: int) -> str:
    """Return a version's name as raters read it."""
    found = SpecificationVersion.objects.filter(pk=version_id)
    title, version = found.values_list("specification__title", "version").get()
    return f"{title}, {version}"


@lru_cache(maxsize=64)
def clause_heads(version_id: int) -> tuple[ClauseHead, ...]:
    """Return the clauses of a version in their order; asked once per process.

    Raises:
        SpecificationVersion.DoesNotExist: there is no such version.
    """
    return tuple(clause.head for clause in _kept(version_id))


def clauses_matching(version_id: int, words: str, limit: int = 20) -> list[ClauseFound]:
    """Return the clauses in which all words occur: in title, id or text, whatever case and accents.

    Those whose name has all of them come first, then by their place in the document. Without words
    it is the outline: every clause, without its text.
    """
    wanted = _folded(words[:LONGEST_SEARCH]).split()
    if not wanted:
        return [_found(head, "", "") for head in clause_heads(version_id)]
    ranked = [
        (any(word not in clause.named for word in wanted), position)
        for position, clause in enumerate(_kept(version_id))
        if all(word in clause.named or word in clause.said for word in wanted)
    ]
    return [_read(version_id, position, wanted) for _, position in sorted(ranked)[:limit]]


def whole(version_id: int) -> list[ClauseFound]:
    """Return every clause with its text, in their order."""
    return [_read(version_id, position, []) for position in range(len(_kept(version_id)))]


def forget() -> None:
    """Read every version anew; for tests, whose databases change although versions do not."""
    for kept in (clause_heads, _kept, _html):
        kept.cache_clear()


@lru_cache(maxsize=16)
def _kept(version_id: int) -> tuple[_Kept, ...]:
    version = SpecificationVersion.objects.get(pk=version_id)
    return tuple(map(_kept_clause, version.clauses.order_by("position")))


def _kept_clause(clause: Clause) -> _Kept:
    return _Kept(
        head=ClauseHead(clause.clause_id, clause.title, clause.authority, clause.level),
        text=clause.text,
        named=_folded(f"{clause.title}\n{clause.clause_id}"),
        said=_folded(clause.text),
    )


@lru_cache(maxsize=1024)
def _html(version_id: int, position: int) -> str:
    return rendering.render(readable(_kept(version_id)[position].text))


def _read(version_id: int, position: int, wanted: list[str]) -> ClauseFound:
    html = own_words.translated(_html(version_id, position))
    return _found(_kept(version_id)[position].head, _excerpt(html, wanted), html)


def _found(head: ClauseHead, excerpt: str, html: str) -> ClauseFound:
    return ClauseFound(head.clause_id, head.title, head.authority, head.level, excerpt, html)


def _folded(text: str) -> str:
    """Return a text without what search does not tell apart: case, accents, forms of a letter."""
    return "".join(map(_folded_sign, text))


@lru_cache(maxsize=4096)
def _folded_sign(sign: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _excerpt(html: str, wanted: list[str]) -> str:
    """Return the words around the first hit, or the first words."""
    text = " ".join(rendering.text_of(html).split())
    hit = _place(text, wanted)
    start = max(hit - EXCERPT_BEFORE, 0)
    if start:
        start = max(start, text.find(" ", start, hit) + 1)
    end = start + EXCERPT
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + EXCERPT // 2)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return before + text[start:end] + after


def _place(text: str, wanted: list[str]) -> int:
    """Return where in a text the first of the words stands; 0 where none does."""
    folded = list(map(_folded_sign, text))
    hits = [hit for word in wanted if (hit := "".join(folded).find(word)) >= 0]
    ends = list(accumulate(map(len, folded)))
    return bisect_right(ends, min(hits)) if hits else 0
