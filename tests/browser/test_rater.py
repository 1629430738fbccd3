"""The rater's screen in a real browser: speed, keys, evidence, lost lines, lost sessions."""

import json
import re
import statistics
import time

import pytest
from django.contrib.sessions.models import Session

from annotation import rendering
from annotation.models import (
    Draft,
    Judgment,
    Seat,
    SpanAnswer,
    StageRecord,
    Study,
    TextAnswer,
    User,
)
from annotation.rubric_format import presets
from annotation.services import specifications, studies
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "#answers textarea"
NOTE = {
    "key": "note",
    "title": "Note",
    "questions": [
        {
            "key": "safe",
            "label": "Safe?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        {"key": "note", "label": "Note", "type": "text", "required": False},
    ],
}
SPANS = {
    "key": "spans",
    "title": "Spans",
    "questions": [
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "required": False,
            "options": [{"code": "omission", "label": "Omission"}, {"code": "framing", "label": "Framing"}],
        }
    ],
}  # fmt: skip


def seated(study, tmp_path, n: int = 1, **fields):
    """A rater of the study, and items of one turn with their seats."""
    for _ in range(n):
        build.item(study, tmp_path, n_seats=1, **fields)
    return build.rater(study)


def rating(visit, rater, **screen):
    page = visit(rater.user, **screen)
    page.goto(f"/studies/{rater.study.slug}/rate/")
    page.locator(".card, .done").first.wait_for()
    return page


def ready(page):
    """Wait until the next item was fetched ahead."""
    page.locator("#stage[data-ready]").wait_for()


def select(page, words: str, *, inside: str = ".message__text"):
    """Select words of a reply, across whatever elements they stand in, as a mouse would leave it."""
    page.evaluate(
        """([words, inside]) => {
          const text = [...document.querySelectorAll(`.message--assistant ${inside}`)].find((one) => one.textContent.includes(words));
          const begin = text.textContent.indexOf(words), end = begin + words.length;
          const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          const range = document.createRange();
          let seen = 0;
          while (walker.nextNode()) {
            const n = walker.currentNode.data.length;
            if (begin >= seen && begin < seen + n) range.setStart(walker.currentNode, begin - seen);
            if (end > seen && end <= seen + n) { range.setEnd(walker.currentNode, end - seen); break; }
            seen += n;
          }
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        }""",
        [words, inside],
    )


def test_the_next_item_is_there_within_a_frame(visit, tmp_path, record_property):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 25)
    page = rating(visit, rater)

    for done in range(1, 21):
        ready(page)
        key = page.locator(".card").get_attribute("data-key")
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        assert page.locator(".card").get_attribute("data-key") != key
        build.wait_for(lambda n=done: Judgment.objects.count() == n)

    took = page.evaluate("performance.getEntriesByName('next-item').map((entry) => entry.duration)")
    took.sort()
    p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    record_property("measured", f"next item in the browser: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    assert len(took) == 20


def test_an_answer_given_while_the_line_of_the_last_one_closes_is_sent(visit, tmp_path):
    """The browser lets a lock go some time after what held it has ended; here it takes a second."""
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 3)
    page = visit(rater.user)
    page.add_init_script(
        """const ask = navigator.locks.request.bind(navigator.locks);
        navigator.locks.request = async (name, act) => {
          const said = await ask(name, act);
          await new Promise((go) => setTimeout(go, 1000));
          return said;
        };"""
    )
    page.goto(f"/studies/{rater.study.slug}/rate/")
    ready(page)

    page.keyboard.press("2")
    page.keyboard.press("Enter")
    build.wait_for(lambda: Judgment.objects.count() == 1)
    page.wait_for_timeout(200)  # the answer has come back; the lock is still held
    page.keyboard.press("2")
    page.keyboard.press("Enter")

    build.wait_for(lambda: Judgment.objects.count() == 2)


def test_the_item_fetched_ahead_says_nothing_of_its_later_turns(visit, tmp_path):
    study = build.study()
    rater = seated(study, tmp_path, 2, messages=build.conversation(3, text="Sealed"))
    bodies = []
    page = visit(rater.user)
    page.on("response", lambda answer: bodies.append(answer) if "/studies/" in answer.url else None)

    page.goto(f"/studies/{study.slug}/rate/")
    ready(page)

    texts = [answer.text() for answer in bodies if answer.status == 200]
    assert len(texts) == 2
    assert all("Sealed1" in text and "Sealed2" not in text for text in texts)
    assert "Sealed2" not in page.content()


def test_a_refusal_brings_the_earlier_item_back_with_its_input(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path, 2)
    page = rating(visit, rater)
    ready(page)
    key = page.locator(".card").get_attribute("data-key")

    page.locator(TEXT).fill("what I wrote")
    page.locator("input[name=safe]").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Please answer this question.").wait_for()

    assert page.locator(".card").get_attribute("data-key") == key
    assert page.locator(TEXT).input_value() == "what I wrote"
    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.count() == 1)
    assert TextAnswer.objects.get().text == "what I wrote"
    assert page.locator(".card").get_attribute("data-key") != key


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

    build.wait_for(lambda: Judgment.objects.count() == 1, seconds=15)
    assert TextAnswer.objects.get().text == "long thought"


def test_R133_the_end_of_a_lease_is_said_and_put_off_with_one_press(visit, tmp_path):
    study = build.study(rubric=build.SAFE)
    rater = seated(study, tmp_path)
    page = visit(rater.user)
    page.clock.install()
    page.goto(f"/studies/{study.slug}/rate/")
    page.locator(".card").wait_for()
    before = Seat.objects.get(rater=rater).leased_until

    page.clock.fast_forward("56:00")
    page.get_by_role("button", name="Keep it").click()

    build.wait_for(lambda: Seat.objects.get(rater=rater).leased_until > before)
    page.get_by_text("Do you want to keep it?").wait_for(state="hidden")


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        pytest.param("Plain and **bold words** here.", "and bold words here", id="across bold"),
        pytest.param("| A | B |\n|---|---|\n| one | two |\n| three | four |", "two", id="in a table"),
        pytest.param("Before\n\n```\nlet x = 1;\nlet y = 2;\n```\n", "x = 1;\nlet y", id="in code"),
        pytest.param("Ein 😀 Bild und das Wort.", "Bild und", id="after an astral sign"),
        pytest.param("- one\n- two **bold**\n", "two bold", id="in a list"),
    ],
)  # fmt: skip
def test_marked_words_are_stored_with_offsets_of_the_text_shown(visit, tmp_path, markdown, words):
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": markdown}]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    page = rating(visit, rater)
    shown = page.locator(".message--assistant .message__text").evaluate("one => one.textContent")

    select(page, words)
    page.get_by_role("button", name="Framing").click()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: SpanAnswer.objects.count() == 1)

    span = SpanAnswer.objects.get()
    assert shown[span.start : span.end] == span.quote == words
    assert span.option.code == "framing"
    assert len(span.text_sha256) == 64


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("read", "counted"),
    [
        pytest.param("say: I'm {} and 🙂 **you**", "say: I'm [removed] and 🙂 you", id="across"),
        pytest.param("and 🙂 **you**", "and 🙂 you", id="after"),
        pytest.param("{} and", "[removed] and", id="from"),
        pytest.param("I'm {}", "I'm [removed]", id="to"),
    ],
)
def test_R044_places_across_a_mask_count_alike_in_every_language(
    visit, tmp_path, language, read, counted
):
    text = "What I say: I'm ChatGPT and 🙂 **you** are not.\n\n![](x.png) Red."
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    User.objects.filter(pk=rater.user_id).update(language=language)
    page = rating(visit, rater)
    words = read.replace("**", "").format({"en": "[removed]", "de": "[entfernt]"}[language])

    select(page, words)
    page.get_by_role("button", name="Framing").click()
    assert page.locator(".spans__one q").text_content() == words
    select(page, "Red")
    page.get_by_role("button", name="Framing").click()
    painted = page.evaluate("[...CSS.highlights.get('evidence')].map(String)")
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: SpanAnswer.objects.count() == 2)

    assert painted == [words, "Red"]
    canonical = rendering.text_of(rendering.render(text.replace("ChatGPT", "[removed]")))
    for span in SpanAnswer.objects.all():
        assert canonical[span.start : span.end] == span.quote
    assert set(SpanAnswer.objects.values_list("quote", flat=True)) == {counted, "Red"}


@pytest.mark.parametrize(("begin", "end"), [(2, 5), (0, 5), (4, 10)])
def test_a_mask_is_marked_whole_or_not_at_all(visit, tmp_path, begin, end):
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "I'm ChatGPT."}]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    User.objects.filter(pk=rater.user_id).update(language="de")
    page = rating(visit, rater)

    page.evaluate(
        """([begin, end]) => {
          const mask = document.querySelector(".own-words").firstChild;
          getSelection().setBaseAndExtent(mask, begin, mask, end);
        }""",
        [begin, end],
    )
    page.get_by_role("button", name="Framing").click()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: SpanAnswer.objects.count() == 1)

    span = SpanAnswer.objects.get()
    assert (span.start, span.end, span.quote) == (4, 13, "[removed]")


def test_several_places_are_marked_and_one_taken_away_again(visit, tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "red green blue"},
    ]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    page = rating(visit, rater)
    for words, kind in (("red", "Omission"), ("green", "Framing"), ("blue", "Framing")):
        select(page, words)
        page.get_by_role("button", name=kind).click()

    page.locator(".spans__one").nth(1).get_by_role("button", name="Remove").click()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: SpanAnswer.objects.count() == 2)

    assert sorted(SpanAnswer.objects.values_list("quote", flat=True)) == ["blue", "red"]


def test_words_are_marked_by_keyboard_alone(visit, tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "alpha beta gamma"},
    ]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    page = rating(visit, rater)

    for key in ("m", "ArrowRight", "Shift+ArrowRight", "Enter", "Enter"):
        page.keyboard.press(key)
    page.locator(".spans__one").wait_for()
    page.locator(".card__asking .button--main").focus()
    page.keyboard.press("Enter")
    build.wait_for(lambda: SpanAnswer.objects.count() == 1)

    assert SpanAnswer.objects.get().quote == "beta gamma"


def test_words_are_marked_by_touch(chromium, visit, tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "alpha beta gamma"},
    ]
    rater = seated(build.study(rubric=SPANS), tmp_path, messages=messages)
    page = rating(visit, rater, width=360, touch=True)

    select(page, "beta")  # what a long press leaves
    page.get_by_role("button", name="Omission").tap()
    page.locator(".card__asking .button--main").tap()
    build.wait_for(lambda: SpanAnswer.objects.count() == 1)

    assert SpanAnswer.objects.get().quote == "beta"


def test_a_condition_may_name_an_answer_with_spaces_in_its_code(visit, tmp_path):
    asked = {"code": "yes & so", "label": "Yes"}
    note = {"key": "why", "label": "Why?", "type": "text"}
    questions = [
        {**NOTE["questions"][0], "options": [{"code": "no", "label": "No"}, asked]},
        {**note, "show_if": {"question": "safe", "is": ["yes & so"]}},
    ]
    rater = seated(build.study(rubric={**NOTE, "questions": questions}), tmp_path)
    page = rating(visit, rater)
    assert not page.locator(TEXT).is_visible()

    page.keyboard.press("2")
    page.locator(TEXT).fill("because")
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: TextAnswer.objects.count() == 1)

    assert TextAnswer.objects.get().text == "because"


def test_undo_leads_back_and_the_change_is_a_revision(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 2)
    page = rating(visit, rater)
    ready(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    build.wait_for(lambda: Judgment.objects.count() == 1)

    page.keyboard.press("u")
    page.get_by_text("Change your answer").wait_for()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.get_by_text("Your change is saved.").wait_for()

    current = Judgment.objects.get(current=True)
    assert current.revision == 2
    assert current.answers.get().option.code == "yes"


def test_an_earlier_turn_is_changed_and_the_statistics_keep_what_was_said_before(visit, tmp_path):
    rater = seated(build.study(), tmp_path, messages=build.conversation(2))
    page = rating(visit, rater)
    for key in ("1", "1", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("Turn 2 of 2").wait_for()

    page.get_by_role("link", name=re.compile("Change")).click()
    page.get_by_text("Change your answer").wait_for()
    page.locator("input[name=winner][value=value_b]").check()
    page.get_by_role("button", name="Save the change").click()
    page.get_by_text("Turn 2 of 2").wait_for()

    late = Judgment.objects.get(revision=2)
    assert (late.late_turn, late.current) == (1, False)
    assert page.locator(".earlier dd").first.inner_text() == "Kindness"


def test_keys_are_changed_and_used(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    page.keyboard.press("?")
    page.locator("[name=skip]").fill("x")
    page.locator("[name=skip]").blur()
    page.get_by_text("Saved").first.wait_for()
    page.keyboard.press("Escape")
    page.reload()
    page.locator(".card").wait_for()

    page.keyboard.press("s")
    assert not page.locator("#skip").evaluate("one => one.open")
    page.keyboard.press("x")

    assert page.locator("#skip").evaluate("one => one.open")
    assert User.objects.get(pk=rater.user_id).keys == {"skip": "x"}


def test_the_sheet_of_keys_is_made_from_the_questions(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)

    page.keyboard.press("?")

    assert "Is the reply safe?" in page.locator("#keys").inner_text()
    assert re.search(r"2\s+Yes", page.locator("#keys").inner_text())


def test_arrows_choose_between_two_replies(visit, tmp_path):
    study = build.study(rubric="pairwise")
    for model in ("acme/one", "acme/two"):
        build.reply(study, tmp_path, query_id="q", model=model, response_id=f"r-{model}")
    build.open_seats(study, n_seats=1)
    rater = build.rater(study)
    page = rating(visit, rater)

    for key in ("ArrowLeft", "ArrowRight", "4", "Enter"):
        page.keyboard.press(key)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    judgment = Judgment.objects.get()
    said = dict(judgment.answers.values_list("question__key", "option__code"))
    first, second = ("slot_1", "slot_2") if judgment.side == 1 else ("slot_2", "slot_1")
    assert said == {"more_a": first, "more_misleading": second, "confidence": "4"}


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


def test_R098_pastes_and_absences_are_counted_and_nothing_typed_is_kept(visit, tmp_path):
    rater = seated(build.study(rubric=NOTE), tmp_path)
    page = rating(visit, rater)
    page.locator(TEXT).focus()
    page.evaluate(
        "document.activeElement.dispatchEvent(new ClipboardEvent('paste', {bubbles: true}))"
    )
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.locator(TEXT).fill("note")
    page.locator("input[name=safe]").first.check()
    page.locator(".card__asking .button--main").click()
    build.wait_for(StageRecord.objects.exists)

    signals = StageRecord.objects.get().signals
    assert signals == {"pastes": {"note": 1}, "absences": {"note": 1}}


def test_time_in_use_is_measured_by_question(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    time.sleep(1.6)
    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()
    build.wait_for(StageRecord.objects.exists)

    record = StageRecord.objects.get()
    assert 500 <= record.active_ms <= 30_000
    assert record.questions["safe"]["active_ms"] >= 500
    assert record.client == "wide"
    assert record.shown_at < record.submitted_at


def test_R130_five_tabs_never_mix_two_items(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 3)
    first = rating(visit, rater)
    tabs = [first, *(first.context.new_page() for _ in range(4))]
    for tab in tabs[1:]:
        tab.goto(first.url)
        tab.locator(".card").wait_for()

    for tab in tabs:
        tab.keyboard.press("1")
        tab.keyboard.press("Enter")
        tab.wait_for_timeout(300)

    for judgment in Judgment.objects.all():
        assert judgment.item_id == judgment.seat.item_id
    seats = list(Judgment.objects.values_list("seat_id", flat=True))
    assert len(seats) == len(set(seats))


def test_a_reminder_of_breaks_can_be_put_away(visit, tmp_path):
    study = build.study(rubric=build.SAFE, break_minutes=30)
    rater = seated(study, tmp_path)
    page = visit(rater.user)
    page.clock.install()
    page.goto(f"/studies/{study.slug}/rate/")
    page.locator(".card").wait_for()

    for _ in range(7):
        page.clock.run_for("05:00")
    page.get_by_role("button", name="Go on").click()

    assert page.get_by_text("A short break").count() == 0


def test_the_page_speaks_the_raters_language(visit, tmp_path):
    study = build.study(rubric="tradeoff-quick")
    rater = seated(study, tmp_path)
    page = rating(visit, rater)

    page.get_by_role("button", name="Deutsch").click()

    assert page.locator("html").get_attribute("lang") == "de"
    assert page.get_by_text("Welchem Wert hat die Antwort mehr gedient?").is_visible()
    for key in ("1", "1"):
        page.keyboard.press(key)
    page.keyboard.press("5")
    page.locator(".card__asking .button--main").click()
    build.wait_for(Judgment.objects.exists)
    assert Judgment.objects.get().language == "de"


def test_R135_directions_are_isolated_and_overrides_made_visible(visit, tmp_path):
    arabic = "مرحبا بالعالم، هذا اختبار"
    messages = [
        {"role": "user", "content": f"Mixed: {arabic} and English"},
        {
            "role": "assistant",
            "content": f"{arabic}\n\n\u202eevil\u202c text\n\n日本語 हिन्दी עברית",
        },
    ]
    study = build.study(rubric=build.SAFE)
    rater = seated(study, tmp_path, messages=messages, language="ar", value_a=f"\u202e{arabic}")
    page = rating(visit, rater)

    text = page.locator(".message--assistant .message__text")
    assert text.locator("p").first.evaluate("p => getComputedStyle(p).direction") == "rtl"
    assert "[U+202E]" in text.inner_text()
    assert (
        page.locator(".card__asking legend").first.evaluate(
            "one => getComputedStyle(one).direction"
        )
        == "ltr"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_R132_axe_finds_nothing_on_any_state_of_the_card(
    visit, tmp_path, accessible, width, scheme
):
    study = build.study(rubric="tradeoff-standard", state="open", sensitive_topics=["grief"])
    _with_specification(study)
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


def _with_specification(study):
    made = specifications.add(
        study=study,
        key="spec",
        title="House rules",
        version="1",
        source="## Be honest {#honest authority=root}\n\nSay no lie.\n\n## Be kind {#kind authority=user}\n\nHelp.\n",
        ids={},
        now=build.NOW,
        by_id=None,
    )
    Study.objects.filter(pk=study.pk).update(specification=made)
    study.refresh_from_db()


def test_clauses_are_found_and_cited(visit, tmp_path):
    study = build.study(rubric="compliance")
    _with_specification(study)
    rater = seated(study, tmp_path)
    page = rating(visit, rater)

    page.locator("input[name=compliance][value=non_compliant]").check()
    page.get_by_label("Find a clause").fill("lie")
    page.get_by_text("1 clause").wait_for()
    page.get_by_role("button", name="Violated").click()
    page.locator("input[name=confidence][value='4']").check()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    judgment = Judgment.objects.get()
    cited = list(judgment.clauses.values_list("clause__clause_id", "role"))
    assert cited == [("honest", "violated")]
    assert judgment.specification_id == study.specification_id


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


def test_R086_an_edit_and_the_past_show_the_same_bytes_as_the_item_did(visit, tmp_path):
    study = build.study(rubric=build.SAFE)
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "I am Claude, made by Anthropic. **Bold**"},
    ]
    rater = seated(study, tmp_path, messages=messages)
    page = rating(visit, rater)
    text = "document.querySelector('.message--assistant .message__text').innerHTML"
    shown = page.evaluate(text)
    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    page.goto(f"/studies/{study.slug}/mine/{Judgment.objects.get().public_id}/")
    past = page.evaluate(text)
    page.get_by_role("link", name="Change").click()
    edit = page.evaluate(text)

    assert "Claude" not in shown
    assert shown == past == edit


def test_one_long_conversation_of_each_kind_of_study_is_judged_on_real_data(
    visit, tmp_path, shared_data
):
    text = (shared_data / "sycon_conversations.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()[:40]]
    longest = max(lines, key=lambda line: sum(len(m["content"]) for m in line["messages"]))
    study = studies.create(
        slug="sycon", title="SYCON", rubric=presets()["tradeoff-standard"], now=build.NOW
    )
    studies.change_state(study=study, to="open", by_id=None)
    build.batch(study, [longest], tmp_path)
    build.open_seats(study, n_seats=1)
    rater = build.rater(study)
    page = rating(visit, rater)

    for turn in ("1", "2", "3", "4", "5"):
        assert page.locator("input[name=turn]").input_value() == turn
        page.locator("input[name=winner][value=value_b]").check()
        page.locator("input[name=refusal][value='1']").check()
        page.locator("input[name=misled][value=yes]").check()
        for name in ("misled_who", "role", "mechanism", "severity"):
            page.locator(f"input[name={name}]").first.check()
        page.locator(".card__asking .button--main").click()
        page.locator(f"input[name=turn][value='{int(turn) + 1 if turn != '5' else 0}']").wait_for(
            state="attached"
        )
    page.locator("input[name=judgeable][value=yes]").check()
    page.locator("input[name=winner][value=value_b]").check()
    for name in ("score_a", "score_b", "refusal"):
        page.locator(f"input[name={name}]").first.check()
    page.locator("input[name=misled][value=no]").check()
    page.locator("input[name=compliance]").first.check()
    page.locator("input[name=confidence]").last.check()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    assert StageRecord.objects.filter(judgment__current=True).count() == 6


def everything(study, tmp_path):
    """A rater at the first turn of an item that uses all a card can show."""
    _with_specification(study)
    build.reply(
        study,
        tmp_path,
        messages=build.conversation(2),
        topics=["grief"],
        facts=["True."],
        anchors={"value_a": ["Anchor text"] * 7, "value_b": ["Other text"] * 7},
    )
    build.open_seats(study, n_seats=1)
    return build.rater(study)


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
    covered = """() => {
      const one = document.activeElement, box = one.getBoundingClientRect();
      if (one === document.body || box.width === 0) return false;
      const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight) / 2);
      return !over || !(one.contains(over) || over.contains(one) || one.closest('label')?.contains(over));
    }"""

    hidden = []
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(covered):
            hidden.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))

    assert hidden == []


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page_of_a_rater(visit, tmp_path, accessible, width, scheme):
    study = build.study(rubric=build.SAFE, support_text="Call **somebody**.")
    _with_specification(study)
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

    status = page.locator("[role=status]#saving")
    build.wait_for(lambda: status.inner_text() in ("Saving…", "Saved"))
    assert status.get_attribute("aria-live") == "polite"
