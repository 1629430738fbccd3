"""The page on which further seats are counted before they are opened."""

from http import HTTPStatus

import pytest

from annotation import tasks
from annotation.models import Item, SeatOpening
from annotation.vocabulary import Role, Wave
from tests import build
from tests.annotation.disputing import TABLE, open_extra
from tests.build import NOW
from tests.evaluation import given
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


SENT = {
    "wave": "2",
    "question": "safe",
    "about": "",
    "disagreement": "share",
    "share_below": "0.67",
    "at_least": "2",
    "raters_per_item": "1",
    "cohort": "",
    "seed": "1",
    "reason": "",
}


def test_the_page_of_seats_has_the_form_once_something_was_opened(study, admin):
    before = page(admin.get("/studies/s/seats/"))
    open_extra(study, reason="To settle them.")
    after = page(admin.get("/studies/s/seats/"))

    assert ("Later waves" in before, "Later waves" in after) == (False, True)
    assert "To settle them." in after


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Raters disagree at 2 items."),
        ({"disagreement": "tie", "share_below": ""}, "Raters disagree at 1 item."),
        ({"at_least": "9"}, "There is nothing to open by this rule."),
        ({"about": "any"}, "asked of the whole conversation only"),
        ({"share_below": ""}, "Fill in the fields above"),
    ],
)
def test_the_number_of_items_is_counted_before_anything_is_opened(study, admin, changes, words):
    headers = {"HX-Request": "true"}

    answer = admin.get("/studies/s/seats/later/", {**SENT, **changes}, headers=headers)

    assert words in page(answer)
    assert "<form" not in page(answer)
    assert not SeatOpening.objects.exists()


def test_without_script_a_button_counts(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "count": "yes"})

    assert "Raters disagree at 2 items." in page(answer)
    assert not SeatOpening.objects.exists()


def test_items_taken_out_are_not_counted(study, admin):
    Item.objects.filter(reply_1__external_id="tie").update(retired_at=NOW)

    assert "at 1 item." in page(admin.get("/studies/s/seats/later/", SENT))


def test_an_admin_opens_extra_seats_on_the_page(study, admin):
    answer = admin.post("/studies/s/seats/later/", SENT, follow=True)

    assert "2 seats were added at 2 items." in page(answer)
    assert SeatOpening.objects.get().opened_by.username == "boss"


def test_a_share_is_required_where_one_is_meant(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "share_below": ""})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Give the share, such as 0.67." in page(answer)


def test_what_is_refused_is_said_on_the_page(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "wave": "5"})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Name the cohort that adjudicates" in page(answer)


@pytest.mark.parametrize(("below", "expected"), [("0.67", 2), ("", 1)])
def test_the_seats_of_many_items_are_opened_by_the_worker(
    study, admin, monkeypatch, below, expected
):
    monkeypatch.setattr("annotation.services.later_waves.ITEMS_AT_ONCE", 0)
    changes = {"share_below": below, "disagreement": "share" if below else "tie"}

    answer = admin.post("/studies/s/seats/later/", {**SENT, **changes}, follow=True)

    assert "are being opened. Look again in a while." in page(answer)
    assert SeatOpening.objects.get().seats == expected


def test_a_job_that_is_refused_opens_nothing(study):
    asked = {"question": "safe", "about": "", "share_below": None, "at_least": 9}
    how = {"raters_per_item": 1, "cohort": "", "seed": 1, "reason": ""}

    tasks.open_later_wave.call(study.pk, int(Wave.EXTRA), asked, how, build.user().pk)

    assert not SeatOpening.objects.exists()
