"""Tells of many texts at once which need no closer look: nothing in them begins a rule.

One automaton goes once over each text, for all words, signs and scripts together. What it lets
through may still hold nothing; what it keeps back holds nothing for certain.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

# What stands between the letters of a name that is written letter by letter, and such writing.
APART = r"[ .\-_*·|]"
SPACED_LETTERS = (
    rf"(?:^|[^a-zA-Z0-9])[a-zA-Z]{APART}{{1,3}}[a-zA-Z]{APART}{{1,3}}[a-zA-Z]"
    r"(?=[^a-zA-Z0-9]|\Z)"
)
# Signs that can stand for a letter, and where they do: within a word, before or after one.
SWAPPED = "0134578@$|"
_SWAPS = (
    r"[a-zA-Z][0134578@$|*#]{1,3}[a-zA-Z]|(?:^|[^a-zA-Z0-9])[0134578@$|]{1,2}[a-zA-Z]{3}"
    r"|[a-zA-Z]{3}[0134578@$|](?:[^a-zA-Z0-9]|$)"
)
# Scripts whose names are looked for without words, and signs that can stand for a Latin letter.
OTHER_SCRIPTS = "\u0370-\u1cff\u3040-\ud7ff"
DISGUISES = (
    "\u00ad\u0131\u01dd\u01eb\u0250-\u02ff\u0300-\u058f\u13a0-\u13ff\u180e\u1d00-\u1dbf\u200b-\u200f\u2060-\u2064\u2070-\u209c"
    "\u2100-\u2121\u2123-\u218f\u2460-\u24ff\ua4d0-\ua4ff\ua730\ua731\ufeff\uff01-\uff5e"
    "\U0001d400-\U0001d7ff\U0001f130-\U0001f189\U0001f1e6-\U0001f1ff\U000e0000-\U000e007f"
)
# The automaton looks neither ahead nor for Python's name of the end.
_SPACED_LETTERS = SPACED_LETTERS.replace("(?=", "(?:").replace(r"\Z", r"\z")
# Fewer are quicker looked at one by one than the automaton is made.
FEWEST = 50


def suspects(
    texts: Sequence[str],
    *,
    words: Iterable[bytes],
    signs: str,
    phrases: Iterable[str] = (),
    accented: Sequence[str] = (),
) -> Sequence[bool]:
    """Say of each text whether any of these words, signs or phrases, or a disguise, is in it.

    Words are runs of Latin letters in any case; phrases may be parts of words, in any case;
    `accented` names are seen with accents too.
    Cost: a few nanoseconds a character.
    """
    if len(texts) < FEWEST:
        return [True] * len(texts)
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = _pattern(tuple(sorted(words)), signs, tuple(sorted(phrases)), tuple(accented))
    found: list[bool] = pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist()
    return found


@lru_cache(maxsize=16)
def _pattern(
    words: tuple[bytes, ...], signs: str, phrases: tuple[str, ...], names: tuple[str, ...]
) -> str:
    any_word = "|".join(word.decode() for word in words)
    own = re.escape("".join(sorted({*signs, *signs.upper()})))
    any_phrase = f"|(?i:{'|'.join(map(_literally, phrases))})" if phrases else ""
    accented = "".join(f"|{_with_any_accent(name)}" for name in names)
    return (
        rf"(?:^|[^a-zA-Z])(?i:{any_word})(?:[^a-zA-Z]|$)"
        rf"|[{own}{OTHER_SCRIPTS}{DISGUISES}]|{_SPACED_LETTERS}|{_SWAPS}{any_phrase}{accented}"
    )


def _literally(phrase: str) -> str:
    """A pattern for a phrase; the automaton knows no escaped space."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", phrase)


def _with_any_accent(name: str) -> str:
    """A pattern for a name whose letters may have accents; scripts without case are no matter."""
    return "".join(f"[{letter}{letter.upper()}{_accented()[letter]}]" for letter in name)


@lru_cache(maxsize=1)
def _accented() -> dict[str, str]:
    """Of each letter from a to z, the signs that are that letter with accents."""
    found = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "")
    for sign in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        letter = unicodedata.normalize("NFD", sign)[0].lower()
        if letter in found:
            found[letter] += sign
    return found
