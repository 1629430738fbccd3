"""axe on every state of the rater's pages, light and dark, on a phone and a desk; zoom; targets."""

import re
from datetime import timedelta

import pytest

from annotation.models import Draft, Judgment, Seat, Study
from annotation.rubric_format import rubric_from_json
from annotation.services import rubrics
from tests import build
from tests.browser.rating import (
    COVERED,
    NOTE,
    answer_by_keys,
    answer_turn,
    rating,
    said,
    seated,
    send,
    with_specification,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = [
    pytest.param(360, "light", id="phone, light"),
    pytest.param(360, "dark", id="phone, dark"),
    pytest.param(1280, "light", id="desk, light"),
    pytest.param(1280, "dark", id="desk, dark"),
]
on_screens = pytest.mark.parametrize(("width", "scheme"), SCREENS)


def standard(tmp_path, **fields):
    """A rater at a conversation of two turns, asked everything, with anchors and a specification."""
    study = build.study(rubric="tradeoff-standard")
    with_specification(study)
    anchors = {"value_a": ["Anchor text"] * 7, "value_b": ["Other text"] * 7}
    messages = fields.pop("messages", build.conversation(2))
    build.reply(study, tmp_path, messages=messages, facts=["True."], anchors=anchors, **fields)
    build.open_seats(study, n_seats=1)
    return build.rater(study)


def to_the_whole(page) -> None:
    """Judge both turns; the whole conversation is asked about then."""
    for _ in range(2):
        answer_turn(page)
        send(page)


@on_screens
def test_R132_axe_finds_nothing_on_the_whole_pass_of_the_standard_questions(
    visit, tmp_path, accessible, width, scheme
):
    page = rating(visit, standard(tmp_path), width=width, scheme=scheme)
    answer_turn(page)
    send(page)
    assert page.locator(".earlier dd").first.is_visible()
    accessible(page)
    answer_turn(page)
    send(page)

    page.locator("input[name=compliance][value=non_compliant]").check()
    page.get_by_label("Find a clause").fill("lie")
    page.get_by_text("1 clause").wait_for()
    page.get_by_role("button", name="Violated").click()
    page.locator("input[name=misled][value=yes]").check()

    assert page.locator(".option__anchor").first.is_visible()
    accessible(page)


@on_screens
def test_R132_axe_finds_nothing_on_two_replies_side_by_side(
    visit, tmp_path, accessible, width, scheme
):
    study = build.study(rubric="pairwise")
    for model in ("acme/one", "acme/two"):
        build.reply(study, tmp_path, query_id="q", model=model, response_id=f"r-{model}")
    build.open_seats(study, n_seats=1)
    page = rating(visit, build.rater(study), width=width, scheme=scheme)
    accessible(page)

    page.keyboard.press("?")

    accessible(page)


@on_screens
def test_R132_axe_finds_nothing_on_a_folded_reply_and_marked_words(
    visit, tmp_path, accessible, width, scheme
):
    long = "\n\n".join(f"Paragraph {n} " + "word " * 60 for n in range(40))
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": long}]
    study = build.study(rubric=build.WITH_EVIDENCE)
    page = rating(visit, seated(study, tmp_path, messages=messages), width=width, scheme=scheme)
    accessible(page)

    page.get_by_role("button", name=re.compile("Show the whole text")).click()
    page.locator(".message--assistant .message__text p").first.dblclick(position={"x": 8, "y": 8})
    accessible(page)
    page.get_by_role("button", name="Framing").click()

    page.locator("#skip summary").click()
    page.locator("#flag summary").click()
    accessible(page)


@on_screens
def test_R132_axe_finds_nothing_on_what_is_refused(visit, tmp_path, accessible, width, scheme):
    study = build.study(rubric=NOTE)
    page = rating(visit, seated(study, tmp_path), width=width, scheme=scheme)
    page.locator("input[name=safe]").last.check()
    question = {**NOTE["questions"][0], "label": "Is it safe to follow?"}
    newer = {**NOTE, "version": 2, "questions": [question, NOTE["questions"][1]]}
    rubrics.publish(study=study, rubric=rubric_from_json(newer), now=build.NOW)
    page.locator(".card__asking .button--main").click()
    page.get_by_text("is worded otherwise").wait_for()
    accessible(page)

    page.locator("#flag form").evaluate("form => form.submit()")  # as without script
    page.get_by_role("heading", name="Point out a problem").wait_for()
    accessible(page)

    page.goto(f"/studies/{study.slug}/rate/")
    page.locator("input[name=safe]").last.check()
    # The draft has come, and renewed the lease; where it had come before, nothing is changed here.
    build.wait_for(lambda: Draft.objects.filter(answers__safe=["yes"]).exists())
    Seat.objects.exclude(rater=None).update(leased_until=build.now() - timedelta(hours=1))
    assert build.claim(build.rater(Study.objects.get(pk=study.pk)), at=build.now())
    page.locator(".card__asking .button--main").click()
    page.get_by_text("This item went to someone else").wait_for()
    accessible(page)


@on_screens
def test_R132_axe_finds_nothing_where_a_rater_comes_in_and_goes(
    visit, tmp_path, accessible, width, scheme
):
    study = build.study(rubric=build.SAFE)
    build.asks_consent(study)
    admin = build.member(study, "admin")
    page = visit(width=width, scheme=scheme)
    link = f"/join/{build.invitation(study, admin)}/"
    page.goto(link)
    accessible(page)
    page.get_by_role("link", name="Make an account").click()
    page.locator("input[name=username]").wait_for()
    accessible(page)

    rater = build.rater(study)
    inside = visit(rater.user, width=width, scheme=scheme)
    for path in (link, f"/studies/{study.slug}/consent/", "/accounts/logout/"):
        inside.goto(path)
        accessible(inside)
    refused = visit(width=width, scheme=scheme, quiet=True)
    refused.goto("/join/wrong/")
    accessible(refused)


SMALL = """() => {
  const seen = [...document.querySelectorAll('a, button, input, summary, select, textarea')].filter((one) => {
    const style = getComputedStyle(one);
    return one.getClientRects().length && style.visibility !== 'hidden' && !one.closest('[inert], .unseen, .skip-link');
  });
  // A choice is pressed by its whole label.
  const targets = seen.map((one) => one.matches('input[type=radio], input[type=checkbox]') ? one.closest('label') ?? one : one);
  const boxes = targets.map((one) => one.getBoundingClientRect());
  const small = (box) => box.width < 24 || box.height < 24;
  // A small one is well enough where a circle of 24 px about its middle meets no other target.
  const alone = (box, own) => boxes.every((other, n) => {
    if (targets[n] === own || targets[n].contains(own) || own.contains(targets[n])) return true;
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
    return Math.hypot(dx, dy) >= 12;
  });
  return targets.filter((one, n) => small(boxes[n]) && !alone(boxes[n], one))
    .map((one) => [one.tagName, one.textContent.trim().slice(0, 30), Math.round(one.getBoundingClientRect().height)]);
}"""


@pytest.mark.parametrize("width", [320, 1280])
def test_R132_links_and_buttons_are_24_pixels_or_stand_apart(visit, tmp_path, width):
    page = rating(visit, standard(tmp_path), width=width)
    answer_turn(page)
    send(page)  # "Change" beside the earlier answers is a link
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate(SMALL) == []
    answer_turn(page)
    send(page)
    page.get_by_label("Find a clause").focus()
    page.locator(".clause-list__one a").first.wait_for()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("zoom", [2, 4])
def test_R131_a_long_standard_card_is_answered_by_tab_and_space_at_any_zoom(visit, tmp_path, zoom):
    long = build.conversation(1, text="A long reply. " * 300)
    page = rating(visit, standard(tmp_path, messages=long), width=1280 // zoom)
    page.locator("input[name=misled][value=yes]").check()
    page.locator("a").first.focus()

    names, hidden = set(), []
    for _ in range(140):
        page.keyboard.press("Tab")
        names.add(page.evaluate("document.activeElement.name || document.activeElement.type"))
        hidden += [one for one in [page.evaluate(COVERED)] if one]
        if page.evaluate("document.activeElement.matches('#answers .button--main')"):
            break

    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0
    assert hidden == []
    asked = page.locator(".question:not([hidden]) :is(input[type=radio], input[type=checkbox])")
    assert set(asked.evaluate_all("all => all.map((one) => one.name)")) <= names
    assert page.evaluate("document.activeElement.matches('#answers .button--main')")


def test_R131_a_whole_standard_card_is_judged_by_keys_alone(visit, tmp_path):
    page = rating(visit, standard(tmp_path, messages=build.conversation(1)), width=640)

    answer_by_keys(page)
    page.keyboard.press("Enter")
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    said = dict(Judgment.objects.get().answers.values_list("question__key", "option__code"))
    assert {"judgeable", "winner", "score_a", "score_b", "refusal", "misled"} <= said.keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_R132_axe_finds_nothing_on_any_state_of_the_card(
    visit, tmp_path, accessible, width, scheme
):
    study = build.study(rubric="tradeoff-standard", state="open", sensitive_topics=["grief"])
    with_specification(study)
    build.reply(study, tmp_path, messages=build.conversation(2), topics=["grief"], facts=["True."])
    build.open_seats(study, n_seats=1)
    rater = build.rater(study)
    page = rating(visit, rater, width=width, scheme=scheme)
    accessible(page)
    page.locator(".warned summary").click()
    page.locator("input[name=misled][value=yes]").check()
    accessible(page)
    page.keyboard.press("?")
    accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page_of_a_rater(visit, tmp_path, accessible, width, scheme):
    study = build.study(rubric=build.SAFE, support_text="Call **somebody**.")
    with_specification(study)
    rater = seated(study, tmp_path, 1)
    seat = build.claim(rater, at=build.now())
    build.submit(rater, seat, safe="no", at=build.now())
    public_id = Judgment.objects.get().public_id
    page = visit(rater.user, width=width, scheme=scheme)

    for path in (
        "rate/",
        "guidelines/",
        "mine/",
        f"mine/{public_id}/",
        f"rate/{seat.key}/revise/0/",
        "values/glossary/",
        f"clauses/?version={study.specification_id}",
        "support/",
        "withdraw/",
    ):
        page.goto(f"/studies/{study.slug}/{path}")
        page.locator("main").wait_for()
        accessible(page)


def test_R134_that_an_answer_is_saved_is_a_status(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 2)
    page = rating(visit, rater)

    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()

    said(page, "Saving…")
    said(page, "Saved")
    assert page.locator("[role=status]#saving").get_attribute("aria-live") == "polite"
