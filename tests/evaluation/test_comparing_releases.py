"""What changed from one release to the next: by command, page and API alike, and without a server."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.models import Rater, Study
from annotation.services import withdrawals
from annotation.vocabulary import Role
from evaluation.exports import compare
from evaluation.services import releases
from tests import build
from tests.build import NOW
from tests.evaluation import given, told
from tests.evaluation.given import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(
        tmp_path, {"a": "yes yes no", "b": "no no no", "c": "yes no yes"}, slug="kind"
    )


def later(study, tmp_path):
    """A rater leaves, others judge: "c" becomes a tie, "b" is judged once more, and "d" is new."""
    Study.objects.filter(pk=study.pk).update(on_withdrawal="keep")
    rater = Rater.objects.select_related("study").get(study=study, external_id="rater-2")
    withdrawals.withdraw(rater=rater, now=NOW)
    given.replies(study, tmp_path, "d")
    given.judgments(study, tmp_path, [("b", "late", "safe", "yes"), ("d", "late", "safe", "no")])


@pytest.fixture
def both(study, tmp_path):
    before = build.release(study, name="before")
    later(study, tmp_path)
    return before, build.release(study, name="after")


@pytest.fixture
def found(both):
    return compare.compare(*map(releases.folder_of, both))


def test_items_judgments_and_labels_are_counted_by_whether_they_stayed(found):
    assert (found.items.kept, found.items.added, found.items.gone) == (3, 1, 0)
    assert (found.judgments.kept, found.judgments.added, found.judgments.gone) == (6, 2, 3)
    assert (found.labels.kept, found.labels.added, found.labels.gone) == (3, 1, 0)


def test_labels_that_changed_are_named_with_both(found):
    assert found.labels_changed == 1
    (one,) = found.changed
    assert (one.response_id, one.question, one.turn) == ("c", "safe", 0)
    assert (one.before, one.after) == ("yes", None)


def test_r106_exclusions_stand_beside_each_other(found):
    assert [(one.what, one.before, one.after) for one in found.exclusions] == [("withdrawn", 0, 3)]


def test_headline_numbers_stand_beside_each_other(found, both):
    (alpha,) = found.headline
    stated = [one.manifest["headline"][0]["alpha"]["value"] for one in both]
    assert [alpha.before, alpha.after] == stated


def test_facts_that_are_the_same_are_not_listed(found):
    assert {one.what for one in found.facts} == {"cut-off", "judgments included", "answers"}


def test_a_new_rubric_version_is_listed(tmp_path):
    study = build.study("told", rubric=told.RUBRIC)
    one = written(study, tmp_path, "one", "one")
    told.published(study)
    other = written(study, tmp_path, "other", "other")

    (rubric,) = [fact for fact in compare.compare(one, other).facts if fact.what == "rubric"]

    assert (rubric.before, rubric.after) == ("told v1", "told v2")


def test_a_release_and_itself_differ_in_nothing(both):
    folder = releases.folder_of(both[0])

    same = compare.compare(folder, folder)

    assert (same.facts, same.changed, same.labels_changed) == ((), (), 0)
    assert (same.judgments.added, same.judgments.gone) == (0, 0)


def test_of_many_changes_the_first_are_named_and_all_counted(study, tmp_path, monkeypatch):
    one = written(study, tmp_path, "one", "one")
    lines = [(reply, f"new-{n}", "safe", "no") for reply in "ac" for n in range(5)]
    given.judgments(study, tmp_path, lines)
    other = written(study, tmp_path, "other", "other")
    monkeypatch.setattr(compare, "MOST_NAMED", 1)

    found = compare.compare(one, other)

    assert (found.labels_changed, [change.response_id for change in found.changed]) == (2, ["a"])


def test_releases_of_two_studies_are_refused(study, tmp_path):
    other = written(given.safe(tmp_path, {"x": "yes"}, slug="other"), tmp_path, folder="other")

    with pytest.raises(CommandError, match="of two studies, kind and other") as stop:
        call_command("compare_releases", str(written(study, tmp_path)), str(other))

    assert stop.value.returncode == 2


def test_a_release_without_parquet_is_refused_by_name(study, tmp_path):
    out = written(study, tmp_path)
    (out / "labels.parquet").unlink()

    with pytest.raises(CommandError, match=r"release cannot be compared.*have their Parquet"):
        call_command("compare_releases", str(out), str(out))


def test_comparing_needs_no_database(both, django_assert_num_queries):
    folders = [str(releases.folder_of(one)) for one in both]

    with django_assert_num_queries(0):
        call_command("compare_releases", *folders)


def test_the_command_says_it_in_lines(both, capsys):
    call_command("compare_releases", *[str(releases.folder_of(one)) for one in both])

    said = capsys.readouterr().out
    assert "judgments: 2 added, 3 gone, 6 in both" in said
    assert "c, safe: yes -> tie" in said
    assert "left out: withdrawn: 0 -> 3" in said


def test_page_api_and_command_say_the_same(study, both, client, capsys):
    client.force_login(build.member(study, Role.RESEARCHER))
    keys = {"before": both[0].key, "after": both[1].key}

    html = client.get(reverse("evaluation:compare_releases", args=["kind"]), keys).content.decode()
    api = client.get(reverse("api-compare-releases", args=["kind"]), keys).json()

    folders = [str(releases.folder_of(one)) for one in both]
    assert api == json.loads(json.dumps(given.printed(capsys, "compare_releases", *folders)))
    assert "1 of 3 labels changed" in html
    assert f"{api['headline'][0]['after']:.3f}"[1:] in html


def test_before_two_are_chosen_the_page_asks_for_them(study, both, client):
    client.force_login(build.member(study, Role.RESEARCHER))

    html = client.get(reverse("evaluation:compare_releases", args=["kind"])).content.decode()

    assert both[0].key in html
    assert "labels changed" not in html
    assert "compare/" in client.get(reverse("evaluation:releases", args=["kind"])).content.decode()


def test_a_release_of_another_study_is_unknown_here(study, both, client, tmp_path):
    client.force_login(build.member(study, Role.RESEARCHER))
    other = build.release(given.safe(tmp_path, {"x": "yes"}, slug="other"))
    keys = {"before": both[0].key, "after": other.key}

    for name in ("evaluation:compare_releases", "api-compare-releases"):
        assert client.get(reverse(name, args=["kind"]), keys).status_code == 404


@pytest.mark.parametrize("keys", [{}, {"before": "x"}, {"after": "x"}])
def test_the_api_asks_for_both_keys(study, client, keys):
    client.force_login(build.member(study, Role.RESEARCHER))

    answer = client.get(reverse("api-compare-releases", args=["kind"]), keys)

    assert (answer.status_code, answer.json()["code"]) == (400, "release_invalid")
    assert "before and after" in answer.json()["message"]
