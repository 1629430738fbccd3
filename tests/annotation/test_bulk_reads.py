"""Rows read as columns are the rows: nothing, nothing at all, and signs that COPY writes otherwise."""

import json

import pytest

from annotation.bulk_reads import BOOLEAN, INTEGER, TEXT, TIME, columns, number_parts, runs
from annotation.models import Answer, Judgment, Query, Study, User
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    ["", " ", "\\.", "\\N", 'a "quoted" one', "a,b", "two\nlines\r\n", "\\n", "'", "%s", "ä😀"],
)
def test_a_text_comes_out_as_it_went_in(name):
    study = build.study()
    Study.objects.filter(pk=study.pk).update(title=name)
    rows = Study.objects.values_list("pk", "title", "batches__pk")

    found = columns(rows, {"pk": INTEGER, "title": TEXT, "version": INTEGER})

    assert found.to_pylist() == [{"pk": study.pk, "title": name, "version": None}]


def test_a_single_column_of_a_single_sign_is_no_end_of_data():
    build.study()
    Study.objects.update(title="\\.")

    found = columns(Study.objects.values_list("title"), {"x": TEXT})

    assert found.to_pylist() == [{"x": "\\."}]


def test_times_and_ids_keep_their_kind(tmp_path):
    given.safe(tmp_path, {"a": "yes"})
    (one,) = Judgment.objects.all()
    rows = Judgment.objects.values_list("public_id", "created_at")

    found = columns(rows, {"id": TEXT, "at": TIME}).to_pylist()

    assert found == [{"id": str(one.public_id), "at": one.created_at}]


def test_no_rows_are_columns_without_rows():
    found = columns(User.objects.none().values_list("pk"), {"pk": INTEGER})

    assert (found.num_rows, found.schema.types) == (0, [INTEGER])


def test_the_query_s_parameters_are_kept_apart_from_its_words():
    build.user("x' OR 1=1 --")

    rows = User.objects.filter(username="x' OR 1=1 --").values_list("username")

    assert columns(rows, {"name": TEXT}).num_rows == 1


def test_truth_and_json_keep_what_they_say(tmp_path):
    given.safe(tmp_path, {"a": "yes"})
    Query.objects.update(anchors={"a": ["ä", '"']}, topics=[])
    rows = Judgment.objects.values_list("current", "item__query__anchors", "item__query__topics")

    (found,) = columns(rows, {"is": BOOLEAN, "anchors": TEXT, "topics": TEXT}).to_pylist()

    assert found["is"] is True
    assert (json.loads(found["anchors"]), json.loads(found["topics"])) == ({"a": ["ä", '"']}, [])


def test_runs_hold_all_rows_once_by_their_first_field():
    users = [build.user(name) for name in "cab"]
    fields = {"id": ("pk", INTEGER), "name": ("username", TEXT)}

    found = [part.to_pylist() for part in runs(User.objects.all(), fields, at_once=2)]

    assert [len(part) for part in found] == [2, 1]
    assert [row["id"] for part in found for row in part] == [user.pk for user in users]


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_numbers_come_in_order_and_in_parts_with_the_connection_free(tmp_path, at_once):
    given.safe(tmp_path, {"a": "yes no yes", "b": "no yes no"})
    cells = ("judgment_id", "option_id", "item_id")
    rows = Answer.objects.order_by().values(*cells)

    parts = number_parts(
        rows, cells, order=("item_id", "option_id", "judgment_id"), at_once=at_once
    )
    found = [(part.tolist(), Answer.objects.count())[0] for part in parts]

    ordered = Answer.objects.order_by("item_id", "option_id", "judgment_id").values_list(*cells)
    assert [len(part) for part in found[:-1]] == [at_once] * (len(found) - 1)
    assert [tuple(row) for part in found for row in part] == list(ordered)


@pytest.mark.parametrize("rows", [Answer.objects.all(), Answer.objects.none()], ids=["all", "none"])
def test_no_numbers_are_no_parts(rows):
    cells = ("id", "item_id")

    assert list(number_parts(rows.values(*cells), cells, order=cells, at_once=5)) == []
