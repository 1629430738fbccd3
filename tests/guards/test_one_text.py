"""A reply reads the same, byte for byte, on every page and part that a rater can be sent it by."""

import re

import pytest
from django.urls import reverse

from annotation.models import Judgment, Rater, Seat
from annotation.selectors.cards import card_for
from annotation.vocabulary import Role
from tests import build
from tests.guards import world
from tests.guards.routes import routes

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
REPLY = (
    "I am Claude, made by Anthropic. **Zanzibar** <b>is</b> [here](https://a.example) \u202eback"
)
# What stands in a page's reply, up to where the message ends.
TEXT = re.compile(
    r'message--assistant".*?<div class="message__text"[^>]*>(.*?)</div>\n</li>', re.DOTALL
)
ANSWERS = {
    "single": {"safe": "yes"},
    "pair": {"more_a": "slot_1", "more_misleading": "tie", "confidence": "3"},
}


class Channels:
    """A rater of two items with the same reply, and everything that was sent to them."""

    def __init__(self, kind: str, tmp_path) -> None:
        self.study = build.study(rubric=build.SAFE if kind == "single" else "pairwise")
        messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": REPLY}]
        for query in range(2):
            for reply in range(1 if kind == "single" else 2):
                names = {"query_id": f"q{query}", "response_id": f"r{query}-{reply}"}
                model = f"acme/{reply}"
                build.reply(self.study, tmp_path, messages=messages, model=model, **names)
        build.open_seats(self.study, n_seats=1)
        self.rater, self.answers = build.rater(self.study), ANSWERS[kind]
        self.client = world.client(self.rater.user)
        self.bodies: dict[str, str] = {}

    def ask(self, name: str, *parameters, sent: dict | None = None) -> None:
        """Get a page, or send a form, as a page and as a part of one."""
        address = reverse(f"annotation:{name}", args=[self.study.slug, *parameters])
        for way, headers in (("page", {}), ("part", PART)):
            answer = (
                self.client.get(address, headers=headers)
                if sent is None
                else self.client.post(address, sent, headers=headers)
            )
            self.bodies[f"{name} {way} {len(self.bodies)}"] = answer.content.decode()

    def walk(self) -> Seat:
        """Meet the first item in every way there is, then judge it, and look back."""
        rater = Rater.objects.select_related("study").get(pk=self.rater.pk)
        seat = build.claim(rater, at=build.now())
        form = {"receipt": card_for(seat, rater).receipt, "turn": "0"}
        self.ask("rate")
        self.ask("ahead")
        self.ask("submit", seat.key, sent=form)  # nothing answered: it comes back
        self.ask("draft", seat.key, sent={**form, **self.answers})
        self.ask("rate")  # with what was entered
        self.ask("flag", seat.key, sent={"kind": "nonsense"})
        self.ask("extend", seat.key, sent={})
        build.submit(rater, seat, sealed=build.receipt(seat, rater), **self.answers)
        judged = Judgment.objects.get(seat=seat)
        self.ask("my_judgment", judged.public_id)
        self.ask("revise", seat.key, 0)
        self.ask("revise", seat.key, 0, sent=form)
        self.ask("submit", seat.key, sent=form | {"turn": "0"})
        self.ask("skip", seat.key, sent={"reason": "broken"})
        self.ask("mine")
        self.ask("undo")
        return seat


@pytest.fixture(params=ANSWERS)
def channels(request, tmp_path) -> Channels:
    return Channels(request.param, tmp_path)


def test_R086_every_channel_has_the_same_bytes_of_a_reply(channels):
    channels.walk()

    shown = {name: set(TEXT.findall(body)) for name, body in channels.bodies.items()}
    with_reply = {name for name, texts in shown.items() if texts}

    assert len(set().union(*shown.values())) == 1
    for name in ("rate", "ahead", "submit", "my_judgment", "revise"):
        assert any(one.startswith(f"{name} page") for one in with_reply), name


def test_R086_no_channel_has_words_of_a_reply_beside_it(channels):
    channels.walk()

    beside = {name: TEXT.sub("", body) for name, body in channels.bodies.items()}

    assert [name for name, rest in beside.items() if "Zanzibar" in rest] == []
    assert [name for name, body in channels.bodies.items() if "Claude" in body] == []


def test_R086_no_other_address_sends_a_rater_the_words_of_a_reply(channels):
    seat = channels.walk()
    of_replies = {"rate", "ahead", "submit", "draft", "extend", "flag", "skip", "revise", "undo"}
    values = {"slug": channels.study.slug, "key": seat.key, "turn": "0"}
    values |= dict.fromkeys(("number", "value_id", "version_id", "reply_id", "rater_id"), "1")

    found = [
        route.pattern
        for route in routes()
        if set(route.parameters) <= values.keys()
        and route.name.removeprefix("annotation:") not in of_replies
        if "Zanzibar" in channels.client.get(route.url(values)).content.decode(errors="replace")
    ]

    assert found == []


def test_R086_an_admin_is_shown_what_a_rater_reads(channels):
    channels.walk()
    admin = world.client(build.member(channels.study, Role.ADMIN))
    replies = channels.study.responses.values_list("pk", flat=True)

    pages = [
        admin.get(reverse("annotation:reply", args=[channels.study.slug, one])) for one in replies
    ]

    texts = {text for page in pages for text in TEXT.findall(page.content.decode())}
    assert texts == set().union(*(TEXT.findall(body) for body in channels.bodies.values()))
