"""R-045: a judgment that was changed twice, left out and counted again has its whole history."""

import pytest

from annotation.models import Judgment
from annotation.receipts import opened
from annotation.selectors.cards import card_for_edit
from annotation.services import revisions
from evaluation.services import exclusions
from tests import build
from tests.build import HOUR, NOW
from tests.evaluation.given import rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    build.item(made, tmp_path, n_seats=1)
    return made


def changed(rater, seat, answer, at):
    card = card_for_edit(seat, rater, turn=0, language="")
    revisions.revise(
        rater=rater,
        receipt=opened(card.receipt, seat_key=seat.key),
        turn=0,
        sent={"safe": [answer]},
        now=at,
    )


@pytest.fixture
def judged(study):
    """No, then yes, then no again, an hour apart; left out once, and counted again."""
    rater, boss = build.rater(study), build.user("boss")
    seat = build.claim(rater)
    build.submit(rater, seat, safe="no")
    changed(rater, seat, "yes", NOW + HOUR)
    changed(rater, seat, "no", NOW + 2 * HOUR)
    item = Judgment.objects.first().item.reply_1.external_id
    facts = build.facts(study)
    made = exclusions.add(
        facts, kind="item", subject=item, reason="odd", now=NOW + 3 * HOUR, by_id=boss.pk
    )
    exclusions.lift(facts, made.number, now=NOW + 4 * HOUR, by_id=boss.pk)
    return rater


def test_R045_what_was_said_before_is_told_with_who_and_when(study, judged, tmp_path):
    out = written(study, tmp_path)

    (now,) = rows(out, "judgments")
    before = [row for row in rows(out, "revisions") if row["what"] == "option"]
    assert [(row["revision"], row["answer"]) for row in [*before, now]] == [
        (1, "no"),
        (2, "yes"),
        (3, "no"),
    ]
    assert [row["judged_at"] for row in [*before, now]] == [
        (NOW + n * HOUR).isoformat() for n in range(3)
    ]
    assert {row["rater"] for row in before} == {now["rater"]}
    assert {row["judgment"] for row in before} == {now["judgment"]}


def test_R045_a_rule_that_was_lifted_tells_who_made_and_who_lifted_it(study, judged, tmp_path):
    (rule,) = exclusions.Exclusion.objects.all()

    assert (rule.made_by.username, rule.made_at) == ("boss", NOW + 3 * HOUR)
    assert (rule.lifted_by.username, rule.lifted_at) == ("boss", NOW + 4 * HOUR)
    (row,) = rows(written(study, tmp_path), "exclusions")
    assert (row["reason"], row["in_force"], row["judgments"]) == ("odd", False, 0)
