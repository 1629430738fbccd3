"""Answers sent twice, late, to a wrong address, or lost on the way: stored once, never lost."""

import socket
import threading
import urllib.request
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from annotation.models import Answer, Judgment, Rater, Seat, User
from tests import build
from tests.annotation.rating import PART, browser, form_of

pytestmark = pytest.mark.django_db

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
