"""Takes off the disguises in which a name is written so that no search should find it.

Look-alike letters, invisible signs, accents, digits and stars in the place of letters, letters
apart. Each is looked for only in a text with a trace of it, told by a pass at C speed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from annotation.scrub_context import View
from annotation.scrub_rules import Decision, Name, RuleSet
from annotation.scrub_sieve import APART, DISGUISES, OTHER_SCRIPTS, SPACED_LETTERS, SWAPPED

OTHER_SCRIPT: Final = re.compile(f"[{OTHER_SCRIPTS}]")
DISGUISE: Final = re.compile(f"[{DISGUISES}]")
_LETTERS_ONLY = bytes(sign if 97 <= sign <= 122 else 32 for sign in range(256))
_INVISIBLE = frozenset({"Mn", "Cf", "Me"})
ZERO_WIDTH: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_ACCENTS = re.compile("[\u0300-\u036f]")

_SPACED_TRACE = re.compile(SPACED_LETTERS)
# What stands between letters as a space, letters as x; and two letters that stand alone.
_SHAPE = bytes(
    120 if 97 <= sign <= 122 else 32 if re.fullmatch(APART, chr(sign)) else 35
    for sign in range(256)
)
_TWO_ALONE = (b" x x ", b" x  x ", b" x   x ")
_LETTER = "[a-z0-9\u00df-\u024f\u0430-\u0451]"
_SPACED = re.compile(
    rf"(?<!{_LETTER})(?<!['\u2019])(?:{_LETTER}{APART}{{1,3}}){{2,}}{_LETTER}(?!{_LETTER})"
)
_SPACED_ELSEWHERE = re.compile(
    rf"[{OTHER_SCRIPTS}](?:{APART}{{1,3}}[{OTHER_SCRIPTS}](?={APART}))+{APART}{{1,3}}[{OTHER_SCRIPTS}]"
)
_SELF = frozenset({"", "iam", "im", "as"})

# Signs that are read as letters as 5, stars for a letter as *, letters as x, other digits as 9.
_SWAPS = bytes(
    120 if 97 <= sign <= 122
    else 53 if chr(sign) in SWAPPED
    else 42 if chr(sign) in "*#"
    else 57 if 48 <= sign <= 57
    else 32
    for sign in range(256)
)  # fmt: skip
_SWAPPED = (b"x5x", b"x55x", b"x555x", b" 5xxx", b" 55xxx", b"xxx5 ")
_STARRED_WITHIN = (b"x*x", b"x**x", b"x***x")
_TOKEN = re.compile(r"[a-z0-9@$|]+")
_STARRED = re.compile(r"(?<![a-z0-9*#])[a-z]+(?:[*#]{1,3}[a-z]+)+(?![a-z0-9*#])")
_AS_LETTERS = tuple(str.maketrans(SWAPPED, letters) for letters in ("oieastbasl", "oleastbasl"))
_LEAST_LETTERS = 4
_LEAST_APART = 5
_LEAST_ELSEWHERE = 3


def lowered(text: str) -> str:
    """A text in lower case, sign for sign, so that offsets stay."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def letter_runs(latin: bytes) -> set[bytes]:
    """The runs of letters from a to z in a lower-case text."""
    return set(latin.translate(_LETTERS_ONLY).split())


def undisguised(text: str, rules: RuleSet) -> View:
    """A text with invisible signs dropped and look-alike letters read as what they look like."""
    return _resigned(
        text, lambda sign: rules.lookalikes.get(sign) or unicodedata.normalize("NFKC", sign)
    )


def without_zero_width(text: str) -> View | None:
    """A text of other scripts without signs of no width, its letters left as they are, or None."""
    if not (ZERO_WIDTH.search(text) and OTHER_SCRIPT.search(text)):
        return None
    kept = [(at, sign) for at, sign in enumerate(text) if not ZERO_WIDTH.match(sign)]
    shown = "".join(sign for _, sign in kept)
    return View(shown, lowered(shown), (*(at for at, _ in kept), len(text)))


def without_accents(text: str, low: str, words: set[bytes], rules: RuleSet) -> View | None:
    """A text without the accents of its letters, or None where these hide no well-known name."""
    if not _ACCENTED.search(low):
        return None
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", low))
    uncovered = letter_runs(bare.encode("latin-1", "replace")) - words
    if uncovered.isdisjoint(name.encode() for name in rules.accented_names):
        return None
    return _resigned(text, lambda sign: _ACCENTS.sub("", unicodedata.normalize("NFD", sign)))


def _resigned(text: str, plain: Callable[[str], str]) -> View:
    """A view in which each sign that is not ASCII is read as another, or left out."""
    signs, offsets = [], []
    for at, sign in enumerate(text):
        if sign.isascii():
            read = sign
        elif unicodedata.category(sign) in _INVISIBLE:
            continue
        else:
            read = plain(sign)
        signs.append(read)
        offsets += [at] * len(read)
    shown = "".join(signs)
    return View(shown, lowered(shown), (*offsets, len(text)))


def with_letters_for_digits(text: str, low: str, latin: bytes, rules: RuleSet) -> View | None:
    """A text whose "cl4ude" is read as "claude", or None where it has nothing of the kind.

    Only words that become a name's are read so; all offsets stay.
    """
    swaps = b" %b " % latin.translate(_SWAPS)
    # One sign is looked for much more quickly than several.
    if b"5" not in swaps or not any(map(swaps.__contains__, _SWAPPED)):
        return None
    read = _TOKEN.sub(lambda token: _read(token.group(), rules), low)
    if read == low:
        return None
    pairs = zip(text, low, read, strict=True)
    # A capital stands for the letter that was swapped: nobody wrote it small.
    return View("".join(sign if was == now else now.upper() for sign, was, now in pairs), read)


def _read(token: str, rules: RuleSet) -> str:
    """The name's word that a token of letters and digits stands for, or the token itself."""
    if token.isalpha() or token.isdigit():
        return token
    for core in dict.fromkeys((token, token.rstrip("0123456789"))):
        for letters in _AS_LETTERS:
            word = core.translate(letters)
            if word != core and len(word) >= _LEAST_LETTERS and word.encode() in rules.heads:
                return word + token[len(core) :]
    return token


def starred(low: str, latin: bytes, rules: RuleSet) -> Iterator[tuple[int, int, Name]]:
    """Names of which some letters are starred out, as in "Cl*ude": where, and whose."""
    if b"*" not in latin and b"#" not in latin:
        return
    swaps = latin.translate(_SWAPS)
    if not any(map(swaps.__contains__, _STARRED_WITHIN)):
        return
    for word in _STARRED.finditer(low):
        written = word.group()
        if sum(sign.isalpha() for sign in written) < _LEAST_LETTERS - 1:
            continue
        shape = re.compile(re.sub("[*#]", ".", written))
        for key, name in _telling_names(rules).items():
            if len(key) == len(written) and shape.fullmatch(key):
                yield word.start(), word.end(), name
                break


def apart(low: str, latin: bytes, rules: RuleSet) -> Iterator[tuple[int, int, Name]]:
    """Names written letter by letter: where, and whose."""
    shape = b" %b " % latin.translate(_SHAPE)
    if any(map(shape.__contains__, _TWO_ALONE)) and _SPACED_TRACE.search(low):
        for run in _SPACED.finditer(low):
            yield from _in_run(low, run, rules, least=_LEAST_APART)
    if not low.isascii() and OTHER_SCRIPT.search(low):
        for run in _SPACED_ELSEWHERE.finditer(low):
            yield from _in_run(low, run, rules, least=_LEAST_ELSEWHERE)


def _in_run(
    low: str, run: re.Match[str], rules: RuleSet, *, least: int
) -> Iterator[tuple[int, int, Name]]:
    """The names in a run of letters apart: telling ones, or any that is all of it."""
    places = [at for at in range(run.start(), run.end()) if low[at].isalnum()]
    letters = "".join(low[at] for at in places)
    for read in dict.fromkeys((letters, letters.translate(_AS_LETTERS[0]))):
        for key in _keys_of_length(rules, len(read)):
            at, name = read.find(key), rules.names[key]
            if at >= 0 and _spelled(read, key, name, rules, least):
                yield places[at], places[at + len(key) - 1] + 1, name


@lru_cache(maxsize=128)
def _keys_of_length(rules: RuleSet, most: int) -> tuple[str, ...]:
    return tuple(key for key in rules.names if len(key) <= most)


def _spelled(letters: str, key: str, name: Name, rules: RuleSet, least: int) -> bool:
    """Whether a name that these letters hold is meant, and no chance."""
    if telling(name) and len(key) >= least:
        return True
    return _all_of(letters, key) and _no_word(key, name, rules)


def _no_word(key: str, name: Name, rules: RuleSet) -> bool:
    return telling(name) or (len(key) >= _LEAST_LETTERS and key not in rules.ordinary_words)


def telling(name: Name) -> bool:
    """Whether a name in disguise is one: nobody disguises a word that means something else."""
    return not name.doubtful or name.otherwise is Decision.HELD


@lru_cache(maxsize=16)
def _telling_names(rules: RuleSet) -> Mapping[str, Name]:
    return {key: name for key, name in rules.names.items() if telling(name)}


def _all_of(letters: str, key: str) -> bool:
    """Whether a run of letters is a name alone, with or without "I am" and a version number."""
    alone = letters[letters.find(key) :]
    return letters.removesuffix(alone) in _SELF and alone[len(key) :].strip("0123456789o") == ""
