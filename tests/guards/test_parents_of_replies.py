"""What a reply belongs to is there, is of its own study, and stays while the reply is there."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.models import Batch, LanguageModel, Query, Response
from tests import build

MISSING = 987_654_321
COLUMNS = ("study_id", "query_id", "model_id", "batch_id")


def loaded(slug, tmp_path, *names):
    study = build.study(slug)
    build.batch(study, [build.reply_fields(response_id=name) for name in names], tmp_path)
    return study


def another(reply, **changed):
    """Another reply beside one, some columns changed, sent to the database as it is."""
    fields = {name: getattr(reply, name) for name in COLUMNS}
    return Response(external_id="another", sample=99, **{**fields, **changed})


def stored(*replies):
    with transaction.atomic():
        Response.objects.bulk_create(replies)
        connection.check_constraints()


def inserted(row):
    with transaction.atomic():
        row.save(force_insert=True)
        connection.check_constraints()


def moved(reply, **changed):
    with transaction.atomic():
        Response.objects.filter(pk=reply.pk).update(**changed)
        connection.check_constraints()


def deleted(table, pk):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])
        connection.check_constraints()


@pytest.fixture
def reply(db, tmp_path):
    loaded("own", tmp_path, "r")
    return Response.objects.get()


def test_R046_a_reply_beside_another_is_stored(reply):
    stored(another(reply))

    assert Response.objects.count() == 2


@pytest.mark.parametrize("column", COLUMNS)
def test_R046_a_reply_of_what_is_not_there_is_refused(reply, column):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        stored(another(reply, **{column: MISSING}))


@pytest.mark.parametrize("column", COLUMNS)
def test_R046_one_wrong_reply_among_many_is_refused_with_them(reply, column):
    many = [another(reply) for _ in range(5)]
    for number, one in enumerate(many):
        one.external_id, one.sample = f"another-{number}", 100 + number
    setattr(many[3], column, MISSING)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        stored(*many)
    assert list(Response.objects.all()) == [reply]


@pytest.mark.parametrize(
    ("column", "table"), [("query_id", Query), ("model_id", LanguageModel), ("batch_id", Batch)]
)
def test_R048_a_reply_of_another_studys_query_model_or_batch_is_refused(
    reply, tmp_path, column, table
):
    other = loaded("other", tmp_path, "r")
    alien = table.objects.get(study=other).pk

    with pytest.raises(IntegrityError, match="response_parents_of_its_study"):
        stored(another(reply, **{column: alien}))


@pytest.mark.parametrize("column", ["query_id", "model_id", "batch_id"])
def test_R046_a_reply_is_not_moved_to_what_is_not_there(reply, column):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        moved(reply, **{column: MISSING})


def test_R048_a_reply_is_not_moved_to_another_study(reply, tmp_path):
    other = loaded("other", tmp_path, "q")

    with pytest.raises(IntegrityError, match="response_parents_of_its_study"):
        moved(reply, study=other)


def test_a_reply_is_moved_to_another_batch_of_its_study(reply, tmp_path):
    build.batch(reply.study, [build.reply_fields(response_id="s", sample=2)], tmp_path)
    last = Batch.objects.latest("pk")

    moved(reply, batch=last)

    reply.refresh_from_db()
    assert reply.batch == last


@pytest.mark.parametrize("column", COLUMNS)
def test_R046_what_a_reply_belongs_to_is_not_deleted_by_raw_sql(reply, column):
    table = Response._meta.get_field(column.removesuffix("_id")).related_model._meta.db_table

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        deleted(table, getattr(reply, column))


def test_R046_a_text_of_no_reply_is_refused(reply):
    text = reply.versions.get()
    text.pk, text.response_id = None, MISSING

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        inserted(text)


def test_R046_a_reply_with_a_text_is_not_deleted_by_raw_sql(reply):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        deleted("annotation_response", reply.pk)


def test_what_no_reply_belongs_to_is_deleted(reply):
    spare = LanguageModel.objects.create(study=reply.study, key="spare")

    with transaction.atomic():
        spare.delete()
        connection.check_constraints()

    assert not LanguageModel.objects.filter(key="spare").exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time.")
@pytest.mark.django_db(transaction=True)
def test_R046_a_query_deleted_while_a_reply_to_it_is_stored_stays(tmp_path):
    loaded("own", tmp_path, "r")
    reply = Response.objects.get()
    spare = Query.objects.get()
    spare.pk, spare.external_id = None, "spare"
    spare.save(force_insert=True)
    refused = []

    def delete():
        try:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM annotation_query WHERE id = %s", [spare.pk])
        except IntegrityError as error:
            refused.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        Response.objects.bulk_create([another(reply, query_id=spare.pk)])
        deleting = threading.Thread(target=delete)
        deleting.start()
        deleting.join(timeout=0.5)
        waits = deleting.is_alive()
    deleting.join()

    assert waits
    assert len(refused) == 1
    assert Query.objects.filter(pk=spare.pk).exists()


@pytest.mark.parametrize("table", [Query, LanguageModel, Batch])
def test_R048_what_replies_of_a_study_belong_to_stays_in_that_study(reply, table):
    other = build.study("other")

    with pytest.raises(IntegrityError, match="response_parents_of_its_study"), transaction.atomic():
        table.objects.filter(study=reply.study).update(study=other)


def test_what_no_reply_belongs_to_may_go_to_another_study(reply, tmp_path):
    other = loaded("other", tmp_path, "q")
    spare = LanguageModel.objects.create(study=reply.study, key="spare")

    LanguageModel.objects.filter(pk=spare.pk).update(study=other)

    assert LanguageModel.objects.get(pk=spare.pk).study == other


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cuts no table to nothing.")
@pytest.mark.parametrize("table", [LanguageModel, Response])
def test_R046_a_table_is_not_cut_to_nothing_beside_rows_that_name_its_own(reply, table):
    name = table._meta.db_table

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"), transaction.atomic():
            cursor.execute(f"TRUNCATE {name} CASCADE")
