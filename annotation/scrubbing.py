"""Finds what in a reply's text would tell a rater which model or vendor wrote it.

Every vendor's and model's names are looked for, whatever the true author, so that a mask itself
tells nothing. Names with another sense (Claude, Gemini, Google) are judged by where they stand.
Disguises are seen through: look-alike letters, invisible signs, digits for letters, letters apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Final

from annotation.scrub_context import Mention, View, decisions
from annotation.scrub_disguises import (
    DISGUISE,
    OTHER_SCRIPT,
    ZERO_WIDTH,
    apart,
    letter_runs,
    lowered,
    starred,
    telling,
    undisguised,
    with_letters_for_digits,
    without_accents,
    without_zero_width,
)
from annotation.scrub_finder import Finder, finder
from annotation.scrub_rules import (
    Decision,
    Name,
    NameKind,
    RuleSet,
    TextPattern,
    compact,
    current_rules,
)
from annotation.scrub_sieve import suspects

__all__ = ["MARK", "Decision", "Hit", "RuleSet", "current_rules", "find", "find_in_all", "mask"]

MARK: Final = "[removed]"
"""What stands in place of a masked span, the same for every rule."""

_CONTEXT = 40
# Signs that a search without case takes for an i or an s, and that are small letters already.
_CASED_ODDLY = re.compile("[\u0130\u0131\u017f]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text that gives the author away, or may; offsets are in code points."""

    rule: str
    start: int
    end: int
    text: str
    context: str
    decision: Decision


def find(text: str, *, rules: RuleSet, extra_names: Sequence[str] = ()) -> tuple[Hit, ...]:
    """The places of a message that tell who wrote it, in order and without overlap.

    `extra_names` are the batch's own models and providers. One that is an ordinary word counts
    only where the text says "I'm Fern" or "made by Boreal", or with its version ("fern-2").
    Cost: O(length); a text without any trigger is left after a few passes at C speed.
    """
    low = lowered(text)
    batch = _of_batch(rules, tuple(extra_names))
    latin = _latin(low)
    words = letter_runs(latin)
    hits: list[Hit] = []
    if not (rules.heads.isdisjoint(words) and batch.heads.isdisjoint(words)) or (
        not low.isascii() and OTHER_SCRIPT.search(low)
    ):
        hits += _named(View(text, low), words, text, rules, batch)
    if not low.isascii():
        hits += _disguised_names(text, low, words, rules, batch)
    hits += _respelled(text, low, latin, rules)
    hits += _with_digits(text, low, latin, rules)
    signs = {sign for sign in rules.pattern_signs if sign in low}
    if signs or not rules.pattern_words.isdisjoint(words):
        hits += _patterned(View(text, low), words, signs, rules)
    return _apart(hits) if hits else ()


def find_in_all(
    texts: Sequence[str], *, rules: RuleSet, extra_names: Sequence[str] = ()
) -> list[tuple[Hit, ...]]:
    """What :func:`find` says of each of many texts, for a fraction of the cost.

    Most texts hold nothing that any rule begins with, and are not looked at one by one.
    """
    heads = _of_batch(rules, tuple(extra_names)).heads
    suspect = suspects(
        texts,
        words=rules.sieve_words | heads,
        signs=rules.pattern_signs,
        phrases=rules.sieve_phrases,
        accented=rules.accented_names,
    )
    return [
        find(text, rules=rules, extra_names=extra_names) if looked_at else ()
        for text, looked_at in zip(texts, suspect, strict=True)
    ]


def mask(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with each span replaced by the neutral mark.

    Raises:
        ValueError: the spans overlap or leave the text.

    """
    parts, at = [], 0
    for start, end in sorted(spans):
        if not at <= start < end <= len(text):
            raise ValueError(f"the span {start}-{end} overlaps another or leaves the text")
        parts += [text[at:start], MARK]
        at = end
    return "".join([*parts, text[at:]])


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """A batch's own names, ready to be found."""

    names: dict[str, Name]
    finder: Finder

    @property
    def heads(self) -> frozenset[bytes]:
        return self.finder.heads


_NO_BATCH = _Batch({}, finder(()))


@lru_cache(maxsize=256)
def _of_batch(rules: RuleSet, extra_names: tuple[str, ...]) -> _Batch:
    names: dict[str, Name] = {}
    spellings: list[str] = []
    for part in (part for extra in extra_names for part in extra.lower().split("/")):
        words = re.findall(r"[^\W\d_]+|\d+", part)
        letters = [*_until_digit(words)]
        sure = Name(f"extra:{part}", NameKind.MODEL, "", doubtful=False, of_batch=True)
        for spelling, name in (
            (words, sure if letters != words else _doubtful(sure, letters, rules)),
            (letters, _doubtful(sure, letters, rules)),
        ):
            key = "".join(spelling)
            if len(key) >= 3 and key not in rules.names and key not in names:
                names[key] = name
                spellings.append(" ".join(spelling))
    return _Batch(names, finder(spellings))


def _until_digit(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word.isdigit():
            return
        yield word


def _doubtful(name: Name, letters: Sequence[str], rules: RuleSet) -> Name:
    """A batch's name without its version: sure with a capital, unless it is an ordinary word."""
    ordinary = len(letters) == 1 and letters[0] in rules.ordinary_words
    return replace(
        name,
        doubtful=True,
        near_ai=Decision.HELD if ordinary else Decision.MASKED,
        otherwise=None if ordinary else Decision.MASKED,
    )


def _latin(low: str) -> bytes:
    return low.encode("latin-1", "replace")


def _disguised_names(
    text: str, low: str, words: set[bytes], rules: RuleSet, batch: _Batch
) -> Iterator[Hit]:
    """Names behind look-alike letters and invisible signs; behind accents only what is sure."""
    if DISGUISE.search(text):
        for shown in filter(None, (undisguised(text, rules), without_zero_width(text))):
            yield from _named(shown, letter_runs(_latin(shown.low)), text, rules, batch)
    bare = without_accents(text, low, words, rules)
    if bare is not None:
        named = _named(bare, letter_runs(_latin(bare.low)), text, rules, batch)
        yield from (hit for hit in named if hit.decision is Decision.MASKED)


def _respelled(text: str, low: str, latin: bytes, rules: RuleSet) -> Iterator[Hit]:
    """Names with stars for letters, and letters apart: nobody writes so by chance."""
    for start, end, name in apart(low, latin, rules):
        decision = Decision.MASKED if telling(name) else Decision.HELD
        yield _hit(text, start, end, name.rule, decision)
    for start, end, name in starred(low, latin, rules):
        yield _hit(text, start, end, name.rule, Decision.MASKED)


def _with_digits(text: str, low: str, latin: bytes, rules: RuleSet) -> Iterator[Hit]:
    """Names with digits for letters, as in "cl4ude"."""
    read = with_letters_for_digits(text, low, latin, rules)
    if read is None:
        return
    mentions = _settled(_mentions(read, letter_runs(_latin(read.low)), rules, _NO_BATCH))
    for mention, decision in zip(mentions, decisions(mentions, read, rules), strict=True):
        start, end = mention.start, mention.end
        respelled = read.low[start:end] != low[start:end]
        if respelled and (telling(mention.name) or decision is Decision.MASKED):
            yield _hit(text, start, end, mention.name.rule, Decision.MASKED)


def _named(
    view: View, words: set[bytes], text: str, rules: RuleSet, batch: _Batch
) -> Iterator[Hit]:
    """The names in a view, each with what is to become of it where it stands."""
    mentions = _settled(_mentions(view, words, rules, batch))
    for mention, decision in zip(mentions, decisions(mentions, view, rules), strict=True):
        start, end = mention.start, mention.end
        if view.offsets is not None:
            start, end = view.offsets[start], view.offsets[end - 1] + 1
            if not _disguised(text[start:end]):
                continue
        if decision is not None:
            yield _hit(text, start, end, mention.name.rule, decision)


def _mentions(view: View, words: set[bytes], rules: RuleSet, batch: _Batch) -> Iterator[Mention]:
    found = [rules.latin.matches(view.low, words), batch.finder.matches(view.low, words)]
    if not view.low.isascii() and OTHER_SCRIPT.search(view.low):
        found.insert(1, rules.other_scripts.finditer(view.low))
    names = {**batch.names, **rules.names}
    for match in chain(*found):
        key, name = _known(match.group(), names)
        tail = rules.version_tail.match(view.low, match.end())
        takes_version = name.kind is NameKind.MODEL or name.versions
        end = tail.end() if tail is not None and takes_version else match.end()
        yield Mention(name, key, match.start(), match.end(), end)


def _known(written: str, names: Mapping[str, Name]) -> tuple[str, Name]:
    """The name behind a spelling, which may have up to three letters of inflection."""
    letters = compact(written)
    ends = range(len(letters), 0, -1)
    key = next(letters[:end] for end in ends if letters[:end] in names)
    return key, names[key]


def _settled(mentions: Iterable[Mention]) -> list[Mention]:
    """Mentions in order, the longest of any that overlap."""
    settled: list[Mention] = []
    for mention in sorted(mentions, key=lambda seen: (seen.start, -seen.end)):
        if not settled or mention.start >= settled[-1].end:
            settled.append(mention)
        elif mention.end - mention.start > settled[-1].end - settled[-1].start:
            settled[-1] = mention
    return settled


def _disguised(written: str) -> bool:
    """Whether a spelling mixes scripts or hides signs, as no honest word of one script does."""
    if ZERO_WIDTH.search(written):
        return True
    letters = [sign for sign in written if sign.isalpha()]
    ordinary = sum("\u0370" <= sign <= "\u04ff" for sign in letters)
    return not written.isascii() and (not letters or ordinary < len(letters))


def _patterned(view: View, words: set[bytes], signs: set[str], rules: RuleSet) -> Iterator[Hit]:
    """The wordings of the rules; only the part called "name" is struck, where there is one."""
    for pattern in rules.patterns:
        if pattern.words.isdisjoint(words) and pattern.signs.isdisjoint(signs):
            continue
        if not any(map(view.low.__contains__, pattern.triggers)):
            continue
        for match in _wordings(pattern, view):
            groups = [key for key, value in match.groupdict().items() if value]
            start, end = match.span(groups[0] if groups else 0)
            yield _hit(view.text, start, end, pattern.rule, pattern.decision)


def _wordings(pattern: TextPattern, view: View) -> Iterator[re.Match[str]]:
    """Where a pattern's wording stands; looked for where it can begin, if that is known."""
    if pattern.begins is None or (not view.low.isascii() and _CASED_ODDLY.search(view.low)):
        yield from pattern.regex.finditer(view.text)
        return
    end = 0
    for begin in pattern.begins.finditer(view.low):
        if begin.start() >= end and (match := pattern.regex.match(view.text, begin.start())):
            end = match.end()
            yield match


def _hit(text: str, start: int, end: int, rule: str, decision: Decision) -> Hit:
    context = text[max(0, start - _CONTEXT) : end + _CONTEXT]
    return Hit(rule, start, end, text[start:end], context, decision)


def _apart(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits without overlap, in order: what is struck before what is kept, then the longest."""
    chosen: list[Hit] = []
    taken = bytearray(max(hit.end for hit in hits))
    ranks = (Decision.MASKED, Decision.HELD, Decision.KEPT)
    for hit in sorted(
        hits,
        key=lambda hit: (
            hit.decision is Decision.KEPT,
            hit.start - hit.end,
            ranks.index(hit.decision),
            hit.start,
        ),
    ):
        if not any(taken[hit.start : hit.end]):
            taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
            chosen.append(hit)
    return tuple(sorted(chosen, key=lambda hit: hit.start))
