"""Words of a reply marked with a real mouse, and on a screen that is touched: where, and as what."""

import pytest

from annotation import rendering
from annotation.models import SpanAnswer, User
from tests import build
from tests.browser.rating import drag, rating, seated, select, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SPANS = {
    "key": "spans",
    "title": "Spans",
    "questions": [
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "required": False,
            "options": [
                {"code": "omission", "label": "Omission"},
                {"code": "framing", "label": "Framing"},
                {"code": "paltering", "label": "Paltering"},
            ],
        }
    ],
}
TABLE = "| A | B |\n|---|---|\n| one | two |\n| three | four |\n"
CODE = "Before\n\n```\nlet x = 1;\nlet y = 2;\n```\n"


def judging(visit, tmp_path, markdown, **screen):
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": markdown}]
    return rating(visit, seated(build.study(rubric=SPANS), tmp_path, messages=messages), **screen)


def shown(page) -> str:
    return page.locator(".message--assistant .message__text").evaluate("one => one.textContent")


def sent(page, n: int = 1) -> list[SpanAnswer]:
    page.locator(".card__asking .button--main").click()
    build.wait_for(lambda: SpanAnswer.objects.count() == n)
    return list(SpanAnswer.objects.order_by("start"))


@pytest.mark.parametrize(
    ("markdown", "first", "last", "quote"),
    [
        pytest.param("Plain words and more.", "words", "and", "words and", id="in a line"),
        pytest.param("Plain **bold words** here.", "words", "here", "words here", id="out of bold"),
        pytest.param(CODE, "x = 1", "let y", "x = 1;\nlet y", id="across lines of code"),
        pytest.param("One para.\n\nAnother 🙂 one.", "para", "Another", None, id="two paragraphs"),
    ],
)
def test_words_are_marked_by_dragging_the_mouse(visit, tmp_path, markdown, first, last, quote):
    page = judging(visit, tmp_path, markdown)
    text = shown(page)

    drag(page, first, last)
    page.get_by_role("button", name="Framing").click()
    (span,) = sent(page)

    assert span.quote == quote or quote is None
    assert text[span.start : span.end] == span.quote
    assert span.quote.startswith(first)
    assert span.quote.endswith(last)


def test_words_across_the_cells_of_a_table_are_marked_with_the_mouse(visit, tmp_path):
    page = judging(visit, tmp_path, TABLE)
    text = shown(page)

    drag(page, "two", "four")
    page.get_by_role("button", name="Omission").click()
    (span,) = sent(page)

    assert text[span.start : span.end] == span.quote
    assert span.quote.split() == ["two", "three", "four"]


def test_each_of_several_places_keeps_its_own_kind(visit, tmp_path):
    page = judging(visit, tmp_path, "red green blue yellow")
    for words, kind in (("red", "Omission"), ("blue", "Paltering"), ("yellow", "Framing")):
        drag(page, words, words)
        page.get_by_role("button", name=kind).click()

    spans = sent(page, 3)

    assert [(span.quote, span.option.code) for span in spans] == [
        ("red", "omission"),
        ("blue", "paltering"),
        ("yellow", "framing"),
    ]


def test_one_place_can_be_of_two_kinds(visit, tmp_path):
    page = judging(visit, tmp_path, "red green blue")
    for kind in ("Omission", "Framing"):
        drag(page, "green", "green")
        page.get_by_role("button", name=kind).click()

    spans = sent(page, 2)

    assert {span.quote for span in spans} == {"green"}
    assert {span.option.code for span in spans} == {"omission", "framing"}


def test_a_double_click_marks_a_word(visit, tmp_path):
    page = judging(visit, tmp_path, "alpha beta gamma")

    page.locator(".message--assistant .message__text p").dblclick(position={"x": 8, "y": 8})
    page.get_by_role("button", name="Framing").click()
    (span,) = sent(page)

    assert span.quote == "alpha"


def test_the_users_words_cannot_be_marked(visit, tmp_path):
    messages = [
        {"role": "user", "content": "asked words"},
        {"role": "assistant", "content": "reply"},
    ]
    page = rating(visit, seated(build.study(rubric=SPANS), tmp_path, messages=messages))

    page.locator(".message--user .message__text p").dblclick(position={"x": 8, "y": 8})
    until(page, "getSelection().toString().trim() === 'asked'")
    page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")  # it is told

    assert not page.locator(".spans__kinds").is_visible()


def test_a_finger_keeps_the_selection_when_it_presses_what_the_words_are(visit, tmp_path):
    """Headless browsers select nothing on a long press: the selection is set as one leaves it."""
    page = judging(visit, tmp_path, TABLE, width=360, touch=True)
    select(page, "two")
    page.locator("h1").tap()

    select(page, "four")
    page.get_by_role("button", name="Paltering").tap()
    (span,) = sent(page)

    assert (span.quote, span.option.code) == ("four", "paltering")


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
