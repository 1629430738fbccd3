"""A batch that came by API is read: what cannot be, what is wrong in it, and how it is watched."""

import base64
import gzip
import io
import resource
import time
import zipfile
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from annotation.models import Batch
from annotation.vocabulary import BatchState
from tests import build
from tests.annotation.sending import (
    BATCHES,
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


# What cannot be read


def bomb(name: str) -> bytes:
    """A file of some 100 kB or less that unpacks to 100 MB or more."""
    if name == "log.eval":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", b" " * 300_000_000)
            archive.writestr("samples/1_epoch_1.json", b'{"id": 1' + b" " * 300_000_000)
        return packed.getvalue()
    return gzip.compress(b'{"a": 1}\n' * 12_000_000, compresslevel=9)


UNREADABLE = {
    "zip bomb": ("log.eval", lambda: bomb("log.eval")),
    "gzip bomb": ("b.jsonl.gz", lambda: bomb("b.jsonl.gz")),
    "gzip bomb as CSV": ("b.csv.gz", lambda: bomb("b.csv.gz")),
    "gzip bomb as Parquet": ("b.parquet.gz", lambda: bomb("b.parquet.gz")),
    "gzip that never ends": ("b.jsonl.gz", lambda: gzip.compress(lines(*[{"a": 1}] * 9_000))[:-8]),
    "deep JSON as a log": ("log.json", lambda: b'{"a":' * 200_000),
    "deep JSON as an export": ("export.json", lambda: b"[" * 2_000_000),
    "picture": ("b.jsonl", lambda: base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB") * 9),
    "picture as Parquet": ("b.parquet", lambda: b"\x89PNG\r\n\x1a\n" * 99),
    "not UTF-8": ("b.csv", lambda: "query_id,model\nä,ö\n".encode("latin-1")),
    "nothing but a header": ("b.csv", lambda: b"query_id,model\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_R054_what_cannot_be_read_is_refused_in_seconds_by_api_and_page(
    client, boss, what, tmp_path
):
    name, made = UNREADABLE[what]
    content = made()
    browser = APIClient()
    browser.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    from django.core.files.uploadedfile import SimpleUploadedFile

    began, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    by_api = sent(client, content, name)
    by_page = browser.post("/studies/s/batches/", {"uploads": SimpleUploadedFile(name, content)})
    took = time.process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory

    assert (by_api.status_code, by_api.json()["code"]) == (400, "file_unreadable")
    assert by_page.status_code == 422
    assert not Batch.objects.exists()
    assert files_in(tmp_path) == []
    assert took < 10
    assert grown < 300 * 1024  # kB


DEEP = b'{"a":' * 3_000
WRONG = [b"null", b"5", b'"x"', b"[]", DEEP, b'{"query_id": 5}', b'{"query_id": NaN}', b'{"messages": {}}',
         b'{"query_id": "a\\u0000"}', b'{"query_id": "\\ud800"}', b'{"a": 1, "a": 2}']  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_R062_a_line_of_another_kind_is_listed_by_api(client, wrong):
    done = sent(client, lines(build.reply_fields()) + wrong + b"\n")

    found = client.get(f"{BATCHES}{done.json()['number']}/errors/").json()
    assert (done.json()["created"], done.json()["refused"]) == (1, 1)
    assert {one["line"] for one in found["errors"]} == {2}
    assert all(one["reason"] for one in found["errors"])


# Watching it


def test_errors_come_in_pages_with_line_field_value_and_reason(client):
    number = sent(client, lines(*(build.reply_fields(framing="up") for _ in range(150)))).json()[
        "number"
    ]

    first, last = (client.get(f"{BATCHES}{number}/errors/", {"page": n}).json() for n in (1, 2))

    assert (first["refused"], first["reasons"], first["pages"]) == (150, 150, 2)
    assert (len(first["errors"]), len(last["errors"])) == (100, 50)
    assert first["errors"][0]["line"] == 1
    assert (first["errors"][0]["field"], first["errors"][0]["value"]) == ("framing", "up")
    for page in ("0", "3", "x", "٢x"):
        answer = client.get(f"{BATCHES}{number}/errors/", {"page": page})
        assert (answer.status_code, list(answer.json()["details"])) == (400, ["page"])


def test_refused_lines_are_fetched_corrected_and_sent_again(client):
    bad = build.reply_fields(framing="up")
    number = sent(client, lines(build.reply_fields(), bad)).json()["number"]

    answer = client.get(f"{BATCHES}{number}/refused/")
    again = b"".join(answer.streaming_content).replace(b'"up"', b'"neutral"')

    assert sent(client, again).json()["created"] == 1
    assert client.get(f"{BATCHES}2/refused/").status_code == 404


def test_a_batch_being_read_says_share_rate_and_time_left(client, study):
    sent(client, lines(build.reply_fields()))
    Batch.objects.update(
        state=BatchState.READING, read=500, share=0.5, began_at=build.now() - timedelta(seconds=50)
    )

    found = client.get(f"{BATCHES}1/").json()

    assert (found["share"], found["state"]) == (0.5, "reading")
    assert 8 <= found["rate"] <= 10
    assert 49 <= found["seconds_left"] <= 60
    assert client.get(BATCHES).json()["batches"][0]["number"] == 1


def test_reading_is_stopped_and_goes_on(client):
    sent(client, lines(build.reply_fields()))
    Batch.objects.update(state=BatchState.READING, share=0.5)

    stopped = client.post(f"{BATCHES}1/stop/").json()
    on = client.post(f"{BATCHES}1/again/").json()

    assert (stopped["state"], stopped["can_go_on"]) == ("cancelled", True)
    assert on["state"] == "ready"


def test_R043_reading_again_from_the_beginning_adds_other_texts_as_new_versions(client):
    line = build.reply_fields()
    other = {**line, "messages": [*line["messages"][:-1], {"role": "assistant", "content": "New."}]}
    sent(client, lines(line))
    assert sent(client, lines(other)).json()["refused"] == 1

    again = client.post(
        f"{BATCHES}2/again/", {"start": "beginning", "new_versions": True}, format="json"
    )

    assert (again.json()["updated"], again.json()["refused"]) == (1, 0)


def test_new_versions_can_be_asked_for_when_finishing(client):
    line = build.reply_fields()
    other = {**line, "messages": [*line["messages"][:-1], {"role": "assistant", "content": "New."}]}
    sent(client, lines(line))
    key = start(client, lines(other)).json()["key"]
    patch(client, key, 0, lines(other))

    assert finish(client, key, new_versions=True).json()["updated"] == 1


def test_a_batch_that_came_by_command_cannot_be_read_again(client, study, tmp_path):
    build.batch(study, [build.reply_fields()], tmp_path)

    answer = client.post(f"{BATCHES}1/again/")

    assert (answer.status_code, answer.json()["code"]) == (409, "batch_has_no_file")
    assert client.get(f"{BATCHES}1/refused/").status_code == 404
    assert client.get(f"{BATCHES}9/").status_code == 404
