import csv

import pytest

from annotation import cells
from evaluation.exports.columns import ESCAPED_COLUMN, TABLES
from tests.evaluation import given
from tests.evaluation.given import rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(tmp_path):
    return given.rich(tmp_path)


def test_R027_no_csv_cell_is_run_by_a_spreadsheet_and_all_are_read_back(rich, tmp_path):
    out = written(rich, tmp_path)

    for table in TABLES:
        exact = rows(out, table)
        with (out / f"{table}.csv").open(newline="", encoding="utf-8") as lines:
            sheet = list(csv.DictReader(lines))
        assert len(sheet) == len(exact)
        for cells_of_row, row in zip(sheet, exact, strict=True):
            escaped = cells_of_row.pop(ESCAPED_COLUMN.name).split()
            for name, cell in cells_of_row.items():
                assert cell[:1] not in set("=+@\t\r\n")
                assert cell[:1] != "-" or cells.NUMBER.fullmatch(cell)
                back = cell.removeprefix("'") if name in escaped else cell
                if isinstance(row[name], str):
                    assert back == row[name]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        (" =1", "' =1"),
        ('"=1', "'\"=1"),
        ("＝1", "'＝1"),
        ("'tis", "''tis"),
        ("-", "'-"),
        ("-5", "-5"),
        ("+3.5e2", "+3.5e2"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        ("plain", "plain"),
        ("a=b", "a=b"),
        ("", ""),
        (None, ""),
        (True, "true"),
        ({"a": ["é"]}, '{"a":["é"]}'),
    ],
)
def test_r027_a_cell_is_escaped_only_where_a_spreadsheet_would_run_it(value, cell):
    assert cells.cell(value) == (cell, cell != value and isinstance(value, str))
