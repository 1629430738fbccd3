"""No answer to a rater tells who wrote a reply, what others said, or what a judge thinks."""

import dataclasses

import pytest
from django.urls import reverse

from annotation.models import Rater
from annotation.receipts import Receipt
from annotation.selectors import cards, past
from tests import build
from tests.guards import world
from tests.guards.routes import routes

pytestmark = pytest.mark.django_db

FORBIDDEN_FIELDS = {
    "model",
    "provider",
    "framing",
    "verdict",
    "gold",
    "external_id",
    "response_id",
    "query_id",
    "scenario_id",
    "batch",
    "metadata",
    "id",
    "pk",
}
SHAPES = [
    shape
    for module in (cards, past)
    for shape in vars(module).values()
    if dataclasses.is_dataclass(shape) and shape.__module__ == module.__name__
]


def told(answer) -> list[str]:
    """Return the secrets in everything that was sent."""
    sent = answer.content.decode(errors="replace") + str(answer.headers) + str(answer.cookies)
    return [name for name, secret in world.SECRETS.items() if secret.lower() in sent.lower()]


@pytest.fixture
def own(tmp_path):
    return world.make(tmp_path, name="own")


@pytest.mark.parametrize("shape", [*SHAPES, Receipt], ids=lambda shape: shape.__name__)
def test_what_a_rater_is_shown_has_no_field_for_a_secret(shape):
    assert FORBIDDEN_FIELDS.isdisjoint(field.name for field in dataclasses.fields(shape))


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_R087_no_address_tells_a_rater_a_secret(own, method, headers):
    client = world.client(own.people["rater"])

    leaks = {
        route.pattern: found
        for route in routes()
        if (found := told(client.generic(method, route.url(own.values), headers=headers)))
    }

    assert leaks == {}


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_R087_a_whole_session_tells_a_rater_nothing(own, headers):
    user = own.people["rater"]
    client = world.client(user)
    rater = Rater.objects.select_related("study").get(study=own.study, user=user)
    rate = reverse("annotation:rate", args=[own.study.slug])
    answers = [client.get(rate, headers=headers)]

    for _ in range(9):
        seat = build.claim(rater, at=build.now())
        if seat is None:
            break
        action = reverse("annotation:submit", args=[own.study.slug, seat.key])
        form = {"receipt": cards.card_for(seat, rater).receipt, "turn": "0"}
        answers.append(client.post(action, form, headers=headers))
        answers.append(client.post(action, {**form, **build.QUICK}, headers=headers))
        answers.append(client.post(action, {**form, **build.QUICK}, headers=headers))
        answers.append(
            client.post(action, {**form, **build.QUICK, "misled": ["unsure"]}, headers=headers)
        )
    answers.append(client.get(rate, headers=headers))
    answers.append(client.get(reverse("annotation:mine", args=[own.study.slug])))

    assert [told(answer) for answer in answers if told(answer)] == []
    assert b"Nothing for you" in answers[-2].content or b"you are done" in answers[-2].content


def test_keys_that_a_rater_sees_are_another_raters_never(own):
    ann = Rater.objects.select_related("study").get(user=own.people["rater"])
    bob = build.rater(own.study)

    keys = {build.claim(ann).key, build.claim(bob).key}

    assert len(keys) == 2


def test_R043_the_stored_hash_is_of_the_text_as_shown(own):
    ann = Rater.objects.select_related("study").get(user=own.people["rater"])
    seat = build.claim(ann)
    receipt = build.receipt(seat, ann)

    stored = build.judgment(ann)

    assert stored.finished
    assert receipt.shown_sha256 == ann.judgments.get().shown_sha256
