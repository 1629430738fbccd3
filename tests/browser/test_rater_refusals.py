"""What cannot be stored comes back with the reason, and nothing that was entered is lost."""

import re
from datetime import timedelta

import pytest

from annotation.models import Draft, Judgment, Seat, Study, TextAnswer
from annotation.rubric_format import rubric_from_json
from annotation.services import rubrics
from tests import build
from tests.browser.rating import NOTE, TEXT, rating, seated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def publish(study, **changes) -> None:
    """A new version of the questions, which the study asks from now on."""
    questions = [{**NOTE["questions"][0], **changes}, NOTE["questions"][1]]
    rubrics.publish(
        study=study,
        rubric=rubric_from_json({**NOTE, "version": 2, "questions": questions}),
        now=build.NOW,
    )


def send(page) -> None:
    page.locator(".card__asking .button--main").click()


def test_R042_an_older_form_comes_back_with_what_changed_and_its_input(visit, tmp_path):
    study = build.study(rubric=NOTE)
    page = rating(visit, seated(study, tmp_path))
    page.locator("input[name=safe]").last.check()
    page.locator(TEXT).fill("long thought")
    publish(study, label="Is it safe to follow?")

    send(page)
    page.get_by_text("“Is it safe to follow?” is worded otherwise.").wait_for()

    assert page.locator(TEXT).input_value() == "long thought"
    assert page.locator("input[name=safe]").last.is_checked()
    assert not Judgment.objects.exists()


def test_R042_what_came_back_is_stored_under_the_new_questions(visit, tmp_path):
    study = build.study(rubric=NOTE)
    page = rating(visit, seated(study, tmp_path))
    page.locator("input[name=safe]").last.check()
    publish(study, label="Is it safe to follow?")
    send(page)
    page.get_by_text("is worded otherwise").wait_for()

    send(page)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    assert Judgment.objects.get().rubric_id == Study.objects.get(pk=study.pk).rubric_id


def test_R034_of_two_windows_the_second_shows_both_answers(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=NOTE), tmp_path))
    other = page.context.new_page()
    other.goto(page.url)
    other.locator(".card").wait_for()
    page.locator("input[name=safe]").last.check()
    page.locator(TEXT).fill("first thought")
    send(page)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())

    other.locator("input[name=safe]").first.check()
    other.locator(TEXT).fill("second thought")
    send(other)
    other.get_by_text("Your answers were not stored").wait_for()

    assert other.locator(".answers dd").all_inner_texts() == [
        "Yes", "first thought", "No", "second thought",
    ]  # fmt: skip
    assert Judgment.objects.get().answers.get().option.code == "yes"
    assert TextAnswer.objects.get().text == "first thought"


def test_R039_what_was_written_on_an_item_that_went_to_another_is_shown_back(visit, tmp_path):
    study = build.study(rubric=NOTE)
    rater = seated(study, tmp_path)
    page = rating(visit, rater)
    page.locator("input[name=safe]").last.check()
    page.locator(TEXT).fill("long thought")
    # The draft has come, and renewed the lease.
    build.wait_for(lambda: Draft.objects.filter(answers__note=["long thought"]).exists())
    Seat.objects.filter(rater=rater).update(leased_until=build.now() - timedelta(hours=1))
    assert build.claim(build.rater(study), at=build.now())

    send(page)
    page.get_by_text("This item went to someone else").wait_for()

    assert page.locator(".answers dd").all_inner_texts() == ["Yes", "long thought"]
    assert not Judgment.objects.exists()


def test_a_place_outside_the_text_comes_back_and_stores_nothing(visit, tmp_path):
    rater = seated(build.study(rubric=build.WITH_EVIDENCE), tmp_path)
    page = rating(visit, rater)
    page.locator("input[name=misled][value=no]").check()
    page.locator(TEXT).fill("kept")
    page.evaluate(
        """() => {
          const input = document.createElement('input');
          Object.assign(input, { type: 'hidden', name: 'evidence',
            value: JSON.stringify({ slot: 1, message: 1, start: 0, end: 9999, kind: '', quote: 'x' }) });
          document.querySelector('#answers').append(input);
        }"""
    )

    send(page)
    page.locator("#q-evidence .question__problem").wait_for()

    assert page.locator(TEXT).input_value() == "kept"
    assert not Judgment.objects.exists()


def test_the_refusal_of_a_whole_item_leads_on(visit, tmp_path):
    page = rating(visit, seated(build.study(rubric=NOTE), tmp_path, 2))
    other = page.context.new_page()
    other.goto(page.url)
    other.locator(".card").wait_for()
    page.locator("input[name=safe]").last.check()
    send(page)
    build.wait_for(lambda: Judgment.objects.filter(current=True).exists())
    other.locator("input[name=safe]").first.check()
    send(other)

    other.get_by_role("link", name=re.compile("next item")).click()

    other.locator(".card").wait_for()
