"""In a real browser too: no payload runs, loads, leads away or is refused by the content policy."""

import json
from urllib.parse import urlsplit

import pytest

from annotation import rendering
from annotation.models import Draft, Flag, Judgment, Rater, Seat, TextAnswer
from annotation.selectors.cards import card_for
from tests import build
from tests.browser.rating import LISTEN, select, until
from tests.guards import hostile, hostile_texts, voices
from tests.guards.routes import routes
from tests.guards.shapes import REFUSED, address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WATCH = f"""
  window.{voices.RUN.removesuffix("()")} = () => window.happened("a payload ran");
  addEventListener("securitypolicyviolation", (event) =>
    window.happened(`${{event.violatedDirective}} refused ${{event.blockedURI}} ${{event.sample}}`), true);
"""
# Pages that answer with a file, or leave the study.
NOT_PAGES = (".csv", ".json", ".svg", "/files/", "/schema/", "/manifest.json", "/undo/", "/ahead/")


@pytest.fixture
def say():
    return voices.Voice((*voices.MARKUP, *voices.ADDRESSES, *voices.SIGNS))


@pytest.fixture
def own(tmp_path, settings, say, transactional_db):
    settings.DATA_DIR = tmp_path / "data"
    return hostile.make(tmp_path, say, slug="own")


@pytest.fixture
def watched(visit, live_server):
    """A page on which nothing may happen that nobody asked for."""
    happened = []

    def open_page(user, **screen):
        page = visit(user, **screen)
        page.expose_function("happened", lambda what: happened.append(what))  # noqa: PLW0108 - a builtin has no place for the wrapper
        page.add_init_script(WATCH)
        page.on("dialog", lambda dialog: happened.append(f"a dialog: {dialog.message}"))
        page.on("popup", lambda other: happened.append(f"a window: {other.url}"))
        host = urlsplit(live_server.url).netloc
        page.on(
            "request",
            lambda request: (
                None
                if urlsplit(request.url).netloc == host
                else happened.append(f"asked for {request.url}")
            ),
        )
        return page

    yield open_page
    assert happened == []


def words_of(page) -> str:
    """Return all that is on the page to read, in fields too."""
    return page.evaluate(
        """() => [document.body.textContent, ...[...document.querySelectorAll("input, textarea")]
            .map((one) => one.value)].join("\\n")"""
    )


def rating(page, of):
    page.goto(f"/studies/{of.study.slug}/rate/")
    page.locator(".question--marked").wait_for()
    return page


def titled(page, study) -> bool:
    return page.title().endswith(" ".join(study.title.split()))


def the_rater(of) -> Rater:
    return Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])


def test_R020_a_rater_reads_every_text_as_it_was_written(own, say, watched):
    page = rating(watched(own.people["rater"]), own)
    seat = Seat.objects.select_related("item").get(key=own.values["seat"])
    card = card_for(seat, the_rater(own))

    shown = page.locator(".message__text").evaluate_all("all => all.map((one) => one.textContent)")
    values = page.locator(".values__one").all_text_contents()
    words = words_of(page)

    assert shown == [rendering.text_of(message.html) for message in card.messages]
    # What would turn the rest of a line around stands there as a sign.
    assert values == [rendering.one_way(say.said[name]) for name in ("value-a", "value-b")]
    about = [rendering.one_way(say.said[name]) for name in ("fact", "definition-0")]
    asked = [say.said[name] for name in ("label-choice", "help-choice", "option-1", "kind-label")]
    assert [text for text in (*about, *asked) if text not in words] == []
    assert titled(page, own.study)


def test_R021_everything_a_rater_can_press_leaves_payloads_where_they_are(own, say, watched):
    page = rating(watched(own.people["rater"]), own)
    payload = " ".join(say.payloads)

    page.keyboard.press("?")
    assert say.said["label-choice"] in page.locator("#keys").inner_text()
    page.keyboard.press("Escape")
    quote = page.locator("[data-message='2'] .message__text").text_content().strip()[-60:]
    select(page, quote)
    page.locator("[data-mark]").first.click()
    assert page.locator(".spans__one q").last.text_content() == quote.strip()
    page.locator("#flag summary").click()
    page.locator("#flag-note").fill(payload[:1900])
    page.locator("#flag button[value=a]").click()
    page.locator("#flag [data-answer] .notice").wait_for()
    page.locator("#skip summary").click()
    page.locator("#answers .button--main").click()
    page.get_by_text("The whole conversation").first.wait_for()
    page.locator("[data-clause-search]").fill(say.said["clause-title-0"][:60])
    page.locator("[data-cite]").first.click()
    assert page.locator(".clauses__chosen bdi").first.text_content() == say.said["clause-title-0"]
    page.locator("[data-key=words] textarea").fill(payload)
    page.locator("[name=choice]").first.check()
    page.locator("[name=kept]").first.check()
    build.wait_for(lambda: Draft.objects.filter(answers__words=[payload]).exists())
    page.reload()
    assert page.locator("[data-key=words] textarea").input_value() == payload
    page.locator("#answers .button--main").click()
    build.wait_for(lambda: TextAnswer.objects.filter(text=payload).exists())
    page.locator("[data-do=undo]").click()
    page.get_by_text("Change your answer").first.wait_for()

    assert page.locator("[data-key=words] textarea").input_value() == payload
    assert Flag.objects.filter(note=payload[:1900].strip()).exists()
    assert titled(page, own.study)


def test_R021_what_a_browser_kept_is_put_back_as_text(own, say, watched):
    page = watched(own.people["rater"])
    page.add_init_script(LISTEN)
    rating(page, own)
    payload = " ".join(say.payloads)
    mark = {"slot": '1"] *', "message": payload, "start": 0, "end": 4, "kind": payload}
    kept = [
        ["choice", payload], ["evidence", json.dumps({**mark, "quote": payload})],
        ["evidence", payload], ["evidence", "null"], ["kept.clause", f"violated {payload}"],
        [payload, payload], ['x"] *', "y"], ["page", payload], ["receipt", payload],
    ]  # fmt: skip
    page.evaluate(
        """(kept) => {
          const stage = document.getElementById("stage"), card = stage.querySelector(".card");
          const name = `touchstone.${stage.dataset.owner}.draft.${card.dataset.key}.${card.dataset.turn}`;
          localStorage.setItem(name, JSON.stringify(kept));
        }""",
        kept,
    )

    page.reload()
    until(page, "said.some((one) => one.startsWith('This was entered without a connection'))")

    assert payload in words_of(page)
    assert page.locator("[name=receipt]").input_value() != payload


def test_R021_an_answer_that_waits_for_the_connection_is_sent_as_it_is(own, say, watched):
    page = rating(watched(own.people["rater"], quiet=True), own)
    page.locator("#stage[data-ready]").wait_for()
    before = Judgment.objects.count()
    page.context.set_offline(True)
    page.locator("#answers .button--main").click()
    page.locator("#saving", has_text="Not sent yet").wait_for()
    page.context.set_offline(False)

    page.get_by_text("The whole conversation").first.wait_for()

    assert Judgment.objects.count() == before
    assert titled(page, own.study)


@pytest.mark.parametrize("role", ["rater", "researcher", "admin"])
def test_R021_nothing_happens_on_any_page(own, watched, role):
    page = watched(own.people[role], quiet=True)
    astray = []

    for route in routes():
        url = address(route, own)
        if url.endswith(NOT_PAGES) or "/api/" in url or route.name == "join":
            continue
        answer = page.request.get(url, max_redirects=0)
        if answer.status in REFUSED or "html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(url)
        page.wait_for_load_state("load")
        if urlsplit(page.url).path != url:
            astray.append((url, page.url))

    assert astray == []


def test_R021_an_admin_composes_with_payloads_and_sees_them_as_raters_do(own, say, watched):
    page = watched(own.people["admin"])
    payload = " ".join(say.payloads)
    page.goto(f"/studies/{own.study.slug}/rubric/edit/")

    page.locator("#q2-summary").click()
    page.locator("#q2-label").fill(payload)
    page.locator("#previewed legend", has_text=payload[-40:]).first.wait_for()
    page.locator("#q2-up").click()
    page.locator("#q2[data-question] .composed__number", has_text="1").wait_for()
    page.locator("#save").click()
    page.get_by_text("The draft is stored.").wait_for()

    assert page.locator("#q2-label").input_value() == " ".join(payload.split("\n"))
    assert payload in page.locator("#previewed legend").all_text_contents()[0]
    assert titled(page, own.study)


def test_R021_an_admin_looks_at_a_specification_of_payloads_before_it_is_stored(own, say, watched):
    page = watched(own.people["admin"])
    page.goto(f"/studies/{own.study.slug}/specifications/new/")
    page.get_by_label("Title").fill(say.said["study-title"])
    page.get_by_label("Key of the document").fill("key")
    page.get_by_label("Version").fill("2")
    page.locator("textarea[name=text]").fill(hostile_texts.specification(say))

    page.get_by_role("button", name="Look at the clauses").click()
    page.get_by_text("Step 2 of 2").wait_for()

    assert say.said["clause-title-0"] in words_of(page)
    assert say.said["clause-0"] in words_of(page)
