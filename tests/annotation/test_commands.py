"""The commands: what they print, and the exit code that says how it went."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation.management import loading
from annotation.models import Batch, Judgment, Membership, Response, Seat, Study
from tests import build

pytestmark = pytest.mark.django_db


def run(capsys, *words, **how):
    """The exit code and both outputs of a command."""
    code = 0
    try:
        call_command(*map(str, words), **how)
    except SystemExit as end:
        code = end.code
    except CommandError as error:
        return error.returncode, "", str(error)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def study():
    return build.study("demo", rubric=build.SAFE)


@pytest.fixture
def good(tmp_path):
    return build.jsonl(tmp_path / "good.jsonl", [build.reply_fields(response_id="r1")])


@pytest.fixture
def bad(tmp_path):
    lines = [build.reply_fields(response_id="r1"), {"query_id": 7}]
    return build.jsonl(tmp_path / "bad.jsonl", lines)


# Making a study


def test_a_study_is_made_from_a_preset(capsys):
    code, out, _ = run(capsys, "create_study", "demo", "--rubric", "tradeoff-quick")

    assert (code, out) == (0, "Made study demo with rubric tradeoff-quick v2.\n")
    assert (Study.objects.get().state, Study.objects.get().title) == ("draft", "demo")


def test_R103_a_study_is_made_with_the_ready_consent_text(capsys):
    run(capsys, "create_study", "demo", "--rubric", "tradeoff-quick", "--title", "Prices")

    assert "Taking part in “Prices”" in Study.objects.get().consent_text.text


def test_R103_a_study_is_made_with_a_consent_text_of_its_own(capsys, tmp_path):
    (tmp_path / "c.md").write_text("\ufeffAgree?")

    run(
        capsys, "create_study", "demo", "--rubric", "tradeoff-quick", "--consent", tmp_path / "c.md"
    )

    assert Study.objects.get().consent_text.text == "Agree?"


def test_a_study_is_made_without_consent_where_that_is_said(capsys):
    run(capsys, "create_study", "demo", "--rubric", "tradeoff-quick", "--no-consent")

    assert Study.objects.get().consent_text is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--consent", "nowhere.md"], "cannot be read"),
        (["--consent", "empty.md"], "give --no-consent"),
        (["--consent", "empty.md", "--no-consent"], "not allowed with"),
    ],
)
def test_a_consent_text_that_cannot_be_is_refused(capsys, tmp_path, monkeypatch, more, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.md").write_text(" \n")

    code, _, error = run(capsys, "create_study", "demo", "--rubric", "tradeoff-quick", *more)

    assert code != 0
    assert sentence in error
    assert not Study.objects.exists()


def test_a_study_is_made_from_files_for_an_admin(capsys, tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(build.SAFE))
    (tmp_path / "g.md").write_text("\ufeffRead.")
    ann = build.user("ann")
    words = ["--rubric", tmp_path / "r.json", "--guidelines", tmp_path / "g.md"]

    code, *_ = run(
        capsys, "create_study", "demo", *words, "--admin", "ann", "--title", "D", "--open"
    )

    study = Study.objects.get()
    assert code == 0
    assert (study.state, study.title, study.guidelines.text) == ("open", "D", "Read.")
    assert Membership.objects.get().user == ann


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["a b", "--rubric", "tradeoff-quick"], "slug"),
        (["x" * 81, "--rubric", "tradeoff-quick"], "80"),
        (["new", "--rubric", "tradeoff-quick", "--title", "x" * 201], "200"),
        (["taken", "--rubric", "tradeoff-quick"], "already"),
        (["new", "--rubric", "no-such-preset"], "cannot be opened"),
        (["new", "--rubric", "tradeoff-quick", "--admin", "nobody"], "no account"),
        (["new", "--rubric", "tradeoff-quick", "--guidelines", "/none.md"], "cannot be read"),
    ],
)
def test_a_study_that_cannot_be_made_ends_with_2(words, why, capsys):
    build.study("taken")

    code, _, error = run(capsys, "create_study", *words)

    assert code == 2
    assert why in error
    assert Study.objects.count() == 1


# Loading replies


def test_a_good_load_ends_with_0(study, good, capsys):
    code, out, err = run(capsys, "load_batch", "demo", good)

    assert (code, err) == (0, "")
    assert out == "1 lines read: 1 created, 0 unchanged, 0 updated, 0 refused.\n"


def test_bad_lines_end_with_1_and_are_named(study, bad, capsys):
    code, out, err = run(capsys, "load_batch", "demo", bad)

    assert code == 1
    assert "1 created" in out
    assert "line 2, query_id: must be text in quotes" in err
    assert Response.objects.count() == 1


def test_the_report_is_json(study, bad, capsys):
    code, out, _ = run(capsys, "load_batch", "demo", bad, json=True)

    report = json.loads(out)
    assert code == 1
    assert set(report) == {"read", "created", "unchanged", "updated", "refused", "errors"}
    assert (report["read"], report["created"], report["refused"]) == (2, 1, 1)
    assert all(set(error) == {"line", "field", "value", "reason"} for error in report["errors"])


def test_strict_loads_nothing(study, bad, capsys):
    code, *_ = run(capsys, "load_batch", "demo", bad, strict=True)

    assert code == 1
    assert not Response.objects.exists()


def test_a_dry_run_says_so_and_stores_nothing(study, good, capsys):
    code, out, _ = run(capsys, "load_batch", "demo", good, dry_run=True)

    assert code == 0
    assert out.endswith("Nothing was stored: a dry run.\n")
    assert not Batch.objects.exists()


def test_new_versions_are_added_on_request(study, good, capsys, tmp_path):
    run(capsys, "load_batch", "demo", good)
    line = json.loads(good.read_text()) | {"messages": build.conversation(2)}
    newer = build.jsonl(tmp_path / "newer.jsonl", [line])

    assert run(capsys, "load_batch", "demo", newer)[0] == 1
    code, out, _ = run(capsys, "load_batch", "demo", newer, new_versions=True)

    assert (code, "1 updated" in out) == (0, True)


@pytest.mark.parametrize("command", ["load_batch", "load_judgments"])
@pytest.mark.parametrize(
    ("slug", "name", "why"),
    [
        ("none", "good.jsonl", "There are: demo"),
        ("demo", "none.jsonl", "There is no file"),
        ("demo", "good.txt", "must end in"),
        ("demo", "empty.jsonl", "empty"),
        ("demo", "latin.csv", "UTF-8"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_loads_nothing(
    command, slug, name, why, study, good, capsys
):
    (good.parent / "empty.jsonl").write_bytes(b"")
    (good.parent / "latin.csv").write_bytes(b"a,b\n1,2\n\xe9,4\n")
    (good.parent / "good.txt").write_bytes(b"x")

    code, _, error = run(capsys, command, slug, good.parent / name)

    assert code == 2
    assert why in error
    assert not Response.objects.exists()


def test_without_any_study_the_way_to_make_one_is_named(good, capsys):
    assert "create_study" in run(capsys, "load_batch", "demo", good)[2]


def test_many_bad_lines_are_cut_on_the_screen_and_whole_in_json(study, tmp_path, capsys):
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields(sample=0) for _ in range(30)])

    _, _, err = run(capsys, "load_batch", "demo", path)
    _, out, _ = run(capsys, "load_batch", "demo", path, json=True)

    assert len(err.splitlines()) == loading.ERRORS_PRINTED + 1
    assert "… and 10 more" in err
    assert len(json.loads(out)["errors"]) == 30


def test_progress_is_shown_on_a_terminal_only(study, good, capsys, monkeypatch):
    from django.core.management.base import OutputWrapper

    monkeypatch.setattr(OutputWrapper, "isatty", lambda _: True)

    assert "\r1 lines read" in run(capsys, "load_batch", "demo", good, no_color=True)[2]


# Judgments and seats


def test_judgments_are_loaded(study, good, capsys, tmp_path):
    run(capsys, "load_batch", "demo", good)
    line = {"response_id": "r1", "rater": "ann", "question": "safe", "answer": "yes"}
    path = build.jsonl(tmp_path / "j.jsonl", [line, {**line, "answer": "maybe", "rater": "bob"}])

    code, out, err = run(capsys, "load_judgments", "demo", path)

    assert (code, Judgment.objects.count()) == (1, 1)
    assert "1 created" in out
    assert "line 2, answer" in err


def test_seats_are_opened_and_told(study, good, capsys):
    run(capsys, "load_batch", "demo", good)

    assert run(capsys, "open_seats", "demo", raters=2)[:2] == (
        0,
        "2 seats added; 1 items are open.\n",
    )
    out = run(capsys, "open_seats", "demo", raters=3, seed=5, json=True)[1]
    assert json.loads(out) == {"items": 1, "seats": 1}
    assert Seat.objects.count() == 3


@pytest.mark.parametrize(("raters", "why"), [(0, "at least one"), (1, "no replies")])
def test_seats_that_cannot_be_opened_end_with_2(raters, why, study, capsys):
    code, _, error = run(capsys, "open_seats", "demo", raters=raters)

    assert (code, why in error) == (2, True)


@pytest.mark.parametrize(
    "command", ["create_study", "load_batch", "load_judgments", "open_seats", "integrity"]
)
def test_every_command_explains_itself(command, capsys):
    code, out, _ = run(capsys, command, "--help")

    assert code == 0
    assert "usage:" in out
    assert "--help" in out


def test_an_abstract_load_says_what_is_missing(study, good):
    with pytest.raises(NotImplementedError):
        loading.LoadCommand().load(study, good)
