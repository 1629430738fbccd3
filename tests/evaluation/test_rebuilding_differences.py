"""Rebuilding a release that was changed: what differs is named, by service and by command."""

import json

import pytest
from django.core.management import CommandError, call_command

from evaluation.errors import ReleaseInvalid
from evaluation.exports.rebuild import rebuild
from tests import build
from tests.evaluation import told
from tests.evaluation.given import manifest, rows, written
from tests.evaluation.rebuilding import one, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return told.everything(tmp_path)


def changed(out, name, change):
    """Change the rows of one table of a release."""
    found = [change(row) or row for row in rows(out, name)]
    build.jsonl(out / f"{name}.jsonl", found)


# What differs is named


def test_changed_words_are_found_out(study, tmp_path):
    out = written(study.study, tmp_path)

    def change(row):
        row["messages"][1]["content"] = "Ask nothing?"

    changed(out, "items", change)

    (reason,) = reasons(out)
    assert "'long', whose words were changed since" in reason


def test_changed_masks_are_found_out(study, tmp_path):
    out = written(study.study, tmp_path)
    changed(out, "texts", lambda row: row.update(masks=[]))

    (reason,) = reasons(out)
    assert "the files give" in reason


def test_masks_that_do_not_fit_are_found_out(study, tmp_path):
    out = written(study.study, tmp_path)
    mask = {"message": 0, "start": 5, "end": 999}
    changed(out, "texts", lambda row: row.update(masks=[mask]))

    assert any("do not fit" in reason for reason in reasons(out))


def test_a_missing_text_is_found_out(study, tmp_path):
    out = written(study.study, tmp_path)
    (out / "texts.jsonl").write_text("")

    found = reasons(out)

    assert any("was shown a text of 'long' that is in no file" in reason for reason in found)
    assert any("is in a text of 'long' that no file gives" in reason for reason in found)
    with pytest.raises(ReleaseInvalid, match="Its screen cannot be made"):
        one(out, told.judgment_of("ann", study))


def test_a_missing_document_is_found_out(study, tmp_path):
    out = written(study.study, tmp_path)
    (out / "rubric-told-v1.json").unlink()
    (out / "guidelines-v2.md").unlink()

    assert sorted(reasons(out)) == [
        "was made with guidelines 2, which is in no file",
        "was made with rubric 1, which is in no file",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"side": 3}, "had side 3 first, which is none"),
        ({"question": "mood"}, "answers 'mood' at turn"),
        ({"turn": 7}, "at turn 7, which was not asked there"),
    ],
)
def test_an_impossible_judgment_is_found_out(study, tmp_path, change, words):
    out = written(study.study, tmp_path)
    changed(out, "judgments", lambda row: row.update(change))

    assert any(words in reason for reason in reasons(out))


def test_an_answer_that_was_not_on_offer_is_found_out(study, tmp_path):
    out = written(study.study, tmp_path)

    def change(row):
        if row["answer"] == "no":
            row["answer"] = "perhaps"

    changed(out, "judgments", change)

    assert any("with 'perhaps', which was not on offer" in reason for reason in reasons(out))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": 0}, "reads 'Turn 3"),
        ({"message": 9}, "that no file gives"),
        ({"text_sha256": "0" * 64}, "that no file gives"),
    ],
)
def test_a_marked_place_that_is_not_there_is_found_out(study, tmp_path, change, words):
    out = written(study.study, tmp_path)
    changed(out, "spans", lambda row: row.update(change))

    (reason,) = reasons(out)
    assert words in reason


def test_places_of_another_renderer_are_counted_and_not_compared(study, tmp_path, capsys):
    out = written(study.study, tmp_path)
    changed(out, "spans", lambda row: row.update(renderer=0, quote="x"))

    call_command("rebuild_screens", str(out))

    assert "0 differences. 1 places are of another renderer." in capsys.readouterr().out


# The command


def test_the_command_lists_what_differs_and_ends_with_1(study, tmp_path, capsys):
    out = written(study.study, tmp_path)
    changed(out, "texts", lambda row: row.update(masks=[]))

    with pytest.raises(SystemExit) as stop:
        call_command("rebuild_screens", str(out))

    said = capsys.readouterr()
    assert stop.value.code == 1
    assert "1 differences" in said.out
    assert str(told.judgment_of("ann", study).public_id) in said.err


def test_the_command_prints_json(study, tmp_path, capsys):
    call_out = str(written(study.study, tmp_path))
    capsys.readouterr()

    call_command("rebuild_screens", call_out, "--json")

    found = json.loads(capsys.readouterr().out)
    assert (found["judgments"], found["differing"], found["differences"]) == (2, 0, [])


def test_the_command_prints_one_screen(study, tmp_path, capsys):
    out = written(study.study, tmp_path)
    ann = told.judgment_of("ann", study)
    capsys.readouterr()

    call_command("rebuild_screens", str(out), "--judgment", str(ann.public_id))

    found = json.loads(capsys.readouterr().out)
    assert (found["judgment"], found["language"]) == (str(ann.public_id), "de")
    assert found["messages"][0] == {"role": "system", "content": "Be **kind**.", "turn": 0}
    assert found["guidelines"] == "guidelines-v2.md"


def test_the_screen_of_one_judgment_that_differs_ends_with_1(study, tmp_path):
    out = written(study.study, tmp_path)
    changed(out, "texts", lambda row: row.update(masks=[]))

    with pytest.raises(SystemExit) as stop:
        call_command(
            "rebuild_screens", str(out), "--judgment", str(told.judgment_of("ann", study).public_id)
        )

    assert stop.value.code == 1


def refused(*arguments):
    with pytest.raises(CommandError) as stop:
        call_command("rebuild_screens", *map(str, arguments))
    assert stop.value.returncode == 2
    return str(stop.value)


def test_a_directory_that_is_no_release_is_refused(tmp_path):
    assert "cannot be read" in refused(tmp_path)


def test_a_judgment_that_is_not_in_the_release_is_refused(study, tmp_path):
    assert "has no judgment x" in refused(written(study.study, tmp_path), "--judgment", "x")


def test_a_release_of_the_format_before_is_refused(study, tmp_path):
    out = written(study.study, tmp_path)
    old = {**manifest(out), "format": "touchstone-release/1"}
    (out / "manifest.json").write_text(json.dumps(old))

    assert "does not say what raters saw" in refused(out)


@pytest.mark.parametrize("text", ["{", "[]\n", '{"judgment": "x"}\n', '{"judgment": 7}\n'])
def test_files_that_cannot_be_read_as_a_release_s_are_refused(study, tmp_path, text):
    out = written(study.study, tmp_path)
    (out / "judgments.jsonl").write_text(text)

    assert "verify_release says" in refused(out)


def test_only_the_first_thousand_differences_are_kept(study, tmp_path, monkeypatch):
    out = written(study.study, tmp_path)
    changed(out, "judgments", lambda row: row.update(question="mood"))
    monkeypatch.setattr("evaluation.exports.rebuild.DIFFERENCES_KEPT", 2)

    found = rebuild(out)

    assert (len(found.differences), found.differing > 2) == (2, True)
