"""The page that opens seats, and the worker that opens many."""

from http import HTTPStatus

import pytest

from annotation.models import SeatOpening
from annotation.tasks import open_seats
from annotation.views import uploading
from annotation.vocabulary import Role
from tests import build
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(study, client, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    account = build.member(study, Role.ADMIN, name="boss")
    client.force_login(account)
    return account


def test_seats_are_opened_and_listed(study, admin, client, tmp_path):
    build.batch(study, [build.reply_fields(), build.reply_fields()], tmp_path)
    before = page(client.get("/studies/s/seats/"))

    response = client.post("/studies/s/seats/", {"raters_per_item": "2", "seed": "7"})

    opening = SeatOpening.objects.get()
    assert "2 replies have no seats" in " ".join(before.split())
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (opening.items, opening.seats, opening.seed, opening.opened_by) == (2, 4, 7, admin)
    assert "All 2 replies have their seats" in page(client.get("/studies/s/seats/"))


def test_items_with_too_few_seats_are_said(study, client, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    type(study).objects.update(raters_per_item=3)

    assert "1 item has fewer than 3 seats" in page(client.get("/studies/s/seats/"))


@pytest.mark.parametrize(
    "wrong", [{"raters_per_item": "0"}, {"seed": "-1"}, {"seed": "x"}, {"raters_per_item": ""}]
)
def test_wrong_numbers_open_no_seats(study, client, tmp_path, wrong):
    build.batch(study, [build.reply_fields()], tmp_path)

    response = client.post("/studies/s/seats/", {"raters_per_item": "2", "seed": "7", **wrong})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not SeatOpening.objects.exists()


def test_no_seats_without_replies(client):
    response = client.post("/studies/s/seats/", {"raters_per_item": "2", "seed": "7"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Upload a batch first" in page(response)


def test_many_seats_are_opened_by_the_worker(study, client, tmp_path, monkeypatch):
    monkeypatch.setattr(uploading, "REPLIES_AT_ONCE", 0)
    build.batch(study, [build.reply_fields()], tmp_path)

    response = client.post("/studies/s/seats/", {"raters_per_item": "2", "seed": "7"}, follow=True)

    assert "are being opened" in page(response)
    assert SeatOpening.objects.get().seats == 2


def test_the_worker_leaves_a_study_without_replies_alone(study, admin):
    open_seats.call(study.pk, 2, 7, admin.pk)

    assert not SeatOpening.objects.exists()
