"""A study in which everything happened, and triggers and constraints out of the way."""

from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from annotation.models import Answer, CitedClause, Judgment, Option, StageRecord, Study, TextAnswer
from annotation.services import integrity, seats
from annotation.vocabulary import SkipReason
from tests import build
from tests.build import HOUR, NOW, claim


def said_of(judgment, clause):
    """What else a judgment may have: evidence, a clause, and how it came about."""
    build.span_row(judgment, start=7, end=11, quote="né 🙂")
    build.cited_row(judgment, clause)
    sent = {"submitted_at": NOW, "client": "wide"}
    StageRecord.objects.get_or_create(judgment=judgment, turn=0, defaults=sent)


def late(judgment):
    """A second thought about a turn, after the next one had been seen: stored, and never counts."""
    clause = CitedClause.objects.get().clause
    again = Judgment.objects.create(
        seat=judgment.seat,
        revision=2,
        late_turn=1,
        current=False,
        created_at=NOW,
        text_version=1,
        rule_set=1,
        renderer=1,
        **{name: getattr(judgment, name) for name in ("rater", "item", "rubric")},
    )
    build.span_row(again)
    build.cited_row(again, clause)
    note = again.rubric.questions.get(key="note")
    TextAnswer.objects.create(judgment=again, question=note, turn=1, text="hm", current=False)
    option = Option.objects.get(question__rubric=again.rubric, question__key="misled", code="no")
    Answer.objects.create(
        judgment=again,
        item=again.item,
        cluster=again.seat.scenario,
        question=option.question,
        option=option,
        wave=again.seat.wave,
        turn=1,
        current=False,
        single=True,
    )


@contextmanager
def unguarded():
    """Take the triggers and constraints out of the way, as damage does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield cursor
            cursor.execute("SET session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield cursor
        for _, sql in triggers:
            cursor.execute(sql)
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
        cursor.execute("PRAGMA foreign_keys = ON")


def found():
    return {(one.check, one.table.removeprefix("annotation_")) for one in integrity.differences()}


def lived_in(tmp_path: Path) -> Study:
    """A study that asks for consent.

    Ann judged two items, changed the second late, and skipped one; bob holds a seat; cem withdrew.
    """
    study = build.study(rubric=build.WITH_EVIDENCE)
    for _ in range(3):
        build.item(study, tmp_path, n_seats=3)
    build.withdrawal_row(build.rater(study))
    ann, bob = build.rater(study), build.rater(study)
    build.asks_consent(study, at=NOW - HOUR)
    build.agree(ann)
    build.agree(bob)
    for _ in range(2):
        build.submit(ann, claim(ann), misled="yes", who="user", note="hm")
    seats.skip(rater=ann, key=claim(ann).key, reason=SkipReason.BROKEN, now=NOW)
    claim(bob)
    first, second = Judgment.objects.order_by("pk")
    said_of(first, build.specification(study).clauses.first())
    late(second)
    return study
