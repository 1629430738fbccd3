"""The three forms of a release's tables: the same rows, typed in Parquet, safe in CSV, exact."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given as every
from hypothesis import settings as how
from hypothesis import strategies as st

from annotation.models import Answer, TextAnswer
from annotation.selectors import released_answers
from annotation.vocabulary import Wave
from evaluation.exports import typed as typed_files
from evaluation.exports.columns import TABLES, Column
from evaluation.exports.folder import Folder
from evaluation.exports.lines import joined, lines_of
from evaluation.exports.typed import schema_of
from tests import build
from tests.evaluation import given, told
from tests.evaluation.given import rows, written

# As cells are read back: the empty cell is nothing.
READERS = {"integer": int, "number": float, "boolean": lambda text: text == "true"}


@pytest.fixture
def everything(tmp_path, db):
    return told.everything(tmp_path).study


@pytest.fixture
def rich(tmp_path, db):
    return given.rich(tmp_path)


def as_parquet(column, value):
    """What Parquet holds of a value of JSON Lines."""
    if value is None or (column.type == "text" and isinstance(value, str)):
        return value
    if column.type == "time":
        return datetime.fromisoformat(value)
    if column.type in ("JSON", "text"):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


@pytest.mark.parametrize("made", ["everything", "rich"])
def test_parquet_has_the_rows_of_json_lines_in_every_table(request, made, tmp_path):
    out = written(request.getfixturevalue(made), tmp_path)

    for table, columns in TABLES.items():
        typed = pq.read_table(out / f"{table}.parquet")
        assert typed.schema.equals(schema_of(columns))
        assert typed.to_pylist() == [
            {one.name: as_parquet(one, row[one.name]) for one in columns}
            for row in rows(out, table)
        ]


def test_csv_has_the_rows_of_json_lines_once_apostrophes_are_off(everything, tmp_path):
    out = written(everything, tmp_path)

    for table, columns in TABLES.items():
        with (out / f"{table}.csv").open(newline="", encoding="utf-8") as lines:
            found = list(csv.DictReader(lines))
        for row, exact in zip(found, rows(out, table), strict=True):
            for name in row["csv_escaped"].split():
                assert row[name].startswith("'")
                row[name] = row[name][1:]
            for column in columns:
                cell = row[column.name]
                value = exact[column.name]
                if isinstance(value, str) or value is None:
                    assert cell == (value or "")
                else:
                    assert READERS.get(column.type, json.loads)(cell) == value


# Lines made from columns, and lines made a row at a time

COLUMNS = (Column("a", "text", ""), Column("n", "integer", ""), Column("at", "time", ""),
           Column("x", "number", ""), Column("is", "boolean", ""), Column("j", "JSON", ""),
           Column("b", "text", ""))  # fmt: skip
ODD = st.sampled_from(
    "='+-@\t\r\n\"\\, \N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\v\f\0＝＋－＠a5\x1f\x7fä😀"
)
TEXT = st.none() | st.text(ODD, max_size=6) | st.text(max_size=8)
AT = st.sampled_from([0, 1, 500_000, 86_400_000_000]).map(
    lambda us: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()
)
NUMBER = st.none() | st.integers(-(2**62), 2**62)
FLOAT = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0])
JSON = st.none() | st.lists(TEXT, max_size=3) | st.dictionaries(st.text(ODD), FLOAT, max_size=3)
ROW = st.tuples(TEXT, NUMBER, st.none() | AT, FLOAT, st.none() | st.booleans(), JSON, TEXT).map(
    lambda cells: dict(zip((one.name for one in COLUMNS), cells, strict=True))
)


@how(max_examples=300, deadline=None)
@every(st.lists(ROW, min_size=1, max_size=5))
def test_columns_give_the_same_bytes_as_rows(tmp_path_factory, given_rows):
    one = tmp_path_factory.mktemp("rows")
    Folder(one).table("t", COLUMNS, given_rows)
    typed = pq.read_table(one / "t.parquet")

    lines = lines_of(typed, COLUMNS)

    assert bytes(joined(lines.json)) == (one / "t.jsonl").read_bytes()
    _, _, body = (one / "t.csv").read_bytes().partition(b"\r\n")
    assert bytes(joined(lines.csv)) == body


def test_a_part_of_the_lines_is_written_as_that_part():
    lines = pa.array(["a\n", "b\n", "c\n"])

    assert bytes(joined(lines.slice(1, 1))) == b"b\n"
    assert bytes(joined(pa.array([], pa.string()))) == b""


def test_a_list_in_a_column_of_texts_is_written_as_json(tmp_path):
    column = Column("x", "text", "")
    lists = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['["a","=b"]', "[]", None]))

    Folder(tmp_path).parts("t", (column,), [pa.table({"x": lists})])

    assert [row["x"] for row in rows(tmp_path, "t")] == [["a", "=b"], [], None]
    sheet = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert sheet == ["x,csv_escaped", '"[""a"",""=b""]",', "[],", ","]
    assert pq.read_table(tmp_path / "t.parquet")["x"].to_pylist() == ['["a","=b"]', "[]", None]


@how(max_examples=50, deadline=None)
@every(st.lists(st.text("abc", max_size=9), min_size=1, max_size=40), st.integers(1, 12))
def test_parts_of_any_size_make_the_row_groups_of_single_rows(tmp_path_factory, texts, size):
    one, other = tmp_path_factory.mktemp("rows"), tmp_path_factory.mktemp("parts")
    column = Column("x", "text", "")
    table = pa.table({"x": texts})
    cut = [table.slice(start, size) for start in range(0, len(texts), size)]

    with pytest.MonkeyPatch.context() as few:
        few.setattr(typed_files, "ROWS_AT_ONCE", 7)
        few.setattr(typed_files, "BYTES_AT_ONCE", 60)
        Folder(one).table("t", (column,), ({"x": text} for text in texts))
        Folder(other).parts("t", (column,), cut)

    assert (one / "t.parquet").read_bytes() == (other / "t.parquet").read_bytes()


def test_what_cannot_be_written_beside_reading_fails_where_it_was_asked_for(tmp_path):
    column = Column("x", "integer", "")
    part = pa.table({"x": ["no number"]})
    folder = Folder(tmp_path)

    with pytest.raises(pa.ArrowInvalid, match="no number"):
        folder.parts("t", (column,), [part])

    assert folder.files == []


def test_a_source_that_fails_after_some_parts_writes_no_table(tmp_path):
    def parts():
        yield pa.table({"x": ["a"]})
        raise LookupError("the database is gone")

    folder = Folder(tmp_path)

    with pytest.raises(LookupError, match="gone"):
        folder.parts("t", (Column("x", "text", ""),), parts())

    assert folder.files == []


def test_parts_with_other_columns_than_the_dictionary_s_are_refused(tmp_path):
    with pytest.raises(ValueError, match="has the columns"):
        Folder(tmp_path).parts("t", COLUMNS, [pa.table({"a": ["x"]})])


# The answers themselves, beside the plain way of asking for them


def plainly(study):
    """Every current answer, one by one, as the models tell it."""
    closed = Answer.objects.filter(current=True, judgment__current=True, item__study=study)
    asked = closed.select_related("judgment", "question", "option").order_by(
        "judgment", "question__position", "turn", "option__position"
    )
    texts = TextAnswer.objects.filter(
        current=True, judgment__current=True, judgment__item__study=study
    ).order_by("judgment", "question__position", "turn")
    found, places = [], set()
    for one in asked:
        place = (one.judgment_id, one.question_id, one.turn)
        if one.option.code or place not in places:
            found.append((one, one.option.code or None, one.wave))
        places.add(place)
    found += [(one, one.text, one.judgment.seat.wave) for one in texts]
    return [
        (
            one.judgment.item.reply_1.external_id,
            one.question.key,
            one.turn,
            answer,
            str(Wave(wave).label),
            str(one.judgment.public_id),
            one.judgment.created_at.isoformat(),
            one.judgment.rubric.version,
            one.judgment.guidelines.version if one.judgment.guidelines else None,
            one.judgment.specification.version if one.judgment.specification else None,
        )
        for one, answer, wave in found
    ]


READ = ("response_id", "question", "turn", "answer", "wave", "judgment", "judged_at",
        "rubric_version", "guidelines_version", "specification_version")  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 2, 10_000])
@pytest.mark.parametrize("made", ["everything", "rich"])
def test_answers_in_parts_are_those_that_the_models_tell(
    request, made, tmp_path, monkeypatch, at_once
):
    for name in ("JUDGMENTS_AT_ONCE", "WRITTEN_AT_ONCE", "ANSWERS_AT_ONCE"):
        monkeypatch.setattr(released_answers, name, at_once)
    study = request.getfixturevalue(made)
    given.safe(tmp_path, {"other": "yes no"})  # another study's judgments stand between or after

    out = written(study, tmp_path)

    assert [tuple(row[name] for name in READ) for row in rows(out, "judgments")] == plainly(study)


def test_pairs_name_their_second_reply_and_others_do_not(tmp_path, db):
    pairs = told.pairs(tmp_path).study
    out = written(pairs, tmp_path)

    for row in rows(out, "judgments"):
        assert row["response_id_2"]
        assert len(row["shown_sha256_2"]) == 64
    single = written(given.safe(tmp_path, {"a": "yes"}), tmp_path, folder="single")
    assert {row["shown_sha256_2"] for row in rows(single, "judgments")} == {None}


def test_r064_every_form_of_a_table_has_as_many_rows_as_the_database(tmp_path, db):
    study = build.study("five", rubric=build.SAFE)
    for batch in range(5):
        given.replies(study, tmp_path, *[f"b{batch}-{n}" for n in range(4)])
    lines = [(f"b{n % 5}-{n % 4}", f"r{n}", "safe", "yes") for n in range(60)]
    given.judgments(study, tmp_path, lines)

    out = written(study, tmp_path)

    stored = Answer.objects.filter(current=True, item__study=study).count()
    listed = {file["name"]: file["rows"] for file in given.manifest(out)["files"]}
    assert {listed[f"judgments.{form}"] for form in ("jsonl", "csv", "parquet")} == {stored} == {60}
    by_batch = [row["response_id"].partition("-")[0] for row in rows(out, "judgments")]
    assert sum(by_batch.count(f"b{n}") for n in range(5)) == stored
    assert given.manifest(out)["complete"] is True
