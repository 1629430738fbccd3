"""Tells of many texts at once which need no closer look: nothing in them begins a rule.

One automaton goes once over each text, for all words, signs and scripts together. What it lets
through may still hold nothing; what it keeps back holds nothing for certain.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

# What stands between the letters of a name that is written letter by letter, and such writing.
APART = r"[ .\-_*·|]"
SPACED_LETTERS = rf"(?:^|{APART})[a-zA-Z]{APART}{{1,3}}[a-zA-Z]{APART}{{1,3}}[a-zA-Z](?={APART}|\Z)"
# Scripts whose names are looked for without words, and signs that can stand for a Latin letter.
OTHER_SCRIPTS = "\u0370-\u1cff\u3040-\ud7ff"
DISGUISES = (
    "\u00ad\u0131\u0251-\u02af\u0300-\u058f\u13a0-\u13ff\u180e\u1d00-\u1d7f\u200b-\u200f\u2060-\u2064"
    "\u2100-\u2121\u2123-\u218f\u2460-\u24ff\ua4d0-\ua4ff\ufeff\uff01-\uff5e"
    "\U0001d400-\U0001d7ff\U0001f130-\U0001f189\U000e0000-\U000e007f"
)
# The automaton looks neither ahead nor for Python's name of the end.
_SPACED_LETTERS = SPACED_LETTERS.replace("(?=", "(?:").replace(r"\Z", r"\z")
# Fewer are quicker looked at one by one than the automaton is made.
FEWEST = 50


def suspects(texts: Sequence[str], *, words: Iterable[bytes], signs: str) -> Sequence[bool]:
    """Say of each text whether any of these words or signs, or a disguise, stands in it.

    Words are runs of Latin letters in any case. Cost: a few nanoseconds a character.
    """
    if len(texts) < FEWEST:
        return [True] * len(texts)
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = _pattern(tuple(sorted(words)), signs)
    found: list[bool] = pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist()
    return found


@lru_cache(maxsize=16)
def _pattern(words: tuple[bytes, ...], signs: str) -> str:
    any_word = "|".join(word.decode() for word in words)
    own = re.escape("".join(sorted({*signs, *signs.upper()})))
    return (
        rf"(?:^|[^a-zA-Z])(?i:{any_word})(?:[^a-zA-Z]|$)"
        rf"|[{own}{OTHER_SCRIPTS}{DISGUISES}]|{_SPACED_LETTERS}"
    )
