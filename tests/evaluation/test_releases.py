import csv
import hashlib
import json
import sys
import threading
import tomllib

import krippendorff
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.models import Judgment, Rater, Study, User
from annotation.services import judgments, seats
from annotation.vocabulary import RaterSource
from evaluation import VERSION
from evaluation.errors import ReleaseExists, ReleaseInvalid, ReleaseNotReady, ReleaseUnknown
from evaluation.exports import cells, recompute
from evaluation.exports.columns import ESCAPED_COLUMN, TABLES
from evaluation.exports.folder import Folder
from evaluation.exports.snapshot import snapshot
from evaluation.exports.verify import verify
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import agreement, releases
from tests import build
from tests.environment import PROJECT
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no", "e": "yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes"}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")


@pytest.fixture
def rich(tmp_path):
    """A study with turns, several choices, a scale, texts, and words that spreadsheets run."""
    made = build.study("rich", rubric=given.TURNS)
    given.replies(
        made,
        tmp_path,
        "=r",
        model="@cf/meta",
        messages=build.conversation(2, text="=1+"),
        metadata={"id": "-x", "b": 1, "a": {"z": None, "y": [1]}},
        scenario_id="+s",
        topics=["'t"],
        facts=["Fact"],
    )
    given.replies(made, tmp_path, "s", language="de", scenario_id="+s")
    lines = [
        ("=r", "ann", "misled", "yes", 1),
        ("=r", "ann", "misled", "no", 2),
        ("=r", "ann", "misled", "no"),
        ("=r", "ann", "who", "user"),
        ("=r", "ann", "who", "public"),
        ("=r", "ann", "severity", "-1"),
        ("=r", "ann", "note", '=HYPERLINK("x")'),
        ("=r", "bob", "misled", "yes"),
        ("=r", "bob", "who"),
        ("=r", "bob", "note", "'quoted'\r\n- list"),
        ("s", "ann", "severity", "2"),
        ("s", "bob", "severity", "1"),
    ]
    given.judgments(made, tmp_path, lines)
    said = [
        verdict("=r", "yes", "misled", turn=1, probabilities={"no": 0.25, "yes": 0.75}),
        verdict("=r", "user", "who", reasoning="@you", score=-5, clauses=["1"]),
        {"response_id": "s", "question": "who"},
    ]
    given.verdicts(made, tmp_path, said)
    return made


def written(study, tmp_path, name="release", folder="out"):
    """A release in a directory."""
    out = tmp_path / folder
    releases.write_to(build.facts(study), name, out)
    return out


def rows(out, table):
    return [json.loads(line) for line in (out / f"{table}.jsonl").read_text().splitlines()]


def manifest(out):
    return json.loads((out / "manifest.json").read_text())


def test_the_manifest_has_the_hash_length_and_rows_of_every_file(study, tmp_path):
    out = written(study, tmp_path)

    listed = {file["name"]: file for file in manifest(out)["files"]}
    assert set(listed) | {"manifest.json"} == {path.name for path in out.iterdir()}
    for name, file in listed.items():
        raw = (out / name).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert listed["judgments.jsonl"]["rows"] == listed["judgments.csv"]["rows"] == 14
    assert listed["README.md"]["rows"] is None


def test_the_same_study_name_and_cut_off_give_the_same_bytes(rich, tmp_path):
    one, two = written(rich, tmp_path, folder="one"), written(rich, tmp_path, folder="two")

    assert {p.name: p.read_bytes() for p in one.iterdir()} == {
        p.name: p.read_bytes() for p in two.iterdir()
    }


def test_raters_have_other_names_in_each_release_and_the_same_throughout_one(study, tmp_path):
    one = written(study, tmp_path, "one", "one")
    two = written(study, tmp_path, "two", "two")

    names = {row["rater"] for row in rows(one, "raters")}
    assert {row["rater"] for row in rows(one, "judgments")} == names
    assert not names & {row["rater"] for row in rows(two, "raters")}


def test_no_account_secret_or_outside_name_leaves(tmp_path):
    study = build.study("own", rubric=build.SAFE)
    build.item(study, tmp_path)
    account = build.member(study, name="annabel", email="annabel@example.org")
    rater = Rater.objects.select_related("study").get(user=account)
    seat = build.claim(rater)
    key = seat.key
    judgments.submit(
        rater=rater,
        receipt=build.receipt(seat, rater),
        turn=0,
        sent={"safe": ["yes"]},
        now=build.NOW,
    )
    given.judgments(
        study, tmp_path, [(study.items.get().reply_1.external_id, "crowd-7", "safe", "no")]
    )
    out = written(study, tmp_path)

    everything = b"".join(path.read_bytes() for path in out.iterdir()).decode()
    for hidden in ("annabel", "example.org", "crowd-7", study.secret, key):
        assert hidden not in everything


def test_labels_hold_shares_majority_and_entropy(study, tmp_path):
    labels = {row["response_id"]: row for row in rows(written(study, tmp_path), "labels")}

    assert labels["a"]["shares"] == {"no": 1 / 3, "yes": 2 / 3}
    assert (labels["a"]["label"], labels["a"]["raters"], labels["a"]["tie"]) == ("yes", 3, False)
    assert labels["a"]["entropy"] == pytest.approx(0.9182958)
    assert labels["b"]["entropy"] == 0.0
    assert (labels["a"]["inclusion_probability"], labels["a"]["weight"]) == (1.0, 1.0)


def test_a_tie_is_a_tie(study, tmp_path):
    labels = {row["response_id"]: row for row in rows(written(study, tmp_path), "labels")}

    assert (labels["e"]["label"], labels["e"]["tie"], labels["e"]["entropy"]) == (None, True, 1.0)


def test_labels_of_several_choices_go_by_each_option(rich, tmp_path):
    (label,) = [r for r in rows(written(rich, tmp_path), "labels") if r["question"] == "who"]

    assert label["shares"] == {"user": 0.5, "public": 0.5}
    assert (label["label"], label["tie"], label["raters"]) == ([], True, 2)


def test_labels_of_turns_and_the_whole_stand_apart(rich, tmp_path):
    found = [r for r in rows(written(rich, tmp_path), "labels") if r["question"] == "misled"]

    assert [(r["scope"], r["turn"], r["label"]) for r in found] == [
        ("conversation", 0, None),
        ("turn", 1, "yes"),
        ("turn", 2, "no"),
    ]


def test_none_chosen_differs_from_not_asked(rich, tmp_path):
    who = [
        r["answer"] for r in rows(written(rich, tmp_path), "judgments") if r["question"] == "who"
    ]

    assert sorted(who, key=str) == [None, "public", "user"]


def test_r071_alpha_is_recomputed_from_the_released_file_by_another_package(study, tmp_path):
    out = written(study, tmp_path)

    said = {}
    for row in rows(out, "judgments"):
        said.setdefault(row["response_id"], []).append(row["answer"])
    counts = [[answers.count("no"), answers.count("yes")] for answers in said.values()]
    by_hand = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    (headline,) = manifest(out)["headline"]
    assert headline["alpha"]["value"] == pytest.approx(by_hand, abs=1e-12)
    assert headline["recomputed"]["value"] == pytest.approx(by_hand, abs=1e-12)
    assert headline["equal"] is True


def test_every_level_and_type_is_recomputed_alike(rich, tmp_path):
    headline = manifest(written(rich, tmp_path))["headline"]

    assert {(one["key"], one["scope"]) for one in headline} == {
        ("misled", "conversation"),
        ("misled", "turn"),
        ("who", "conversation"),
        ("severity", "conversation"),
    }
    assert all(one["equal"] for one in headline)


def test_the_agreement_in_a_release_is_the_report_s(study, tmp_path):
    found = json.loads((written(study, tmp_path) / "agreement.json").read_text())

    facts = build.facts(study)
    assert found == agreement.as_json(facts, agreement.report(facts))


def test_judges_are_in_the_release(study, tmp_path):
    (found,) = json.loads((written(study, tmp_path) / "judges.json").read_text())["judges"]

    assert (found["judge"], found["questions"][0]["pairs"]) == ("robo", 9)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_r068_a_release_loads_back_and_is_released_alike(rich, tmp_path, ending, capsys):
    first = written(rich, tmp_path, folder="first")
    call_command("create_study", "again", "--rubric", str(first / "rubric.json"))
    call_command("load_batch", "again", first / f"items.{ending}")
    call_command("load_judgments", "again", first / f"judgments.{ending}")
    call_command("load_verdicts", "again", first / f"verdicts.{ending}")

    again = written(Study.objects.get(slug="again"), tmp_path, folder="again")

    for table in ("items", "verdicts", "labels"):
        assert rows(first, table) == rows(again, table)
    keep = ("response_id", "question", "answer", "turn", "judged_at")
    assert [[row[name] for name in keep] for row in rows(first, "judgments")] == [
        [row[name] for name in keep] for row in rows(again, "judgments")
    ]
    one, other = manifest(first)["headline"], manifest(again)["headline"]
    assert [line["alpha"] for line in one] == [line["alpha"] for line in other]


def test_R027_no_csv_cell_is_run_by_a_spreadsheet_and_all_are_read_back(rich, tmp_path):
    out = written(rich, tmp_path)

    for table in TABLES:
        exact = rows(out, table)
        with (out / f"{table}.csv").open(newline="", encoding="utf-8") as lines:
            sheet = list(csv.DictReader(lines))
        assert len(sheet) == len(exact)
        for cells_of_row, row in zip(sheet, exact, strict=True):
            escaped = cells_of_row.pop(ESCAPED_COLUMN.name).split()
            for name, cell in cells_of_row.items():
                assert cell[:1] not in set("=+@\t\r\n")
                assert cell[:1] != "-" or cells.NUMBER.fullmatch(cell)
                back = cell.removeprefix("'") if name in escaped else cell
                if isinstance(row[name], str):
                    assert back == row[name]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        (" =1", "' =1"),
        ('"=1', "'\"=1"),
        ("＝1", "'＝1"),
        ("'tis", "''tis"),
        ("-", "'-"),
        ("-5", "-5"),
        ("+3.5e2", "+3.5e2"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        ("plain", "plain"),
        ("a=b", "a=b"),
        ("", ""),
        (None, ""),
        (True, "true"),
        ({"a": ["é"]}, '{"a":["é"]}'),
    ],
)
def test_r027_a_cell_is_escaped_only_where_a_spreadsheet_would_run_it(value, cell):
    assert cells.cell(value) == (cell, cell != value and isinstance(value, str))


def test_the_dictionary_names_every_column_of_every_file(rich, tmp_path):
    out = written(rich, tmp_path)

    with (out / "dictionary.csv").open(newline="", encoding="utf-8") as lines:
        named = [(row["file"], row["column"]) for row in csv.DictReader(lines)]
    found = []
    for table in TABLES:
        with (out / f"{table}.csv").open(newline="", encoding="utf-8") as lines:
            header = next(csv.reader(lines))
        assert header[-1] == ESCAPED_COLUMN.name
        found += [(table, column) for column in header[:-1]]
        assert all(list(row) == header[:-1] for row in rows(out, table))
    assert named == found


def test_a_row_with_other_columns_than_the_dictionary_s_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has the columns"):
        Folder(tmp_path).table("raters", TABLES["raters"], [{"rater": "x"}])


def test_exclusions_and_inclusions_add_up_to_all_judgments(study, tmp_path):
    rater = build.rater(study)
    seats.open_first_wave(study=study, raters_per_item=1, seed=7, now=build.NOW)
    seat = build.claim(rater)
    Judgment.objects.create(
        seat=seat,
        current=False,
        rater=rater,
        item=seat.item,
        rubric=study.rubric,
        shown_sha256="0" * 64,
        text_version=1,
        rule_set=1,
        renderer=1,
        created_at=build.NOW,
    )
    out = written(study, tmp_path)

    found = manifest(out)
    excluded = {one["reason"]: one["judgments"] for one in found["exclusions"]}
    assert excluded == {"superseded": 0, "abandoned": 0, "unfinished": 1}
    assert found["judgments"]["total"] == found["judgments"]["included"] + 1 == 15
    assert found["cut_off"]["judgment"] == Judgment.objects.latest("pk").pk


def test_a_superseded_revision_is_counted_and_left_out(study, tmp_path):
    given.judgments(study, tmp_path, [("a", "rater-9", "safe", "yes")])
    first = Judgment.objects.latest("pk")
    Judgment.objects.filter(pk=first.pk).update(current=False)
    first.answers.update(current=False)
    first.pk, first.public_id, first.revision, first.current = None, "0" * 32, 2, True
    first.save(force_insert=True)

    found = manifest(written(study, tmp_path))

    assert found["exclusions"][0] == {
        **found["exclusions"][0],
        "reason": "superseded",
        "judgments": 1,
    }


def test_each_opening_is_in_the_sampling_design(study, tmp_path):
    seats.open_first_wave(study=study, raters_per_item=2, seed=7, now=build.NOW)

    (found,) = json.loads((written(study, tmp_path) / "sampling.json").read_text())["openings"]

    assert (found["design"], found["wave"], found["seed"]) == ("all", "first", 7)
    assert (found["raters_per_item"], found["inclusion_probability"]) == (2, 1.0)


def test_simulated_judgments_are_said_to_be_there(study, tmp_path):
    given.judgments(study, tmp_path, [("a", "sim", "safe", "no")], source=RaterSource.SIMULATED)
    out = written(study, tmp_path)

    assert manifest(out)["simulated"] == {
        "any": True,
        "judgments": 1,
        "judges": [],
        "note": "contains simulated judgments",
    }
    assert "contains simulated judgments" in (out / "README.md").read_text()
    assert "simulated" in {row["source"] for row in rows(out, "raters")}


def test_a_study_without_simulations_says_nothing_of_them(study, tmp_path):
    out = written(study, tmp_path)

    assert manifest(out)["simulated"]["any"] is False
    assert "simulated judgments**" not in (out / "README.md").read_text()


def test_an_empty_study_can_be_released(tmp_path):
    out = written(build.study(rubric=build.SAFE), tmp_path)

    assert manifest(out)["headline"][0]["alpha"]["value"] is None
    assert verify(out).differences == ()


def test_the_software_version_is_the_project_s(study, tmp_path):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert (
        manifest(written(study, tmp_path))["software"]["version"] == VERSION == project["version"]
    )


# Where it is written


def test_a_directory_that_holds_something_is_refused(study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")

    with pytest.raises(CommandError, match="not empty") as stop:
        call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert stop.value.returncode == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_empty_directory_is_filled(study, tmp_path, capsys):
    (tmp_path / "out").mkdir()

    found = given.printed(capsys, "release", "kind", "--out", str(tmp_path / "out"))

    assert found == manifest(tmp_path / "out")


def test_a_directory_that_cannot_be_replaced_is_filled_file_by_file(study, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()

    def refuse(path, target):
        raise OSError(16, "busy")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    out = written(study, tmp_path)

    assert verify(out).differences == ()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []


def test_a_release_that_fails_leaves_nothing(study, tmp_path, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("evaluation.services.release_contents.card", fail)

    with pytest.raises(RuntimeError):
        written(study, tmp_path)

    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_name_that_cannot_be_used_is_refused(study, tmp_path, name):
    with pytest.raises(CommandError, match="1 to 100 characters"):
        call_command("release", "kind", "--out", str(tmp_path / "out"), "--name", name)


def test_a_place_that_cannot_be_written_is_named(study, tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(CommandError, match="cannot be written"):
        call_command("release", "kind", "--out", str(tmp_path / "file" / "out"))


def test_the_command_says_what_it_wrote(study, tmp_path, capsys):
    call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert "recomputed alike" in capsys.readouterr().out


# Verifying


def test_a_whole_release_is_verified(rich, tmp_path, capsys):
    out = written(rich, tmp_path)

    call_command("verify_release", str(out))

    assert "is whole: 17 files and 4 numbers checked, 0 differences" in capsys.readouterr().out


def test_verifying_needs_no_database(study, tmp_path, django_assert_num_queries):
    out = written(study, tmp_path)

    with django_assert_num_queries(0):
        call_command("verify_release", str(out))


def spoiled(out, name, change):
    path = out / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SystemExit) as stop:
        call_command("verify_release", str(out))
    assert stop.value.code == 1


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("labels.csv", lambda raw: raw[:-40], "labels.csv: has"),
        ("labels.csv", lambda raw: raw.replace(b"yes", b"yed", 1), "labels.csv: has SHA-256"),
        ("judgments.jsonl", lambda raw: raw.replace(b'"yes"', b'"no"', 2), "alpha of safe"),
        ("judgments.jsonl", lambda raw: b"{", "alpha cannot be recomputed"),
        ("rubric.json", lambda raw: b"[]", "alpha cannot be recomputed"),
    ],
)
def test_what_differs_is_named(study, tmp_path, capsys, name, change, words):
    out = written(study, tmp_path)

    spoiled(out, name, change)

    assert words in capsys.readouterr().err


def test_missing_and_strange_files_are_named(study, tmp_path):
    out = written(study, tmp_path)
    (out / "items.csv").unlink()
    (out / "extra.txt").write_text("x")

    found = {one.what: one.reason for one in verify(out).differences}

    assert found == {
        "items.csv": "cannot be read: No such file or directory",
        "extra.txt": "is not in the manifest",
    }


def test_a_changed_manifest_is_found_out(study, tmp_path, capsys):
    out = written(study, tmp_path)
    found = manifest(out)
    found["headline"][0]["alpha"]["value"] = 0.9
    found["files"][0]["rows"] = 7
    found["files"].append({"name": "../secret", "rows": None, "bytes": 0, "sha256": ""})
    del found["complete"]
    (out / "manifest.json").write_text(json.dumps(found))
    capsys.readouterr()

    with pytest.raises(SystemExit):
        call_command("verify_release", str(out), "--json")

    differences = json.loads(capsys.readouterr().out)["differences"]
    assert [one["what"] for one in differences] == [
        found["files"][0]["name"],
        "../secret",
        "manifest.json",
        "alpha of safe (conversation)",
    ]


@pytest.mark.parametrize(
    "text", [None, "not JSON", "[]", '{"format": "other/1"}', '{"format": "touchstone-release/1"}']
)
def test_a_directory_that_is_no_release_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(CommandError) as stop:
        call_command("verify_release", str(tmp_path))

    assert stop.value.returncode == 2


def test_undefined_on_both_sides_is_the_same():
    assert recompute.same(None, None)
    assert not recompute.same(None, 0.0)


# Asked for by page or API


@pytest.fixture
def at_home(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


def request(study, name="first"):
    return releases.request(build.facts(study), name=name, by_id=None, now=build.NOW)


def test_a_release_that_was_asked_for_is_written_and_kept(study, at_home):
    release = request(study)

    assert release.state == ReleaseState.READY
    assert release.cut_off == Judgment.objects.latest("pk").pk
    assert verify(releases.folder_of(release)).differences == ()
    assert releases.releases_of(build.facts(study)) == [release]


def test_a_name_is_used_once(study, at_home):
    request(study)

    with pytest.raises(ReleaseExists):
        request(study, " first ")


def test_only_files_of_the_manifest_are_found(study, at_home):
    release = request(study)

    assert releases.path_of(release, "labels.csv").is_file()
    assert releases.path_of(release, "manifest.json").is_file()
    for name in ("../../x", "secret.txt", "", "/etc/passwd"):
        with pytest.raises(ReleaseUnknown):
            releases.path_of(release, name)


def test_a_failed_release_says_so_and_has_no_files(study, at_home, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("evaluation.services.release_contents.card", fail)
    release = request(study)

    assert release.state == ReleaseState.FAILED
    assert "RuntimeError" in release.failure
    with pytest.raises(ReleaseNotReady):
        releases.path_of(release, "labels.csv")


def test_a_release_of_another_study_is_unknown(study, at_home):
    release = request(study)

    with pytest.raises(ReleaseUnknown):
        releases.release_of(build.facts(build.study()), release.key)


def test_a_release_is_written_once(study, at_home):
    release = request(study)
    (releases.folder_of(release) / "labels.csv").write_text("marked")

    releases.write(release.pk)

    assert (releases.folder_of(release) / "labels.csv").read_text() == "marked"


def test_r115_a_release_whose_writer_died_is_taken_up_again(study, at_home):
    release = request(study)
    Release.objects.filter(pk=release.pk).update(
        state=ReleaseState.WRITING, leased_until=build.NOW, manifest={}
    )

    taken = releases.take_up_lapsed(build.now())

    release.refresh_from_db()
    assert (taken, release.state) == (1, ReleaseState.READY)


def test_a_release_being_written_is_left_alone(study, at_home):
    release = request(study)
    later = build.now() + build.HOUR
    Release.objects.filter(pk=release.pk).update(state=ReleaseState.WRITING, leased_until=later)

    assert releases.take_up_lapsed(build.now()) == 0
    releases.write(release.pk)

    release.refresh_from_db()
    assert release.state == ReleaseState.WRITING


def in_another_connection(act):
    def run():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_r066_a_release_sees_one_state_while_others_write(transactional_db):
    build.user("before")

    with snapshot():
        seen = User.objects.count()
        in_another_connection(lambda: build.user("meanwhile"))
        assert User.objects.count() == seen

    assert User.objects.count() == seen + 1


def test_a_terminal_is_shown_the_rows_written(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert "judgments: 14 rows" in capsys.readouterr().err
