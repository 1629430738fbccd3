import gzip
import json
import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from annotation.forms import uploads as forms
from annotation.models import Batch, LineError, Response
from annotation.selectors.speeds import about
from annotation.services import batches, uploads
from annotation.tasks import load_batch
from annotation.vocabulary import BatchState
from tests import build
from tests.pages import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_here", "admin")]


def file(*lines: dict, name: str = "replies.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "".join(json.dumps(line) + "\n" for line in lines).encode())


def sent(client, *files, **more):
    return client.post("/studies/s/batches/", {"uploads": list(files), **more})


def test_an_uploaded_file_becomes_a_batch(study, admin, client):
    response = sent(client, file(build.reply_fields()))

    batch = Batch.objects.get()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == "/studies/s/batches/1/"
    assert (batch.state, batch.read, batch.created, batch.created_by) == (
        BatchState.READY,
        1,
        1,
        admin,
    )
    assert "Every line is in the study" in page(client.get("/studies/s/batches/1/"))


def test_gzip_and_csv_are_taken(client):
    line = build.reply_fields()
    packed = SimpleUploadedFile("a.jsonl.gz", gzip.compress(json.dumps(line).encode()))
    table = SimpleUploadedFile(
        "b.csv", b"query_id,model,value_a,value_b,prompt,response\nq,m,A,B,Why?,So.\n"
    )

    sent(client, packed, table)

    assert list(Batch.objects.values_list("state", "created")) == [(BatchState.READY, 1)] * 2


def test_each_of_several_files_becomes_a_batch(client):
    response = sent(
        client,
        file(build.reply_fields(), name="a.jsonl"),
        file(build.reply_fields(), name="b.jsonl"),
    )

    assert response["Location"] == "/studies/s/batches/"
    assert list(Batch.objects.order_by("number").values_list("file_name", flat=True)) == [
        "a.jsonl",
        "b.jsonl",
    ]
    assert Response.objects.count() == 2


def test_good_lines_are_kept_and_bad_lines_listed(client):
    bad = build.reply_fields(value_a="")

    sent(client, file(build.reply_fields(), bad, build.reply_fields()))
    shown = page(client.get("/studies/s/batches/1/"))

    error = LineError.objects.get()
    assert Response.objects.count() == 2
    assert (error.line, error.field) == (2, "value_a")
    row = re.search(r"<tbody[^>]*>\s*<tr[^>]*>(.*?)</tr>", shown, re.DOTALL)[1]
    cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
    assert cells == ["2", "value_a", "", error.reason]


def test_what_stands_in_a_wrong_field_is_shown(client):
    sent(client, file(build.reply_fields(framing="sideways")))

    assert "<code>sideways</code>" in page(client.get("/studies/s/batches/1/"))


def test_refused_lines_are_downloaded_corrected_and_uploaded_again(client):
    good, bad = build.reply_fields(), build.reply_fields(framing="sideways")
    sent(client, file(good, bad))
    shown = page(client.get("/studies/s/batches/1/"))

    answer = client.get("/studies/s/batches/1/refused/")
    lines = b"".join(answer.streaming_content).decode()

    assert "/studies/s/batches/1/refused/" in shown
    assert "-refused.jsonl" in answer["Content-Disposition"]
    assert json.loads(lines) == bad
    sent(client, file(json.loads(lines) | {"framing": "neutral"}))
    assert Response.objects.count() == 2


def test_a_batch_without_refused_lines_has_no_file_of_them(client):
    sent(client, file(build.reply_fields()))

    assert client.get("/studies/s/batches/1/refused/").status_code == HTTPStatus.NOT_FOUND
    assert "/refused/" not in page(client.get("/studies/s/batches/1/"))


def test_uploading_again_makes_no_duplicates(client):
    line = build.reply_fields()
    sent(client, file(line))

    sent(client, file(line))

    again = Batch.objects.get(number=2)
    assert (again.created, again.unchanged, Response.objects.count()) == (0, 1, 1)


def test_another_text_is_refused_unless_new_versions_are_wanted(client):
    line = build.reply_fields()
    changed = {
        **line,
        "messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "Other."}],
    }
    sent(client, file(line))

    sent(client, file(changed))
    sent(client, file(changed), new_versions="on")

    assert Batch.objects.get(number=2).refused == 1
    assert Batch.objects.get(number=3).updated == 1


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (SimpleUploadedFile("table.xlsx", b"x"), "table.xlsx: must end in .jsonl, .csv, .parquet"),
        (SimpleUploadedFile("none.jsonl", b""), "none.jsonl: is empty."),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_by_name(client, upload, sentence):
    upload.seek(0)

    response = sent(client, file(build.reply_fields()), upload)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page(response)
    assert not Batch.objects.exists()


def test_a_file_over_the_limit_is_refused(client, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST", 10)

    response = sent(client, file(build.reply_fields()))

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "larger than 2 GB" in page(response)


def test_no_file_is_said_so(client):
    response = sent(client)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose at least one file." in page(response)


def test_what_can_be_seen_to_be_unreadable_is_refused_at_once(client, tmp_path):
    response = sent(
        client, file(build.reply_fields()), SimpleUploadedFile("bad.jsonl", b"\xff\xff\xff")
    )

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "bad.jsonl is not UTF-8 text" in page(response)
    assert not Batch.objects.exists()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_what_is_unreadable_further_on_the_batch_says_and_it_can_be_read_again(client, monkeypatch):
    monkeypatch.setattr(uploads, "LOOKED_THROUGH", 10)
    good = file(build.reply_fields(messages=build.conversation(2, text="x" * 20_000))).read()

    sent(client, SimpleUploadedFile("bad.jsonl", good * 3 + b"\xff\xff\xff"))

    batch = Batch.objects.get()
    shown = page(client.get("/studies/s/batches/1/"))
    assert batch.state == BatchState.FAILED
    assert "is not UTF-8 text" in shown
    assert "/studies/s/batches/1/again/" in shown


def test_a_full_disk_is_said_on_the_page_and_nothing_is_left(client, monkeypatch, tmp_path):
    names = iter(["first", "no/such/place"])
    monkeypatch.setattr(batches, "new_stored_name", lambda: next(names))

    response = sent(client, file(build.reply_fields()), file(build.reply_fields()))

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "could not be stored" in page(response)
    assert not Batch.objects.exists()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_no_batch_is_left_without_its_job(client, monkeypatch):
    def lost(*more):
        raise RuntimeError("no queue")

    monkeypatch.setattr(type(load_batch), "enqueue", lost)

    with pytest.raises(RuntimeError):
        sent(client, file(build.reply_fields()))
    assert not Batch.objects.exists()


def test_a_reading_that_breaks_off_fails_the_batch(study, client, monkeypatch):
    def broken(**more):
        Batch.objects.update(state=BatchState.READING)
        raise RuntimeError("gone")

    monkeypatch.setattr(batches, "load", broken)

    sent(client, file(build.reply_fields()))

    batch = Batch.objects.get()
    assert batch.state == BatchState.FAILED
    assert "broke off" in batch.failure


def test_a_failed_batch_is_read_again(study, client):
    sent(client, file(build.reply_fields()))
    Batch.objects.update(state=BatchState.FAILED, failure="Reading broke off.")

    response = client.post("/studies/s/batches/1/again/")

    batch = Batch.objects.get()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (batch.state, batch.failure, batch.unchanged) == (BatchState.READY, "", 1)


def test_reading_again_with_new_versions_stores_what_was_refused(client):
    line = build.reply_fields()
    sent(client, file(line))
    sent(
        client,
        file(
            {**line, "messages": [*line["messages"][:1], {"role": "assistant", "content": "New."}]}
        ),
    )

    client.post("/studies/s/batches/2/again/", {"new_versions": "on"})

    assert Batch.objects.get(number=2).updated == 1


def test_a_waiting_batch_is_not_queued_twice(study, client):
    sent(client, file(build.reply_fields()))
    Batch.objects.update(state=BatchState.WAITING, created=7)

    response = client.post("/studies/s/batches/1/again/", follow=True)

    assert "waits to be read already" in page(response)
    assert Batch.objects.get().created == 7


def test_reading_while_the_job_runs_shows_the_lines_read(study, monkeypatch):
    seen = []
    [stored] = uploads.store([file(build.reply_fields())])
    batch = batches.register(
        study=study, now=timezone.now(), file_name=stored.file_name, stored_name=stored.stored_name
    )
    original = batches.load

    def spied(**more):
        def note(lines):
            seen.append(Batch.objects.get().read)

        return original(progress=note, **more)

    monkeypatch.setattr(batches, "load", spied)
    load_batch.call(batch.pk, False)

    assert seen == [1]


@pytest.mark.parametrize(("age", "said"), [(5, False), (20, True)])
def test_a_batch_that_nobody_takes_says_so(study, client, age, said):
    Batch.objects.create(
        study=study,
        number=1,
        file_name="a.csv",
        stored_name="x",
        state=BatchState.WAITING,
        created_at=timezone.now() - timedelta(seconds=age),
    )

    assert ("No worker has taken this yet" in page(client.get("/studies/s/batches/1/"))) is said
    assert ("no worker?" in page(client.get("/studies/s/batches/"))) is said


@pytest.mark.parametrize(
    ("state", "asks"), [("waiting", True), ("reading", True), ("ready", False), ("failed", False)]
)
def test_the_page_asks_again_only_while_something_happens(study, client, state, asks):
    Batch.objects.create(
        study=study, number=1, file_name="a.csv", state=state, created_at=timezone.now()
    )

    for path in ("batches/1/", "batches/"):
        part = page(client.get(f"/studies/s/{path}", headers={"HX-Request": "true"}))
        assert ("every 2s" in part) is asks
        assert "<html" not in part


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=42), "42 s"),
        (timedelta(seconds=90), "2 min"),
        (timedelta(minutes=75), "75 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
    ],
)
def test_the_time_that_is_left_is_said_in_words(time, words):
    assert about(time) == words


def test_a_batch_that_is_read_says_how_long_the_rest_takes(study, client):
    now = timezone.now()
    Batch.objects.create(
        study=study,
        number=1,
        file_name="a.csv",
        state=BatchState.READING,
        share=0.5,
        created_at=now,
        began_at=now - timedelta(minutes=4),
    )

    assert "about 4 min left" in page(client.get("/studies/s/batches/1/"))


def test_a_batch_from_the_command_line_cannot_be_read_again(study, client, tmp_path):
    build.batch(study, [build.reply_fields()], tmp_path)

    assert "again/" not in page(client.get("/studies/s/batches/1/"))


def test_many_errors_come_in_pages(study, client):
    sent(client, file(*({"query_id": ""} for _ in range(150))))

    first = client.get("/studies/s/batches/1/")
    last = client.get("/studies/s/batches/1/?page=999")

    assert len(first.context["errors"]) == 100
    assert last.context["errors"].has_previous()
    assert "Page 1 of" in page(first)


def test_the_errors_download_safe_for_spreadsheets(study, client):
    batch = Batch.objects.create(
        study=study, number=1, file_name="a", state="ready", created_at=timezone.now()
    )
    for cell in ("=1+1", "+x()", "-x()", "@x", "\tx", "plain"):
        LineError.objects.create(
            batch=batch, line=3, field=cell, value=cell, reason=f"{cell}, really"
        )

    response = client.get("/studies/s/batches/1/errors.csv")

    lines = page(response).splitlines()
    assert lines[0] == "line,field,value,reason"
    assert lines[1] == "3,'=1+1,'=1+1,\"'=1+1, really\""
    assert [line[2] for line in lines[1:]] == ["'"] * 5 + ["p"]


def test_an_unknown_batch_is_not_found(client):
    for path in ("batches/9/", "batches/9/errors.csv"):
        assert client.get(f"/studies/s/{path}").status_code == HTTPStatus.NOT_FOUND
    assert client.post("/studies/s/batches/9/again/").status_code == HTTPStatus.NOT_FOUND


def test_another_studys_batch_is_not_found(client, tmp_path):
    other = build.study()
    build.batch(other, [build.reply_fields()], tmp_path)

    assert client.get("/studies/s/batches/1/").status_code == HTTPStatus.NOT_FOUND


def test_a_file_name_cannot_bring_code_into_the_page(client):
    sent(client, file(build.reply_fields(), name="<img src=x>.jsonl"))

    assert "<img" not in page(client.get("/studies/s/batches/"))
