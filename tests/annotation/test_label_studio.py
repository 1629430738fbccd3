"""Judgments from a Label Studio export: choices, ratings, texts, each annotator's own."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Problem, Record
from annotation.models import Answer, Judgment, Rater
from tests import build


def chosen(question, *choices):
    return {
        "from_name": question,
        "to_name": "reply",
        "type": "choices",
        "value": {"choices": list(choices)},
    }


def rated(question, points):
    return {"from_name": question, "type": "rating", "value": {"rating": points}}


def marked(by, *regions, **more):
    return {
        "completed_by": by,
        "created_at": "2026-01-02T03:04:05Z",
        "result": list(regions),
        **more,
    }


def task(*annotations, **data):
    return {"id": 1, "data": {"response_id": "r1", **data}, "annotations": list(annotations)}


def export(tmp_path, *tasks, name="export.json"):
    (tmp_path / name).write_text(json.dumps(list(tasks)))
    return tmp_path / name


def test_each_choice_of_each_annotator_is_an_answer(tmp_path):
    path = export(
        tmp_path, task(marked(3, chosen("who", "user", "public")), marked(4, rated("sure", 4)))
    )

    fields = [record.fields for record in files.read(path)]

    shared = {"response_id": "r1", "judged_at": "2026-01-02T03:04:05Z"}
    assert fields == [
        {**shared, "rater": "3", "question": "who", "answer": "user"},
        {**shared, "rater": "3", "question": "who", "answer": "public"},
        {**shared, "rater": "4", "question": "sure", "answer": "4"},
    ]


@pytest.mark.parametrize(
    ("by", "rater"),
    [(7, "7"), ({"id": 7, "email": "a@b.c"}, "a@b.c"), ({"id": 7}, "7"), ("ann", "ann")],
)
def test_people_are_named_as_the_export_names_them(tmp_path, by, rater):
    (record,) = files.read(export(tmp_path, task(marked(by, rated("sure", 1)))))

    assert record.fields["rater"] == rater


def test_what_was_cancelled_is_passed_over(tmp_path):
    path = export(tmp_path, task(marked(1, rated("sure", 1), was_cancelled=True)))

    assert list(files.read(path)) == []


@pytest.mark.parametrize(
    ("question", "data", "turn"), [("safe@2", {}, "2"), ("safe", {"turn": 3}, 3)]
)
def test_a_turn_is_named_by_the_question_or_the_task(tmp_path, question, data, turn):
    (record,) = files.read(export(tmp_path, task(marked(1, chosen(question, "yes")), **data)))

    assert (record.fields["question"], record.fields["turn"]) == ("safe", turn)


@pytest.mark.parametrize(
    ("region", "answer"),
    [
        ({"type": "pairwise", "value": {"selected": "right"}}, "slot_2"),
        ({"type": "number", "value": {"number": 2.0}}, "2"),
        ({"type": "textarea", "value": {"text": ["one", "two"]}}, "one\ntwo"),
    ],
)
def test_other_kinds_are_read_too(tmp_path, region, answer):
    (record,) = files.read(export(tmp_path, task(marked(1, {"from_name": "q", **region}))))

    assert record.fields["answer"] == answer


def test_a_kind_that_is_no_answer_is_named(tmp_path):
    region = {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1}}

    (problem,) = files.read(export(tmp_path, task(marked(1, region))))

    assert isinstance(problem, Problem)
    assert (problem.line, problem.field) == (1, "box")
    assert "rectanglelabels" in problem.reason


def test_a_task_without_annotations_is_a_problem(tmp_path):
    bad, good = files.read(
        export(tmp_path, {"id": 1, "safe": "yes"}, task(marked(1, rated("sure", 1))))
    )

    assert (bad.line, isinstance(good, Record)) == (1, True)


@pytest.mark.parametrize("content", ["[", "[1]", "[]", '[{"a": NaN}]'])
def test_what_is_no_export_is_refused_by_name(tmp_path, content):
    (tmp_path / "e.json").write_text(content)

    with pytest.raises(FileUnreadable, match=r"e\.json"):
        list(files.read(tmp_path / "e.json"))


@pytest.mark.django_db
def test_an_export_becomes_judgments_of_its_annotators(tmp_path):
    study = build.study("s", rubric="tradeoff-quick")
    build.item(study, tmp_path, response_id="r1")
    regions = [chosen("winner", "value_a"), chosen("misled", "no"), rated("confidence", 4)]
    path = export(tmp_path, task(marked(1, *regions), marked(2, *regions)))

    call_command("load_judgments", "s", path)

    assert Judgment.objects.count() == 2
    assert Rater.objects.filter(source="import").count() == 2
    assert set(Answer.objects.values_list("question__key", "option__code")) == {
        ("winner", "value_a"),
        ("misled", "no"),
        ("confidence", "4"),
    }


@pytest.mark.django_db
def test_an_export_loaded_again_counts_every_answer_as_unchanged(tmp_path, capsys):
    study = build.study("s", rubric="tradeoff-quick")
    build.item(study, tmp_path, response_id="r1")
    regions = [chosen("winner", "value_a"), chosen("misled", "no"), rated("confidence", 4)]
    path = export(tmp_path, task(marked(1, *regions)))
    call_command("load_judgments", "s", path, "--json")
    capsys.readouterr()

    call_command("load_judgments", "s", path, "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["read"], told["unchanged"]) == (3, 3)


@pytest.mark.django_db
def test_an_export_is_no_batch(tmp_path):
    build.study("s")

    with pytest.raises((CommandError, SystemExit)):
        call_command("load_batch", "s", export(tmp_path, task(marked(1, rated("sure", 1)))))
