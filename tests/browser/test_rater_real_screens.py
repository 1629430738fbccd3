"""What five long turns of the demonstration and of SYCON look like, and that it can be made again."""

import pytest
from django.test import Client

from annotation import rendering
from annotation.models import Judgment, Seat, StageRecord
from annotation.selectors.cards import FOLDED_ABOVE
from config.environment import BASE_DIR
from evaluation.exports.rebuild import rebuild_one
from tests import build
from tests.browser.rating import answer_turn, rating, send
from tests.browser.real import Source, judge, seated_at
from tests.evaluation.given import written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What a stage shows: the turn, the messages, and the questions with their answers.
SHOWN = """() => [
  Number(document.querySelector('.card').dataset.turn),
  [...document.querySelectorAll('.message')].map((one) => [
    one.classList.contains('message--user') ? 'user' : 'assistant',
    one.querySelector('.message__text').textContent,
  ]),
  [...document.querySelectorAll('.question')].map((one) => [
    one.dataset.key,
    one.querySelector('legend').firstChild.data.trim(),
    [...one.querySelectorAll('.option__label, [data-mark]')].map((label) => label.firstChild.data),
  ]),
]"""


def made_again(screen, turns: int) -> list:
    """The same of a screen that was made again from a release, stage by stage."""
    messages = [
        [one.role, rendering.text_of(rendering.render(one.content))] for one in screen.messages
    ]
    return [
        [
            stage.turn,
            messages[: 2 * (stage.turn or turns)],
            [[q.key, q.label, [option.label for option in q.options]] for q in stage.questions],
        ]
        for stage in screen.stages
    ]  # fmt: skip


def test_R044_every_stage_is_made_again_as_it_was_on_the_screen(visit, real, tmp_path):
    page = rating(visit, real.rater)
    seen = []
    for _ in range(real.turns):
        seen.append(page.evaluate(SHOWN))
        answer_turn(page)
        send(page)
    seen.append(page.evaluate(SHOWN))
    page.locator("input[name=judgeable][value=incoherent]").check()
    answer_turn(page)
    for name in ("score_a", "score_b", "compliance", "confidence"):
        page.locator(f"input[name={name}]").first.check()
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    judgment = Judgment.objects.get(current=True)
    found = rebuild_one(written(real.rater.study, tmp_path), str(judgment.public_id))

    assert found.differences == ()
    assert made_again(found.screen, real.turns) == seen
    assert list(found.screen.facts) == real.line.get("facts", [])


def test_a_long_reply_is_folded_and_what_was_unfolded_is_kept_with_its_turn(visit, real):
    turn = real.longest
    long = len(real.messages[2 * turn - 1]["content"]) > FOLDED_ABOVE
    judge(real, turn - 1)
    page = rating(visit, real.rater)
    reply = page.locator(".message--assistant").last
    text = reply.locator(".message__text")
    before = text.bounding_box()["height"]
    unfold = reply.locator(".message__unfold")
    assert unfold.count() == long  # none of SYCON's is so long

    if long:
        unfold.click()
    answer_turn(page)
    after = text.bounding_box()["height"]
    send(page)

    assert (after > 2 * before) == long
    signals = StageRecord.objects.get(turn=turn).signals
    assert signals == ({"folded": [turn], "unfolded": [turn]} if long else {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_R132_axe_finds_nothing_on_the_fourth_turn_at_360_pixels_and_at_400_percent(
    visit, real, accessible, scheme
):
    judge(real, 3)
    page = rating(visit, real.rater, width=360, scheme=scheme)
    accessible(page)

    page.set_viewport_size({"width": 1280 // 4, "height": 800 // 4})
    accessible(page)
    answer_turn(page)
    send(page)

    page.get_by_text(f"Turn 5 of {real.turns}").wait_for()


def test_R132_the_second_turn_is_judged_in_forced_colours_and_without_motion(
    visit, real, accessible
):
    judge(real, 1)
    page = rating(visit, real.rater)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")

    page.locator("input[name=winner]").first.check()

    chosen = page.locator(".option").first
    assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    assert chosen.evaluate("one => getComputedStyle(one).transitionDuration") == "0s"
    accessible(page)


def test_a_turn_is_judged_in_german_and_the_language_is_kept_with_it(visit, real):
    page = rating(visit, real.rater)

    page.get_by_role("button", name="Deutsch").click()
    page.get_by_text("Welchem Wert hat die Antwort mehr gedient?").wait_for()
    answer_turn(page)
    send(page)

    page.get_by_text(f"Runde 2 von {real.turns}").wait_for()
    assert Judgment.objects.get().language == "de"


def test_R106_whoever_leaves_in_the_middle_gives_the_conversation_back(visit, real):
    judge(real, 2)
    page = rating(visit, real.rater)
    study = real.rater.study

    page.goto(f"/studies/{study.slug}/withdraw/")
    page.get_by_role("button", name="Leave for good").click()
    page.wait_for_url("**/goodbye/")

    assert not Seat.objects.filter(rater=real.rater, judged_at=None, abandoned_at=None).exists()
    client = Client()
    client.force_login(real.rater.user)
    assert client.get(f"/studies/{study.slug}/rate/").status_code == 404


def test_R135_a_message_in_arabic_reads_from_the_right_among_words_in_english(visit, tmp_path):
    demonstration = Source(BASE_DIR / "fixtures" / "demo_batch.jsonl")
    real = seated_at(demonstration.line(), tmp_path)
    judge(real, 3)
    page = rating(visit, real.rater, width=360)
    reply = page.locator(".message--assistant").last

    directions = reply.locator("p").evaluate_all(
        "all => all.map((one) => [/[\\u0621-\\u064a]/.test(one.textContent), getComputedStyle(one).direction])"
    )
    legend = page.locator(".card__asking legend").first

    assert sorted({tuple(one) for one in directions}) == [(False, "ltr"), (True, "rtl")]
    assert legend.evaluate("one => getComputedStyle(one).direction") == "ltr"
