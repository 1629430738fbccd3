"""What is entered and not sent: kept for its own item, and nowhere after signing out."""

import pytest
from django.contrib.sessions.models import Session

from annotation.models import Draft, Judgment, TextAnswer
from tests import build
from tests.browser.rating import NOTE, TEXT, confirmed, rating, ready, seated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = "JSON.stringify(localStorage)"
AFTER_THE_PAUSE = 1000  # milliseconds
# The page stays while the server takes its time: as long as we like.
SLOW = """() => {
  window.left = 0;
  addEventListener("submit", (event) => { left += !event.defaultPrevented; event.preventDefault(); });
}"""


def by_the_clock(visit, rater, **screen):
    """The rater's page with the next item ready, and with a clock that goes on when it is told to."""
    page = visit(rater.user, **screen)
    page.clock.install(time=build.now())
    page.goto(f"/studies/{rater.study.slug}/rate/")
    ready(page)
    return page


def test_R040_what_is_typed_in_the_moment_of_signing_out_is_not_kept(visit, tmp_path):
    page = by_the_clock(visit, seated(build.study(rubric=NOTE), tmp_path, 2), quiet=True)
    page.route("**/draft/", lambda route: route.abort())  # so that only the browser can keep it
    page.evaluate(SLOW)

    page.locator(TEXT).fill("half a thought")
    page.get_by_role("button", name="Sign out").click()
    page.clock.run_for(AFTER_THE_PAUSE)

    assert page.evaluate("left") == 1
    assert "half a thought" not in page.evaluate(KEPT)


def test_an_item_that_nobody_has_answered_yet_gets_no_draft(visit, tmp_path):
    """The one before it was answered and sent faster than drafts are kept."""
    page = by_the_clock(visit, seated(build.study(rubric=build.SAFE), tmp_path, 3))
    asked = []
    page.on("request", lambda one: asked.append(one.url))

    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.clock.run_for(AFTER_THE_PAUSE)
    confirmed(page)
    ready(page)
    page.locator("input[name=safe]").first.check()
    page.clock.run_for(AFTER_THE_PAUSE)
    build.wait_for(Draft.objects.exists)

    assert Judgment.objects.count() == 1
    assert len([url for url in asked if url.endswith("/draft/")]) == 1


def test_an_item_keeps_its_own_time_when_the_draft_of_the_one_before_comes_late(visit, tmp_path):
    page = by_the_clock(visit, seated(build.study(rubric=build.SAFE), tmp_path, 2))
    late = []
    page.route("**/draft/", lambda route: late.append((route, route.fetch())))
    until = "document.querySelector('.card').dataset.until"

    page.keyboard.press("2")
    page.clock.run_for(AFTER_THE_PAUSE)
    build.wait_for(lambda: page.evaluate(until) and late)
    before = page.evaluate(until)
    page.keyboard.press("Enter")
    ends = page.evaluate(until)
    ((route, answer),) = late
    with page.expect_event("requestfinished", lambda one: one.url.endswith("/draft/")):
        route.fulfill(response=answer)
    confirmed(page)

    assert ends != before
    assert page.evaluate(until) == ends


def test_R040_signing_out_clears_what_the_browser_kept(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater, quiet=True)
    page.context.set_offline(True)
    page.locator(TEXT).fill("half a thought")
    build.wait_for(lambda: "half a thought" in page.evaluate("JSON.stringify(localStorage)"))
    page.context.set_offline(False)

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")

    assert "half a thought" not in page.evaluate("JSON.stringify(localStorage)")


def test_R040_signing_out_elsewhere_clears_the_drafts_of_every_study(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater, quiet=True)
    page.evaluate("localStorage.setItem('touchstone.another.draft.k.0', '{}')")
    page.goto(f"/studies/{rater.study.slug}/mine/")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")

    assert "draft" not in page.evaluate("JSON.stringify(localStorage)")


def test_a_draft_comes_back_after_a_reload_and_on_another_device(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater)
    page.locator("input[name=safe]").last.check()
    page.locator(TEXT).fill("not sent")
    build.wait_for(lambda: Draft.objects.filter(answers__note=["not sent"]).exists())

    elsewhere = rating(visit, rater, width=360)
    page.reload()

    for screen in (page, elsewhere):
        assert screen.locator(TEXT).input_value() == "not sent"
        assert screen.locator("input[name=safe]").last.is_checked()
        assert screen.get_by_text("is here again").first.is_visible()


def test_R039_a_lost_session_keeps_the_input_and_stores_it_once_after_signing_in(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 2)
    page = rating(visit, rater, quiet=True)
    ready(page)
    Session.objects.all().delete()

    page.locator(TEXT).fill("long thought")
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    page.get_by_text("you are signed out").wait_for()
    assert not Judgment.objects.exists()
    visit.sign_in(page.context, rater.user)

    build.wait_for(lambda: Judgment.objects.count() == 1)
    assert TextAnswer.objects.get().text == "long thought"
