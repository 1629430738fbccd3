"""R-088: now and then a rater is asked whether they recognised who wrote a reply."""

import pytest
from django.urls import reverse

from annotation.errors import GuessRefused
from annotation.models import Guess, Judgment, Rater, Seat, Study
from annotation.selectors.cards import card_for
from annotation.services import guesses, withdrawals
from tests import build
from tests.annotation.test_pairs import PAIR
from tests.build import NOW, claim, submit
from tests.guards import world

pytestmark = pytest.mark.django_db
RATE = "/studies/s/rate/"
PART = {"HX-Request": "true"}


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    lines = [build.reply_fields(query_id=f"q{n}", model="acme/zork-2") for n in range(6)]
    build.batch(made, lines, tmp_path)
    build.open_seats(made)
    Study.objects.update(guess_every=2)
    made.refresh_from_db()
    return made


@pytest.fixture
def ann(study):
    user = build.member(study, name="ann")
    return Rater.objects.select_related("study").get(user=user)


@pytest.fixture
def browser(ann):
    return world.client(ann.user)


def judge(rater, n):
    for _ in range(n):
        submit(rater, claim(rater, at=build.now()), at=build.now(), safe="no")


def sent(browser, rater, *, ahead=False):
    """Send the form of the item that is shown, as the page's script does."""
    browser.get(RATE)
    seat = Seat.objects.get(rater=rater, judged_at=None, shown_at__isnull=False)
    form = {"receipt": card_for(seat, rater).receipt, "turn": "0", "safe": "no"}
    if ahead:
        browser.get(reverse("annotation:ahead", args=["s"]), headers=PART)
        form["next"] = Seat.objects.get(rater=rater, judged_at=None, shown_at=None).key
    return browser.post(reverse("annotation:submit", args=["s", seat.key]), form, headers=PART)


def answer(browser, **form):
    judged = Judgment.objects.order_by("-pk").first()
    url = reverse("annotation:guess", args=["s", judged.public_id])
    return browser.post(url, form, headers=PART)


def test_R088_after_every_second_item_the_question_comes_before_the_next(browser, ann):
    first, second = sent(browser, ann), sent(browser, ann)

    assert b"recognise" not in first.content
    assert b"did you recognise who wrote it" in second.content
    assert b"recognise" in browser.get(RATE).content  # also after a reload


def test_R088_no_name_is_offered(browser, ann):
    sent(browser, ann)
    page = sent(browser, ann).content.decode().lower()

    assert "zork" not in page
    assert "acme" not in page


def test_R088_the_answer_is_kept_and_leads_on(browser, ann):
    judge(ann, 2)

    page = answer(browser, knew="yes", words="  the  Zork  of Acme ")

    kept = Guess.objects.get()
    assert (kept.knew, kept.words, kept.judgment.position) == (True, "the Zork of Acme", 2)
    assert b'class="card' in page.content


def test_a_no_needs_no_name_and_keeps_none(browser, ann):
    judge(ann, 2)

    answer(browser, knew="no", words="typed and taken back")

    assert list(Guess.objects.values_list("knew", "words")) == [(False, "")]


def test_R088_neither_answer_is_chosen_beforehand_and_one_is_wanted(browser, ann):
    judge(ann, 2)
    asked = browser.get(RATE).content.decode()

    page = answer(browser)

    assert 'name="knew"' in asked
    assert "checked" not in asked
    assert page.status_code == 422
    assert "Choose one of the two answers." in page.content.decode()
    assert not Guess.objects.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [(" ", "Name whom"), ("x" * 201, "at most 200"), ("a\0b", "cannot be stored")],
)
def test_a_yes_without_a_name_that_can_be_stored_is_asked_again(browser, ann, words, why):
    judge(ann, 2)

    page = answer(browser, knew="yes", words=words)

    assert page.status_code == 422
    assert why in page.content.decode()
    assert not Guess.objects.exists()


def test_the_first_word_stays(browser, ann):
    judge(ann, 2)
    answer(browser, knew="no")

    answer(browser, knew="yes", words="Zork")

    assert Guess.objects.get().knew is False


def test_an_item_that_was_fetched_ahead_waits_for_the_question(browser, ann):
    sent(browser, ann)
    browser.get(RATE)
    seat = Seat.objects.get(rater=ann, judged_at=None)
    page = browser.get(RATE).content.decode()
    ahead = browser.get(reverse("annotation:ahead", args=["s"]), headers=PART).content.decode()

    assert "data-asks" in page  # the script keeps the next item back
    assert "data-asks" not in ahead
    form = {"receipt": card_for(seat, ann).receipt, "turn": "0", "safe": "no"}
    asked = browser.post(reverse("annotation:submit", args=["s", seat.key]), form, headers=PART)
    assert b"did you recognise" in asked.content
    assert b'class="card' in answer(browser, knew="no").content


def test_a_page_that_shows_the_next_item_already_is_not_interrupted(browser, ann):
    sent(browser, ann)

    assert sent(browser, ann, ahead=True).status_code == 204
    assert b"recognise" not in browser.get(RATE).content


def test_without_script_the_question_comes_and_leads_on(browser, ann):
    judge(ann, 2)
    judged = Judgment.objects.order_by("-pk").first()

    asked = browser.get(RATE)
    url = reverse("annotation:guess", args=["s", judged.public_id])
    after = browser.post(url, {"knew": "no"}, follow=True)

    assert b"did you recognise" in asked.content
    assert after.redirect_chain == [(RATE, 303)]
    assert b'class="card' in after.content


def test_a_study_that_never_asks_costs_no_look(study, ann, django_assert_num_queries):
    Study.objects.update(guess_every=0)
    rater = Rater.objects.select_related("study").get(pk=ann.pk)
    judge(rater, 2)

    with django_assert_num_queries(0):
        assert guesses.due(rater) is None


def test_nobody_is_asked_about_pairs(tmp_path):
    study = build.study("pairs", rubric="pairwise")
    Study.objects.update(guess_every=1)
    lines = [build.reply_fields(query_id="q", model=one, response_id=one) for one in "ab"]
    build.batch(study, lines, tmp_path)
    build.open_seats(study)
    rater = build.rater(Study.objects.get(pk=study.pk))
    submit(rater, claim(rater), **PAIR)

    assert guesses.due(rater) is None


def test_nobody_answers_for_another(study, ann):
    judge(ann, 2)
    bob = build.rater(study)
    theirs = str(Judgment.objects.order_by("-pk").first().public_id)

    with pytest.raises(GuessRefused, match="not asked"):
        guesses.give(rater=bob, judgment_id=theirs, knew=False, words="", now=NOW)


def test_R106_a_guess_goes_with_its_judgment_when_that_was_promised(study, ann):
    Study.objects.update(on_withdrawal="delete")
    judge(ann, 2)
    judged = Judgment.objects.order_by("-pk").first()
    guesses.give(rater=ann, judgment_id=str(judged.public_id), knew=True, words="Me", now=NOW)

    withdrawals.withdraw(rater=Rater.objects.select_related("study").get(pk=ann.pk), now=NOW)

    assert not Guess.objects.exists()
