"""Keys for the API: shown once, revocable, one's own."""

import pytest
from django.test import Client

from annotation.models import ApiToken
from annotation.vocabulary import Role
from tests import build

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def made(user, name="report"):
    page = browser(user).post("/tokens/", {"name": name})
    return page.context["secret"]


def test_a_new_token_is_shown_once_and_only_its_digest_is_stored():
    ann = build.user()

    secret = made(ann)

    assert secret.startswith("ts_")
    assert secret not in browser(ann).get("/tokens/").content.decode()
    assert secret not in str(list(ApiToken.objects.values()))


def test_a_token_opens_the_api_to_what_its_owner_may_read():
    study = build.study()
    ann = build.member(study, Role.RESEARCHER)

    answer = Client().get("/api/studies/", headers={"Authorization": f"Token {made(ann)}"})

    assert [one["slug"] for one in answer.json()["studies"]] == [study.slug]


def test_a_token_that_was_taken_back_opens_nothing():
    ann = build.user()
    secret = made(ann)

    browser(ann).post(f"/tokens/{ApiToken.objects.get().token_key}/revoke/")

    answer = Client().get("/api/studies/", headers={"Authorization": f"Token {secret}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(("role", "led"), [(Role.RATER, False), (Role.RESEARCHER, True)])
def test_only_whom_the_api_has_something_for_is_led_to_tokens(role, led):
    ann = build.member(build.study(), role)

    assert ("/tokens/" in browser(ann).get("/").content.decode()) is led


def test_nobody_takes_anothers_token_back():
    ann, bob = build.user(), build.user()
    made(ann)

    answer = browser(bob).post(f"/tokens/{ApiToken.objects.get().token_key}/revoke/")

    assert (answer.status_code, ApiToken.objects.count()) == (404, 1)


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb"])
def test_a_token_needs_a_name(name):
    answer = browser(build.user()).post("/tokens/", {"name": name})

    assert (answer.status_code, ApiToken.objects.count()) == (422, 0)
