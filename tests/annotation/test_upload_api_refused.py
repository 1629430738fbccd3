"""What an upload by API may not be, who may send and watch, and what a full disk does."""

import json

import pytest
from rest_framework.test import APIClient

from annotation.api import schemas
from annotation.models import Batch, Upload
from annotation.services import batches, parts
from annotation.vocabulary import Role
from tests import build
from tests.annotation.sending import (
    BATCHES,
    UPLOADS,
    bearer,
    files_in,
    finish,
    lines,
    patch,
    sent,
    start,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_here")]


@pytest.fixture
def client(boss):
    return bearer(boss)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"file_name": "a.xlsx"}, "upload_refused"),
        ({"file_name": "a\n.jsonl"}, "upload_refused"),
        ({"file_name": ""}, "invalid"),
        ({"file_name": "a" * 300 + ".jsonl"}, "invalid"),
        ({"file_name": None}, "invalid"),
        ({"file_name": ["a.jsonl"]}, "invalid"),
        ({"bytes": 0}, "invalid"),
        ({"bytes": -1}, "invalid"),
        ({"bytes": "7"}, "invalid"),
        ({"bytes": True}, "invalid"),
        ({"bytes": 1.5}, "invalid"),
        ({"bytes": 2 * 1024**3 + 1}, "upload_refused"),
        ({"bytes": 10**30}, "upload_refused"),
        ({"sha256": "abc"}, "upload_refused"),
        ({"sha256": 5}, "upload_refused"),
        ({"kind": "verdicts"}, "invalid"),
    ],
)
def test_what_cannot_be_an_upload_is_not_started(client, changes, code):
    answer = start(client, b"content", **changes)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/x.jsonl", "/etc/x.jsonl", "..\\..\\x.jsonl", "..%2fx.jsonl", "CON.jsonl"]
)
def test_R023_a_name_leads_nowhere_and_the_file_has_one_of_the_server_s(client, tmp_path, name):
    bad = build.reply_fields(framing="up")
    before = {path for path in tmp_path.parent.rglob("*") if "uploads" not in path.parts}

    number = sent(client, lines(bad), name).json()["number"]
    download = client.get(f"{BATCHES}{number}/refused/")

    assert {path.name.removesuffix(".refused") for path in files_in(tmp_path)} == {
        Batch.objects.get().stored_name
    }
    assert before == {path for path in tmp_path.parent.rglob("*") if "uploads" not in path.parts}
    assert "/" not in Batch.objects.get().file_name
    assert "/" not in download["Content-Disposition"]
    assert b"".join(download.streaming_content)


PAGE = "<!doctype html><script>alert(1)</script>"


def test_R022_nothing_that_was_uploaded_is_ever_shown_as_a_page(client, boss):
    number = sent(client, lines(build.reply_fields(framing=PAGE)), "x.html.jsonl").json()["number"]
    browser = APIClient()
    browser.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")

    for answer in (
        client.get(f"{BATCHES}{number}/refused/", HTTP_ACCEPT="text/html"),
        browser.get(f"/studies/s/batches/{number}/refused/"),
    ):
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert PAGE.encode() in b"".join(answer.streaming_content)
    assert PAGE not in browser.get(f"/studies/s/batches/{number}/").content.decode()
    stored = Batch.objects.get().stored_name
    for address in (f"/uploads/{stored}", f"/media/{stored}", f"/static/{stored}"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.html.gz"])
def test_R022_a_page_or_picture_is_no_batch(client, name):
    assert start(client, b"<svg/>", name).json()["code"] == "upload_refused"


@pytest.mark.parametrize(
    ("role", "status"), [(Role.RATER, 403), (Role.RESEARCHER, 403), (None, 404), ("nobody", 401)]
)
def test_R001_only_admins_send_and_watch(study, client, role, status):
    sent(client, lines(build.reply_fields()))
    other = build.member(study, role) if isinstance(role, Role) else build.user()
    caller = APIClient() if role == "nobody" else bearer(other)
    key = Upload.objects.get().key

    for answer in (
        caller.get(UPLOADS), start(caller, b"content"), caller.get(f"{UPLOADS}{key}/"),
        patch(caller, key, 0, b"x"), finish(caller, key), caller.delete(f"{UPLOADS}{key}/"),
        caller.get(BATCHES), caller.get(f"{BATCHES}1/"), caller.get(f"{BATCHES}1/errors/"),
        caller.get(f"{BATCHES}1/refused/"), caller.post(f"{BATCHES}1/stop/"),
        caller.post(f"{BATCHES}1/again/"),
    ):  # fmt: skip
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message", "details"}


def test_an_upload_of_another_study_does_not_exist(client, boss):
    other = build.study("other")
    foreign = build.upload(other, build.member(other, Role.ADMIN), b"content")

    assert client.get(f"{UPLOADS}{foreign.key}/").status_code == 404
    assert patch(client, foreign.key, 0, b"con").status_code == 404


def test_a_full_disk_is_said_and_the_part_can_be_sent_again(client, monkeypatch, tmp_path):
    key = start(client, b"content").json()["key"]

    def full(*more, **kwargs):
        raise OSError(28, "No space left on device", str(tmp_path))

    with monkeypatch.context() as broken:
        broken.setattr(parts.shutil, "copyfileobj", full)
        answer = patch(client, key, 0, b"con")

    assert (answer.status_code, answer.json()["code"]) == (507, "upload_not_stored")
    assert str(tmp_path) not in answer.content.decode()
    assert patch(client, key, 0, b"con").status_code == 200


def test_no_upload_is_left_where_its_file_could_not_be_made(client, monkeypatch):
    monkeypatch.setattr(batches, "new_stored_name", lambda: "no/such/place")

    assert start(client, b"content").status_code == 507
    assert not Upload.objects.exists()


def shape(value):
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return shape(value[0]) if isinstance(value, list) and value else None


def test_answers_have_the_shape_of_their_schemas(client):
    begun = start(client, b"content").json()
    done = sent(client, lines(build.reply_fields(framing="up"))).json()
    answers = [
        (begun, schemas.UploadEntry),
        (client.get(UPLOADS).json(), schemas.UploadList),
        (done, schemas.BatchEntry),
        (client.get(BATCHES).json(), schemas.BatchList),
        (client.get(f"{BATCHES}1/errors/").json(), schemas.LineErrors),
    ]

    for answer, schema in answers:
        assert shape(json.loads(json.dumps(schema(answer).data))) == shape(answer)
