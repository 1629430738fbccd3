"""Replies that are met again, in a file or in two: unchanged, a conflict, or a new version."""

import pytest

from annotation.models import Judgment, Response, TextVersion
from annotation.services import openings
from annotation.shown import text_sha256
from tests import build
from tests.annotation.loading import line, loader, reasons, tallied
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


# Loading again


def test_R055_the_same_file_again_changes_nothing(load):
    lines = [build.reply_fields() for _ in range(5)]
    load(lines)
    before = list(TextVersion.objects.values())

    assert tallied(load(lines)) == (0, 5, 0, 0)
    assert list(TextVersion.objects.values()) == before


def test_R055_a_superset_in_another_order_adds_what_is_new(load):
    lines = [build.reply_fields() for _ in range(5)]
    load(lines[:3])

    assert tallied(load(lines[::-1])) == (2, 3, 0, 0)


def test_R055_another_text_under_a_known_id_is_a_conflict_naming_both(load):
    load([line()])
    old = TextVersion.objects.get().sha256

    tally = load([line(messages=build.conversation(1, text="Other"))])

    assert tallied(tally) == (0, 0, 0, 1)
    assert reasons(tally) == [(1, "messages")]
    assert old[:12] in tally.errors[0].reason
    assert text_sha256(build.conversation(1, text="Other"))[:12] in tally.errors[0].reason
    assert TextVersion.objects.get().sha256 == old


def test_R043_new_versions_add_a_text_and_leave_what_was_judged(load, study, tmp_path):
    load([line()])
    openings.open_first_wave(study=study, raters_per_item=2, seed=1, now=NOW)
    build.judgment(build.rater(study))
    before = Judgment.objects.values().get()

    tally = load([line(messages=build.conversation(2))], new_versions=True)

    assert tallied(tally) == (0, 0, 1, 0)
    assert list(TextVersion.objects.order_by("number").values_list("number", "current")) == [
        (1, False),
        (2, True),
    ]
    assert Judgment.objects.values().get() == before
    assert before["shown_sha256"] == TextVersion.objects.get(number=1).sha256


def test_new_versions_of_the_same_text_add_nothing(load):
    load([line()])

    assert (
        load(
            [line() | {"messages": TextVersion.objects.get().messages}], new_versions=True
        ).unchanged
        == 1
    )
    assert TextVersion.objects.count() == 1


def test_new_versions_again_add_nothing(load):
    load([line()])
    newer = [line(messages=build.conversation(2))]
    load(newer, new_versions=True)

    assert tallied(load(newer, new_versions=True)) == (0, 1, 0, 0)


@pytest.mark.parametrize("change", [{"query_id": "q2"}, {"model": "acme/two"}, {"sample": 2}])
def test_a_known_id_of_another_reply_is_refused(change, load):
    first = line()
    load([first])

    assert reasons(load([first | change], new_versions=True)) == [(1, "response_id")]


def test_a_second_reply_to_query_model_and_sample_is_refused(load):
    load([line()])

    tally = load([line() | {"response_id": "r2"}])

    assert reasons(tally) == [(1, "sample")]
    assert "'r'" in tally.errors[0].reason


def test_another_sample_of_one_model_is_another_reply(load):
    assert load([line(), line(sample=2) | {"response_id": "r2"}]).created == 2


# Twice in one file


def test_the_same_line_twice_is_one_reply(load):
    same = line()

    assert tallied(load([same, same])) == (1, 1, 0, 0)


@pytest.mark.parametrize("new_versions", [False, True])
@pytest.mark.parametrize("between", [0, 1_200])
def test_one_id_with_two_texts_in_a_file_is_refused(between, new_versions, load):
    """Near by, or so far apart that they are stored in different transactions."""
    others = [build.reply_fields() for _ in range(between)]
    second = line(messages=build.conversation(1, text="Other"))

    tally = load([line(), *others, second], new_versions=new_versions)

    assert tallied(tally) == (1 + between, 0, 0, 1)
    assert [error.line for error in tally.errors] == [between + 2]
    assert TextVersion.objects.filter(response__external_id="r").count() == 1


def test_two_new_texts_for_one_known_id_in_a_file_are_refused(load):
    load([line()])
    texts = [line(messages=build.conversation(1, text=text)) for text in ("B", "C")]

    assert tallied(load(texts, new_versions=True)) == (0, 0, 1, 1)


def test_two_samples_in_one_chunk_that_collide_are_refused(load):
    assert reasons(load([line(), line() | {"response_id": "r2"}])) == [(2, "sample")]


# Lines of one query must agree


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scenario_id", "s2"),
        ("framing", "value_b"),
        ("value_a", "Profit"),
        ("value_b", "Profit"),
        ("language", "fr"),
        ("topics", ["other"]),
        ("facts", ["other"]),
        ("anchors", {"value_a": ["x"]}),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_lines_of_one_query_that_disagree_are_refused_by_name(at_once, name, value, load):
    first = line(scenario_id="s", language="de", topics=["t"], facts=["f"])
    first["anchors"] = {"value_a": ["a"]}
    second = first | {"response_id": "r2", "sample": 2, name: value}
    tally = load([first, second]) if at_once else (load([first]), load([second]))[1]

    assert [error.field for error in tally.errors] == [name]
    assert "must agree" in tally.errors[0].reason
    assert Response.objects.count() == 1


def test_what_a_later_line_leaves_out_of_the_loose_fields_is_no_contradiction(load):
    first = line(topics=["t"], facts=["f"], anchors={"value_a": ["x"]})
    second = line(sample=2) | {"response_id": "r2"}

    assert load([first, second]).created == 2
