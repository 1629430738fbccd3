"""The texts that a seat shows, as HTML and as text content, whichever versions they are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation import rendering
from annotation.models import TextVersion
from annotation.models.statements import rows
from annotation.selectors import renderings
from annotation.selectors.masks import by_message, masked_now, what_held
from annotation.shown import ShownMessage, shown_messages, shown_sha256
from annotation.spans import Texts
from annotation.vocabulary import Speaker


@dataclass(frozen=True, slots=True)
class ValueShown:
    """A value with its definition, where the study has one."""

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class ShownBefore:
    """What a seat has shown of a reply already: it goes on with that, whatever is masked since."""

    text_version: int
    rule_set: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One reply as a seat shows it, with what was asked."""

    text: TextVersion
    # The rules that its masks come from.
    rule_set: int
    shown: tuple[ShownMessage, ...]
    sha256: str
    html: list[str]
    facts: tuple[str, ...]
    topics: tuple[str, ...]
    anchors: dict[str, list[str]]
    language: str
    value_a: ValueShown
    value_b: ValueShown


# In the order of the table, which from_db expects.
_TEXT_FIELDS = ("id", "number", "messages", "sha256", "turns", "rule_set", "has_hits")
_READING = (
    f"SELECT {', '.join(f't.{name}' for name in _TEXT_FIELDS)}, r.html, q.facts, q.topics,"
    " q.anchors, q.language, a.name, a.definition, b.name, b.definition"
    " FROM annotation_item i"
    " JOIN annotation_textversion t ON t.response_id = i.reply_{slot}_id"
    " JOIN annotation_query q ON q.id = i.query_id"
    " JOIN annotation_value a ON a.id = q.value_a_id"
    " JOIN annotation_value b ON b.id = q.value_b_id"
    " LEFT JOIN annotation_rendering r ON r.shown_sha256 = t.sha256 AND r.renderer = %s"
    " WHERE i.id = %s AND {version}"
)
_CURRENT = {slot: _READING.format(slot=slot, version="t.current") for slot in (1, 2)}
_NUMBERED = {slot: _READING.format(slot=slot, version="t.number = %s") for slot in (1, 2)}


def reading_of(
    item_id: int, *, slot: int, before: ShownBefore | None, with_system: bool
) -> Reading:
    """Return a reply of an item as it is now, or as the seat has shown it before.

    Where nobody can tell any more what masks it was shown with, it has those that hold now.
    """
    params: list[Any] = [rendering.RENDERER_VERSION, item_id]
    if before is None:
        (row,) = rows(_CURRENT[slot], params)
    else:
        (row,) = rows(_NUMBERED[slot], [*params, before.text_version])
    return _read(row, before, with_system=with_system)


def _read(row: Sequence[Any], before: ShownBefore | None, *, with_system: bool) -> Reading:
    fields = list(row[: len(_TEXT_FIELDS)])
    html, facts, topics, anchors, language, a, about_a, b, about_b = row[len(_TEXT_FIELDS) :]
    fields[2] = json.loads(fields[2])
    text = TextVersion.from_db("default", _TEXT_FIELDS, fields)
    shown, rule_set = shown_text(text, with_system=with_system), text.rule_set
    sha256 = shown_sha256(shown)
    if before is not None and sha256 != before.sha256:
        held = what_held(text, before.rule_set, before.sha256, with_system=with_system)
        if held is not None:
            masks = by_message(held.spans)
            shown = shown_messages(text.messages, masks, with_system=held.with_system)
            sha256, rule_set = before.sha256, before.rule_set
    # Nothing masked and nothing left out: then the text as shown is the text as uploaded.
    as_uploaded = sha256 == text.sha256
    if as_uploaded and html is not None:
        made = json.loads(html)
    else:
        made = (renderings.make if as_uploaded else renderings.html_of)(sha256, shown)
    return Reading(
        text=text,
        rule_set=rule_set,
        shown=shown,
        sha256=sha256,
        html=made,
        facts=tuple(map(rendering.one_way, json.loads(facts))),
        topics=tuple(json.loads(topics)),
        anchors={
            value: list(map(rendering.one_way, levels))
            for value, levels in json.loads(anchors).items()
        },
        language=language,
        value_a=ValueShown(rendering.one_way(a), rendering.one_way(about_a)),
        value_b=ValueShown(rendering.one_way(b), rendering.one_way(about_b)),
    )


def shown_text(text: TextVersion, *, with_system: bool) -> tuple[ShownMessage, ...]:
    """Return a text with the masks that hold now; what waits for a decision is masked."""
    spans = masked_now([text]).get(text.pk, ()) if text.has_hits else ()
    return shown_messages(text.messages, by_message(spans), with_system=with_system)


def markable(readings: Sequence[Reading], *, turn: int) -> Texts:
    """Return what may be marked at a stage: the text content of its turn, or of every turn."""
    found: dict[tuple[int, int], str] = {}
    for slot, reading in enumerate(readings, start=1):
        message = 0
        for shown, html in zip(reading.shown, reading.html, strict=True):
            message += shown.role == Speaker.ASSISTANT
            if shown.role == Speaker.ASSISTANT and turn in (0, message):
                found[slot, message] = rendering.text_of(html)
    return found
