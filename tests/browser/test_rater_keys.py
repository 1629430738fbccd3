"""Every key of the rater's screen: what it does, where it is shown, and another one instead."""

import re

import pytest

from annotation.models import Judgment, SpanAnswer, User
from tests import build
from tests.browser.rating import rating, seated, select, with_specification

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOURTEEN = {
    "key": "many",
    "title": "Many",
    "questions": [
        {
            "key": "many",
            "label": "Which?",
            "type": "single",
            "options": [{"code": f"o{n}", "label": f"Option {n}"} for n in range(1, 15)],
        },
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "required": False,
            "options": [{"code": "omission", "label": "Omission"}, {"code": "framing", "label": "Framing"}],
        },
    ],
}  # fmt: skip


def shown(place) -> str | None:
    return place.get_attribute("data-shown")


def change(page, name: str, key: str) -> None:
    """Give an act another key on the sheet, and close it."""
    page.keyboard.press("?")
    page.locator("#keys details").evaluate("one => one.open = true")
    page.locator(f"#keys [name={name}]").press(key)
    page.locator("[data-remap-said]").get_by_text("Saved").wait_for()
    page.keyboard.press("Escape")


def test_answers_after_the_tenth_have_letters_and_show_them(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=FOURTEEN), tmp_path))
    letters = [shown(page.locator(".option").nth(place)) for place in range(8, 14)]
    assert letters == ["9", "0", "a", "b", "c", "d"]

    page.keyboard.press("c")

    assert page.locator("input[name=many]:checked").input_value() == "o13"


def test_letters_pass_by_those_that_acts_have(visit, tmp_path):
    rater = seated(build.study(rubric=FOURTEEN), tmp_path)
    User.objects.filter(pk=rater.user_id).update(keys={"skip": "a", "flag": "c"})
    page = rating(visit, rater)

    letters = [shown(page.locator(".option").nth(place)) for place in range(10, 14)]
    kinds = [shown(page.locator("[data-mark]").nth(place)) for place in range(2)]

    assert (letters, kinds) == (["b", "d", "e", "f"], ["h", "i"])


def test_what_marked_words_are_is_said_by_a_letter(visit, tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "alpha beta gamma"},
    ]
    page = rating(visit, seated(build.study(rubric=FOURTEEN), tmp_path, messages=messages))
    select(page, "alpha")
    kind = page.get_by_role("button", name="Framing")
    assert kind.is_visible()

    page.keyboard.press(shown(kind))
    page.locator(".spans__one").wait_for()
    page.locator("input[name=many]").first.check()
    page.keyboard.press("Enter")
    build.wait_for(lambda: SpanAnswer.objects.count() == 1)

    assert SpanAnswer.objects.get().option.code == "framing"


def test_several_places_are_marked_by_keys_without_beginning_again(visit, tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "alpha beta gamma"},
    ]
    page = rating(visit, seated(build.study(rubric=FOURTEEN), tmp_path, messages=messages))
    omission, framing = (shown(page.locator("[data-mark]").nth(n)) for n in range(2))

    for key in ("m", omission, "ArrowRight", "ArrowRight", framing):
        page.keyboard.press(key)
    page.locator(".spans__one").nth(1).wait_for()

    marked = page.locator(".spans__one").all_inner_texts()
    assert "alpha" in marked[0]
    assert "Omission" in marked[0]
    assert "gamma" in marked[1]
    assert "Framing" in marked[1]


def test_what_a_clause_did_is_said_by_a_letter(visit, tmp_path):
    study = build.study(rubric="compliance")
    with_specification(study)
    page = rating(visit, seated(study, tmp_path))
    page.keyboard.press("2")
    page.get_by_label("Find a clause").fill("lie")
    page.get_by_text("1 clause").wait_for()
    violated = page.get_by_role("button", name="Violated")
    key = shown(violated)
    page.get_by_role("button", name="Supports the answer").focus()

    page.keyboard.press(key)
    page.locator(".clauses__chosen li").wait_for()
    page.locator("input[name=confidence][value='4']").check()
    page.keyboard.press("Enter")
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    cited = list(Judgment.objects.get().clauses.values_list("clause__clause_id", "role"))
    assert cited == [("honest", "violated")]


@pytest.mark.parametrize(("name", "usual", "other"), [("submit", "Enter", "x"), ("digit_2", "2", "y")])  # fmt: skip
def test_R131_sending_and_choosing_have_other_keys(visit, tmp_path, name, usual, other):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    change(page, name, other)
    page.reload()
    page.locator(".card").wait_for()
    choose, send = ("2", other) if name == "submit" else (other, "Enter")
    page.locator("input[name=safe]").first.check()
    page.keyboard.press(usual)
    assert page.locator("#answers").get_attribute("data-sent") is None  # it is set at the press
    assert page.locator("input[name=safe]").first.is_checked()
    assert not Judgment.objects.exists()

    page.locator("input[name=safe]").first.focus()
    page.keyboard.press(choose)
    page.keyboard.press(send)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    assert Judgment.objects.get().answers.get().option.code == "yes"


def test_R131_the_sheet_opens_with_another_key(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE), tmp_path))
    change(page, "sheet", "h")

    page.keyboard.press("?")
    assert not page.locator("#keys").evaluate("one => one.open")
    page.keyboard.press("h")

    assert page.locator("#keys").evaluate("one => one.open")
    assert page.locator("[data-shows=sheet]").inner_text() == "h"


def test_R131_two_replies_are_chosen_with_other_keys(visit, tmp_path):
    page = rating(visit, pair(tmp_path))
    change(page, "left_reply", "q")

    page.keyboard.press("q")

    first = page.locator(".pair__reply .message[data-slot]").first.get_attribute("data-slot")
    assert page.locator("#q-more_a input:checked").input_value() == f"slot_{first}"


def test_the_sheet_names_the_arrows_of_two_replies(visit, tmp_path):
    page = rating(visit, pair(tmp_path))

    page.keyboard.press("?")

    said = page.locator("[data-questions]").inner_text()
    assert re.search(r"←\s+the left reply", said)
    assert re.search(r"→\s+the right reply", said)


def test_the_sheet_names_letters_of_answers_kinds_and_roles(visit, tmp_path):
    study = build.study(rubric="compliance")
    with_specification(study)
    page = rating(visit, seated(study, tmp_path))
    page.keyboard.press("?")
    assert re.search(r"a\s+Violated\s+b\s+Supports", page.locator("[data-questions]").inner_text())

    page = rating(visit, seated(build.study(rubric=FOURTEEN), tmp_path))
    page.keyboard.press("?")

    said = page.locator("[data-questions]").inner_text()
    assert re.search(r"d\s+Option 14", said)
    assert re.search(r"\w\s+Omission", said)


def test_a_key_that_is_refused_changes_nothing(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=build.SAFE), tmp_path))
    page.keyboard.press("?")
    page.locator("#keys [name=skip]").fill("u")
    page.locator("#keys [name=skip]").blur()
    page.get_by_text("chosen twice").wait_for()
    page.keyboard.press("Escape")

    page.keyboard.press("s")

    assert page.locator("#skip").evaluate("one => one.open")


def test_no_key_acts_in_any_text_field_of_the_page(visit, tmp_path):
    study = build.study(rubric="compliance")
    with_specification(study)
    page = rating(visit, seated(study, tmp_path))
    page.locator("#flag summary").click()

    for field in (page.locator("#flag-note"), page.get_by_label("Find a clause")):
        field.click()
        page.keyboard.type("1sjabu?")
        assert field.input_value() == "1sjabu?"

    assert page.locator("#answers input:checked").count() == 0
    assert not page.locator("#keys").evaluate("one => one.open")
    assert not page.locator("#skip").evaluate("one => one.open")


def test_v_opens_what_the_values_mean_and_closes_it(visit, tmp_path):
    study = build.study(rubric=build.SAFE)
    rater = seated(study, tmp_path)
    study.values.filter(name="Honesty").update(definition="Saying what is so.")
    page = rating(visit, rater)
    meaning = page.get_by_text("Saying what is so.")
    assert not meaning.is_visible()

    page.keyboard.press("v")
    assert meaning.is_visible()
    page.keyboard.press("v")

    assert not meaning.is_visible()


def pair(tmp_path):
    """A rater at two replies to one query."""
    study = build.study(rubric="pairwise")
    for model in ("acme/one", "acme/two"):
        build.reply(study, tmp_path, query_id="q", model=model, response_id=f"r-{model}")
    build.open_seats(study, n_seats=1)
    return build.rater(study)


def test_keys_are_changed_and_used(visit, tmp_path):
    rater = seated(build.study(rubric=build.SAFE), tmp_path)
    page = rating(visit, rater)
    page.keyboard.press("?")
    page.locator("[name=skip]").fill("x")
    page.locator("[name=skip]").blur()
    page.locator("[data-remap-said]", has_text="Saved").wait_for()
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
