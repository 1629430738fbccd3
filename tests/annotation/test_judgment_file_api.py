"""A file of judgments by API: sent in parts, read as judgments, watched, stopped and read on."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from annotation.api import schemas
from annotation.models import Batch, Judgment, JudgmentFile, Upload
from annotation.services import judgment_files, parts
from annotation.vocabulary import LineFileState, Role
from config import jobs
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
UPLOADS, FILES = "/api/studies/s/uploads/", "/api/studies/s/judgments/files/"
HEAD = b"response_id,rater,question,answer\n"
GOOD = HEAD + b"r,ann,safe,yes\nr,bob,safe,no\n"
BAD = b"zz,ann,safe,no\n"


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    made = build.study("s", rubric=build.SAFE)
    build.batch(made, [build.reply_fields(response_id="r")], tmp_path)
    return made


@pytest.fixture
def client(study):
    found = APIClient()
    found.force_authenticate(build.member(study, Role.ADMIN))
    return found


def start(client, content, name="j.csv"):
    asked = {
        "file_name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    key = client.post(UPLOADS, asked, format="json").json()["key"]
    client.generic(
        "PATCH", f"{UPLOADS}{key}/", content, "application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET="0",
    )  # fmt: skip
    return key


def finish(client, key, *, what="judgments/"):
    return client.post(f"{UPLOADS}{key}/finish/{what}", {}, format="json")


@pytest.fixture
def waiting(study):
    """A file that no worker has taken up yet."""
    stored = judgment_files.store(SimpleUploadedFile("j.csv", GOOD))
    return judgment_files.register(study=study, stored=stored, by_id=None, now=NOW)


def test_a_file_in_parts_is_read_as_judgments_once(client):
    key = start(client, GOOD + BAD)

    first, again = finish(client, key), finish(client, key)

    assert (first.status_code, again.status_code) == (201, 200)
    found = first.json()
    assert (found["state"], found["read"], found["created"], found["refused"]) == ("ready", 3, 2, 1)
    assert [(one["line"], one["field"], one["value"]) for one in found["errors"]] == [
        (4, "response_id", "zz")
    ]
    assert again.json() == found
    assert Judgment.objects.count() == 2
    assert client.get(UPLOADS).json()["uploads"] == []


def test_a_file_becomes_judgments_or_a_batch_and_not_both(client):
    judged, brought = start(client, GOOD), start(client, GOOD + BAD)
    finish(client, judged)
    finish(client, brought, what="")

    refused = [finish(client, judged, what=""), finish(client, brought)]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (409, "upload_finished")
    ] * 2
    assert [one.json()["details"] for one in refused] == [{"judgments": 1}, {"batch": 2}]
    assert (Batch.objects.count(), JudgmentFile.objects.count()) == (2, 1)


def test_of_two_that_finish_a_file_at_the_same_time_in_two_ways_one_is_refused(client, study):
    upload = Upload.objects.get(key=start(client, GOOD))
    parts.become_batch(upload=upload, by_id=upload.started_by_id, now=NOW)

    with pytest.raises(parts.UploadFinished):
        parts.become_judgments(upload=upload, by_id=upload.started_by_id, now=NOW)


def test_a_file_of_another_kind_is_refused_and_may_still_become_a_batch(client):
    key = start(client, b"PK", name="log.eval")

    answer = finish(client, key)

    assert (answer.status_code, answer.json()["code"]) == (400, "upload_refused")
    assert ".parquet" in answer.json()["message"]
    assert client.get(f"{UPLOADS}{key}/").json()["judgments"] is None


def test_the_same_file_again_is_met_as_what_it_became(client):
    key = start(client, GOOD)
    finish(client, key)

    asked = {
        "file_name": "j.csv", "bytes": len(GOOD), "sha256": hashlib.sha256(GOOD).hexdigest(),
    }  # fmt: skip
    met = client.post(UPLOADS, asked, format="json")

    assert (met.status_code, met.json()["key"], met.json()["judgments"]) == (200, key, 1)


def test_a_finished_upload_is_forgotten_and_its_file_of_judgments_is_not(client):
    finish(client, start(client, GOOD))

    jobs.tidy(build.now() + parts.KEPT + build.HOUR)

    assert not Upload.objects.exists()
    assert client.get(f"{FILES}1/").json()["created"] == 2


def test_files_are_listed_the_latest_first_without_their_errors(client):
    finish(client, start(client, GOOD, "one.csv"))
    finish(client, start(client, GOOD + BAD, "two.csv"))

    found = client.get(FILES).json()["files"]

    assert [one["file_name"] for one in found] == ["two.csv", "one.csv"]
    assert found[0].keys() == schemas.JudgmentFileFacts().fields.keys()


def test_one_file_has_what_the_schema_says(client, waiting):
    found = client.get(f"{FILES}1/").json()

    assert found.keys() == schemas.JudgmentFileEntry().fields.keys()
    assert (found["state"], found["seconds_left"], found["unattended"]) == ("waiting", None, True)


def test_the_refused_lines_come_as_a_file(client):
    finish(client, start(client, GOOD + BAD))

    answer = client.get(f"{FILES}1/refused/")

    assert b"".join(answer.streaming_content).splitlines() == [HEAD.strip(), BAD.strip()]


def test_without_refused_lines_there_is_no_such_file(client):
    finish(client, start(client, GOOD))

    assert client.get(f"{FILES}1/refused/").status_code == 404


def test_a_file_is_stopped_and_read_on(client, waiting):
    stopped = client.post(f"{FILES}1/stop/", {}, format="json").json()
    ended = client.post(f"{FILES}1/on/", {}, format="json").json()
    over = client.post(f"{FILES}1/on/", {}, format="json")

    assert (stopped["state"], stopped["can_go_on"]) == ("cancelled", True)
    assert (ended["state"], ended["created"]) == ("ready", 2)
    assert (over.status_code, over.json()["code"]) == (409, "judgment_file_has_ended")


def test_a_file_that_waits_is_told_to_go_on_without_harm(client, waiting):
    answer = client.post(f"{FILES}1/on/", {}, format="json")

    assert (answer.status_code, answer.json()["state"]) == (200, LineFileState.WAITING)


@pytest.mark.parametrize("role", [Role.RATER, Role.RESEARCHER])
def test_only_admins_see_files_of_judgments(study, waiting, role):
    found = APIClient()
    found.force_authenticate(build.member(study, role))

    assert found.get(f"{FILES}1/").status_code == 403


def test_an_unknown_file_is_not_found(client):
    answer = client.get(f"{FILES}7/")

    assert (answer.status_code, answer.json()["code"]) == (404, "judgment_file_unknown")
