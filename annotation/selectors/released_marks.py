"""What a release freezes beside the answers: places marked, clauses cited, stages, revisions.

All of it belongs to seats whose judgment is in the release, so that every row finds its judgment
there. Rows stream in a fixed order, and name raters by number only.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Exists, F, OuterRef, QuerySet

from annotation.bulk_reads import INTEGER, TEXT, TIME, columns, runs
from annotation.models import Answer, CitedClause, Judgment, SpanAnswer, StageRecord, TextAnswer
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.selectors.personal_data import TEXTS_AT_ONCE, Redaction, TextPlace
from annotation.tally import chunks

ROWS_AT_ONCE = 5_000
_PLACE = (
    "judgment__item__reply_1__external_id",
    "judgment__item__reply_2__external_id",
)
_RUBRIC = ("judgment__rubric__key", "judgment__rubric__version")


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


# What is read of a judgment that counts: its name here, the field, the type. Its key comes first.
_COUNTING = {
    "response_id": ("item__reply_1__external_id", TEXT),
    "response_id_2": ("item__reply_2__external_id", TEXT),
    "judgment": ("public_id", TEXT),
    "rater": ("rater_id", INTEGER),
}
_JUDGED = {
    "id": ("pk", INTEGER),
    **_COUNTING,
    "rubric": ("rubric__key", TEXT),
    "rubric_version": ("rubric__version", INTEGER),
    "text_version": ("text_version", INTEGER),
    "shown_sha256": ("shown_sha256", TEXT),
    "text_version_2": ("text_version_2", INTEGER),
    "shown_sha256_2": ("shown_sha256_2", TEXT),
    "renderer": ("renderer", INTEGER),
}
_AT_SEAT = {"seat": ("seat_id", INTEGER), **_COUNTING}
# And of what belongs to it, the judgment's key first.
_SPAN = {
    "of": ("judgment_id", INTEGER),
    "question": ("question__key", TEXT),
    "turn": ("turn", INTEGER),
    "slot": ("slot", INTEGER),
    "message": ("message", INTEGER),
    "start": ("start", INTEGER),
    "end": ("end", INTEGER),
    "quote": ("quote", TEXT),
    "kind": ("option__code", TEXT),
    "text_sha256": ("text_sha256", TEXT),
}
_CLAUSE = {
    "of": ("judgment_id", INTEGER),
    "question": ("question__key", TEXT),
    "turn": ("turn", INTEGER),
    "clause": ("clause__clause_id", TEXT),
    "role": ("role", TEXT),
    "specification": ("clause__version__specification__key", TEXT),
    "specification_version": ("clause__version__version", TEXT),
}
_STAGE = {
    "of": ("judgment__seat_id", INTEGER),
    "by": ("judgment__rater_id", INTEGER),
    "revision": ("judgment__revision", INTEGER),
    "late_turn": ("judgment__late_turn", INTEGER),
    "turn": ("turn", INTEGER),
    "shown_at": ("shown_at", TIME),
    "submitted_at": ("submitted_at", TIME),
    "active_ms": ("active_ms", INTEGER),
    "client": ("client", TEXT),
    "questions": ("questions", TEXT),
    "signals": ("signals", TEXT),
}
_Fields = Mapping[str, tuple[str, pa.DataType]]


def span_parts(study_id: int, *, until: int) -> Iterator[pa.Table]:
    """Yield every place that a current judgment marks, by judgment and place, in parts.

    Text version and hash are those of the reply that it is a place of.
    """
    spans = SpanAnswer.objects.filter(current=True).order_by(
        "judgment_id", "question__position", "turn", "slot", "message", "start", "end", "pk"
    )
    counting = _with_marks(_counting(study_id, until), SpanAnswer)
    for part in _parts(counting, _JUDGED, spans, _SPAN):
        first = pc.equal(part["slot"], 1)
        of_slot = {
            name: pc.if_else(first, part[name], part[f"{name}_2"])
            for name in ("text_version", "shown_sha256")
        }
        yield pa.table({name: of_slot.get(name, part[name]) for name in part.column_names})


def clause_parts(study_id: int, *, until: int) -> Iterator[pa.Table]:
    """Yield every clause that a current judgment cites, by judgment and clause, in parts."""
    clauses = CitedClause.objects.filter(current=True).order_by(
        "judgment_id", "question__position", "turn", "clause__position", "role"
    )
    counting = _with_marks(_counting(study_id, until), CitedClause)
    return _parts(counting, _JUDGED, clauses, _CLAUSE)


def stage_parts(study_id: int, *, until: int) -> Iterator[pa.Table]:
    """Yield the record of every stage at the seats of current judgments, in the order judged.

    ``seconds`` lie between being shown and being sent. JSON is as the database has it.
    """
    stages = StageRecord.objects.filter(judgment__lte=until)
    ordered = stages.order_by("judgment__seat_id", "judgment__revision", "pk")
    for part in _parts(_counting(study_id, until), _AT_SEAT, ordered, _STAGE):
        # A seat that somebody left may have stages of theirs.
        mine = part.filter(pc.equal(part["by"], part["rater"]))
        shown, sent = (pc.cast(mine[name], pa.int64()) for name in ("shown_at", "submitted_at"))
        took = pc.divide(pc.cast(pc.subtract(sent, shown), pa.float64()), 1e6)
        yield mine.append_column("seconds", took)


def _counting(study_id: int, until: int) -> QuerySet[Judgment]:
    return Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)


def _with_marks(judgments: QuerySet[Judgment], marks: type[Any]) -> QuerySet[Judgment]:
    here = marks.objects.filter(judgment=OuterRef("pk"), current=True)
    return judgments.filter(Exists(here))


def _parts(
    counting: QuerySet[Judgment], known: _Fields, marks: QuerySet[Any], fields: _Fields
) -> Iterator[pa.Table]:
    """Yield what belongs to judgments that count, in its order, with their circumstances beside it.

    Judgments are read in runs, and what belongs to them between the first and the last of a run:
    each by an index, so that no part costs more than it holds.
    """
    of, _ = fields["of"]
    chosen = marks.values_list(*(field for field, _ in fields.values()))
    types = {name: kind for name, (_, kind) in fields.items()}
    for judgments in runs(counting, known, at_once=ROWS_AT_ONCE):
        keys = judgments[0].to_numpy()
        between = {f"{of}__gte": int(keys[0]), f"{of}__lte": int(keys[-1])}
        found = columns(chosen.filter(**between), types)
        at = np.searchsorted(keys, found["of"].to_numpy())
        ours = np.flatnonzero(keys[at] == found["of"].to_numpy())
        if ours.size:
            beside = judgments.take(pa.array(at[ours]))
            said = found.take(pa.array(ours))
            yield pa.table(
                [*beside.columns, *said.columns], [*beside.column_names, *said.column_names]
            )


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


def frozen_revisions(
    study_id: int, *, until: int, redaction: Redaction
) -> Iterator[FrozenRevision]:
    """Yield what was said in late and in superseded revisions: options, texts, places, clauses.

    What is personal data in the texts is masked by the ``redaction``.
    """
    yield from _revised_options(study_id, until)
    texts = _revised(TextAnswer, study_id, until, ("pk",), ("judgment_id", "question_id", "text"))
    for lot in chunks(texts, TEXTS_AT_ONCE):
        # A row ends in turn, judgment, question, text.
        places = [TextPlace(row[-3], row[-2], row[-4]) for row in lot]
        leaves = redaction.masked(places, [row[-1] for row in lot])
        for row, text in zip(lot, leaves, strict=True):
            yield _revision(row[:-3], "text", text, None)
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
