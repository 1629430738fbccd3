"""R-047: every kind of damage to what is stored twice is found, with its check and table."""

import pytest
from django.db import connection

from annotation.models import Seat
from tests import build
from tests.annotation.damaged import found, lived_in, unguarded
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db(transaction=True)

OF_JUDGMENTS = ("answer", "textanswer", "spananswer", "citedclause", "stagerecord")
SAID = OF_JUDGMENTS[:-1]


@pytest.fixture
def lived(tmp_path):
    return lived_in(tmp_path)


@pytest.fixture
def mended():
    """Foreign keys are checked after a test; damage to them is emptied before that."""
    yield
    with unguarded() as cursor:
        for table in (*OF_JUDGMENTS, "judgment", "draft", "skip", "seat", "consent"):
            cursor.execute(f"DELETE FROM annotation_{table}")


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
