"""What a rater finds on the screen: the end and its reason, their progress, pairs, very long replies."""

import re
import statistics

import pytest

from annotation.models import Guess, Judgment, Rater, StageRecord, Study
from annotation.services import studies
from annotation.vocabulary import StudyState
from tests import build
from tests.browser.rating import everything, rating, ready, seated, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def judge(page, *keys: str) -> None:
    """Answer and send by keys, and wait until the server has it."""
    before = Judgment.objects.filter(current=True).count()
    for key in (*keys, "Enter"):
        page.keyboard.press(key)
    build.wait_for(lambda: Judgment.objects.filter(current=True).count() == before + 1)


def test_the_next_item_is_there_in_the_first_frame(visit, tmp_path, record_property):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 12)
    page = rating(visit, rater)

    for _ in range(10):
        ready(page)
        judge(page, "2")
    entries = "performance.getEntriesByName('next-item')"
    until(page, f"{entries}.length === 10")
    measures = page.evaluate(f"{entries}.map((one) => [one.detail.frames, one.duration])")

    took = sorted(duration for _, duration in measures)
    p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    record_property("measured", f"next item: one frame, p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    assert [frames for frames, _ in measures] == [1] * 10


def test_R038_who_judged_everything_is_thanked_and_told_how_much_it_was(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE), tmp_path, 2))
    ready(page)

    judge(page, "1")
    judge(page, "2")
    end = page.locator(".done[data-why=done]")
    end.wait_for()

    assert "Thank you, you are done" in end.inner_text()
    assert "You have judged 2 items in this study." in end.inner_text()
    assert end.get_by_role("link", name="My answers").is_visible()


def test_R038_the_end_of_a_quota_is_said_as_such(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE, judgments_per_rater=1), tmp_path, 2))

    judge(page, "1")
    page.locator(".done[data-why=quota]").wait_for()

    said = page.locator(".done").inner_text()
    assert "as many items as one person may in this study: 1." in said
    assert page.get_by_role("link", name="Look again").count() == 0


def test_R038_what_is_with_others_is_not_called_done(visit, tmp_path):
    study = build.study(rubric=build.SAFE)
    build.item(study, tmp_path, n_seats=1)
    assert build.claim(build.rater(study), at=build.now())

    page = rating(visit, build.rater(study))

    said = page.locator(".done[data-why=all_taken]").inner_text()
    assert "Nothing for you right now" in said
    assert "is with other raters at the moment" in said
    assert page.get_by_role("link", name="Look again").is_visible()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (StudyState.PAUSED, "The study is not open at the moment. Please come back later."),
        (StudyState.CLOSED, "The study is closed. Thank you for every judgment."),
    ],
)
def test_R038_a_study_that_takes_nothing_says_so(visit, tmp_path, state, said):
    study = build.study(rubric=build.SAFE)
    rater = seated(study, tmp_path)
    studies.change_state(study=Study.objects.get(pk=study.pk), to=state, by_id=None)

    page = rating(visit, rater)

    assert page.locator(".done").get_by_text(said).is_visible()


def test_own_progress_and_past_answers_are_one_click_away(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE, judgments_per_rater=5), tmp_path, 3))
    ready(page)
    judge(page, "2")

    page.locator(".menu summary").click()
    page.get_by_role("link", name="My answers").click()
    figures = " ".join(page.locator(".figures").inner_text().split())
    assert re.search(r"1 judged of at most 5 1 of them today", figures)
    assert "as a median" in figures
    page.locator("main table a, main li a").first.click()

    assert page.locator(".answers dd, main dd").first.inner_text() == "Yes"


def test_the_count_of_what_is_done_goes_on_with_each_item(visit, tmp_path):
    study = build.study(rubric=build.SAFE, judgments_per_rater=5)
    page = rating(visit, seated(study, tmp_path, 3))
    said = [page.locator(".stage-name").inner_text()]

    for _ in range(2):
        ready(page)
        judge(page, "2")
        said.append(page.locator(".stage-name").inner_text())

    assert [text.partition("·")[2].strip() for text in said] == [
        "0 done / 5",
        "1 done / 5",
        "2 done / 5",
    ]


def test_an_item_that_was_skipped_is_not_counted_as_done(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE), tmp_path, 2))
    ready(page)

    page.keyboard.press("s")
    page.locator("#skip button").first.click()

    assert "0 done" in page.locator(".stage-name").inner_text()


def pair(tmp_path) -> Rater:
    """A rater at two replies to one query."""
    study = build.study(rubric="pairwise")
    for model in ("acme/one", "acme/two"):
        build.reply(study, tmp_path, query_id="q", model=model, response_id=f"r-{model}")
    build.open_seats(study, n_seats=1)
    return build.rater(study)


@pytest.mark.parametrize(("width", "stacked"), [(360, True), (1280, False)])
def test_two_replies_stand_side_by_side_and_on_a_phone_below_each_other(
    visit, tmp_path, width, stacked
):
    page = rating(visit, pair(tmp_path), width=width)

    first, second = (one.bounding_box() for one in page.locator(".pair__reply").all())

    below = second["y"] >= first["y"] + first["height"]
    beside = second["x"] >= first["x"] + first["width"]
    assert (below, beside) == (stacked, not stacked)
    assert second["x"] + second["width"] <= width


def ten_thousand_words() -> list[dict]:
    """A query and a reply as long as a chapter."""
    paragraphs = [f"Paragraph {n}. " + "word " * 98 for n in range(99)] + ["The very end of it."]
    return [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "\n\n".join(paragraphs)},
    ]


def test_a_reply_of_ten_thousand_words_is_read_and_judged(visit, tmp_path, record_property):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, messages=ten_thousand_words())
    page = rating(visit, rater, width=360)
    end = page.get_by_text("The very end of it.")
    text = page.locator(".message--assistant .message__text")
    folded = text.bounding_box()["height"]
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    record_property("measured", f"a reply of 10,000 words: the page is complete in {loaded:.0f} ms")

    page.get_by_role("button", name=re.compile(r"Show the whole text, words: 9\d\d\d")).click()
    assert text.bounding_box()["height"] > 10 * folded
    end.scroll_into_view_if_needed()
    assert end.is_visible()
    page.locator("input[name=safe]").last.check()
    judge(page)

    assert StageRecord.objects.get().signals == {"folded": [1], "unfolded": [1]}


def test_the_last_words_of_ten_thousand_are_marked_where_they_stand(visit, tmp_path):
    rubric = {**build.WITH_EVIDENCE, "key": "long"}
    rater = seated(build.study(rubric=rubric), tmp_path, messages=ten_thousand_words())
    page = rating(visit, rater)
    page.get_by_role("button", name=re.compile("Show the whole text")).click()
    text = page.locator(".message--assistant .message__text").evaluate("one => one.textContent")
    page.get_by_text("The very end of it.").scroll_into_view_if_needed()

    page.get_by_text("The very end of it.").click(click_count=3)
    page.get_by_role("button", name="Framing").click()
    page.locator("input[name=misled][value=no]").check()
    judge(page)

    span = Judgment.objects.get().spans.get()
    assert span.quote == "The very end of it." == text[span.start : span.end]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_R132_axe_finds_nothing_where_the_author_is_asked_about_and_at_the_end(
    visit, tmp_path, accessible, width, scheme
):
    study = build.study(rubric=build.SAFE, guess_every=1)
    page = rating(visit, seated(study, tmp_path, 1), width=width, scheme=scheme)
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    page.get_by_role("heading", name="One question before you go on").wait_for()
    accessible(page)

    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Go on").click()

    page.get_by_role("heading", name="Thank you, you are done").wait_for()
    accessible(page)


def test_what_was_missing_is_not_held_against_the_rater_once_it_is_answered(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE), tmp_path, 1))
    page.locator(".card__asking .button--main").click()
    status = page.locator("#saving")
    build.wait_for(lambda: "Not saved" in status.inner_text())

    page.locator("input[name=safe]").first.check()

    assert status.inner_text() == ""


def test_R088_who_was_asked_about_the_author_goes_on_to_the_next_item(visit, tmp_path):
    study = build.study(rubric=build.SAFE, guess_every=1)
    page = rating(visit, seated(study, tmp_path, 2))
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()

    page.get_by_label("Yes, I believe").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Name whom you recognised, or choose").wait_for()
    page.get_by_label("Who? In your own words").fill("the one with the dashes")
    page.get_by_role("button", name="Go on").click()

    page.locator("#answers").wait_for()
    assert Guess.objects.get().words == "the one with the dashes"


def test_a_long_reply_is_folded_and_opening_it_is_kept(visit, tmp_path):
    long = "\n\n".join(f"Paragraph {n} " + "word " * 60 for n in range(40))
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": long}]
    rater = seated(build.study(rubric=build.SAFE), tmp_path, messages=messages)
    page = rating(visit, rater)
    text = page.locator(".message--assistant .message__text")
    folded = text.bounding_box()["height"]

    page.get_by_role("button", name=re.compile("Show the whole text")).click()
    assert text.bounding_box()["height"] > 2 * folded
    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()
    build.wait_for(StageRecord.objects.exists)

    assert StageRecord.objects.get().signals == {"folded": [1], "unfolded": [1]}


def test_anchors_of_the_scenario_stand_beside_the_points(visit, tmp_path):
    rater = everything(build.study(rubric="tradeoff-standard"), tmp_path)
    page = rating(visit, rater)
    for _ in range(2):
        for name, value in (("winner", "value_a"), ("refusal", "1"), ("misled", "no")):
            page.locator(f"input[name={name}][value='{value}']").check()
        turn = page.locator("input[name=turn]").input_value()
        page.locator(".card__asking .button--main").click()
        page.locator(f"input[name=turn]:not([value='{turn}'])").wait_for(state="attached")

    assert page.locator("#q-score_a .option__anchor").first.inner_text() == "Anchor text"
    assert page.locator("#q-score_b .option__anchor").first.inner_text() == "Other text"
