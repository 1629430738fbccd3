"""Judgments made elsewhere: how lines become judgments, and what is refused."""

import csv
import json
from collections import Counter

import pytest
from django.db.models import Count

from annotation.errors import FileUnreadable
from annotation.models import Answer, Item, Judgment, Rater, Seat, TextAnswer
from annotation.rubric_format import rubric_from_file
from annotation.selectors.asked import Asked
from annotation.selectors.labels import option_counts
from annotation.selectors.rubrics import plan
from annotation.selectors.slices import rater_count
from annotation.services import batches, imports, openings, studies
from annotation.vocabulary import RaterSource, Scope, Wave
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


# What a line becomes


def test_a_line_becomes_a_rater_an_item_a_judged_seat_and_a_judgment(load):
    load([said(judged_at="2026-01-02T03:04:05+02:00")])

    judgment = Judgment.objects.select_related("seat", "rater").get()
    assert (judgment.rater.source, judgment.rater.external_id) == (RaterSource.IMPORT, "ann")
    assert judgment.rater.user is None
    assert (judgment.seat.wave, judgment.current) == (Wave.IMPORTED, True)
    assert judgment.created_at.isoformat() == "2026-01-02T01:04:05+00:00"
    assert judgment.seat.judged_at == judgment.created_at
    assert judgment.shown_sha256 == judgment.item.reply_1.versions.get().sha256


def test_lines_of_one_judgment_may_stand_anywhere(load, monkeypatch):
    monkeypatch.setattr(imports, "JUDGMENTS_AT_ONCE", 1)
    tally = load(
        [said(), said(reply="r2"), said(rater="bob"), said("3", "severity"), said("hm", "note")]
    )

    assert tallied(tally) == (5, 0, 0, 0)
    assert Judgment.objects.count() == 3
    assert answers(judgment__rater__external_id="ann", item__reply_1__external_id="r1") == [
        ("misled", 0, "no"),
        ("severity", 0, "3"),
    ]
    assert TextAnswer.objects.get().text == "hm"


def test_lines_far_apart_are_one_judgment_too(load):
    fill = [said(rater=f"rater-{n}") for n in range(1_500)]

    load([said(), *fill, said("3", "severity")])

    assert Judgment.objects.filter(rater__external_id="ann").count() == 1


def test_several_choices_are_a_line_each_and_one_asked_row(load):
    load([said("yes"), said("user", "who"), said("public", "who")])

    assert answers() == [
        ("misled", 0, "yes"),
        ("who", 0, ""),
        ("who", 0, "public"),
        ("who", 0, "user"),
    ]


def test_none_of_several_choices_is_a_line_without_an_answer(load):
    line = said("yes", "who")
    del line["answer"]

    load([line])

    assert answers() == [("who", 0, "")]


def test_a_single_choice_without_an_answer_is_refused(load):
    line = said()
    del line["answer"]

    assert refused(load([line])) == [(1, "answer")]


def test_a_confidence_column_answers_the_confidence_question(load):
    load([said(confidence=4), said("2", "severity", confidence="4")])

    assert ("confidence", 0, "4") in answers()
    assert len(answers()) == 3


def test_csv_is_read_like_jsonl(load):
    load("response_id,rater,question,answer,turn,confidence\nr1,007,misled,no,,5\n", name="j.csv")

    assert Rater.objects.get().external_id == "007"
    assert answers() == [("misled", 0, "no"), ("confidence", 0, "5")]


def test_each_rater_counts_what_was_stored(load):
    load([said(), said(reply="r2"), said(rater="bob")])
    load([said(), said("3", "severity")])

    assert dict(Rater.objects.values_list("external_id", "judged_count")) == {"ann": 2, "bob": 1}


def test_imported_judgments_count_for_agreement(load, study):
    load([said(), said(rater="bob")])

    asked = Asked(plan(study.rubric_id).question("misled").id, Scope.CONVERSATION)
    assert [row.raters for row in option_counts(asked)] == [2]
    assert rater_count(asked) == 2


def test_imports_take_no_seat_from_the_raters_here(load, study):
    load([said()])

    opened = openings.open_first_wave(study=study, raters_per_item=2, seed=1, now=NOW)

    assert (opened.items, opened.seats) == (3, 6)
    assert Item.objects.count() == 3


def test_simulated_raters_are_apart_from_imported_ones_of_the_same_name(load):
    load([said()])
    load([said("yes")], source=RaterSource.SIMULATED)

    assert Rater.objects.filter(external_id="ann").count() == 2
    assert Judgment.objects.count() == 2


# Turns


@pytest.fixture
def turned(tmp_path):
    """A study whose only question is about turns, or both."""

    def made(scope):
        question = {**build.SAFE["questions"][0], "scope": scope}
        study = build.study(rubric={**build.SAFE, "questions": [question]})
        lines = [build.reply_fields(response_id="r1")]
        lines.append(build.reply_fields(response_id="long", messages=build.conversation(3)))
        build.batch(study, lines, tmp_path)
        return study

    return made


@pytest.mark.parametrize(
    ("scope", "reply", "turn", "stored"),
    [
        ("conversation", "long", None, 0),
        ("conversation", "long", 0, 0),
        ("conversation", "long", 2, "refused"),
        ("conversation", "r1", 1, 0),
        ("conversation", "r1", 2, "refused"),
        ("turn", "long", 3, 3),
        ("turn", "long", 4, "refused"),
        ("turn", "long", None, "refused"),
        ("turn", "r1", None, 1),
        ("turn", "r1", 1, 1),
        ("both", "long", None, 0),
        ("both", "long", 2, 2),
        ("both", "r1", 1, 0),
    ],
)
def test_R050_a_turn_is_stored_as_named_or_refused(scope, reply, turn, stored, turned, load):
    study = turned(scope)

    tally = load([said("yes", "safe", reply, turn=turn)], of=study)

    if stored == "refused":
        assert refused(tally) == [(1, "turn")]
        assert not Answer.objects.exists()
    else:
        assert answers() == [("safe", stored, "yes")]


def test_turns_of_one_conversation_are_one_judgment(turned, load):
    study = turned("both")

    load([said("yes", "safe", "long", turn=turn) for turn in (3, 1, 2, None)], of=study)

    assert [turn for _, turn, _ in answers()] == [0, 1, 2, 3]
    assert Judgment.objects.count() == 1


# Refusals


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        (said(reply="none"), "response_id", "load its batch first"),
        (said(question="none"), "question", "it has misled, who"),
        (said("maybe"), "answer", "it offers no, yes"),
        (said("5", "severity"), "answer", "it offers 0, 1, 2, 3, 4"),
        (said("\u0663", "severity"), "answer", "it offers"),
        (said(judged_at="yesterday"), "judged_at", "ISO 8601"),
        (said(judged_at="2026-02-30T00:00:00Z"), "judged_at", "ISO 8601"),
        (said(judged_at="0001-01-01T00:00:00+14:00"), "judged_at", "ISO 8601"),
        (said(judged_at="9999-12-31T23:59:59-14:00"), "judged_at", "ISO 8601"),
        (said(confidence="9"), "confidence", "it offers 1, 2"),
        (said("3", "confidence", confidence="4"), "confidence", "twice in this line"),
        (said(rater=7), "rater", "must be text"),
    ],
)
def test_a_bad_line_is_refused_by_field_and_the_others_load(line, field, why, load):
    tally = load([line, said(reply="r2")])

    assert refused(tally) == [(1, field)]
    assert why in tally.errors[0].reason
    assert tallied(tally) == (1, 0, 0, 1)
    assert Judgment.objects.count() == 1


def test_confidence_needs_a_question_to_be_stored_under(turned, load):
    assert refused(load([said("yes", "safe", confidence="4")], of=turned("conversation"))) == [
        (1, "confidence")
    ]


def test_a_refused_line_leaves_no_empty_judgment(load):
    load([said("maybe")])

    assert not Judgment.objects.exists()
    assert not Rater.objects.exists()


def test_one_question_answered_in_two_ways_is_refused_naming_the_first_line(load):
    tally = load([said("no"), said(reply="r2"), said("yes")])

    assert refused(tally) == [(3, "answer")]
    assert "line 1" in tally.errors[0].reason
    assert answers(item__reply_1__external_id="r1") == [("misled", 0, "no")]


def test_two_texts_in_answer_to_one_question_are_refused(load):
    assert refused(load([said("one", "note"), said("two", "note")])) == [(2, "answer")]


def test_the_same_line_twice_is_stored_once(load):
    tally = load([said(), said()])

    assert tallied(tally) == (2, 0, 0, 0)
    assert answers() == [("misled", 0, "no")]


def test_a_time_without_a_zone_is_utc(load):
    load([said(judged_at="2026-01-02T03:04:05")])

    assert Judgment.objects.get().created_at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_replies_of_another_study_are_unknown(load):
    other = build.study(rubric=WITH_CONFIDENCE)

    assert refused(load([said()], of=other)) == [(1, "response_id")]


# Strict and dry


def test_a_dry_run_stores_nothing(load):
    tally = load([said(), said("maybe", reply="r2")], dry_run=True)

    assert (tally.created, tally.refused) == (1, 1)
    assert not Judgment.objects.exists()
    assert not Rater.objects.exists()


@pytest.mark.parametrize(("bad", "stored"), [(True, 0), (False, 2)])
def test_strict_stores_all_or_nothing(bad, stored, load):
    load([said(), said("maybe" if bad else "no", reply="r2")], strict=True)

    assert Judgment.objects.count() == stored


def test_an_unreadable_file_stores_nothing(study, replies, tmp_path):
    text = "response_id,rater,question,answer\nr1,ann,misled,no\n"
    (tmp_path / "j.csv").write_bytes(text.encode() + b"\xff")

    with pytest.raises(FileUnreadable):
        imports.load(study=study, path=tmp_path / "j.csv", now=NOW)
    assert not Rater.objects.exists()


def test_progress_is_told(load):
    told = []

    load([said()], progress=told.append)

    assert told == [1]


def test_a_stored_file_is_read_under_its_own_name(load, study, tmp_path):
    path = tmp_path / "stored"
    path.write_text(json.dumps(said()) + "\n")

    assert imports.load(study=study, path=path, name="j.jsonl", now=NOW).created == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_the_same_judgments_twice_at_once_are_stored_once(tmp_path):
    study = build.study(rubric=build.SAFE)
    build.batch(study, [build.reply_fields(response_id=f"x{n}") for n in range(20)], tmp_path)
    lines = [said("yes", "safe", f"x{n}", f"rater-{k}") for n in range(20) for k in range(3)]
    path = build.jsonl(tmp_path / "j.jsonl", lines)

    tallies = build.at_once(*[lambda: imports.load(study=study, path=path, now=NOW)] * 2)

    assert sorted(tally.created for tally in tallies) == [0, 60]
    assert Judgment.objects.count() == Seat.objects.count() == 60


# Real judgments


def test_real_judgments_load_whole_and_again_unchanged(shared_data):
    study = studies.create(
        slug="dices",
        title="DICES",
        rubric=rubric_from_file(shared_data / "dices_rubric.json"),
        now=NOW,
    )
    batch = batches.register(study=study, file_name="dices350_responses.jsonl", now=NOW)
    batches.load(batch=batch, path=shared_data / "dices350_responses.jsonl")
    path = shared_data / "dices350_judgments.csv"

    first, again = (imports.load(study=study, path=path, now=NOW) for _ in range(2))

    assert (tallied(first), tallied(again)) == ((43_050, 0, 0, 0), (0, 43_050, 0, 0))
    assert Item.objects.count() == 350
    assert Answer.objects.filter(current=True).count() == Judgment.objects.count() == 43_050
    assert Rater.objects.count() == 123
    asked = Asked(plan(study.rubric_id).question("safe").id, Scope.CONVERSATION)
    assert sum(row.raters for row in option_counts(asked)) == 43_050
    assert _answers_of(path) == {row[0]: row[1] for row in _counted(asked)}


def _answers_of(path):
    with path.open() as lines:
        return Counter(row["answer"] for row in csv.DictReader(lines))


def _counted(asked):
    return asked.answers().values_list("option__code").annotate(n=Count("pk"))
