"""The texts that a release freezes: every item's, and what raters saw that the items do not say.

What was shown is never stored, only its hash. A release must be able to show it again, so the masks
that held when a judgment was made are found here: whatever gives the hash was what was shown.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet

from annotation.models import Item, Judgment, Study, TextVersion
from annotation.selectors.masks import (
    Messages,
    Span,
    by_message,
    masked_now,
    sha256_with,
    what_held,
)
from annotation.selectors.released import judgments_at_seats
from annotation.shown import merged
from annotation.tally import chunks

TEXTS_PER_FETCH = 500


class FrozenText(NamedTuple):
    """One text of a reply as it was shown; ``masks`` is None where it cannot be told any more."""

    response_id: str
    text_version: int
    text_sha256: str
    shown_sha256: str
    system_messages: bool | None
    masks: list[dict[str, int]] | None
    messages: Messages


class FrozenReply(NamedTuple):
    """One reply of an item with its words as they are now, and the masks over them."""

    response_id: str
    model: str
    sample: int
    metadata: dict[str, Any]
    text_version: int
    text_sha256: str
    shown_sha256: str
    masks: list[dict[str, int]]
    messages: Messages


class FrozenItem(NamedTuple):
    """One item: what was asked, and its reply, or both of a pair."""

    query_id: str
    scenario_id: str | None
    framing: str
    language: str
    value_a: str
    value_b: str
    topics: list[str]
    facts: list[str]
    anchors: dict[str, list[str]]
    reply: FrozenReply
    second: FrozenReply | None


def shows_system_messages(study_id: int) -> bool:
    """Say whether raters are shown the system messages now."""
    found: bool = Study.objects.values_list("shows_system_messages", flat=True).get(pk=study_id)
    return found


def frozen_items(study_id: int) -> Iterator[FrozenItem]:
    """Yield every item of the study, in the order the items were made."""
    with_system = shows_system_messages(study_id)
    rows = Item.objects.filter(study=study_id).order_by("pk")
    fields = (
        "query__external_id",
        "scenario__external_id",
        "query__framing",
        "query__language",
        "query__value_a__name",
        "query__value_b__name",
        "query__topics",
        "query__facts",
        "query__anchors",
        "reply_1_id",
        "reply_2_id",
    )
    stream = rows.values_list(*fields).iterator(chunk_size=TEXTS_PER_FETCH)
    for chunk in chunks(stream, TEXTS_PER_FETCH):
        ids = {pk for row in chunk for pk in row[-2:] if pk is not None}
        replies = _replies(ids, with_system=with_system)
        for *about, first, second in chunk:
            placed = replies[first], replies[second] if second else None
            yield FrozenItem._make([*about, *placed])


def _replies(ids: set[int], *, with_system: bool) -> dict[int, FrozenReply]:
    current = TextVersion.objects.filter(response__in=ids, current=True)
    texts = list(current.select_related("response__model"))
    masks = masked_now(texts)
    found = {}
    for text in texts:
        reply, spans = text.response, masks.get(text.pk, ())
        found[reply.pk] = FrozenReply(
            response_id=reply.external_id,
            model=reply.model.key,
            sample=reply.sample,
            metadata=reply.metadata,
            text_version=text.number,
            text_sha256=text.sha256,
            shown_sha256=sha256_with(text.messages, spans, with_system=with_system),
            masks=_as_json(spans),
            messages=text.messages,
        )
    return found


def _as_json(spans: Iterable[Span]) -> list[dict[str, int]]:
    masks = by_message(spans)
    return [
        {"message": message, "start": start, "end": end}
        for message in sorted(masks)
        for start, end in merged(masks[message])
    ]


def frozen_texts(study_id: int, *, until: int) -> Iterator[FrozenText]:
    """Yield the texts as shown at the release's seats that :func:`frozen_items` does not give."""
    with_system = shows_system_messages(study_id)
    stream = _shown(study_id, until).iterator(chunk_size=TEXTS_PER_FETCH)
    by_text = (list(rows) for _, rows in groupby(stream, key=lambda row: row[:2]))
    for chunk in chunks(by_text, TEXTS_PER_FETCH):
        texts = _versions({rows[0][0] for rows in chunk})
        now = masked_now(texts.values())
        for rows in chunk:
            text = texts[rows[0][0], rows[0][1]]
            masked = now.get(text.pk, [])
            by_sha256 = {sha256: rule_set for *_, rule_set, sha256 in rows}
            for sha256, rule_set in by_sha256.items():
                if text.current and sha256 == sha256_with(
                    text.messages, masked, with_system=with_system
                ):
                    continue
                yield _text(text, rule_set, sha256, with_system=with_system)


def _shown(study_id: int, until: int) -> QuerySet[Judgment, Any]:
    """Return reply, text version, rule set and hash of all that was shown, each once."""
    judged = judgments_at_seats(study_id, until=until)
    firsts = judged.values_list("item__reply_1_id", "text_version", "rule_set", "shown_sha256")
    seconds = judged.filter(item__reply_2__isnull=False).values_list(
        "item__reply_2_id", "text_version_2", "rule_set_2", "shown_sha256_2"
    )
    both = firsts.order_by().union(seconds.order_by())
    return both.order_by("item__reply_1_id", "text_version", "rule_set", "shown_sha256")


def _versions(reply_ids: set[int]) -> dict[tuple[int, int], TextVersion]:
    found = TextVersion.objects.filter(response__in=reply_ids).select_related("response")
    return {(text.response_id, text.number): text for text in found}


def _text(text: TextVersion, rule_set: int, sha256: str, *, with_system: bool) -> FrozenText:
    found = what_held(text, rule_set, sha256, with_system=with_system)
    return FrozenText(
        response_id=text.response.external_id,
        text_version=text.number,
        text_sha256=text.sha256,
        shown_sha256=sha256,
        system_messages=found.with_system if found else None,
        masks=_as_json(found.spans) if found else None,
        messages=text.messages,
    )
