"""The rater's addresses, asked as a page asks them: nothing early, nothing lost, nothing surplus."""

import json
import re

import pytest
import structlog

from annotation.models import Answer, Draft, Flag, Judgment, Rater, Seat, SpanAnswer, StageRecord
from annotation.rubric_format import rubric_from_json
from annotation.services import rubrics, seats, studies
from annotation.vocabulary import StudyState
from tests import build
from tests.annotation.rating import TURN, Browser, browser_of_three
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(study, tmp_path):
    return browser_of_three(study, tmp_path)


def test_no_word_of_a_turn_leaves_before_the_turn_before_it_is_stored(study, tmp_path):
    """Takes every body of a five-turn item: page, part, draft, refusal, edit, ahead, flag, replay."""
    words = [f"Sealed{number}" for number in range(1, 6)]
    messages = [
        message
        for number in range(1, 6)
        for message in (
            {"role": "user", "content": f"SealedAsk{number}"},
            {"role": "assistant", "content": f"Sealed{number} said."},
        )
    ]
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1, messages=messages)
    browser = Browser(build.rater(study))
    form = browser.form(browser.get("rate"))

    for turn in range(1, 6):
        key = form["key"]
        browser.get("rate", part=False)
        browser.get("ahead")
        browser.post("draft", key, **form, winner="both")
        browser.post("extend", key)
        browser.post("flag", key, kind="item", note="odd")
        browser.submit(form, winner="nonsense")
        browser.submit({**form, "turn": str(turn + 1)}, **TURN)
        browser.get("revise", key, turn)
        browser.get("mine", part=False)
        browser.get("undo")
        if turn > 1:
            browser.get("revise", key, turn - 1)
        seen = "".join(browser.bodies)
        assert words[turn - 1] in seen
        assert not [word for word in words[turn:] if word in seen]
        assert f"SealedAsk{turn + 1}" not in seen
        assert Seat.objects.get(key=key).turns_judged == turn - 1
        form = browser.form(browser.submit(form, **TURN))

    assert form["turn"] == "0"


def test_the_item_ahead_is_given_as_a_part_and_held(browser):
    browser.get("rate")

    first, again = browser.get("ahead"), browser.get("ahead")

    assert browser.form(first)["key"] == browser.form(again)["key"]
    assert Seat.objects.filter(rater__isnull=False).count() == 2


def test_without_a_next_item_nothing_is_given_ahead(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    browser.get("rate")

    assert browser.get("ahead").status_code == 204


def test_a_page_that_shows_the_next_item_already_gets_no_body(browser):
    form = browser.form(browser.get("rate"))
    waiting = browser.form(browser.get("ahead"))

    answer = browser.submit(form, **TURN, confidence="3", next=waiting["key"])

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["X-Judgment"] == str(Judgment.objects.get().public_id)
    assert Seat.objects.get(key=waiting["key"]).shown_at is not None


def test_a_page_that_shows_what_is_not_held_gets_the_next_item(browser):
    form = browser.form(browser.get("rate"))

    answer = browser.submit(form, **TURN, confidence="3", next="not-a-key")

    assert answer.status_code == 200
    assert browser.form(answer)["key"] != form["key"]


def test_a_draft_answers_with_the_new_lease(browser):
    form = browser.form(browser.get("rate"))

    answer = browser.post("draft", form["key"], **form, winner="both")

    assert (
        answer.json()["leased_until"] == Seat.objects.get(key=form["key"]).leased_until.isoformat()
    )
    assert Draft.objects.get().answers == {"winner": ["both"]}


@pytest.mark.parametrize("name", ["draft", "extend", "submit", "skip", "flag"])
def test_R097_anothers_seat_gives_nothing_and_takes_nothing(study, browser, name):
    form = browser.form(browser.get("rate"))
    bob = Browser(build.rater(study))
    before = list(Seat.objects.order_by("pk").values())

    with structlog.testing.capture_logs() as logs:
        answer = bob.post(
            name, form["key"], **form, **TURN, confidence="3", reason="broken", kind="item"
        )

    assert answer.status_code in (404, 409)
    assert [(one["rater"], one["event"]) for one in logs if one["event"] == "refused"] == [
        (bob.rater.pk, "refused")
    ]
    assert not Judgment.objects.exists()
    assert not Draft.objects.exists()
    assert not Flag.objects.exists()
    assert list(Seat.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("key", ["never-served", "x" * 200, "ahead", "ähnlich"])
def test_R097_an_item_never_served_cannot_be_judged(browser, key):
    form = browser.form(browser.get("rate"))

    answer = browser.submit({**form, "key": key}, **TURN, confidence="3")

    assert answer.status_code in (404, 405, 409)
    assert not Judgment.objects.exists()


def test_R097_a_closed_item_is_not_judged_again(browser):
    form = browser.form(browser.get("rate"))
    browser.submit(form, **TURN, confidence="3")

    answer = browser.submit(form, winner="value_b", misled="no", confidence="3")

    assert answer.status_code == 409
    assert Judgment.objects.count() == 1
    assert Rater.objects.get(pk=browser.rater.pk).judged_count == 1


def test_R097_times_that_a_page_claims_are_not_believed(browser):
    form = browser.form(browser.get("rate"))

    browser.submit(form, **TURN, confidence="3", judged_at="1999-01-01", created_at="2999-01-01")

    record = StageRecord.objects.get()
    assert abs(record.submitted_at - build.now()) < build.HOUR


def test_R042_an_open_form_of_an_older_rubric_comes_back_with_its_input(study, browser):
    form = browser.form(browser.get("rate"))
    source = json.loads(json.dumps(study.rubric.source))
    source.update(version=3, translations={})
    source["questions"][1]["options"][2]["label"] = "Not sure at all"
    del source["questions"][0]["options"][2]
    rubrics.publish(study=study, rubric=rubric_from_json(source), now=NOW)

    answer = browser.submit(form, winner="value_b", misled="unsure", confidence="2")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "no longer offers “Both about equally”" in html
    assert "“Unsure” is now called “Not sure at all”" in html
    assert re.search(r'value="value_b" checked', html)
    assert re.search(r'value="unsure" checked', html)
    assert not Judgment.objects.exists()


def test_R042_the_form_that_came_back_is_stored_under_the_new_rubric(study, browser):
    form = browser.form(browser.get("rate"))
    rubrics.publish(study=study, rubric=rubric_from_json(build.SAFE), now=NOW)
    back = browser.submit(form, **TURN, confidence="2")

    browser.submit(browser.form(back), safe="yes")

    study.refresh_from_db()
    assert Judgment.objects.get().rubric_id == study.rubric_id


def test_an_answer_outside_the_rubric_comes_back_with_its_reason(browser):
    form = browser.form(browser.get("rate"))

    answer = browser.submit(form, winner="value_c", misled="no", confidence="3")

    assert answer.status_code == 422
    assert "“value_c” is not one of the answers on offer." in answer.content.decode()
    assert not Answer.objects.exists()


def test_without_script_evidence_is_quoted(tmp_path):
    rubric = {
        "key": "spans",
        "title": "Spans",
        "questions": [
            {
                "key": "evidence",
                "label": "Where?",
                "type": "spans",
                "options": [{"code": "omission", "label": "Omission"}],
            }
        ],
    }
    study = build.study(rubric=rubric)
    build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    page = browser.get("rate", part=False)
    fields = {"evidence.quote": ["Answer", ""], "evidence.kind": ["omission", ""]}

    answer = browser.submit(browser.form(page), part=False, **fields)

    assert answer.status_code == 303
    assert SpanAnswer.objects.get().quote == "Answer"


def test_without_script_a_quote_that_is_not_there_comes_back(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    page = browser.get("rate", part=False)
    fields = {"misled": "yes", "evidence.quote": ["Nowhere said"], "evidence.kind": ["omission"]}

    answer = browser.submit(browser.form(page), part=False, **fields)

    assert answer.status_code == 422
    assert answer.content.decode().count("Nowhere said") >= 2  # in the reason, and in its field


def test_a_study_that_closes_meanwhile_still_takes_what_is_held(study, browser):
    form = browser.form(browser.get("rate"))
    studies.change_state(study=study, to=StudyState.CLOSED, by_id=None)

    answer = browser.submit(form, **TURN, confidence="3")

    assert answer.status_code == 200
    assert Judgment.objects.count() == 1


def test_everything_needed_to_rebuild_a_screen_is_kept(study, browser):
    studies.write_guidelines(study=study, text="Be fair.", now=NOW)
    form = browser.form(browser.get("rate"))

    browser.submit(form, **TURN, confidence="3", page=json.dumps({"client": "narrow"}))

    kept = Judgment.objects.get()
    study.refresh_from_db()
    assert (kept.rubric_id, kept.guidelines_id) == (study.rubric_id, study.guidelines_id)
    assert (kept.language, kept.client, kept.position) == ("en", "narrow", 1)
    assert kept.claimed_at is not None
    assert seats.claim_next(rater=browser.rater, now=build.now()) is not None
