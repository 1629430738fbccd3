"""The rules by which a reply's text is scrubbed: read from ``scrub_rules.json``, made ready to use.

The words are data, so that a researcher can read and amend them; each change raises ``version``,
which is kept with every mask. This module only turns them into patterns.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

RULES_FILE: Final = Path(__file__).with_name("scrub_rules.json")

BETWEEN: Final = r"[\s\-\u2010-\u2015\u2212_.*·・]{0,3}"
_LATIN_FIRST = re.compile(r"[a-z0-9]")
_LATIN_EDGES = (r"(?<![a-z0-9])", r"(?![a-zà-öø-ÿ])(?:(?<!\d)|(?!\d))")
_CYRILLIC = "[\u0430-\u044f\u0451]"
_OTHER_EDGES = (f"(?<!{_CYRILLIC})", f"(?:(?<={_CYRILLIC}){_CYRILLIC}{{0,3}})?")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
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
    count without a capital, and `versions` lets a version after it remove the doubt.
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
    """

    rule: str
    regex: re.Pattern[str]
    words: frozenset[bytes]
    signs: frozenset[str]
    triggers: tuple[str, ...]
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
    latin: re.Pattern[str]
    other_scripts: re.Pattern[str]
    heads: frozenset[bytes]
    patterns: tuple[TextPattern, ...]
    pattern_words: frozenset[bytes]
    pattern_signs: str
    senses: Mapping[str, tuple[OtherSense, ...]]
    cues: Cues
    version_tail: re.Pattern[str]
    lookalikes: Mapping[str, str]
    ordinary_words: frozenset[str]


def compact(words: str) -> str:
    """A name without case, spaces and hyphens: the key under which its spellings meet."""
    return _NOT_SIGNS.sub("", words.lower())


@cache
def current_rules() -> RuleSet:
    """The rules that new text versions are scrubbed with."""
    return ruleset_of(json.loads(RULES_FILE.read_text(encoding="utf-8")))


def ruleset_of(data: Mapping[str, Any]) -> RuleSet:
    """The rule set that a rules file describes.

    Raises:
        ValueError: the version is not a positive integer.

    """
    version = data["version"]
    if type(version) is not int or version < 1:
        raise ValueError(f"a rule set's version is a positive integer, not {version!r}")
    names = {compact(alias): _name(row) for row in data["names"] for alias in row["aliases"]}
    aliases = [alias for row in data["names"] for alias in row["aliases"]]
    return RuleSet(
        version=version,
        names=names,
        latin=finder(alias for alias in aliases if _LATIN_FIRST.match(alias)),
        other_scripts=finder(
            (alias for alias in aliases if not _LATIN_FIRST.match(alias)), edges=_OTHER_EDGES
        ),
        heads=frozenset(heads_of(aliases)),
        patterns=tuple(_text_pattern(row) for row in data["patterns"]),
        pattern_words=frozenset(word.encode() for row in data["patterns"] for word in row["words"]),
        pattern_signs="".join(dict.fromkeys("".join(row["signs"] for row in data["patterns"]))),
        senses=_senses(data["exceptions"], data["names"]),
        cues=_cues(data["cues"], data["context"]),
        version_tail=_version_tail(data["version_words"]),
        lookalikes=dict(data["lookalikes"]),
        ordinary_words=frozenset(" ".join(data["ordinary_words"]).split()),
    )


def heads_of(aliases: Iterable[str]) -> Iterator[bytes]:
    """The Latin words to look for: a text without any of them holds none of the names.

    Of a name of several words the last is taken, which is the rarer one in "Open AI" or "Deep
    Mind", and all of them run together.
    """
    for alias in aliases:
        words = re.findall("[a-z]+", alias)
        if words:
            yield next((word for word in reversed(words) if len(word) > 1), words[0]).encode()
            yield "".join(words).encode()


def finder(aliases: Iterable[str], *, edges: tuple[str, str] = _LATIN_EDGES) -> re.Pattern[str]:
    """A pattern for all names at once, as a tree of letters, so that its cost is that of one."""
    tree: dict[str, Any] = {}
    for alias in aliases:
        node = tree
        for sign in re.sub(r"[\s\-_]+", " ", alias):
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
    )


def _text_pattern(row: Mapping[str, Any]) -> TextPattern:
    return TextPattern(
        rule=f"pattern:{row['id']}",
        regex=re.compile(row["regex"]),
        words=frozenset(word.encode() for word in row["words"]),
        signs=frozenset(row["signs"]),
        triggers=tuple(row["triggers"]),
        decision=Decision(row["decision"]),
    )


def _senses(
    rows: Iterable[Mapping[str, Any]], names: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[OtherSense, ...]]:
    """The other senses of each spelling; what is said of a name holds in every script."""
    spellings = {
        compact(row["name"]): [compact(alias) for alias in row["aliases"]] for row in names
    }
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
        for key in dict.fromkeys([own, *spellings.get(own, ())]):
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
    before = r"(?<![a-zà-ÿа-яё])(?:{})[\s\"'“”«»„*_:：,，、(（—–-]*$"  # noqa: RUF001
    after = r"^[\s\"'“”«»*_)]*(?:{})"
    spaced = r"(?<!\w)(?:{})(?!\w)"
    patterns = {
        key: re.compile((before if key.endswith("before") else after).format("|".join(words)))
        for key, words in cues.items()
    }
    for key in ("ai", "first_person"):
        whole, anywhere = spaced.format("|".join(context[key])), "|".join(context[f"{key}_other"])
        patterns[key] = re.compile(f"{whole}|{anywhere}")
    return Cues(**cast("dict[str, Any]", patterns))


def _version_tail(words: Iterable[str]) -> re.Pattern[str]:
    """What may follow a model's name as its version: numbers, sizes and tiers."""
    separator = r"[\s\-\u2010-\u2015\u2212_.]"
    number = r"(?:v|r|k)?\d{1,3}(?:[.\-]\d{1,2}(?!\d))*(?:x\d{1,3})?(?:b|o|k)?(?![a-z\d])"
    date = rf"(?<={separator})\d{{4,8}}(?!\d)"
    return re.compile(
        rf"(?:{separator}{{0,2}}(?:{number})|{separator}{{1,2}}(?:{'|'.join(words)})(?!\w)"
        rf"|{separator}{date})+"
    )
