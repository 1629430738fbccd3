"""A release keeps every judgment, marks the excluded, and counts without them."""

import json

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Rater
from annotation.selectors.asked import NO_FILTERS
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import Role
from evaluation.exports import compare
from evaluation.exports.recompute import same
from evaluation.exports.verify import verify
from evaluation.services import agreement, exclusions, releases
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.excluding import JUDGED, SPOILER, TABLE, add, leave_out
from tests.evaluation.given import manifest, rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, JUDGED, slug="spoiled")


@pytest.fixture
def out(study, tmp_path):
    leave_out(study)
    add(study, "item", "d", "Not a reply.")
    lifted = add(study, "batch", "1", "By mistake.")
    exclusions.lift(build.facts(study), lifted.number, now=NOW, by_id=None)
    add(study, "fast", "5", "Nobody reads so fast.")
    return written(study, tmp_path)


def test_R069_a_release_keeps_every_judgment_and_marks_the_excluded(out):
    found = {(row["response_id"], row["excluded"]) for row in rows(out, "judgments")}

    assert len(rows(out, "judgments")) == 12
    assert found == {(one, no) for one in "abc" for no in (None, "1")} | {("d", "2"), ("d", "1 2")}


def test_R069_no_label_agreement_or_judge_of_a_release_has_an_excluded_judgment(out):
    made = rows(out, "labels")
    (judge,) = json.loads((out / "judges.json").read_text())["judges"]

    assert [(row["response_id"], row["raters"]) for row in made] == [("a", 2), ("b", 2), ("c", 2)]
    assert [row["response_id"] for row in rows(out, "calibrated")] == ["a", "b", "c"]
    assert judge["questions"][0]["accuracy"]["value"] == 1.0
    assert manifest(out)["headline"][0]["alpha"]["value"] == 1.0


def test_R069_the_manifest_counts_what_is_included_and_what_of_it_is_excluded(out):
    found = manifest(out)

    assert found["filters"]["exclusions"] == [1, 2, 4]
    assert found["judgments"]["included"] == 12
    # four of the rater, three of the item, one of both
    assert found["judgments"]["included_but_excluded"] == 6
    lost = sum(one["judgments"] for one in found["exclusions"])
    assert found["judgments"]["included"] + lost == found["judgments"]["total"]


def test_R106_the_table_of_exclusions_has_the_release_s_names_and_no_others(study, out):
    table = rows(out, "exclusions")
    (rater,) = {row["rater"] for row in rows(out, "judgments") if row["excluded"] == "1"}
    spoiler = Rater.objects.get(study=study, external_id=SPOILER).pk

    assert [(row["kind"], row["subject"]) for row in table] == [
        ("rater", rater), ("item", "d"), ("batch", "1"), ("fast", "5"),
    ]  # fmt: skip
    assert [row["in_force"] for row in table] == [True, True, False, True]
    assert [row["judgments"] for row in table] == [4, 3, 0, 0]
    assert rater != pseudonyms(study.pk, purpose="pages", subjects=[spoiler])[spoiler]
    assert SPOILER not in (out / "exclusions.jsonl").read_text()
    assert table[0]["made_on"] == NOW.date().isoformat()


def test_a_release_with_exclusions_is_recomputed_equal_and_verifies(out):
    (one,) = manifest(out)["headline"]

    assert one["equal"]
    assert same(one["alpha"]["value"], one["recomputed"]["value"])
    assert verify(out).differences == ()


def test_verifying_finds_a_release_whose_numbers_count_the_excluded(study, out):
    path = out / "manifest.json"
    whole = manifest(out)
    with_all = agreement.report(build.facts(study), filters=NO_FILTERS)[0].alpha.value
    whole["headline"][0]["alpha"]["value"] = with_all
    path.write_text(json.dumps(whole))

    assert [one.what for one in verify(out).differences] == ["alpha of safe (conversation)"]


def test_the_three_forms_of_the_table_and_the_column_say_the_same(out):
    typed = pq.read_table(out / "judgments.parquet").column("excluded").to_pylist()
    table = pq.read_table(out / "exclusions.parquet").to_pylist()

    assert typed == [row["excluded"] for row in rows(out, "judgments")]
    assert table == rows(out, "exclusions")
    assert len((out / "exclusions.csv").read_text().splitlines()) == 5


def test_the_card_and_the_croissant_name_the_exclusions(out):
    card = (out / "README.md").read_text()
    described = json.loads((out / "croissant.json").read_text())

    assert "Applied exclusions (see `exclusions`): 1, 2, 4. They leave 6 of the included" in card
    assert "exclusions" in {one["name"] for one in described["recordSet"]}


def test_a_release_s_page_says_which_exclusions_are_applied(study, client, tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    client.force_login(build.member(study, Role.RESEARCHER))
    leave_out(study)
    release = build.release(study, name="first")

    page = client.get(reverse("evaluation:release", args=["spoiled", release.key]))

    assert "Exclusion 1 is applied: 4 of its judgments" in page.content.decode()


def test_texts_that_an_excluded_rater_wrote_are_marked_too(tmp_path):
    study = given.rich(tmp_path)
    everybody = Rater.objects.filter(study=study, judgments__current=True).distinct()
    for rater in everybody:
        leave_out(study, rater.external_id)

    out = written(study, tmp_path)

    assert all(row["excluded"] for row in rows(out, "judgments"))
    assert rows(out, "labels") == []


def test_a_release_without_exclusions_has_an_empty_table_and_no_mark(study, tmp_path):
    out = written(study, tmp_path)

    assert rows(out, "exclusions") == []
    assert {row["excluded"] for row in rows(out, "judgments")} == {None}
    assert manifest(out)["filters"]["exclusions"] == []


def test_comparing_releases_shows_exclusions_that_changed(study, tmp_path, settings, capsys):
    settings.DATA_DIR = tmp_path / "data"
    leave_out(study)
    before = releases.folder_of(build.release(study, name="before"))
    exclusions.lift(build.facts(study), 1, now=NOW, by_id=None)
    add(study, "item", "a")
    after = releases.folder_of(build.release(study, name="after"))

    found = compare.compare(before, after)
    call_command("compare_releases", str(before), str(after))

    rules = [(one.what, one.before, one.after) for one in found.exclusions]
    assert rules == [("exclusion 1 (rater)", 4, 0), ("exclusion 2 (item)", 0, 3)]
    assert "exclusion 1 (rater)" in capsys.readouterr().out
