"""Files of judgments that the worker reads: taken in, read once, stopped, read on, and told of."""

import errno
import gzip
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation import tasks
from annotation.errors import JudgmentFileUnknown, LoadStopped
from annotation.models import Answer, Judgment, JudgmentFile, Seat
from annotation.models.judgment_file import READING_TAKES
from annotation.selectors.judgment_files import SILENT, row_of
from annotation.services import imports, judgment_files
from annotation.upload_paths import refused_path, upload_path
from annotation.vocabulary import LineFileState
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
HEAD = "response_id,rater,question,answer\n"
GOOD = "r,ann,safe,yes\nr,bob,safe,no\nq,ann,safe,yes\n"
BAD = "zz,ann,safe,no\nr,cat,safe,perhaps\n"


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    made = build.study("s", rubric=build.SAFE)
    build.batch(made, [build.reply_fields(response_id=name) for name in ("r", "q")], tmp_path)
    return made


@pytest.fixture
def waiting(study):
    """Makes a file that no worker has taken up yet."""

    def made(text=HEAD + GOOD, name="j.csv"):
        content = text if isinstance(text, bytes) else text.encode()
        stored = judgment_files.store(SimpleUploadedFile(name, content))
        return judgment_files.register(study=study, stored=stored, by_id=None, now=NOW)

    return made


class Clock:
    """A second later at each look."""

    def __init__(self):
        self.at = NOW

    def __call__(self):
        self.at += timedelta(seconds=1)
        return self.at


def read(file):
    return judgment_files.read(file.pk, clock=Clock())


def counts(file):
    return (file.read, file.created, file.updated, file.unchanged, file.refused)


# Reading


@pytest.mark.parametrize("name", ["j.csv", "j.csv.gz"])
def test_a_file_is_read_once_and_then_gone(waiting, name):
    content = (HEAD + GOOD + BAD).encode()
    file = waiting(gzip.compress(content) if name.endswith("gz") else content, name)

    first, again = read(file), read(file)

    assert (first.state, counts(first), first.share) == ("ready", (5, 3, 0, 0, 2), 1)
    assert (counts(again), again.ended_at) == (counts(first), first.ended_at)
    assert not upload_path(file.stored_name).exists()


def test_what_was_wrong_is_kept_with_field_value_and_reason(waiting):
    found = read(waiting(HEAD + BAD))

    assert [(one["line"], one["field"], one["value"]) for one in found.errors] == [
        (2, "response_id", "zz"),
        (3, "answer", "perhaps"),
    ]
    assert "load its batch first" in found.errors[0]["reason"]


def test_the_refused_lines_are_kept_in_the_files_order_and_load_again_once_corrected(waiting):
    file = read(waiting(HEAD + "r,ann,safe,perhaps\n" + GOOD + BAD))

    kept = refused_path(file.stored_name).read_text()
    corrected = read(waiting(kept.replace("perhaps", "no").replace("zz", "q")))

    assert kept.splitlines() == [
        HEAD.strip(), "r,ann,safe,perhaps", "zz,ann,safe,no", "r,cat,safe,perhaps",
    ]  # fmt: skip
    assert counts(corrected) == (3, 1, 0, 0, 2)
    assert "stored with another word" in corrected.errors[0]["reason"]


def test_a_file_that_turns_out_to_be_unreadable_fails_with_the_reason(waiting):
    file = waiting()
    upload_path(file.stored_name).write_bytes(b"\x1f\x8b\x08broken")

    tasks.read_judgments.call(file.pk)

    file.refresh_from_db()
    assert file.state == LineFileState.FAILED
    assert "is not a whole gzip file" in file.failure
    assert not upload_path(file.stored_name).exists()


def test_a_crash_leaves_a_file_that_failed_and_can_be_read_on(waiting, monkeypatch):
    file = waiting()

    def crash(**_):
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(imports, "load", crash)
        with pytest.raises(RuntimeError):
            read(file)

    file.refresh_from_db()
    assert (file.state, file.failure) == (LineFileState.FAILED, judgment_files.BROKE_OFF)
    assert row_of(file, at=NOW).can_go_on
    assert tasks.read_judgments_on(file=file, now=NOW)
    file.refresh_from_db()
    assert (file.state, file.failure, file.created) == ("ready", "", 3)


def test_files_of_another_study_are_not_there(waiting):
    with pytest.raises(JudgmentFileUnknown):
        judgment_files.file_of(build.study("other"), waiting().number)


# Progress


@pytest.fixture
def told(monkeypatch):
    """Collects what is stored of the progress, and may act at one of these moments."""
    seen, acts = [], {}
    moved = judgment_files._Reading._moved

    def look(self, tally, share):
        moved(self, tally, share)
        seen.append(JudgmentFile.objects.get(pk=self.file.pk))
        acts.get(len(seen), lambda: None)()

    monkeypatch.setattr(judgment_files._Reading, "_moved", look)
    monkeypatch.setattr(imports, "JUDGMENTS_AT_ONCE", 1)
    return seen, acts


def test_progress_grows_with_what_is_stored_and_never_beyond(waiting, told):
    seen, _ = told

    read(waiting(HEAD + GOOD + BAD))

    # Read to its end; three judgments in a chunk each; the refused lines are written down.
    assert [one.share for one in seen] == sorted(one.share for one in seen)
    assert [one.share for one in seen][:1] == [READING_TAKES]
    assert [(one.read, one.created, one.refused) for one in seen] == [
        (5, 0, 0), (5, 1, 2), (5, 2, 2), (5, 3, 2), (5, 3, 2),
    ]  # fmt: skip


def test_rate_and_time_left_follow_from_the_share_that_is_done(waiting, told):
    seen, _ = told
    read(waiting())

    row = row_of(seen[2], at=seen[2].began_at + timedelta(seconds=10))

    # A file of three lines of which two are stored: 0.3 of the work is the reading.
    assert row.share == pytest.approx(0.3 + 0.7 * 2 / 3)
    assert row.left == timedelta(seconds=round(10 * (1 - row.share) / row.share))
    assert row.rate == int(3 * row.share / 10)


def test_the_reasons_are_there_while_the_file_is_read(waiting, told):
    seen, _ = told

    read(waiting(HEAD + GOOD + BAD))

    assert len(seen[1].errors) == 2


# Stopping, and going on


def test_R115_a_stopped_file_keeps_what_was_stored_and_goes_on_from_there(waiting, told):
    _, acts = told
    file = waiting(HEAD + GOOD + BAD)
    acts[2] = lambda: judgment_files.stop(file=file, now=NOW)

    stopped = read(file)

    assert stopped.state == LineFileState.CANCELLED
    # The chunk in which it was stopped was stored already when that was asked.
    assert (Judgment.objects.count(), stopped.created) == (1, 1)
    assert row_of(stopped, at=NOW).can_go_on
    acts.clear()
    assert judgment_files.read_on(file=file, now=NOW)
    ended = read(file)
    assert (ended.state, counts(ended)) == ("ready", (5, 3, 0, 0, 2))
    assert Judgment.objects.count() == Answer.objects.count() == Seat.objects.count() == 3


def test_nothing_is_stored_after_the_stop(waiting, told):
    _, acts = told
    file = waiting()
    acts[1] = lambda: judgment_files.stop(file=file, now=NOW)

    found = read(file)

    assert (found.state, found.created) == (LineFileState.CANCELLED, 0)
    assert not Judgment.objects.exists()


def test_a_file_stopped_after_its_last_chunk_stays_and_can_be_read_on(waiting, told):
    _, acts = told
    file = waiting()
    acts[4] = lambda: judgment_files.stop(file=file, now=NOW)

    stopped = read(file)

    assert (stopped.state, stopped.created) == (LineFileState.CANCELLED, 3)
    assert judgment_files.read_on(file=file, now=NOW)
    acts.clear()
    ended = read(file)
    assert (ended.state, counts(ended)) == (LineFileState.READY, (3, 3, 0, 0, 0))
    assert not upload_path(file.stored_name).exists()


def test_a_file_that_somebody_reads_is_not_given_to_another_before_it_is_silent(waiting):
    file = waiting()
    JudgmentFile.objects.filter(pk=file.pk).update(state="reading", moved_at=NOW)

    assert not judgment_files.read_on(file=file, now=NOW + SILENT - timedelta(seconds=1))
    assert judgment_files.read_on(file=file, now=NOW + SILENT)


def test_what_a_reader_left_that_died_when_all_was_read_is_taken_away(waiting):
    file = read(waiting())
    upload_path(file.stored_name).write_text("left")

    read(file)

    assert not upload_path(file.stored_name).exists()


def test_a_full_disk_is_no_fault_of_the_file_which_stays(waiting, monkeypatch):
    content = gzip.compress((HEAD + GOOD).encode())
    file = waiting(content, "j.csv.gz")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(gzip.GzipFile, "readinto", full)
        with pytest.raises(OSError, match="No space left"):
            read(file)

    file.refresh_from_db()
    assert (file.state, file.failure) == (LineFileState.FAILED, judgment_files.BROKE_OFF)
    assert judgment_files.read_on(file=file, now=NOW)
    assert counts(read(file)) == (3, 3, 0, 0, 0)


def test_a_file_that_was_stopped_before_it_was_read_is_not_read(waiting):
    file = waiting()

    assert judgment_files.stop(file=file, now=NOW)

    assert read(file).state == LineFileState.CANCELLED
    assert not Judgment.objects.exists()
    assert upload_path(file.stored_name).is_file()


def test_a_file_that_was_read_is_neither_stopped_nor_read_on(waiting):
    file = read(waiting())

    assert not judgment_files.stop(file=file, now=NOW)
    assert not judgment_files.read_on(file=file, now=NOW)
    file.refresh_from_db()
    assert file.state == LineFileState.READY


def test_a_file_waits_once(waiting):
    file = waiting()
    judgment_files.stop(file=file, now=NOW)

    assert judgment_files.read_on(file=file, now=NOW)
    assert not judgment_files.read_on(file=file, now=NOW)


def test_R115_what_a_dead_worker_left_is_read_on_counts_as_new_and_is_stored_once(waiting, told):
    _, acts = told
    file = waiting(HEAD + GOOD + BAD)

    def die():
        raise KeyboardInterrupt

    acts[3] = die
    with pytest.raises(KeyboardInterrupt):
        read(file)
    # A killed process says nothing more: the row stays as its last chunk left it.
    JudgmentFile.objects.update(state=LineFileState.READING, failure="", ended_at=None)
    acts.clear()

    found = read(file)

    assert (found.state, counts(found)) == ("ready", (5, 3, 0, 0, 2))
    assert Judgment.objects.count() == 3


def test_R115_a_reader_that_was_given_up_stores_nothing_more(waiting, told):
    _, acts = told
    file = waiting()
    others = []
    acts[2] = lambda: (acts.clear(), others.append(read(file)))

    mine = read(file)

    assert [one.state for one in others] == ["ready"]
    assert (mine.state, mine.created, mine.reader) == ("ready", 3, others[0].reader)
    assert Judgment.objects.count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R115_of_two_readers_at_once_the_file_is_read_by_one_to_its_end(waiting):
    text = HEAD + "".join(f"{name},p{n},safe,yes\n" for name in "rq" for n in range(40))
    file = waiting(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "JUDGMENTS_AT_ONCE", 5)

        found = build.at_once(*[lambda: read(file)] * 2)

    assert [one for one in found if isinstance(one, Exception)] == []
    file.refresh_from_db()
    assert (file.state, counts(file)) == ("ready", (80, 80, 0, 0, 0))
    assert Judgment.objects.count() == Seat.objects.count() == Answer.objects.count() == 80


def test_a_file_nobody_reads_any_more_says_so_and_can_go_on(waiting):
    file = waiting()
    JudgmentFile.objects.update(
        state=LineFileState.READING, reader="gone", began_at=NOW, moved_at=NOW
    )
    file.refresh_from_db()

    early, late = (row_of(file, at=NOW + timedelta(seconds=n)) for n in (59, 61))

    assert [(one.unattended, one.can_go_on) for one in (early, late)] == [
        (False, False),
        (True, True),
    ]
    assert judgment_files.read_on(file=file, now=NOW + timedelta(seconds=61))


def test_a_file_that_waits_too_long_says_that_no_worker_is_there(waiting):
    file = waiting()

    assert [row_of(file, at=NOW + timedelta(seconds=n)).unattended for n in (14, 16)] == [
        False,
        True,
    ]


def test_what_stops_a_load_is_raised_where_it_was_asked(waiting, tmp_path):
    path = tmp_path / "j.csv"
    path.write_text(HEAD + GOOD)

    def stop(tally, share):
        raise LoadStopped("enough")

    with pytest.raises(LoadStopped):
        imports.load(study=waiting().study, path=path, now=NOW, watch=stop)

    assert not Judgment.objects.exists()
