"""Finding names in a text: all at once, and no further from their heads than a name is long."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

BETWEEN: Final = r"[\s\-\u2010-\u2015\u2212_.*·・]{0,3}"
LATIN_EDGES = (r"(?<![a-z0-9])", r"(?![a-zà-öø-ÿ])(?:(?<!\d)|(?!\d))")
_CYRILLIC = "[\u0430-\u044f\u0451]"
# The endings of cases, and no other letters: what is longer is another name (Klod, Klodia).
_ENDINGS = "ами|ом|ем|ём|ой|ою|ей|ов|ам|ах|ых|им|ым|а|у|е|ы|и|я|ю|ь"  # noqa: RUF001 - Cyrillic is meant
OTHER_EDGES = (
    f"(?<!{_CYRILLIC})",
    f"(?:(?<={_CYRILLIC})(?:{_ENDINGS}))?(?!(?<={_CYRILLIC}){_CYRILLIC})",
)
# Words that many names end with, and many sentences have: such a name is looked for by another.
_SHARED = frozenset(
    ["core", "edge", "flash", "group", "large", "lightning", "max", "mini", "plus", "pro"]
)
# Beside a name's own signs: what its edges look at.
_BESIDE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """Finds names of Latin letters in a text: no further from their heads than a name is long."""

    pattern: re.Pattern[str]
    heads: frozenset[bytes]
    reach: int

    def matches(self, low: str, words: Collection[bytes]) -> Iterator[re.Match[str]]:
        """Yield what the pattern finds in a lower-case text; ``words`` are its runs of letters.

        Every name holds one of the heads as a word. Around those alone is searched, as far as a
        name with its edges reaches, which gives the same as to search the whole.
        """
        begin = end = 0
        for at, after in self._places(low, words):
            if at - self.reach > end:
                yield from self.pattern.finditer(low, begin, end)
                begin = at - self.reach
            # To the end of a word: cut in the midst of "bards", the search would see a "bard".
            end = max(end, _word_end(low, after + self.reach))
        yield from self.pattern.finditer(low, begin, end)

    def _places(self, low: str, words: Collection[bytes]) -> list[tuple[int, int]]:
        """Return where heads stand, in order."""
        places = []
        for head in self.heads.intersection(words):
            word = head.decode()
            at = low.find(word)
            while at >= 0:
                after = at + len(word)
                if not (_is_letter(low[at - 1 : at]) or _is_letter(low[after : after + 1])):
                    places.append((at, after))
                at = low.find(word, after)
        return sorted(places)


def _is_letter(sign: str) -> bool:
    return "a" <= sign <= "z"


def _word_end(low: str, at: int) -> int:
    """Where the word ends that this place is in, and the place itself between words."""
    while low[at : at + 1].isalnum():
        at += 1
    return at


def heads_of(aliases: Iterable[str]) -> Iterator[bytes]:
    """The Latin words to look for: a text without any of them holds none of the names.

    Of a name of several words the last is taken, which is the rarer one in "Open AI" or "Deep
    Mind", by itself and run together with those beside it; not one that many names share.
    """
    for alias in aliases:
        words = list(re.finditer("[a-z]+", alias))
        if not words:
            continue
        telling = (
            n
            for n in reversed(range(len(words)))
            if len(words[n].group()) > 1 and words[n].group() not in _SHARED
        )
        chosen = next(telling, 0)
        for first in range(chosen + 1):
            for last in range(chosen, len(words)):
                written = alias[words[first].start() : words[last].end()].replace(" ", "")
                if re.fullmatch("[a-z]+", written):
                    yield written.encode()


def finder(aliases: Collection[str]) -> Finder:
    """What finds all names at once.

    Raises:
        ValueError: a name has no Latin letter by which it could be found.

    """
    strange = [alias for alias in aliases if not any(heads_of([alias]))]
    if strange:
        raise ValueError(f"names without a letter from a to z: {', '.join(strange)}")
    spaced = [_spaced(alias) for alias in aliases]
    longest = max((len(alias) + 2 * alias.count(" ") for alias in spaced), default=0)
    return Finder(any_name(aliases), frozenset(heads_of(spaced)), longest + _BESIDE)


def _spaced(alias: str) -> str:
    return re.sub(r"[\s\-_]+", " ", alias)


def any_name(aliases: Iterable[str], *, edges: tuple[str, str] = LATIN_EDGES) -> re.Pattern[str]:
    """A pattern for all names at once, as a tree of letters, so that its cost is that of one."""
    tree: dict[str, Any] = {}
    for alias in aliases:
        node = tree
        for sign in _spaced(alias):
            node = node.setdefault(sign, {})
        node[""] = {}
    before, after = edges
    return re.compile(before + (_branches(tree) or r"(?!)") + after)


def _branches(node: Mapping[str, Any]) -> str:
    branches = [
        (BETWEEN if sign == " " else re.escape(sign)) + _branches(child)
        for sign, child in sorted(node.items())
        if sign
    ]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)})" + ("?" if "" in node else "")
