"""What an admin gets of refused lines of verdicts: on the page, as a file, and only of their own study."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.intake.verdict_store import VerdictStore
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db
STORE = VerdictStore


@pytest.fixture
def study(tmp_path):
    made = build.study("kind", rubric=build.SAFE)
    given.replies(made, tmp_path, "r1", "r2")
    return made


def test_the_page_gives_the_refused_lines_as_a_file(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    text = "response_id,question,answer\nr1,safe,yes\nr9,safe,no\n"
    upload = SimpleUploadedFile("v.csv", text.encode())

    page = client.post(
        reverse("evaluation:upload_verdicts", args=["kind"]), {"file": upload, "name": "robo"}
    )

    address = re.search(r"/studies/kind/judges/refused/\w+/", page.content.decode()).group()
    answer = client.get(address)
    assert answer.content.decode().splitlines() == ["response_id,question,answer", "r9,safe,no"]
    assert 'filename="v-refused.csv"' in answer["Content-Disposition"]


def test_refused_lines_of_another_study_are_not_there(study, client):
    other = build.study("other", rubric=build.SAFE)
    client.force_login(build.member(other, Role.RESEARCHER))

    assert (
        client.get(reverse("evaluation:refused_verdicts", args=["other", "0" * 32])).status_code
        == 404
    )
