"""No payload runs or leaves its place where two replies stand side by side, nor when answers return."""

import pytest
from django.urls import reverse

from annotation.models import Rater, Seat
from annotation.selectors.cards import card_for
from tests.guards import hostile_pairs, voices, world
from tests.guards.shapes import VOICES, differences, html_of, problems_of

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
PAGES = {
    "rate": (),
    "ahead": (),
    "revise": ("judged_seat", "turn"),
    "mine": (),
    "my_judgment": ("public_id",),
    "glossary": (),
    "guidelines": (),
}


@pytest.fixture(params=VOICES)
def twins(request, tmp_path):
    """The hostile pairs and their harmless twins, each with the voice that wrote them."""
    made = []
    for name, harmless in (("evil", False), ("good", True)):
        say = voices.Voice(VOICES[request.param], harmless)
        made.append((hostile_pairs.make(tmp_path / name, say, slug=f"{name}-pairs"), say))
    return made


def path(of: world.World, name: str, *parameters: str) -> str:
    return reverse(f"annotation:{name}", args=[of.values[one] for one in ("slug", *parameters)])


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_R021_pages_of_pairs_keep_their_shape_whatever_was_written(twins, headers):
    found = []
    for name, parameters in PAGES.items():
        answers = [
            world.client(of.people["rater"]).get(path(of, name, *parameters), headers=headers)
            for of, _ in twins
        ]
        found += [f"{name}: {one}" for one in problems_of(answers[0]) + differences(*answers)]

    assert found == []


def test_R021_what_admins_see_of_pairs_keeps_its_shape(twins):
    found = []
    for name in ("study", "leaks", "seats", "raters", "batches", "rubric"):
        answers = [world.client(of.people["admin"]).get(path(of, name)) for of, _ in twins]
        assert answers[0].status_code == 200, name
        found += [f"{name}: {one}" for one in problems_of(answers[0]) + differences(*answers)]

    assert found == []


def answers_to(of: world.World, say: voices.Voice, key: str) -> dict:
    """Other answers than those stored at a seat, and one that the rubric does not have."""
    rater = Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])
    seat = Seat.objects.select_related("item").get(key=of.values[key])
    more = {say("sent-name", every=True): say("sent-answer", every=True)}
    receipt = card_for(seat, rater).receipt
    return {"receipt": receipt, "turn": "0", "better": "slot_1", "words": say("again"), **more}


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
@pytest.mark.parametrize("key", ["seat", "judged_seat"])
def test_R021_answers_to_a_pair_come_back_as_words(twins, headers, key):
    came = []
    for of, say in twins:
        client = world.client(of.people["rater"])
        fields = answers_to(of, say, key)
        if key == "seat":  # of an item that is still to be judged: nothing is chosen
            del fields["better"]
        came.append(client.post(path(of, "submit", key), fields, headers=headers))

    assert came[0].status_code in (409, 422)
    assert problems_of(came[0]) + differences(*came) == []


def test_R080_answers_to_a_pair_come_back_in_the_labels_of_its_side(twins):
    of, say = twins[0]
    fields = answers_to(of, say, "judged_seat")

    html = html_of(world.client(of.people["rater"]).post(path(of, "submit", "judged_seat"), fields))

    assert "slot_1" not in html
    assert "slot_2" not in html
