"""Refused lines as a file that loads again once it is corrected."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from annotation.files import bounded, refused
from annotation.models import Batch, Response
from annotation.upload_paths import refused_name
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _study():
    build.study("s")


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


def load(path, kept):
    """Load a file of which some lines are bad; return what is kept of them."""
    with pytest.raises(SystemExit):
        call_command("load_batch", "s", path, "--refused", str(kept))
    return kept.read_text(encoding="utf-8")


def jsonl(tmp_path, *lines, name="b.jsonl"):
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    content = text.encode(errors="surrogatepass")
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return tmp_path / name


@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz"])
def test_json_lines_are_kept_as_they_were_sent(tmp_path, kept, name):
    bad = build.reply_fields(framing="up")

    text = load(jsonl(tmp_path, build.reply_fields(), bad, '{"a":', name=name), kept)

    first, second = text.splitlines()
    assert (json.loads(first), second) == (bad, '{"a":')


def test_csv_lines_stand_under_their_header(tmp_path, kept):
    good = build.reply_fields()
    header = ["query_id", "model", "value_a", "value_b", "prompt", "response"]
    rows = [
        [good["query_id"], "m", "A", "B", "Why,\n though?", "So."],
        ["q2", "", "A", "B", 'He said "why"', "So."],
        ["q3", "m", "A"],
    ]
    path = tmp_path / "b.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])

    read = list(csv.reader(io.StringIO(load(path, kept))))

    assert read == [header, rows[1], rows[2]]


def test_rows_of_parquet_are_kept_as_json_lines(tmp_path, kept):
    bad = build.reply_fields(framing="up")
    pq.write_table(
        pa.Table.from_pylist([build.reply_fields(framing="neutral"), bad]), tmp_path / "b.parquet"
    )

    assert json.loads(load(tmp_path / "b.parquet", kept)) == bad


def test_a_line_refused_by_what_is_stored_is_kept_too(tmp_path, kept):
    stored = build.reply_fields()
    call_command("load_batch", "s", jsonl(tmp_path, stored))
    other = stored | {"messages": build.conversation(1, text="Another")}

    assert json.loads(load(jsonl(tmp_path, other), kept)) == other


def test_a_corrected_file_completes_the_batch(tmp_path, kept):
    good, bad = build.reply_fields(), build.reply_fields(framing="up")
    lines = load(jsonl(tmp_path, good, bad), kept).replace('"up"', '"neutral"')

    (tmp_path / "corrected.jsonl").write_text(lines)
    call_command("load_batch", "s", tmp_path / "corrected.jsonl")

    assert set(Response.objects.values_list("external_id", flat=True)) == {
        good["response_id"],
        bad["response_id"],
    }


def test_where_nothing_is_refused_no_file_is_made_and_an_old_one_goes(tmp_path, kept):
    kept.write_text("of an earlier load")

    call_command("load_batch", "s", jsonl(tmp_path, build.reply_fields()), "--refused", str(kept))

    assert not kept.exists()


def test_half_a_surrogate_pair_is_kept_as_it_came(tmp_path, kept):
    text = load(jsonl(tmp_path, '{"query_id": "\\ud800"}'), kept)

    assert json.loads(text) == {"query_id": "\ud800"}


def test_no_more_is_kept_than_anyone_corrects_by_hand(tmp_path, kept, monkeypatch):
    monkeypatch.setattr(refused, "LARGEST", 400)

    text = load(jsonl(tmp_path, *(build.reply_fields(framing="up") for _ in range(50))), kept)

    assert 400 < len(text) < 1_500
    assert Batch.objects.get().refused == 50


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("b.jsonl", "b-refused.jsonl"),
        ("My batch.CSV.gz", "My batch-refused.csv"),
        ("b.parquet", "b-refused.jsonl"),
        ("log.eval", "log-refused.jsonl"),
    ],
)
def test_the_file_is_named_after_its_source(name, kept):
    assert refused_name(name) == kept


@pytest.mark.parametrize("name", ["b.jsonl.gz", "b.csv.gz", "b.parquet.gz"])
def test_R054_a_small_file_that_unpacks_without_end_is_refused(tmp_path, name, monkeypatch):
    monkeypatch.setattr(bounded, "FREE", 1024 * 1024)
    (tmp_path / name).write_bytes(gzip.compress(b'{"a": 1}\n' * 2_000_000))

    from django.core.management import CommandError

    with pytest.raises(CommandError, match="unpacks to more than"):
        call_command("load_batch", "s", tmp_path / name)
