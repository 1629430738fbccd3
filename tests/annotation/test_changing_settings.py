"""Settings of a study by page: fields, guidelines and the rubric that is asked."""

import json
from http import HTTPStatus

import pytest

from annotation.models import Study
from annotation.rubric_format import presets
from annotation.vocabulary import Role
from tests import build
from tests.pages import page

pytestmark = pytest.mark.django_db

SETTINGS = {
    "title": "New title",
    "guidelines": "Read twice.",
    "lease_minutes": "30",
    "replies_per_query": "2",
    "break_minutes": "50",
    "skips_before_review": "3",
    "on_withdrawal": "keep",
}


@pytest.fixture
def study():
    return build.study("s", state="draft")


def test_settings_are_stored_and_guidelines_get_a_version(study, admin, client):
    response = client.post("/studies/s/settings/", SETTINGS)

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (study.title, study.lease_minutes, study.replies_per_query) == ("New title", 30, 2)
    assert (study.one_framing_per_scenario, study.shows_system_messages) == (False, False)
    assert (study.guidelines.version, study.guidelines.text) == (2, "Read twice.")


def test_storing_the_same_guidelines_makes_no_version(study, admin, client):
    client.post("/studies/s/settings/", SETTINGS)
    client.post("/studies/s/settings/", SETTINGS)

    assert study.guideline_versions.count() == 2


def test_wrong_settings_change_nothing(study, admin, client):
    response = client.post("/studies/s/settings/", {**SETTINGS, "lease_minutes": "0"})

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Read twice." in page(response)
    assert study.title == "A study"


def test_guidelines_are_shown_as_raters_read_them(study, admin, client):
    client.post("/studies/s/settings/", {**SETTINGS, "guidelines": "Be **fair** <script>"})

    shown = page(client.get("/studies/s/settings/"))

    assert "<strong>fair</strong>" in shown
    assert "&lt;script&gt;" in shown


def test_the_settings_lead_to_the_rubric(study, admin, client):
    assert 'href="/studies/s/rubric/edit/">Rubric</a>.' in page(client.get("/studies/s/settings/"))


def test_what_is_asked_now_says_in_words_when_a_question_is_asked(client):
    study = build.study("s", rubric=build.EVERY_TYPE)
    client.force_login(build.member(study, Role.ADMIN))

    assert "only if “Misled?” is Yes" in page(client.get("/studies/s/rubric/edit/"))


def test_a_further_rubric_version_is_published(study, admin, client):
    source = {**presets()["tradeoff-quick"].model_dump(mode="json", by_alias=True), "version": 3}

    response = client.post("/studies/s/rubric/", {"rubric_text": json.dumps(source)})

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert study.rubric.version == 3


def test_a_published_version_is_never_changed(study, admin, client):
    source = presets()["tradeoff-quick"].model_dump(mode="json", by_alias=True)
    source["title"] = "Another"

    response = client.post("/studies/s/rubric/", {"rubric_text": json.dumps(source)})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "higher version" in page(response)


def test_the_rubric_downloads_as_the_file_it_was_made_from(study, admin, client):
    response = client.get("/studies/s/rubric.json")

    assert "attachment" in response["Content-Disposition"]
    assert response.json() == study.rubric.source


def test_a_study_without_a_rubric_has_none_to_download(study, admin, client):
    Study.objects.filter(pk=study.pk).update(rubric=None)

    assert client.get("/studies/s/rubric.json").status_code == HTTPStatus.NOT_FOUND
