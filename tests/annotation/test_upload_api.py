"""A batch by API: started, sent in parts, gone on with, finished, abandoned; and who may."""

from datetime import timedelta

import pytest

from annotation.models import Batch, Response, Upload
from annotation.services import parts
from annotation.vocabulary import Role
from config import jobs
from tests import build
from tests.annotation.sending import (
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


def test_a_file_in_parts_becomes_a_batch(client, boss):
    content = lines(build.reply_fields(), build.reply_fields())
    key = start(client, content).json()["key"]

    offsets = [
        patch(client, key, 0, content[:100])["Upload-Offset"],
        patch(client, key, 100, content[100:])["Upload-Offset"],
    ]
    done = finish(client, key)

    assert offsets == ["100", str(len(content))]
    assert (done.status_code, done.json()["state"], done.json()["created"]) == (201, "ready", 2)
    assert Batch.objects.get().created_by == boss
    assert Response.objects.count() == 2


def test_where_to_go_on_is_said_by_get_and_head(client):
    content = lines(build.reply_fields())
    key = start(client, content).json()["key"]
    patch(client, key, 0, content[:50])

    asked, head = (getattr(client, how)(f"{UPLOADS}{key}/") for how in ("get", "head"))

    assert (asked.json()["offset"], asked.json()["bytes"]) == (50, len(content))
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("50", str(len(content)))
    assert head.content == b""


@pytest.mark.parametrize("offset", [0, 49, 51, 10**18])
def test_a_part_for_another_place_is_told_the_right_one(client, offset):
    content = lines(build.reply_fields())
    key = start(client, content).json()["key"]
    patch(client, key, 0, content[:50])

    answer = patch(client, key, offset, content[50:60])

    assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset_wrong")
    assert answer.json()["details"] == {"offset": 50}
    assert "at byte 50" in answer.json()["message"]


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "٣", "9" * 40])
def test_a_part_says_where_it_begins(client, offset):
    key = start(client, b"content").json()["key"]

    answer = patch(client, key, offset, b"con")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_part_without_a_length_or_of_another_type_is_refused(client):
    key = start(client, b"content").json()["key"]

    assert patch(client, key, 0, b"con", kind="application/json").status_code == 415
    assert patch(client, key, 0, b"").status_code == 411
    assert Upload.objects.get().received == 0


def test_a_part_is_no_larger_than_a_part_or_what_is_left(client, monkeypatch):
    monkeypatch.setattr(parts, "LARGEST_PART", 4)
    key = start(client, b"content").json()["key"]

    too_large = patch(client, key, 0, b"conte")
    patch(client, key, 0, b"cont")
    beyond = patch(client, key, 4, b"ent!")

    assert (too_large.status_code, too_large.json()["details"]) == (413, {"most": 4})
    assert (beyond.status_code, beyond.json()["details"]) == (413, {"most": 3})
    assert Upload.objects.get().received == 4


def test_R122_a_part_shorter_than_it_said_counts_nothing(study, boss):
    upload = build.upload(study, boss, b"content")

    with pytest.raises(parts.UploadPartCutOff, match="ended after 3 of 5 bytes"):
        parts.add(upload=upload, offset=0, pieces=[b"con"], length=5, now=build.now())

    assert Upload.objects.get().received == 0


def test_a_stream_that_goes_on_beyond_what_is_left_is_refused(study, boss):
    upload = build.upload(study, boss, b"content")

    with pytest.raises(parts.UploadPartTooLarge):
        parts.add(
            upload=upload, offset=0, pieces=iter(lambda: b"x", b""), length=None, now=build.now()
        )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_parts_at_once_for_one_place_one_is_added(study, boss, tmp_path):
    upload = build.upload(study, boss, b"content")

    def add(part):
        try:
            return parts.add(upload=upload, offset=0, pieces=[part], length=3, now=build.now())
        except parts.UploadOffsetWrong as refusal:
            return refusal.details["offset"]

    assert build.at_once(lambda: add(b"aaa"), lambda: add(b"bbb")) == [3, 3]
    assert files_in(tmp_path)[0].read_bytes() in (b"aaa", b"bbb")


def test_R056_the_same_file_started_twice_is_one_upload(study, client):
    content = lines(build.reply_fields())
    other_admin = bearer(build.member(study, Role.ADMIN))

    first, again = start(client, content), start(other_admin, content)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["key"] == again.json()["key"]
    for other in (start(client, content, "b.jsonl"), start(client, content + b"\n"),
                  start(client, content, sha256="0" * 64), start(client, content, sha256="")):  # fmt: skip
        assert other.status_code == 201


def test_R056_finishing_twice_answers_with_the_same_batch(client):
    content = lines(build.reply_fields())
    first = sent(client, content)

    again = finish(client, Upload.objects.get().key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Batch.objects.count() == 1


def test_R056_the_same_file_started_again_a_moment_later_is_the_batch_it_became(client):
    content = lines(build.reply_fields())
    sent(client, content)

    again = start(client, content)
    Upload.objects.update(moved_at=build.now() - parts.RETRIED - timedelta(seconds=1))
    later = start(client, content)

    assert (again.status_code, again.json()["batch"]) == (200, 1)
    assert again.json()["offset"] == len(content)
    assert (later.status_code, later.json()["batch"]) == (201, None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_two_admins_with_the_same_file_at_once_make_one_batch(study, boss):
    content = lines(build.reply_fields())
    other = build.member(study, Role.ADMIN)

    def send(account):
        caller = bearer(account)
        key = start(caller, content).json()["key"]
        patch(caller, key, 0, content)
        return finish(caller, key).json()["number"]

    assert build.at_once(lambda: send(boss), lambda: send(other)) == [1, 1]
    assert (Batch.objects.count(), Response.objects.count()) == (1, 1)


def test_a_finished_file_takes_no_part_and_is_not_abandoned(client):
    content = lines(build.reply_fields())
    sent(client, content)
    key = Upload.objects.get().key

    refused = [patch(client, key, len(content), b"x"), client.delete(f"{UPLOADS}{key}/")]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (409, "upload_finished")
    ] * 2
    assert client.get(UPLOADS).json()["uploads"] == []


def test_R122_a_file_with_parts_missing_is_not_finished(client):
    key = start(client, b"content").json()["key"]
    patch(client, key, 0, b"con")

    answer = finish(client, key)

    assert (answer.status_code, answer.json()["details"]) == (409, {"offset": 3})
    assert not Batch.objects.exists()


def test_R122_another_sha256_loads_nothing_and_the_file_can_be_sent_again(client):
    content = lines(build.reply_fields())
    key = start(client, content).json()["key"]
    patch(client, key, 0, content.replace(b"neutral", b"Neutral").replace(b"acme", b"ACME"))

    damaged = finish(client, key)
    patch(client, key, 0, content)

    assert (damaged.status_code, damaged.json()["code"]) == (422, "upload_damaged")
    assert damaged.json()["details"]["offset"] == 0
    assert not Batch.objects.exists()
    assert finish(client, key).status_code == 201


def test_an_abandoned_upload_is_gone_with_its_file(client, tmp_path):
    key = start(client, b"content").json()["key"]

    assert client.delete(f"{UPLOADS}{key}/").status_code == 204

    assert client.get(f"{UPLOADS}{key}/").json()["code"] == "upload_gone"
    assert patch(client, key, 0, b"con").status_code == 404
    assert finish(client, key).status_code == 404
    assert files_in(tmp_path) == []


def test_a_part_of_an_upload_abandoned_meanwhile_is_refused(study, boss):
    upload = build.upload(study, boss, b"content")

    def pieces():
        yield b"con"
        Upload.objects.filter(pk=upload.pk).delete()

    with pytest.raises(parts.UploadGone):
        parts.add(upload=upload, offset=0, pieces=pieces(), length=3, now=build.now())


def test_a_study_has_so_many_unfinished_uploads_and_no_more(client, monkeypatch):
    monkeypatch.setattr(parts, "OPEN_AT_ONCE", 1)
    start(client, b"content")

    answer = start(client, b"another")

    assert (answer.status_code, answer.json()["code"]) == (409, "uploads_too_many")
    assert start(client, b"content").status_code == 200


def test_uploads_that_were_left_are_forgotten_by_the_job_workers(study, boss, client, tmp_path):
    sent(client, lines(build.reply_fields()))
    for content in (b"left", b"going on"):
        build.upload(study, boss, content)
    Upload.objects.exclude(bytes=8).update(moved_at=build.now() - parts.KEPT - timedelta(minutes=1))

    jobs.tidy(build.now())
    jobs.tidy(build.now())

    assert Upload.objects.get().bytes == 8
    assert len(files_in(tmp_path)) == 2  # the batch's, and the one that goes on
