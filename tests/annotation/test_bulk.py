"""Many rows at once: the same rows, keys and refusals on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotation import bulk
from annotation.models import (
    Batch,
    Hit,
    Item,
    Judgment,
    Query,
    Response,
    Scenario,
    Seat,
    TextVersion,
)
from annotation.vocabulary import Framing, HitDecision
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
MANY = 50


@pytest.fixture
def study():
    return build.study("s")


def scenarios(study, n=MANY):
    return [Scenario(study_id=study.pk, external_id=f"s{k}") for k in range(n)]


@pytest.mark.parametrize("n", [1, bulk.FEWEST - 1, bulk.FEWEST, MANY])
def test_rows_get_their_keys_in_order(study, n):
    found = bulk.insert(scenarios(study, n))

    stored = dict(Scenario.objects.values_list("external_id", "pk"))
    assert [row.pk for row in found] == [stored[f"s{k}"] for k in range(n)]


def test_no_rows_cost_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert bulk.insert([]) == []


def test_texts_json_words_and_empty_values_come_back_as_they_were(study, tmp_path):
    item = build.item(study, tmp_path)
    text = 'tab\t, new\nline, back\\slash, \\N, "quotes", \u2028, \U0001f600, ünï'
    values = {"value_a_id": item.query.value_a_id, "value_b_id": item.query.value_b_id}
    queries = [
        Query(
            study_id=study.pk, external_id=f"{text}{n}", scenario_id=item.scenario_id,
            framing=Framing.VALUE_A, language="", topics=[text, {"k": [1, None, True]}], **values,
        )
        for n in range(MANY)
    ]  # fmt: skip

    bulk.insert(queries)

    stored = Query.objects.get(external_id=f"{text}7")
    assert (stored.framing, stored.language) == ("value_a", "")
    assert stored.topics == [text, {"k": [1, None, True]}]


def test_times_and_nulls_come_back_as_they_were(study, tmp_path):
    batches = [
        Batch(study_id=study.pk, number=n, file_name="b", state="ready", created_at=NOW)
        for n in range(1, MANY)
    ]

    bulk.insert(batches)

    stored = Batch.objects.get(number=7)
    assert (stored.created_at, stored.finished_at, stored.read) == (NOW, None, 0)


def test_a_constraint_refuses_as_it_does_elsewhere(study):
    rows = [*scenarios(study), *scenarios(study, 1)]

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(rows)

    assert not Scenario.objects.exists()


def test_a_check_refuses_too(study, tmp_path):
    build.item(study, tmp_path)
    text = TextVersion.objects.select_related("response").get()
    hits = [
        Hit(
            text_id=text.pk, batch_id=text.response.batch_id, rule_set=1, rule="r", message=0,
            start=n, end=n, found="", context="", decision=HitDecision.HELD,
        )
        for n in range(MANY)
    ]  # fmt: skip

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(hits)


def test_what_is_inserted_can_be_saved_and_inserted_beside(study):
    first = bulk.insert(scenarios(study))[3]
    first.external_id = "renamed"
    first.save()
    more = Scenario.objects.create(study=study, external_id="later")

    assert Scenario.objects.get(pk=first.pk).external_id == "renamed"
    assert more.pk not in {row.pk for row in Scenario.objects.exclude(pk=more.pk)}


def test_the_number_of_statements_does_not_grow_with_the_rows(study):
    counts = []
    for at, n in ((0, MANY), (MANY, 4 * MANY)):
        rows = [Scenario(study_id=study.pk, external_id=f"t{k}") for k in range(at, at + n)]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            bulk.insert(rows)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# Rows given as plain values


def as_values(study, ids):
    bulk.insert_values(
        Scenario, ("id", "study_id", "external_id"), [(pk, study.pk, f"own{pk}") for pk in ids]
    )


@pytest.mark.parametrize("n", [0, 1, MANY])
def test_keys_taken_before_are_the_rows_own(study, n):
    ids = bulk.new_ids(Scenario, n)

    as_values(study, ids)

    assert list(Scenario.objects.order_by("pk").values_list("pk", flat=True)) == ids
    assert Scenario.objects.create(study=study).pk not in ids


def test_keys_are_never_taken_twice(study):
    first = bulk.new_ids(Scenario, 3)
    as_values(study, first)
    bulk.insert(scenarios(study))

    more = bulk.new_ids(Scenario, 3)
    as_values(study, more)

    assert Scenario.objects.count() == MANY + 6
    assert not set(first) & set(more)


def test_fields_that_are_left_out_have_their_defaults(study):
    columns = ("study_id", "number", "file_name", "state", "created_at")

    bulk.insert_values(Batch, columns, [(study.pk, 1, "b", "ready", NOW)])

    stored = Batch.objects.get()
    assert (stored.notes, stored.failure, stored.finished_at, stored.read) == ([], "", None, 0)


def test_defaults_that_are_words_are_stored_as_such(study):
    assert bulk._written(type(study)._meta.get_field("state")) == "draft"


def test_json_given_written_out_is_read_as_json(study, tmp_path):
    item = build.item(study, tmp_path)
    columns = ("study_id", "external_id", "scenario_id", "framing", "value_a_id", "value_b_id",
               "topics")  # fmt: skip
    values = (item.query.value_a_id, item.query.value_b_id)
    text = '["tab\\t", "ü", "\\\\N"]'

    bulk.insert_values(
        Query, columns, [(study.pk, "q", item.scenario_id, "neutral", *values, text)]
    )

    assert Query.objects.get(external_id="q").topics == ["tab\t", "ü", "\\N"]


def test_a_constraint_refuses_plain_values_too(study):
    ids = bulk.new_ids(Scenario, 2)

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert_values(
            Scenario, ("id", "study_id", "external_id"), [(pk, study.pk, "same") for pk in ids]
        )


def test_json_given_as_bytes_is_read_as_json(study, tmp_path):
    item = build.item(study, tmp_path)
    columns = ("study_id", "external_id", "scenario_id", "framing", "value_a_id", "value_b_id",
               "facts")  # fmt: skip
    values = (item.query.value_a_id, item.query.value_b_id)

    bulk.insert_values(
        Query,
        columns,
        [(study.pk, "q", item.scenario_id, "neutral", *values, '["ü\\n"]'.encode())],
    )

    assert Query.objects.get(external_id="q").facts == ["ü\n"]


def test_numbers_and_empty_values_come_back_as_they_were(study, tmp_path):
    build.item(study, tmp_path)
    text = TextVersion.objects.select_related("response").get()
    columns = ("decided_by_id", "end", "text_id", "batch_id", "rule_set", "rule", "message",
               "start", "found", "context", "decision", "decided_at")  # fmt: skip
    row = (None, 2**31 - 1, text.pk, text.response.batch_id, 7, "r\t\\N", 3, 0, "", "ü", "held")

    bulk.insert_values(Hit, columns[:-1], [row])

    assert Hit.objects.values_list(*columns[:-1]).get() == row


@pytest.mark.parametrize("given", [("id", "study_id"), ("external_id", "study_id")])
def test_rows_of_few_columns_are_stored(study, given):
    values = {"id": 4_000_000_000, "study_id": study.pk, "external_id": None}

    bulk.insert_values(Scenario, given, [[values[name] for name in given]])

    assert Scenario.objects.values_list(*given).get() == tuple(values[name] for name in given)


# Finding rows by many texts


def test_keys_are_found_by_text_in_one_study_alone(study):
    texts = ['"quoted"', "ü", "it's", "\\", "%s"]
    rows = bulk.insert([Scenario(study_id=study.pk, external_id=text) for text in texts])
    bulk.insert([Scenario(study_id=build.study("other").pk, external_id="elsewhere")])

    found = bulk.keys_of(Scenario, "external_id", [*texts, "none", "elsewhere"], study_id=study.pk)

    assert found == {row.external_id: row.pk for row in rows}


def test_no_texts_find_nothing(study):
    assert bulk.keys_of(Scenario, "external_id", [], study_id=study.pk) == {}


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite is told the order of the tables in the query"
)
def test_R063_each_text_is_looked_up_in_the_index_of_its_constraint(study):
    with CaptureQueriesContext(connection) as queries:
        bulk.keys_of(Response, "external_id", ["r"], study_id=study.pk)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = " ".join(line for (line,) in cursor.fetchall())

    assert "Index Cond: ((study_id = " in plan
    assert "(external_id)::text = asked.for_text" in plan


# Commits that nobody waits for


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite waits for every commit")
@pytest.mark.django_db(transaction=True)
def test_only_the_transaction_that_asked_commits_without_waiting():
    def waits():
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")  # as in production; other tests do not wait
    with transaction.atomic():
        bulk.commit_without_waiting()
        assert waits() == "off"

    assert waits() == "on"
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


# What the tables of replies have beside constraints


@pytest.mark.parametrize(
    ("table", "columns"),
    [(Response, ["study_id"]), (Response, ["query_id"]), (TextVersion, ["response_id"]),
     (Hit, ["text_id"]), (Hit, ["batch_id"])],
)  # fmt: skip
def test_no_index_of_its_own_where_a_fuller_one_begins_alike(table, columns):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table._meta.db_table)

    by_columns = [one["columns"] for one in found.values() if one["index"] or one["unique"]]
    alone = [
        name
        for name, one in found.items()
        if one["index"] and not one["unique"] and one["columns"] == columns
    ]
    assert alone == []
    assert any(fuller[:1] == columns for fuller in by_columns)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite packs no values, whatever their length"
)
def test_long_texts_are_packed_quickly_where_the_server_can():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attcompression = 'l' OR NOT 'lz4' = ANY(enumvals) FROM pg_attribute, pg_settings"
            " WHERE attrelid = 'annotation_textversion'::regclass AND attname = 'messages'"
            " AND pg_settings.name = 'default_toast_compression'"
        )
        assert cursor.fetchone() == (True,)


def test_times_and_uuids_given_as_prepared_come_back_as_they_were(study, tmp_path):
    rater = build.rater(study)
    build.item(study, tmp_path)
    build.judgment(rater)
    judgment = Judgment.objects.get()
    fields = {field.attname: field for field in Judgment._meta.concrete_fields}
    old = {name: getattr(judgment, name) for name in fields if name != "id"}
    before, early = timedelta(microseconds=1), datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)
    rows = [
        {**old, "revision": 2, "current": False, "public_id": uuid4(), "created_at": when}
        for when in (NOW - before, early.astimezone(timezone(timedelta(hours=2))))
    ]
    rows[1]["revision"] = 3

    bulk.insert_values(
        Judgment,
        tuple(old),
        [
            [fields[name].get_db_prep_save(value, connection) for name, value in row.items()]
            for row in rows
        ],
    )

    for row in rows:
        stored = Judgment.objects.get(public_id=row["public_id"])
        assert {name: getattr(stored, name) for name in row} == row


# Pairs of numbers


def seated(study, tmp_path):
    """Seats of two raters at three items, one of the six left out, and free ones."""
    people = [build.rater(study) for _ in range(2)]
    for _ in range(3):
        build.item(study, tmp_path, n_seats=3)
    items = list(Item.objects.order_by("pk"))
    for person, item in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]:
        seat = Seat.objects.filter(item=items[item], rater=None).first()
        Seat.objects.filter(pk=seat.pk).update(rater=people[person].pk, judged_at=NOW)
    return [person.pk for person in people], [item.pk for item in items]


def test_rows_are_found_by_pairs_and_no_other_combination(study, tmp_path):
    (ann, bob), (first, second, third) = seated(study, tmp_path)

    found = bulk.keys_of_pairs(
        Seat, ("rater_id", "item_id"), [(ann, first), (bob, second), (bob, third), (ann, 10**12)]
    )

    assert found == {
        (ann, first): Seat.objects.get(rater=ann, item=first).pk,
        (bob, third): Seat.objects.get(rater=bob, item=third).pk,
    }


def test_no_pairs_find_nothing():
    assert bulk.keys_of_pairs(Seat, ("rater_id", "item_id"), []) == {}


def test_pairs_are_looked_up_in_the_index_of_both(study, tmp_path):
    (ann, bob), (first, *_) = seated(study, tmp_path)
    with CaptureQueriesContext(connection) as queries:
        bulk.keys_of_pairs(Seat, ("rater_id", "item_id"), [(ann, first), (bob, first)])
    (query,) = queries.captured_queries

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan TO off")  # so small a table would be read
            cursor.execute("EXPLAIN " + query["sql"])
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
        plan = "\n".join(str(row) for row in cursor.fetchall())

    assert "seat_rater_once_per_item" in plan
