"""The rater's addresses, asked as a page asks them: nothing early, nothing lost, nothing surplus."""

import json
import re

import pytest
import structlog
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Answer,
    Draft,
    Flag,
    Judgment,
    Rater,
    Seat,
    SpanAnswer,
    StageRecord,
    Study,
    User,
)
from annotation.rubric_format import rubric_from_json
from annotation.services import openings, rubrics, seats, studies
from annotation.vocabulary import StudyState
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}
TURN = {"winner": "value_a", "misled": "no"}


class Browser:
    """A rater's browser that keeps what it got."""

    def __init__(self, rater: Rater):
        self.rater, self.slug = rater, rater.study.slug
        self.client = Client()
        self.client.force_login(rater.user, backend="django.contrib.auth.backends.ModelBackend")
        self.bodies: list[str] = []

    def keep(self, answer):
        self.bodies.append(answer.content.decode() + str(answer.headers))
        return answer

    def url(self, name, *args):
        return reverse(f"annotation:{name}", args=[self.slug, *args])

    def get(self, name, *args, part=True):
        return self.keep(self.client.get(self.url(name, *args), headers=PART if part else {}))

    def post(self, name, *args, part=True, **fields):
        return self.keep(
            self.client.post(self.url(name, *args), fields, headers=PART if part else {})
        )

    def form(self, answer) -> dict:
        """The hidden fields of the form that an answer shows."""
        html = answer.content.decode()
        key = re.search(r'class="card[^>]*data-key="([^"]+)"', html)[1]
        return {
            "key": key,
            "receipt": re.search(r'name="receipt" value="([^"]+)"', html)[1],
            "turn": re.search(r'name="turn" value="(\d+)"', html)[1],
        }

    def submit(self, form: dict, *, part=True, **answers):
        fields = {**form, **answers}
        return self.post("submit", fields.pop("key"), part=part, **fields)


@pytest.fixture
def study():
    return build.study()


@pytest.fixture
def browser(study, tmp_path):
    """Ann's browser, at a study of three items of one turn."""
    for _ in range(3):
        build.item(study, tmp_path, n_seats=1)
    return Browser(build.rater(study))


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
