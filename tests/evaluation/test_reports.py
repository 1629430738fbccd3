"""Kept reports: computed as asked, kept as they were, computed again and equal; `verify`."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.selectors.asked import NO_FILTERS
from annotation.vocabulary import Role
from evaluation import tasks
from evaluation.errors import FilterInvalid, QuestionUnknown, ReportNotReady, ReportUnknown
from evaluation.models import Report
from evaluation.services import agreement, exclusions, reports, verification
from evaluation.services.report_kinds import AGREEMENT
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, given.TABLE, slug="kept")


def kept(study, **asked):
    return tasks.request_report(build.facts(study), AGREEMENT, asked, now=NOW, by_id=None)


def test_a_report_keeps_the_numbers_that_the_page_shows(study):
    report = kept(study, by=["model"])

    found = agreement.report(build.facts(study), by="model")
    assert report.result == json.loads(json.dumps(agreement.as_json(build.facts(study), found)))
    assert report.sha256 == reports.digest(report.result)


def test_a_report_is_computed_again_from_what_it_came_from(study, tmp_path):
    report = kept(study)
    given.judgments(study, tmp_path, [("a", "late", "safe", "no"), ("b", "late", "safe", "yes")])
    exclusions.add(
        build.facts(study), kind="item", subject="a", reason="Later.", now=NOW, by_id=None
    )

    assert reports.check(build.facts(study), report.number, now=NOW)

    report.refresh_from_db()
    assert report.equal
    assert (
        agreement.report(build.facts(study), filters=NO_FILTERS)[0].judgments
        > report.result["questions"][0]["judgments"]
    )


def test_a_report_whose_digits_differ_is_said_to_be_not_equal(study, monkeypatch):
    report = kept(study)
    monkeypatch.setattr(reports, "_computed", lambda *_: {"study": "kept", "questions": []})

    assert not reports.check(build.facts(study), report.number, now=NOW)


@pytest.mark.parametrize("change", [{"result": {}}, {"sha256": "0"}, {"until": 5}])
def test_a_report_that_is_ready_never_changes(study, change):
    report = kept(study)

    with pytest.raises(IntegrityError, match="report_kept"), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(**change)


def test_a_large_report_is_left_to_the_worker(study, monkeypatch):
    monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", 1)

    report = kept(study)
    tasks.write_report.func(study.slug, report.number)

    report.refresh_from_db()
    assert report.state == "ready"


def test_what_cannot_be_computed_is_refused_and_not_kept(study):
    with pytest.raises(QuestionUnknown):
        kept(study, question=["nope"])
    with pytest.raises(FilterInvalid):
        kept(study, rubric_version=["9"])

    assert not Report.objects.exists()


def test_an_unknown_report_and_one_that_is_not_ready_are_refused(study):
    with pytest.raises(ReportUnknown):
        reports.report_of(build.facts(study), 1)
    reports.request(build.facts(study), AGREEMENT, {}, now=NOW, by_id=None)

    with pytest.raises(ReportNotReady):
        reports.check(build.facts(study), 1, now=NOW)


def test_pages_keep_list_show_and_compute_again(study):
    client = Client()
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")

    made = client.post(reverse("evaluation:kept_reports", args=["kept"]), {"by": "model"})
    page = client.get(made["Location"]).content.decode()
    again = client.post(made["Location"], follow=True).content.decode()

    assert "SHA-256" in page
    assert "every digit is equal" in again
    assert (
        "by: model"
        in client.get(reverse("evaluation:kept_reports", args=["kept"])).content.decode()
    )


def test_verify_says_equal_with_the_other_package(study, capsys):
    found = given.printed(capsys, "verify", "kept")

    assert found["equal"]
    assert found["questions"][0]["by"].startswith("krippendorff ")
    assert found["questions"][0]["value"] == pytest.approx(
        agreement.report(build.facts(study))[0].alpha.value, abs=1e-12
    )


def test_verify_covers_several_choices_scales_and_turns(tmp_path):
    study = given.rich(tmp_path)

    found = verification.verify(build.facts(study))

    assert {(one.key, one.scope) for one in found} == {
        ("misled", "conversation"), ("misled", "turn"), ("who", "conversation"),
        ("severity", "conversation"),
    }  # fmt: skip
    assert all(one.equal for one in found)


def test_verify_ends_with_1_where_a_number_differs(study, monkeypatch, capsys):
    monkeypatch.setattr(verification, "_theirs", lambda *_: 0.123)

    with pytest.raises(SystemExit) as ended:
        call_command("verify", "kept")

    assert ended.value.code == 1
    assert "NOT EQUAL" in capsys.readouterr().out


def test_verify_of_no_study_ends_with_2():
    with pytest.raises(CommandError) as refused:
        call_command("verify", "nothing")

    assert refused.value.returncode == 2


def test_draws_stand_beside_every_coefficient_and_a_seed_repeats_them(study, capsys):
    one = given.printed(capsys, "agreement", "kept", "--bootstrap", "50", "--seed", "3")
    two = given.printed(capsys, "agreement", "kept", "--bootstrap", "50", "--seed", "3")

    assert one == two
    assert all("bootstrap" in found for found in one["questions"][0]["coefficients"])


def test_of_a_large_study_the_page_leads_to_a_kept_report(study, monkeypatch):
    monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", 1)
    client = Client()
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    report = kept(study, by=["model"])
    tasks.write_report.func(study.slug, report.number)

    page = client.get(reverse("evaluation:agreement", args=["kept"]), {"by": "model"})
    table = client.get(reverse("evaluation:agreement_csv", args=["kept"]))

    assert reverse("evaluation:kept_report", args=["kept", 1]) in page.content.decode()
    assert table.status_code == 409


def test_the_api_asks_for_a_report_and_refuses_what_is_too_large(study, monkeypatch):
    monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", 1)
    client = APIClient()
    client.force_authenticate(build.member(study, Role.RESEARCHER))

    at_once = client.get(reverse("api-agreement", args=["kept"]))
    asked = client.post(reverse("api-reports", args=["kept"]), {"by": "model"}, format="json")

    assert at_once.json()["code"] == "report_needed"
    assert asked.status_code == 201
    assert asked.json()["asked"] == {"by": ["model"]}


def test_the_api_refuses_a_report_by_a_filter_that_is_none(study):
    client = APIClient()
    client.force_authenticate(build.member(study, Role.RESEARCHER))

    asked = client.post(reverse("api-reports", args=["kept"]), {"gold": "maybe"}, format="json")

    assert asked.status_code == 422
    assert asked.json()["details"]["field"] == "gold"


@pytest.mark.parametrize("table", [{"a": "yes", "b": "no"}, {"a": "yes yes", "b": "yes yes"}])
def test_a_bootstrap_of_what_has_no_value_says_why(tmp_path, capsys, table):
    given.safe(tmp_path, table, slug="bare")

    (question,) = given.printed(capsys, "agreement", "bare", "--bootstrap", "20")["questions"]

    alpha = question["coefficients"][0]
    assert (alpha["value"], bool(alpha["reason"])) == (None, True)
    assert not any((alpha.get("bootstrap") or {}).values())
