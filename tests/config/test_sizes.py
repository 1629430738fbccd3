"""A body that is larger than its view takes is refused before any of it is read."""

import pytest
from django.test import Client
from django.urls import resolve, reverse

from annotation.services import uploads
from annotation.vocabulary import Role
from config.sizes import LARGEST_FORM, LARGEST_JSON, largest_of
from tests import build

pytestmark = pytest.mark.django_db


class Unread:
    """A body that nobody may look at."""

    def read(self, *size):
        raise AssertionError("the body was read")

    readline = read


def sent(path, size, *, client=None, kind="multipart/form-data; boundary=x", **more):
    """What is answered to a body that says its size, before any of it has come."""
    given = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(size), "CONTENT_TYPE": kind, **more}
    return (client or Client()).request(PATH_INFO=path, REQUEST_METHOD="POST", **given)


@pytest.fixture
def admin():
    study = build.study("s")
    client = Client()
    user = build.member(study, Role.ADMIN, name="boss")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("name", ["account_login", "language", "annotation:settings"])
def test_a_form_that_is_too_large_is_refused_unread_whoever_sends_it(name):
    build.study("s")
    path = reverse(name, args=["s"] if ":" in name else [])

    answer = sent(path, LARGEST_FORM + 1)

    assert answer.status_code == 413
    assert "You sent 12.0\xa0MB, and this page takes 12.0\xa0MB at most." in answer.content.decode()


def test_it_is_said_in_the_language_of_who_sends_it():
    answer = sent(reverse("account_login"), 10**9, HTTP_ACCEPT_LANGUAGE="de")

    assert "Das ist zu viel auf einmal" in answer.content.decode()


def test_a_body_for_the_api_that_is_too_large_is_refused_unread_with_the_limit():
    answer = sent("/api/studies/s/uploads/", LARGEST_JSON + 1, kind="application/json")

    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert answer.json()["message"].startswith("A body has at most 1,048,576 bytes here")
    assert answer.json()["details"] == {"most": 1_048_576, "sent": 1_048_577}


def test_files_of_replies_may_be_large_and_no_larger(admin):
    page = reverse("annotation:batches", args=["s"])
    most = largest_of(resolve(page).func)

    assert most == uploads.LARGEST + 1024 * 1024
    assert sent(page, most + 1, client=admin).status_code == 413
    with pytest.raises(AssertionError, match="the body was read"):
        sent(page, most, client=admin)


def test_what_is_as_large_as_it_may_be_is_read():
    with pytest.raises(AssertionError, match="the body was read"):
        sent(reverse("account_login"), LARGEST_FORM, HTTP_COOKIE="touchstone_csrf=" + "c" * 32)


@pytest.mark.parametrize("size", ["", "-1", "x"])
def test_a_size_that_is_none_is_not_too_large(size):
    assert sent(reverse("account_login"), size).status_code != 413
