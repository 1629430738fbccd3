"""R-106 and R-069 in releases: who left is in no label, is counted, and earlier releases say so."""

import pytest

from annotation.models import Judgment, Rater, Seat, Study
from annotation.selectors import released
from annotation.selectors.asked import Asked
from annotation.selectors.labels import option_counts
from annotation.services import integrity, withdrawals
from annotation.vocabulary import Role, Scope
from evaluation.exports.verify import verify
from evaluation.services import releases
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.given import manifest, rows, written

pytestmark = pytest.mark.django_db
POLICIES = ("keep", "delete")


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, {"a": "yes yes no", "b": "no no no", "c": "yes no yes"})


def leave(study, name="rater-2", *, policy="keep", at=NOW):
    """The rater of this name leaves."""
    Study.objects.filter(pk=study.pk).update(on_withdrawal=policy)
    rater = Rater.objects.select_related("study").get(study=study, external_id=name)
    return withdrawals.withdraw(rater=rater, now=at)


def excluded(found):
    return {one["reason"]: one["judgments"] for one in found["exclusions"]}


@pytest.mark.parametrize("policy", POLICIES)
def test_R069_who_left_is_in_no_label_no_judgment_and_no_list_of_raters(study, tmp_path, policy):
    leave(study, policy=policy)

    out = written(study, tmp_path)

    assert {label["raters"] for label in rows(out, "labels")} == {2}
    assert len(rows(out, "judgments")) == 6
    assert len(rows(out, "raters")) == 2
    assert verify(out).differences == ()


@pytest.mark.parametrize("policy", POLICIES)
def test_R106_who_left_is_in_no_statistic(study, policy):
    asked = Asked(study.rubric.questions.get().pk, Scope.CONVERSATION)
    leave(study, policy=policy)

    assert sum(count.raters for count in option_counts(asked)) == 6


def test_R069_judgments_that_are_kept_are_counted_under_their_reason(study, tmp_path):
    leave(study)

    found = manifest(written(study, tmp_path))

    assert excluded(found)["withdrawn"] == 3
    assert found["judgments"]["total"] == 9
    assert found["judgments"]["included"] + sum(excluded(found).values()) == 9
    assert found["withdrawn_and_deleted"]["judgments"] == 0


def test_R106_judgments_that_were_deleted_are_counted_apart(study, tmp_path):
    leave(study, policy="delete")

    out = written(study, tmp_path)

    found = manifest(out)
    assert excluded(found)["withdrawn"] == 0
    assert found["judgments"]["total"] == found["judgments"]["included"] == 6
    assert (
        found["withdrawn_and_deleted"]["raters"],
        found["withdrawn_and_deleted"]["judgments"],
    ) == (1, 3)
    assert "no rows any more" in found["withdrawn_and_deleted"]["explanation"]
    assert "3 more were deleted" in (out / "README.md").read_text()


def test_R069_a_revision_and_a_half_of_a_rater_who_left_count_as_withdrawn_alone(study, tmp_path):
    rater = Rater.objects.get(external_id="rater-2")
    left, _, changed = Judgment.objects.filter(rater=rater).order_by("pk")
    Seat.objects.filter(pk=left.seat_id).update(judged_at=None, abandoned_at=NOW)
    Judgment.objects.filter(pk=left.pk).update(current=False)
    left.answers.update(current=False)
    Judgment.objects.filter(pk=changed.pk).update(current=False)
    changed.answers.update(current=False)
    changed.pk, changed.public_id, changed.revision, changed.current = None, "0" * 32, 2, True
    changed.save(force_insert=True)
    Rater.objects.filter(pk=rater.pk).update(judged_count=2)

    leave(study)

    fates = released.fates(study.pk, until=Judgment.objects.latest("pk").pk)
    assert (fates.total, fates.included, fates.withdrawn) == (10, 6, 4)
    assert fates.superseded == fates.abandoned == fates.unfinished == 0
    assert list(integrity.differences()) == []


def test_others_judgments_are_not_counted_as_withdrawn(study):
    fates = released.fates(study.pk, until=Judgment.objects.latest("pk").pk)

    assert (fates.included, fates.withdrawn) == (9, 0)


# Releases that were made before


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def since(study):
    found = releases.releases_of(build.facts(study))
    counted = releases.withdrew_since(build.facts(study), found)
    return {release.name: counted[release.pk] for release in found}


@pytest.mark.parametrize("policy", POLICIES)
def test_R106_each_earlier_release_says_how_many_have_left_since(study, policy):
    build.release(study, name="before")
    leave(study, "rater-1", policy=policy)
    build.release(study, name="between")
    leave(study, "rater-2", policy=policy)
    build.release(study, name="after")

    assert since(study) == {"before": 2, "between": 1, "after": 0}


def test_R106_who_judged_only_after_a_release_is_not_in_it(study, tmp_path):
    build.release(study, name="before")
    given.judgments(study, tmp_path, [("a", "late", "safe", "no")])
    leave(study, "late")

    assert since(study) == {"before": 0}


def test_R106_who_judged_nothing_is_in_no_release(study):
    build.release(study, name="before")
    withdrawals.withdraw(rater=build.rater(study), now=NOW)

    assert since(study) == {"before": 0}


def test_a_release_from_before_there_were_withdrawals_counts_every_one(study):
    release = build.release(study, name="old")
    release.refresh_from_db()
    del release.manifest["cut_off"]["withdrawal"]
    release.save(update_fields=["manifest"])
    leave(study)

    assert since(study) == {"old": 1}


def test_a_release_that_waits_counts_nobody(study):
    releases.request(build.facts(study), name="waits", by_id=None, now=NOW)
    leave(study)

    assert since(study) == {"waits": 0}


def test_R106_the_pages_of_releases_say_it(study, researcher):
    release = build.release(study, name="before")
    leave(study)

    listed = researcher.get(f"/studies/{study.slug}/releases/").content.decode()
    shown = researcher.get(f"/studies/{study.slug}/releases/{release.key}/").content.decode()

    assert "Raters in it who left since" in listed
    assert '<td class="number">1</td>' in listed
    assert "1 rater whose judgments are in this release has left the study since" in shown


def test_R106_an_earlier_release_is_not_touched(study, tmp_path):
    release = build.release(study, name="before")
    release.refresh_from_db()
    files = {p.name: p.read_bytes() for p in releases.folder_of(release).iterdir()}

    leave(study, policy="delete")

    assert {p.name: p.read_bytes() for p in releases.folder_of(release).iterdir()} == files
