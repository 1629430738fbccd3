"""The admins' pages: who opens them, making a study, opening and closing it, what to do next."""

import json
from http import HTTPStatus

import pytest
from django.test import Client

from annotation.models import Membership, Study
from annotation.vocabulary import Role, StudyState
from tests import build
from tests.pages import page

pytestmark = pytest.mark.django_db

GET_PAGES = (
    "",
    "batches/",
    "leaks/",
    "seats/",
    "raters/",
    "settings/",
    "rubric/edit/",
    "rubric.json",
)
POST_PAGES = (
    "state/",
    "batches/",
    "leaks/decide/",
    "seats/",
    "raters/invite/",
    "raters/revoke/",
    "settings/",
    "rubric/",
    "rubric/edit/",
)
NEW = {"title": "Honest prices", "preset": "tradeoff-quick", "raters_per_item": "2"}


@pytest.fixture
def study():
    return build.study("s", state="draft")


@pytest.mark.parametrize("path", GET_PAGES)
def test_each_page_opens_for_an_admin_and_has_one_heading(study, admin, client, path):
    response = client.get(f"/studies/s/{path}")

    assert response.status_code == HTTPStatus.OK
    assert path == "rubric.json" or page(response).count("<h1") == 1


@pytest.mark.parametrize("path", GET_PAGES)
@pytest.mark.parametrize("role", [Role.RATER, Role.RESEARCHER])
def test_members_without_the_role_are_refused(study, client, path, role):
    client.force_login(build.member(study, role))

    assert client.get(f"/studies/s/{path}").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("path", GET_PAGES)
def test_strangers_do_not_learn_that_the_study_exists(study, client, path):
    client.force_login(build.user())

    assert client.get(f"/studies/s/{path}").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", POST_PAGES)
@pytest.mark.parametrize("role", [Role.RATER, Role.RESEARCHER])
def test_no_form_takes_anything_from_other_roles(study, client, path, role):
    client.force_login(build.member(study, role))

    assert client.post(f"/studies/s/{path}").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("path", POST_PAGES)
def test_every_form_needs_its_token(study, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(build.member(study, Role.ADMIN))

    assert strict.post(f"/studies/s/{path}").status_code == HTTPStatus.FORBIDDEN


def test_visitors_are_sent_to_the_sign_in_form(study, client):
    response = client.get("/studies/s/")

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"].startswith("/accounts/login/")


def test_a_study_is_made_and_its_maker_is_its_admin(client):
    maker = build.user(is_staff=True)
    client.force_login(maker)

    response = client.post("/studies/new/", NEW)

    made = Study.objects.get(slug="honest-prices")
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == "/studies/honest-prices/"
    assert (made.state, made.raters_per_item) == (StudyState.DRAFT, 2)
    assert Membership.objects.get(study=made, user=maker).role == Role.ADMIN


def test_only_operators_and_admins_make_studies(client):
    client.force_login(build.user())

    assert client.get("/studies/new/").status_code == HTTPStatus.FORBIDDEN
    assert client.post("/studies/new/", NEW).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"title": ""}, "This field is required."),
        ({"slug": "not a slug"}, "Enter a valid"),
        ({"slug": "s"}, "There is a study"),
        ({"slug": "new"}, "an address of its own"),
        ({"title": "价格"}, "No name follows from this title"),
        ({"raters_per_item": "0"}, "greater than or equal to 1"),
        ({"preset": "nothing"}, "Select a valid choice"),
        ({"preset": ""}, "Choose a rubric"),
        ({"rubric_text": "{"}, "This is not JSON"),
    ],
)
def test_a_wrong_field_is_named_and_the_input_is_kept(study, admin, client, sent, sentence):
    response = client.post("/studies/new/", {**NEW, "guidelines": "Kept words", **sent})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page(response)
    assert "Kept words" in page(response)
    assert Study.objects.count() == 1


def test_every_mistake_of_an_own_rubric_is_listed(study, admin, client):
    wrong = {
        **build.SAFE,
        "questions": [
            {"key": "a", "label": "A?", "type": "single"},
            {"key": "b", "label": "", "type": "text"},
        ],
    }

    first = client.post("/studies/new/", {**NEW, "rubric_text": json.dumps(wrong)})
    wrong["questions"][1]["label"] = "B?"
    second = client.post("/studies/new/", {**NEW, "rubric_text": json.dumps(wrong)})

    assert "questions.1.label" in page(first)
    assert "a: a single question needs options" in page(second)


def test_an_own_rubric_is_taken_from_a_file(study, admin, client, tmp_path):
    path = tmp_path / "rubric.json"
    path.write_text(json.dumps(build.SAFE))

    with path.open("rb") as upload:
        client.post("/studies/new/", {**NEW, "rubric_file": upload})

    assert Study.objects.get(slug="honest-prices").rubric.key == "safety"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "The file is empty"),
        (b" " * (1024 * 1024 + 1), "larger than 1 MB"),
    ],
)
def test_a_rubric_file_that_cannot_be_read_is_refused(
    study, admin, client, tmp_path, content, sentence
):
    path = tmp_path / "rubric.json"
    path.write_bytes(content)

    with path.open("rb") as upload:
        response = client.post("/studies/s/rubric/", {"rubric_file": upload})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page(response)


def test_a_refused_rubric_file_comes_back_as_text_to_correct(study, admin, client, tmp_path):
    path = tmp_path / "rubric.json"
    path.write_text('{"key": "half-done"}')

    with path.open("rb") as upload:
        response = client.post("/studies/s/rubric/", {"rubric_file": upload})

    assert "half-done" in page(response)


def test_file_and_text_together_are_refused(study, admin, client, tmp_path):
    path = tmp_path / "rubric.json"
    path.write_text(json.dumps(build.SAFE))

    with path.open("rb") as upload:
        response = client.post("/studies/s/rubric/", {"rubric_file": upload, "rubric_text": "{}"})

    assert "not both" in page(response)


def test_an_empty_rubric_form_says_what_is_missing(study, admin, client):
    response = client.post("/studies/s/rubric/")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose a rubric file" in page(response)


@pytest.mark.parametrize(
    ("was", "to"), [("draft", "open"), ("open", "paused"), ("paused", "closed"), ("closed", "open")]
)
def test_a_study_is_opened_paused_and_closed(client, was, to):
    study = build.study("t", state=was)
    client.force_login(build.member(study, Role.ADMIN))

    response = client.post("/studies/t/state/", {"to": to})

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert study.state == to


def test_a_change_that_is_not_possible_is_refused_with_the_reason(study, admin, client):
    response = client.post("/studies/s/state/", {"to": "closed"})

    assert response.status_code == HTTPStatus.CONFLICT
    assert "cannot become closed" in page(response)


def test_an_unknown_state_is_refused(study, admin, client):
    assert (
        client.post("/studies/s/state/", {"to": "gone"}).status_code
        == HTTPStatus.UNPROCESSABLE_ENTITY
    )


def test_a_new_study_says_what_to_do_until_it_is_done(study, admin, client, tmp_path):
    fresh = client.get("/studies/s/").context["steps"]
    build.item(study, tmp_path)
    build.rater(study)
    client.post("/studies/s/state/", {"to": "open"})

    assert [step.done for step in fresh] == [False, False, False, False]
    assert client.get("/studies/s/").context["steps"] == ()


def test_a_closed_study_has_nothing_to_do_next(client):
    study = build.study("t", state="closed")
    client.force_login(build.member(study, Role.ADMIN))

    assert client.get("/studies/t/").context["steps"] == ()


def test_htmx_gets_only_the_numbers(study, admin, client):
    part = client.get("/studies/s/", headers={"HX-Request": "true"})

    assert "<html" not in page(part)
    assert 'id="progress"' in page(part)
    assert part["Vary"].count("HX-Request") == 1


def test_no_page_has_inline_code(study, admin, client, tmp_path):
    build.item(study, tmp_path)

    for path in GET_PAGES[:-1]:
        shown = page(client.get(f"/studies/s/{path}"))
        assert "style=" not in shown
        assert " onclick=" not in shown
        assert "<script>" not in shown


def test_a_form_without_its_token_is_refused_on_a_page_that_says_what_to_do(study):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(build.member(study, Role.ADMIN))

    answer = strict.post("/studies/s/seats/", headers={"Accept-Language": "de"})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Dieses Formular ist zu alt" in answer.content.decode()
