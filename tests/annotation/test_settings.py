"""What an admin sets for the raters of a study, by service and by page."""

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from annotation.errors import WithdrawalPromised
from annotation.models import Consent, Study
from annotation.services import consents, settings
from annotation.services.settings import StudySettings
from annotation.vocabulary import OnWithdrawal, Role
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db

PAGE = "/studies/s/settings/"
SENT = {
    "title": "New title",
    "guidelines": "Read twice.",
    "consent": "Do you agree? {withdrawal}",
    "on_withdrawal": "delete",
    "sensitive_topics": "war, self-harm , , war",
    "support_text": "Call **somebody**.",
    "judgments_per_rater": "40",
    "replies_per_query": "2",
    "one_framing_per_scenario": "on",
    "lease_minutes": "30",
    "break_minutes": "0",
    "skips_before_review": "5",
    "edits_until": "2026-12-31T18:30",
}
WANTED = StudySettings(
    title="New title",
    lease_minutes=30,
    replies_per_query=None,
    one_framing_per_scenario=True,
    shows_system_messages=False,
    judgments_per_rater=None,
    skips_before_review=3,
    break_minutes=50,
    edits_until=None,
    sensitive_topics=(),
    support_text="",
    on_withdrawal=OnWithdrawal.KEEP,
)


@pytest.fixture
def study():
    return build.study("s", state="draft")


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN))
    return client


def change(study, *, consent="", **more):
    settings.change(
        study=study,
        wanted=replace(WANTED, **more),
        guidelines="",
        consent=consent,
        now=NOW,
        by_id=1,
    )
    return Study.objects.get()


def words(answer) -> str:
    return unescape(answer.content.decode())


# What is stored


def test_everything_on_the_page_is_stored(study, admin):
    assert admin.post(PAGE, SENT).status_code == 303

    stored = Study.objects.get()
    assert (stored.judgments_per_rater, stored.skips_before_review, stored.break_minutes) == (
        40,
        5,
        0,
    )
    assert stored.edits_until == datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    assert stored.sensitive_topics == ["war", "self-harm"]
    assert stored.support_text == "Call **somebody**."
    assert (stored.on_withdrawal, stored.consent_text.on_withdrawal) == ("delete", "delete")
    assert stored.consent_text.text == "Do you agree? {withdrawal}"


def test_what_is_stored_stands_in_the_form_again(study, admin):
    admin.post(PAGE, SENT)

    shown = words(admin.get(PAGE))

    assert 'value="war, self-harm"' in shown
    assert 'value="2026-12-31T18:30"' in shown
    assert "version 1 counts now" in shown
    assert "are deleted" in shown  # the text as raters read it
    assert "<strong>somebody</strong>" in shown


def test_storing_the_page_as_it_is_asks_nobody_again(study, admin):
    text = "One\ntwo"
    consents.write_text(study=study, text=text, now=NOW)
    admin.post(PAGE, {**SENT, "consent": text.replace("\n", "\r\n"), "on_withdrawal": "keep"})

    assert Study.objects.get().consent_text.version == 1


def test_guidelines_are_the_same_with_a_forms_line_ends(study, admin):
    for text in ("One\ntwo", "One\r\ntwo"):
        admin.post(PAGE, {**SENT, "guidelines": text})

    assert study.guideline_versions.count() == 2  # the empty one it was made with, and this


def test_what_is_left_empty_is_no_limit(study, admin):
    empty = dict.fromkeys(
        ("judgments_per_rater", "replies_per_query", "edits_until", "consent", "support_text"), ""
    )
    admin.post(PAGE, {**SENT, **empty, "sensitive_topics": ""})

    stored = Study.objects.get()
    assert (stored.judgments_per_rater, stored.replies_per_query, stored.edits_until) == (None,) * 3
    assert (stored.consent_text, stored.support_text, stored.sensitive_topics) == (None, "", [])


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"judgments_per_rater": "0"}, "greater than or equal to 1"),
        ({"skips_before_review": "0"}, "greater than or equal to 1"),
        ({"skips_before_review": ""}, "This field is required"),
        ({"break_minutes": "-1"}, "greater than or equal to 0"),
        ({"break_minutes": "x"}, "Enter a whole number"),
        ({"edits_until": "tomorrow"}, "Enter a valid date/time"),
        ({"on_withdrawal": "burn"}, "Select a valid choice"),
        ({"consent": "x" * 200_001}, "at most 200000 characters"),
        ({"sensitive_topics": "x" * 5_001}, "at most 5000 characters"),
        ({"support_text": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_a_wrong_setting_is_named_and_everything_entered_stays(study, admin, sent, sentence):
    entered = {**SENT, "title": "Kept title", "guidelines": "Kept words", **sent}

    refused = admin.post(PAGE, entered)

    assert refused.status_code == 422
    assert sentence in words(refused)
    assert [kept for kept in entered.values() if kept not in words(refused)] == []
    assert Study.objects.get().title == "A study"


# What was promised


def test_R106_the_promise_can_be_changed_while_nobody_relies_on_it(study):
    change(study, consent="Agree?")

    stored = change(study, consent="Agree?", on_withdrawal=OnWithdrawal.DELETE)

    assert stored.on_withdrawal == "delete"
    assert (stored.consent_text.version, stored.consent_text.on_withdrawal) == (2, "delete")


@pytest.mark.parametrize("state", ["open", "paused", "closed"])
def test_R106_the_promise_of_a_study_that_was_opened_stays(state):
    study = build.study("s", state=state)

    with pytest.raises(WithdrawalPromised, match="was promised") as refusal:
        change(study, on_withdrawal=OnWithdrawal.DELETE)

    assert (refusal.value.code, refusal.value.http_status) == ("withdrawal_promised", 409)
    assert Study.objects.get().title == "A study"


def test_R106_the_promise_somebody_agreed_to_stays(study):
    build.asks_consent(study)
    build.agree(build.rater(study))

    with pytest.raises(WithdrawalPromised):
        change(study, on_withdrawal=OnWithdrawal.DELETE)


def test_other_settings_of_an_open_study_can_be_changed():
    assert change(build.study("s")).title == "New title"


def test_R106_the_page_does_not_offer_to_change_what_was_promised(study, admin):
    Study.objects.update(state="open")

    answer = admin.post(PAGE, SENT)

    assert answer.status_code == 303
    assert Study.objects.get().on_withdrawal == "keep"
    assert "disabled" in words(admin.get(PAGE)).partition('name="on_withdrawal"')[2][:200]


def test_R106_a_promise_that_was_made_a_moment_ago_is_kept(study, admin, monkeypatch):
    """The race: a rater agrees between the look at the form and the change."""
    build.asks_consent(study)
    ann, fixed = build.rater(study), settings.promise_fixed

    def then_agrees(of):
        before = fixed(of)
        if not Consent.objects.exists():
            build.agree(ann)
        return before

    monkeypatch.setattr(settings, "promise_fixed", then_agrees)

    refused = admin.post(PAGE, SENT)

    assert refused.status_code == 422
    assert "was promised then and stays" in words(refused)
    assert "Read twice." in words(refused)
    assert Study.objects.get().title == "A study"


# New studies


def test_R103_a_study_made_on_the_page_asks_for_consent(client):
    client.force_login(build.user(is_staff=True))

    client.post(
        "/studies/new/", {"title": "Prices", "preset": "tradeoff-quick", "raters_per_item": "2"}
    )

    made = Study.objects.get().consent_text
    assert "Taking part in “Prices”" in made.text
    assert "{withdrawal}" in made.text
