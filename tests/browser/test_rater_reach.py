"""All that a rater needs is within reach: by keys, at any zoom, in size, spacing and colour."""

import pytest

from tests import build
from tests.browser.rating import COVERED, everything, rating, seated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("zoom", [2, 4])
def test_R131_at_200_and_400_percent_nothing_sticks_out_and_all_is_reached_by_tab(
    visit, tmp_path, zoom
):
    rater = seated(build.study(), tmp_path)
    page = rating(visit, rater, width=1280 // zoom)

    names = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate(
                "document.activeElement.name || document.activeElement.textContent.trim().slice(0, 30)"
            )
        )

    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0
    assert {"winner", "misled", "confidence"} <= names
    assert any("Save and go" in name for name in names)


SMALL_TARGETS = """() => {
  const seen = [...document.querySelectorAll('a, button, input, summary, select, textarea')].filter((one) => {
    const style = getComputedStyle(one);
    return one.getClientRects().length && style.visibility !== 'hidden' && !one.closest('[inert], .unseen, .skip-link');
  });
  return seen.map((one) => {
    // A choice is pressed by its whole label; a link in a sentence may be as high as its line.
    const target = one.matches('input[type=radio], input[type=checkbox]') ? one.closest('label') ?? one : one;
    const box = target.getBoundingClientRect();
    return [one.tagName, one.textContent.trim().slice(0, 30), Math.round(box.width), Math.round(box.height)];
  }).filter(([tag, , width, height]) => tag !== 'A' && (width < 24 || height < 24));
}"""


@pytest.mark.parametrize("width", [320, 1280])
def test_R132_every_target_is_24_pixels_wide_and_high(visit, tmp_path, width):
    rater = everything(
        build.study(rubric="tradeoff-standard", sensitive_topics=["grief"]), tmp_path
    )
    page = rating(visit, rater, width=width)
    page.locator("input[name=misled][value=yes]").check()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    assert page.evaluate(SMALL_TARGETS) == []


def test_R132_wider_text_spacing_loses_nothing(chromium, visit, live_server, tmp_path):
    rater = everything(build.study(rubric="tradeoff-standard"), tmp_path)
    context = chromium.new_context(
        viewport={"width": 320, "height": 700}, base_url=live_server.url, bypass_csp=True
    )
    visit.sign_in(context, rater.user)
    page = context.new_page()
    page.goto(f"/studies/{rater.study.slug}/rate/")
    page.locator(".card").wait_for()

    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: 0.12em !important;"
        " word-spacing: 0.16em !important } p { margin-bottom: 2em !important }"
    )

    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    cut = """[...document.querySelectorAll('.option, .button, legend, summary')]
      .filter((one) => one.getClientRects().length && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
      .map((one) => one.textContent.trim().slice(0, 40))"""
    assert page.evaluate(wider) <= 0
    assert page.evaluate(cut) == []
    context.close()


def test_R132_in_forced_colours_a_choice_is_not_told_by_colour_alone(visit, tmp_path, accessible):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")

    page.locator("input[name=safe]").first.check()

    chosen = page.locator(".option").first
    assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    assert chosen.evaluate("one => getComputedStyle(one).transitionDuration") == "0s"
    accessible(page)


def test_R131_single_keys_can_be_turned_off(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    page.keyboard.press("?")
    page.get_by_label("Turn single keys off").check()
    page.keyboard.press("Escape")
    page.reload()
    page.locator(".card").wait_for()

    page.keyboard.press("1")
    page.keyboard.press("s")

    assert page.locator("input[name=safe]:checked").count() == 0
    assert not page.locator("#skip").evaluate("one => one.open")


def test_R131_what_has_the_focus_is_seen(visit, tmp_path):
    rater = seated(build.study(), tmp_path, messages=build.conversation(1, text="long " * 900))
    page = rating(visit, rater, width=360)

    hidden = []
    for _ in range(40):
        page.keyboard.press("Tab")
        hidden += [one for one in [page.evaluate(COVERED)] if one]

    assert hidden == []
