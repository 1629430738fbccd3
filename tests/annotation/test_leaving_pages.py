"""R-106, R-110: support is there at any time, and leaving as a rater meets it."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from annotation.models import Membership, Rater, Study
from annotation.services import studies
from annotation.vocabulary import Role
from tests import build
from tests.annotation.coming import at, browser, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(ann):
    return browser(ann.user)


# Support


def test_R110_support_is_open_before_consent_and_linked_from_every_page(study, client):
    Study.objects.update(support_text="Call **116 123** <script>x</script>")
    build.asks_consent(study)

    shown = client.get(at("support"))

    assert b"<strong>116 123</strong>" in shown.content
    assert b"<script>x" not in shown.content
    for name in ("consent", "declined", "withdraw", "support"):
        assert at("support") in words(client.get(at(name)))


@pytest.mark.parametrize("name", ["guidelines", "mine", "rate"])
def test_R110_support_and_the_way_out_are_linked_while_rating(study, client, name):
    Study.objects.update(support_text="Call somebody.")

    shown = words(client.get(at(name)))

    assert at("support") in shown
    assert at("withdraw") in shown


def test_a_study_that_names_no_support_says_whom_to_write_to(study, client):
    assert "Write to whoever invited you" in words(client.get(at("support")))
    assert at("support") not in words(client.get(at("guidelines")))


# Leaving


@pytest.mark.parametrize(
    ("policy", "promise"), [("keep", "are kept without any link"), ("delete", "deleted")]
)
def test_R106_the_page_says_what_leaving_means(study, client, ann, tmp_path, policy, promise):
    Study.objects.update(on_withdrawal=policy)
    build.item(study, tmp_path)
    build.judgment(ann)

    shown = words(client.get(at("withdraw")))

    assert promise in shown
    assert "You have judged 1 item in this study" in shown
    assert Rater.objects.get().withdrew_at is None


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("keep", "Your 1 judgment is not linked to you now"),
        ("delete", "Your 1 judgment was deleted"),
    ],
)
def test_R106_leaving_says_what_was_done(study, client, ann, tmp_path, policy, said):
    Study.objects.update(on_withdrawal=policy)
    build.item(study, tmp_path)
    build.judgment(ann)

    left = client.post(at("withdraw"))
    goodbye = client.get(left["Location"])

    assert (left.status_code, left["Location"]) == (303, at("goodbye"))
    assert said in words(goodbye)
    assert said not in words(client.get(at("goodbye")))
    assert Rater.objects.get().withdrew_at is not None


def test_leaving_without_a_judgment_says_so(study, client):
    left = client.post(at("withdraw"))

    assert [
        "There were no judgments of yours" in str(one) for one in get_messages(left.wsgi_request)
    ]
    assert "There were no judgments of yours" in words(client.get(left["Location"]))


def test_R106_after_leaving_the_study_is_there_no_more(study, client):
    client.post(at("withdraw"))

    for name in ("rate", "guidelines", "mine", "consent", "support", "declined"):
        assert client.get(at(name)).status_code == 404
    assert "A study" not in words(client.get(reverse("home")))


def test_R106_pressing_twice_leads_to_the_goodbye(study, client):
    for method in (client.post, client.post, client.get):
        answer = method(at("withdraw"))

        assert (answer.status_code, answer["Location"]) == (303, at("goodbye"))
    assert Membership.objects.count() == 1


def test_R106_the_link_that_let_them_in_is_refused_with_the_reason(study, client, ann):
    client.post(at("withdraw"))
    token = build.invitation(study, build.member(study, Role.ADMIN))

    refused = client.post(reverse("join", args=[token]))

    assert refused.status_code == 410
    assert "you cannot rate in it again" in words(refused)


def test_R103_who_never_agreed_can_leave(study, client):
    build.asks_consent(study)

    assert client.post(at("withdraw")).status_code == 303


def test_a_study_that_is_closed_can_be_left(client):
    Study.objects.update(state="closed")

    assert client.post(at("withdraw")).status_code == 303


def test_R110_the_goodbye_has_the_support_text(study, client):
    Study.objects.update(support_text="Call **116 123**")
    client.post(at("withdraw"))

    assert "<strong>116 123</strong>" in words(client.get(at("goodbye")))


def test_there_is_no_goodbye_for_anybody_else(study, client, ann):
    assert client.get(at("goodbye")).status_code == 404
    studies.leave(study=study, user=ann.user, now=build.NOW)
    assert client.get(at("goodbye")).status_code == 404
    assert Client().get(at("goodbye")).status_code == 302


def test_who_comes_back_as_a_researcher_is_one(study, client, ann):
    account = ann.user
    client.post(at("withdraw"))
    studies.join(study=study, user=account, role=Role.RESEARCHER, now=build.NOW)

    assert client.get(reverse("evaluation:agreement", args=["s"])).status_code == 200
    assert client.get(at("rate")).status_code == 403
