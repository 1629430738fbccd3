"""A rater's browser, as tests of the rater's addresses have it."""

import re
from pathlib import Path

from django.test import Client
from django.urls import reverse

from annotation.models import Rater, Study
from annotation.selectors.cards import card_for
from tests import build

BACKEND = "django.contrib.auth.backends.ModelBackend"

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


def browser_of_three(study: Study, tmp_path: Path) -> Browser:
    """A rater's browser, at a study of three items of one turn."""
    for _ in range(3):
        build.item(study, tmp_path, n_seats=1)
    return Browser(build.rater(study))


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
