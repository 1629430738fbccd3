"""A release's Croissant description: sound by the published rules, and read by the public loader."""

import json
import math

import pytest

from evaluation.exports import croissant
from evaluation.exports.columns import TABLES
from tests import readers
from tests.evaluation import given, told
from tests.evaluation.given import manifest, rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def out(tmp_path):
    return written(given.rich(tmp_path), tmp_path)


def described(out):
    return json.loads((out / "croissant.json").read_text())


def test_every_file_is_described_with_the_manifest_s_hash(out):
    found = {file["@id"]: file for file in described(out)["distribution"]}

    listed = {f["name"]: f for f in manifest(out)["files"] if f["name"] != "croissant.json"}
    assert found.keys() == listed.keys()
    for name, file in found.items():
        assert (file["sha256"], file["contentUrl"]) == (listed[name]["sha256"], name)
        assert file["contentSize"] == f"{listed[name]['bytes']} B"
        assert file["encodingFormat"]


def test_every_column_of_every_table_is_a_field_with_its_type(out):
    found = described(out)

    assert [one["name"] for one in found["recordSet"]] == list(TABLES)
    for record_set in found["recordSet"]:
        columns = TABLES[record_set["name"]]
        assert [(f["name"], f["dataType"]) for f in record_set["field"]] == [
            (one.name, croissant.TYPES[one.type]) for one in columns
        ]


def test_ids_are_used_once_and_what_is_referred_to_is_there(out):
    found = described(out)

    files = [file["@id"] for file in found["distribution"]]
    sets = [one["@id"] for one in found["recordSet"]]
    fields = [field for one in found["recordSet"] for field in one["field"]]
    ids = files + sets + [field["@id"] for field in fields]
    assert len(ids) == len(set(ids))
    assert {field["source"]["fileObject"]["@id"] for field in fields} <= set(files)
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.0"


LOADED = """
import mlcroissant

dataset = mlcroissant.Dataset(jsonld=f"{folder}/croissant.json")
errors = list(dataset.metadata.ctx.issues.errors)
"""


def loaded(out, tmp_path, tells, **more):
    """What the public loader tells of a release."""
    return readers.told(LOADED, tells, scratch=tmp_path / "reader", folder=str(out), **more)


def test_the_public_loader_takes_it_without_an_error_and_reads_the_records(out, tmp_path):
    tells = """[errors, [
        [one["labels/response_id"].decode(), int(one["labels/raters"]), one["labels/entropy"]]
        for one in dataset.records(record_set="labels")
    ]]"""

    errors, found = loaded(out, tmp_path, tells)

    assert errors == []
    plain = rows(out, "labels")
    assert [one[:2] for one in found] == [[row["response_id"], row["raters"]] for row in plain]
    entropies = [None if one is None or math.isnan(one) else one for *_, one in found]
    assert entropies == [row["entropy"] for row in plain]


def test_the_public_loader_reads_every_table(tmp_path):
    out = written(told.everything(tmp_path).study, tmp_path)

    tells = "{table: len(list(dataset.records(record_set=table))) for table in tables}"
    found = loaded(out, tmp_path, tells, tables=list(TABLES))

    assert found == {table: len(rows(out, table)) for table in TABLES}
