"""Files of replies: formats, refused lines, trials, and an upload that was cut off."""

import csv
import gzip
import io
import json

import pytest

from annotation.errors import FileUnreadable
from annotation.models import Batch, LineError, Query, Response, Seat, TextVersion
from annotation.services import batches, openings
from annotation.vocabulary import BatchState
from tests import build
from tests.annotation.loading import line, loader, tallied
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


# Formats


def csv_text(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_csv_and_jsonl_of_the_same_replies_are_the_same(load):
    fields = build.reply_fields(query_id="007", response_id="0x1f")
    cells = {k: v for k, v in fields.items() if k != "messages"}
    cells |= {
        "prompt": fields["messages"][0]["content"],
        "response": fields["messages"][1]["content"],
    }
    load([fields])

    tally = load("\ufeff" + csv_text([cells]), name="b.csv")

    assert tallied(tally) == (0, 1, 0, 0)
    assert Response.objects.get().query.external_id == "007"


def test_a_gzipped_csv_with_conversations_loads(load):
    cells = {k: v for k, v in line().items() if k != "messages"}
    cells["messages"] = json.dumps(build.conversation(3))

    load(gzip.compress(csv_text([cells]).encode()), name="b.csv.gz")

    assert TextVersion.objects.get().turns == 3


@pytest.mark.parametrize(
    "content", [b"", b'{"a": "\xff"}', gzip.compress(b"x" * 999, mtime=0)[:-9]]
)
def test_R054_an_unreadable_file_loads_nothing_and_says_so(content, load):
    good = json.dumps(line()).encode() + b"\n"
    content = content if content[:1] == b"\x1f" else (good + content if content else b"")

    with pytest.raises(FileUnreadable):
        load(content)

    assert not Response.objects.exists()
    batch = Batch.objects.get()
    assert batch.state == BatchState.FAILED
    assert batch.failure


def test_R054_a_defect_in_the_last_line_is_listed_and_the_rest_loads(load):
    lines = [build.reply_fields() for _ in range(1_500)]

    tally = load([*lines, {"query_id": "x"}])

    assert tallied(tally) == (1_500, 0, 0, 1)
    assert {error.line for error in tally.errors} == {1_501}


def test_R054_strict_loads_nothing_if_a_line_is_bad(load):
    lines = [build.reply_fields() for _ in range(1_500)]

    tally = load([*lines, {"query_id": "x"}], strict=True)

    assert (tally.refused, Response.objects.count(), Query.objects.count()) == (1, 0, 0)
    batch = Batch.objects.get()
    assert (batch.state, batch.errors.count() > 0) == (BatchState.FAILED, True)
    assert "1 of 1501 lines" in batch.failure


def test_R054_the_mended_file_then_loads_whole(load):
    good = [build.reply_fields() for _ in range(3)]
    load([*good, {"query_id": "x"}], strict=True)

    assert tallied(load(good, strict=True)) == (3, 0, 0, 0)
    assert Batch.objects.order_by("-number").first().state == BatchState.READY


def test_a_dry_run_tells_and_stores_nothing(load):
    tally = load([line(), {"query_id": "x"}], dry_run=True)

    assert (tally.created, tally.refused) == (1, 1)
    assert not Response.objects.exists()
    assert not Batch.objects.exists()


def test_a_dry_run_of_an_unreadable_file_stores_nothing(load):
    with pytest.raises(FileUnreadable):
        load(b"", dry_run=True)

    assert not Batch.objects.exists()


def test_more_than_a_thousand_bad_lines_are_counted_and_the_first_listed(load):
    tally = load([{"query_id": 1}] * 1_200)

    assert (tally.refused, len(tally.errors)) == (1_200, 1_000)


@pytest.mark.parametrize("key", ["\ud800", "a\0b", "x" * 500])
def test_a_bad_line_of_strange_keys_can_be_told_of(key, load):
    twice = f'{{"{json.dumps(key)[1:-1]}": 1, "{json.dumps(key)[1:-1]}": 2}}\n'

    tally = load(twice)

    assert tally.refused == LineError.objects.count() == 1
    assert json.dumps(tally.as_json(), ensure_ascii=False).encode()


# An upload that was cut off


def test_R115_replies_of_a_batch_that_was_cut_off_get_seats_after_loading_again(
    load, study, monkeypatch
):
    lines = [build.reply_fields() for _ in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(batches, "_finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            load(lines)
    assert tallied(load(lines)) == (0, 3, 0, 0)

    opened = openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=NOW)

    assert (opened.items, Seat.objects.count()) == (3, 3)


def _killed(*_):
    raise KeyboardInterrupt


def test_R115_a_batch_that_was_cut_off_can_be_taken_up_again(study, tmp_path, monkeypatch):
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields() for _ in range(3)])
    batch = batches.register(study=study, file_name="b.jsonl", now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(batches, "_finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            batches.load(batch=batch, path=path)

    again = batches.load(batch=batch, path=path)

    assert tallied(again) == (0, 3, 0, 0)
    assert Batch.objects.get().state == BatchState.READY


def test_replies_of_a_ready_batch_stay_its_own(load):
    load([line()])
    load([line()])

    assert Response.objects.get().batch.number == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_two_admins_with_the_same_file_at_once_store_it_once(tmp_path):
    study = build.study()
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields() for _ in range(300)])

    def load():
        batch = batches.register(study=study, file_name="b.jsonl", now=NOW)
        return batches.load(batch=batch, path=path)

    tallies = build.at_once(load, load)

    assert sorted(tally.created for tally in tallies) == [0, 300]
    assert Response.objects.count() == 300
    assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.READY}
