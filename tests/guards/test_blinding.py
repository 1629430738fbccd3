"""No answer to a rater tells who wrote a reply, what others said, or what a judge thinks."""

import dataclasses
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Rater, Seat
from annotation.receipts import Receipt
from annotation.selectors import cards, past
from annotation.services import gold
from annotation.vocabulary import Role, Wave
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
    "wave",
    "lane",
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


def with_gold(tmp_path, name, *, known=True):
    """A study of twelve replies, three of them gold with seats of their own, and one rater."""
    study = build.study(name, rubric=build.SAFE, raters_per_item=1)
    ids = [f"r{number}" for number in range(12)]
    lines = [
        build.reply_fields(
            response_id=one,
            query_id=f"q-{one}",
            messages=[
                {"role": "user", "content": f"About {one}?"},
                {"role": "assistant", "content": f"So {one}."},
            ],
        )
        for one in ids
    ]
    build.batch(study, lines, tmp_path)
    if known:
        answers = [
            {"response_id": one, "question": "safe", "answer": "yes", "reason": "sealedgold"}
            for one in ids[:3]
        ]
        path = build.jsonl(tmp_path / "sealedgold.jsonl", answers)
        assert not gold.load(study=study, path=path, now=build.NOW).refused
        gold.open_seats(study=study, raters_per_item=2, seed=1, now=build.NOW)
    build.open_seats(study, n_seats=1)
    user = build.member(study, Role.RATER, name=f"{name}-rater")
    # Upwards from the beginning: of two seats at one place the gold one, which is older, comes.
    Rater.objects.filter(user=user).update(start=0, cursor=0, descending=False)
    return study, user


def alike(sent: str, study, seat) -> str:
    """What was sent, without what is drawn anew for every page and every item."""
    for changing in (study.slug, seat.key, seat.item.reply_1.external_id):
        sent = sent.replace(changing, "*")
    sent = re.sub(r"(?s)<details class=\"definitions.*?</details>", "", sent)
    sent = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "", sent)
    sent = re.sub(r'name="(csrfmiddlewaretoken|receipt)" value="[^"]*"', r"\1", sent)
    return re.sub(r'(X-CSRFToken&quot;:\s*&quot;|nonce=")[\w+/=-]+', "", sent)


def test_R087_a_gold_item_is_shown_as_any_other(tmp_path):
    study, user = with_gold(tmp_path, "goldstudy")
    client = world.client(user)
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    rate = reverse("annotation:rate", args=[study.slug])
    shown, answered = {}, {}

    for _ in range(12):
        Rater.objects.filter(pk=rater.pk).update(judged_count=0)  # the page counts what was judged
        page = client.get(rate, headers={"HX-Request": "true"})
        seat = Seat.objects.select_related("item__reply_1").get(
            rater=rater, shown_at__isnull=False, judged_at=None
        )
        form = {"receipt": cards.card_for(seat, rater).receipt, "turn": "0", "safe": "no"}
        action = reverse("annotation:submit", args=[study.slug, seat.key])
        answer = client.post(action, form, headers={"HX-Request": "true"})
        shown.setdefault(seat.wave, set()).add(alike(page.content.decode(), study, seat))
        answered.setdefault(seat.wave, set()).add((answer.status_code, *sorted(answer.headers)))

    assert set(shown) == {Wave.FIRST, Wave.GOLD}
    assert shown[Wave.GOLD] == shown[Wave.FIRST]
    assert answered[Wave.GOLD] == answered[Wave.FIRST]


def test_R087_what_a_rater_sees_of_the_study_is_the_same_with_gold_and_without(tmp_path):
    said = []
    for name, known in (("golden", True), ("plainly", False)):
        study, user = with_gold(tmp_path, name, known=known)
        rater = Rater.objects.select_related("study").get(study=study, user=user)
        for _ in range(12):
            build.judgment(rater, safe="no")
        client = world.client(user)
        pages = [
            client.get(reverse(f"annotation:{one}", args=[study.slug])).content.decode()
            for one in ("rate", "mine")
        ]
        assert not [page for page in pages if "gold" in page.replace(name, "").lower()]
        said.append([_without_ids(page.replace(name, "*")) for page in pages])

    assert said[0] == said[1]


def _without_ids(page: str) -> str:
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"', "", page)
    page = re.sub(r"X-CSRFToken[^}]*}|data-[a-z-]*=\"[0-9a-f]{16}\"", "", page)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page)


def test_R087_the_queue_asks_the_database_the_same_at_gold_and_other_items(tmp_path):
    study, user = with_gold(tmp_path, "goldqueue")
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    queries = {}

    for _ in range(12):
        with CaptureQueriesContext(connection) as asked:
            seat = build.claim(rater)
            cards.card_for(seat, rater)
        build.submit(rater, seat, safe="no")
        queries.setdefault(seat.wave, []).append(len(asked))

    # The first item warms what is kept per process.
    assert max(queries[Wave.GOLD]) <= max(queries[Wave.FIRST])
    assert min(queries[Wave.GOLD]) >= min(queries[Wave.FIRST])


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
