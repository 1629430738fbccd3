"""Files of verdicts that the worker reads: taken in by page, read once, and told line by line."""

import gzip
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from django.utils import timezone

from annotation.upload_paths import upload_path
from annotation.vocabulary import Role
from config.sizes import largest_of
from evaluation import intake, tasks
from evaluation.errors import VerdictFileUnknown
from evaluation.intake import verdict_files
from evaluation.models import Verdict, VerdictFile, VerdictFileState
from evaluation.views import judges as judges_page
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db

LINES = b'{"response_id": "a", "question": "safe", "answer": "yes"}\n'
BAD = b'{"response_id": "nowhere", "question": "safe", "answer": "yes"}\n'


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, {"a": "yes no"}, slug="kind")


@pytest.fixture
def client(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def uploaded(client, content, *, name="v.jsonl.gz"):
    sent = {"file": SimpleUploadedFile(name, content), "name": "robo", "model": "acme/one"}
    return client.post(reverse("evaluation:upload_verdicts", args=["kind"]), sent)


def waiting(study, content=LINES, **judge):
    """A file that no worker has taken up yet."""
    robo = intake.JudgeVersion("robo", **judge)
    stored = verdict_files.store(SimpleUploadedFile("v.jsonl", content), robo)
    return verdict_files.register(
        study=build.facts(study), stored=stored, judge=robo, by_id=None, now=NOW
    )


def read(study, file):
    return verdict_files.read(build.facts(study), file.number, clock=timezone.now)


def test_a_packed_file_is_read_by_the_worker_and_its_page_says_what_became_of_it(study, client):
    answer = uploaded(client, gzip.compress(LINES + BAD))
    page = client.get(answer.url).content.decode()

    assert answer.url == reverse("evaluation:verdict_file", args=["kind", 1])
    assert Verdict.objects.get().judge.model == "acme/one"
    assert "v.jsonl.gz is uploaded." in page
    assert "nowhere" in page
    assert '<td role="cell" class="number" data-heading="Line">2</td>' in page


def test_a_file_larger_than_a_page_reads_is_for_the_worker(study, client, monkeypatch):
    monkeypatch.setattr(judges_page, "LARGEST_AT_ONCE", 10)

    answer = uploaded(client, LINES, name="v.jsonl")

    assert answer.url == reverse("evaluation:verdict_file", args=["kind", 1])
    assert Verdict.objects.count() == 1


def test_the_refused_lines_are_downloaded_and_load_again(study, client):
    uploaded(client, gzip.compress(LINES + BAD))

    answer = client.get(reverse("evaluation:verdict_file_refused", args=["kind", 1]))

    assert b"".join(answer.streaming_content) == BAD
    assert 'filename="v-refused.jsonl"' in answer["Content-Disposition"]


def test_without_refused_lines_there_is_no_file_of_them(study, client):
    page = client.get(uploaded(client, gzip.compress(LINES)).url).content.decode()

    answer = client.get(reverse("evaluation:verdict_file_refused", args=["kind", 1]))

    assert "Every line is stored." in page
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_the_list_of_judges_names_the_files(study, client):
    uploaded(client, gzip.compress(LINES))

    page = client.get(reverse("evaluation:judges", args=["kind"])).content.decode()

    assert reverse("evaluation:verdict_file", args=["kind", 1]) in page


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("v.txt", LINES, "must end in .jsonl"),
        ("v.jsonl.gz", b"x", "Not JSON"),
        ("v.csv.gz", b"\x1f\x8b\x08broken", "is not a whole gzip file"),
    ],
)
def test_what_nothing_can_be_read_from_is_refused_and_stores_no_file(
    study, client, name, content, said
):
    answer = uploaded(client, content, name=name)

    assert said in (answer.content or client.get(answer.url).content).decode()
    assert not Verdict.objects.exists()
    assert not list(upload_path("x").parent.glob("*[!refused]"))


def test_the_page_takes_files_as_large_as_batches_are():
    page = reverse("evaluation:upload_verdicts", args=["kind"])

    assert largest_of(resolve(page).func) == verdict_files.LARGEST + 1024 * 1024


def test_a_file_that_waits_says_so_and_asks_again(study, client):
    file = waiting(study)

    page = client.get(reverse("evaluation:verdict_file", args=["kind", file.number]))
    part = client.get(
        reverse("evaluation:verdict_file", args=["kind", file.number]), headers={"HX-Request": "1"}
    )

    assert "Waiting for the worker" in page.content.decode()
    assert 'hx-trigger="every 2s"' in part.content.decode()
    assert "<h1" not in part.content.decode()


def test_a_file_is_read_once(study):
    file = waiting(study, LINES + BAD)

    first, again = read(study, file), read(study, file)

    assert (first.state, first.read, first.created, first.refused) == ("ready", 2, 1, 1)
    assert (again.created, again.ended_at) == (first.created, first.ended_at)
    assert not upload_path(file.stored_name).exists()


def test_what_a_dead_worker_left_is_read_again_and_stored_once(study):
    file = waiting(study)
    given.verdicts(study, upload_path("x").parent, [given.verdict("a")])
    VerdictFile.objects.update(state=VerdictFileState.READING)

    found = read(study, file)

    assert (found.state, found.created, found.unchanged) == ("ready", 0, 1)
    assert Verdict.objects.count() == 1


def test_a_judge_that_is_none_fails_with_the_reason(study, tmp_path):
    given.verdicts(study, tmp_path, [given.verdict("a")], name="one")
    given.verdicts(study, tmp_path, [given.verdict("a")], name="two")
    members = [given.judge(study, name).pk for name in ("one", "two")]
    intake.ensembles.make(study=build.facts(study), name="robo", member_ids=members, now=NOW)

    found = read(study, waiting(study))

    assert (found.refused, found.created) == (1, 0)
    assert "is an ensemble" in found.errors[0]["reason"]


def test_reading_that_breaks_off_says_so(study, monkeypatch):
    file = waiting(study)
    upload_path(file.stored_name).unlink()

    found = read(study, file)

    assert found.state == VerdictFileState.FAILED
    assert "cannot be opened" in found.failure


def test_a_crash_leaves_a_file_that_failed(study, monkeypatch):
    file = waiting(study)

    def crash(**_):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(verdict_files, "load_verdicts", crash)
    with pytest.raises(RuntimeError):
        read(study, file)

    file.refresh_from_db()
    assert (file.state, file.failure) == (VerdictFileState.FAILED, verdict_files.BROKE_OFF)


def test_files_of_another_study_are_not_there(study):
    with pytest.raises(VerdictFileUnknown):
        verdict_files.file_of(build.facts(build.study("other")), waiting(study).number)


def test_a_worker_that_finds_a_failed_file_only_notes_it(study):
    file = waiting(study)
    upload_path(file.stored_name).unlink()

    tasks.read_verdict_file.call("kind", file.number)

    file.refresh_from_db()
    assert file.state == VerdictFileState.FAILED
