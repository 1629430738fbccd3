"""A judge's page as files: the same digits as the page, the command and the API."""

import csv
import io
import re

import pytest
from django.urls import reverse

from annotation.vocabulary import Role
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")


@pytest.fixture
def got(study, client):
    """Fetch a page or file of the one judge."""
    client.force_login(build.member(study, Role.RESEARCHER))
    judge = given.judge(study).pk

    def fetch(name, *more, **asked):
        return client.get(reverse(f"evaluation:{name}", args=["kind", judge, *more]), asked)

    return fetch


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_the_json_is_what_command_and_api_give(study, got, client, capsys):
    by_command = given.printed(capsys, "judge_report", "kind", "--judge", "robo")
    by_api = client.get(reverse("api-judge-report", args=["kind", given.judge(study).pk])).json()

    assert got("judge_json").json() == by_command == by_api


def test_the_table_has_every_number_of_the_page(got):
    page = re.findall(r'<data value="([^"]+)"', got("judge").content.decode())

    found = {row[name] for row in rows(got("judge_csv")) for name in ("value", "low", "high")}

    measures = {row["measure"] for row in rows(got("judge_csv"))}
    assert {"accuracy", "cohen_kappa", "agreement_difference", "sensitivity"} <= measures
    # What stands besides is of the test with persons left out, one by one: in the JSON.
    assert len(set(page) & found) > 20


def test_the_table_has_the_confusion_matrix(got):
    cells = {
        (row["option"], row["judge_option"]): row["value"]
        for row in rows(got("judge_csv"))
        if row["measure"] == "confusion"
    }

    # People said no six times: of b three, d two, a one; the judge says no of b alone.
    assert cells == {
        ("no", "no"): "3",
        ("no", "yes"): "3",
        ("yes", "no"): "0",
        ("yes", "yes"): "6",
    }


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_the_chart_is_a_picture_of_its_own(got, form, begins):
    answer = got(f"judge_chart_{form}", "safe-conversation")

    assert answer.content.startswith(begins)


def test_a_chart_that_is_not_there_is_named(got):
    answer = got("judge_chart_svg", "pie")

    assert answer.status_code == 404
    assert "There are safe-conversation." in answer.content.decode()


def test_the_page_leads_to_its_files_and_keeps_what_was_asked(got):
    page = got("judge", question="safe", exclusions="none").content.decode()

    assert ".csv?question=safe&amp;exclusions=none" in page
    assert ".json?question=safe&amp;exclusions=none" in page
    assert "charts/safe-conversation.png?question=safe&amp;exclusions=none" in page
