"""Answers that cannot be stored are shown back in the words the rater read; a skip sent twice is one."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from annotation.models import Rater, Seat, Skip
from annotation.receipts import opened
from annotation.selectors.refused import in_words
from tests import build
from tests.annotation.rating import Browser

pytestmark = pytest.mark.django_db


def browser_at(study, tmp_path, **fields) -> Browser:
    build.item(study, tmp_path, n_seats=1, **fields)
    return Browser(build.rater(study))


def taken_by_another(study) -> None:
    """Let every lease lapse, and another rater take what is free."""
    Seat.objects.exclude(rater=None).update(leased_until=build.now() - timedelta(hours=1))
    assert build.claim(build.rater(study), at=build.now())


def test_R034_both_answers_are_shown_by_their_labels(tmp_path):
    browser = browser_at(build.study(), tmp_path)
    form = browser.form(browser.get("rate"))
    browser.submit(form, winner="value_a", misled="no", confidence="3")

    answer = browser.submit(form, winner="value_b", misled="no", confidence="3")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert re.findall(r'<dd dir="auto">(Honesty|Kindness)</dd>', html) == ["Honesty", "Kindness"]
    assert "value_b" not in html
    assert "<dt>winner" not in html


def test_an_item_that_went_to_another_is_refused_with_the_labels_of_what_was_sent(tmp_path):
    study = build.study()
    browser = browser_at(study, tmp_path)
    form = browser.form(browser.get("rate"))
    taken_by_another(study)

    answer = browser.submit(form, winner="value_b", misled="no", confidence="3")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert '<dd dir="auto">Kindness</dd>' in html
    assert "value_b" not in html


def test_places_and_clauses_are_shown_as_quotes_and_roles(tmp_path):
    study = build.study(rubric=build.WITH_EVIDENCE)
    build.specification(study)
    browser = browser_at(study, tmp_path)
    form = browser.form(browser.get("rate"))
    place = {"slot": 1, "message": 1, "start": 0, "end": 6, "kind": "framing", "quote": "Answer"}
    taken_by_another(study)

    answer = browser.submit(
        form,
        misled="no",
        evidence=json.dumps(place),
        kept="no",
        **{"kept.clause": "violated harm", "note": "my words"},
    )

    html = answer.content.decode()
    assert "“Answer” (Framing)" in html
    assert "No; harm (Violated)" in html
    assert "my words" in html
    assert "&quot;slot&quot;" not in html


@pytest.mark.parametrize(("side", "letter"), [(1, "A"), (2, "B")])
def test_a_reply_of_two_is_named_as_it_stood(tmp_path, side, letter):
    study = build.study(rubric="pairwise")
    for model in ("acme/one", "acme/two"):
        build.reply(study, tmp_path, query_id="q", model=model, response_id=f"r-{model}")
    build.open_seats(study, n_seats=1)
    browser = Browser(build.rater(study))
    browser.get("rate")
    Seat.objects.exclude(rater=None).update(side=side)
    form = browser.form(browser.get("rate"))
    taken_by_another(study)

    html = browser.submit(form, more_a="slot_1", confidence="3").content.decode()

    assert "slot_1" not in html
    assert re.search(rf'<dd dir="auto">[^<]*{letter}</dd>', html)


def test_what_the_rubric_does_not_know_is_shown_as_it_came(tmp_path):
    browser = browser_at(build.study(), tmp_path)
    form = browser.form(browser.get("rate"))
    receipt = opened(form["receipt"], seat_key=form["key"])

    said = in_words(
        {"winner": ["nobody"], "odd": ["x", "y"]}, browser.rater, receipt, language="en"
    )

    assert said == [("Which value did the reply serve more?", "nobody"), ("odd", "x, y")]


def test_without_a_receipt_answers_are_shown_as_they_came(tmp_path):
    browser = browser_at(build.study(), tmp_path)

    said = in_words({"winner": ["value_a"]}, browser.rater, None, language="en")

    assert said == [("winner", "value_a")]


def test_R034_a_skip_that_is_sent_twice_is_one(tmp_path):
    study = build.study()
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    form = browser.form(browser.get("rate"))
    sent = {"reason": "broken", "receipt": form["receipt"]}

    first = browser.post("skip", form["key"], **sent)
    again = browser.post("skip", form["key"], **sent)

    assert (first.status_code, again.status_code) == (200, 200)
    assert Skip.objects.count() == 1
    assert Rater.objects.get(pk=browser.rater.pk).skipped_count == 1
    assert browser.form(again)["key"] == browser.form(first)["key"] != form["key"]


def test_a_skip_of_what_went_to_another_is_refused(tmp_path):
    study = build.study()
    browser = browser_at(study, tmp_path)
    form = browser.form(browser.get("rate"))
    taken_by_another(study)

    answer = browser.post("skip", form["key"], reason="broken", receipt=form["receipt"])

    assert answer.status_code == 409
    assert "Nothing was changed" in answer.content.decode()
    assert not Skip.objects.exists()


def test_a_page_that_shows_the_next_item_gets_no_body_when_it_skips(tmp_path):
    study = build.study()
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    form = browser.form(browser.get("rate"))
    ahead = browser.form(browser.get("ahead"))

    answer = browser.post("skip", form["key"], reason="broken", next=ahead["key"])

    assert answer.status_code == 204
    assert Seat.objects.get(key=ahead["key"]).shown_at is not None


def test_a_skip_with_another_items_receipt_is_refused(tmp_path):
    study = build.study()
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))
    form = browser.form(browser.get("rate"))
    ahead = browser.form(browser.get("ahead"))
    address = reverse("annotation:skip", args=[study.slug, form["key"]])

    answer = browser.client.post(address, {"reason": "broken", "receipt": ahead["receipt"]})

    assert answer.status_code == 409
    assert not Skip.objects.exists()
