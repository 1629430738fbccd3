"""Reading files line by line: what is a record, what is a problem, what is no file at all."""

import gzip
import json

import pytest

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Problem, Record


def written(tmp_path, content, name="batch.jsonl"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(tmp_path, content, name="batch.jsonl"):
    return list(files.read(written(tmp_path, content, name)))


def the_problem(tmp_path, content, name="batch.jsonl"):
    (found,) = read(tmp_path, content, name)
    assert isinstance(found, Problem)
    return found


# JSON lines


def test_each_line_is_a_record_with_its_number(tmp_path):
    assert read(tmp_path, '{"a": 1}\n\n{"a": 2}\n') == [Record(1, {"a": 1}), Record(3, {"a": 2})]


def test_the_last_line_needs_no_end(tmp_path):
    assert read(tmp_path, '{"a": 1}\r\n{"a": 2}') == [Record(1, {"a": 1}), Record(2, {"a": 2})]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    assert read(tmp_path, b'\xef\xbb\xbf{"a": 1}') == [Record(1, {"a": 1})]


def test_other_line_separators_of_unicode_are_text(tmp_path):
    assert read(tmp_path, '{"a": "x\u2028y\u0085z"}') == [Record(1, {"a": "x\u2028y\u0085z"})]


@pytest.mark.parametrize("name", ["b.jsonl.gz", "b.ndjson.gz", "b.jsonl", "B.JSONL.GZ"])
def test_gzip_is_known_by_its_first_bytes(name, tmp_path):
    assert read(tmp_path, gzip.compress(b'{"a": 1}\n', mtime=0), name) == [Record(1, {"a": 1})]


def test_a_name_of_gzip_over_plain_text_is_read_as_text(tmp_path):
    assert read(tmp_path, b'{"a": 1}\n', "b.jsonl.gz") == [Record(1, {"a": 1})]


def test_gzip_in_several_members_is_read_whole(tmp_path):
    twice = gzip.compress(b'{"a": 1}\n', mtime=0) + gzip.compress(b'{"a": 2}\n')

    assert len(read(tmp_path, twice, "b.jsonl.gz")) == 2


def test_the_given_name_decides_the_format(tmp_path):
    path = written(tmp_path, "a\n1\n", "stored-without-ending")

    assert list(files.read(path, name="Batch 1.CSV")) == [Record(2, {"a": "1"})]


def test_R062_a_key_that_stands_twice_is_named(tmp_path):
    found = the_problem(tmp_path, '{"a": 1, "b": {"x": 1, "x": 2}}')

    assert (found.line, found.field) == (1, "x")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(word, tmp_path):
    assert word.lstrip("-") in the_problem(tmp_path, f'{{"a": {word}}}').reason


@pytest.mark.parametrize("line", ["[1]", "1", '"a"', "null", "true"])
def test_a_line_that_is_no_object_is_refused(line, tmp_path):
    assert "object" in the_problem(tmp_path, line).reason


@pytest.mark.parametrize("line", ["{", "{'a': 1}", '{"a": 1} {"b": 2}', '{"a": 1,}', "a,b"])
def test_a_line_that_is_not_json_is_refused(line, tmp_path):
    assert "Not JSON" in the_problem(tmp_path, line).reason


def test_where_a_line_stops_being_json_is_said_by_its_character(tmp_path):
    (problem,) = list(read(tmp_path, '\n\n{"a" 1}\n'))

    assert problem.line == 3
    assert "at character 6" in problem.reason
    assert "line 1" not in problem.reason


def test_a_bad_line_does_not_spoil_the_next(tmp_path):
    bad, good = read(tmp_path, '{"a": \n{"a": 2}\n')

    assert (bad.line, good) == (1, Record(2, {"a": 2}))


@pytest.mark.parametrize("levels", [101, 400, 2_000, 100_000])
@pytest.mark.parametrize(("opening", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_refused_however_deep(opening, end, levels, tmp_path):
    value = opening * levels + ("1" if opening != "[" else "") + end * levels

    assert "nested deeper" in the_problem(tmp_path, f'{{"a": {value}}}').reason


def test_json_of_a_sensible_depth_is_read(tmp_path):
    (found,) = read(tmp_path, '{"a": ' + "[" * 90 + "]" * 90 + "}")

    assert isinstance(found, Record)


def test_a_number_of_endless_digits_is_refused(tmp_path):
    assert "Not JSON" in the_problem(tmp_path, '{"a": ' + "9" * 5_000 + "}").reason


def test_a_line_too_long_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 20)
    long, good = read(tmp_path, '{"a": "' + "x" * 100 + '"}\n{"a": 1}\n')

    assert (long.line, "longer than" in long.reason) == (1, True)
    assert good == Record(2, {"a": 1})


def test_a_line_exactly_as_long_as_allowed_is_read(tmp_path, monkeypatch):
    line = '{"a": "xxxxxxxxxx"}\n'
    monkeypatch.setattr(files, "LONGEST_LINE", len(line))

    assert len([found for found in read(tmp_path, line * 2) if isinstance(found, Record)]) == 2


# CSV


def test_csv_cells_stay_text(tmp_path):
    (found,) = read(tmp_path, "id,n,e\n007,1e5,\n", "b.csv")

    assert found == Record(2, {"id": "007", "n": "1e5", "e": ""})


def test_csv_header_names_are_trimmed_and_cells_are_not(tmp_path):
    assert read(tmp_path, " a , b\n 1 ,2\n", "b.csv") == [Record(2, {"a": " 1 ", "b": "2"})]


def test_a_record_over_several_lines_is_numbered_by_its_first(tmp_path):
    first, second = read(tmp_path, 'a,b\n"x\ny",1\nz,2\n', "b.csv")

    assert (first.line, first.fields["a"], second.line) == (2, "x\ny", 4)


@pytest.mark.parametrize("row", ["1", "1,2,3"])
def test_a_wrong_number_of_cells_is_counted(row, tmp_path):
    found = the_problem(tmp_path, f"a,b\n{row}\n", "b.csv")

    assert found.line == 2
    assert "but the header has 2 columns" in found.reason


def test_a_quote_left_open_is_a_problem_of_its_line(tmp_path):
    found = read(tmp_path, 'a,b\n1,2\n"x,3\n', "b.csv")

    assert [type(one) for one in found] == [Record, Problem]
    assert found[1].line == 3


def test_a_stray_quote_spoils_only_its_line(tmp_path):
    found = read(tmp_path, 'a,b\n"x"y,2\n3,4\n', "b.csv")

    assert isinstance(found[0], Problem)
    assert found[1] == Record(3, {"a": "3", "b": "4"})


def test_blank_lines_between_rows_are_passed_over(tmp_path):
    assert read(tmp_path, "a,b\n\n1,2\n\n", "b.csv") == [Record(3, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_columns_kept_apart_by_another_sign_are_named(tmp_path, sign, word):
    path = tmp_path / "replies.csv"
    path.write_text(f"query_id{sign}model{sign}response\nq{sign}m{sign}Yes, no.\n")

    with pytest.raises(FileUnreadable, match=f"kept apart by {word}, not by commas"):
        list(files.read(path, name=path.name))


def test_R062_a_header_that_stands_twice_is_a_bad_line(tmp_path):
    again, good = read(tmp_path, "a,b\na,b\n1,2\n", "b.csv")

    assert (again.line, "once more" in again.reason) == (2, True)
    assert good == Record(3, {"a": "1", "b": "2"})


def test_a_cell_too_large_is_a_problem(tmp_path):
    large = "x" * (files.LONGEST_CELL + 1)

    assert "Not CSV" in the_problem(tmp_path, f"a\n{large}\n", "b.csv").reason


# No file at all


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "b.jsonl", "empty"),
        (b"", "b.csv", "empty"),
        (b",\n1,2\n", "b.csv", "empty"),
        (b"a,b\n", "b.csv", "no lines"),
        (b"\n\n", "b.jsonl", r"^b\.jsonl has no lines of data\.$"),
        (b"a,b,a\n1,2,3\n", "b.csv", "twice: a"),
        (b'"a"b,c\n1,2\n', "b.csv", "header"),
        (b"{}", "b.txt", "must end in"),
        (b"{}", "b", "must end in"),
        (b"{}", "b.gz", "must end in"),
        (b'{"a": "\xff"}\n', "b.jsonl", "not UTF-8"),
        ('{"a": 1}\n'.encode("utf-16"), "b.jsonl", "not UTF-8"),
        (gzip.compress(b'{"a": 1}\n', mtime=0)[:-6], "b.jsonl.gz", "not a whole gzip"),
        (
            gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:20] + b"\0" * 40,
            "b.jsonl.gz",
            "not a whole gzip",
        ),
        (b"\x1f\x8b junk", "b.jsonl.gz", "not a whole gzip"),
    ],
)
def test_what_is_no_readable_file_is_refused_whole(content, name, why, tmp_path):
    with pytest.raises(FileUnreadable, match=why):
        files.check(written(tmp_path, content, name))


def test_a_defect_far_down_refuses_the_whole_file(tmp_path):
    lines = b'{"a": 1}\n' * 300_000

    with pytest.raises(FileUnreadable, match="UTF-8"):
        files.check(written(tmp_path, lines + b"\xff\n"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileUnreadable, match="cannot be opened: No such file"):
        files.check(tmp_path / "none.jsonl")


def test_a_directory_is_refused(tmp_path):
    (tmp_path / "d.jsonl").mkdir()

    with pytest.raises(FileUnreadable, match="cannot be opened"):
        files.check(tmp_path / "d.jsonl")


def test_a_good_file_passes_the_check(tmp_path):
    assert files.check(written(tmp_path, json.dumps({"a": 1}))) is None
