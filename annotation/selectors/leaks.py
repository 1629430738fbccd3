"""The leak report: what in the replies may tell who wrote them, and what was decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, QuerySet, Value, When

from annotation.models import Hit, Response, Study, TextVersion
from annotation.selectors import renderings
from annotation.selectors.cards import CardMessage, numbered
from annotation.selectors.readings import ValueShown, shown_text
from annotation.shown import shown_sha256
from annotation.vocabulary import HitDecision

# Scrubbing keeps this much of the text on either side of a hit.
CONTEXT_BEFORE = 40
ORDER = (HitDecision.HELD, HitDecision.MASKED, HitDecision.KEPT)


@dataclass(frozen=True, slots=True)
class LeakFilter:
    """Which hits are asked for; what is empty does not narrow."""

    batch: int | None = None
    decision: str = ""
    rule: str = ""


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
    """Hits of one rule and decision with the very same text; ``total`` counts the whole study."""

    rule: str
    found: str
    first_id: int
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


def hits_of(study: Study, wanted: LeakFilter) -> QuerySet[Hit]:
    """Return the hits asked for: held first, and hits that are alike next to each other."""
    hits = _of(study).select_related("text__response", "batch", "decided_by")
    if wanted.batch is not None:
        hits = hits.filter(batch__number=wanted.batch)
    if wanted.decision:
        hits = hits.filter(decision=wanted.decision)
    if wanted.rule:
        hits = hits.filter(rule=wanted.rule)
    urgency = Case(
        *(When(decision=decision, then=Value(n)) for n, decision in enumerate(ORDER)),
        output_field=IntegerField(),
    )
    return hits.order_by(urgency, "rule", "found", "pk")


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


def grouped(study: Study, hits: Iterable[Hit]) -> tuple[DecisionGroup, ...]:
    """Return one page of hits by decision, and within it by rule and text."""
    found = [_hit(hit) for hit in hits]
    totals = _totals(study, found)
    groups = []
    for decision in ORDER:
        alike: dict[tuple[str, str], list[LeakHit]] = {}
        for hit in found:
            if hit.decision == decision:
                alike.setdefault((hit.rule, hit.found), []).append(hit)
        if alike:
            groups.append(
                DecisionGroup(
                    decision,
                    tuple(
                        AlikeHits(*key, members[0].id, totals[(decision, *key)], tuple(members))
                        for key, members in alike.items()
                    ),
                )
            )
    return tuple(groups)


def _totals(study: Study, hits: list[LeakHit]) -> dict[tuple[str, str, str], int]:
    same = Hit.objects.filter(
        batch__study=study,
        rule__in={hit.rule for hit in hits},
        found__in={hit.found for hit in hits},
    )
    rows = same.values_list("decision", "rule", "found").annotate(n=Count("pk"))
    return {(decision, rule, found): n for decision, rule, found, n in rows}


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
class ReplyPreview:
    """A reply as a rater would see it: masked, and without who wrote it."""

    reply: str
    batch: int
    value_a: ValueShown
    value_b: ValueShown
    messages: tuple[CardMessage, ...]
    language: str
    hits: tuple[LeakHit, ...]


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
    return ReplyPreview(
        reply=reply.external_id,
        batch=reply.batch.number,
        value_a=ValueShown(query.value_a.name, query.value_a.definition),
        value_b=ValueShown(query.value_b.name, query.value_b.definition),
        messages=numbered(shown, renderings.html_of(shown_sha256(shown), shown)),
        language=query.language,
        hits=tuple(_hit(hit) for hit in hits.order_by("message", "start")),
    )
