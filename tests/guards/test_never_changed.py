"""R-045: what raters said, agreed to and were asked is added or published, never changed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, models
from django.db.models import Model

from annotation.models import (
    Answer,
    CitedClause,
    Clause,
    Consent,
    ConsentText,
    GoldAnswer,
    Guess,
    Judgment,
    Option,
    PersonalDecision,
    Question,
    Rubric,
    SpanAnswer,
    SpecificationVersion,
    StageRecord,
    TextAnswer,
    Withdrawal,
)
from tests import build
from tests.build import NOW
from tests.guards.rows import (
    World,
    a_question,
    an_account,
    an_option,
    columns,
    copy,
    refused,
    sql,
    update,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


# What raters said is added, never changed


APPEND_ONLY: dict[type[Model], str] = {
    Judgment: "annotation_judgment",
    Answer: "annotation_answer",
    TextAnswer: "annotation_textanswer",
    SpanAnswer: "annotation_spananswer",
    CitedClause: "annotation_citedclause",
    StageRecord: "annotation_stagerecord",
    Guess: "annotation_guess",
    PersonalDecision: "annotation_personaldecision",
}
FIXED: dict[type[Model], str] = {
    ConsentText: "annotation_consenttext",
    Consent: "annotation_consent",
    Withdrawal: "annotation_withdrawal",
    SpecificationVersion: "annotation_specificationversion",
    Clause: "annotation_clause",
}
FLAGGED = [model for model in APPEND_ONLY if model not in (StageRecord, Guess, PersonalDecision)]


def set_to(model, column, value, where=""):
    """Write a column in raw SQL."""
    named = connection.ops.quote_name(column)
    sql(f"UPDATE {model._meta.db_table} SET {named} = %s {where}", value)


def changed(model, column):
    """A value that differs from the stored one and is of the column's kind."""
    value = model._default_manager.values_list(column, flat=True).order_by("pk").first()
    if isinstance(model._meta.get_field(column), models.JSONField):
        return '{"other": 1}'
    if isinstance(model._meta.get_field(column), models.DateTimeField):
        return (value or NOW) + timedelta(days=1)
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if hasattr(value, "hex"):
        return uuid4().hex
    return f"x{value[1:]}"


@pytest.mark.parametrize(("model", "column"), columns(APPEND_ONLY, but={"current"}))
def test_R045_a_column_of_what_raters_said_is_never_changed(model, column, world):
    table, new = APPEND_ONLY[model], changed(model, column)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never changed"):
        set_to(model, column, new)


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_a_row_of_what_raters_said_is_never_deleted(model, world):
    table = APPEND_ONLY[model]

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", FLAGGED)
def test_R045_only_the_flag_may_flip(model, world):
    assert model._default_manager.update(current=False) > 0


def test_R045_every_table_of_judgments_is_guarded():
    of_judgments = {
        relation.related_model for relation in Judgment._meta.related_objects if relation.field
    }

    assert {Judgment, *of_judgments} == set(APPEND_ONLY)


# The judgments of a rater who withdrew are deleted where that was promised, and only then


CHILDREN_FIRST = [table for model, table in APPEND_ONLY.items() if model is not Judgment]


def delete_judgments(rater):
    """Delete all that a rater said, as a withdrawal does."""
    of_rater = "SELECT id FROM annotation_judgment WHERE rater_id = %s"
    for table in CHILDREN_FIRST:
        sql(f"DELETE FROM {table} WHERE judgment_id IN ({of_rater})", rater.pk)
    sql("DELETE FROM annotation_judgment WHERE rater_id = %s", rater.pk)


def test_R045_judgments_go_where_the_consent_promised_it(world):
    build.withdrawal_row(world.ann, policy="delete")

    delete_judgments(world.ann)

    assert [model.__name__ for model in APPEND_ONLY if model._default_manager.exists()] == []


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_judgments_stay_where_the_consent_says_that_they_are_kept(model, world):
    table = APPEND_ONLY[model]
    build.withdrawal_row(world.ann, policy="keep")

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_judgments_stay_when_another_rater_withdraws(model, world):
    table = APPEND_ONLY[model]
    build.withdrawal_row(world.bob)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_what_may_be_deleted_is_still_never_changed(model, world):
    table, column = APPEND_ONLY[model], {Judgment: "renderer", Guess: "words"}.get(model, "turn")
    build.withdrawal_row(world.ann)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never changed"):
        set_to(model, column, 99)


# What raters agreed to, and specifications, never change


@pytest.mark.parametrize(("model", "column"), columns(FIXED))
def test_R045_a_column_of_what_was_agreed_to_is_never_changed(model, column, world):
    build.withdrawal_row(world.ann)
    table, new = FIXED[model], changed(model, column)

    with pytest.raises(IntegrityError, match=f"fixed: rows of {table} are never changed"):
        set_to(model, column, new)


@pytest.mark.parametrize("model", FIXED)
def test_R045_a_row_of_what_was_agreed_to_is_never_deleted(model, world):
    build.withdrawal_row(world.ann)

    with pytest.raises(IntegrityError, match=f"fixed: rows of {FIXED[model]} are never"):
        sql(f"DELETE FROM {FIXED[model]}")


# What was known to be right is kept: only its end may be set, once


ENDS = {"ended_at", "ended_by_id"}


@pytest.mark.parametrize(("model", "column"), columns([GoldAnswer], but=ENDS))
def test_R045_a_column_of_a_known_answer_is_never_changed(model, column, world):
    new = changed(model, column)

    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        set_to(model, column, new)


def test_R045_a_known_answer_is_never_deleted(world):
    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        sql("DELETE FROM annotation_goldanswer")


def test_R045_a_known_answer_ends_once(world):
    update(world.gold, ended_at=NOW)

    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        sql("UPDATE annotation_goldanswer SET ended_at = NULL")


def test_R048_what_has_ended_leaves_room_for_another_known_answer(world):
    update(world.gold, ended_at=NOW, ended_by=an_account(world))

    copy(world.gold, option=world.gold.question.options.get(code="2"), ended_at=None, ended_by=None)

    assert GoldAnswer.objects.in_force().get().option.code == "2"


# A published rubric never changes


def of_the_published(model, world):
    """A row of the published rubric: itself, a question, an option."""
    question = world.rubric.questions.get(key="severity")
    rows = {Rubric: world.rubric, Question: question, Option: question.options.first()}
    return rows[model]


PUBLISHED = (Rubric, Question, Option)


@pytest.mark.parametrize(("model", "column"), columns(PUBLISHED))
def test_R045_a_column_of_a_published_rubric_is_never_changed(model, column, world):
    row, new = of_the_published(model, world), changed(model, column)

    with pytest.raises(IntegrityError, match="rubric_published: "):
        set_to(model, column, new, f"WHERE id = {row.pk}")


@pytest.mark.parametrize("model", PUBLISHED)
def test_R045_nothing_of_a_published_rubric_is_deleted(model, world):
    row = of_the_published(model, world)

    with pytest.raises(IntegrityError, match="rubric_published: "):
        sql(f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)


def test_R045_a_published_rubric_gets_no_further_question(world):
    with refused("rubric_published"):
        copy(of_the_published(Question, world), key="further", position=99)


def test_R045_a_published_question_gets_no_further_option(world):
    with refused("rubric_published"):
        copy(of_the_published(Option, world), code="99", position=99)


# On SQLite the triggers of an UPDATE look at where a row was, not at where it goes.
def test_R045_a_published_rubric_takes_no_question_from_another(world):
    with refused("rubric_published"):
        update(a_question(world), rubric=world.rubric, position=99)


def test_R045_a_published_question_takes_no_option_from_another(world):
    question = of_the_published(Question, world)

    with refused("rubric_published"):
        update(an_option(world), question=question, code="99", position=99)


def test_R045_a_rubric_is_changed_until_it_is_published(world):
    update(an_option(world), label="Other")
    update(a_question(world), label="Other")

    update(world.unpublished, title="Other", published_at=NOW)

    with refused("rubric_published"):
        update(an_option(world), label="Another")


def test_R045_a_rubric_that_is_not_published_may_go(world):
    mine = "SELECT id FROM annotation_question WHERE rubric_id = %s"
    pk = world.unpublished.pk

    sql(f"DELETE FROM annotation_option WHERE question_id IN ({mine})", pk)
    sql("DELETE FROM annotation_question WHERE rubric_id = %s", pk)
    sql("DELETE FROM annotation_rubric WHERE id = %s", pk)

    assert list(Rubric.objects.all()) == [world.rubric]
