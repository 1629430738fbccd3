"""The rules by which a reply's text is scrubbed: read from ``scrub_rules.json``, made ready to use.

The words are data, so that a researcher can read and amend them; each change raises ``version``,
which is kept with every mask. This module only turns them into patterns.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings

from annotation.scrub_finder import OTHER_EDGES, Finder, any_name, finder, heads_of

_LATIN_FIRST = re.compile(r"[a-z0-9]")
# What may hold brackets and bars that mean themselves.
_SET_OR_SIGN = re.compile(r"\\.|\[[^\]]*\]")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_VOWELS: Final = "aeiou"
_ALIKE: Final = {"c": "k", "k": "c", "g": "j", "q": "k"}
_NOT_SIGNS = re.compile(r"[\W_]+")


class Decision(StrEnum):
    """What becomes of a place that may give the author away."""

    MASKED = "masked"
    KEPT = "kept"
    HELD = "held"
    """Doubtful: masked until an admin decides."""


class NameKind(StrEnum):
    """Whether a name is a model's or its maker's."""

    MODEL = "model"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Name:
    """A model or a vendor whose name must not stand in a reply, and how sure its name is.

    A name without doubt is masked wherever it stands. A doubtful one (Claude, Gemini, Google) is
    judged by where it stands: `near_ai` beside talk of AI, `otherwise` anywhere else; None is no
    hit. `exact` spellings are beyond doubt, `only` admits no other spelling, `lower` lets it
    count without a capital, `versions` lets a version after it remove the doubt, and a `forename`
    before a surname is a person's.
    """

    rule: str
    kind: NameKind
    vendor: str
    doubtful: bool
    near_ai: Decision | None = Decision.MASKED
    otherwise: Decision | None = Decision.HELD
    exact: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    lower: bool = False
    versions: bool = True
    forename: bool = False
    of_batch: bool = False


@dataclass(frozen=True, slots=True)
class OtherSense:
    """Surroundings in which a name means something else: the painter, the zodiac, the product."""

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    near: re.Pattern[str] | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A wording, other than a name, that gives the author away.

    It is looked for where the text has one of its words or signs, and then one of its triggers.
    ``begins`` finds in a lower-case text the words it can begin with, where the rules say them.
    Where its words are common ones, the sieve looks for its phrases in place of them.
    """

    rule: str
    regex: re.Pattern[str]
    begins: re.Pattern[str] | None
    words: frozenset[bytes]
    signs: frozenset[str]
    triggers: tuple[str, ...]
    phrases: tuple[str, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Cues:
    """The words around a name by which a text says who speaks or who made the speaker."""

    self_before: re.Pattern[str]
    self_after: re.Pattern[str]
    role_before: re.Pattern[str]
    maker_before: re.Pattern[str]
    maker_after: re.Pattern[str]
    ai: re.Pattern[str]
    first_person: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """One version of the rules, ready to be applied."""

    version: int
    names: Mapping[str, Name]
    latin: Finder
    other_scripts: re.Pattern[str]
    heads: frozenset[bytes]
    patterns: tuple[TextPattern, ...]
    pattern_words: frozenset[bytes]
    pattern_signs: str
    sieve_words: frozenset[bytes]
    sieve_phrases: frozenset[str]
    senses: Mapping[str, tuple[OtherSense, ...]]
    cues: Cues
    version_tail: re.Pattern[str]
    lookalikes: Mapping[str, str]
    ordinary_words: frozenset[str]
    accented_names: tuple[str, ...]


def compact(words: str) -> str:
    """A name without case, spaces and hyphens: the key under which its spellings meet."""
    return _NOT_SIGNS.sub("", words.lower())


def current_rules() -> RuleSet:
    """The rules that new text versions are scrubbed with: those of the file in the settings."""
    return _rules_in(Path(settings.SCRUB_RULES_FILE))


@cache
def _rules_in(file: Path) -> RuleSet:
    return ruleset_of(json.loads(file.read_text(encoding="utf-8")))


def ruleset_of(data: Mapping[str, Any]) -> RuleSet:
    """The rule set that a rules file describes.

    Raises:
        ValueError: the version is not a positive integer.

    """
    version = data["version"]
    if type(version) is not int or version < 1:
        raise ValueError(f"a rule set's version is a positive integer, not {version!r}")
    names = {compact(alias): _name(row) for row in data["names"] for alias in row["aliases"]}
    misspelt = dict(_misspelt(data["names"], known=names))
    aliases = [*(alias for row in data["names"] for alias in row["aliases"]), *misspelt]
    patterns = tuple(_text_pattern(row) for row in data["patterns"])
    latin = [alias for alias in aliases if _LATIN_FIRST.match(alias)]
    # A text in another script is looked at anyway.
    heads = frozenset(heads_of(latin))
    return RuleSet(
        version=version,
        names={compact(spelling): name for spelling, name in misspelt.items()} | names,
        latin=finder(latin),
        other_scripts=any_name(
            (alias for alias in aliases if not _LATIN_FIRST.match(alias)), edges=OTHER_EDGES
        ),
        heads=heads,
        patterns=patterns,
        pattern_words=frozenset().union(*(pattern.words for pattern in patterns)),
        pattern_signs="".join(dict.fromkeys("".join(row["signs"] for row in data["patterns"]))),
        sieve_words=heads.union(*(pattern.words for pattern in patterns if not pattern.phrases)),
        sieve_phrases=frozenset(phrase for pattern in patterns for phrase in pattern.phrases),
        senses=_senses(data["exceptions"], data["names"]),
        cues=_cues(data["cues"], data["context"]),
        version_tail=_version_tail(data["version_words"]),
        lookalikes=dict(data["lookalikes"]),
        ordinary_words=frozenset(" ".join(data["ordinary_words"]).split()),
        accented_names=tuple(row["aliases"][0] for row in data["names"] if row.get("misspelt")),
    )


def _name(row: Mapping[str, Any]) -> Name:
    kind = NameKind(row["kind"])
    is_model = kind is NameKind.MODEL
    otherwise = row.get("otherwise", Decision.HELD if is_model else Decision.KEPT)
    near_ai = row.get("near_ai", Decision.MASKED if is_model else Decision.HELD)
    return Name(
        rule=f"{kind}:{row['name']}",
        kind=kind,
        vendor=row["vendor"],
        doubtful=row["doubtful"],
        near_ai=near_ai and Decision(near_ai),
        otherwise=otherwise and Decision(otherwise),
        exact=frozenset(row.get("exact", ())),
        only=frozenset(row.get("only", ())),
        lower=row.get("lower", False),
        versions=row.get("versions", is_model),
        forename=row.get("forename", False),
    )


def _misspelt(
    rows: Iterable[Mapping[str, Any]], known: Mapping[str, Name]
) -> Iterator[tuple[str, Name]]:
    """Slips of names: a letter left out or doubled, two exchanged, a wrong vowel; and known ones.

    The first letter stands, or is one that sounds the same. Such a spelling counts only where the
    text says who speaks or who made the speaker, because by itself it may be any word.
    """
    for row in rows:
        slip = replace(_name(row), doubtful=True, near_ai=None, otherwise=None, versions=False)
        made = _slips_of(row["aliases"][0]) if row.get("misspelt") else ()
        for spelling in (*row.get("slips", ()), *made):
            if compact(spelling) not in known:
                yield spelling, slip


def _slips_of(name: str) -> Iterator[str]:
    for at in range(1, len(name)):
        head, sign, tail = name[:at], name[at], name[at + 1 :]
        yield head + tail
        yield head + tail[:1] + sign + tail[1:]
        yield head + sign + sign + tail
        if sign in _VOWELS:
            yield from (head + vowel + tail for vowel in _VOWELS)
    yield from (name.replace("i", "l"), name.replace("l", "i"))
    if name[0] in _ALIKE:
        yield _ALIKE[name[0]] + name[1:]


def _text_pattern(row: Mapping[str, Any]) -> TextPattern:
    return TextPattern(
        rule=f"pattern:{row['id']}",
        regex=re.compile(row["regex"]),
        begins=_first_words(row.get("begins", ())),
        words=frozenset(word.encode() for word in row["words"]),
        signs=frozenset(row["signs"]),
        triggers=tuple(row["triggers"]),
        phrases=tuple(row["triggers"] if row.get("sieve") == "triggers" else row.get("sieve", ())),
        decision=Decision(row["decision"]),
    )


def _first_words(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for any of these words; what is before it is looked at last, for a quick search."""
    found = [rf"{re.escape(word)}(?<!\w{re.escape(word)})(?!\w)" for word in words]
    return re.compile("|".join(found)) if found else None


def _senses(
    rows: Iterable[Mapping[str, Any]], names: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[OtherSense, ...]]:
    """The other senses of each spelling; what is said of a name holds in every script.

    The name "*" is every doubtful one: uncles and boats are called by any of them.
    """
    spellings = {
        compact(row["name"]): [compact(alias) for alias in row["aliases"]] for row in names
    }
    doubtful = [row["name"] for row in names if row["doubtful"]]
    every = [key for name in doubtful for key in spellings[compact(name)]]
    senses: dict[str, tuple[OtherSense, ...]] = {}
    for row in rows:
        sense = OtherSense(
            before=_any_of(row.get("before"), r"(?<!\w)({})[\s\-\u2010-\u2015]*$"),
            after=_any_of(
                row.get("after"),
                r"^(?:['’]s)?[\s\-_・·\u2010-\u2015]*({})(?!\w)",  # noqa: RUF001 - the typographic apostrophe is meant
            ),
            near=_any_of(row.get("near"), r"(?<!\w)({})"),
            decision=row["decision"] and Decision(row["decision"]),
        )
        own = compact(row["name"])
        keys = every if row["name"] == "*" else [own, *spellings.get(own, ())]
        for key in dict.fromkeys(keys):
            senses[key] = (*senses.get(key, ()), sense)
    return senses


def _any_of(words: Iterable[str] | None, frame: str) -> re.Pattern[str] | None:
    """A pattern that holds where one of the words stands in its frame.

    Scripts that put no space between words have no edges to look for.
    """
    spaced: list[str] = []
    unspaced: list[str] = []
    for word in words or ():
        (unspaced if _UNSPACED.search(word) else spaced).append(re.escape(word))
    bare = frame.replace(r"(?<!\w)", "").replace(r"(?!\w)", "")
    parts = [
        part.replace("{}", "|".join(listed))
        for part, listed in ((frame, spaced), (bare, unspaced))
        if listed
    ]
    return re.compile("|".join(parts)) if parts else None


def _cues(cues: Mapping[str, list[str]], context: Mapping[str, list[str]]) -> Cues:
    before = r"(?<![a-zà-ÿа-яё])(?:{})[\s\"'“”«»„*_:：,，、(（—–-]*$"  # noqa: RUF001 - marks of every script
    after = r"^[\s\"'“”«»*_)]*(?:{})"
    spaced = r"(?<!\w)(?:{})(?!\w)"
    patterns = {
        key: re.compile((before if key.endswith("before") else after).format(choice(words)))
        for key, words in cues.items()
    }
    for key in ("ai", "first_person"):
        whole, anywhere = spaced.format(choice(context[key])), choice(context[f"{key}_other"])
        patterns[key] = re.compile(f"{whole}|{anywhere}")
    return Cues(**cast("dict[str, Any]", patterns))


def choice(wordings: Iterable[str]) -> str:
    """A pattern for any of these wordings, by first letters: at each place few are tried.

    Whether it is found, and where that begins, is the same as of the wordings in a row.
    """
    groups: dict[str, list[str]] = {}
    for wording in dict.fromkeys(wordings):
        groups.setdefault(_first_letter(wording), []).append(wording)
    others = groups.pop("", [])
    grouped = [
        letter + f"(?:{choice(wording[1:] for wording in group)})" if len(group) > 1 else group[0]
        for letter, group in groups.items()
    ]
    return "|".join([*grouped, *others])


def _first_letter(wording: str) -> str:
    """The letter that a pattern must begin with, or nothing where it is not told so easily."""
    letter, after = wording[:1], wording[1:2]
    plain = (letter.isalpha() or letter == " ") and after not in tuple("?*+{|")
    return letter if plain and not _has_choice(wording) else ""


def _has_choice(wording: str) -> bool:
    """Whether a pattern has a choice that no brackets hold."""
    depth = 0
    for sign in _SET_OR_SIGN.sub("", wording):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def _version_tail(words: Iterable[str]) -> re.Pattern[str]:
    """What may follow a model's name as its version: numbers, sizes and tiers."""
    separator = r"[\s\-\u2010-\u2015\u2212_.]"
    number = r"(?:v|r|k)?\d{1,3}(?:[.\-]\d{1,2}(?!\d))*(?:x\d{1,3})?[bekmnotx]?(?![a-z\d])"
    date = rf"(?<={separator})\d{{4,8}}(?!\d)"
    return re.compile(
        rf"(?:{separator}{{0,2}}(?:{number})|{separator}{{1,2}}(?:{'|'.join(words)})(?!\w)"
        rf"|{separator}{date})+"
    )
