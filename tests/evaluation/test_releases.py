import csv
import hashlib
import json
import tomllib

import krippendorff
import pytest
from django.core.management import call_command

from annotation.models import Judgment, Rater, Study
from annotation.services import judgments, openings
from annotation.vocabulary import RaterSource, Wave
from evaluation import VERSION
from evaluation.exports.columns import ESCAPED_COLUMN, TABLES
from evaluation.exports.folder import Folder
from evaluation.exports.verify import verify
from evaluation.frames import Frame
from evaluation.intake import samples
from evaluation.intake.designs import drawing_from_json
from evaluation.services import agreement
from tests import build
from tests.environment import PROJECT
from tests.evaluation import given
from tests.evaluation.given import manifest, rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, given.TABLE, given.JUDGED, slug="kind")


@pytest.fixture
def rich(tmp_path):
    return given.rich(tmp_path)


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

    everything = "".join(given.words_of(path) for path in sorted(out.iterdir()))
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


def test_r068_each_rater_s_answers_stay_together_when_a_release_is_loaded_back(rich, tmp_path):
    first = written(rich, tmp_path, folder="first")
    call_command("create_study", "again", "--rubric", str(first / "rubric.json"))
    call_command("load_batch", "again", first / "items.jsonl")
    call_command("load_judgments", "again", first / "judgments.jsonl")

    again = written(Study.objects.get(slug="again"), tmp_path, folder="again")

    def by_rater(out):
        said = {}
        for row in rows(out, "judgments"):
            line = tuple(row[name] for name in ("response_id", "question", "turn", "answer"))
            said.setdefault(row["rater"], []).append(line)
        return sorted(map(sorted, said.values()), key=repr)

    assert by_rater(first) == by_rater(again)
    assert len(by_rater(first)) == 2


def test_r064_the_manifest_says_by_which_software_rubric_and_filters(study, tmp_path):
    given.judgments(study, tmp_path, [("a", "late", "safe", "yes")])

    found = manifest(written(study, tmp_path))

    assert found["format"] == "touchstone-release/2"
    assert found["software"]["version"] == VERSION
    assert (found["rubric"]["key"], found["rubric"]["version"]) == ("safety", 1)
    assert found["filters"]["waves"] == ["first", "imported"]
    counted = found["judgments"]
    assert sum(counted["by_wave"].values()) == counted["included"]
    assert (
        counted["included"] + sum(one["judgments"] for one in found["exclusions"])
        == (counted["total"])
    )


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
    openings.open_first_wave(study=study, raters_per_item=1, seed=7, now=build.NOW)
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
    assert excluded == {
        "superseded": 0,
        "late": 0,
        "abandoned": 0,
        "unfinished": 1,
        "withdrawn": 0,
    }
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
    openings.open_first_wave(study=study, raters_per_item=2, seed=7, now=build.NOW)

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


def test_labels_of_a_sample_carry_its_probabilities(tmp_path):
    study = build.study("kind", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b", "c", "d")
    facts = build.facts(study)
    drawing = drawing_from_json({"design": "simple", "size": 2})
    asked = samples.request(facts, Frame(), drawing, seed=1, now=build.NOW)
    drawn = samples.draw(facts, asked.pk)
    samples.open_seats(facts, 1, wave=Wave.FIRST, raters_per_item=1, now=build.NOW)
    ann = build.rater(study)
    while seat := build.claim(ann):
        build.submit(ann, seat, safe=["yes"])

    folder = written(study, tmp_path)

    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    assert len(labels) == 2
    assert {(row["inclusion_probability"], row["weight"]) for row in labels} == {(0.5, 2.0)}
    sampling = json.loads((folder / "sampling.json").read_text())
    assert sampling["samples"] == [drawn.as_json()]
    assert sampling["openings"][0]["inclusion_probability"] is None


def test_what_was_opened_for_all_is_certain_although_a_sample_drew_it(tmp_path):
    study = build.study("kind", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b")
    openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=build.NOW)
    facts = build.facts(study)
    drawing = drawing_from_json({"design": "panel", "size": 1})
    asked = samples.request(facts, Frame(), drawing, seed=1, now=build.NOW)
    samples.draw(facts, asked.pk)
    samples.open_seats(facts, 1, wave=Wave.FIRST, raters_per_item=2, now=build.NOW, cohort="panel")
    ann = build.rater(study)
    while seat := build.claim(ann):
        build.submit(ann, seat, safe=["yes"])

    folder = written(study, tmp_path)

    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    assert {row["inclusion_probability"] for row in labels} == {1.0}
