"""The page a rater judges on: what it shows, what an answer brings, what is said at the end."""

import socket
import urllib.request

import pytest
import structlog
from django.test import Client
from django.urls import reverse

from annotation.models import Answer, Judgment, Seat
from annotation.services import raters as raters_service
from annotation.vocabulary import Role
from tests import build
from tests.annotation.rating import BACKEND, PART, browser, form_of, rate

pytestmark = pytest.mark.django_db


def test_the_next_item_is_shown_with_its_values_and_questions(study, ann, tmp_path):
    build.item(study, tmp_path, value_a="Candour", value_b="Tact")

    page = browser(ann).get(rate(ann)).content.decode()

    assert "Candour" in page
    assert "Which value did the reply serve more?" in page


def test_the_facts_are_what_is_true_here(study, ann, tmp_path):
    build.item(study, tmp_path, facts=["The beans are from a supermarket."])

    page = browser(ann).get(rate(ann)).content.decode()

    assert "What is true here" in page
    assert "The beans are from a supermarket." in page


def test_the_answer_brings_the_next_item_in_the_same_reply(study, ann, tmp_path):
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    action, form = form_of(ann)

    answer = browser(ann).post(action, form, headers=PART)

    assert answer.status_code == 200
    assert answer["X-Judgment"] == str(Judgment.objects.get().public_id)
    assert 'name="receipt"' in answer.content.decode()


def test_without_script_the_answer_sends_the_browser_to_the_next_item(study, ann, tmp_path):
    build.item(study, tmp_path)
    action, form = form_of(ann)

    answer = browser(ann).post(action, form)

    assert (answer.status_code, answer["Location"]) == (303, rate(ann))


def test_what_is_missing_is_named_beside_its_question_and_the_rest_is_kept(study, ann, tmp_path):
    build.item(study, tmp_path)
    action, form = form_of(ann)
    form.pop("confidence")

    answer = browser(ann).post(action, form, headers=PART)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Please answer this question." in page
    assert 'value="value_a" checked' in page
    assert not Judgment.objects.exists()


def test_a_later_turn_is_in_no_answer_before_the_earlier_one_is_judged(study, ann, tmp_path):
    build.item(study, tmp_path, messages=build.conversation(3, text="Reveal"))
    client = browser(ann)

    first = client.get(rate(ann)).content.decode()
    action, form = form_of(ann)
    second = client.post(action, form, headers=PART).content.decode()

    assert ("Reveal1" in first, "Reveal2" in first, "Ask2" in first) == (True, False, False)
    assert ("Reveal2" in second, "Reveal3" in second, "Ask3" in second) == (True, False, False)


def test_the_whole_conversation_is_judged_last(study, ann, tmp_path):
    build.item(study, tmp_path, messages=build.conversation(2))
    client = browser(ann)

    for _ in range(2):
        action, form = form_of(ann)
        page = client.post(action, form, headers=PART).content.decode()

    assert "The whole conversation" in page
    assert Judgment.objects.get().current is False


def test_R002_anothers_judgment_does_not_exist_for_a_rater(study, ann, tmp_path):
    build.item(study, tmp_path)
    build.judgment(ann)
    judgment = Judgment.objects.get()
    bob, cem = build.rater(study), build.rater(build.study())
    own = reverse("annotation:my_judgment", args=[study.slug, judgment.public_id])
    before = list(Answer.objects.values())

    with structlog.testing.capture_logs() as logs:
        answers = [
            browser(who).generic(method, own).status_code
            for who in (bob, cem)
            for method in ("GET", "PUT", "PATCH", "DELETE")
        ]

    assert answers[0] == answers[4] == 404
    assert set(answers) <= {404, 405}
    assert browser(ann).get(own).status_code == 200
    assert list(Answer.objects.values()) == before
    assert bob.user_id in {log["user_id"] for log in logs if log["event"] == "refused"}


def test_R130_after_signing_out_nothing_is_shown(study, ann, tmp_path):
    build.item(study, tmp_path)
    client = browser(ann)
    shown = client.get(rate(ann))

    client.post(reverse("account_logout"))

    assert "no-store" in shown["Cache-Control"]
    assert client.get(rate(ann)).status_code == 302


def test_a_part_asked_for_without_a_session_answers_401_so_that_the_page_keeps_the_input(
    study, ann
):
    answer = Client().post(reverse("annotation:submit", args=[study.slug, "x"]), headers=PART)

    assert answer.status_code == 401


def test_a_skipped_item_is_not_offered_again(study, ann, tmp_path):
    item = build.item(study, tmp_path)
    seat = build.claim(ann, at=build.now())
    action = reverse("annotation:skip", args=[study.slug, seat.key])

    answer = browser(ann).post(action, {"reason": "unfamiliar"}, headers=PART)

    assert "nothing left in this study" in answer.content.decode()
    assert Seat.objects.filter(item=item, rater=None).count() == 3


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("paused", "not open at the moment"),
        ("closed", "The study is closed"),
        ("open", "nothing left"),
    ],
)
def test_the_end_page_says_why_there_is_nothing(state, why):
    ann = build.rater(build.study(state=state))

    assert why in browser(ann).get(rate(ann)).content.decode()


def test_a_paused_rater_is_told_so(study, ann, tmp_path):
    build.item(study, tmp_path)
    raters_service.pause(rater=ann, now=build.NOW, by_id=ann.user_id)

    assert "You are paused" in browser(ann).get(rate(ann)).content.decode()


def test_items_that_others_hold_may_come_back(study, ann, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    build.claim(build.rater(study), at=build.now())

    assert "with other raters at the moment" in browser(ann).get(rate(ann)).content.decode()


def test_whoever_knows_the_models_may_not_rate(study):
    for role in (Role.ADMIN, Role.RESEARCHER):
        client = Client()
        client.force_login(build.member(study, role), backend=BACKEND)

        assert client.get(reverse("annotation:rate", args=[study.slug])).status_code == 403


def test_guidelines_are_rendered_with_their_version():
    from annotation.services import studies

    study = build.study()
    studies.write_guidelines(study=study, text="# Be fair\n\n<script>x</script>", now=build.NOW)
    ann = build.rater(study)

    page = browser(ann).get(reverse("annotation:guidelines", args=[study.slug])).content.decode()

    assert "Be fair" in page
    assert "Version 2" in page
    assert "<script>x" not in page


def test_R025_the_server_opens_no_connection_for_what_a_text_names(
    study, ann, tmp_path, monkeypatch
):
    reached = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *a, **k: reached.append(a))
    real = socket.socket.connect

    def connect(self, address):
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            reached.append(address)
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    text = "![x](http://169.254.169.254/latest) [y](file:///etc/passwd) http://evil.example/z"
    build.item(study, tmp_path, messages=[{"role": "assistant", "content": text}])

    page = browser(ann).get(rate(ann)).content.decode()

    assert reached == []
    assert 'src="http' not in page
    assert 'href="http' not in page


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_the_last_item_of_a_study_that_stopped_says_so(study, ann, tmp_path, state):
    build.item(study, tmp_path)
    build.claim(ann, at=build.now())
    type(study).objects.update(state=state)

    page = browser(ann).get(rate(ann)).content.decode()

    assert f"The study is {state}. You may finish this item" in page


def test_a_page_that_is_refused_leads_back(study, ann):
    answer = browser(ann).get(reverse("annotation:study", args=[study.slug]))

    assert answer.status_code == 403
    assert "My studies" in answer.content.decode()
