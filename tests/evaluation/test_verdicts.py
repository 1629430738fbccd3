import gzip
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from annotation.errors import FileUnreadable
from evaluation.errors import JudgeInvalid
from evaluation.intake import JudgeVersion, load_verdicts
from evaluation.intake.verdict_store import VerdictStore
from evaluation.models import Judge, Verdict
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db
STORE = VerdictStore


@pytest.fixture
def study(tmp_path):
    made = build.study("kind", rubric=build.SAFE)
    given.replies(made, tmp_path, "r1", "r2")
    return made


@pytest.fixture
def turns(tmp_path):
    made = build.study(rubric=given.TURNS)
    given.replies(made, tmp_path, "long", messages=build.conversation(3))
    given.replies(made, tmp_path, "short")
    return made


def refused(study, tmp_path, line, **more):
    """The one problem of the one line."""
    tally = given.verdicts(study, tmp_path, [line], **more)
    assert (tally.created, tally.refused, len(tally.errors)) == (0, 1, 1)
    return tally.errors[0]


def test_a_verdict_is_stored_with_all_that_came_with_it(study, tmp_path):
    line = verdict(
        "r1", probabilities={"yes": 0.8, "no": 0.2}, score=3, reasoning="Kind.", clauses=["2"]
    )

    given.verdicts(study, tmp_path, [line])

    stored = Verdict.objects.get()
    assert (stored.option.code, stored.probability, stored.score) == ("yes", 0.8, 3.0)
    assert (stored.reasoning, stored.clauses) == ("Kind.", ["2"])
    assert stored.probabilities == {"yes": 0.8, "no": 0.2}


def test_the_same_file_again_changes_nothing(study, tmp_path):
    lines = [verdict("r1", probability=0.7), verdict("r2", "no")]
    given.verdicts(study, tmp_path, lines)

    tally = given.verdicts(study, tmp_path, lines)

    assert (tally.created, tally.unchanged, tally.refused) == (0, 2, 0)
    assert Judge.objects.count() == 1


def test_another_answer_is_refused_naming_both(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r1", "yes")])

    problem = refused(study, tmp_path, verdict("r1", "no"))

    assert problem.field == "answer"
    assert "'yes'" in problem.reason
    assert "'no'" in problem.reason
    assert Verdict.objects.get().option.code == "yes"


def test_a_second_answer_in_one_file_is_refused(study, tmp_path):
    tally = given.verdicts(study, tmp_path, [verdict("r1", "yes"), verdict("r1", "no")])

    assert (tally.created, tally.refused, tally.errors[0].line) == (1, 1, 2)


def test_the_same_answer_with_another_probability_is_refused(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r1", probability=0.7)])

    problem = refused(study, tmp_path, verdict("r1", probability=0.6))

    assert problem.field == "probability"
    assert "0.7" in problem.reason


def test_another_version_of_the_judge_may_answer_otherwise(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r1", "yes")], model="one")

    tally = given.verdicts(study, tmp_path, [verdict("r1", "no")], model="two")

    assert tally.created == 1


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        (verdict("r9"), "response_id", "load its batch first"),
        (verdict("r1", question="kind"), "question", "it has safe"),
        (verdict("r1", "perhaps"), "answer", "it offers no, yes"),
        (verdict("r1", turn=1, question="kind"), "question", "it has safe"),
        (verdict("r1", turn=2), "turn", "beyond the reply's 1"),
        (verdict("r1", turn=-1), "turn", "greater than or equal to 0"),
        (verdict("r1", probability=1.5), "probability", "between 0 and 1"),
        (verdict("r1", probability=True), "probability", "must be a number"),
        (verdict("r1", probabilities={"yes": 0.8, "no": 0.3}), "probabilities", "sum to 1.1"),
        (verdict("r1", probabilities={"yes": 0.8, "maybe": 0.2}), "probabilities", "names maybe"),
        (
            verdict("r1", probabilities={"yes": -0.2, "no": 1.2}),
            "probabilities.yes",
            "between 0 and 1",
        ),
        (
            verdict("r1", probability=0.3, probabilities={"yes": 0.8, "no": 0.2}),
            "probability",
            "leave one of them out",
        ),
        ({"response_id": "r1", "question": "safe"}, "answer", "is missing"),
        (verdict("r1", mood="good"), "mood", "not a field of this format"),
    ],
)
def test_a_bad_line_is_refused_by_field_with_what_to_do(study, tmp_path, line, field, words):
    if field == "probabilities.yes":
        problems = given.verdicts(study, tmp_path, [line]).errors
    else:
        problems = [refused(study, tmp_path, line)]

    assert problems[0].field == field
    assert words in problems[0].reason


def test_good_lines_are_loaded_beside_bad_ones(study, tmp_path):
    tally = given.verdicts(study, tmp_path, [verdict("r9"), verdict("r1")])

    assert (tally.read, tally.created, tally.refused) == (2, 1, 1)


def test_strict_loads_nothing_if_a_line_is_bad(study, tmp_path):
    tally = given.verdicts(study, tmp_path, [verdict("r9"), verdict("r1")], strict=True)

    assert tally.refused == 1
    assert not Verdict.objects.exists()
    assert not Judge.objects.exists()


def test_a_dry_run_stores_nothing(study, tmp_path):
    tally = given.verdicts(study, tmp_path, [verdict("r1")], dry_run=True)

    assert tally.created == 1
    assert not Judge.objects.exists()


def test_turns_and_the_whole_are_placed_as_raters_answers_are(turns, tmp_path):
    lines = [
        verdict("long", question="misled", turn=2),
        verdict("long", question="misled"),
        verdict("short", question="misled", turn=1),
    ]

    given.verdicts(turns, tmp_path, lines)

    stored = Verdict.objects.order_by("pk").values_list("response__external_id", "turn")
    assert list(stored) == [("long", 2), ("long", 0), ("short", 0)]


def test_several_choices_take_a_line_each_or_none_at_all(turns, tmp_path):
    lines = [
        verdict("long", "user", "who"),
        verdict("long", "public", "who", probability=0.9),
        {"response_id": "short", "question": "who"},
    ]

    tally = given.verdicts(turns, tmp_path, lines)

    assert tally.created == 3
    assert given.verdicts(turns, tmp_path, lines).unchanged == 3


def test_free_text_takes_no_verdict(turns, tmp_path):
    assert refused(turns, tmp_path, verdict("long", "well", "note")).field == "question"


def test_scale_points_may_be_numbers(turns, tmp_path):
    assert given.verdicts(turns, tmp_path, [verdict("long", -1, "severity")]).created == 1


def test_csv_cells_are_read_as_what_they_stand_for(study, tmp_path):
    path = tmp_path / "v.csv.gz"
    text = 'response_id,question,answer,turn,probability,probabilities,score,clauses\nr1,safe,yes,,0.75,"{""yes"": 0.75, ""no"": 0.25}",-2,1a;2b\n'
    path.write_bytes(gzip.compress(text.encode()))

    call_command("load_verdicts", "kind", path, "--judge", "robo")

    stored = Verdict.objects.get()
    assert (stored.probability, stored.score, stored.clauses) == (0.75, -2.0, ["1a", "2b"])


@pytest.mark.parametrize("cell", ["nan", "inf", "٠.٥", "0,5", "1e999"])
def test_a_csv_number_must_be_a_plain_finite_one(study, tmp_path, cell):
    path = tmp_path / "v.csv"
    path.write_text(f'response_id,question,answer,probability\nr1,safe,yes,"{cell}"\n')

    with pytest.raises(SystemExit) as stop:
        call_command("load_verdicts", "kind", path, "--judge", "robo")

    assert stop.value.code == 1
    assert not Verdict.objects.exists()


def test_lines_may_name_their_judges(study, tmp_path):
    lines = [verdict("r1", judge="a"), verdict("r1", "no", judge="b", judge_simulated=True)]

    tally = given.verdicts(study, tmp_path, lines, name=None)

    assert tally.created == 2
    stored = Judge.objects.order_by("name").values_list("name", "simulated")
    assert list(stored) == [("a", False), ("b", True)]


def test_a_line_without_a_judge_is_refused_where_none_is_given(study, tmp_path):
    assert refused(study, tmp_path, verdict("r1"), name=None).field == "judge"


def test_judges_named_in_a_file_are_never_mixed_under_one_name(study, tmp_path):
    lines = [verdict("r1", judge="a"), verdict("r2", judge="b")]

    tally = given.verdicts(study, tmp_path, lines, name="robo")

    assert (tally.created, tally.errors[0].field) == (1, "judge")


def test_a_simulated_judge_never_passes_for_a_real_one(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r1")], simulated=True)

    assert "stored as simulated" in refused(study, tmp_path, verdict("r2")).reason


def test_an_unreadable_file_loads_nothing(study, tmp_path):
    path = tmp_path / "v.jsonl"
    path.write_bytes(json.dumps(verdict("r1")).encode() + b"\n\xff\xfe\n")

    with pytest.raises(FileUnreadable):
        given.load_verdicts(
            study=build.facts(study), path=path, judge=given.JudgeVersion("robo"), now=build.NOW
        )
    with pytest.raises(CommandError) as stop:
        call_command("load_verdicts", "kind", path, "--judge", "robo")

    assert stop.value.returncode == 2
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("name", [" ", "x" * 201])
def test_a_judge_has_a_name_that_can_be_stored(study, tmp_path, name):
    with pytest.raises(JudgeInvalid):
        given.verdicts(study, tmp_path, [verdict("r1")], name=name)

    with pytest.raises(CommandError, match="1 to 200 characters"):
        call_command("load_verdicts", "kind", tmp_path / "verdicts.jsonl", "--judge", name)


def test_a_version_of_a_judge_is_not_too_long(study, tmp_path):
    with pytest.raises(JudgeInvalid):
        given.verdicts(study, tmp_path, [verdict("r1")], model="x" * 201)


def test_the_command_reports_as_json(study, tmp_path, capsys):
    path = build.jsonl(tmp_path / "v.jsonl", [verdict("r1")])

    found = given.printed(capsys, "load_verdicts", "kind", path, "--judge", "robo")

    assert found == {
        "read": 1,
        "created": 1,
        "unchanged": 0,
        "updated": 0,
        "refused": 0,
        "errors": [],
    }


def test_a_verdict_loaded_elsewhere_meanwhile_is_met_again(study, tmp_path, monkeypatch):
    original = STORE._known
    raced = []

    def known(store, judge, verdicts):
        found = original(store, judge, verdicts)
        if not raced:
            raced.append(True)
            # Another load stores the same verdict between our read and our write.
            for _, one in verdicts:
                Verdict.objects.create(
                    judge=judge,
                    response_id=one.response_id,
                    question_id=one.question_id,
                    option_id=one.option_id,
                    turn=one.turn,
                    single=True,
                )
        return found

    monkeypatch.setattr(STORE, "_known", known)

    tally = given.verdicts(study, tmp_path, [verdict("r1")])

    assert tally.created + tally.unchanged == 1
    assert Verdict.objects.count() == 1


def test_a_load_that_never_finds_its_place_is_not_swallowed(study, tmp_path, monkeypatch):
    given.verdicts(study, tmp_path, [verdict("r1")])
    monkeypatch.setattr(STORE, "_known", lambda store, judge, verdicts: {})

    with pytest.raises(IntegrityError):
        given.verdicts(study, tmp_path, [verdict("r1")])


def test_csv_cells_that_stand_for_nothing_are_refused(study, tmp_path, capsys):
    path = tmp_path / "v.csv"
    path.write_text(
        "response_id,question,answer,probabilities,judge,judge_simulated\n"
        "r1,safe,yes,mostly,a,perhaps\n"
    )

    with pytest.raises(SystemExit):
        call_command("load_verdicts", "kind", path, "--json")

    errors = json.loads(capsys.readouterr().out)["errors"]
    assert {error["field"] for error in errors} == {"probabilities", "judge_simulated"}


def test_refused_lines_come_back_as_a_file_that_loads_when_corrected(study, tmp_path, capsys):
    lines = [verdict("r1"), verdict("r9"), verdict("r2", "perhaps")]
    path = build.jsonl(tmp_path / "v.jsonl", lines)
    refused = tmp_path / "refused.jsonl"

    with pytest.raises(SystemExit):
        call_command("load_verdicts", "kind", path, "--judge", "robo", "--refused", str(refused))

    assert [json.loads(line) for line in refused.read_text().splitlines()] == lines[1:]
    refused.write_text(refused.read_text().replace("perhaps", "no").replace("r9", "r1"))
    tally = load_verdicts(
        study=build.facts(study), path=refused, judge=JudgeVersion("robo"), now=build.NOW
    )
    assert (tally.created, tally.unchanged, tally.refused) == (1, 1, 0)


def test_a_refused_line_says_what_stands_there(study, tmp_path):
    problem = refused(study, tmp_path, verdict("r1", "perhaps"))

    assert problem.value == "perhaps"


def test_chunks_of_one_file_meet_each_other_s_verdicts(study, tmp_path, monkeypatch):
    monkeypatch.setattr("evaluation.intake.LINES_AT_ONCE", 1)
    lines = [verdict("r1"), verdict("r1"), verdict("r1", "no"), verdict("r2")]

    tally = given.verdicts(study, tmp_path, lines)

    assert (tally.created, tally.unchanged, tally.refused) == (2, 1, 1)


def test_strict_stores_nothing_of_a_file_with_one_bad_line(study, tmp_path, monkeypatch):
    monkeypatch.setattr("evaluation.intake.LINES_AT_ONCE", 1)

    tally = given.verdicts(study, tmp_path, [verdict("r1"), verdict("r9")], strict=True)

    assert (tally.refused, Verdict.objects.count()) == (1, 0)
