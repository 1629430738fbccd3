"""The leak report by keys, and masking by hand, in a real browser."""

import pytest

from annotation.models import Hit
from annotation.vocabulary import Role
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def said(text: str) -> list[dict]:
    return [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": text}]


@pytest.fixture
def study(tmp_path):
    made = build.study("s")
    for text in ("Claude came by.", "Try Claude.", "Gemini called.", "I am ChatGPT."):
        build.reply(made, tmp_path, messages=said(text))
    Hit.objects.exclude(found="ChatGPT").update(decision="held")
    return made


@pytest.fixture
def admin(study):
    return build.member(study, Role.ADMIN, name="boss")


def decisions() -> list[tuple[str, str]]:
    return sorted(Hit.objects.values_list("found", "decision"))


def test_doubtful_findings_are_decided_by_keys_alone(visit, admin, accessible):
    page = visit(admin)
    page.goto("/studies/s/leaks/?decision=held")

    page.keyboard.press("n")
    page.keyboard.press("k")
    page.wait_for_selector("text=2 findings decided.")
    focused = page.locator("[data-leak]:focus h3").text_content()  # its script is there then
    page.keyboard.press("m")
    page.wait_for_selector("text=1 finding decided.")

    assert focused == "Gemini"
    assert decisions() == [
        ("ChatGPT", "masked"),
        ("Claude", "kept"),
        ("Claude", "kept"),
        ("Gemini", "masked"),
    ]
    page.goto("/studies/s/leaks/")
    accessible(page)


def test_chosen_places_are_decided_by_keys(visit, admin):
    page = visit(admin)
    page.goto("/studies/s/leaks/?decision=held")

    page.keyboard.press("n")
    page.keyboard.press("x")
    assert page.text_content("[data-chosen]") == "1 chosen:"
    page.keyboard.press("n")
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.wait_for_selector("text=2 findings decided.")

    assert decisions() == [
        ("ChatGPT", "masked"),
        ("Claude", "held"),
        ("Claude", "kept"),
        ("Gemini", "kept"),
    ]


def test_keys_stand_still_in_a_field(visit, admin):
    page = visit(admin)
    page.goto("/studies/s/leaks/")

    page.focus("select[name=rule]")
    page.keyboard.press("m")

    assert ("Gemini", "held") in decisions()


def test_words_that_are_selected_come_into_the_field(visit, admin, study, accessible):
    reply = study.responses.get(versions__hits__found="Gemini")
    page = visit(admin, width=360)
    page.goto(f"/studies/s/replies/{reply.pk}/")
    page.click("summary:has-text('Mask words')")

    page.locator(".uploaded").last.dblclick(position={"x": 85, "y": 20})
    build.wait_for(lambda: page.input_value("#words"))
    selected = page.input_value("#words")
    accessible(page)
    page.click("text=Mask these words")

    page.wait_for_selector("text=Masked at 1 place.")
    assert selected in ("called", "Gemini called.", ".")
    assert Hit.objects.filter(rule="by hand", found=selected).exists()
