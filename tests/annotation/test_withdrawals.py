"""R-106: a rater leaves; what was promised is done at once, once, and the study stays sound."""

import pytest

from annotation.models import (
    Answer,
    CitedClause,
    Draft,
    Flag,
    Item,
    Judgment,
    Membership,
    Rater,
    Seat,
    Skip,
    SpanAnswer,
    StageRecord,
    Study,
    TextAnswer,
    Withdrawal,
)
from annotation.receipts import opened
from annotation.selectors.cards import card_for_edit
from annotation.services import consents, raters, revisions, seats, studies, withdrawals
from annotation.vocabulary import Role, SkipReason
from tests import build
from tests.annotation.leaving import LATER, POLICIES, differences, judged, leave, study_of
from tests.build import HOUR, NOW, claim
from tests.evaluation import given

pytestmark = pytest.mark.django_db

SAID = (Answer, TextAnswer, SpanAnswer, CitedClause)


@pytest.fixture(params=POLICIES)
def policy(request):
    return request.param


@pytest.fixture
def study(policy):
    return study_of(policy)


# What is done under either promise


def test_R106_leaving_is_written_down_with_what_it_concerned(study, policy, ann, tmp_path):
    build.item(study, tmp_path)
    made = judged(ann)

    gone = leave(ann)

    assert (gone.policy, gone.withdrew_at, gone.judgments) == (policy, LATER, 1)
    assert (gone.first_judgment, gone.last_judgment) == (made.pk, made.pk)
    assert Rater.objects.get(pk=ann.pk).withdrew_at == LATER


def test_R106_leaving_twice_is_leaving_once(study, ann, tmp_path):
    build.item(study, tmp_path)
    judged(ann)
    first = leave(ann)
    seats_then = Seat.objects.count()

    again = leave(ann, at=LATER + HOUR)

    assert again == first
    assert Withdrawal.objects.get().withdrew_at == LATER
    assert Seat.objects.count() == seats_then
    assert differences() == []


def test_a_rater_who_judged_nothing_can_leave(study, ann):
    gone = leave(ann)

    assert (gone.judgments, gone.first_judgment, gone.last_judgment) == (0, None, None)
    assert differences() == []


def test_R106_what_a_rater_holds_is_free_again(study, ann, tmp_path):
    for _ in range(2):
        build.item(study, tmp_path, n_seats=1)
    claim(ann)
    seats.claim_ahead(rater=ann, now=NOW)

    leave(ann)

    assert Seat.objects.filter(rater=None, key=None).count() == 2
    assert claim(build.rater(study), at=LATER) is not None


def test_R106_a_conversation_left_half_way_goes_to_somebody_else(policy, tmp_path):
    study = build.study(rubric=given.TURNS, on_withdrawal=policy)
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    ann = build.rater(study)
    build.submit(ann, claim(ann), turn=1, misled="no")

    leave(ann)

    left, new = Seat.objects.order_by("pk")
    assert (left.abandoned_at, left.turns_judged, new.rater, new.number) == (LATER, 1, None, 2)
    assert Judgment.objects.count() == (1 if policy == "keep" else 0)
    assert differences() == []


def test_R106_nothing_entered_and_not_sent_is_kept(study, ann, tmp_path):
    for _ in range(2):
        build.item(study, tmp_path)
    done = judged(ann).seat
    held = claim(ann)
    for seat, revision in ((held, 0), (done, 1)):
        Draft.objects.create(
            seat=seat, turn=0, revision=revision, answers={"misled": ["no"]}, updated_at=NOW
        )

    leave(ann)

    assert not Draft.objects.exists()


def test_R106_nothing_leads_from_the_account_to_the_rater(study, ann):
    account, name = ann.user, ann.external_id

    leave(ann)

    stored = Rater.objects.get(pk=ann.pk)
    assert (stored.user, stored.judged_count) == (None, 0)
    assert stored.external_id.startswith("withdrew-")
    assert stored.external_id != name
    assert not Rater.objects.filter(user=account).exists()
    assert ann.user is None


def test_R106_the_membership_ends_and_says_why(study, ann):
    account = ann.user

    leave(ann)

    member = Membership.objects.get(user=account)
    assert (member.ended_at, member.withdrew_at) == (LATER, LATER)


def test_memberships_of_other_studies_go_on(study, ann):
    elsewhere = build.study()
    studies.join(study=elsewhere, user=ann.user, role=Role.RATER, now=NOW)
    other = raters.enrol(study=elsewhere, user=ann.user, now=NOW)

    leave(ann)

    assert Membership.objects.active().get().study == elsewhere
    assert Rater.objects.get(pk=other.pk).user is not None


def test_R106_notes_to_the_admins_are_emptied(study, ann, tmp_path):
    item = build.item(study, tmp_path)
    Flag.objects.create(rater=ann, item=item, kind="item", note="Ann here.", flagged_at=NOW)

    leave(ann)

    assert Flag.objects.get().note == ""


def test_skips_stay_counted(study, ann, tmp_path):
    build.item(study, tmp_path)
    seats.skip(rater=ann, key=claim(ann).key, reason=SkipReason.BROKEN, now=NOW)

    leave(ann)

    assert Skip.objects.count() == Rater.objects.get().skipped_count == 1
    assert differences() == []


def test_R106_others_judge_the_items_again(study, ann, tmp_path):
    item = build.item(study, tmp_path, n_seats=1)
    judged(ann)
    bob = build.rater(study)
    assert claim(bob) is None

    leave(ann)

    assert claim(bob, at=LATER).item == item
    build.submit(bob, claim(bob, at=LATER), at=LATER, misled="no")
    assert Judgment.objects.get(current=True).rater == bob
    assert differences() == []


def test_R106_a_judgment_that_was_changed_goes_with_all_its_revisions(study, ann, tmp_path):
    build.item(study, tmp_path)
    seat = claim(ann)
    build.submit(ann, seat, misled="yes", note="first")
    seat.refresh_from_db()
    receipt = opened(card_for_edit(seat, ann, turn=0).receipt, seat_key=seat.key)
    revisions.revise(rater=ann, receipt=receipt, turn=0, sent={"misled": ["no"]}, now=NOW)

    assert leave(ann).judgments == 2
    assert not Judgment.objects.filter(current=True).exists()
    assert differences() == []


def test_R106_imported_seats_are_closed_and_given_to_nobody(policy, tmp_path):
    study = given.safe(tmp_path, {"a": "yes no"})
    Study.objects.update(on_withdrawal=policy)
    somebody = Rater.objects.select_related("study").first()

    leave(somebody)

    assert Seat.objects.filter(rater=somebody, judged_at=None, abandoned_at=LATER).count() == 1
    assert Seat.objects.count() == 2
    assert claim(build.rater(study), at=LATER) is None
    assert differences() == []


def test_the_seat_of_an_item_that_was_taken_out_waits(study, ann, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    judged(ann)
    Item.objects.update(retired_at=NOW)

    leave(ann)

    assert Seat.objects.filter(judged_at=None, abandoned_at=None).get().parked
    assert claim(build.rater(study), at=LATER) is None


def test_the_seat_of_an_item_that_was_reported_waits(study, ann, tmp_path):
    build.item(study, tmp_path, n_seats=2)
    judged(ann)
    Seat.objects.filter(judged_at=None).update(parked=True)

    leave(ann)

    assert Seat.objects.filter(judged_at=None, abandoned_at=None, parked=True).count() == 2


def test_other_raters_keep_everything(study, ann, tmp_path):
    for _ in range(2):
        build.item(study, tmp_path, n_seats=2)
    bob = build.rater(study)
    for rater in (ann, bob):
        judged(rater)
    held = claim(bob)

    leave(ann)

    held.refresh_from_db()
    assert held.rater == bob
    assert Judgment.objects.get(current=True).rater == bob
    assert all(table.objects.filter(current=True).exists() for table in SAID)


def test_many_judgments_are_given_up_in_lots(study, ann, tmp_path, monkeypatch):
    monkeypatch.setattr(withdrawals, "SEATS_AT_ONCE", 2)
    for _ in range(5):
        build.item(study, tmp_path, n_seats=1)
        build.submit(ann, claim(ann), misled="no")

    leave(ann)

    free = Seat.objects.filter(rater=None, judged_at=None, abandoned_at=None)
    assert free.values("item").distinct().count() == 5
    assert differences() == []


# Judgments that are kept


def test_R106_judgments_that_are_kept_count_no_longer(tmp_path):
    study = study_of("keep")
    item = build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    made = judged(ann)

    leave(ann)

    made.refresh_from_db()
    old, new = Seat.objects.order_by("pk")
    assert (made.current, made.rater_id) == (False, ann.pk)
    assert all(table.objects.exists() for table in (*SAID, StageRecord))
    assert not any(table.objects.filter(current=True).exists() for table in SAID)
    assert (old.judged_at, old.abandoned_at, old.rater_id) == (None, LATER, ann.pk)
    assert (new.item, new.wave, new.number, new.place) == (item, old.wave, 2, old.place)


# Judgments that are deleted


def test_R106_judgments_that_are_deleted_are_gone_with_all_that_was_said(tmp_path):
    study = study_of("delete")
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    judged(ann)

    leave(ann)

    assert not any(table.objects.exists() for table in (*SAID, StageRecord, Judgment))
    seat = Seat.objects.get()
    emptied = {getattr(seat, name) for name in withdrawals.OF_ITS_RATER}
    assert (emptied, seat.turns_judged, seat.abandoned_at) == ({None}, 0, None)


# Which promise


def test_R106_the_promise_that_counts_is_the_one_agreed_to(tmp_path):
    study = study_of("delete", state="draft")
    ann = build.rater(study)
    consents.write_text(study=study, text="Agree?", now=NOW)
    build.agree(ann)
    Study.objects.update(on_withdrawal="keep")

    assert leave(ann).policy == "delete"
