"""R-047: what is sound has no difference, each difference is told, and nothing is written."""

import json

import pytest
from django.core.management import call_command

from annotation.management.commands import integrity as command
from annotation.models import Judgment, Rater, Study, TextVersion
from annotation.services import withdrawals
from tests import build
from tests.annotation.damaged import found, lived_in, unguarded
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lived(tmp_path):
    return lived_in(tmp_path)


def report(capsys, **how):
    """The exit code and what was printed."""
    code = 0
    try:
        call_command("integrity", **how)
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


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
