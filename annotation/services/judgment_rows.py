"""Writing the rows of a judgment: answers, texts, spans, clauses, and how each stage came about."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import connection

from annotation.answers import Given
from annotation.models import (
    Answer,
    CitedClause,
    Clause,
    Judgment,
    Rater,
    Seat,
    SpanAnswer,
    StageRecord,
    TextAnswer,
)
from annotation.models.statements import changed, moment, rows
from annotation.receipts import Receipt
from annotation.signals import PageSignals


@dataclass(frozen=True, slots=True)
class Written:
    """A judgment's row: its number, and the name it has outside."""

    id: int
    public_id: str


_BEGIN = (
    "INSERT INTO annotation_judgment (public_id, seat_id, revision, current, late_turn, rater_id,"
    " item_id, rubric_id, guidelines_id, shown_sha256, text_version, rule_set, renderer,"
    " shown_sha256_2, text_version_2, rule_set_2, specification_id, language, client, position,"
    " created_at, side, claimed_at)"
    " SELECT %s, id, %s, %s, %s, rater_id, item_id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
    " %s, %s, side, claimed_at FROM annotation_seat WHERE id = %s RETURNING id"
)


def begin(
    seat: Seat,
    rater: Rater,
    receipt: Receipt,
    page: PageSignals,
    *,
    current: bool,
    now: datetime,
    revision: int = 1,
    late_turn: int | None = None,
    position: int | None = None,
) -> Written:
    """Make the row of a judgment, or of one of its revisions, bound to what was shown."""
    public_id = uuid4()
    field = Judgment._meta.get_field("public_id")
    values = [
        field.get_db_prep_value(public_id, connection),
        revision,
        current,
        late_turn,
        receipt.rubric_id,
        receipt.guidelines_id,
        receipt.shown_sha256,
        receipt.text_version,
        receipt.rule_set,
        receipt.renderer,
        receipt.shown_sha256_2,
        receipt.text_version_2,
        receipt.rule_set_2,
        receipt.specification_id,
        receipt.language,
        page.client,
        position,
        moment(now),
        seat.pk,
    ]
    ((pk,),) = rows(_BEGIN, values)
    return Written(pk, str(public_id))


_ANSWERS = (
    "INSERT INTO annotation_answer (judgment_id, item_id, cluster_id, question_id, option_id,"
    " wave, turn, current, single) VALUES "
)
_ANSWER = "(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def write(judgment_id: int, seat: Seat, given: Iterable[Given], *, current: bool) -> None:
    """Write what was said at one stage."""
    answers = tuple(given)
    chosen = [
        (
            judgment_id,
            seat.item_id,
            seat.scenario_id,
            answer.question.id,
            option_id,
            seat.wave,
            answer.turn,
            current,
            answer.question.asked_id is None,
        )
        for answer in answers
        for option_id in answer.rows
    ]
    if chosen:
        flat = [value for row in chosen for value in row]
        changed(_ANSWERS + ", ".join([_ANSWER] * len(chosen)), flat)
    _write_texts(judgment_id, answers, current=current)
    _write_spans(judgment_id, answers, current=current)
    _write_clauses(judgment_id, answers, current=current)


def _write_texts(judgment_id: int, given: tuple[Given, ...], *, current: bool) -> None:
    texts = [
        TextAnswer(
            judgment_id=judgment_id,
            question_id=answer.question.id,
            turn=answer.turn,
            text=answer.text,
            current=current,
        )
        for answer in given
        if answer.text
    ]
    if texts:
        TextAnswer.objects.bulk_create(texts)


def _write_spans(judgment_id: int, given: tuple[Given, ...], *, current: bool) -> None:
    spans = [
        SpanAnswer(
            judgment_id=judgment_id,
            question_id=answer.question.id,
            option_id=span.option_id,
            turn=answer.turn,
            slot=span.slot,
            message=span.message,
            start=span.start,
            end=span.end,
            quote=span.quote,
            text_sha256=span.text_sha256,
            current=current,
        )
        for answer in given
        for span in answer.spans
    ]
    if spans:
        SpanAnswer.objects.bulk_create(spans)


def _write_clauses(judgment_id: int, given: tuple[Given, ...], *, current: bool) -> None:
    cited = [(answer, *clause) for answer in given for clause in answer.clauses]
    if not cited:
        return
    version = Judgment.objects.values_list("specification_id", flat=True).get(pk=judgment_id)
    names = {clause_id for _, _, clause_id in cited}
    known = Clause.objects.filter(version=version, clause_id__in=names)
    ids = dict(known.values_list("clause_id", "pk"))
    CitedClause.objects.bulk_create(
        CitedClause(
            judgment_id=judgment_id,
            question_id=answer.question.id,
            turn=answer.turn,
            clause_id=ids[clause_id],
            role=role,
            current=current,
        )
        for answer, role, clause_id in cited
    )


def set_current(judgment_id: int, *, current: bool) -> None:
    """Make a judgment with all its answers the one that counts, or no longer that one."""
    Judgment.objects.filter(pk=judgment_id).update(current=current)
    Answer.objects.filter(judgment=judgment_id).update(current=current)
    TextAnswer.objects.filter(judgment=judgment_id).update(current=current)
    SpanAnswer.objects.filter(judgment=judgment_id).update(current=current)
    CitedClause.objects.filter(judgment=judgment_id).update(current=current)


_TAKE_DRAFT = (
    "DELETE FROM annotation_draft WHERE seat_id = %s AND turn = %s AND revision = %s"
    " RETURNING touched"
)


def copy(of_id: int, to_id: int, *, turns_left_out: set[int]) -> None:
    """Give a judgment what was said at another one, but for some turns, as its own."""
    for table in (Answer, TextAnswer, SpanAnswer, CitedClause):
        columns = [
            field.column
            for field in table._meta.concrete_fields
            if field.column not in ("id", "judgment_id", "current")
        ]
        names = ", ".join(f'"{column}"' for column in columns)
        left_out = ", ".join(["%s"] * len(turns_left_out)) or "-1"
        changed(
            f'INSERT INTO {table._meta.db_table} (judgment_id, "current", {names})'
            f" SELECT %s, %s, {names} FROM {table._meta.db_table}"
            f" WHERE judgment_id = %s AND turn NOT IN ({left_out})",
            [to_id, True, of_id, *sorted(turns_left_out)],
        )


def take_draft(seat: Seat, turn: int, *, revision: int) -> dict[str, list[str]]:
    """Delete the draft of a stage; return when the server first and last heard of each answer."""
    found = rows(_TAKE_DRAFT, [seat.pk, turn, revision])
    if not found:
        return {}
    touched = found[0][0]
    loaded: dict[str, list[str]] = json.loads(touched) if isinstance(touched, str) else touched
    return loaded


def last_sent_at(judgment_id: int) -> datetime | None:
    """Return when the last stage of a judgment was sent: then the next one was shown."""
    found = StageRecord.objects.filter(judgment=judgment_id).order_by("-pk")
    return found.values_list("submitted_at", flat=True).first()


_RECORD = (
    "INSERT INTO annotation_stagerecord (judgment_id, turn, shown_at, submitted_at, active_ms,"
    " client, questions, signals) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


def record_stage(
    judgment_id: int,
    turn: int,
    page: PageSignals,
    *,
    shown_at: datetime | None,
    touched: dict[str, list[str]],
    now: datetime,
) -> None:
    """Keep how a stage came about: the server's times beside what the page measured."""
    questions = {
        key: {
            **({"first_at": touched[key][0], "last_at": touched[key][1]} if key in touched else {}),
            **({"active_ms": page.active_at[key]} if key in page.active_at else {}),
        }
        for key in sorted({*touched, *page.active_at})
    }
    # Two servers' clocks may differ: a stage is never sent before it was shown.
    shown = moment(min(shown_at, now)) if shown_at else None
    changed(
        _RECORD,
        [
            judgment_id,
            turn,
            shown,
            moment(now),
            page.active_ms,
            page.client,
            json.dumps(questions),
            json.dumps(page.as_json()),
        ],
    )
