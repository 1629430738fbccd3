"""Changing an answer, taking the last one back, and looking at what was said before."""

import re

import pytest

from annotation.models import Judgment, Study
from annotation.services import openings
from tests import build
from tests.annotation.rating import TURN, Browser, browser_of_three
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(study, tmp_path):
    return browser_of_three(study, tmp_path)


def test_an_edit_by_the_page_leads_back_to_rating(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")
    edit = browser.form(browser.get("revise", form["key"], 0))
    fields = {"receipt": edit["receipt"], "turn": "0", "winner": "value_b", "misled": "no"}

    answer = browser.post("revise", form["key"], 0, **fields, confidence="3")

    assert answer["X-Next"] == browser.url("rate")
    assert Judgment.objects.get(current=True).revision == 2


def test_an_edit_without_script_leads_back_to_rating(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")
    edit = browser.form(browser.get("revise", form["key"], 0))
    fields = {"receipt": edit["receipt"], "turn": "0", "winner": "value_b", "misled": "no"}

    answer = browser.post("revise", form["key"], 0, part=False, **fields, confidence="3")

    assert (answer.status_code, answer["Location"]) == (303, browser.url("rate"))


def test_an_edit_with_a_mistake_comes_back_with_its_input(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")
    edit = browser.form(browser.get("revise", form["key"], 0))

    answer = browser.post(
        "revise", form["key"], 0, receipt=edit["receipt"], turn="0", winner="value_b"
    )

    assert answer.status_code == 422
    assert re.search(r'value="value_b" checked', answer.content.decode())


def test_anothers_answer_has_no_page_to_change_it(study, browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")
    bob = Browser(build.rater(study))

    assert bob.get("revise", form["key"], 0).status_code == 404


def test_a_turn_that_the_item_has_not_has_no_page(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")

    assert browser.get("revise", form["key"], 7).status_code == 404


def test_undo_leads_to_what_was_sent_last(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")

    answer = browser.get("undo", part=False)

    assert answer["Location"] == browser.url("revise", form["key"], 0)


def test_undo_of_nothing_says_so(browser):
    answer = browser.client.get(browser.url("undo"), follow=True)

    assert "not sent anything yet" in answer.content.decode()


def test_after_the_cut_off_the_past_says_that_it_stays(study, browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")
    Study.objects.filter(pk=study.pk).update(edits_until=NOW)
    public_id = Judgment.objects.get().public_id

    html = browser.get("my_judgment", public_id, part=False).content.decode()

    assert "The time for changing answers has passed" in html
    assert browser.url("revise", form["key"], 0) not in html


def test_own_progress_and_pace_are_shown(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")

    html = browser.get("mine", part=False).content.decode()

    assert re.search(r'figure__value">1</span> <span class="figure__name">judged', html)
    assert "an item takes you" in html


def test_every_past_judgment_can_be_reached_page_by_page(tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.selectors.past.LISTED", 2)
    study = build.study()
    ann = build.rater(study)
    build.batch(study, [build.reply_fields() for _ in range(3)], tmp_path)
    openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=build.NOW)
    while seat := build.claim(ann):
        build.submit(ann, seat)
    browser = Browser(ann)

    first = browser.get("mine", part=False).content.decode()
    second = browser.client.get(browser.url("mine"), {"page": "2"}).content.decode()

    links = [set(re.findall(r"/mine/([0-9a-f-]{36})/", html)) for html in (first, second)]
    assert "Page 1 of 2" in first
    assert [len(one) for one in links] == [2, 1]
    assert not links[0] & links[1]
