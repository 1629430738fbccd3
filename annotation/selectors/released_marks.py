"""What a release freezes beside the answers: places marked, clauses cited, stages, revisions.

All of it belongs to seats whose judgment is in the release, so that every row finds its judgment
there. Rows stream in a fixed order, and name raters by number only.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from annotation.models import Answer, CitedClause, SpanAnswer, StageRecord, TextAnswer
from annotation.selectors.labels import ROWS_PER_FETCH

_PLACE = (
    "judgment__item__reply_1__external_id",
    "judgment__item__reply_2__external_id",
)
_RUBRIC = ("judgment__rubric__key", "judgment__rubric__version")


def _counting(rows: QuerySet[Any], study_id: int, until: int) -> QuerySet[Any]:
    """Keep what belongs to judgments that count."""
    return rows.filter(
        judgment__item__study=study_id, judgment__current=True, judgment__lte=until, current=True
    )


def _at_counting_seats(rows: QuerySet[Any], study_id: int, until: int) -> QuerySet[Any]:
    """Keep what belongs to any revision at a seat whose judgment counts; it joins that judgment."""
    return rows.filter(
        judgment__item__study=study_id,
        judgment__lte=until,
        judgment__seat__judgments__current=True,
        judgment__seat__judgments__lte=until,
        judgment__seat__judgments__rater=F("judgment__rater"),
    )


# Of the judgment that counts at the seat, as _at_counting_seats joins it.
_COUNTS = "judgment__seat__judgments__public_id"


class FrozenSpan(NamedTuple):
    """A place that was marked as evidence, and the text it is a place of."""

    response_id: str
    response_id_2: str | None
    judgment: str
    rater: int
    question: str
    turn: int
    slot: int
    message: int
    start: int
    end: int
    quote: str
    kind: str | None
    text_sha256: str
    text_version: int
    shown_sha256: str
    renderer: int
    rubric: str
    rubric_version: int


def frozen_spans(study_id: int, *, until: int) -> Iterator[FrozenSpan]:
    """Yield every place that a current judgment marks, by judgment and place."""
    rows = _counting(SpanAnswer.objects.all(), study_id, until).order_by(
        "judgment_id", "question__position", "turn", "slot", "message", "start", "end", "pk"
    )
    fields = (
        *_PLACE,
        "judgment__public_id",
        "judgment__rater_id",
        "question__key",
        "turn",
        "slot",
        "message",
        "start",
        "end",
        "quote",
        "option__code",
        "text_sha256",
        "judgment__text_version",
        "judgment__shown_sha256",
        "judgment__text_version_2",
        "judgment__shown_sha256_2",
        "judgment__renderer",
        *_RUBRIC,
    )
    for row in rows.values_list(*fields).iterator(chunk_size=ROWS_PER_FETCH):
        first, second, judgment, *said = row[:13]
        of_slot = row[13:15] if row[6] == 1 else row[15:17]
        yield FrozenSpan(first, second, str(judgment), *said, *of_slot, *row[17:])


class FrozenClause(NamedTuple):
    """A clause that decided an answer, and what it did for it."""

    response_id: str
    response_id_2: str | None
    judgment: str
    rater: int
    question: str
    turn: int
    clause: str
    role: str
    specification: str
    specification_version: str
    rubric: str
    rubric_version: int


def frozen_clauses(study_id: int, *, until: int) -> Iterator[FrozenClause]:
    """Yield every clause that a current judgment cites, by judgment and clause."""
    rows = _counting(CitedClause.objects.all(), study_id, until).order_by(
        "judgment_id", "question__position", "turn", "clause__position", "role"
    )
    fields = (
        *_PLACE,
        "judgment__public_id",
        "judgment__rater_id",
        "question__key",
        "turn",
        "clause__clause_id",
        "role",
        "clause__version__specification__key",
        "clause__version__version",
        *_RUBRIC,
    )
    for first, second, judgment, *rest in rows.values_list(*fields).iterator(
        chunk_size=ROWS_PER_FETCH
    ):
        yield FrozenClause(first, second, str(judgment), *rest)


class FrozenStage(NamedTuple):
    """How one stage of a judgment, or of one of its revisions, came about."""

    response_id: str
    response_id_2: str | None
    judgment: str
    rater: int
    revision: int
    late_turn: int | None
    turn: int
    shown_at: str | None
    submitted_at: str
    seconds: float | None
    active_ms: int | None
    client: str
    questions: dict[str, Any]
    signals: dict[str, Any]


def frozen_stages(study_id: int, *, until: int) -> Iterator[FrozenStage]:
    """Yield the record of every stage at the seats of current judgments, in the order judged."""
    rows = _at_counting_seats(StageRecord.objects.all(), study_id, until)
    ordered = rows.order_by("judgment__seat_id", "judgment__revision", "pk")
    fields = (
        *_PLACE,
        _COUNTS,
        "judgment__rater_id",
        "judgment__revision",
        "judgment__late_turn",
        "turn",
        "shown_at",
        "submitted_at",
        "active_ms",
        "client",
        "questions",
        "signals",
    )
    for row in ordered.values_list(*fields).iterator(chunk_size=ROWS_PER_FETCH):
        first, second, judgment, rater, revision, late_turn, turn, shown, sent, *page = row
        yield FrozenStage(
            first,
            second,
            str(judgment),
            rater,
            revision,
            late_turn,
            turn,
            shown.isoformat() if shown else None,
            sent.isoformat(),
            _seconds(shown, sent),
            *page,
        )


def _seconds(shown: datetime | None, sent: datetime) -> float | None:
    return None if shown is None else (sent - shown).total_seconds()


class FrozenRevision(NamedTuple):
    """One thing said in a revision that does not count: an option, words, a place, or a clause."""

    response_id: str
    response_id_2: str | None
    judgment: str
    rater: int
    revision: int
    late_turn: int | None
    judged_at: str
    rubric: str
    rubric_version: int
    question: str
    turn: int
    what: str
    answer: str | None
    detail: dict[str, Any] | None


_REVISION = (
    *_PLACE,
    _COUNTS,
    "judgment__rater_id",
    "judgment__revision",
    "judgment__late_turn",
    "judgment__created_at",
    *_RUBRIC,
    "question__key",
    "turn",
)
_MARKED = ("slot", "message", "start", "end")


def frozen_revisions(study_id: int, *, until: int) -> Iterator[FrozenRevision]:
    """Yield what was said in late and in superseded revisions: options, texts, places, clauses."""
    yield from _revised_options(study_id, until)
    for row in _revised(TextAnswer, study_id, until, ("pk",), ("text",)):
        yield _revision(row[:-1], "text", row[-1], None)
    spans = _revised(
        SpanAnswer, study_id, until, (*_MARKED, "pk"), (*_MARKED, "option__code", "quote")
    )
    for *marked, slot, message, start, end, kind, quote in spans:
        place = {"slot": slot, "message": message, "start": start, "end": end, "kind": kind}
        yield _revision(marked, "span", quote, place)
    names = ("clause__version__specification__key", "clause__version__version")
    clauses = _revised(
        CitedClause,
        study_id,
        until,
        ("clause__position", "role"),
        ("role", *names, "clause__clause_id"),
    )
    for *named, role, key, version, clause_id in clauses:
        cited = {"role": role, "specification": key, "specification_version": version}
        yield _revision(named, "clause", clause_id, cited)


def _revised_options(study_id: int, until: int) -> Iterator[FrozenRevision]:
    before: tuple[Any, ...] = ()
    for row in _revised(Answer, study_id, until, ("option__position",), ("option__code",)):
        found = _revision(row[:-1], "option", row[-1] or None, None)
        place = (found.judgment, found.revision, found.question, found.turn)
        # The row without a code says that the question was asked; it comes last.
        if found.answer or place != before:
            yield found
        before = place


def _revised(
    table: type[Any], study_id: int, until: int, order: tuple[str, ...], fields: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    rows = _at_counting_seats(table.objects.filter(judgment__current=False), study_id, until)
    ordered = rows.order_by("judgment_id", "question__position", "turn", *order)
    return ordered.values_list(*_REVISION, *fields).iterator(chunk_size=ROWS_PER_FETCH)


def _revision(
    row: Sequence[Any], what: str, answer: str | None, detail: dict[str, Any] | None
) -> FrozenRevision:
    first, second, judgment, rater, revision, late_turn, judged_at, *asked = row
    judged: list[Any] = [first, second, str(judgment), rater, revision, late_turn]
    return FrozenRevision._make([*judged, judged_at.isoformat(), *asked, what, answer, detail])
