"""R-047: every difference between what is stored twice is found, and nothing is written."""

import json
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection

from annotation.management.commands import integrity as command
from annotation.models import (
    Answer,
    CitedClause,
    Judgment,
    Option,
    Rater,
    Seat,
    StageRecord,
    Study,
    TextAnswer,
    TextVersion,
)
from annotation.services import integrity, seats, withdrawals
from annotation.vocabulary import SkipReason
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lived(tmp_path):
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


OF_JUDGMENTS = ("answer", "textanswer", "spananswer", "citedclause", "stagerecord")
SAID = OF_JUDGMENTS[:-1]


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


@pytest.fixture
def mended():
    """Foreign keys are checked after a test; damage to them is emptied before that."""
    yield
    with unguarded() as cursor:
        for table in (*OF_JUDGMENTS, "judgment", "draft", "skip", "seat", "consent"):
            cursor.execute(f"DELETE FROM annotation_{table}")


def report(capsys, **how):
    """The exit code and what was printed."""
    code = 0
    try:
        call_command("integrity", **how)
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


def found():
    return {(one.check, one.table.removeprefix("annotation_")) for one in integrity.differences()}


def test_R047_a_sound_database_has_no_difference(lived, capsys):
    assert report(capsys) == (0, "No difference in 21 checks.\n")


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_R047_a_withdrawal_leaves_no_difference(policy, lived):
    Study.objects.update(on_withdrawal=policy)
    build.asks_consent(Study.objects.get(), "Again?")
    ann = Judgment.objects.first().rater
    build.agree(ann)

    withdrawals.withdraw(rater=ann, now=NOW)

    assert found() == set()


ANY = "(SELECT MIN(id) FROM annotation_{})"
# Damage in raw SQL, and every check that must see it, with the table it names.
DAMAGE = {
    "a counter of judgments": (
        "UPDATE annotation_rater SET judged_count = judged_count + 1",
        {("rater_judged_count", "rater")},
    ),
    "a counter of skips": (
        "UPDATE annotation_rater SET skipped_count = skipped_count + 2",
        {("rater_skipped_count", "rater")},
    ),
    "a judgment that lost its flag": (
        f"UPDATE annotation_judgment SET current = FALSE WHERE id = {ANY.format('judgment')}",
        {
            ("rater_judged_count", "rater"),
            ("judged_seat_judgment", "seat"),
            ("answer_current_as_judgment", "answer"),
            ("answer_current_as_judgment", "textanswer"),
            ("answer_current_as_judgment", "spananswer"),
            ("answer_current_as_judgment", "citedclause"),
        },
    ),
    "a seat that lost its time": (
        (
            "UPDATE annotation_seat SET judged_at = NULL, abandoned_at = claimed_at"
            " WHERE id = (SELECT MIN(seat_id) FROM annotation_judgment)"
        ),
        {("judgment_at_judged_seat", "judgment")},
    ),
    "an answer that lost its flag": (
        f"UPDATE annotation_answer SET current = FALSE WHERE id = {ANY.format('answer')}",
        {("answer_current_as_judgment", "answer")},
    ),
    "a text that lost its flag": (
        f"UPDATE annotation_textanswer SET current = FALSE WHERE id = {ANY.format('textanswer')}",
        {("answer_current_as_judgment", "textanswer")},
    ),
    "a span that lost its flag": (
        f"UPDATE annotation_spananswer SET current = FALSE WHERE id = {ANY.format('spananswer')}",
        {("answer_current_as_judgment", "spananswer")},
    ),
    "a clause that lost its flag": (
        f"UPDATE annotation_citedclause SET current = FALSE WHERE id = {ANY.format('citedclause')}",
        {("answer_current_as_judgment", "citedclause")},
    ),
    "an answer moved to another wave": (
        f"UPDATE annotation_answer SET wave = 3 WHERE id = {ANY.format('answer')}",
        {("answer_copies_seat", "answer")},
    ),
    "an answer moved to another item": (
        (
            "UPDATE annotation_answer SET item_id = (SELECT MAX(id) FROM annotation_item) + 1"
            f" WHERE id = {ANY.format('answer')}"
        ),
        {("answer_copies_seat", "answer")},
    ),
    "an answer moved to another cluster": (
        f"UPDATE annotation_answer SET cluster_id = 999999999 WHERE id = {ANY.format('answer')}",
        {("answer_copies_seat", "answer")},
    ),
    "a judgment of another rater": (
        (
            "UPDATE annotation_judgment SET rater_id = (SELECT MAX(id) FROM annotation_rater)"
            f" WHERE id = {ANY.format('judgment')}"
        ),
        {("judgment_copies_seat", "judgment"), ("rater_judged_count", "rater")},
    ),
    "a gap in the history": (
        f"UPDATE annotation_judgment SET revision = 3 WHERE id = {ANY.format('judgment')}",
        {("seat_revisions_without_gap", "seat")},
    ),
    "an edited text": (
        "UPDATE annotation_textversion SET sha256 = REPLACE(sha256, 'a', 'b')",
        {("text_sha256", "textversion")},
    ),
    "a reply without a current text": (
        "UPDATE annotation_textversion SET current = FALSE",
        {("response_current_text", "response")},
    ),
    "a seat of another query": (
        f"UPDATE annotation_seat SET query_id = 999999999 WHERE id = {ANY.format('seat')}",
        {("seat_copies_item", "seat")},
    ),
    "a judgment without a seat": (
        f"UPDATE annotation_judgment SET seat_id = 999999999 WHERE id = {ANY.format('judgment')}",
        {("no_orphans", "judgment"), ("judged_seat_judgment", "seat")},
    ),
    "a quote that was cut": (
        "UPDATE annotation_spananswer SET quote = 'n' WHERE quote <> 'I am'",
        {("span_quote_length", "spananswer")},
    ),
    "a span that was moved": (
        f'UPDATE annotation_spananswer SET "end" = "end" + 1 WHERE id = {ANY.format("spananswer")}',
        {("span_quote_length", "spananswer")},
    ),
    "consent that came after the first judgment": (
        f"UPDATE annotation_consent SET given_at = '{NOW + HOUR}'",
        {("judgment_after_consent", "judgment")},
    ),
    "consent to other words": (
        "UPDATE annotation_consent SET text_sha256 = 'x'",
        {("consent_words", "consent")},
    ),
    "consent in a language that the text has not": (
        "UPDATE annotation_consent SET language = 'fr'",
        {("consent_words", "consent")},
    ),
    "consent that is gone": (
        "DELETE FROM annotation_consent",
        {("judgment_after_consent", "judgment")},
    ),
    "consent to a text that is gone": (
        "UPDATE annotation_consent SET text_id = 999999999",
        {("judgment_after_consent", "judgment")},
    ),
    "a withdrawal without its record": (
        "DELETE FROM annotation_withdrawal",
        {("withdrawal_of_rater", "rater")},
    ),
    "a record of a withdrawal that was not": (
        "UPDATE annotation_rater SET withdrew_at = NULL",
        {("withdrawal_of_rater", "rater")},
    ),
    "a seat of somebody who withdrew": (
        (
            "UPDATE annotation_seat SET rater_id = (SELECT rater_id FROM annotation_withdrawal)"
            " WHERE hold IS NOT NULL"
        ),
        {("withdrawn_rater_holds_no_seat", "seat")},
    ),
}


@pytest.mark.parametrize("table", OF_JUDGMENTS)
def test_R047_what_belongs_to_no_judgment_is_found(table, lived, mended):
    with unguarded() as cursor:
        cursor.execute(
            f"UPDATE annotation_{table} SET judgment_id = 999999999 WHERE id = {ANY.format(table)}"
        )

    assert found() == {("no_orphans", table)}


@pytest.mark.parametrize("table", SAID)
def test_R047_a_late_revision_that_counts_is_found(table, lived):
    of_late = "SELECT id FROM annotation_judgment WHERE late_turn IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE annotation_{table} SET current = TRUE WHERE judgment_id IN ({of_late})"
        )

    assert found() == {
        ("late_revision_never_counts", "judgment"),
        ("answer_current_as_judgment", table),
    }


@pytest.mark.parametrize("kind", DAMAGE)
def test_R047_damage_is_found(kind, lived, mended):
    damage, expected = DAMAGE[kind]
    with unguarded() as cursor:
        cursor.execute(damage)
        assert cursor.rowcount > 0

    assert found() == expected


def without_consent():
    """Take every consent away, and say which checks see it."""
    with unguarded() as cursor:
        cursor.execute("DELETE FROM annotation_consent")
    return {check for check, _ in found()}


def test_R047_a_crowd_rater_agrees_as_well(lived):
    Rater.objects.update(source="crowd")

    assert without_consent() == {"judgment_after_consent"}


@pytest.mark.parametrize("source", ["import", "simulated"])
def test_R047_a_rater_from_elsewhere_needs_no_consent(source, lived):
    Rater.objects.update(source=source)

    assert without_consent() == set()


def test_R047_a_study_that_asks_for_no_consent_needs_none(lived):
    Study.objects.update(consent_text=None)

    assert without_consent() == set()


def test_R047_what_was_judged_before_there_was_a_text_to_agree_to_needs_no_consent(lived):
    with unguarded() as cursor:
        cursor.execute("UPDATE annotation_consenttext SET created_at = %s", [NOW + HOUR])

    assert without_consent() == set()


def test_R047_more_judgments_than_seats_are_found(lived, mended):
    """Two current judgments at one seat: the unique key that forbids them was lost."""
    with unguarded() as cursor:
        cursor.execute("DROP INDEX judgment_one_current_per_seat")
        cursor.execute(
            "UPDATE annotation_judgment SET seat_id = (SELECT MIN(seat_id) FROM annotation_judgment),"
            " item_id = (SELECT MIN(item_id) FROM annotation_judgment), revision = 1 + id % 30000"
        )
        cursor.execute("DELETE FROM annotation_seat WHERE rater_id IS NULL OR hold IS NOT NULL")
    try:
        assert ("item_judgments_within_seats", "item") in found()
        assert ("judged_seat_judgment", "seat") in found()
    finally:
        with unguarded() as cursor:
            for table in (*OF_JUDGMENTS, "judgment"):
                cursor.execute(f"DELETE FROM annotation_{table}")
            cursor.execute(
                "CREATE UNIQUE INDEX judgment_one_current_per_seat"
                " ON annotation_judgment (seat_id) WHERE current"
            )


def test_R047_a_third_lease_is_found(lived, mended):
    dan = build.rater(lived)
    free = {seat.item_id: seat.pk for seat in Seat.objects.filter(rater=None)}
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX seat_two_leases_per_rater")
    try:
        for pk in free.values():
            held = {"rater": dan, "key": str(pk), "hold": 1, "leased_until": NOW}
            Seat.objects.filter(pk=pk).update(**held)
        assert found() == {("rater_two_leases", "rater")}
    finally:
        Seat.objects.filter(rater=dan).update(rater=None, key=None, hold=None, leased_until=None)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX seat_two_leases_per_rater ON annotation_seat (rater_id, hold)"
                " WHERE judged_at IS NULL AND abandoned_at IS NULL AND rater_id IS NOT NULL"
            )


def test_R047_each_difference_is_printed_with_its_row(lived, capsys):
    TextVersion.objects.update(sha256="0" * 64)

    code, printed = report(capsys)

    rows = TextVersion.objects.values_list("pk", flat=True)
    assert code == 1
    assert [line.split()[:3] for line in printed.splitlines()] == [
        ["text_sha256:", "annotation_textversion", str(row)] for row in sorted(rows)
    ]


def test_R047_differences_are_told_as_json(lived, capsys):
    Rater.objects.update(judged_count=7)

    code, printed = report(capsys, json=True)

    told = json.loads(printed)
    assert (code, told["differences"], told["by_check"]) == (1, 3, {"rater_judged_count": 3})
    assert set(told["rows"][0]) == {"check", "table", "row", "reason"}


def test_R047_a_long_list_is_counted_whole_and_cut(lived, capsys, monkeypatch):
    monkeypatch.setattr(command, "LISTED", 1)
    Rater.objects.update(judged_count=7)

    told = json.loads(report(capsys, json=True)[1])

    assert (told["differences"], len(told["rows"])) == (3, 1)


def test_R047_a_sound_database_says_so_as_json(lived, capsys):
    code, printed = report(capsys, json=True)

    assert (code, json.loads(printed)) == (0, {"differences": 0, "by_check": {}, "rows": []})


def test_R047_nothing_is_written(lived, capsys, django_assert_num_queries):
    with django_assert_num_queries(32) as queries:
        report(capsys)

    assert all("UPDATE" not in one["sql"] and "INSERT" not in one["sql"] for one in queries)
