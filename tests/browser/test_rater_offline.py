"""Without a line: what is skipped, pointed out or answered waits, is counted, and is sent once."""

import pytest

from annotation.models import Flag, Judgment, Rater, Seat, Skip, TextAnswer
from annotation.vocabulary import FlagKind, SkipReason
from tests import build
from tests.browser.rating import NOTE, TEXT, rating, ready, seated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAITS = "Not sent yet: no connection. So many wait here:"
# A browser that has no room: what it keeps already stays.
FULL = """() => {
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") };
}"""


def key_of(page) -> str:
    return page.locator(".card").get_attribute("data-key")


def skip(page, reason: SkipReason = SkipReason.BROKEN) -> None:
    page.keyboard.press("s")
    page.locator(f"#skip button[value={reason}]").click()


def test_a_skip_is_sent_with_its_reason_and_the_item_is_not_met_again(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 2)
    page = rating(visit, rater)
    ready(page)
    skipped = key_of(page)

    skip(page, SkipReason.SENSITIVE)
    assert key_of(page) != skipped
    build.wait_for(lambda: Skip.objects.count() == 1)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.locator(".done").wait_for()

    kept = Skip.objects.get()
    assert kept.reason == SkipReason.SENSITIVE
    assert not Judgment.objects.filter(item=kept.item_id).exists()
    assert "You skipped 1." in page.locator(".done").inner_text()
    assert Seat.objects.get(item=kept.item_id).rater_id is None


def test_R040_a_skip_without_a_line_waits_and_is_sent_once(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 3)
    page = rating(visit, rater, quiet=True)
    ready(page)
    first = key_of(page)
    page.context.set_offline(True)

    skip(page)
    page.get_by_text(f"{WAITS} 1").wait_for()
    assert key_of(page) != first
    assert not Skip.objects.exists()
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    page.get_by_text(f"{WAITS} 2").wait_for()
    page.context.set_offline(False)
    build.wait_for(lambda: Judgment.objects.filter(current=True).count() == 1)

    assert Skip.objects.count() == 1
    assert Rater.objects.get(pk=rater.pk).skipped_count == 1
    assert Judgment.objects.get().item_id != Skip.objects.get().item_id


def test_R040_a_skip_survives_a_closed_tab(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 2)
    page = rating(visit, rater, quiet=True)
    ready(page)
    page.context.set_offline(True)
    skip(page)
    page.get_by_text(f"{WAITS} 1").wait_for()
    page.close()
    page.context.set_offline(False)

    again = page.context.new_page()
    again.goto(f"/studies/{rater.study.slug}/rate/")
    build.wait_for(lambda: Skip.objects.count() == 1)

    again.locator(".card").wait_for()
    assert Rater.objects.get(pk=rater.pk).skipped_count == 1


def test_R040_what_was_answered_before_a_closed_tab_is_not_asked_again(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 3)
    page = rating(visit, rater, quiet=True)
    ready(page)
    page.context.set_offline(True)
    answered = []
    for _ in range(2):
        answered.append(key_of(page))
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    page.get_by_text(f"{WAITS} 2").wait_for()
    again = page.context.new_page()
    page.close()
    sent = []

    def hold_the_second(route):
        if route.request.method == "POST":
            sent.append(route)
        if len(sent) < 2 or route.request.method != "POST":
            route.continue_()

    again.route("**/*", hold_the_second)
    again.context.set_offline(False)
    again.goto(f"/studies/{rater.study.slug}/rate/")
    again.locator(f'.card[data-key="{answered[1]}"]').wait_for()
    asked_again = again.locator("#answers:not([data-sent])").count()
    again.keyboard.press("2")
    again.keyboard.press("Enter")
    for route in sent[1:]:
        route.continue_()
    build.wait_for(lambda: Judgment.objects.filter(current=True).count() == 2)

    assert asked_again == 0
    assert set(Judgment.objects.values_list("answers__option__code", flat=True)) == {"no"}


def test_R034_a_skip_whose_answer_was_lost_is_sent_again_and_counts_once(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 2)
    page = rating(visit, rater, quiet=True)
    ready(page)
    tries = []

    def lose(route):
        tries.append(route.request.post_data)
        answer = route.fetch()
        route.abort() if len(tries) == 1 else route.fulfill(response=answer)

    page.route("**/skip/", lose)
    skip(page)
    page.get_by_text("Not sent yet").wait_for()
    page.get_by_text("Not sent yet").wait_for(state="hidden")

    assert len(tries) == 2
    assert Skip.objects.count() == 1
    assert Rater.objects.get(pk=rater.pk).skipped_count == 1
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('.queue'))") == []


def test_R040_what_was_pointed_out_without_a_line_waits_and_is_sent_once(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater, quiet=True)
    page.context.set_offline(True)
    page.keyboard.press("f")
    page.locator("#flag-note").fill("the query is cut")

    page.get_by_role("button", name="Something is wrong with this item").click()
    page.get_by_role("button", name="“Honesty” is unclear").click()
    page.get_by_text(f"{WAITS} 2").wait_for()
    assert not Flag.objects.exists()
    page.context.set_offline(False)
    page.get_by_text("Thank you: the people who run the study").first.wait_for()

    build.wait_for(lambda: Flag.objects.count() == 2)
    assert {flag.kind for flag in Flag.objects.all()} == {FlagKind.ITEM, FlagKind.VALUE}
    assert {flag.note for flag in Flag.objects.all()} == {"the query is cut"}


def test_an_item_that_was_pointed_out_can_be_judged_at_once(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 2)
    page = rating(visit, rater)
    ready(page)
    page.keyboard.press("f")

    page.get_by_role("button", name="Something is wrong with this item").click()
    page.get_by_text("Thank you: the people who run the study").wait_for()
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).count() == 1)

    assert Flag.objects.get().item_id == Judgment.objects.get().item_id


def test_R040_a_browser_without_room_says_so_and_sends_from_the_page(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 3)
    page = rating(visit, rater, quiet=True)
    ready(page)
    page.evaluate(FULL)
    page.context.set_offline(True)

    page.locator(TEXT).fill("one")
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    page.get_by_text("This browser has no room to keep").wait_for()
    skip(page)
    page.get_by_text(f"{WAITS} 2").wait_for()
    page.context.set_offline(False)
    build.wait_for(lambda: Skip.objects.count() == 1)

    assert TextAnswer.objects.get().text == "one"
    page.get_by_text("This browser has no room to keep").wait_for(state="hidden")
    page.get_by_text("Not sent yet").wait_for(state="hidden")


def test_a_draft_that_nothing_keeps_is_said_to_be_on_the_page_only(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater, quiet=True)
    page.evaluate(FULL)
    page.context.set_offline(True)

    page.locator(TEXT).fill("half a thought")

    page.get_by_text("What you entered is on this page only").wait_for()


def test_leaving_with_something_unsent_that_only_the_page_has_is_asked_about(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater, quiet=True)
    page.evaluate(FULL)
    page.context.set_offline(True)
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    page.get_by_text("This browser has no room to keep").wait_for()

    asked = page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")

    assert asked


def test_R040_five_items_across_an_outage_are_stored_once_each(visit, tmp_path):
    study = build.study(rubric=NOTE)
    rater = seated(study, tmp_path, 6)
    page = rating(visit, rater, quiet=True)

    def judge(note):
        page.locator(TEXT).fill(note)
        page.locator("input[name=safe]").first.check()
        page.locator(".card__asking .button--main").click()

    ready(page)
    judge("one")
    build.wait_for(lambda: Judgment.objects.count() == 1)
    ready(page)
    page.context.set_offline(True)
    judge("two")
    page.locator(TEXT).wait_for()
    judge("three")
    page.get_by_text("Not sent yet").wait_for()
    assert Judgment.objects.count() == 1
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "two" in kept
    assert "acme" not in kept
    page.close()
    page.context.set_offline(False)

    page = page.context.new_page()
    page.goto(f"/studies/{study.slug}/rate/")
    build.wait_for(lambda: Judgment.objects.count() == 3)
    for number, note in ((4, "four"), (5, "five")):
        page.locator(".card:not([data-sent])").wait_for()
        ready(page)
        judge(note)
        build.wait_for(lambda n=number: Judgment.objects.count() == n)

    notes = TextAnswer.objects.order_by("pk").values_list("text", flat=True)
    assert list(notes) == ["one", "two", "three", "four", "five"]
