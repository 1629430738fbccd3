"""Judgments made elsewhere, loaded again: unchanged, added to as revisions, or refused."""

import pytest

from annotation.models import Answer, Judgment, Rater, TextAnswer
from annotation.rubric_format import rubric_from_json
from annotation.services import batches, rubrics
from tests import build
from tests.annotation.importing import (
    WITH_CONFIDENCE,
    answers,
    loader,
    refused,
    replies_of,
    said,
    tallied,
)
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study(rubric=WITH_CONFIDENCE)


@pytest.fixture
def replies(study, tmp_path):
    replies_of(study, tmp_path)


@pytest.fixture
def load(study, replies, tmp_path):
    return loader(study, tmp_path)


# Loading again


FULL = [said("yes"), said("user", "who"), said("3", "severity"), said("why", "note")]


def test_loading_again_changes_nothing(load):
    load(FULL)
    before = list(Judgment.objects.values()), list(Answer.objects.values())

    assert tallied(load(FULL[::-1])) == (0, 4, 0, 0)
    assert (list(Judgment.objects.values()), list(Answer.objects.values())) == before


def test_answers_to_further_questions_are_a_new_revision(load):
    load([said()])

    tally = load([said(), said("3", "severity"), said("why", "note")])

    assert tallied(tally) == (0, 1, 2, 0)
    old, new = Judgment.objects.order_by("revision")
    assert (old.current, new.current, new.revision) == (False, True, 2)
    assert answers() == [("misled", 0, "no"), ("severity", 0, "3")]
    assert set(Answer.objects.filter(judgment=old).values_list("current", flat=True)) == {False}
    assert TextAnswer.objects.get(current=True).judgment == new
    assert Rater.objects.get().judged_count == 1


def test_a_line_that_is_refused_for_one_answer_stores_none_of_its_others(load):
    load([said("no", confidence=5)])

    tally = load([said("3", "severity", confidence=4), said("why", "note")])

    assert tallied(tally) == (0, 0, 1, 1)
    assert answers() == [("misled", 0, "no"), ("confidence", 0, "5")]
    assert TextAnswer.objects.get().current


def test_a_third_revision_carries_texts_and_several_choices_on(load):
    load([said("yes"), said("user", "who"), said("why", "note")])

    load([said("3", "severity")])

    assert answers() == [
        ("misled", 0, "yes"),
        ("who", 0, ""),
        ("who", 0, "user"),
        ("severity", 0, "3"),
    ]
    assert TextAnswer.objects.get(current=True).text == "why"


@pytest.mark.parametrize(
    "line", [said("no"), said("public", "who"), said("4", "severity"), said("other", "note")]
)
def test_another_answer_than_the_stored_one_is_refused(line, load):
    load(FULL)
    before = answers()

    tally = load([line])

    assert tallied(tally) == (0, 0, 0, 1)
    assert "never overwritten" in tally.errors[0].reason
    assert answers() == before


def test_a_conflict_beside_a_further_question_refuses_only_its_line(load):
    load([said()])

    tally = load([said("yes"), said("3", "severity")])

    assert tallied(tally) == (0, 0, 1, 1)
    assert answers() == [("misled", 0, "no"), ("severity", 0, "3")]


def test_R043_a_further_answer_stays_bound_to_the_text_that_was_judged(load, study, tmp_path):
    load([said()])
    old = Judgment.objects.get()
    reply = old.item.reply_1
    fields = build.reply_fields(query_id=reply.query.external_id, response_id="r1")
    path = build.jsonl(tmp_path / "new.jsonl", [fields])
    upload = batches.register(study=study, file_name=path.name, now=NOW)
    assert batches.load(batch=upload, path=path, new_versions=True).updated == 1

    load([said("3", "severity"), said(rater="bob")])

    bound = dict(
        Judgment.objects.filter(current=True).values_list("rater__external_id", "text_version")
    )
    assert bound == {"ann": 1, "bob": 2}
    assert Judgment.objects.get(revision=2).shown_sha256 == old.shown_sha256


def test_a_judgment_keeps_the_rubric_version_it_was_made_under(load, study):
    load(FULL)
    newer = rubric_from_json({**WITH_CONFIDENCE, "version": 2})
    rubrics.publish(study=study, rubric=newer, now=NOW)

    tally = load([said("3", "severity"), said(rater="bob")])

    assert refused(tally) == [(1, "question")]
    assert dict(Judgment.objects.values_list("rater__external_id", "rubric__version")) == {
        "ann": 1,
        "bob": 2,
    }
