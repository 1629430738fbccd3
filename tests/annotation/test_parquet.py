"""Parquet: rows are records, whatever their types; what is no Parquet loads nothing."""

import datetime as dt
import gzip
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Problem, Record, parquet
from annotation.models import Batch, Response, TextVersion
from tests import build

MESSAGES = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "Yes."}]


def reply(n=1, **more):
    return {
        "query_id": f"q{n}",
        "model": "maker/name",
        "value_a": "Candour",
        "value_b": "Comfort",
        "messages": MESSAGES,
        **more,
    }


def written(tmp_path, rows, name="b.parquet", schema=None, **more):
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / name, **more)
    return tmp_path / name


def test_rows_are_numbered_from_one_and_nulls_are_absent(tmp_path):
    path = written(tmp_path, [{"a": "007", "b": None}, {"a": "x", "b": 2}])

    assert list(files.read(path)) == [Record(1, {"a": "007"}), Record(2, {"a": "x", "b": 2})]


def test_rows_of_several_groups_come_in_order(tmp_path):
    path = written(tmp_path, [{"a": n} for n in range(1_000)], row_group_size=7)

    assert [record.fields["a"] for record in files.read(path)] == list(range(1_000))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "2026-01-02T03:04:00+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (Decimal(7), 7),
        (Decimal("7.5"), 7.5),
        ([{"k": "v"}], [{"k": "v"}]),
        (True, True),
    ],
)
def test_types_of_parquet_become_those_of_json(tmp_path, value, read):
    (record,) = files.read(written(tmp_path, [{"a": value}]))

    assert record == Record(1, {"a": read})


def test_what_json_cannot_hold_is_a_problem_of_its_row(tmp_path):
    bad, good = files.read(written(tmp_path, [{"a": b"\xff"}, {"a": None}]))

    assert isinstance(bad, Problem)
    assert (bad.line, bad.field, "bytes" in bad.reason) == (1, "a", True)
    assert good == Record(2, {})


def test_a_table_without_rows_is_refused(tmp_path):
    schema = pa.schema([("a", pa.string())])

    with pytest.raises(FileUnreadable, match="no rows"):
        files.check(written(tmp_path, [], schema=schema))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"a,b\n1,2\n"])
def test_what_is_no_parquet_is_refused_by_name(tmp_path, content):
    path = tmp_path / "b.parquet"
    path.write_bytes(content)

    with pytest.raises(FileUnreadable, match=r"b\.parquet"):
        files.check(path)


def test_a_file_cut_off_is_refused(tmp_path):
    path = written(tmp_path, [{"a": "x" * 50} for _ in range(500)])
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(FileUnreadable):
        files.check(path)


def test_a_column_named_twice_is_refused(tmp_path):
    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["a", "a"])
    pq.write_table(table, tmp_path / "b.parquet")

    with pytest.raises(FileUnreadable, match="twice: a"):
        files.check(tmp_path / "b.parquet")


def test_a_row_group_too_large_to_be_read_in_parts_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, [{"a": "x" * 50} for _ in range(50)])
    monkeypatch.setattr(parquet, "LARGEST_GROUP", 10)

    with pytest.raises(FileUnreadable, match="row group"):
        files.check(path)


def test_few_rows_are_decoded_at_once_where_they_are_large(tmp_path, monkeypatch):
    path = written(tmp_path, [{"a": "x" * 500 + str(n)} for n in range(64)], compression="none")
    monkeypatch.setattr(parquet, "BYTES_AT_ONCE", 1_200)
    with pq.ParquetFile(path) as file:
        at_once = parquet._rows_at_once(file, "b.parquet")

    assert 1 <= at_once <= 3


def test_it_may_be_gzipped(tmp_path):
    plain = written(tmp_path, [{"a": "1"}])
    packed = tmp_path / "b.parquet.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    files.check(packed)
    assert list(files.read(packed)) == [Record(1, {"a": "1"})]


@pytest.mark.django_db
def test_replies_load_from_parquet(tmp_path):
    build.study("s")
    rows = [reply(1, sample=None, topics=["ethics"]), reply(2, sample=2.0, topics=None)]

    call_command("load_batch", "s", written(tmp_path, rows))

    assert Response.objects.count() == 2
    assert TextVersion.objects.first().messages == MESSAGES
    assert Response.objects.get(sample=2).query.external_id == "q2"


@pytest.mark.django_db
@pytest.mark.parametrize("value", [7, 7.0, float("nan")])
def test_R062_an_id_that_is_a_number_is_refused_with_its_field(tmp_path, value):
    build.study("s")

    with pytest.raises(SystemExit):
        call_command("load_batch", "s", written(tmp_path, [reply(query_id=value)]))

    error = Batch.objects.get().errors.get()
    assert (error.line, error.field) == (1, "query_id")
    assert "never numbers" in error.reason


@pytest.mark.django_db
def test_nothing_is_loaded_of_a_broken_file(tmp_path):
    build.study("s")
    path = written(tmp_path, [reply(n) for n in range(300)], row_group_size=100)
    content = bytearray(path.read_bytes())
    content[200:4_000] = b"\xff" * 3_800
    path.write_bytes(content)

    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_batch", "s", path)

    assert not Response.objects.exists()
