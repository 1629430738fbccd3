"""The pages of releases: making one, following it, listing them, and downloading their files."""

import re

import pytest
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import agreement
from tests import build
from tests.evaluation import given
from tests.evaluation.asking import client_of, exact, got, page, study_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path, settings):
    return study_of(tmp_path, settings)


@pytest.fixture
def client(study):
    return client_of(build.member(study, Role.RESEARCHER))


def released(client, study, name="pilot"):
    return client.post(reverse("evaluation:releases", args=[study.slug]), {"name": name})


def test_a_release_is_made_from_the_page_and_lists_its_files(study, client):
    html = client.get(released(client, study)["Location"]).content.decode()

    stored = Release.objects.get(study=study)
    assert stored.manifest["files"]
    for one in stored.manifest["files"]:
        assert one["name"] in html
        assert one["sha256"] in html


def test_a_release_s_numbers_are_shown_with_their_recomputation(study, client):
    html = client.get(released(client, study)["Location"]).content.decode()

    assert re.search(r"recomputed by krippendorff [\d.]+: equal", html)
    found = agreement.report(build.facts(study))[0]
    assert {found.alpha.value, found.alpha.low} <= exact(html)


def test_the_list_has_each_release_with_its_size(study, client):
    released(client, study)

    html = page(client, "releases", "kind")

    assert "pilot" in html
    assert '<td class="number">12</td>' in html


@pytest.mark.parametrize("name", ["", "x" * 101, "two\nlines", "pilot"])
def test_a_release_that_cannot_be_called_so_is_refused_in_the_form(study, client, name):
    released(client, study)

    answer = released(client, study, name)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_file_of_a_release_is_always_a_download(study, client):
    released(client, study)
    key = Release.objects.get(study=study).key

    answer = got(client, "release_file", "kind", key, "labels.csv")

    assert answer["Content-Disposition"] == 'attachment; filename="labels.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content).startswith(b"response_id")


def test_only_files_of_the_manifest_can_be_downloaded(study, client):
    released(client, study)
    key = Release.objects.get(study=study).key

    got(client, "release_file", "kind", key, "settings.py", status=404)


def test_a_file_that_is_gone_from_the_server_is_a_refusal(study, client, settings):
    released(client, study)
    stored = Release.objects.get(study=study)
    (settings.DATA_DIR / "releases" / stored.key / "labels.csv").unlink()

    html = page(client, "release_file", "kind", stored.key, "labels.csv", status=404)

    assert "ask an operator" in html


def test_a_release_being_written_asks_again(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.WRITING)
    key = Release.objects.get(study=study).key

    html = page(client, "release", "kind", key)

    assert 'hx-trigger="every 3s"' in html
    assert "Look again" in html


def test_htmx_gets_only_the_part_of_a_release(study, client):
    released(client, study)
    address = reverse("evaluation:release", args=["kind", Release.objects.get(study=study).key])

    answer = client.get(address, headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_a_file_of_a_release_being_written_is_refused(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.WAITING)

    got(client, "release_file", "kind", Release.objects.get().key, "labels.csv", status=409)


def test_a_release_that_failed_says_why_and_how_to_go_on(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.FAILED, failure="The disk is full.", manifest={})

    html = page(client, "release", "kind", Release.objects.get().key)

    assert "The disk is full." in html
    assert "Make one under another name" in html


def test_a_study_without_releases_says_what_one_is(study, client):
    assert "There is no release yet." in page(client, "releases", "kind")


def test_a_release_of_another_study_does_not_exist_here(study, client, tmp_path):
    other = given.safe(tmp_path, {"z": "yes no"}, slug="other")
    theirs = build.release(other)

    got(client, "release", "kind", theirs.key, status=404)
