"""R-073 and cut downloads: who may fetch a file of a release, and how the rest of it is fetched."""

import hashlib
from datetime import timedelta

import pytest
from django.urls import reverse

from annotation.models import Membership
from annotation.vocabulary import Role
from config import jobs
from evaluation.exports.download import Part, part_asked
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import releases
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db
TAG = '"abc"'


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, given.TABLE, given.JUDGED, slug="kind")


@pytest.fixture
def release(study):
    return build.release(study)


@pytest.fixture
def whole(release):
    return releases.path_of(release, "labels.csv").read_bytes()


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


@pytest.fixture(params=["evaluation:release_file", "api-release-file"])
def address(request, release):
    return reverse(request.param, args=["kind", release.key, "labels.csv"])


def content(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def tag_of(client, address):
    answer = client.get(address)
    content(answer)  # to the end: it is closed then
    return answer["ETag"]


def test_a_whole_file_says_that_parts_can_be_had(researcher, address, whole):
    answer = researcher.get(address)

    assert (answer.status_code, content(answer)) == (200, whole)
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["ETag"] == f'"{hashlib.sha256(whole).hexdigest()}"'
    assert answer["Content-Length"] == str(len(whole))
    assert answer["Content-Disposition"] == 'attachment; filename="labels.csv"'


def test_a_cut_download_goes_on_to_the_same_bytes(researcher, address, whole):
    begun = content(researcher.get(address))[:100]
    tag = tag_of(researcher, address)

    rest = researcher.get(address, headers={"Range": "bytes=100-", "If-Range": tag})

    assert rest.status_code == 206
    assert rest["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert rest["Content-Length"] == str(len(whole) - 100)
    assert begun + content(rest) == whole


def test_a_part_of_another_file_is_never_put_behind(researcher, address, whole):
    asked = {"Range": "bytes=100-", "If-Range": '"0123"'}

    answer = researcher.get(address, headers=asked)

    assert (answer.status_code, content(answer)) == (200, whole)


def test_what_is_there_already_is_not_sent_again(researcher, address):
    tag = tag_of(researcher, address)

    answer = researcher.get(address, headers={"If-None-Match": f'"x", {tag}'})

    assert (answer.status_code, content(answer)) == (304, b"")


def test_a_part_beyond_the_end_is_refused_with_the_length(researcher, address, whole):
    answer = researcher.get(address, headers={"Range": f"bytes={len(whole)}-"})

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(whole)}"


def test_the_manifest_has_a_tag_too(researcher, release):
    place = ["kind", release.key, "manifest.json"]
    answer = researcher.get(reverse("evaluation:release_file", args=place))

    assert answer["ETag"] == f'"{hashlib.sha256(content(answer)).hexdigest()}"'


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-4", Part(0, 5)),
        ("bytes=4-4", Part(4, 5)),
        ("bytes=3-", Part(3, 10)),
        ("bytes=-3", Part(7, 10)),
        ("bytes=-30", Part(0, 10)),
        ("bytes=8-99", Part(8, 10)),
        ("bytes=-0", Part(10, 10)),
        ("bytes=10-", Part(10, 10)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=٣-", None),
        ("", None),
    ],
)
def test_ranges_are_read_as_the_standard_says(asked, part):
    assert part_asked({"Range": asked}, tag=TAG, size=10) == part


def test_r073_who_is_no_researcher_any_more_gets_nothing_not_even_a_part(
    study, researcher, address
):
    assert content(researcher.get(address))
    Membership.objects.filter(study=study, role=Role.RESEARCHER).delete()

    for headers in ({}, {"Range": "bytes=0-"}, {"If-None-Match": "*"}):
        assert researcher.get(address, headers=headers).status_code == 404


def test_r073_a_stranger_is_sent_away(client, address):
    assert client.get(address, headers={"Range": "bytes=0-"}).status_code in (302, 401, 403)


def test_r073_a_researcher_of_another_study_does_not_learn_that_it_exists(client, address):
    client.force_login(build.member(build.study("other"), Role.RESEARCHER))

    assert client.get(address).status_code == 404


def test_r073_the_key_cannot_be_guessed_and_the_list_has_ones_own_study_s_alone(
    release, researcher, tmp_path
):
    other = build.release(given.safe(tmp_path, {"x": "yes no"}, slug="other"), name="theirs")

    listed = researcher.get(reverse("evaluation:releases", args=["kind"])).content.decode()

    assert len(release.key) == 43  # 256 bits
    assert release.key in listed
    assert other.key not in listed
    for served in ("media", "static", "data/releases"):
        assert researcher.get(f"/{served}/{release.key}/labels.csv").status_code == 404


# The end of the time that files are kept


def aged(release, days):
    Release.objects.filter(pk=release.pk).update(created_at=build.NOW - timedelta(days=days))


def test_r073_after_their_time_the_files_are_deleted_and_nobody_gets_them(
    researcher, address, release, settings
):
    settings.RELEASE_DAYS = 30
    aged(release, 30)

    assert releases.expire(build.NOW) == 1

    answer = researcher.get(address)
    assert answer.status_code == 410
    assert "were deleted" in content(answer).decode()
    assert not releases.folder_of(release).exists()


def test_what_was_released_stays_on_record_with_its_hashes(researcher, release, settings):
    settings.RELEASE_DAYS = 30
    aged(release, 31)
    releases.expire(build.NOW)

    page = researcher.get(reverse("evaluation:release", args=["kind", release.key]))

    shown = page.content.decode()
    assert "Its files were deleted" in shown
    assert releases.sha256_of(release, "labels.csv") in shown
    assert f"{release.key}/labels.csv" not in shown


@pytest.mark.parametrize(("days", "age"), [(30, 29), (0, 10_000)])
def test_younger_files_stay_and_without_a_time_all_do(release, settings, days, age):
    settings.RELEASE_DAYS = days
    aged(release, age)

    assert releases.expire(build.NOW) == 0
    assert releases.path_of(release, "labels.csv").is_file()


def test_files_that_cannot_be_deleted_are_not_said_to_be(release, settings, monkeypatch):
    """The fault: the disk takes no change."""
    settings.RELEASE_DAYS = 1
    aged(release, 2)

    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(releases.shutil, "rmtree", refused)

    assert releases.expire(build.NOW) == 0
    assert Release.objects.get(pk=release.pk).state == ReleaseState.READY


def test_a_worker_deletes_what_is_kept_no_longer(release, settings):
    settings.RELEASE_DAYS = 1
    aged(release, 2)

    jobs.tidy(build.NOW)

    assert Release.objects.get(pk=release.pk).state == ReleaseState.EXPIRED
