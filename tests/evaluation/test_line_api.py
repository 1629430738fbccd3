"""Judgments and verdicts by API: a body of lines, of which the good ones are stored."""

import json

import pytest
from rest_framework.test import APIClient

from annotation.models import Answer, Judgment
from annotation.vocabulary import Role
from evaluation.models import Judge, Verdict
from tests import build

pytestmark = pytest.mark.django_db
JUDGMENTS, VERDICTS = "/api/studies/s/judgments/", "/api/studies/s/verdicts/"
NDJSON = "application/x-ndjson"


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    lines = [build.reply_fields(query_id=f"q{n}", response_id=f"r{n}") for n in range(3)]
    build.batch(made, lines, tmp_path)
    return made


def caller(study, role=Role.ADMIN):
    client = APIClient()
    client.force_authenticate(build.member(study, role))
    return client


def said(n, answer="yes", **more):
    return {"response_id": f"r{n}", "question": "safe", "answer": answer, **more}


def send(client, url, lines, *, kind=NDJSON, **params):
    body = lines if isinstance(lines, bytes) else "\n".join(map(json.dumps, lines)).encode()
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return client.generic("POST", f"{url}?{query}" if query else url, body, content_type=kind)


def test_good_lines_are_stored_and_bad_ones_listed(study):
    lines = [said(0, rater="ann"), said(9, rater="ann"), said(1, "perhaps", rater="ann")]

    answer = send(caller(study), JUDGMENTS, lines)

    found = answer.json()
    assert (answer.status_code, found["stored"]) == (200, True)
    assert (found["read"], found["created"], found["refused"]) == (3, 1, 2)
    assert [(one["line"], one["field"]) for one in found["errors"]] == [
        (2, "response_id"),
        (3, "answer"),
    ]
    assert Judgment.objects.count() == 1


def test_R056_lines_that_are_sent_again_change_nothing(study):
    client = caller(study)
    lines = [said(n, rater="ann") for n in range(3)]
    send(client, JUDGMENTS, lines[:2])  # cut off here: nobody knows what arrived

    again = send(client, JUDGMENTS, lines).json()

    assert (again["unchanged"], again["created"]) == (2, 1)
    assert Answer.objects.filter(current=True).count() == 3


def test_verdicts_are_of_the_judge_that_the_address_names(study):
    params = {"judge": "strict", "model": "m", "prompt_version": "2", "simulated": "true"}

    answer = send(caller(study, Role.RESEARCHER), VERDICTS, [said(0), said(1, "no")], **params)

    judge = Judge.objects.get()
    assert answer.json()["created"] == 2
    assert (judge.name, judge.model, judge.prompt_version) == ("strict", "m", "2")
    assert judge.simulated


def test_verdicts_may_name_their_judge_on_each_line(study):
    lines = [said(0, judge="one"), said(0, "no", judge="two")]

    assert send(caller(study), VERDICTS, lines).json()["created"] == 2
    assert sorted(Judge.objects.values_list("name", flat=True)) == ["one", "two"]


def test_a_version_of_no_judge_is_refused(study):
    answer = send(caller(study), VERDICTS, [said(0)], prompt_version="2")

    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"prompt_version"}


def test_csv_is_read_with_its_header(study):
    body = b"response_id,question,answer\nr0,safe,yes\nr1,safe,maybe\n"

    found = send(caller(study), VERDICTS, body, kind="text/csv; charset=utf-8", judge="j").json()

    assert (found["created"], found["refused"]) == (1, 1)
    assert found["errors"][0]["line"] == 3


@pytest.mark.parametrize(("how", "stored"), [({"strict": "true"}, False), ({}, True)])
def test_R054_strict_stores_nothing_if_a_line_is_bad_by_api_too(study, how, stored):
    answer = send(caller(study), VERDICTS, [said(0), said(9)], judge="j", **how)

    assert answer.json()["stored"] is stored
    assert Verdict.objects.exists() is stored


def test_a_dry_run_stores_nothing(study):
    answer = send(caller(study), JUDGMENTS, [said(0, rater="ann")], dry_run="true")

    assert (answer.json()["created"], answer.json()["stored"]) == (1, False)
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("url", [JUDGMENTS, VERDICTS])
def test_what_is_no_body_of_lines_is_refused(study, url):
    client = caller(study)

    assert send(client, url, [], kind="application/json").status_code == 415
    assert send(client, url, [said(0)], dry_run="perhaps").status_code == 400
    assert send(client, url, [said(0)], raters="ann").status_code == 400


@pytest.mark.parametrize("url", [JUDGMENTS, VERDICTS])
def test_a_body_of_too_many_lines_is_refused_with_the_limit(study, url):
    answer = send(caller(study), url, b"x" * (2 * 1024 * 1024 + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["details"]["most"] == 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("role", "url", "status"),
    [
        (Role.RESEARCHER, JUDGMENTS, 403),
        (Role.RATER, VERDICTS, 403),
        (Role.RATER, JUDGMENTS, 403),
    ],
)
def test_R001_only_who_may_change_results_sends_them(study, role, url, status):
    assert send(caller(study, role), url, [said(0, rater="ann")]).status_code == status
    assert not Judgment.objects.exists()
