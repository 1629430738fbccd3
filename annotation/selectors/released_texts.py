"""The texts that a release freezes: every item's, and what raters saw that the items do not say.

What was shown is never stored, only its hash. A release must be able to show it again, so the masks
that held when a judgment was made are found here: whatever gives the hash was what was shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, groupby
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from annotation.models import Hit, Item, Judgment, Study, TextVersion
from annotation.selectors.released import judgments_at_seats
from annotation.shown import shown_messages, shown_sha256
from annotation.tally import chunks
from annotation.vocabulary import HitDecision

TEXTS_PER_FETCH = 500
# With more findings in one text than this, not every choice of masks is tried.
MOST_TRIED = 10
# The messages are counted from 0, as they stand in the list.
Span = tuple[int, int, int]
Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A stretch that may tell who wrote the text: whether it is masked now, and since when."""

    span: Span
    masked: bool
    decided_at: datetime | None


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
    masks = _masked_now(texts)
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
            shown_sha256=_sha256(text.messages, spans, with_system=with_system),
            masks=_as_json(spans),
            messages=text.messages,
        )
    return found


def _masked_now(texts: Iterable[TextVersion]) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    with_hits = [text.pk for text in texts if text.has_hits]
    hits = Hit.objects.filter(text__in=with_hits, rule_set=F("text__rule_set"))
    hits = hits.exclude(decision=HitDecision.KEPT).order_by("text_id", "message", "start")
    for text, *span in hits.values_list("text_id", "message", "start", "end"):
        found[text].append((span[0], span[1], span[2]))
    return found


def _sha256(messages: Messages, spans: Iterable[Span], *, with_system: bool) -> str:
    masks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for message, start, end in spans:
        masks[message].append((start, end))
    return shown_sha256(shown_messages(messages, masks, with_system=with_system))


def _as_json(spans: Iterable[Span]) -> list[dict[str, int]]:
    return [{"message": m, "start": start, "end": end} for m, start, end in sorted(spans)]


def frozen_texts(study_id: int, *, until: int) -> Iterator[FrozenText]:
    """Yield the texts as shown at the release's seats that :func:`frozen_items` does not give."""
    with_system = shows_system_messages(study_id)
    stream = _shown(study_id, until).iterator(chunk_size=TEXTS_PER_FETCH)
    by_text = (list(rows) for _, rows in groupby(stream, key=lambda row: row[:2]))
    for chunk in chunks(by_text, TEXTS_PER_FETCH):
        texts = _versions({rows[0][0] for rows in chunk})
        now = _masked_now(texts.values())
        for rows in chunk:
            text = texts[rows[0][0], rows[0][1]]
            masked = now.get(text.pk, [])
            by_sha256 = {sha256: rule_set for *_, rule_set, sha256 in rows}
            for sha256, rule_set in by_sha256.items():
                if text.current and sha256 == _sha256(
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
    found = _what_shows(text, rule_set, sha256, with_system=with_system)
    return FrozenText(
        response_id=text.response.external_id,
        text_version=text.number,
        text_sha256=text.sha256,
        shown_sha256=sha256,
        system_messages=found[1] if found else None,
        masks=_as_json(found[0]) if found else None,
        messages=text.messages,
    )


def _what_shows(
    text: TextVersion, rule_set: int, sha256: str, *, with_system: bool
) -> tuple[tuple[Span, ...], bool] | None:
    """Return the masks under which a text has this hash, and whether system messages were shown."""
    rows = Hit.objects.filter(text=text.pk, rule_set=rule_set).order_by("message", "start")
    hits = [
        _Found((message, start, end), decision != HitDecision.KEPT, decided_at)
        for message, start, end, decision, decided_at in rows.values_list(
            "message", "start", "end", "decision", "decided_at"
        )
    ]
    for spans in _likely_masks(hits):
        for shown in (with_system, not with_system):
            if _sha256(text.messages, spans, with_system=shown) == sha256:
                return spans, shown
    return None


def _likely_masks(hits: list[_Found]) -> Iterator[tuple[Span, ...]]:
    """Yield what may have been masked: as now, nothing, before each decision, any choice."""
    state = {hit.span: hit.masked for hit in hits}
    yield tuple(span for span, masked in state.items() if masked)
    yield ()
    for decided_at in sorted({hit.decided_at for hit in hits if hit.decided_at}, reverse=True):
        for hit in hits:
            if hit.decided_at == decided_at:
                state[hit.span] = not hit.masked
        yield tuple(span for span, masked in state.items() if masked)
    yield tuple(state)
    if len(state) <= MOST_TRIED:
        for size in range(1, len(state)):
            yield from combinations(state, size)
