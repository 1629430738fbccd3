"""A file of judgments made elsewhere, from its upload over a stop to what was wrong in it."""

import gzip

import pytest

from annotation.models import Judgment, JudgmentFile
from annotation.tasks import read_judgments
from annotation.vocabulary import LineFileState, Role
from tests import build
from tests.browser.test_walks import SCREENS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEAD = "response_id,rater,question,answer\n"
GOOD = "r,ann,safe,yes\nr,bob,safe,no\n"
BAD = "r,cat,safe,perhaps\n"


@pytest.fixture
def study(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    made = build.study("s", rubric=build.SAFE)
    build.batch(made, [build.reply_fields(response_id="r")], tmp_path)
    return made


def read(number: int) -> None:
    """Do what a worker does."""
    read_judgments.call(JudgmentFile.objects.get(number=number).pk)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_an_admin_brings_judgments_watches_stops_and_corrects_them(
    study, later, visit, accessible, width, scheme, tmp_path
):
    (tmp_path / "j.csv.gz").write_bytes(gzip.compress((HEAD + GOOD + BAD).encode()))
    page = visit(build.member(study, Role.ADMIN), width=width, scheme=scheme)
    page.goto("/studies/s/batches/")
    page.get_by_role("link", name="Bring judgments made elsewhere").click()
    accessible(page)

    page.get_by_label("File of judgments").set_input_files(tmp_path / "j.csv.gz")
    page.get_by_role("button", name="Upload").click()

    page.get_by_text("j.csv.gz is uploaded.").wait_for()
    page.get_by_role("status").filter(has_text="Waiting for the worker").wait_for()
    now = build.now()
    JudgmentFile.objects.update(
        state=LineFileState.READING, share=0.5, read=40, began_at=now, moved_at=now
    )
    page.get_by_role("progressbar", name="Share of the work that is done").wait_for()
    page.get_by_role("status").filter(has_text="40 lines read").wait_for()
    accessible(page)
    page.get_by_role("button", name="Stop reading").click()
    page.get_by_text("Stopped. What was stored stays, and reading can go on.").wait_for()
    assert JudgmentFile.objects.get().state == LineFileState.CANCELLED
    accessible(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Reading goes on.").wait_for()
    read(1)
    row = page.get_by_role("row", name="perhaps")
    row.wait_for()
    page.get_by_text("2 judgments by 2 raters").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accessible(page)

    with page.expect_download() as refused:
        page.get_by_role("link", name="Download the refused lines").click()
    lines = refused.value.path().read_text()
    assert refused.value.suggested_filename == "j-refused.csv"
    (tmp_path / "corrected.csv").write_text(lines.replace("perhaps", "no"))
    page.get_by_role("link", name="All judgments made elsewhere").click()
    page.get_by_label("File of judgments").set_input_files(tmp_path / "corrected.csv")
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("1 line read: 1 new").wait_for()
    page.get_by_role("link", name="2 · corrected.csv").wait_for()
    assert Judgment.objects.count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accessible(page)
