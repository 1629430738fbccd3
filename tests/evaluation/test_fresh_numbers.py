"""R-072: after an edit, exclusion, withdrawal or load, numbers are fresh or say of when they are."""

import csv
import io
import json
import re
from http import HTTPStatus

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotation.models import Rater
from annotation.receipts import opened
from annotation.selectors.cards import card_for_edit
from annotation.selectors.studies import pseudonyms
from annotation.services import revisions, withdrawals
from annotation.vocabulary import Role
from evaluation import tasks
from evaluation.exports.verify import verify
from evaluation.models import Report
from evaluation.services import exclusions, releases
from evaluation.services.report_kinds import AGREEMENT
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db
WINNERS = (("value_a", "value_a", "value_b"), ("value_b", "value_b", "value_b"))


@pytest.fixture
def study(tmp_path):
    """Two replies that three raters judged here, whatever their order."""
    made = build.study("s")
    given.replies(made, tmp_path, "a", "b")
    build.open_seats(made)
    raters = [build.rater(made) for _ in range(3)]
    for row in WINNERS:
        for rater, winner in zip(raters, row, strict=True):
            build.judgment(rater, winner=winner)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def last_rater(study):
    return Rater.objects.filter(study=study).select_related("study").order_by("pk").last()


def edit(study, _):
    rater = last_rater(study)
    seat = rater.seats.order_by("pk").last()
    receipt = opened(card_for_edit(seat, rater, turn=0).receipt, seat_key=seat.key)
    sent = {**build.QUICK, "winner": ["value_a"]}
    assert not revisions.revise(rater=rater, receipt=receipt, turn=0, sent=sent, now=NOW).replayed


def exclude(study, _):
    rater = last_rater(study).pk
    name = pseudonyms(study.pk, purpose="pages", subjects=[rater])[rater]
    exclusions.add(
        build.facts(study), kind="rater", subject=name, reason="Why.", now=NOW, by_id=None
    )


def withdraw(study, _):
    withdrawals.withdraw(rater=last_rater(study), now=NOW)


def load(study, tmp_path):
    lines = [(reply, "late", "winner", "both") for reply in "ab"]
    given.judgments(study, tmp_path, lines)


DESIGN = {"design": "stratified", "by": "model", "size": 2}
CHANGES = pytest.mark.parametrize(
    "change", [edit, exclude, withdraw, load], ids=lambda one: one.__name__
)


def body(client, name, *args, **asked):
    response = client.get(reverse(f"evaluation:{name}", args=["s", *args]), asked)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def lasting(text):
    """A page or drawing without what differs at every visit: tokens, and names of clip paths."""
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": |nonce=)"[^"]*"', "", text)
    return re.sub(r"clip\d+", "clip", text)


def numbers(client):
    """What the page shows, as a page, a table, JSON and a drawing."""
    names = ("agreement", "agreement_csv", "agreement_json", "agreement_chart")
    return [lasting(body(client, name)) for name in names]


@CHANGES
def test_R072_agreement_is_fresh_after_every_change(study, researcher, tmp_path, change):
    before = numbers(researcher)

    change(study, tmp_path)

    after = numbers(researcher)
    assert all(one != other for one, other in zip(before[:3], after[:3], strict=True))
    cache.clear()
    assert numbers(researcher) == after


@CHANGES
def test_R072_page_table_and_json_are_of_one_moment(study, researcher, tmp_path, change):
    numbers(researcher)

    change(study, tmp_path)

    page, table, found, _ = numbers(researcher)
    (winner,) = [one for one in json.loads(found)["questions"] if one["key"] == "winner"]
    alpha = winner["coefficients"][0]
    rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    (row,) = [r for r in rows if (r["question"], r["measure"]) == ("winner", alpha["name"])]
    assert row["value"].lstrip("'") == str(alpha["value"])
    assert f"{alpha['value']:.3f}".replace("-", "\N{MINUS SIGN}") in page


@CHANGES
def test_R072_a_chart_is_of_the_numbers_that_are_shown(study, researcher, tmp_path, change):
    before = lasting(body(researcher, "agreement_chart"))

    change(study, tmp_path)

    after = lasting(body(researcher, "agreement_chart"))
    cache.clear()
    assert before != after == lasting(body(researcher, "agreement_chart"))


@CHANGES
def test_R072_raters_beside_each_other_are_fresh(study, researcher, tmp_path, change):
    before = body(researcher, "rater_quality_csv", question="winner")

    change(study, tmp_path)

    # An exclusion leaves nobody out there: who is left out is looked at beside the others.
    after = body(researcher, "rater_quality_csv", question="winner")
    assert (before == after) == (change is exclude)
    cache.clear()
    assert body(researcher, "rater_quality_csv", question="winner") == after


@CHANGES
def test_R072_a_kept_report_stays_and_says_of_when_it_is(study, researcher, tmp_path, change):
    kept = tasks.request_report(build.facts(study), AGREEMENT, {}, now=NOW, by_id=None)
    before = body(researcher, "kept_report", kept.number)

    change(study, tmp_path)

    after = body(researcher, "kept_report", kept.number)
    assert lasting(after) == lasting(before)
    assert f"up to number {kept.until}" in after
    assert NOW.strftime("%H:%M UTC") in after
    assert Report.objects.get(pk=kept.pk).result == kept.result


@CHANGES
def test_R072_a_release_stays_as_it_was_and_the_next_one_adds_up(study, tmp_path, change):
    releases.write_to(build.facts(study), "first", tmp_path / "first")
    before = (tmp_path / "first" / "labels.jsonl").read_text()

    change(study, tmp_path)

    releases.write_to(build.facts(study), "second", tmp_path / "second")
    assert (tmp_path / "first" / "labels.jsonl").read_text() == before
    assert verify(tmp_path / "second").differences == ()


def test_R072_the_frame_is_counted_again_after_a_load_of_replies(study, researcher, tmp_path):
    before = body(researcher, "samples", **DESIGN)

    given.replies(study, tmp_path, "c")

    after = body(researcher, "samples", **DESIGN)
    assert "2 of 2 replies would be drawn" in " ".join(before.split())
    assert "2 of 3 replies would be drawn" in " ".join(after.split())


def test_R072_the_frame_is_counted_again_after_an_item_is_taken_out(study, researcher):
    body(researcher, "samples", **DESIGN)

    study.items.filter(pk=study.items.order_by("pk").first().pk).update(retired_at=NOW)

    after = " ".join(body(researcher, "samples", **DESIGN).split())
    assert "1 of 1 replies would be drawn" in after.replace("1 reply", "1 replies")
