"""An upload that is stopped half way: what is kept, who may go on, and from where."""

import json

import pytest

from annotation.errors import LoadStopped
from annotation.models import Batch, LineError, Response
from annotation.services import batches, openings, uploads
from annotation.tasks import load_batch
from annotation.vocabulary import BatchState, Role
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
AT_ONCE = 5


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(batches, "LINES_AT_ONCE", AT_ONCE)
    settings.DATA_DIR = tmp_path


@pytest.fixture
def study():
    return build.study("s")


@pytest.fixture
def batch(study):
    """An upload of twenty lines, of which the fourth and the fourteenth are bad."""
    lines = [build.reply_fields(framing="up" if n in (4, 14) else "neutral") for n in range(1, 21)]
    batches.upload_path("stored").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return batches.register(study=study, file_name="b.jsonl", now=NOW, stored_name="stored")


def load(batch, **more):
    return batches.load(
        batch=batch,
        path=batches.upload_path("stored"),
        refused=batches.refused_path("stored"),
        **more,
    )


def stopped_after(batch, chunks, stop):
    """Load until so many chunks are stored and somebody stops it."""
    seen = []

    def progress(lines):
        seen.append(lines)
        if len(seen) == chunks:
            stop()

    with pytest.raises(LoadStopped):
        load(batch, progress=progress)
    batch.refresh_from_db()


def cancel(batch):
    return lambda: uploads.cancel(batch=batch, now=NOW)


def test_what_was_read_before_it_was_cancelled_is_kept(batch):
    stopped_after(batch, 2, cancel(batch))

    assert (batch.state, batch.records, batch.read) == (BatchState.CANCELLED, 10, 10)
    assert Response.objects.count() == 9
    assert batch.share > 0


def test_a_cancelled_batch_gets_no_seats(study, batch):
    stopped_after(batch, 2, cancel(batch))

    with pytest.raises(openings.SeatsRefused):
        openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=NOW)


def test_reading_goes_on_where_it_stopped(batch):
    stopped_after(batch, 2, cancel(batch))

    tally = load(batch, resume=True)

    batch.refresh_from_db()
    assert (tally.read, tally.created, tally.unchanged, tally.refused) == (20, 18, 0, 2)
    assert (batch.state, batch.records, batch.read, batch.created) == (BatchState.READY, 20, 20, 18)
    assert list(LineError.objects.order_by("line").values_list("line", flat=True)) == [4, 14]


def test_refused_lines_of_both_parts_are_kept_once(batch):
    stopped_after(batch, 3, cancel(batch))
    with batches.refused_path("stored").open("ab") as out:
        out.write(b"what a dying worker wrote of a chunk that was never stored\n")

    load(batch, resume=True)

    lines = batches.refused_path("stored").read_text().splitlines()
    assert [json.loads(line)["framing"] for line in lines] == ["up", "up"]


def test_reading_again_from_the_start_counts_anew(batch):
    stopped_after(batch, 2, cancel(batch))

    tally = load(batch)

    assert (tally.read, tally.created, tally.unchanged, tally.refused) == (20, 9, 9, 2)
    assert LineError.objects.count() == 2


def test_R115_a_reader_that_was_given_up_stores_nothing_more(batch):
    def taken_up():
        Batch.objects.filter(pk=batch.pk).update(reader="another")

    stopped_after(batch, 1, taken_up)

    assert (batch.state, batch.reader) == (BatchState.READING, "another")
    assert Response.objects.count() == 4


def test_a_job_goes_on_with_a_batch_that_a_dead_worker_left(batch):
    def died():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(batch, progress=lambda lines: died())

    load_batch.call(batch.pk, new_versions=False)

    batch.refresh_from_db()
    assert (batch.state, batch.created, batch.unchanged) == (BatchState.READY, 18, 0)


def test_a_job_of_a_cancelled_batch_reads_nothing(batch):
    uploads.cancel(batch=batch, now=NOW)

    load_batch.call(batch.pk, new_versions=False)

    assert not Response.objects.exists()


def test_what_is_read_to_its_end_cannot_be_stopped(batch):
    load(batch)

    assert not uploads.cancel(batch=batch, now=NOW)
    batch.refresh_from_db()
    assert batch.state == BatchState.READY


def test_the_page_stops_an_upload_and_goes_on_with_it(study, batch, client):
    client.force_login(build.member(study, Role.ADMIN))
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.READING, share=0.25, records=5, read=5
    )
    shown = client.get("/studies/s/batches/1/").content.decode()

    client.post("/studies/s/batches/1/stop/")
    stopped = client.get("/studies/s/batches/1/").content.decode()
    client.post("/studies/s/batches/1/again/", {"from": "there"})

    assert "Stop reading" in shown
    assert '<progress class="progress" max="100" value="25"' in shown
    assert "Go on where it stopped" in stopped
    batch.refresh_from_db()
    assert (batch.state, batch.read) == (BatchState.READY, 20)


def test_stopping_what_is_done_says_so(study, batch, client):
    client.force_login(build.member(study, Role.ADMIN))
    load(batch)

    answer = client.post("/studies/s/batches/1/stop/", follow=True)

    assert "Nothing was left to stop" in answer.content.decode()


# Races: a batch is another's from one moment to the next


def test_a_stop_asked_just_before_a_worker_begins_is_not_lost(batch):
    seen = Batch.objects.select_related("study").get(pk=batch.pk)
    uploads.cancel(batch=batch, now=NOW)

    with pytest.raises(LoadStopped):
        load(seen)

    batch.refresh_from_db()
    assert batch.state == BatchState.CANCELLED
    assert not Response.objects.exists()


def test_of_two_workers_that_take_up_a_batch_one_reads_it(batch):
    seen = Batch.objects.select_related("study").get(pk=batch.pk)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.READING, reader="another")

    with pytest.raises(LoadStopped):
        load(seen)

    batch.refresh_from_db()
    assert (batch.state, batch.reader) == (BatchState.READING, "another")


def breaks_off(monkeypatch, then=lambda: None):
    def store(self, lines, **more):
        then()
        raise ZeroDivisionError

    monkeypatch.setattr(batches.replies.Store, "add", store)


def test_a_worker_that_fails_marks_its_batch_as_failed(batch, monkeypatch):
    breaks_off(monkeypatch)

    with pytest.raises(ZeroDivisionError):
        load_batch.call(batch.pk, new_versions=False)

    batch.refresh_from_db()
    assert (batch.state, batch.reader) == (BatchState.FAILED, "")
    assert "go on from there" in batch.failure


def test_a_worker_that_fails_leaves_a_batch_alone_that_another_has_taken_up(batch):
    lost = Batch.objects.get(pk=batch.pk)
    lost.reader = "lost"
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.READING, reader="another")

    assert not uploads.give_up(batch=lost, reason="broke off", now=NOW)

    batch.refresh_from_db()
    assert (batch.state, batch.reader) == (BatchState.READING, "another")
