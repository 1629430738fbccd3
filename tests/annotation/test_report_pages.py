"""The admins' page of reports: what it shows, and what is decided there."""

import re
from http import HTTPStatus

import pytest
from django.utils import timezone

from annotation.models import Flag, Item, Seat
from annotation.views import reports as views
from annotation.vocabulary import Role, SkipReason
from tests import build
from tests.annotation.reporting import PAGE, flag, skip
from tests.build import HOUR, NOW
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", skips_before_review=2)


@pytest.fixture
def item(study, tmp_path):
    return build.item(study, tmp_path, n_seats=3)


def decide(client, item, act, query=""):
    return client.post(f"{PAGE}{item.pk}/{query}", {"act": act})


def test_a_study_without_reports_says_so(study, admin, client):
    shown = page(client.get(PAGE))

    assert "Nothing waits for you." in shown
    assert "<title>Reports ·" in shown


def test_the_page_shows_what_was_reported_by_whom(study, item, admin, client):
    skip(item, reason=SkipReason.LANGUAGE)
    skip(item, reason=SkipReason.LANGUAGE)
    rater = build.rater(study)
    flag(item, by=rater, note="Cut <off>")

    shown = page(client.get(PAGE))

    assert f"2 × {SkipReason.LANGUAGE.label}".replace("'", "&#x27;") in shown
    assert "Cut &lt;off&gt;" in shown
    assert rater.user.username in shown
    assert f'href="/studies/s/replies/{item.reply_1_id}/"' in shown
    assert "Offer it again" in shown


def test_what_is_only_flagged_may_be_left_in(study, item, admin, client):
    flag(item)

    shown = page(client.get(PAGE))

    assert "Leave it in" in shown
    assert "Offer it again" not in shown


def test_how_many_wait_stands_in_title_and_tabs(study, item, admin, client):
    flag(item)

    assert "<title>Reports (1) ·" in page(client.get(PAGE))
    assert ">Reports (1)</a>" in page(client.get("/studies/s/batches/"))
    assert ">Reports (1)</a>" in page(client.get("/studies/s/agreement/"))


def test_researchers_do_not_see_reports(study, item, client):
    flag(item)
    client.force_login(build.member(study, Role.RESEARCHER))

    assert "Reports" not in page(client.get("/studies/s/agreement/"))
    assert client.get(PAGE).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("act", ["offer", "leave"])
def test_an_item_is_offered_again(study, item, admin, client, act):
    skip(item)
    skip(item)

    response = decide(client, item, act)

    assert (response.status_code, response["Location"]) == (303, PAGE)
    assert not Seat.objects.filter(parked=True).exists()


def test_an_item_is_taken_out_and_put_back(study, item, admin, client):
    flag(item)

    decide(client, item, "retire")
    assert Item.objects.get().retired_at is not None
    assert "Put it back" in page(client.get(f"{PAGE}?list=done"))
    response = decide(client, item, "restore", "?list=done")

    assert response["Location"] == f"{PAGE}?list=done"
    assert Item.objects.get().retired_at is None


def test_what_was_looked_at_stands_on_a_list_of_its_own(study, item, admin, client):
    flag(item, note="Cut off")
    decide(client, item, "offer")

    assert "Cut off" not in page(client.get(PAGE))
    shown = page(client.get(f"{PAGE}?list=done"))
    assert "Cut off" in shown
    assert "resolved by <bdi>boss</bdi>" in shown


def test_a_list_of_nothing_looked_at_says_so(study, admin, client):
    assert "not decided about any report yet" in page(client.get(f"{PAGE}?list=done"))


def test_what_a_colleague_decided_already_is_said(study, item, admin, client):
    response = client.post(f"{PAGE}{item.pk}/", {"act": "offer"}, follow=True)

    assert "a moment ago" in page(response)


def test_another_word_than_the_buttons_is_refused(study, item, admin, client):
    response = decide(client, item, "delete")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose one of the buttons." in page(response)


def test_an_item_of_another_study_is_not_there(study, admin, client, tmp_path):
    other = build.item(build.study("other"), tmp_path)

    assert decide(client, other, "retire").status_code == HTTPStatus.NOT_FOUND


def test_reports_are_paged(study, admin, client, tmp_path, monkeypatch):
    monkeypatch.setattr(views, "ITEMS_PER_PAGE", 1)
    first, second = (build.item(study, tmp_path) for _ in range(2))
    flag(first)
    flag(second)

    found = client.get(f"{PAGE}?page=2").context["items"]

    assert [one.id for one in found] == [second.pk]


def test_the_page_says_when_it_was_read_and_a_later_flag_stays_open(client, study, item, admin):
    flag(item)
    page = client.get(PAGE).content.decode()
    (seen,) = set(re.findall(r'name="seen" value="([^"]+)"', page))
    flag(item, flagged_at=timezone.now())

    client.post(f"{PAGE}{item.pk}/", {"act": "leave", "seen": seen})

    assert [one.flagged_at > NOW + HOUR for one in Flag.objects.filter(resolved_at=None)] == [True]


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-11-25T10:00:00"])
def test_a_form_that_does_not_say_when_it_was_read_decides_about_all(client, item, admin, seen):
    flag(item)

    client.post(f"{PAGE}{item.pk}/", {"act": "leave", "seen": seen})

    assert not Flag.objects.filter(resolved_at=None).exists()
