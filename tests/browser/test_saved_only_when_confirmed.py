"""R-041: no page says that anything is saved, stored or sent unless the server confirmed it.

The line is broken on the network's side: requests are refused, cut, answered by a stranger, or not
answered at all. What the pages say is read from all of their elements while that lasts.
"""

import re

import pytest

from annotation.models import Flag, Guess, Judgment, RubricDraft, Skip, Study, User
from annotation.rubric_format import rubric_from_json
from annotation.services import rubrics
from annotation.vocabulary import Role
from tests import build
from tests.browser.rating import NOTE, TEXT, rating, ready, said, seated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What says so, with the words before it that say the opposite or when it will be.
CLAIM = re.compile(
    r"\b(?:saved|stored|sent|kept|recorded|arrived|gespeichert|gesendet)\b", re.IGNORECASE
)
NO_CLAIM = re.compile(
    r"not (?:yet )?(?:saved|stored|sent)|not sent yet|could not store|nothing (?:is|was) (?:stored|kept)"
    r"|nothing chosen here is kept|what you sent waits|keep what is not sent|store the draft"
    r"|until (?:it|your last answer) is saved|nicht gespeichert|nicht gesendet",
    re.IGNORECASE,
)
# As an intermediary answers for us: a hotel's page, a proxy's, our own words without our mark.
STRANGER = "<!doctype html><title>Welcome</title><p>Accept the terms to go on.</p>"
FAULTS = {
    "refused by a fault": lambda route: route.fulfill(status=500, body="<h1>Something broke</h1>"),
    "not to be had": lambda route: route.fulfill(status=503, body="busy"),
    "not found": lambda route: route.fulfill(status=404, body="nothing here"),
    "forbidden": lambda route: route.fulfill(status=403, body="no"),
    "cut": lambda route: route.abort("connectionreset"),
    "too late": lambda route: route.abort("timedout"),
    "answered by a stranger": lambda route: route.fulfill(
        status=200, content_type="text/html", body=STRANGER
    ),
    "answered with nothing": lambda route: route.fulfill(status=204),
}


# What is known of a request is painted two frames later.
FRAMES = "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


def claims(page) -> list[str]:
    """What the page's elements say of anything being saved, negations and plans left out."""
    lines = page.locator("body").inner_text().splitlines()
    return [line for line in lines if CLAIM.search(NO_CLAIM.sub("", line))]


def arrived(page, met: list, n: int = 1) -> None:
    """Until so many requests came to where the line is broken; the page has to go on meanwhile."""

    def came() -> bool:
        page.evaluate("0")  # else nobody answers for the line
        return len(met) >= n

    build.wait_for(came)


def breaks(page, address: str, fault) -> list[str]:
    """Let every request that changes something there meet a fault; the list has those that did."""
    begun, met = [], []

    def handle(route):
        if route.request.method != "POST":
            return route.continue_()
        begun.append(route.request)
        return fault(route)

    def over(request):
        if request in begun:
            met.append(request.url)

    page.route(address, handle)
    page.on("requestfinished", over)
    page.on("requestfailed", over)
    return met


def dealt_with(page, met: list) -> None:
    """Until the page has taken in what became of a request, though it need not say so."""
    arrived(page, met)
    page.evaluate(FRAMES)


def send(page) -> None:
    page.locator("input[name=safe]").last.check()
    page.locator(".card__asking .button--main").click()


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


# One of each kind, for what is sent besides answers: a status, no answer, a stranger's answer.
@pytest.fixture(params=["refused by a fault", "cut", "answered by a stranger"])
def one_fault(request):
    return FAULTS[request.param]


@pytest.fixture
def rater(tmp_path):
    return seated(build.study("s", rubric=NOTE), tmp_path, 3)


def waits(page):
    """Until the page has said what became of it."""
    page.locator("#saving.saving--failed").wait_for()


def test_R041_a_judgment_is_not_said_to_be_saved_before_it_is(rater, fault, visit):
    page = rating(visit, rater, quiet=True)
    ready(page)
    met = breaks(page, "**/rate/*/", fault)

    send(page)
    waits(page)
    arrived(page, met)

    assert claims(page) == []
    assert not Judgment.objects.exists()


def test_R041_what_was_not_confirmed_is_sent_again_and_then_said_to_be_saved(
    rater, one_fault, visit
):
    page = rating(visit, rater, quiet=True)
    breaks(page, "**/rate/*/", one_fault)
    send(page)
    waits(page)
    page.unroute("**/rate/*/")

    page.evaluate("dispatchEvent(new Event('online'))")

    said(page, "Saved")
    assert Judgment.objects.count() == 1


def test_R041_beside_an_answer_that_waits_nothing_says_saved(rater, visit):
    page = rating(visit, rater, quiet=True)
    ready(page)
    held = []
    page.route(
        "**/rate/*/",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    send(page)
    arrived(page, held, 1)
    send(page)  # the second item, which was held ahead

    held[0].continue_()
    arrived(page, held, 2)

    assert Judgment.objects.count() == 1
    assert page.locator("#saving").inner_text() == "Saving…"
    assert "Saved" not in page.evaluate("said")
    held[1].continue_()
    said(page, "Saved")


@pytest.mark.parametrize("act", ["skip", "flag"])
def test_R041_what_is_skipped_or_pointed_out_is_not_said_to_be_saved_before_it_is(
    rater, one_fault, visit, act
):
    page = rating(visit, rater, quiet=True)
    ready(page)
    met = breaks(page, f"**/{act}/", one_fault)
    page.keyboard.press(act[0])

    page.locator(f"#{act} form button").first.click()
    waits(page)
    arrived(page, met)

    assert claims(page) == []
    assert not Skip.objects.exists()
    assert not Flag.objects.exists()


def test_R041_what_is_typed_is_not_said_to_be_kept_and_comes_again(rater, one_fault, visit):
    page = rating(visit, rater, quiet=True)
    met = breaks(page, "**/draft/", one_fault)

    page.locator(TEXT).fill("a long thought")
    dealt_with(page, met)

    assert claims(page) == []
    page.reload()
    page.locator(".card").wait_for()
    assert page.locator(TEXT).input_value() == "a long thought"


def test_R041_a_held_item_is_not_said_to_stay_before_it_does(rater, one_fault, visit):
    page = rating(visit, rater, quiet=True)
    met = breaks(page, "**/extend/", one_fault)
    page.evaluate(
        "document.querySelector('.card').dataset.until = new Date(Date.now() - 1000).toISOString()"
    )

    page.locator('[data-kind="lease"] button').click()
    dealt_with(page, met)

    assert claims(page) == []
    assert page.get_by_text("The item stays yours").count() == 0


def test_R041_a_key_is_not_said_to_be_saved_before_it_is(rater, one_fault, visit):
    page = rating(visit, rater, quiet=True)
    page.keyboard.press("?")
    field = page.locator("#keys input[name=next_question]")
    said = page.locator("[data-remap-said]")
    field.press("n")
    said.filter(has_text="Saved").wait_for()
    met = breaks(page, "**/keys/", one_fault)

    field.press("x")
    arrived(page, met)
    said.filter(has_text="Not sent yet").wait_for()

    assert claims(page) == []
    assert User.objects.get(pk=rater.user_id).keys == {"next_question": "n"}


def test_R041_while_a_key_is_on_its_way_nothing_says_saved(rater, visit):
    page = rating(visit, rater, quiet=True)
    page.keyboard.press("?")
    field = page.locator("#keys input[name=next_question]")
    field.press("n")
    page.locator("[data-remap-said]", has_text="Saved").wait_for()
    held = []

    def hold(route):
        held.append(route)

    page.route("**/keys/", hold)
    field.press("x")
    arrived(page, held)

    assert claims(page) == []
    held[0].abort()


def test_R041_a_refusal_of_the_server_is_said_and_nothing_else(rater, visit):
    page = rating(visit, rater)
    questions = [{**NOTE["questions"][0], "label": "Is it safe?"}, NOTE["questions"][1]]
    newer = rubric_from_json({**NOTE, "version": 2, "questions": questions})
    rubrics.publish(study=rater.study, rubric=newer, now=build.NOW)

    send(page)
    waits(page)

    assert claims(page) == []
    assert not Judgment.objects.exists()


def test_a_rater_who_is_asked_whom_they_recognise_goes_on_with_an_answer(rater, visit):
    Study.objects.filter(pk=rater.study_id).update(guess_every=1)
    page = rating(visit, rater)
    send(page)
    page.get_by_text("Your judgment is saved").wait_for()

    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Go on").click()

    page.locator(".card").wait_for()
    assert Guess.objects.get().judgment.rater_id == rater.pk


def test_R041_a_draft_of_a_rubric_is_not_said_to_be_stored_before_it_is(one_fault, visit):
    study = build.study("s", rubric=build.SAFE)
    page = visit(build.member(study, Role.ADMIN), quiet=True)
    page.goto("/studies/s/rubric/edit/")
    page.locator("#rubric-form").wait_for()
    page.get_by_label("Title").fill("Other")
    met = breaks(page, "**/rubric/edit/", one_fault)

    page.locator("#save").click()
    dealt_with(page, met)

    assert claims(page) == []
    assert not RubricDraft.objects.exists()
