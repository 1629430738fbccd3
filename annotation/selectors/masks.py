"""Which stretches of a text are masked: now, and at the time when something was shown.

What was shown is never stored, only its hash. Whatever masks give the hash were those that held.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.db.models import F

from annotation.models import Hit, TextVersion
from annotation.shown import shown_messages, shown_sha256
from annotation.vocabulary import HitDecision

# With more findings in one text than this, not every choice of masks is tried.
MOST_TRIED = 10
# The messages are counted from 0, as they stand in the list.
Span = tuple[int, int, int]
Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class WhatHeld:
    """The masks that something was shown with, and whether system messages were shown."""

    spans: tuple[Span, ...]
    with_system: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A stretch that may tell who wrote the text: whether it is masked now, and since when."""

    span: Span
    masked: bool
    decided_at: datetime | None


def masked_now(texts: Iterable[TextVersion]) -> dict[int, list[Span]]:
    """Return the masks that hold now, by text; what waits for a decision is masked."""
    return masks_now([text.pk for text in texts if text.has_hits])


def masks_now(text_ids: Collection[int]) -> dict[int, list[Span]]:
    """Return the same of the texts with these numbers."""
    found: dict[int, list[Span]] = defaultdict(list)
    if not text_ids:
        return found
    hits = Hit.objects.filter(text__in=text_ids, rule_set=F("text__rule_set"))
    hits = hits.exclude(decision=HitDecision.KEPT).order_by("text_id", "message", "start")
    for text, *span in hits.values_list("text_id", "message", "start", "end"):
        found[text].append((span[0], span[1], span[2]))
    return found


def by_message(spans: Iterable[Span]) -> dict[int, list[tuple[int, int]]]:
    """Return the masks of each message."""
    masks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for message, start, end in spans:
        masks[message].append((start, end))
    return masks


def sha256_with(messages: Messages, spans: Iterable[Span], *, with_system: bool) -> str:
    """Return the hash of a conversation as it is shown with these masks."""
    return shown_sha256(shown_messages(messages, by_message(spans), with_system=with_system))


def what_held(
    text: TextVersion, rule_set: int, sha256: str, *, with_system: bool
) -> WhatHeld | None:
    """Return what a text was shown with when it had this hash, or None: it cannot be told any more.

    ``with_system`` is only tried first. A wrong guess is impossible; cost: a hash for each try.
    """
    rows = Hit.objects.filter(text=text.pk, rule_set=rule_set).order_by("message", "start", "end")
    hits = [
        _Found((message, start, end), decision != HitDecision.KEPT, decided_at)
        for message, start, end, decision, decided_at in rows.values_list(
            "message", "start", "end", "decision", "decided_at"
        )
    ]
    for spans in _likely_masks(hits):
        for shown in (with_system, not with_system):
            if sha256_with(text.messages, spans, with_system=shown) == sha256:
                return WhatHeld(spans, shown)
    return None


def _likely_masks(hits: Sequence[_Found]) -> Iterator[tuple[Span, ...]]:
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
