"""Whoever wrote a reply, what a rater gets has the same shape, the same headers and the same text."""

import json
from collections import Counter
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from scipy.stats import chisquare

from annotation import rendering
from annotation.models import Item, Rater, Rendering, Seat, Study
from annotation.selectors.cards import card_for
from annotation.services import batches, gold, openings
from tests import build
from tests.evaluation.given import rows, written
from tests.guards import world
from tests.guards.test_blinding import told

pytestmark = pytest.mark.django_db

# What providers send beside a reply, under names that we know and one that nobody does.
FROM_THE_PROVIDER = {
    "id": "chatcmpl-tellall1",
    "msg": "msg_tellall2",
    "resp": "resp_tellall3",
    "finish_reason": "tellall4",
    "usage": {"total_tokens": "tellall5"},
    "latency": "tellall6",
    "temperature": "tellall7",
    "system_fingerprint": "fp_tellall8",
    "cost": "tellall9",
    "created": "tellall10",
    "safety_ratings": ["tellall11"],
    "reasoning": "tellall12",
    "something_new": {"deep": ["tellall13"]},
}


def session(study: Study, name: str, items: int, *, headers=None) -> list:
    """Every answer that a rater gets from the first item to the last page."""
    user = build.member(study, name=name)
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    client = world.client(user)
    rate = reverse("annotation:rate", args=[study.slug])
    answers = [client.get(rate, headers=headers)]
    for _ in range(items):
        seat = build.claim(rater, at=build.now())
        action = reverse("annotation:submit", args=[study.slug, seat.key])
        form = {"receipt": card_for(seat, rater).receipt, "turn": "0", **build.QUICK}
        answers += [client.get(rate, headers=headers), client.post(action, form, headers=headers)]
    answers += [
        client.get(reverse(f"annotation:{page}", args=[study.slug]), headers=headers)
        for page in ("mine", "guidelines", "support")
    ]
    return answers


def sent(answer) -> str:
    return answer.content.decode() + str(answer.headers) + str(answer.cookies)


@pytest.mark.parametrize("headers", [None, {"HX-Request": "true"}], ids=["page", "part"])
def test_R079_nothing_that_a_provider_said_beside_a_reply_reaches_a_rater(tmp_path, headers):
    study = build.study("s")
    lines = [
        build.reply_fields(metadata=FROM_THE_PROVIDER),
        {**build.reply_fields(), "unheard_of": "tellall14"},
    ]
    build.batch(study, lines, tmp_path)
    openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=build.NOW)

    answers = session(study, "ann", 2, headers=headers)

    assert [answer for answer in answers if "tellall" in sent(answer)] == []


def test_R079_a_release_has_all_that_the_provider_said(tmp_path):
    study = build.study("s")
    build.item(study, tmp_path, metadata=FROM_THE_PROVIDER)

    (item,) = rows(written(study, tmp_path), "items")

    assert item["metadata"] == FROM_THE_PROVIDER


# how a page fails tells nothing


REFUSED = ("bad receipt", "foreign seat", "not a form", "wrong method", "no such page", "too big")


def failing(client, study, seat, how):
    submit = reverse("annotation:submit", args=[study.slug, seat.key])
    if how == "bad receipt":
        return client.post(submit, {"receipt": "x", "turn": "0"})
    if how == "foreign seat":
        other = reverse("annotation:submit", args=[study.slug, "0" * len(seat.key)])
        return client.post(other, {"receipt": "x", "turn": "0"})
    if how == "not a form":
        return client.post(submit, b"{", content_type="application/json")
    if how == "wrong method":
        return client.generic("PATCH", submit)
    if how == "no such page":
        return client.get(f"/studies/{study.slug}/replies/{seat.item.reply_1_id}/raw/")
    return client.post(submit, {"receipt": "x", "turn": "9" * 400, "note": "x" * 6_000_000})


@pytest.mark.parametrize("how", REFUSED)
def test_R078_a_refusal_names_no_row_no_statement_and_no_file(tmp_path, how):
    own = world.make(tmp_path, name="own")
    user = own.people["rater"]
    rater = Rater.objects.select_related("study").get(study=own.study, user=user)
    seat = build.claim(rater, at=build.now())

    answer = failing(world.client(user), own.study, seat, how)

    assert 400 <= answer.status_code < 500
    assert told(answer) == []
    for trace in ("Traceback", "SELECT ", "annotation_", "object (", "/annotation/", ".py"):
        assert trace not in answer.content.decode()


def test_R078_a_fault_says_nothing_of_what_it_met(tmp_path, monkeypatch):
    own = world.make(tmp_path, name="own")
    client = world.client(own.people["rater"])
    client.raise_request_exception = False

    def fails(*args, **kwargs):
        raise RuntimeError("sealedvendor/UnderSeal-9 of sealed-reply-own-1")

    monkeypatch.setattr("annotation.views.rating.show_next", fails)
    answer = client.get(reverse("annotation:rate", args=[own.study.slug]))

    assert answer.status_code == 500
    assert told(answer) == []
    assert "RuntimeError" not in answer.content.decode()


# which side stands first says nothing of who wrote it


def test_R080_each_model_stands_first_as_often_as_any_other(tmp_path):
    study = build.study("pairs", rubric="pairwise")
    models = ["acme/one", "bolt/two", "core/three"]
    lines = [
        build.reply_fields(query_id=f"q{n}", model=model, response_id=f"r{n}-{at}")
        for n in range(30)
        for at, model in enumerate(models)
    ]
    build.batch(study, lines, tmp_path)
    openings.open_first_wave(
        study=study, raters_per_item=1, seed=1, now=build.NOW, pairs_per_query=3
    )
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()

    pairs = Item.objects.select_related("reply_1__model", "reply_2__model")
    for item in pairs:
        for n in range(25):
            side = openings.side_of(item, seed=1, rater_name=f"account:{n}")
            replies = [item.reply_1.model.key, item.reply_2.model.key]
            first[replies[side - 1]] += 1
            second[replies[2 - side]] += 1

    assert sum(first.values()) > 2_000
    for model in models:
        assert chisquare([first[model], second[model]]).pvalue > 0.001


# one pipeline for every text


MARKUP = [
    "# Heading\n\n- one\n- **two**",
    "plain words",
    "$e = mc^2$ and \\[x\\]",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "🙂 — 👩‍👩‍👧",
]


def test_R089_a_text_looks_the_same_whatever_model_batch_or_format_it_came_by(tmp_path):
    study = build.study("s")
    fields = [
        build.reply_fields(
            model=f"vendor{n}/m{n}", messages=[{"role": "user", "content": "?"}, reply]
        )
        for n, reply in enumerate({"role": "assistant", "content": text} for text in MARKUP)
    ]
    build.batch(study, fields, tmp_path)
    table = tmp_path / "again.csv"
    lines = ["query_id,response_id,model,value_a,value_b,messages"]
    for n, line in enumerate(fields):
        messages = json.dumps(line["messages"], ensure_ascii=False).replace('"', '""')
        lines.append(f'again{n},again{n},other/x,Honesty,Kindness,"{messages}"')
    table.write_text("\n".join(lines), encoding="utf-8")
    upload = batches.register(study=study, file_name=table.name, now=build.NOW)
    assert batches.load(batch=upload, path=table).refused == 0
    openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=build.NOW)
    ann = build.rater(study)

    seen: dict[str, set[str]] = {}
    for _ in range(2 * len(MARKUP)):
        seat = build.claim(ann)
        text = seat.item.reply_1.versions.get().messages[1]["content"]
        seen.setdefault(text, set()).add(card_for(seat, ann).messages[-1].html)
        build.submit(ann, seat)

    assert len(seen) == len(MARKUP)
    assert all(len(looks) == 1 for looks in seen.values())
    assert set(Rendering.objects.values_list("renderer", flat=True)) == {rendering.RENDERER_VERSION}


# what carries the page says nothing either


def test_R092_headers_are_the_same_for_every_model(tmp_path):
    study = build.study("s", replies_per_query=2)
    lines = [
        build.reply_fields(
            model=("acme/one", "bolt-with-a-long-name/number-two")[n % 2],
            response_id=("a", "a-very-long-id-of-a-reply-")[n % 2] + f"{n:02}",
            messages=[
                {"role": "user", "content": "Question?"},
                {"role": "assistant", "content": f"Answer {n:02}."},
            ],
        )
        for n in range(60)
    ]
    build.batch(study, lines, tmp_path)
    openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=build.NOW)
    user = build.member(study, name="ann")
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    client = world.client(user)
    sizes: list[tuple[str, int]] = []
    names: set[frozenset[str]] = set()

    for _ in range(60):
        answer = client.get(reverse("annotation:rate", args=[study.slug]))
        seat = build.claim(rater, at=build.now())
        model = seat.item.reply_1.model.key
        names.add(frozenset(answer.headers))
        sizes.append((model, sum(len(f"{key}: {it}") for key, it in answer.headers.items())))
        build.submit(rater, seat, at=build.now())

    assert len(names) == 1
    assert {"Server-Timing", "X-Runtime", "X-Response-Time"}.isdisjoint(next(iter(names)))
    assert differs_by_chance(sizes)


def differs_by_chance(sizes: list[tuple[str, int]], *, draws: int = 500) -> bool:
    """Whether sizes differ between models no more than they would if models were dealt out anew."""

    def gap(models) -> float:
        groups: dict[str, list[int]] = {}
        for model, (_, size) in zip(models, sizes, strict=True):
            groups.setdefault(model, []).append(size)
        one, other = (sum(group) / len(group) for group in groups.values())
        return abs(one - other)

    models = [model for model, _ in sizes]
    seen, random = gap(models), Random(1)
    larger = sum(gap(random.sample(models, len(models))) >= seen for _ in range(draws))
    return larger / draws > 0.001


def test_R092_a_request_costs_the_same_work_whatever_model_wrote_and_gold_or_not(tmp_path):
    """Statements and bytes stand for time: they cannot be late because the machine is busy."""
    study = build.study("s", rubric=build.SAFE, raters_per_item=1)
    lines = [
        build.reply_fields(
            model=("acme/one", "bolt-with-a-long-name/number-two")[n % 2],
            response_id=f"r{n:02}",
            query_id=f"q{n:02}",
            messages=[
                {"role": "user", "content": "Question?"},
                {"role": "assistant", "content": f"Answer {n:02}."},
            ],
        )
        for n in range(40)
    ]
    build.batch(study, lines, tmp_path)
    known = [{"response_id": f"r{n:02}", "question": "safe", "answer": "yes"} for n in range(12)]
    path = build.jsonl(tmp_path / "known.jsonl", known)
    assert not gold.load(study=study, path=path, now=build.NOW).refused
    gold.open_seats(study=study, raters_per_item=1, seed=1, now=build.NOW)
    build.open_seats(study, n_seats=1)
    user = build.member(study, name="ann")
    # Upwards the gold seat of an item comes first, downwards its other seat.
    Rater.objects.filter(study=study, user=user).update(descending=False)
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    client = world.client(user)
    seen = [_work_of_one(client, rater) for _ in range(40)][3:]  # the first ones warm what is kept

    by_model = [(seat.item.reply_1.model.key, work) for seat, work in seen]
    by_wave = [(str(seat.wave), work) for seat, work in seen]
    assert {wave for wave, _ in by_wave} == {"1", "4"}
    for part in ("statements", "bytes_shown", "bytes_answered"):
        assert differs_by_chance([(model, work[part]) for model, work in by_model])
        assert differs_by_chance([(wave, work[part]) for wave, work in by_wave])


def _work_of_one(client, rater) -> tuple[Seat, dict[str, int]]:
    """Have a rater shown one item and answer it; say what that took."""
    Rater.objects.filter(pk=rater.pk).update(judged_count=0)  # the page counts what was judged
    rate = reverse("annotation:rate", args=[rater.study.slug])
    with CaptureQueriesContext(connection) as asked:
        page = client.get(rate, headers={"HX-Request": "true"})
    held = Seat.objects.select_related("item__reply_1__model")
    seat = held.get(rater=rater, shown_at__isnull=False, judged_at=None)
    form = {"receipt": card_for(seat, rater).receipt, "turn": "0", "safe": "no"}
    action = reverse("annotation:submit", args=[rater.study.slug, seat.key])
    with CaptureQueriesContext(connection) as stored:
        answer = client.post(action, form, headers={"HX-Request": "true"})
    work = {
        "statements": len(asked) + len(stored),
        "bytes_shown": len(page.content),
        "bytes_answered": len(answer.content) + sum(map(len, answer.headers.values())),
    }
    return seat, work


def test_differences_of_work_that_hang_on_the_model_are_found():
    sizes = [(("one", "two")[n % 2], 1_000 + 3 * (n % 2) + n % 5) for n in range(40)]

    assert not differs_by_chance(sizes)
