"""A second process reads what the first stores: the same is stored, and neither outlives the other."""

import json
import signal
import subprocess
from multiprocessing import Pipe

import pytest

from annotation import prepared, reading_beside
from annotation.errors import FileUnreadable, LoadStopped, ReaderLost
from annotation.models import Hit, LineError, Response, TextVersion
from annotation.services import batches, uploads
from annotation.tasks import load_batch
from annotation.vocabulary import BatchState
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
AT_ONCE, LINES = 5, 40


@pytest.fixture(autouse=True)
def processes(monkeypatch, settings, tmp_path):
    """The processes that a load started, with files of any size worth one."""
    started, popen = [], subprocess.Popen

    def start(*args, **how):
        started.append(popen(*args, **how))
        return started[-1]

    monkeypatch.setattr(reading_beside.subprocess, "Popen", start)
    monkeypatch.setattr(reading_beside, "WORTH_IT_FROM", 0)
    monkeypatch.setattr(reading_beside.os, "sched_getaffinity", lambda pid: {0, 1})
    monkeypatch.setattr(batches, "LINES_AT_ONCE", AT_ONCE)
    settings.DATA_DIR = tmp_path
    return started


def made(slug, words=1):
    """An upload of lines with a tell, a bad one, one that stands twice and a contradiction."""
    lines = [
        build.reply_fields(
            query_id=f"q{n // 4}", response_id=f"r{n}", model=f"acme/fern-{n % 4}",
            messages=[{"role": "assistant", "content": f"I am ChatGPT, number {n}, ü" + " why" * words}],
        )
        for n in range(LINES)
    ]  # fmt: skip
    lines[3]["framing"] = "up"
    lines[9] = lines[8] | {"messages": [{"role": "assistant", "content": "Other"}]}
    lines[14] = lines[14] | {"language": "de"}
    study = build.study(slug)
    build.jsonl(batches.upload_path(slug), lines)
    return batches.register(study=study, file_name="b.jsonl", now=NOW, stored_name=slug)


def load(batch, **more):
    return batches.load(
        batch=batch,
        path=batches.upload_path(batch.stored_name),
        refused=batches.refused_path(batch.stored_name),
        **more,
    )


def stored(batch):
    texts = TextVersion.objects.filter(response__batch=batch).order_by("response__external_id")
    hits = Hit.objects.filter(batch=batch).order_by("pk")
    errors = LineError.objects.filter(batch=batch).order_by("pk")
    return (
        list(texts.values_list("response__external_id", "messages", "sha256", "has_hits")),
        list(hits.values_list("text__response__external_id", "rule", "start", "end", "decision")),
        list(errors.values_list("line", "field", "value", "reason")),
        batches.refused_path(batch.stored_name).read_text(),
    )


def test_two_processes_store_what_one_stores(processes):
    alone, beside = made("alone"), made("beside")

    one, two = load(alone), load(beside, beside=True)

    assert len(processes) == 1
    assert one.as_json() == two.as_json()
    assert (two.read, two.refused) == (LINES, 3)
    assert stored(alone) == stored(beside)


@pytest.mark.parametrize("why", ["small", "one processor", "dry run"])
def test_there_is_no_second_process_where_it_would_not_help(why, processes, monkeypatch):
    if why == "small":
        monkeypatch.setattr(reading_beside, "WORTH_IT_FROM", 1_000_000)
    if why == "one processor":
        monkeypatch.setattr(reading_beside.os, "sched_getaffinity", lambda pid: {0})

    load(made("s"), beside=True, dry_run=why == "dry run")

    assert processes == []


def test_jobs_inside_a_web_request_start_no_process(processes, settings):
    settings.JOBS_AT_ONCE = True

    load_batch.call(made("s").pk, new_versions=False)

    assert processes == []


def test_a_job_of_a_worker_starts_one(processes, settings):
    settings.JOBS_AT_ONCE = False

    load_batch.call(made("s").pk, new_versions=False)

    assert len(processes) == 1
    assert Response.objects.count() == LINES - 3


def test_R054_a_file_that_is_not_whole_loads_nothing_here_too():
    batch = made("s")
    batches.upload_path("s").write_bytes(b'{"query_id": "q"}\n' * 100 + b"\xff\n")

    with pytest.raises(FileUnreadable, match="UTF-8"):
        load(batch, beside=True)

    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert "UTF-8" in batch.failure


def lost(processes):
    """A batch whose reading process was killed; a pipe holds less than its chunks."""
    batch = made("s", words=10_000)

    def kill(lines):
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()

    with pytest.raises(ReaderLost, match="lost"):
        load(batch, beside=True, progress=kill)
    batch.refresh_from_db()
    return batch


def test_a_reading_process_that_dies_is_a_failure_that_says_so(processes):
    batch = lost(processes)

    assert (batch.state, batch.reader) == (BatchState.FAILED, "")
    assert "go on from there" in batch.failure
    assert 0 < Response.objects.count() < LINES


def test_R115_reading_goes_on_after_a_process_that_died(processes):
    batch = lost(processes)

    tally = load(batch, beside=True, resume=True)

    assert (tally.read, tally.created, tally.unchanged, tally.refused) == (LINES, 37, 0, 3)


def test_a_job_whose_reading_process_dies_leaves_a_failed_batch(processes, monkeypatch, settings):
    settings.JOBS_AT_ONCE = False
    batch = made("s")
    monkeypatch.setattr(reading_beside, "PROJECT", "/")  # where there is no module of ours

    load_batch.call(batch.pk, new_versions=False)

    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED


def test_the_process_ends_with_a_load_that_is_stopped(processes):
    batch = made("s")

    with pytest.raises(LoadStopped):
        load(batch, beside=True, progress=lambda lines: uploads.cancel(batch=batch, now=NOW))

    assert processes[0].returncode is not None


def test_a_request_to_stop_reaches_only_the_one_that_stores(processes):
    batch = made("s")

    def ask(lines):
        for asked in (signal.SIGINT, signal.SIGTERM):
            processes[0].send_signal(asked)

    assert load(batch, beside=True, progress=ask).created == 37


# What the other process does, in this one


def sent(path, **more):
    ours, theirs = Pipe(duplex=False)
    with ours, theirs:
        reading_beside.send(theirs, order_of(path, **more))
        theirs.close()
        found = []
        try:
            while True:
                found.append(ours.recv())
        except EOFError:
            return found


def order_of(path, after=0):
    return json.dumps([str(path), path.name, after, 100, True])


def test_what_is_sent_is_that_the_file_is_whole_its_chunks_and_the_end(tmp_path):
    path = tmp_path / "b.jsonl"
    build.jsonl(path, [build.reply_fields(), build.reply_fields()])

    whole, chunk, end = sent(path, after=1)

    assert (whole, end) == (None, None)
    assert (chunk.records, len(chunk.replies), len(chunk.read())) == (1, 1, 1)


def test_a_file_that_cannot_be_read_is_sent_as_such(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_text("")

    assert [type(one) for one in sent(path)] == [FileUnreadable]


def test_a_mistake_is_sent_and_raised(tmp_path, monkeypatch):
    def broken(*args, **how):
        raise ZeroDivisionError

    path = tmp_path / "b.jsonl"
    build.jsonl(path, [build.reply_fields()])
    monkeypatch.setattr(reading_beside, "chunks", broken)
    ours, theirs = Pipe(duplex=False)

    with ours, theirs:
        with pytest.raises(ZeroDivisionError):
            reading_beside.send(theirs, order_of(path))
        assert ours.recv() is None
        with pytest.raises(ReaderLost, match="broke off"):
            reading_beside._received(ours, None)


def test_it_ends_when_nobody_reads_any_more(tmp_path):
    path = tmp_path / "b.jsonl"
    build.jsonl(path, [build.reply_fields()])
    ours, theirs = Pipe(duplex=False)
    ours.close()

    with theirs:
        assert reading_beside.send(theirs, order_of(path)) is None


def test_records_are_packed_only_where_refused_lines_are_kept(tmp_path):
    path = tmp_path / "b.jsonl"
    build.jsonl(path, [build.reply_fields()])

    (chunk,) = prepared.chunks(path, name=path.name, after=0, at_once=9, with_records=False)

    assert chunk.read() == []
