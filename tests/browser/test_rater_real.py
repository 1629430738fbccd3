"""The rater's work on five long turns of what people really judge: the demonstration's and SYCON's.

Each is asked the standard questions.
"""

import re

import pytest
from playwright.sync_api import expect

from annotation.models import Draft, Flag, Judgment, Seat, Skip, SpanAnswer, StageRecord
from annotation.vocabulary import FlagKind
from tests import build
from tests.browser.rating import (
    answer_by_keys,
    answer_turn,
    answers_sent,
    drag_across,
    heard,
    rating,
    ready,
    send,
    texts_of,
    until,
)
from tests.browser.real import judge, mute, new_words, seated_at, words, words_of_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# What bold words, a table and code are written with.
SIGN = {"bold": r"\*\*", "table": r"(?m)^\|", "code": r"```"}


def judge_whole(page) -> None:
    """Judge the whole, the last stage of a conversation."""
    page.locator("input[name=judgeable][value=yes]").check()
    answer_turn(page)
    for name in ("score_a", "score_b", "confidence"):
        page.locator(f"input[name={name}]").first.check()
    page.locator("input[name=compliance][value=non_compliant]").check()
    page.get_by_label("Find a clause").fill("lie")
    page.get_by_text("1 clause").wait_for()
    page.get_by_role("button", name="Violated").click()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())


def test_R103_no_word_of_a_conversation_is_sent_before_the_rater_agrees(visit, real, tmp_path):
    silent = seated_at(mute(real.line), tmp_path)
    for one in (silent, real):
        build.asks_consent(one.rater.study)
    (turn, *_) = new_words(real.line, 1, words(judge(silent, 0)[0]))
    page = visit(real.rater.user)
    sent = answers_sent(page)

    page.goto(f"/studies/{real.rater.study.slug}/rate/")
    agree = page.get_by_role("button", name="I agree", exact=True)
    agree.wait_for()
    assert words(texts_of(sent)).isdisjoint(turn)
    agree.click()
    heard(page)  # all of the page is there

    assert turn <= words(page.content())


def test_no_word_of_a_later_turn_is_in_any_answer_before_this_one_is_stored(
    visit, source, tmp_path
):
    """Neither in the page and its parts, nor in drafts, nor in the item that is fetched ahead."""
    line = source.line()
    known = words_of_pages(line, tmp_path)
    real = seated_at(line, tmp_path, twice=True)
    page = visit(real.rater.user)
    sent = answers_sent(page)
    with page.expect_response("**/ahead/"):
        page.goto(f"/studies/{real.rater.study.slug}/rate/")
        ready(page)

    for turn in range(1, real.turns + 1):
        with page.expect_response("**/draft/"):
            answer_turn(page)
        there = words(texts_of(sent) + page.content())
        later = new_words(line, turn + 1, known)
        assert all(later)
        assert there & set().union(*later) == set()
        assert new_words(line, turn, known)[0] <= there
        send(page)

    assert page.locator("input[name=turn]").input_value() == "0"


def test_every_turn_and_the_whole_are_judged_by_keys_and_progress_says_so(visit, real):
    page = rating(visit, real.rater)
    for _ in range(real.turns):
        answer_by_keys(page)
        send(page, key="Enter")
    answer_by_keys(page)
    page.keyboard.press("Enter")
    page.locator(".done[data-why=done]").wait_for()

    page.get_by_role("link", name="My answers").last.click()
    assert "1 judged" in " ".join(page.locator(".figures").inner_text().split())
    page.locator("main .list a").first.click()

    expect(page.locator(".message--assistant .message__text")).to_have_count(real.turns)


def test_words_of_a_turn_are_marked_by_keys_alone(visit, real):
    judge(real, 1)
    page = rating(visit, real.rater)
    answer_turn(page, misled="unsure")
    for name in ("misled_who", "role", "mechanism", "severity"):
        page.locator(f"input[name={name}]").first.check()
    shown = page.locator(".message--assistant .message__text").last.text_content()

    for key in ("m", "ArrowRight", "Shift+ArrowRight", "Enter", "Enter"):
        page.keyboard.press(key)
    page.locator(".spans__one").wait_for()
    page.locator(".card__asking .button--main").focus()
    send(page, key="Enter")

    span = SpanAnswer.objects.get()
    assert span.turn == 2
    assert shown[span.start : span.end] == span.quote
    assert len(span.quote.split()) == 2


@pytest.mark.parametrize("kind", ["bold", "table", "code"])
def test_words_across_what_a_reply_is_made_of_are_marked_with_the_mouse(
    visit, source, tmp_path, kind
):
    real = seated_at(source.line(kind), tmp_path)
    has = [bool(re.search(SIGN[kind], one["content"])) for one in real.messages[1::2]]
    judge(real, has.index(True))
    page = rating(visit, real.rater)
    reply = page.locator(".message--assistant .message__text").last
    answer_turn(page, misled="yes")
    for name in ("misled_who", "role", "mechanism", "severity"):
        page.locator(f"input[name={name}]").first.check()
    shown = reply.evaluate("one => one.textContent")

    quote = drag_across(page, kind)
    page.locator("#q-evidence [data-mark]").nth(2).click()
    send(page)

    span = SpanAnswer.objects.get()
    assert shown[span.start : span.end] == span.quote == quote
    assert span.option.code == "paltering"


def test_an_earlier_turn_is_revised_while_the_conversation_goes_on(visit, real):
    page = rating(visit, real.rater)
    answer_turn(page, winner="value_b")
    send(page)

    page.get_by_role("link", name=re.compile("Change")).first.click()
    page.get_by_text("Change your answer").wait_for()
    page.locator("input[name=winner][value=value_a]").check()
    page.get_by_role("button", name="Save the change").click()
    page.get_by_text(f"Turn 2 of {real.turns}").wait_for()

    assert Judgment.objects.get(revision=2).late_turn == 1


def test_what_was_entered_at_a_turn_survives_a_reload_that_tells_no_more(visit, real, tmp_path):
    later = new_words(real.line, 3, words_of_pages(real.line, tmp_path))
    judge(real, 1)
    page = rating(visit, real.rater)
    page.locator("input[name=winner][value=both]").check()
    build.wait_for(lambda: Draft.objects.filter(turn=2, answers__winner=["both"]).exists())

    page.reload()

    assert page.locator("input[name=winner][value=both]").is_checked()
    assert page.locator("input[name=turn]").input_value() == "2"
    assert words(page.content()) & set().union(*later) == set()


def test_a_conversation_is_skipped_in_the_middle(visit, real):
    page = rating(visit, real.rater)
    answer_turn(page)
    send(page)

    page.keyboard.press("s")
    page.locator("#skip button[value=sensitive]").click()
    page.locator(".done").wait_for()

    assert Skip.objects.get().reason == "sensitive"
    assert Seat.objects.filter(rater=real.rater, abandoned_at__isnull=False).count() == 1


def test_a_problem_and_an_unclear_value_are_pointed_out_and_the_turn_stays(visit, real):
    value = real.line["value_a"]
    real.rater.study.values.filter(name=value).update(definition="Means this.")
    page = rating(visit, real.rater)
    answer_turn(page)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    assert page.get_by_text("Means this.").is_visible()

    page.locator("#flag summary").click()
    page.locator("#flag-note").fill("hard to read")
    page.get_by_role("button", name="Something is wrong with this item").click()
    page.get_by_text("Thank you: the people who run the study").wait_for()
    page.get_by_role("button", name=f"“{value}” is unclear").click()
    build.wait_for(lambda: Flag.objects.count() == 2)

    assert set(Flag.objects.values_list("kind", "note")) == {
        (FlagKind.ITEM, "hard to read"),
        (FlagKind.VALUE, "hard to read"),
    }
    assert page.locator("input[name=winner][value=value_b]").is_checked()


def test_the_whole_names_the_clause_and_undo_is_a_revision(visit, real):
    judge(real, real.turns)
    page = rating(visit, real.rater)
    judge_whole(page)
    page.locator(".done").wait_for()
    cited = list(
        Judgment.objects.get(current=True).clauses.values_list("clause__clause_id", "role")
    )
    assert cited == [("honest", "violated")]

    page.get_by_role("link", name=re.compile("Undo")).click()
    page.locator("input[name=winner][value=both]").check()
    page.get_by_role("button", name="Save the change").click()
    page.get_by_text("Your change is saved.").wait_for()

    assert Judgment.objects.get(current=True).revision == 2


def test_after_the_whole_the_next_conversation_is_there_in_the_first_frame(visit, source, tmp_path):
    real = seated_at(source.line(), tmp_path, twice=True)
    judge(real, real.turns)
    page = rating(visit, real.rater)
    ready(page)

    judge_whole(page)
    page.get_by_text(f"Turn 1 of {real.turns}").wait_for()
    entries = "performance.getEntriesByName('next-item')"
    until(page, f"{entries}.length")

    assert page.evaluate(f"{entries}.map((one) => one.detail.frames)") == [1]


def test_a_phone_judges_a_turn_by_touch(visit, real):
    page = rating(visit, real.rater, width=360, touch=True)

    for name, value in (("winner", "value_a"), ("refusal", "1"), ("misled", "no")):
        page.locator(f".option:has(input[name={name}][value='{value}'])").tap()
    page.locator(".card__asking .button--main").tap()
    page.get_by_text(f"Turn 2 of {real.turns}").wait_for()

    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0


def test_R040_a_turn_answered_without_a_line_waits_and_is_sent_once(visit, real):
    judge(real, 1)
    page = rating(visit, real.rater, quiet=True)
    sent = []
    page.on("response", lambda one: sent.append(one) if one.request.method == "POST" else None)
    page.context.set_offline(True)

    answer_turn(page)
    page.locator(".card__asking .button--main").click()
    page.get_by_text("Not sent yet").wait_for()
    assert not StageRecord.objects.filter(turn=2).exists()
    page.context.set_offline(False)
    page.get_by_text(f"Turn 3 of {real.turns}").wait_for()

    assert StageRecord.objects.filter(turn=2).count() == 1
    assert len([one for one in sent if not one.url.endswith("/draft/")]) == 1
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('.queue'))") == []


def test_two_replies_of_five_turns_are_compared_side_by_side_by_keys(visit, source, tmp_path):
    study = build.study(rubric="pairwise")
    both = source.pair()
    build.batch(study, both, tmp_path)
    build.open_seats(study, n_seats=1)
    page = rating(visit, build.rater(study))
    shown = [reply.text_content() for reply in page.locator(".pair__reply").all()]

    for key in ("ArrowLeft", "ArrowRight", "4", "Enter"):
        page.keyboard.press(key)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    judgment = Judgment.objects.get()
    said = dict(judgment.answers.values_list("question__key", "option__code"))
    first, second = ("slot_1", "slot_2") if judgment.side == 1 else ("slot_2", "slot_1")
    assert said == {"more_a": first, "more_misleading": second, "confidence": "4"}
    last = [one["messages"][-1]["content"].split()[-1].strip("*_.") for one in both]
    left = judgment.item.reply_1 if judgment.side == 1 else judgment.item.reply_2
    ours = 0 if left.external_id == both[0]["response_id"] else 1
    assert last[ours] in shown[0]
    assert last[1 - ours] in shown[1]
