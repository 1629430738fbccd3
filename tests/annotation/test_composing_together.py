"""Two admins at one draft: nothing is replaced that was not seen, and no input is lost."""

from datetime import datetime
from http import HTTPStatus

import pytest

from annotation.models import Rubric
from tests import build
from tests.annotation.composing import (
    ADDRESS,
    HTMX,
    by_another,
    fields_in,
    press,
    signed_in,
    stored,
)
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.EVERY_TYPE)


@pytest.fixture
def admin(study, client):
    return signed_in(study, client)


def test_a_newer_draft_of_somebody_else_is_not_replaced_and_the_input_is_kept(study, admin, client):
    fields = fields_in(press(client, "save", headers=HTMX))
    seen = datetime.fromisoformat(fields["seen"][0])
    theirs = by_another(study, seen=seen)

    response = press(client, "save", fields, title="Mine")

    shown = page(response)
    assert response.status_code == HTTPStatus.CONFLICT
    assert theirs.updated_by.username in shown
    assert "ann" in shown
    assert shown.count(f"{theirs.updated_at:%H:%M:%S} UTC") == 1
    assert shown.count(f"from the draft of {seen.day} {seen:%b %Y, %H:%M:%S} UTC") == 1
    assert fields_in(response)["title"] == ["Mine"]
    assert stored(study).title == "Theirs"


def test_mine_is_taken_where_that_is_chosen(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)
    refused = press(client, "save", fields, title="Mine")

    response = press(client, "take-mine", fields_in(refused))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study).title == "Mine"


def test_mine_is_taken_over_the_draft_that_was_told_of_and_over_no_other(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    theirs = by_another(study)
    refused = press(client, "save", fields, title="Mine")
    by_another(study, title="Third", seen=theirs.updated_at)

    response = press(client, "take-mine", fields_in(refused))

    assert response.status_code == HTTPStatus.CONFLICT
    assert stored(study).title == "Third"


def test_a_form_that_knows_of_no_draft_is_told_so(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, "save", {**fields, "seen": ["yesterday"]})

    assert response.status_code == HTTPStatus.CONFLICT
    assert "begun from the draft of" not in page(response)


def test_an_act_in_conflict_is_shown_but_not_stored(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, "add-option:1", fields, headers=HTMX)

    assert response.status_code == HTTPStatus.CONFLICT
    assert len(fields_in(response)["q1-code"]) == 3
    assert stored(study).title == "Theirs"


def test_the_same_sent_twice_is_no_conflict(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    press(client, "add-option:1", fields)

    again = press(client, "add-option:1", fields)

    assert again.status_code == HTTPStatus.SEE_OTHER
    assert len(stored(study).question(1).options) == 3


@pytest.mark.parametrize("do", ["publish", "begin", "discard"])
def test_no_button_ends_a_draft_that_was_not_seen(study, admin, client, do):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, do, fields, title="Mine", begin_with="empty")

    assert response.status_code == HTTPStatus.CONFLICT
    assert fields_in(response)["title"] == ["Mine"]
    assert stored(study).title == "Theirs"
    assert Rubric.objects.count() == 1
