"""The form a rater reads: warnings, names and legends, language, keys, and its weight."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Answer, Judgment, Rater, User
from tests import build
from tests.annotation.rating import TURN, Browser, browser_of_three

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(study, tmp_path):
    return browser_of_three(study, tmp_path)


def test_R110_a_sensitive_topic_is_warned_of_before_the_text(tmp_path):
    study = build.study(sensitive_topics=["grief"])
    build.item(study, tmp_path, topics=["grief", "law"])
    browser = Browser(build.rater(study))

    html = browser.get("rate").content.decode()

    warning = html.index("This item is about: grief")
    assert warning < html.index("Answer ")
    assert '<details class="warned">' in html


def test_R110_skipping_what_is_sensitive_costs_nothing(study, browser):
    form = browser.form(browser.get("rate"))

    browser.post("skip", form["key"], reason="sensitive")

    rater = Rater.objects.get(pk=browser.rater.pk)
    assert (rater.judged_count, rater.skipped_count, rater.paused_at) == (0, 1, None)


@pytest.mark.parametrize(
    ("state", "code"), [("paused", "paused"), ("closed", "closed"), ("open", "done")]
)
def test_R038_the_end_page_says_why_and_leads_on(tmp_path, state, code):
    study = build.study(state=state)
    browser = Browser(build.rater(study))

    html = browser.get("rate").content.decode()

    assert f'data-why="{code}"' in html
    assert browser.url("mine") in html


def test_R134_every_control_of_a_form_has_a_name_and_every_group_a_legend(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    build.item(study, tmp_path, n_seats=1)
    browser = Browser(build.rater(study))

    html = browser.get("rate").content.decode()

    groups = re.findall(r'<fieldset class="question.*?</fieldset>', html, re.DOTALL)
    assert len(groups) == 15
    assert all("<legend>" in group for group in groups)
    assert all('aria-label="' in area for area in re.findall(r"<textarea[^>]*>", "".join(groups)))


def test_R134_what_is_wrong_is_tied_to_its_question(browser):
    form = browser.form(browser.get("rate"))

    html = browser.submit(form, winner="value_a").content.decode()

    assert 'id="q-misled"' in html
    assert re.search(r'data-key="misled"[^>]*aria-describedby="p-misled"', html)
    assert '<p class="question__problem" id="p-misled">Please answer this question.</p>' in html


def test_a_page_of_three_turns_is_lighter_than_40_kB(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    messages = build.conversation(3, text="A reply of some two hundred words. " * 35)
    build.item(study, tmp_path, n_seats=1, messages=messages)
    browser = Browser(build.rater(study))
    pages = [browser.get("rate", part=False)]
    turn = {"winner": "value_a", "refusal": "1", "misled": "no"}

    for _ in range(3):
        browser.submit(browser.form(pages[-1]), **turn)
        pages.append(browser.get("rate", part=False))

    assert browser.form(pages[-1])["turn"] == "0"
    assert max(len(page.content) for page in pages) < 40_000


def test_a_page_with_anchors_clauses_and_earlier_answers_is_lighter_than_40_kB(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    build.specification(study)
    messages = build.conversation(3, text="A reply of some two hundred words. " * 35)
    anchors = {side: ["An anchor of the scenario's own. "] * 7 for side in ("value_a", "value_b")}
    facts = ["Something that is true here."] * 5
    build.item(study, tmp_path, n_seats=1, messages=messages, anchors=anchors, facts=facts)
    study.values.all().update(definition="What it means, in a sentence or two. " * 5)
    browser = Browser(build.rater(study))
    pages = [browser.get("rate", part=False)]
    turn = {"winner": "value_a", "refusal": "1", "misled": "yes", "severity": "1"}
    misled = {"misled_who": "user", "role": "asserts", "mechanism": "omission"}

    for _ in range(3):
        browser.submit(browser.form(pages[-1]), **turn, **misled)
        pages.append(browser.get("rate", part=False))

    assert browser.form(pages[-1])["turn"] == "0"
    html = pages[-1].content.decode()
    assert html.count("option__anchor") == 14
    assert "data-clauses-at" in html
    assert max(len(page.content) for page in pages) < 40_000


def test_an_item_costs_the_same_number_of_looks_however_many_turns_it_has(
    study, tmp_path, django_assert_max_num_queries
):
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(5))
    browser = Browser(build.rater(study))
    form = browser.form(browser.get("rate"))

    with django_assert_max_num_queries(40):
        browser.submit(form, **TURN)


class TestLanguage:
    def test_the_browser_asks_for_it(self, browser):
        answer = browser.client.get(browser.url("rate"), headers={"Accept-Language": "de-AT, en"})

        html = answer.content.decode()
        assert '<html lang="de"' in html
        assert "Welchem Wert hat die Antwort mehr gedient?" in html

    def test_what_a_person_chose_goes_before_what_the_browser_asks_for(self, browser):
        browser.client.post(reverse("language"), {"language": "de", "back": "/"})
        browser.client.cookies.pop("touchstone_language")

        html = browser.get("rate", part=False).content.decode()

        assert User.objects.get(pk=browser.rater.user_id).language == "de"
        assert '<html lang="de"' in html

    @pytest.mark.parametrize(
        "back",
        [
            "https://evil.example/",
            "//evil.example",
            "javascript:x",
            "rate",
            "\0",
            "/\\evil.example",
        ],
    )
    def test_R016_the_choice_leads_back_to_this_site_only(self, browser, back):
        answer = browser.client.post(reverse("language"), {"language": "de", "back": back})

        assert answer["Location"] == "/"

    def test_a_language_that_is_not_there_changes_nothing(self, browser):
        browser.client.post(reverse("language"), {"language": "tlh", "back": "/"})

        assert User.objects.get(pk=browser.rater.user_id).language == ""

    def test_codes_are_not_translated(self, browser):
        browser.client.post(reverse("language"), {"language": "de", "back": "/"})
        form = browser.form(browser.get("rate"))

        browser.submit(form, winner="both", misled="no", confidence="3")

        said = dict(Answer.objects.values_list("question__key", "option__code"))
        assert said == {"winner": "both", "misled": "no", "confidence": "3"}
        assert Judgment.objects.get().language == "de"

    def test_admins_pages_stay_in_english(self, study):
        client = Client()
        client.force_login(
            build.member(study, "admin"), backend="django.contrib.auth.backends.ModelBackend"
        )

        answer = client.get(
            reverse("annotation:settings", args=[study.slug]), headers={"Accept-Language": "de"}
        )

        assert '<html lang="en"' in answer.content.decode()


class TestKeys:
    def change(self, browser, **keys):
        return browser.client.post(reverse("keys"), keys)

    def test_a_key_is_changed_for_the_account(self, browser):
        answer = self.change(browser, skip="X", undo="u")

        assert answer.json()["keys"]["skip"] == "x"
        assert User.objects.get(pk=browser.rater.user_id).keys == {"skip": "x"}

    @pytest.mark.parametrize(
        "key", ["1", "?", "ab", " ", "\0", "\u202e", "Enter", "ArrowLeft", "Tab"]
    )
    def test_a_key_that_cannot_be_used_is_refused(self, browser, key):
        answer = self.change(browser, skip=key)

        assert answer.status_code == (200 if key == " " else 422)
        assert User.objects.get(pk=browser.rater.user_id).keys == {}

    @pytest.mark.parametrize(
        ("action", "key"),
        [("submit", "x"), ("sheet", "h"), ("left_reply", "q"), ("digit_1", "a"), ("skip", "Ä")],
    )
    def test_R131_every_key_has_another_one_if_a_person_wants(self, browser, action, key):
        self.change(browser, **{action: key})

        assert User.objects.get(pk=browser.rater.user_id).keys == {action: key.lower()}

    def test_the_arrows_of_two_replies_can_change_places(self, browser):
        answer = self.change(browser, left_reply="ArrowRight", right_reply="ArrowLeft")

        assert answer.status_code == 200
        assert answer.json()["keys"]["left_reply"] == "ArrowRight"

    def test_a_digit_is_free_when_its_answer_has_another_key(self, browser):
        answer = self.change(browser, digit_1="a", skip="1")

        assert answer.json()["keys"]["skip"] == "1"

    def test_a_key_cannot_do_two_things(self, browser):
        answer = self.change(browser, skip="u")

        assert answer.status_code == 422
        assert "chosen twice" in answer.json()["message"]
