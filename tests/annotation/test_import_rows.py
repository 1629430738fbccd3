"""How judgments made elsewhere are stored: whole rows, in bulk, from files of any length."""

import json
import random

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import line_piles, rendering
from annotation.line_files import LineNumbers
from annotation.line_piles import Given, Piles
from annotation.models import Answer, Item, Judgment, Rater, Seat, TextAnswer
from annotation.services import imports, openings
from annotation.tally import Tally
from annotation.vocabulary import Wave
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
NAMES = [f"r{n}" for n in range(6)]


@pytest.fixture
def studies(tmp_path):
    """Makes studies with the same six replies."""

    def made(rubric=build.EVERY_TYPE):
        study = build.study(rubric=rubric)
        lines = [build.reply_fields(query_id="q", response_id=n, model=f"acme/{n}") for n in NAMES]
        build.batch(study, lines, tmp_path)
        return study

    return made


@pytest.fixture
def load(tmp_path):
    def loaded(study, lines, name="j.jsonl", **how):
        path = build.jsonl(tmp_path / name, lines)
        study.refresh_from_db()
        return imports.load(study=study, path=path, now=NOW, **how)

    return loaded


def said(answer="no", question="misled", reply="r0", rater="ann", **more):
    line = {"response_id": reply, "rater": rater, "question": question, "answer": answer}
    return {**line, **more}


def values_of(row):
    """A row's columns but its key and what is drawn for it."""
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in ("id", "public_id")}


# What is stored


def test_a_row_has_what_the_models_themselves_would_have_given_it(studies, load):
    study = studies()
    load(study, [said(judged_at="2026-01-02T03:04:05.678901Z"), said("why", "note")])

    judgment, seat = Judgment.objects.get(), Seat.objects.get()
    item, text = Item.objects.get(), Item.objects.get().reply_1.versions.get()
    when = judgment.created_at
    assert when.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    assert values_of(seat) == values_of(
        Seat(
            study=study, item=item, query_id=item.query_id, scenario_id=item.scenario_id,
            wave=Wave.IMPORTED, number=1, place=openings.place_of("r0", seed=0),
            rater=Rater.objects.get(), judged_at=when,
        )
    )  # fmt: skip
    assert values_of(judgment) == values_of(
        Judgment(
            seat=seat, current=True, rater=seat.rater, item=item, rubric_id=study.rubric_id,
            shown_sha256=text.sha256, text_version=1, rule_set=text.rule_set,
            renderer=rendering.RENDERER_VERSION, created_at=when,
        )
    )  # fmt: skip
    answer = Answer.objects.select_related("option", "question").get()
    assert (answer.question.key, answer.option.code) == ("misled", "no")
    assert values_of(answer) == values_of(
        Answer(
            judgment=judgment, item=item, cluster_id=item.scenario_id, question=answer.question,
            option=answer.option, wave=Wave.IMPORTED, turn=0, current=True, single=True,
        )
    )  # fmt: skip
    assert values_of(TextAnswer.objects.get())["text"] == "why"


def test_every_judgment_has_a_name_of_its_own_outside(studies, load):
    load(studies(), [said(reply=name, rater=who) for name in NAMES for who in ("ann", "bob")])

    assert len(set(Judgment.objects.values_list("public_id", flat=True))) == 12


def test_a_pair_is_bound_to_both_texts(studies, load):
    study = studies("pairwise")
    load(study, [said("slot_1", "more_a", response_id_2="r1")])

    judgment = Judgment.objects.get()
    second = judgment.item.reply_2.versions.get()
    assert (judgment.shown_sha256_2, judgment.text_version_2, judgment.rule_set_2) == (
        second.sha256, second.number, second.rule_set,
    )  # fmt: skip


def test_seats_of_one_item_are_numbered_on_from_the_last(studies, load):
    study = studies()
    load(study, [said(rater=f"p{n}") for n in range(3)])
    load(study, [said(rater=f"p{n}") for n in range(5)])

    assert sorted(Seat.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]


def test_the_number_of_statements_does_not_grow_with_the_judgments(studies, load):
    study = studies()
    load(study, [said(reply=name) for name in NAMES])  # from now on the items are there
    counts = []
    for first, last in ((0, 30), (30, 90)):
        raters = [f"p{n}" for n in range(first, last)]
        lines = [said(rater=who, reply=name) for who in raters for name in NAMES]
        further = [said("3", "severity", name, who) for who in raters for name in NAMES]
        for sent in (lines, further, lines):
            with CaptureQueriesContext(connection) as queries:
                load(study, sent)
            counts.append(len(queries))

    assert counts[:3] == counts[3:]


# Files of any length


@pytest.fixture
def few_held(monkeypatch):
    """Only a handful of lines are held at once, so that the others wait on the disk."""
    monkeypatch.setattr(line_piles, "LINES_HELD", 7)
    monkeypatch.setattr(line_piles, "PILES", 3)


def what_was_said(study):
    rows = Answer.objects.filter(item__study=study, current=True)
    return sorted(
        rows.values_list(
            "judgment__rater__external_id", "item__reply_1__external_id",
            "item__reply_2__external_id", "question__key", "option__code", "judgment__revision",
        )
    )  # fmt: skip


def lines_in_any_order():
    lines = [
        said(answer, question, name, who)
        for name in NAMES
        for who in ("ann", "bob", "cat")
        for question, answer in (("misled", "yes"), ("severity", "3"), ("who", "user"))
    ]
    lines += [said("no", "misled", "r3", "bob"), said("perhaps"), said(reply="nowhere")]
    random.Random(3).shuffle(lines)
    return lines


def test_a_long_file_makes_the_same_judgments_as_one_that_is_held(studies, load, few_held):
    lines = lines_in_any_order()
    long, held = studies(), studies()

    tally = load(long, lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_piles, "LINES_HELD", 10_000)
        other = load(held, lines)

    assert what_was_said(long) == what_was_said(held) != []
    assert tally.as_json() == other.as_json()
    assert tally.refused == 3
    assert Judgment.objects.filter(item__study=long).count() == 18


def test_the_first_line_of_a_pair_fixes_its_order_in_a_long_file_too(studies, load, few_held):
    pairs = [("r0", "r1"), ("r2", "r3"), ("r4", "r5")]
    study = studies("pairwise")
    lines = [
        said("slot_1", "more_a", one, who, response_id_2=other)
        for who, turned in (("ann", False), ("bob", True), ("cat", False))
        for one, other in (pair[::-1] if turned else pair for pair in pairs)
    ]

    load(study, lines)

    assert set(Item.objects.values_list("reply_1__external_id", "reply_2__external_id")) == {*pairs}
    assert {(who, option) for who, *_, option, _ in what_was_said(study)} == {
        ("ann", "slot_1"), ("bob", "slot_2"), ("cat", "slot_1"),
    }  # fmt: skip


def given(number, reply="r", other=None):
    return Given(number, reply, other, "ann", "misled", "no", None, None, None)


def test_lines_about_one_place_lie_in_one_pile_in_their_order(few_held):
    piles = Piles()
    lines = [given(n, f"r{n % 5}", f"r{(n + 1) % 5}") for n in range(40)]
    lines += [given(n, f"r{(n + 1) % 5}", f"r{n % 5}") for n in range(40, 60)]
    for at in range(0, 60, 4):
        piles.add(lines[at : at + 4])

    found = list(piles)
    piles.close()

    assert sorted(line for pile in found for line in pile) == sorted(lines)
    for pile in found:
        assert [line.number for line in pile] == sorted(line.number for line in pile)
    places = [{line.replies for line in pile} for pile in found]
    assert sum(len(one) for one in places) == len(set().union(*places)) == 5


def test_lines_that_are_held_are_given_back_as_they_are():
    piles = Piles()
    piles.add([given(1), given(2)])

    assert list(piles) == [[given(1), given(2)]]


# Progress and refused lines


def test_a_load_tells_how_much_is_done(studies, load, monkeypatch):
    monkeypatch.setattr(imports, "JUDGMENTS_AT_ONCE", 4)
    told = []

    load(
        studies(),
        [said(reply=name) for name in NAMES],
        watch=lambda tally, share: told.append((tally.read, tally.created, round(share, 2))),
    )

    assert told == [(6, 0, 0.3), (6, 4, 0.77), (6, 6, 1.0)]


def test_refused_lines_are_kept_as_they_were_sent(studies, load, tmp_path):
    bad = [said("perhaps"), said(reply="nowhere")]
    study = studies()

    load(study, [bad[0], said(), bad[1]], refused=tmp_path / "refused")

    assert [json.loads(one) for one in (tmp_path / "refused").read_text().splitlines()] == bad


def test_a_load_without_refused_lines_takes_an_earlier_file_of_them_away(studies, load, tmp_path):
    (tmp_path / "refused").write_text("old")

    load(studies(), [said()], refused=tmp_path / "refused")

    assert not (tmp_path / "refused").exists()


def test_the_command_writes_refused_lines_too(studies, tmp_path, capsys):
    path = build.jsonl(tmp_path / "j.jsonl", [said("perhaps"), said()])

    with pytest.raises(SystemExit):
        call_command("load_judgments", studies().slug, path, "--refused", tmp_path / "refused")

    assert json.loads((tmp_path / "refused").read_text()) == said("perhaps")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (said(reply="nowhere"), "nowhere"),
        (said("perhaps"), "perhaps"),
        (said(question="none"), "none"),
        (said(turn=2), "2"),
        (said(judged_at="yesterday"), "yesterday"),
        (said(response_id_2="r1"), "r1"),
        (said("x" * 200), "x" * 120 + "…"),
    ],
)
def test_what_stands_there_is_said_of_a_refused_line(line, value, studies, load):
    assert [error.value for error in load(studies(), [line]).errors] == [value]


def test_what_stands_there_is_said_of_another_answer_than_the_stored_one(studies, load):
    study = studies()
    load(study, [said(), said("why", "note")])

    tally = load(study, [said("yes"), said("because", "note")])

    assert [error.value for error in tally.errors] == ["yes", "because"]


def test_numbers_of_lines_are_remembered_each_for_itself():
    numbers = LineNumbers()
    numbers.add([1, 8, 70_001])

    assert [n for n in range(70_010) if n in numbers] == [1, 8, 70_001]


def test_lines_are_settled_once_it_is_known_what_became_of_them():
    assert Tally(read=9, created=1, unchanged=2, updated=3, refused=1).settled == 7
