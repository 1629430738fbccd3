import socket
import threading
import urllib.request
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import structlog
from django.test import Client
from django.urls import reverse

from annotation.models import Answer, Judgment, Rater, Seat, User
from annotation.selectors.cards import card_for
from annotation.services import raters as raters_service
from annotation.vocabulary import Role
from tests import build

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def study():
    return build.study()


@pytest.fixture
def ann(study):
    return build.rater(study)


def browser(rater: Rater, **more) -> Client:
    client = Client(**more)
    client.force_login(rater.user, backend=BACKEND)
    return client


def rate(rater):
    return reverse("annotation:rate", args=[rater.study.slug])


def form_of(rater: Rater, **answers) -> tuple[str, dict]:
    """The address and the content of the form that the rater sees now."""
    seat = build.claim(rater, at=build.now())
    card = card_for(seat, rater)
    action = reverse("annotation:submit", args=[rater.study.slug, seat.key])
    return action, {"receipt": card.receipt, "turn": str(card.turn), **build.QUICK, **answers}


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


EXTRA = {
    "rater": "1",
    "rater_id": "1",
    "study": "2",
    "project": "2",
    "is_gold": "true",
    "weight": "9",
    "status": "x",
    "created_at": "2001-01-01",
    "is_staff": "1",
    "is_superuser": "1",
    "groups": "1",
    "consent_version": "7",
    "wave": "4",
    "current": "false",
}


def test_R006_extra_fields_of_a_form_are_never_honoured(study, ann, tmp_path):
    build.item(study, tmp_path)
    action, form = form_of(ann)

    browser(ann).post(action, {**form, **EXTRA}, headers=PART)

    stored = Judgment.objects.get()
    assert (stored.rater_id, stored.current, stored.created_at.year > 2020) == (ann.pk, True, True)
    assert set(Answer.objects.values_list("wave", flat=True)) == {1}
    assert not User.objects.filter(is_staff=True).exists()


def test_R029_a_double_click_makes_one_judgment(study, ann, tmp_path):
    build.item(study, tmp_path)
    action, form = form_of(ann)
    client = browser(ann)

    first, second = (client.post(action, form, headers=PART) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first["X-Judgment"] == second["X-Judgment"]
    assert Rater.objects.get(pk=ann.pk).judged_count == 1


def test_R034_a_second_tab_with_another_answer_is_told_both(study, ann, tmp_path):
    build.item(study, tmp_path)
    action, form = form_of(ann)
    client = browser(ann)
    client.post(action, form, headers=PART)

    answer = client.post(action, {**form, "winner": "value_b"}, headers=PART)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert ">Honesty</dd>" in page
    assert ">Kindness</dd>" in page
    assert Answer.objects.filter(question__key="winner").count() == 1


def test_R037_an_answer_too_late_is_shown_back_and_not_lost(study, ann, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    action, form = form_of(ann)
    Seat.objects.update(leased_until=build.now() - timedelta(minutes=1))
    bob = build.rater(study)
    assert build.claim(bob, at=build.now())

    answer = browser(ann).post(action, {**form, "winner": "both"}, headers=PART)

    assert answer.status_code == 409
    assert ">Both about equally</dd>" in answer.content.decode()


def test_R130_answers_sent_to_another_items_address_are_refused(study, ann, tmp_path):
    for _ in range(2):
        build.item(study, tmp_path)
    bob = build.rater(study)
    form = form_of(ann)[1]
    other = form_of(bob)[0]

    answer = browser(ann).post(other, form, headers=PART)

    assert answer.status_code == 409
    assert not Judgment.objects.exists()


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


class DroppingProxy(threading.Thread):
    """Passes requests to the server; while ``dropping``, throws its answers away."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.dropping = port, False
        self.listener = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with near, socket.create_connection(("127.0.0.1", self.port)) as far:
                far.sendall(self._request(near))
                answer = b"".join(iter(lambda: far.recv(65536), b""))
                if not self.dropping:
                    near.sendall(answer)

    def _request(self, near: socket.socket) -> bytes:
        got = near.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        while len(body) < length:
            body += near.recv(65536)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection")]
        return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


@pytest.mark.django_db(transaction=True)
def test_R033_an_answer_lost_on_the_way_back_is_stored_once(live_server, tmp_path):
    study = build.study()
    ann = build.rater(study)
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    action, form = form_of(ann)
    client = browser(ann)
    cookie = f"touchstone_session={client.cookies['touchstone_session'].value}; touchstone_csrf={'c' * 32}"
    proxy = DroppingProxy(int(live_server.url.rpartition(":")[2]))
    proxy.start()

    def send():
        request = urllib.request.Request(
            proxy.address + action,
            urlencode(form, doseq=True).encode(),
            {"Cookie": cookie, "X-CSRFToken": "c" * 32, **PART},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["X-Judgment"]

    proxy.dropping = True
    with pytest.raises(OSError):  # noqa: PT011 - however the client words it
        send()
    proxy.dropping = False
    status, judgment_id = send()
    proxy.listener.close()

    assert status == 200
    assert str(Judgment.objects.get().public_id) == judgment_id
    assert build.claim(ann, at=build.now()).judged_at is None


def test_R034_a_second_tab_with_half_an_answer_is_told_that_the_item_was_judged(
    study, ann, tmp_path
):
    build.item(study, tmp_path)
    action, form = form_of(ann)
    client = browser(ann)
    client.post(action, form, headers=PART)
    form.pop("confidence")

    answer = client.post(action, form, headers=PART)

    assert answer.status_code == 409
    assert "You answered this item before" in answer.content.decode()


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
