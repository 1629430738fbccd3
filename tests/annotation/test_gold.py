"""Known answers: loading them from files and by command, and what is refused."""

import pytest

from annotation.errors import FileUnreadable
from annotation.models import GoldAnswer, Item
from annotation.services import gold
from tests import build
from tests.annotation.knowing import LATER, known, loader, stored, study_of_turns
from tests.annotation.loading import counts
from tests.annotation.test_commands import run
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return study_of_turns(tmp_path)


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


def problems(tally):
    return [(error.line, error.field) for error in tally.errors]


# Loading a file


def test_a_known_answer_is_stored_with_its_reason_file_and_line(load):
    tally = load(known(reason="It names no price."), name="mine.jsonl")

    row = GoldAnswer.objects.get()
    assert counts(tally) == (1, 0, 0, 0)
    assert stored() == [("r", "misled", 0, "yes")]
    assert (row.reason, row.file_name, row.line) == ("It names no price.", "mine.jsonl", 1)
    assert (row.added_at, row.added_by, row.single) == (NOW, None, True)


def test_a_reply_of_which_something_is_known_becomes_an_item_without_seats(load):
    load(known())

    item = Item.objects.get()
    assert (item.reply_1.external_id, item.seats.count()) == ("r", 0)


def test_several_choices_are_a_row_each_and_one_that_it_was_asked(load):
    load(known("user", question="who"), known("public", question="who"))

    assert [row[3] for row in stored()] == ["user", "public", ""]


def test_no_answer_to_several_choices_says_that_none_is_right(load):
    load(known(None, question="who"))

    assert stored() == [("r", "who", 0, "")]


def test_a_turn_has_an_answer_of_its_own(load):
    tally = load(known("yes", "t", turn=1), known("no", "t", turn=2), known("no", "t"))

    assert counts(tally) == (3, 0, 0, 0)
    assert stored() == [
        ("t", "misled", 0, "no"),
        ("t", "misled", 1, "yes"),
        ("t", "misled", 2, "no"),
    ]


def test_a_scale_point_may_be_a_number(load):
    load(known(2, question="severity"))

    assert stored() == [("r", "severity", 0, "2")]


@pytest.mark.parametrize("more", [{}, {"reason": ""}, {"reason": "Since it is so."}])
def test_the_same_answer_again_changes_nothing(load, more):
    lines = known(reason="Since it is so."), known("user", question="who")
    load(*lines)

    tally = load({**lines[0], **more}, lines[1])

    assert counts(tally) == (0, 0, 2, 0)
    assert GoldAnswer.objects.count() == 3


def test_the_same_line_twice_in_a_file_counts_once(load):
    assert counts(load(known(), known())) == (1, 0, 1, 0)


def test_another_answer_is_refused_naming_both(load):
    load(known("yes"))

    tally = load(known("no"), known("no", "s"))

    assert counts(tally) == (1, 0, 0, 1)
    assert problems(tally) == [(1, "answer")]
    assert "known to be 'yes', here it is 'no'" in tally.errors[0].reason
    assert ("r", "misled", 0, "yes") in stored()


def test_one_choice_more_is_another_answer(load):
    load(known("user", question="who"))

    tally = load(known("user", question="who"), known("public", question="who"))

    assert counts(tally) == (0, 0, 0, 2)
    assert "known to be 'user', here it is 'public' and 'user'" in tally.errors[0].reason


def test_that_none_was_chosen_is_said_in_words(load):
    load(known(None, question="who"))

    tally = load(known("user", question="who"))

    assert "known to be none of these, here it is 'user'" in tally.errors[0].reason


def test_another_reason_is_refused_naming_both(load):
    load(known(reason="Old"))

    tally = load(known(reason="New"))

    assert problems(tally) == [(1, "reason")]
    assert ("Old" in tally.errors[0].reason, tally.errors[0].value) == (True, "New")


def test_another_answer_replaces_the_known_one_where_that_is_asked_for(load):
    load(known("yes", reason="Old"))

    tally = load(known("no", reason="New"), replace=True, now=LATER)

    assert counts(tally) == (0, 1, 0, 0)
    assert stored() == [("r", "misled", 0, "no")]
    assert stored(in_force=False) == [("r", "misled", 0, "yes")]
    assert GoldAnswer.objects.exclude(ended_at=None).get().ended_at == LATER


def test_replacing_by_the_same_changes_nothing(load):
    load(known())

    assert counts(load(known(), replace=True)) == (0, 0, 1, 0)
    assert stored(in_force=False) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (known(reply="nobody"), "response_id"),
        (known("perhaps"), "answer"),
        (known(None), "answer"),
        (known("hm", question="note"), "question"),
        (known(question="other"), "question"),
        (known(turn=3), "turn"),
        (known("1", "t", question="severity", turn=1), "turn"),
        (known(rater="ann"), "rater"),
        (known(reason="x" * 2001), "reason"),
        (known(response_id_2="s"), "response_id_2"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_field(load, line, field):
    tally = load(line, known("no", "s"))

    assert problems(tally) == [(1, field)]
    assert stored() == [("s", "misled", 0, "no")]


def test_two_answers_to_one_question_in_a_file_are_refused(load):
    tally = load(known("yes"), known("no"))

    assert problems(tally) == [(2, "answer")]
    assert stored() == [("r", "misled", 0, "yes")]


def test_a_dry_run_stores_nothing(load):
    assert counts(load(known(), dry_run=True)) == (1, 0, 0, 0)
    assert (stored(), Item.objects.count()) == ([], 0)


def test_R054_strict_stores_nothing_if_a_line_is_bad(load):
    load(known(), known("perhaps", "s"), strict=True)

    assert stored() == []


def test_strict_stores_all_if_no_line_is_bad(load):
    load(known(), known("no", "s"), strict=True)

    assert len(stored()) == 2


def test_csv_is_read_as_the_other_formats_are(study, tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("response_id,question,answer,turn,reason\nt,misled,yes,1,'tis so\n")

    tally = gold.load(study=study, path=path, now=NOW)

    assert counts(tally) == (1, 0, 0, 0)
    assert stored() == [("t", "misled", 1, "yes")]


def test_an_unreadable_file_stores_nothing(study, tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("")

    with pytest.raises(FileUnreadable):
        gold.load(study=study, path=path, now=NOW)


def test_of_a_pair_named_in_the_other_order_the_slots_change_places(tmp_path):
    study = build.study(rubric="pairwise")
    of_two = [
        build.reply_fields(query_id="q", response_id=one, model=f"acme/{one}") for one in "ab"
    ]
    build.batch(study, of_two, tmp_path)
    first = {"response_id": "a", "response_id_2": "b", "question": "more_a", "answer": "slot_1"}
    turned = {"response_id": "b", "response_id_2": "a", "question": "more_a", "answer": "slot_2"}

    for line, expected in ((first, (1, 0, 0, 0)), (turned, (0, 0, 1, 0))):
        path = build.jsonl(tmp_path / "pairs.jsonl", [line])
        assert counts(gold.load(study=study, path=path, now=NOW)) == expected


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_store_an_answer_once(study, tmp_path):
    path = build.jsonl(tmp_path / "gold.jsonl", [known()])

    def one():
        return gold.load(study=study, path=path, now=NOW)

    tallies = build.at_once(one, one)

    assert sorted(counts(tally) for tally in tallies) == [(0, 0, 1, 0), (1, 0, 0, 0)]
    assert stored() == [("r", "misled", 0, "yes")]


# The command


def test_the_command_loads_and_reports(study, tmp_path, capsys):
    path = build.jsonl(tmp_path / "gold.jsonl", [known(), known("perhaps", "s")])

    code, out, err = run(capsys, "load_gold", "s", path)

    assert (code, out) == (
        1,
        "2 lines read: 1 created, 0 unchanged, 0 updated, 1 refused.\n",
    )
    assert err.startswith("line 2, answer: 'perhaps' is not an answer to 'misled'")


def test_the_command_replaces_where_it_is_told(study, load, tmp_path, capsys):
    load(known("yes"))
    path = build.jsonl(tmp_path / "gold.jsonl", [known("no")])

    assert run(capsys, "load_gold", "s", path)[0] == 1
    assert run(capsys, "load_gold", "s", path, "--replace")[0] == 0
    assert stored() == [("r", "misled", 0, "no")]


def test_the_command_ends_with_2_where_there_is_no_study(tmp_path, capsys):
    path = build.jsonl(tmp_path / "gold.jsonl", [known()])

    assert run(capsys, "load_gold", "nowhere", path)[0] == 2
