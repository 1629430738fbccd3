"""The texts that a release freezes: every item's, and what raters saw that the items do not say.

What was shown is never stored, only its hash. A release must be able to show it again, so the masks
that held when a judgment was made are found here: whatever gives the hash was what was shown.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, StrIndex

from annotation.bulk_reads import BOOLEAN, INTEGER, TEXT, columns, runs
from annotation.cells import json_text
from annotation.models import Item, Judgment, Study, TextVersion
from annotation.selectors.masks import (
    Messages,
    Span,
    by_message,
    masked_now,
    masks_now,
    sha256_with,
    what_held,
)
from annotation.selectors.released import judgments_at_seats
from annotation.shown import merged
from annotation.tally import chunks

TEXTS_PER_FETCH = 500
# Where a message of the system stands in a conversation's JSON, and maybe elsewhere.
SYSTEM = '"system"'


class FrozenText(NamedTuple):
    """One text of a reply as it was shown; ``masks`` is None where it cannot be told any more."""

    response_id: str
    text_version: int
    text_sha256: str
    shown_sha256: str
    system_messages: bool | None
    masks: list[dict[str, int]] | None
    messages: Messages


def shows_system_messages(study_id: int) -> bool:
    """Say whether raters are shown the system messages now."""
    found: bool = Study.objects.values_list("shows_system_messages", flat=True).get(pk=study_id)
    return found


# What is read of an item, and of the current text of each of its replies.
_ITEM = {
    "id": ("pk", INTEGER),
    "query_id": ("query__external_id", TEXT),
    "scenario_id": ("scenario__external_id", TEXT),
    "framing": ("query__framing", TEXT),
    "language": ("query__language", TEXT),
    "value_a": ("query__value_a__name", TEXT),
    "value_b": ("query__value_b__name", TEXT),
    "topics": ("query__topics", TEXT),
    "facts": ("query__facts", TEXT),
    "anchors": ("query__anchors", TEXT),
    "reply_1": ("reply_1_id", INTEGER),
    "reply_2": ("reply_2_id", INTEGER),
}
_REPLY = {
    "response_id": ("response__external_id", TEXT),
    "model": ("response__model__key", TEXT),
    "sample": ("response__sample", INTEGER),
    "metadata": ("response__metadata", TEXT),
    "text_version": ("number", INTEGER),
    "text_sha256": ("sha256", TEXT),
    "messages": ("messages", TEXT),
    "reply": ("response_id", INTEGER),
    "text": ("pk", INTEGER),
    "has_hits": ("has_hits", BOOLEAN),
}


def item_parts(study_id: int) -> Iterator[pa.Table]:
    """Yield every item of the study with its reply, or its two, in the order the items were made.

    What belongs to the second reply has a name that ends in ``_2``. JSON is as the database has it.
    """
    with_system = shows_system_messages(study_id)
    found = Item.objects.filter(study=study_id)
    for items in runs(found, _ITEM, at_once=TEXTS_PER_FETCH):
        both = pa.chunked_array([*items["reply_1"].chunks, *items["reply_2"].chunks])
        replies = _replies(pc.unique(both.drop_null()).to_pylist(), with_system=with_system)
        first = _at(items["reply_1"], replies)
        second = _at(items["reply_2"], replies)
        second = second.rename_columns([f"{name}_2" for name in second.column_names])
        every = (items, first, second)
        yield pa.table(
            [column for table in every for column in table.columns],
            [name for table in every for name in table.column_names],
        )


def _at(ids: pa.ChunkedArray, replies: pa.Table) -> pa.Table:
    """Return the replies with these numbers, a row for each; nothing for none."""
    known, wanted = replies["reply"].to_numpy(), ids.to_numpy()
    return replies.take(pa.array(np.searchsorted(known, wanted), mask=np.isnan(wanted)))


def _replies(ids: list[int], *, with_system: bool) -> pa.Table:
    """Return replies by number, with their words as they are now and the masks over them."""
    current = TextVersion.objects.filter(response__in=ids, current=True).order_by("response_id")
    types = {name: kind for name, (_, kind) in _REPLY.items()}
    found = columns(current.values_list(*(field for field, _ in _REPLY.values())), types)
    masked = masks_now(found["text"].filter(found["has_hits"]).to_pylist())
    shown = found["text_sha256"].to_pylist()
    masks = ["[]"] * len(shown)
    for at in _shown_otherwise(found, with_system=with_system):
        spans = masked.get(found["text"][at].as_py(), ())
        messages = json.loads(found["messages"][at].as_py())
        shown[at] = sha256_with(messages, spans, with_system=with_system)
        masks[at] = json_text(_as_json(spans))
    return found.append_column("shown_sha256", pa.array(shown, TEXT)).append_column(
        "masks", pa.array(masks, TEXT)
    )


def _shown_otherwise(texts: pa.Table, *, with_system: bool) -> list[int]:
    """Return the places of texts that may not be shown as they were uploaded.

    Only those are hashed again: what is shown as it was uploaded has the same hash.
    """
    doubtful = texts["has_hits"]
    if not with_system:
        doubtful = pc.or_(doubtful, pc.match_substring(texts["messages"], SYSTEM))
    found: list[int] = pc.indices_nonzero(doubtful).to_pylist()
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
        plain = _shown_as_uploaded({rows[0][0] for rows in chunk}, with_system=with_system)
        doubtful = [rows for rows in chunk if {plain.get(rows[0][:2])} != {row[3] for row in rows}]
        texts = _versions({rows[0][0] for rows in doubtful})
        now = masked_now(texts.values())
        for rows in doubtful:
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


def _shown_as_uploaded(reply_ids: set[int], *, with_system: bool) -> dict[tuple[int, int], str]:
    """Return the hash of each current text that is shown as it was uploaded, by reply and version.

    Most are, and need not be read.
    """
    found = TextVersion.objects.filter(response__in=reply_ids, current=True, has_hits=False)
    if not with_system:
        words = Cast("messages", TextField())
        found = found.annotate(system=StrIndex(words, Value(SYSTEM))).filter(system=0)
    rows = found.values_list("response_id", "number", "sha256")
    return {(reply, number): sha256 for reply, number, sha256 in rows}


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
