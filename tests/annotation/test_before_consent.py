"""R-103: before consent nothing of a study is served or stored; agreeing, declining, a new text."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse

from annotation.access import RATE
from annotation.gates import MARK
from annotation.models import Consent, Draft, Judgment, Seat
from annotation.selectors.cards import card_for
from annotation.vocabulary import Role
from tests import build
from tests.annotation.coming import at, browser, words
from tests.annotation.rating import BACKEND, PART
from tests.guards import world
from tests.guards.routes import routes
from tests.guards.test_access import Writes

pytestmark = pytest.mark.django_db

OPEN_BEFORE = {"consent", "declined", "support", "withdraw"}


@pytest.fixture
def client(ann):
    return browser(ann.user)


def form_in(answer) -> tuple[str, list[tuple[str, str]]]:
    """The address and the hidden fields of the form that agrees."""
    html = answer.content.decode().partition('<form class="actions"')[2].partition("</form>")[0]
    action = unescape(re.search(r'action="([^"]+)"', html)[1])
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html)
    return action, [
        (unescape(name), unescape(value)) for name, value in kept if name != "csrfmiddlewaretoken"
    ]


def entered(rater, **answers) -> tuple[str, dict]:
    """The address and the fields of the form a rater has before them, filled in."""
    seat = build.claim(rater, at=build.now())
    card = card_for(seat, rater)
    fields = {"receipt": card.receipt, "turn": "0", **build.QUICK, **answers}
    return at("submit", seat.key), fields


# Before consent


def raters_routes():
    return [
        route
        for route in routes()
        if "<slug:slug>" in route.pattern and route.name.partition(":")[2] not in OPEN_BEFORE
    ]


def test_R103_nothing_of_a_study_is_served_or_stored_before_consent(tmp_path):
    own = world.make(tmp_path, name="own")
    build.asks_consent(own.study)
    client = world.client(own.people["rater"])
    met, wrote, served = [], set(), []

    for route in raters_routes():
        url = route.url(own.values)
        if getattr(resolve(url).func, MARK, "") != RATE:
            continue
        for method, headers in (("GET", {}), ("GET", PART), ("POST", {}), ("POST", PART)):
            writes = Writes()
            with connection.execute_wrapper(writes):
                answer = client.generic(method, url, headers=headers)
            met.append(answer.status_code)
            wrote |= writes.tables - {"django_session"}
            expected = 302 if (method, headers) == ("GET", {}) else 403
            if answer.status_code != expected or b"Question" in answer.content:
                served.append((method, url, answer.status_code))

    assert len(met) > 20
    assert served == []
    assert wrote == set()


def test_R103_a_page_asked_for_leads_to_the_text_and_then_to_itself(study, client):
    build.asks_consent(study, "**Do** you agree?")

    asked = client.get(at("guidelines") + "?a=1")
    shown = client.get(asked["Location"])
    action, _ = form_in(shown)
    agreed = client.post(action)

    assert asked.status_code == 302
    assert "<strong>Do</strong> you agree?" in words(shown)
    assert "Version 1" in words(shown)
    assert (agreed.status_code, agreed["Location"]) == (303, at("guidelines") + "?a=1")
    assert client.get(at("guidelines")).status_code == 200


def test_R103_looking_at_the_text_stores_nothing(study, client, ann):
    build.asks_consent(study)

    for name in ("consent", "declined", "support", "withdraw"):
        writes = Writes()
        with connection.execute_wrapper(writes):
            assert client.get(at(name)).status_code == 200
        assert writes.tables <= {"django_session"}


def test_R103_who_does_not_agree_is_told_that_nothing_was_recorded(study, client):
    build.asks_consent(study)
    shown = client.get(at("consent"))

    declined = client.get(at("declined"))

    assert at("declined") in words(shown)
    assert "Nothing was recorded" in words(declined)
    assert at("consent") in words(declined)
    assert reverse("home") in words(declined)
    assert not Consent.objects.exists()


def test_who_declines_a_changed_text_is_told_of_what_they_judged(study, client, ann, tmp_path):
    build.item(study, tmp_path)
    build.judgment(ann)
    build.asks_consent(study)

    declined = words(client.get(at("declined")))

    assert "What you judged before" in declined
    assert at("withdraw") in declined


def test_R103_consent_is_stored_with_version_time_and_rater(study, client, ann):
    text = build.asks_consent(study)

    client.post(form_in(client.get(at("consent")))[0])

    given = Consent.objects.get()
    assert (given.text, given.rater) == (text, ann)
    assert given.given_at.utcoffset().total_seconds() == 0


def test_R103_a_new_version_is_asked_again(study, client, ann):
    build.asks_consent(study, "One")
    build.agree(ann)
    assert client.get(at("mine")).status_code == 200

    build.asks_consent(study, "Two")

    assert client.get(at("mine")).status_code == 302
    assert "has changed since you agreed" in words(client.get(at("consent")))


def test_a_text_that_was_agreed_to_can_be_read_again(study, client, ann):
    build.asks_consent(study)
    build.agree(ann)

    shown = words(client.get(at("consent")))

    assert re.search(r"You agreed to this version on .*2026.* \(UTC\)", shown)
    assert "I do not agree" not in shown


def test_a_study_without_a_text_asks_for_nothing(study, client):
    assert client.get(at("mine")).status_code == 200
    assert "asks for no consent" in words(client.get(at("consent")))


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/studies/s/mine/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/studies/other/mine/",
        "/studies/s/no-such-page/at-all/",
        "/",
        "",
    ],
)
@pytest.mark.parametrize("way", ["next", "repeat"])
def test_agreeing_leads_to_pages_of_the_study_only(study, client, elsewhere, way):
    text = build.asks_consent(study)

    agreed = client.post(at("consent"), query_params={"text": text.pk, way: elsewhere})

    assert (agreed.status_code, agreed["Location"]) == (303, at("rate"))


@pytest.mark.parametrize("number", ["", "0", "7" * 30, "x", "²", "-1"])
def test_agreeing_to_no_text_is_refused(study, client, number):
    build.asks_consent(study)

    refused = client.post(at("consent"), query_params={"text": number})

    assert refused.status_code == 409
    assert "Please read it again" in words(refused)
    assert not Consent.objects.exists()


def test_R103_a_text_that_changed_while_it_was_read_is_shown_anew(study, client):
    build.asks_consent(study, "One")
    action, _ = form_in(client.get(at("consent") + "?next=" + at("mine")))
    build.asks_consent(study, "Two")

    refused = client.post(action)
    agreed = client.post(form_in(refused)[0])

    assert refused.status_code == 409
    assert '<p dir="auto">Two</p>' in words(refused)
    assert agreed["Location"] == at("mine")
    assert Consent.objects.get().text.version == 2


def test_consent_costs_the_gate_no_query_of_its_own(study, client, ann, django_assert_num_queries):
    with django_assert_num_queries(5):  # session, account, study, rater, guidelines
        client.get(at("guidelines"))
    build.asks_consent(study)
    build.agree(ann)

    with django_assert_num_queries(5):
        client.get(at("guidelines"))


# Answers sent while a new text came out


def test_R103_a_part_sent_meanwhile_is_refused_with_a_sentence(study, client, ann, tmp_path):
    build.item(study, tmp_path)
    build.asks_consent(study, "One")
    build.agree(ann)
    action, fields = entered(ann)
    build.asks_consent(study, "Two")

    refused = client.post(action, fields, headers=PART)

    assert refused.status_code == 403
    assert "<html" not in words(refused)
    assert "has changed" in words(refused)
    assert refused["X-Consent"] == at("consent")
    assert not Judgment.objects.exists()


def test_R103_a_draft_sent_meanwhile_is_not_kept(study, client, ann, tmp_path):
    build.item(study, tmp_path)
    _, fields = entered(ann)
    key = Seat.objects.get(rater=ann).key
    build.asks_consent(study)

    refused = client.post(at("draft", key), fields, headers=PART)

    assert refused.status_code == 403
    assert "before you agree" in words(refused)
    assert not Draft.objects.exists()


def test_R103_without_script_what_was_sent_is_kept_and_sent_again_on_agreeing(
    study, client, ann, tmp_path
):
    build.item(study, tmp_path)
    build.asks_consent(study, "One")
    build.agree(ann)
    action, fields = entered(ann)
    build.asks_consent(study, "Two")

    asked = client.post(action, fields)
    address, kept = form_in(asked)
    agreed = client.post(address, dict(kept))
    stored = client.post(agreed["Location"], dict(kept))

    assert asked.status_code == 403
    assert "What you have just sent is kept on this page" in words(asked)
    assert dict(kept) == {
        name: value if isinstance(value, str) else value[0] for name, value in fields.items()
    }
    assert (agreed.status_code, agreed["Location"]) == (307, action)
    assert (stored.status_code, stored["Location"]) == (303, at("rate"))
    assert Judgment.objects.get().rater == ann


def test_R103_what_was_sent_stays_kept_when_the_text_changes_once_more(
    study, client, ann, tmp_path
):
    build.item(study, tmp_path)
    action, fields = entered(ann)
    build.asks_consent(study, "One")
    address, kept = form_in(client.post(action, fields))
    build.asks_consent(study, "Two")

    asked = client.post(address, dict(kept))
    address, again = form_in(asked)

    assert asked.status_code == 409
    assert again == kept
    assert parse_qs(urlsplit(address).query)["repeat"] == [action]


def test_R103_what_was_sent_comes_back_escaped_and_in_order(study, client, ann):
    build.asks_consent(study)
    hostile = '"><script>x</script>'

    asked = client.post(at("submit", "k"), {hostile: ["b", "a"], "note": f"one\n{hostile}"})

    assert b"<script>x" not in asked.content
    assert form_in(asked)[1] == [(hostile, "b"), (hostile, "a"), ("note", f"one\n{hostile}")]


def test_a_form_of_another_site_agrees_to_nothing(study, ann):
    text = build.asks_consent(study)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann.user, backend=BACKEND)

    refused = strict.post(at("consent"), query_params={"text": text.pk})

    assert refused.status_code == 403
    assert not Consent.objects.exists()


@pytest.mark.parametrize("name", ["consent", "declined", "support", "withdraw"])
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("admin", 403)])
def test_these_pages_are_raters_only(study, name, who, status):
    user = build.user() if who == "stranger" else build.member(study, Role.ADMIN)

    assert browser(user).get(at(name)).status_code == status
