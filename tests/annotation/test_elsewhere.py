"""The admin's page of judgments made elsewhere."""

from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.models import Judgment
from annotation.vocabulary import Role, Wave
from tests import build

pytestmark = pytest.mark.django_db
PAGE = "/studies/s/judgments/"
HEAD = "response_id,rater,question,answer\n"


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    lines = [build.reply_fields(response_id=name) for name in ("r", "q")]
    build.batch(made, lines, tmp_path)
    return made


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


def sent(client, text, name="judgments.csv", **more):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, text.encode())}, **more)


def page(response):
    return " ".join(response.content.decode().split())


def test_an_admin_brings_judgments_made_elsewhere(admin):
    answer = sent(admin, f"{HEAD}r,ann,safe,yes\nr,bob,safe,no\nq,ann,safe,yes\n", follow=True)

    assert "3 lines read: 3 new" in page(answer)
    assert "3 judgments by 2 raters" in page(answer)
    assert set(Judgment.objects.values_list("seat__wave", flat=True)) == {Wave.IMPORTED}


def test_the_same_file_changes_nothing(admin):
    sent(admin, f"{HEAD}r,ann,safe,yes\n")

    again = sent(admin, f"{HEAD}r,ann,safe,yes\n", follow=True)

    assert "1 line read: 0 new, 0 added to what a rater had said, 1 unchanged" in page(again)
    assert "1 judgment by 1 rater</strong> is here" in page(again)


def test_refused_lines_are_listed_and_the_good_ones_stored(admin):
    answer = sent(admin, f"{HEAD}r,ann,safe,yes\nr,bob,safe,perhaps\nzz,ann,safe,no\n")

    assert answer.status_code == HTTPStatus.OK
    assert "is not an answer to" in page(answer)
    assert "load its batch first" in page(answer)
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("", "judgments.csv", "The file is empty."),
        ("x", "judgments.pdf", "must end in"),
        ("a,a\n1,2\n", "judgments.csv", "names a column twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(admin, text, name, words):
    answer = sent(admin, text, name)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page(answer)
    assert not Judgment.objects.exists()


def test_a_large_file_is_for_the_command(admin, monkeypatch):
    monkeypatch.setattr("annotation.forms.elsewhere.LARGEST_FILE", 3)

    assert "python manage.py load_judgments STUDY FILE" in page(sent(admin, HEAD))


def test_without_replies_the_page_leads_to_the_batches(client):
    client.force_login(build.member(build.study("s"), Role.ADMIN))

    assert "Upload a batch first." in page(client.get(PAGE))


def test_the_batches_lead_to_it(admin):
    assert f'href="{PAGE}"' in page(admin.get("/studies/s/batches/"))
