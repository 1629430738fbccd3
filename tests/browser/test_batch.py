"""A batch from its upload to a rater's page: errors, correction, doubtful names, sample, seats."""

import json
import re

import pytest
from playwright.sync_api import expect

from annotation.models import Batch, Hit, Response
from annotation.tasks import load_batch
from annotation.vocabulary import BatchState, HitDecision, Role
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DOUBTFUL = [
    {"role": "user", "content": "Who wrote the sonnet?"},
    {
        "role": "assistant",
        "content": "Naming him is against our content policy. It has fourteen lines.",
    },
]


@pytest.fixture
def study(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return build.study("s")


def read(number: int) -> None:
    """Do what a worker does."""
    load_batch.call(Batch.objects.get(number=number).pk, False)


@pytest.mark.parametrize("width", [360, 1280])
def test_an_admin_brings_a_batch_to_the_raters(study, later, visit, accessible, width, tmp_path):
    good, bad = build.reply_fields(messages=DOUBTFUL), build.reply_fields(framing="sideways")
    build.jsonl(tmp_path / "replies.jsonl", [good, bad])
    page = visit(build.member(study, Role.ADMIN), width=width)
    page.goto("/studies/s/batches/")
    accessible(page)

    page.get_by_label("Files").set_input_files(tmp_path / "replies.jsonl")
    page.get_by_role("button", name="Upload").click()

    page.get_by_text("replies.jsonl is uploaded.").wait_for()
    Batch.objects.update(state=BatchState.READING, share=0.5)
    page.get_by_role("progressbar", name="Share of the file that has been read").wait_for()
    accessible(page)
    read(1)
    row = page.get_by_role("row", name="sideways")
    row.wait_for()
    accessible(page)
    assert [cell.strip() for cell in row.get_by_role("cell").all_inner_texts()[:3]] == [
        "2", "framing", "sideways",
    ]  # fmt: skip
    assert "neutral" in row.inner_text()

    with page.expect_download() as refused:
        page.get_by_role("link", name="Download the refused lines").click()
    lines = refused.value.path().read_text()
    assert refused.value.suggested_filename == "replies-refused.jsonl"
    assert json.loads(lines) == bad
    (tmp_path / "corrected.jsonl").write_text(lines.replace("sideways", "neutral"))
    page.goto("/studies/s/batches/")
    page.get_by_label("Files").set_input_files(tmp_path / "corrected.jsonl")
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("corrected.jsonl is uploaded.").wait_for()
    page.goto("/studies/s/batches/")
    page.goto("/studies/s/batches/2/")
    read(2)
    page.get_by_text("Every line is in the study.").wait_for()
    assert Response.objects.count() == 2

    page.goto("/studies/s/leaks/?batch=1")
    accessible(page)
    held = Hit.objects.filter(decision=HitDecision.HELD).count()
    assert held
    page.get_by_role("checkbox", name="Choose").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Keep", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 finding decided.").wait_for()
    assert Hit.objects.filter(decision=HitDecision.HELD).count() == held - 1

    for address in ("judgments", f"replies/{Response.objects.first().pk}", "seats", "raters"):
        page.goto(f"/studies/s/{address}/")
        accessible(page)

    page.goto("/studies/s/samples/")
    accessible(page)
    page.get_by_label("Replies to draw").fill("2")
    page.get_by_text("2 of 2 replies would be drawn.").wait_for()
    page.get_by_role("button", name="Draw the sample").click()
    page.get_by_role("heading", name="Sample 1").wait_for()
    accessible(page)
    page.get_by_label("Raters per item").fill("1")
    page.get_by_role("button", name="Open seats").click()
    page.get_by_text("2 seats added at 2 items.").wait_for()
    rater = visit(build.rater(study).user, width=width)
    rater.goto("/studies/s/rate/")
    rater.locator("#answers").wait_for()


def slow(page, *, bytes_a_second: int):
    """Let what the page sends go so slowly, until the line that is returned is detached.

    So slowly that a busy test is there long before the end: it lets the rest go when it has looked.
    """
    line = page.context.new_cdp_session(page)
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_a_second,
        },
    )
    return line


def large(tmp_path):
    """A file that takes minutes to send over a slow line."""
    text = "A long answer. " * 200_000
    messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": text}]
    return build.jsonl(tmp_path / "large.jsonl", [build.reply_fields(messages=messages)])


def test_files_are_sent_with_their_progress_in_sight(study, later, visit, accessible, tmp_path):
    page = visit(build.member(study, Role.ADMIN))
    page.goto("/studies/s/batches/")
    page.get_by_label("Files").set_input_files(large(tmp_path))
    line = slow(page, bytes_a_second=20_000)

    page.get_by_role("button", name="Upload").click()

    bar = page.get_by_role("progressbar", name="How much has been sent")
    build.wait_for(lambda: 0 < float(bar.get_attribute("value") or 0) < 100)
    page.get_by_text("/ 3.0 MB").wait_for()
    accessible(page)
    line.detach()
    page.get_by_text("large.jsonl is uploaded.").wait_for()
    expect(page).to_have_url(re.compile("/studies/s/batches/1/$"))
    assert Batch.objects.get().file_name == "large.jsonl"


def test_an_upload_that_is_stopped_or_cut_keeps_the_choice_of_files(study, later, visit, tmp_path):
    page = visit(build.member(study, Role.ADMIN), quiet=True)
    page.goto("/studies/s/batches/")
    page.get_by_label("Files").set_input_files(large(tmp_path))
    line = slow(page, bytes_a_second=20_000)

    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Stop sending").click()

    page.get_by_text("Stopped. Nothing was stored.").wait_for()
    assert not Batch.objects.exists()
    page.route("**/batches/", lambda route: route.abort())
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("The connection broke before the server answered.").wait_for()
    page.unroute("**/batches/")
    line.detach()
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("large.jsonl is uploaded.").wait_for()


def test_a_file_that_is_refused_is_said_where_it_was_sent_from(study, later, visit, tmp_path):
    page = visit(build.member(study, Role.ADMIN))
    page.goto("/studies/s/batches/")
    wrong = tmp_path / "replies.pdf"
    wrong.write_bytes(b"%PDF")
    page.get_by_label("Files").set_input_files(wrong)

    page.get_by_role("button", name="Upload").click()

    page.get_by_text("replies.pdf: must end in").wait_for()
    page.get_by_label("Files").set_input_files(large(tmp_path))
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("large.jsonl is uploaded.").wait_for()
