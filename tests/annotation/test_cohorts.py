"""Admins say which cohort a rater is of and what they read."""

import pytest

from annotation.models import Rater
from annotation.vocabulary import Role
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s")


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN))
    return client


def test_a_raters_cohort_and_languages_are_changed_on_their_page(study, admin):
    ann = build.rater(study)

    sent = {"cohort": "experts", "languages": "de, en , de"}
    admin.post(f"/studies/s/raters/{ann.pk}/", sent)

    ann.refresh_from_db()
    assert (ann.cohort, ann.languages) == ("experts", ["de", "en"])


def test_the_page_shows_what_is_stored(study, admin):
    ann = build.rater(study)
    Rater.objects.filter(pk=ann.pk).update(cohort="experts", languages=["de", "tr"])

    page = admin.get(f"/studies/s/raters/{ann.pk}/").content.decode()

    assert 'value="experts"' in page
    assert 'value="de, tr"' in page


def test_a_cohorts_name_that_is_too_long_is_refused(study, admin):
    ann = build.rater(study)

    response = admin.post(f"/studies/s/raters/{ann.pk}/", {"cohort": "x" * 101})

    assert response.status_code == 422
    assert Rater.objects.get(pk=ann.pk).cohort == ""


def test_links_carry_a_cohort(study, admin):
    sent = {"role": "rater", "count": 1, "cohort": "experts", "languages": "de"}

    admin.post("/studies/s/raters/invite/", sent)

    link = study.invitations.get()
    assert (link.cohort, link.languages) == ("experts", ["de"])


def test_another_studys_rater_is_not_found(admin):
    other = build.rater(build.study())

    assert admin.get(f"/studies/s/raters/{other.pk}/").status_code == 404
