"""Closed sets of words, unique columns, and rows that point to each other, by the database."""

import re
from uuid import UUID

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from annotation.models import Batch, JobLease, Option, SpanAnswer
from evaluation.models import Release
from tests import build
from tests.build import NOW
from tests.guards.rows import (
    World,
    a_judgment_file,
    a_release,
    a_rubric_draft,
    an_account,
    an_answer,
    an_invitation,
    an_upload,
    copy,
    our_models,
    sql,
    update,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


# Every closed set of words is bound, and every unique field


def checks_of(model):
    found = [one for one in model._meta.constraints if isinstance(one, models.CheckConstraint)]
    return " ".join(str(one.condition) for one in found)


def test_every_field_with_choices_has_a_check():
    missing = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if field.choices and f"'{field.name}__in'" not in checks_of(model)
    ]

    assert missing == []


UNIQUE = {
    "annotation_study.slug": lambda w: copy(w.study),
    "annotation_joblease.task_id": lambda w: [
        JobLease.objects.create(task_id=UUID(int=7), worker="w", beaten_at=NOW) for _ in range(2)
    ],
    "annotation_seat.key": lambda w: update(w.held, key=w.judged.key),
    "annotation_judgment.public_id": lambda w: copy(w.judgment, revision=2, current=False),
    "annotation_invitation.digest": lambda w: an_invitation(w) and an_invitation(w),
    "annotation_user.username": lambda w: copy(an_account(w)),
    "annotation_guess.judgment_id": lambda w: copy(w.guess),
    "annotation_withdrawal.rater_id": lambda w: [build.withdrawal_row(w.ann) for _ in range(2)],
    "annotation_rubricdraft.study_id": lambda w: a_rubric_draft(w) and a_rubric_draft(w),
    "annotation_signinlink.digest": lambda w: [
        apps.get_model("annotation", "SignInLink").objects.create(
            user=an_account(w), digest="d", expires_at=NOW
        )
        for _ in range(2)
    ],
    "annotation_upload.key": lambda w: copy(an_upload(w), bytes=11),
    "annotation_upload.batch_id": lambda w: [
        update(build.upload(w.study, an_account(w)), received=10, batch=Batch.objects.first())
        for _ in range(2)
    ],
    "annotation_upload.judgments_id": lambda w: [
        update(build.upload(w.study, an_account(w)), received=10, judgments=file)
        for file in [a_judgment_file(w)] * 2
    ],
    "evaluation_release.key": lambda w: a_release(w) and copy(Release.objects.get(), name="two"),
}


@pytest.mark.parametrize("column", UNIQUE)
def test_R048_a_unique_column_takes_a_value_once(column, world):
    named = re.escape(column).replace(r"\.", "[._]")

    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        UNIQUE[column](world)


def test_R048_every_unique_column_is_tried():
    found = {
        f"{model._meta.db_table}.{field.column}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if field.unique and not field.primary_key
    }

    assert found == set(UNIQUE)


# What points to each other belongs together


def test_R048_an_option_of_another_question_is_refused(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            an_answer(world, option=other)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="answer_option_of_its_question"):
        foreign()


def test_R048_a_known_answer_is_not_of_another_question(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            copy(world.gold, option=other, turn=1)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="gold_option_of_its_question"):
        foreign()


def test_R048_a_span_is_not_of_another_questions_kind(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            copy(world.span, option=other)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="span_option_of_its_question"):
        foreign()


def test_R048_a_span_may_have_no_kind(world):
    copy(world.span, option=None)

    connection.check_constraints()
    assert SpanAnswer.objects.filter(option=None).count() == 1


def test_R046_what_has_judgments_is_never_deleted(world):
    for row in (world.item, world.judged, world.ann, world.item.reply_1, world.study, world.rubric):
        with pytest.raises(models.ProtectedError):
            row.delete()


def test_R046_raw_sql_deletes_no_row_that_another_points_to(world):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        sql("DELETE FROM annotation_rater WHERE id = %s", world.ann.pk)


def test_R046_nor_is_a_batch_a_query_a_value_a_model_or_an_account_with_judgments(world):
    reply = world.item.reply_1
    query = reply.query
    account = world.ann.user

    for row in (reply.batch, query, query.value_a, query.scenario, reply.model, account):
        with pytest.raises(models.ProtectedError):
            row.delete()
