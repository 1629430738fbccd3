"""The admin's page of judgments made elsewhere."""

import gzip
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve
from django.utils import timezone

from annotation.models import Judgment, JudgmentFile
from annotation.services import judgment_files
from annotation.upload_paths import upload_path
from annotation.vocabulary import LineFileState, Role, Wave
from config.sizes import largest_of
from tests import build

pytestmark = pytest.mark.django_db
PAGE = "/studies/s/judgments/"
HEAD = "response_id,rater,question,answer\n"


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    made = build.study("s", rubric=build.SAFE)
    lines = [build.reply_fields(response_id=name) for name in ("r", "q")]
    build.batch(made, lines, tmp_path)
    return made


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


def sent(client, text, name="judgments.csv", **more):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)}, **more)


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


def test_without_replies_the_page_leads_to_the_batches(client):
    client.force_login(build.member(build.study("s"), Role.ADMIN))

    assert "Upload a batch first." in page(client.get(PAGE))


def test_the_batches_lead_to_it(admin):
    assert f'href="{PAGE}"' in page(admin.get("/studies/s/batches/"))


# Files that the worker reads


GOOD = f"{HEAD}r,ann,safe,yes\nr,bob,safe,no\n"
REFUSED = "zz,ann,safe,no\n"


@pytest.fixture
def waiting(study):
    """A file that no worker has taken up yet."""
    stored = judgment_files.store(SimpleUploadedFile("j.csv", (GOOD + REFUSED).encode()))
    return judgment_files.register(study=study, stored=stored, by_id=None, now=timezone.now())


def test_a_packed_file_is_read_by_the_worker_and_its_page_says_what_became_of_it(admin):
    answer = sent(admin, gzip.compress((GOOD + REFUSED).encode()), "j.csv.gz", follow=True)

    assert answer.redirect_chain[0][0] == f"{PAGE}1/"
    assert "j.csv.gz is uploaded." in page(answer)
    assert "load its batch first" in page(answer)
    assert "2 judgments by 2 raters" in page(answer)
    assert Judgment.objects.count() == 2


def test_a_file_larger_than_a_page_loads_is_for_the_worker(admin, monkeypatch):
    monkeypatch.setattr("annotation.forms.elsewhere.LARGEST_AT_ONCE", 10)

    answer = sent(admin, GOOD, follow=True)

    assert answer.redirect_chain[0][0] == f"{PAGE}1/"
    assert "Every line is in the study." in page(answer)


def test_the_page_takes_files_as_large_as_batches_are():
    assert largest_of(resolve(PAGE).func) == judgment_files.LARGEST + 1024 * 1024


def test_a_file_beyond_that_is_refused_with_what_to_do(admin, monkeypatch):
    monkeypatch.setattr("annotation.forms.elsewhere.LARGEST", 3)

    answer = sent(admin, GOOD)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Split it, or compress it by gzip." in page(answer)


@pytest.mark.parametrize("name", ["j.csv", "j.csv.gz"])
def test_the_refused_lines_are_downloaded_whoever_read_the_file(admin, name):
    content = (GOOD + REFUSED).encode()
    answer = sent(admin, gzip.compress(content) if name.endswith("gz") else content, name)
    shown = answer if answer.status_code == HTTPStatus.OK else admin.get(answer.url)

    lines = admin.get(f"{PAGE}1/refused/")

    assert f'href="{PAGE}1/refused/"' in page(shown)
    assert b"".join(lines.streaming_content).decode().splitlines() == [
        HEAD.strip(), REFUSED.strip(),
    ]  # fmt: skip
    assert 'filename="j-refused.csv"' in lines["Content-Disposition"]


def test_without_refused_lines_there_is_no_file_of_them(admin):
    sent(admin, GOOD)

    assert admin.get(f"{PAGE}1/refused/").status_code == HTTPStatus.NOT_FOUND
    assert f"{PAGE}1/refused/" not in page(admin.get(f"{PAGE}1/"))


def test_what_stands_in_a_refused_line_is_shown_beside_the_reason(admin):
    shown = page(sent(admin, f"{HEAD}r,bob,safe,perhaps\n"))

    assert 'data-heading="What stands there" dir="auto">perhaps</td>' in shown


def test_earlier_files_are_listed_the_latest_first(admin):
    sent(admin, GOOD, "one.csv")
    sent(admin, gzip.compress(GOOD.encode()), "two.csv.gz")

    shown = page(admin.get(PAGE))

    assert shown.index(f'href="{PAGE}2/">2 · <bdi>two.csv.gz') < shown.index(
        f'href="{PAGE}1/">1 · <bdi>one.csv'
    )


def test_a_file_that_is_read_says_how_far_it_is_and_asks_again(admin, waiting):
    now = timezone.now()
    JudgmentFile.objects.update(
        state=LineFileState.READING, share=0.5, read=40, began_at=now, moved_at=now
    )

    whole = page(admin.get(f"{PAGE}1/"))
    part = page(admin.get(f"{PAGE}1/", headers={"HX-Request": "true"}))

    assert '<progress class="progress" max="100" value="50"' in whole
    assert 'hx-trigger="every 2s"' in part
    assert "<h1" not in part


def test_a_file_that_was_read_asks_no_more(admin):
    sent(admin, GOOD)

    assert "hx-trigger" not in page(admin.get(f"{PAGE}1/"))


def test_an_admin_stops_a_file_and_has_it_read_on(admin, waiting):
    stopped = page(admin.post(f"{PAGE}1/stop/", follow=True))
    again = page(admin.post(f"{PAGE}1/stop/", follow=True))
    ended = page(admin.post(f"{PAGE}1/on/", follow=True))
    over = page(admin.post(f"{PAGE}1/on/", follow=True))

    assert "Stopped. What was stored stays, and reading can go on." in stopped
    assert "Nothing was left to stop" in again
    assert "Reading goes on." in ended
    assert "2 judgments by 2 raters" in ended
    assert "Nothing is left to read of this file" in over


def test_an_unreadable_file_leaves_nothing_behind(admin):
    sent(admin, b"\x1f\x8b\x08broken", "j.csv.gz")

    assert not JudgmentFile.objects.exists()
    assert not list(upload_path("x").parent.iterdir())


@pytest.mark.parametrize("act", ["", "refused/"])
def test_there_is_no_page_of_a_file_that_is_not(admin, act):
    assert admin.get(f"{PAGE}7/{act}").status_code == HTTPStatus.NOT_FOUND
