"""Judges a name by where it stands: whether it names the author or means something else.

"I'm Claude" and "Claude 3.5 Sonnet" give an author away; "Claude Monet" does not; "Claude can help
with that" is doubtful.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.scrub_rules import Decision, Name, NameKind, OtherSense, RuleSet

_CUE_REACH = 60
_REACH = 140
# Begins with a set of signs, which is searched for several times as quickly as a choice of two.
_SENTENCE_END = re.compile("[.!?\u3002\uff01\uff1f\\n](?:(?<![.!?])|\\s)")
_TIED = re.compile(r"[-_:.]\w|\s?v?\d+\.\d|\s?(?:\dx)?\d+b\b")
_CALLED_MODEL = re.compile(
    r"[\s-](?:(?:family|language|text|chat|base|open|reasoning|foundation) )?models?\b"
)
_SURNAME = re.compile(
    r"(?:(?P<dot>[·・])| (?:(?:and|et|y|e|och|og|en|\u0438|\u0456) )?)(?P<word>[^\W\d_]{2,})"
)
# What a model calls itself beside its name, in place of a surname.
_ROLES = frozenset({"assistant", "ai", "bot", "chatbot", "model", "here"})
_CAPITAL_BEFORE = re.compile(r"\b[A-Z]\w+ $")
_GERMAN = re.compile(
    r"\b(?:der|die|das|und|nicht|ist|mit|von|wie|weil|dass|auch|kann|wird|den|ein)\b"
)
_APART = re.compile(r"(?:['\u2019]s)?[\s\-/_*]{0,3}")


@dataclass(frozen=True, slots=True)
class View:
    """A text as it is searched: disguises taken off, with the way back to the written text."""

    text: str
    low: str
    offsets: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A name where it stands in a view; `end` takes in the version after `name_end`."""

    name: Name
    key: str
    start: int
    name_end: int
    end: int


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is around a mention."""

    written: str
    before: str
    after: str
    beyond: str
    """What comes after its version."""

    sentence: str
    around: str
    identifier: bool
    """Whether a version is tied to the name, as in gemini-2.5-flash and not in "llama 2 m tall"."""

    person: bool
    """Whether a forename stands before a surname, as in Claude Dupont."""

    @property
    def capital(self) -> bool:
        return not self.written[0].islower()


def decisions(mentions: Sequence[Mention], view: View, rules: RuleSet) -> list[Decision | None]:
    """What is to become of each mention, in the same order; None is no hit.

    A name by which the text has once named its author is masked all through the text.
    """
    beside = _beside_their_vendor(mentions, view)
    scenes = [_scene(mention, view, rules) for mention in mentions]
    first = [
        Decision.MASKED if index in beside else _decision(mention, scene, rules)
        for index, (mention, scene) in enumerate(zip(mentions, scenes, strict=True))
    ]
    owned = {
        mention.name.rule
        for mention, scene, decision in zip(mentions, scenes, first, strict=True)
        if decision is Decision.MASKED and _names_the_author(mention, scene, rules)
    }
    return [
        Decision.MASKED
        if mention.name.rule in owned and _open_to_masking(mention, scene, decision, rules)
        else decision
        for mention, scene, decision in zip(mentions, scenes, first, strict=True)
    ]


def _open_to_masking(
    mention: Mention, scene: _Scene, decision: Decision | None, rules: RuleSet
) -> bool:
    if _other_sense(mention, scene, rules) is not None:
        return False
    return scene.capital or decision is not None


def _decision(mention: Mention, scene: _Scene, rules: RuleSet) -> Decision | None:
    name = mention.name
    if name.only and scene.written not in name.only:
        return None
    sense = _other_sense(mention, scene, rules)
    if sense is not None and not _plainly_a_model(mention, scene):
        return sense.decision
    if not name.doubtful:
        return None if _measured(mention, scene) else Decision.MASKED
    if scene.written in name.exact:
        return Decision.MASKED
    return _doubtful_decision(mention, scene, rules)


def _doubtful_decision(mention: Mention, scene: _Scene, rules: RuleSet) -> Decision | None:
    name = mention.name
    strange = scene.person or any(
        sense.near and sense.near.search(scene.around)
        for sense in rules.senses.get(mention.key, ())
    )
    of_model = name.kind is NameKind.MODEL and _CALLED_MODEL.match(scene.after) is not None
    near_ai = of_model or rules.cues.ai.search(scene.sentence) is not None
    if _names_the_author(mention, scene, rules):
        if scene.person and not near_ai:
            return None
        return Decision.HELD if strange else Decision.MASKED
    if strange:
        return Decision.HELD if near_ai and scene.capital else None
    versioned = name.versions and mention.end > mention.name_end
    if versioned and (scene.capital or name.lower or scene.identifier):
        return Decision.MASKED
    if near_ai:
        return name.near_ai if scene.capital or name.lower else _uncapitalised(name)
    return name.otherwise if scene.capital or name.lower else None


def _plainly_a_model(mention: Mention, scene: _Scene) -> bool:
    """Whether "the Mistral 7B" or "the Gemini models" leaves no room for another sense."""
    if mention.name.kind is not NameKind.MODEL:
        return False
    return scene.identifier or (scene.capital and _CALLED_MODEL.match(scene.after) is not None)


def _uncapitalised(name: Name) -> Decision | None:
    """A lower-case name beside talk of AI: typed in haste, or a common noun."""
    is_model = name.kind is NameKind.MODEL and name.otherwise is not None
    return Decision.HELD if is_model else None


def _measured(mention: Mention, scene: _Scene) -> bool:
    """Whether a batch's "fern 2" is a plant of two metres: lower case, a space, a number."""
    lowered = mention.name.of_batch and not scene.capital
    return lowered and any(sign.isspace() for sign in scene.written)


def _names_the_author(mention: Mention, scene: _Scene, rules: RuleSet) -> bool:
    """Whether the text says here who is speaking, or who made the speaker."""
    name, cues = mention.name, rules.cues
    says_so = cues.self_after.search(scene.after) or cues.self_after.search(scene.beyond)
    if says_so or cues.self_before.search(scene.before):
        return scene.capital or name.kind is NameKind.MODEL
    personal = cues.first_person.search(scene.sentence) is not None
    if cues.maker_before.search(scene.before) or cues.maker_after.search(scene.after):
        if name.of_batch:
            return scene.capital
        return personal or cues.ai.search(scene.sentence) is not None
    role = cues.role_before.search(scene.before)
    starts = role is not None and not scene.before[: role.start()].strip()
    return role is not None and scene.capital and (personal or starts)


def _other_sense(mention: Mention, scene: _Scene, rules: RuleSet) -> OtherSense | None:
    """The sense that the words right beside a name give it, if it is not the author's."""
    for sense in rules.senses.get(mention.key, ()):
        if sense.before and sense.before.search(scene.before):
            return sense
        if sense.after and sense.after.search(scene.after):
            return sense
    return None


def _scene(mention: Mention, view: View, rules: RuleSet) -> _Scene:
    low, start, end = view.low, mention.start, mention.end
    before, after = low[max(0, start - _REACH) : start], low[end : end + _REACH]
    sentence = f"{_SENTENCE_END.split(before)[-1]} \0 {_SENTENCE_END.split(after)[0]}"
    return _Scene(
        written=view.text[start : mention.name_end],
        before=before[-_CUE_REACH:],
        after=low[mention.name_end : mention.name_end + _CUE_REACH],
        beyond=after[:_CUE_REACH],
        sentence=sentence,
        around=f"{before} \0 {after}",
        person=_is_person(mention, sentence, view, rules),
        identifier=_TIED.match(low, mention.name_end, end) is not None,
    )


def _is_person(mention: Mention, sentence: str, view: View, rules: RuleSet) -> bool:
    """Whether a surname or another's name is next: capitalised, or tied on by the foreign dot.

    It is none where capitals tell nothing: in a title, and in German, where all nouns have them.
    """
    if not mention.name.forename or mention.end > mention.name_end:
        return False
    surname = _SURNAME.match(view.text, mention.name_end)
    if surname is None or surname["word"].lower() in _ROLES | rules.names.keys():
        return False
    if surname["dot"]:
        return True
    in_title = _CAPITAL_BEFORE.search(view.text, max(0, mention.start - _CUE_REACH), mention.start)
    return surname["word"].istitle() and not in_title and not _GERMAN.search(sentence)


def _beside_their_vendor(mentions: Sequence[Mention], view: View) -> set[int]:
    """The mentions that stand as a vendor and its model side by side, as in Google's Gemini."""
    beside: set[int] = set()
    for index in range(1, len(mentions)):
        vendor, model = mentions[index - 1], mentions[index]
        kinds = (vendor.name.kind, model.name.kind) == (NameKind.VENDOR, NameKind.MODEL)
        if not kinds or vendor.name.vendor != model.name.vendor:
            continue
        if model.name.otherwise is Decision.KEPT:
            continue
        if _APART.fullmatch(view.low, vendor.end, model.start):
            beside |= {index - 1, index}
    return beside
