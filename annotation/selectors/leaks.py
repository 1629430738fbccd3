"""The leak report: what in the replies may tell who wrote them, and what was decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Min, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from annotation.models import Hit, Response, Study, TextVersion
from annotation.selectors import renderings
from annotation.selectors.cards import CardMessage, numbered
from annotation.selectors.masks import by_message, masked_now
from annotation.selectors.readings import ValueShown, shown_text
from annotation.shown import merged, shown_sha256
from annotation.vocabulary import HitDecision

# Scrubbing keeps this much of the text on either side of a hit.
CONTEXT_BEFORE = 40
ORDER = (HitDecision.HELD, HitDecision.MASKED, HitDecision.KEPT)
# Of hits that are alike so many stand on the page.
PLACES_SHOWN = 3
# So many stored replies are looked through for the next one of a batch, however many there are.
NEAR = 500
# Decision, rule and text.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class LeakFilter:
    """Which hits are asked for; what is empty does not narrow."""

    batch: int | None = None
    decision: str = ""
    rule: str = ""
    # Only those with the rule and the very text of this one.
    alike: int | None = None


@dataclass(frozen=True, slots=True)
class LeakHit:
    """One stretch of a reply with the words around it."""

    id: int
    rule: str
    before: str
    found: str
    after: str
    reply_id: int
    reply: str
    batch: int
    decision: HitDecision
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlikeHits:
    """Hits of one rule and decision with the very same text: how many, and the first of them.

    ``total`` counts the whole study, also where only some are asked for.
    """

    rule: str
    found: str
    first_id: int
    n: int
    total: int
    hits: tuple[LeakHit, ...]


@dataclass(frozen=True, slots=True)
class DecisionGroup:
    """The hits of one decision on one page of the report."""

    decision: HitDecision
    alike: tuple[AlikeHits, ...]


@dataclass(frozen=True, slots=True)
class LeakSummary:
    """How many hits there are of each decision, which rules and which batches have any."""

    decisions: tuple[tuple[HitDecision, int], ...]
    rules: tuple[str, ...]
    batches: tuple[int, ...]

    @property
    def total(self) -> int:
        """Return how many hits there are."""
        return sum(n for _, n in self.decisions)


def _of(study: Study) -> QuerySet[Hit]:
    """Return the hits in the texts that count now, under the rules they were read with."""
    current = Hit.objects.filter(batch__study=study, text__current=True)
    return current.filter(rule_set=F("text__rule_set"))


def _asked(study: Study, wanted: LeakFilter) -> QuerySet[Hit]:
    """Return the hits asked for."""
    hits = _of(study)
    if wanted.batch is not None:
        hits = hits.filter(batch__number=wanted.batch)
    if wanted.decision:
        hits = hits.filter(decision=wanted.decision)
    if wanted.rule:
        hits = hits.filter(rule=wanted.rule)
    if wanted.alike is not None:
        one = hits.filter(pk=wanted.alike).values_list("rule", "found").first()
        hits = hits.filter(rule=one[0], found=one[1]) if one else hits.none()
    return hits


_URGENCY = Case(
    *(When(decision=decision, then=Value(n)) for n, decision in enumerate(ORDER)),
    output_field=IntegerField(),
)


def hits_of(study: Study, wanted: LeakFilter) -> QuerySet[Hit]:
    """Return the hits asked for: held first, and hits that are alike next to each other."""
    hits = _asked(study, wanted).select_related("text__response", "batch", "decided_by")
    return hits.order_by(_URGENCY, "rule", "found", "pk")


def alike_of(study: Study, wanted: LeakFilter) -> QuerySet[Hit, Any]:
    """Return which hits are alike: held first, then those there are most of.

    Rows have ``decision``, ``rule``, ``found``, ``n`` and ``first``, the id of one of them.
    """
    rows = _asked(study, wanted).values("decision", "rule", "found")
    rows = rows.annotate(n=Count("pk"), first=Min("pk"), urgency=_URGENCY)
    return rows.order_by("urgency", "-n", "rule", "found")


def summary_of(study: Study) -> LeakSummary:
    """Return the report's totals."""
    rows = list(_of(study).values_list("decision", "rule", "batch__number").annotate(n=Count("pk")))
    return LeakSummary(
        decisions=tuple(
            (decision, sum(row[3] for row in rows if row[0] == decision)) for decision in ORDER
        ),
        rules=tuple(sorted({row[1] for row in rows})),
        batches=tuple(sorted({row[2] for row in rows})),
    )


def grouped(
    study: Study, rows: Iterable[Mapping[str, Any]], wanted: LeakFilter
) -> tuple[DecisionGroup, ...]:
    """Return one page of what is alike by decision, each with its first places."""
    page = list(rows)
    narrowed = wanted.batch is not None
    totals = _totals(study, page) if narrowed else {_key(row): row["n"] for row in page}
    places = _first_places(study, page, wanted)
    return tuple(
        DecisionGroup(
            decision,
            tuple(
                AlikeHits(
                    row["rule"],
                    row["found"],
                    row["first"],
                    row["n"],
                    totals[_key(row)],
                    tuple(places[_key(row)]),
                )
                for row in page
                if row["decision"] == decision
            ),
        )
        for decision in ORDER
        if any(row["decision"] == decision for row in page)
    )


def as_one(study: Study, row: Mapping[str, Any], hits: Iterable[Hit]) -> tuple[DecisionGroup, ...]:
    """Return hits that are all alike as the one group they are."""
    total = _totals(study, [row])[_key(row)]
    places = tuple(_hit(hit) for hit in hits)
    alike = AlikeHits(row["rule"], row["found"], row["first"], row["n"], total, places)
    return (DecisionGroup(HitDecision(row["decision"]), (alike,)),)


def _key(row: Mapping[str, Any]) -> Key:
    return row["decision"], row["rule"], row["found"]


def _of_page(hits: QuerySet[Hit], page: Sequence[Mapping[str, Any]]) -> QuerySet[Hit]:
    return hits.filter(rule__in={r["rule"] for r in page}, found__in={r["found"] for r in page})


def _first_places(
    study: Study, page: Sequence[Mapping[str, Any]], wanted: LeakFilter
) -> dict[Key, list[LeakHit]]:
    """Return the first few hits of each group of a page, numbered by the database."""
    numbered = _of_page(_asked(study, wanted), page).annotate(
        nth=Window(
            RowNumber(),
            partition_by=[F("decision"), F("rule"), F("found")],
            order_by=F("pk").asc(),
        )
    )
    ids = list(numbered.filter(nth__lte=PLACES_SHOWN).values_list("pk", flat=True))
    hits = Hit.objects.filter(pk__in=ids).order_by("pk")
    places: dict[Key, list[LeakHit]] = defaultdict(list)
    for hit in hits.select_related("text__response", "batch", "decided_by"):
        places[hit.decision, hit.rule, hit.found].append(_hit(hit))
    return places


def _totals(study: Study, page: Sequence[Mapping[str, Any]]) -> dict[Key, int]:
    rows = _of_page(_of(study), page).values("decision", "rule", "found").annotate(n=Count("pk"))
    return {_key(row): row["n"] for row in rows}


def _hit(hit: Hit) -> LeakHit:
    before, found, after = _split(hit.context, hit.found, hit.start)
    return LeakHit(
        id=hit.pk,
        rule=hit.rule,
        before=before,
        found=found,
        after=after,
        reply_id=hit.text.response_id,
        reply=hit.text.response.external_id,
        batch=hit.batch.number,
        decision=HitDecision(hit.decision),
        decided_by=hit.decided_by.username if hit.decided_by else "",
        decided_at=hit.decided_at,
    )


def _split(context: str, found: str, start: int) -> tuple[str, str, str]:
    """Return a hit's context in three parts: before the hit, the hit, after it."""
    at = min(start, CONTEXT_BEFORE)
    if context[at : at + len(found)] != found:
        at = max(context.find(found), 0)
    return context[:at], found, context[at + len(found) :]


@dataclass(frozen=True, slots=True)
class UploadedMessage:
    """One message as it was uploaded, in pieces: each its words, and whether they are masked."""

    speaker: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ReplyPreview:
    """A reply as a rater would see it, masked, and beside it what was uploaded."""

    reply_id: int
    reply: str
    batch: int
    value_a: ValueShown
    value_b: ValueShown
    messages: tuple[CardMessage, ...]
    language: str
    facts: tuple[str, ...]
    uploaded: tuple[UploadedMessage, ...]
    hits: tuple[LeakHit, ...]
    # The replies of the same batch that were stored just before and after, if there are any near.
    before_id: int | None
    after_id: int | None


def preview_of(study: Study, reply_id: int) -> ReplyPreview | None:
    """Return one of the study's replies as its raters see it now, or None."""
    reply = (
        Response.objects.filter(study=study, pk=reply_id)
        .select_related("batch", "query__value_a", "query__value_b")
        .first()
    )
    if reply is None:
        return None
    text = TextVersion.objects.get(response=reply, current=True)
    shown = shown_text(text, with_system=study.shows_system_messages)
    query = reply.query
    hits = hits_of(study, LeakFilter()).filter(text=text)
    masks = by_message(masked_now([text]).get(text.pk, ()))
    return ReplyPreview(
        reply_id=reply.pk,
        reply=reply.external_id,
        batch=reply.batch.number,
        value_a=ValueShown(query.value_a.name, query.value_a.definition),
        value_b=ValueShown(query.value_b.name, query.value_b.definition),
        messages=numbered(shown, renderings.html_of(shown_sha256(shown), shown)),
        language=query.language,
        facts=tuple(query.facts),
        uploaded=tuple(
            UploadedMessage(message["role"], _pieces(message["content"], masks.get(number, ())))
            for number, message in enumerate(text.messages)
        ),
        hits=tuple(_hit(hit) for hit in hits.order_by("message", "start")),
        before_id=_beside(reply, Response.objects.filter(pk__lt=reply.pk).order_by("-pk")),
        after_id=_beside(reply, Response.objects.filter(pk__gt=reply.pk).order_by("pk")),
    )


def _beside(reply: Response, others: QuerySet[Response]) -> int | None:
    """Return the nearest reply of the same batch; a batch is stored in a row, so it is near."""
    near = others.values_list("pk", "batch_id")[:NEAR]
    return next((pk for pk, batch_id in near if batch_id == reply.batch_id), None)


def _pieces(words: str, masks: Iterable[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    pieces, at = [], 0
    for start, end in merged(masks):
        pieces += [(words[at:start], False), (words[start:end], True)]
        at = end
    return tuple(piece for piece in [*pieces, (words[at:], False)] if piece[0])
