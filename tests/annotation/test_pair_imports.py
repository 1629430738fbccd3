"""Two replies side by side, judged or released elsewhere: how lines are read and what is refused."""

import pytest

from annotation.files import Record
from annotation.formats import ReplyLine, reply_lines
from annotation.models import Answer, Item, Judgment, Response, Seat
from annotation.services import batches, imports, openings
from annotation.vocabulary import ItemKind
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db


def replies(study, tmp_path):
    """m1 to m3 answer one query, x another."""
    lines = [
        build.reply_fields(query_id="q", response_id=f"m{n}", model=f"acme/{n}") for n in (1, 2, 3)
    ]
    build.batch(study, [*lines, build.reply_fields(response_id="x")], tmp_path)


@pytest.fixture
def study(tmp_path):
    made = build.study(rubric="pairwise")
    replies(made, tmp_path)
    return made


@pytest.fixture
def load(study, tmp_path):
    def loaded(*lines, of=study):
        path = build.jsonl(tmp_path / "judgments.jsonl", list(lines))
        return imports.load(study=of, path=path, now=NOW)

    return loaded


def said(answer="slot_1", first="m1", second="m2", rater="ann", question="more_a", **more):
    line = {"response_id": first, "response_id_2": second, "rater": rater}
    return {**line, "question": question, "answer": answer, **more}


def refused(tally):
    return [(error.field, error.reason) for error in tally.errors]


def answered():
    rows = Answer.objects.filter(current=True).order_by("judgment", "question__position")
    return list(
        rows.values_list(
            "item__reply_1__external_id",
            "item__reply_2__external_id",
            "question__key",
            "option__code",
        )
    )


# What lines become


def test_lines_of_a_pair_become_one_judgment_of_an_item_of_two_replies(load):
    tally = load(said(), said("tie", question="more_misleading"), said("4", question="confidence"))

    assert (tally.created, tally.refused) == (3, 0)
    item = Item.objects.get()
    assert (item.kind, item.scenario_id) == (ItemKind.PAIR, item.reply_1.query.scenario_id)
    assert answered() == [
        ("m1", "m2", "more_a", "slot_1"),
        ("m1", "m2", "more_misleading", "tie"),
        ("m1", "m2", "confidence", "4"),
    ]
    seat = Seat.objects.get()
    assert seat.place == openings.place_of("m1\nm2", seed=0)


def test_a_pair_in_the_other_order_is_the_same_item_with_its_slots_swapped(load):
    load(said("slot_1"))

    load(said("slot_1", "m2", "m1", rater="bob"), said("tie", "m2", "m1", rater="cy"))

    assert Item.objects.count() == 1
    assert [answer[-1] for answer in answered()] == ["slot_1", "slot_2", "tie"]


def test_both_orders_in_one_file_are_one_judgment(load):
    tally = load(said("slot_1"), said("slot_1", "m2", "m1", question="more_misleading"))

    assert (tally.created, Judgment.objects.count()) == (2, 1)
    assert answered() == [
        ("m1", "m2", "more_a", "slot_1"),
        ("m1", "m2", "more_misleading", "slot_2"),
    ]


def test_a_pair_that_was_opened_here_keeps_its_slots(study, load):
    openings.open_first_wave(study=study, raters_per_item=1, pairs_per_query=1, seed=1, now=NOW)
    item = Item.objects.select_related("reply_1", "reply_2").get()
    slots = (item.reply_1.external_id, item.reply_2.external_id)

    load(said("slot_1", *reversed(slots)), said("slot_1", *slots, rater="bob"))

    assert Item.objects.count() == 1
    assert answered() == [(*slots, "more_a", "slot_2"), (*slots, "more_a", "slot_1")]


def test_pairs_that_share_a_reply_are_two_items(load):
    load(said(), said(second="m3"), said("slot_2", "m2", "m3"))

    assert Item.objects.count() == Judgment.objects.count() == 3


def test_the_same_file_again_changes_nothing_in_either_order(load):
    load(said("slot_1"))

    tally = load(said("slot_2", "m2", "m1"))

    assert (tally.unchanged, tally.refused, Judgment.objects.count()) == (1, 0, 1)


def test_a_further_question_makes_a_revision_that_keeps_both_texts(load):
    load(said())
    load(said("tie", question="more_misleading"))

    newer = Judgment.objects.get(current=True)
    second = Response.objects.get(external_id="m2").versions.get()
    assert (newer.revision, newer.shown_sha256_2, newer.text_version_2, newer.rule_set_2) == (
        2,
        second.sha256,
        1,
        second.rule_set,
    )


def test_csv_is_read_like_jsonl(study, tmp_path):
    path = tmp_path / "j.csv"
    path.write_text("response_id,response_id_2,rater,question,answer\nm1,m2,007,more_a,tie\n")

    tally = imports.load(study=study, path=path, now=NOW)

    assert (tally.created, answered()[0][-1]) == (1, "tie")


# What is refused


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ({"response_id_2": "x"}, "response_id_2", "answers another query than 'm1'"),
        ({"response_id_2": "m1"}, "response_id_2", "is the same reply"),
        ({"response_id_2": "m9"}, "response_id_2", "no reply 'm9' is in the study"),
        ({"response_id": "m9"}, "response_id", "no reply 'm9' is in the study"),
        ({"response_id_2": ""}, "response_id_2", "the rubric asks about two replies"),
        ({"answer": "m1"}, "answer", "it offers slot_1, slot_2, tie"),
        ({"turn": 2}, "turn", "beyond the reply's 1"),
    ],
)
def test_what_is_no_judgment_of_a_pair_is_refused_by_field(load, line, field, words):
    ((name, reason),) = refused(load(said() | line))

    assert name == field
    assert words in reason
    assert not Item.objects.exists()


def test_a_second_reply_is_refused_where_the_rubric_asks_about_one(load, tmp_path):
    single = build.study(rubric=build.SAFE)
    replies(single, tmp_path)

    ((name, reason),) = refused(load(said("yes", question="safe"), of=single))

    assert (name, "asks about one reply" in reason) == ("response_id_2", True)


def test_places_of_replies_are_not_loaded(load, tmp_path):
    rubric = {
        "key": "where",
        "title": "Where",
        "questions": [{"key": "where", "label": "Where?", "type": "spans"}],
    }
    study = build.study(rubric=rubric)
    replies(study, tmp_path)

    ((name, reason),) = refused(load(said("words", second="", question="where"), of=study))

    assert (name, "marked on the page only" in reason) == ("question", True)


def test_another_answer_is_refused_whatever_the_order(load):
    load(said("slot_1"))

    ((name, reason),) = refused(load(said("slot_1", "m2", "m1")))

    assert (name, "stored with another word" in reason) == ("answer", True)


def test_another_answer_in_one_file_is_refused_whatever_the_order(load):
    ((name, reason),) = refused(load(said("slot_1"), said("slot_1", "m2", "m1")))

    assert (name, "answered otherwise in line 1" in reason) == ("answer", True)


# Items of pairs, as a release lists them


def pair_line(**more):
    return build.reply_fields(
        query_id="q",
        response_id="p1",
        model="acme/1",
        metadata={"of": 1},
        topics=["t"],
        response_id_2="p2",
        model_2="acme/2",
        sample_2=3,
        metadata_2={"of": 2},
        messages_2=[{"role": "user", "content": "?"}, {"role": "assistant", "content": "Two."}],
        text_version_2=1,
        text_sha256_2="a",
        shown_sha256="b",
        shown_sha256_2="c",
        masks=[],
        masks_2=[],
        **more,
    )


def test_a_line_with_two_replies_is_read_as_both():
    one, two = reply_lines(Record(4, pair_line()))

    assert (one.response_id, one.model, one.sample, one.metadata) == ("p1", "acme/1", 1, {"of": 1})
    assert (two.response_id, two.model, two.sample, two.metadata) == ("p2", "acme/2", 3, {"of": 2})
    assert two.messages[1].content == "Two."
    assert (one.query_id, one.topics) == (two.query_id, two.topics) == ("q", ["t"])


def test_a_line_without_a_second_reply_is_one():
    (one,) = reply_lines(Record(4, build.reply_fields(response_id_2=None, messages_2="")))

    assert isinstance(one, ReplyLine)
    assert one.metadata == {}


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"model_2": ""}, ["model_2"]),
        ({"messages_2": []}, ["messages_2"]),
        ({"value_b": "Honesty"}, [""]),
        ({"query_id": ""}, ["query_id"]),
        ({"model": 7, "model_2": 8}, ["model", "model_2"]),
    ],
)
def test_what_is_wrong_with_either_reply_is_named_once(more, fields):
    problems = reply_lines(Record(4, pair_line() | more))

    assert [(problem.line, problem.field) for problem in problems] == [(4, f) for f in fields]


def loaded(study, tmp_path, *lines, **how):
    path = build.jsonl(tmp_path / "items.jsonl", list(lines))
    registered = batches.register(study=study, file_name=path.name, now=NOW)
    return batches.load(batch=registered, path=path, **how)


def counts(tally):
    return (tally.created, tally.unchanged, tally.updated, tally.refused)


def test_a_line_with_two_replies_counts_once(tmp_path):
    study = build.study()
    line = pair_line()
    third = {**line, "response_id_2": "p3", "model_2": "acme/3"}

    first = loaded(study, tmp_path, line, third)
    again = loaded(study, tmp_path, line, third)

    assert (counts(first), counts(again)) == ((2, 0, 0, 0), (0, 2, 0, 0))
    assert Response.objects.filter(study=study).count() == 3


def test_a_line_whose_second_reply_is_a_conflict_is_refused_once(tmp_path):
    study = build.study()
    line = pair_line()
    loaded(study, tmp_path, line)
    other = {**line, "messages_2": [{"role": "assistant", "content": "Else."}]}

    tally = loaded(study, tmp_path, other)
    newer = loaded(study, tmp_path, other, new_versions=True)

    assert (counts(tally), tally.errors[0].line) == ((0, 0, 0, 1), 1)
    assert counts(newer) == (0, 0, 1, 0)
