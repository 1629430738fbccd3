"""The rater's screen in a real browser: speed, refusals, undoing, several tabs, clauses, languages."""

import json
import re
import statistics
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from annotation.models import (
    Judgment,
    Seat,
    StageRecord,
    TextAnswer,
)
from annotation.rubric_format import presets
from annotation.services import studies
from tests import build
from tests.browser.rating import (
    NOTE,
    TEXT,
    heard,
    rating,
    ready,
    seated,
    until,
    with_specification,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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

    entries = "performance.getEntriesByName('next-item')"
    until(page, f"{entries}.length === 20")
    took = page.evaluate(f"{entries}.map((entry) => entry.duration)")
    took.sort()
    p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    record_property("measured", f"next item in the browser: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def test_an_answer_given_while_the_line_of_the_last_one_closes_is_sent(visit, tmp_path):
    """The browser lets a lock go some time after what held it has ended; here it waits for us."""
    rater = seated(build.study(rubric=build.SAFE), tmp_path, 3)
    page = visit(rater.user)
    page.add_init_script(
        """const ask = navigator.locks.request.bind(navigator.locks);
        navigator.locks.request = async (name, act) => {
          const emptied = await ask(name, act);
          await new Promise((go) => { window.letGo = go; });
          return emptied;
        };"""
    )
    page.goto(f"/studies/{rater.study.slug}/rate/")
    ready(page)

    page.keyboard.press("2")
    page.keyboard.press("Enter")
    build.wait_for(lambda: Judgment.objects.count() == 1)
    until(page, "'letGo' in window")  # the answer has come back; the lock is still held
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.evaluate("letGo()")

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
    heard(page)
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
    page = visit(rater.user)
    begun = build.now()
    page.clock.install(time=begun)
    page.clock.pause_at(begun + timedelta(seconds=1))
    page.goto(f"/studies/{rater.study.slug}/rate/")
    page.clock.run_for(1600)
    page.keyboard.press("1")
    page.locator(".card__asking .button--main").click()
    build.wait_for(StageRecord.objects.exists)

    record = StageRecord.objects.get()
    assert record.active_ms == 1500
    assert record.questions["safe"]["active_ms"] == 1500
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
        with tab.expect_response(
            lambda one: one.request.method == "POST" and "/draft/" not in one.url
        ):
            tab.keyboard.press("Enter")

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

    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("Welchem Wert hat die Antwort mehr gedient?")).to_be_visible()
    heard(page)
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


def test_clauses_are_found_and_cited(visit, tmp_path):
    study = build.study(rubric="compliance")
    with_specification(study)
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
    page.get_by_text("Change your answer").wait_for()
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
