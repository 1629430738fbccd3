"""What in raters' words may tell who somebody is: for releases, which mask it, and to decide about.

Findings are no rows: the scanner finds them again in texts that never change. A release looks
through everything it writes; pages keep the places found, which hold no words, until texts beside
them come or go.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, Max, Q, QuerySet

from annotation.models import PersonalDecision, Study, TextAnswer
from annotation.personal_data import SCANNER_VERSION, Found, found_in, redacted
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.selectors.studies import pseudonyms
from annotation.tally import chunks
from annotation.vocabulary import HitDecision, PersonalKind

# Seconds; what is kept is of one set of texts and never wrong, only forgotten some day.
REMEMBERED = 7 * 24 * 3600
TEXTS_AT_ONCE = 500
# By their primary keys.
TEXTS_A_LOT = 5_000
LOT = ("lot", "n", "last")
CONTEXT = 40
PAGES = "pages"


class TextPlace(NamedTuple):
    """Which of a rater's texts: the answer of a judgment to a question, at a turn."""

    judgment_id: int
    question_id: int
    turn: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A stretch of one text that may be personal data."""

    place: TextPlace
    found: Found


Decisions = Mapping[Finding, HitDecision]


def decisions_on(places: Iterable[TextPlace]) -> dict[Finding, HitDecision]:
    """Return what was decided last about each finding in these texts that anybody decided about."""
    wanted = set(places)
    decided: dict[Finding, HitDecision] = {}
    for lot in chunks(sorted({place.judgment_id for place in wanted}), TEXTS_AT_ONCE):
        for row in PersonalDecision.objects.filter(judgment__in=lot).order_by("pk"):
            finding = finding_of(row)
            if finding.place in wanted:
                decided[finding] = HitDecision(row.decision)
    return decided


def finding_of(row: PersonalDecision) -> Finding:
    """Return what a decision is about."""
    place = TextPlace(row.judgment_id, row.question_id, row.turn)
    return Finding(place, Found(row.start, row.end, PersonalKind(row.kind)))


class Redaction:
    """Masks what is personal data in the texts of one release, and counts what it met.

    A finding that somebody decided about is masked or kept so. Others are masked, or with
    ``keep_undecided`` left as they were written.
    """

    def __init__(self, *, keep_undecided: bool = False) -> None:
        self._keep_undecided = keep_undecided
        self._texts = 0
        self._texts_with_findings = 0
        self._counts: Counter[tuple[PersonalKind, HitDecision]] = Counter()

    def masked(self, places: Sequence[TextPlace], texts: Sequence[str]) -> list[str]:
        """Return the texts as they leave. One query where anything was found, else none."""
        found = {place: spots for place, spots in _spots(zip(places, texts, strict=True)) if spots}
        self._texts += len(texts)
        self._texts_with_findings += len(found)
        decided = decisions_on(found)
        return [
            self._masked(place, text, found[place], decided) if place in found else text
            for place, text in zip(places, texts, strict=True)
        ]

    def _masked(
        self, place: TextPlace, text: str, spots: Sequence[Found], decided: Decisions
    ) -> str:
        masks = []
        for spot in spots:
            decision = decided.get(Finding(place, spot), HitDecision.HELD)
            self._counts[spot.kind, decision] += 1
            undecided = decision == HitDecision.HELD and not self._keep_undecided
            if undecided or decision == HitDecision.MASKED:
                masks.append(spot)
        return redacted(text, masks)

    def as_json(self) -> dict[str, Any]:
        """Return what was met, as a release's manifest says it."""
        return {
            "scanner": SCANNER_VERSION,
            "texts": self._texts,
            "texts_with_findings": self._texts_with_findings,
            "undecided": "kept" if self._keep_undecided else "masked",
            "findings": [
                {
                    "kind": str(kind),
                    "masked": self._counts[kind, HitDecision.MASKED],
                    "kept": self._counts[kind, HitDecision.KEPT],
                    "undecided": self._counts[kind, HitDecision.HELD],
                }
                for kind in PersonalKind
                if any(self._counts[kind, decision] for decision in HitDecision)
            ],
        }


def _spots(
    texts: Iterable[tuple[TextPlace, str]],
) -> Iterator[tuple[TextPlace, tuple[Found, ...]]]:
    return ((place, found_in(text)) for place, text in texts)


def findings_of(study_id: int) -> dict[Finding, HitDecision]:
    """Return every finding that a release would meet now, with what was decided; HELD: nothing.

    In the order of judgments and places. Cost: at the first look all of the study's texts, after
    texts came or went those some thousand that they are among; then what was found alone.
    """
    found = _remembered(study_id)
    leaving: set[TextPlace] = set()
    for lot in chunks(sorted({finding.place.judgment_id for finding in found}), TEXTS_AT_ONCE):
        rows = _leaving(study_id).filter(judgment__in=lot)
        leaving.update(map(TextPlace._make, rows.values_list("judgment_id", "question_id", "turn")))
    decided = decisions_on(leaving)
    return {
        finding: decided.get(finding, HitDecision.HELD)
        for finding in found
        if finding.place in leaving
    }


def _leaving(study_id: int) -> QuerySet[TextAnswer]:
    """Return the texts that are in a release: of judgments that count, and of their revisions."""
    counts = Q(judgment__current=True, current=True)
    revised = Q(
        judgment__current=False,
        judgment__seat__judgments__current=True,
        judgment__seat__judgments__rater=F("judgment__rater"),
    )
    return TextAnswer.objects.filter(counts | revised, judgment__item__study=study_id)


def _remembered(study_id: int) -> list[Finding]:
    """Return all findings in the study's texts, looked for once in each lot of texts.

    Only the last lot gets new texts, so that a study in which raters write is not looked through
    as a whole again and again.
    """
    texts = TextAnswer.objects.filter(judgment__item__study=study_id)
    # Drawn for the study alone: no other database's findings are met in a cache by chance.
    secret = Study.objects.values_list("secret", flat=True).get(pk=study_id)
    lot = ExpressionWrapper(F("pk") / TEXTS_A_LOT, output_field=BigIntegerField())
    lots = texts.annotate(lot=lot).order_by("lot").values("lot")
    keys = {
        _key(study_id, secret, number, n, last): number
        for number, n, last in lots.annotate(n=Count("pk"), last=Max("pk")).values_list(*LOT)
    }
    known: dict[str, list[Finding]] = cache.get_many(keys)
    for key in keys.keys() - known.keys():
        first = keys[key] * TEXTS_A_LOT
        found = _findings_in(texts.filter(pk__gte=first, pk__lt=first + TEXTS_A_LOT))
        cache.set(key, found, timeout=REMEMBERED)
        known[key] = found
    return sorted(finding for found in known.values() for finding in found)


def _key(*lot: object) -> str:
    mark = repr((*lot, SCANNER_VERSION))
    return f"personal-data-{hashlib.sha256(mark.encode()).hexdigest()}"


def _findings_in(texts: QuerySet[TextAnswer]) -> list[Finding]:
    rows = texts.values_list("judgment_id", "question_id", "turn", "text").order_by("pk")
    read = ((TextPlace(*row[:3]), row[3]) for row in rows.iterator(chunk_size=ROWS_PER_FETCH))
    return [Finding(place, spot) for place, spots in _spots(read) for spot in spots]


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many findings of one kind there are, in how many texts, and what was decided."""

    kind: PersonalKind
    texts: int
    undecided: int
    masked: int
    kept: int

    @property
    def total(self) -> int:
        """How many there are."""
        return self.undecided + self.masked + self.kept


def counts_of(findings: Decisions) -> list[KindCount]:
    """Count findings by kind; kinds of which there is none are left out."""
    counted = Counter((finding.found.kind, decision) for finding, decision in findings.items())
    texts: dict[PersonalKind, set[TextPlace]] = {}
    for finding in findings:
        texts.setdefault(finding.found.kind, set()).add(finding.place)
    return [
        KindCount(
            kind=kind,
            texts=len(texts[kind]),
            undecided=counted[kind, HitDecision.HELD],
            masked=counted[kind, HitDecision.MASKED],
            kept=counted[kind, HitDecision.KEPT],
        )
        for kind in PersonalKind
        if kind in texts
    ]


@dataclass(frozen=True, slots=True)
class FindingShown:
    """One finding with the words around it, and by whom, of what, it is."""

    finding: Finding
    decision: HitDecision
    before: str
    found: str
    after: str
    rater: str
    question: str
    reply: str
    item_id: int
    decided_by: str
    decided_at: datetime | None

    @property
    def sent(self) -> str:
        """As a form names it: the text, the place, the kind, and as what it was shown."""
        place, spot = self.finding.place, self.finding.found
        return " ".join(map(str, (*place, spot.start, spot.end, spot.kind, self.decision)))


def shown(study_id: int, findings: Sequence[tuple[Finding, HitDecision]]) -> list[FindingShown]:
    """Return these findings with their words, raters under the names that results' pages give."""
    judgments = {finding.place.judgment_id for finding, _ in findings}
    texts = {
        TextPlace(row.judgment_id, row.question_id, row.turn): row
        for row in TextAnswer.objects.filter(judgment__in=judgments).select_related(
            "question", "judgment__item__reply_1"
        )
    }
    raters = {row.judgment.rater_id for row in texts.values()}
    names = pseudonyms(study_id, purpose=PAGES, subjects=sorted(raters))
    rows = PersonalDecision.objects.filter(judgment__in=judgments).select_related("decided_by")
    last = {finding_of(row): row for row in rows.order_by("pk")}
    return [
        _shown(finding, decision, texts[finding.place], names, last.get(finding))
        for finding, decision in findings
        if finding.place in texts
    ]


def _shown(
    finding: Finding,
    decision: HitDecision,
    row: TextAnswer,
    names: Mapping[int, str],
    decided: PersonalDecision | None,
) -> FindingShown:
    start, end = finding.found.start, finding.found.end
    by = decided.decided_by if decided else None
    return FindingShown(
        finding=finding,
        decision=decision,
        before=row.text[max(0, start - CONTEXT) : start],
        found=row.text[start:end],
        after=row.text[end : end + CONTEXT],
        rater=names[row.judgment.rater_id],
        question=row.question.key,
        reply=row.judgment.item.reply_1.external_id,
        item_id=row.judgment.item_id,
        decided_by=by.username if by else "",
        decided_at=decided.decided_at if decided else None,
    )
