"""R-106: who left does not come back, and nothing that happens meanwhile brings anything back."""

import pytest
from django.db import IntegrityError

from annotation.errors import HasWithdrawn, InvitationInvalid, SeatNotHeld
from annotation.models import Judgment, Membership, Rater, Seat, Withdrawal
from annotation.receipts import opened
from annotation.selectors.cards import card_for_edit
from annotation.services import invitations, judgments, revisions, seats, studies, withdrawals
from annotation.vocabulary import Role
from tests import build
from tests.annotation.leaving import LATER, POLICIES, differences, judged, leave, study_of
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture(params=POLICIES)
def policy(request):
    return request.param


@pytest.fixture
def study(policy):
    return study_of(policy)


# Coming back


def test_R106_who_left_is_not_let_in_as_a_rater_again(study, ann):
    account = ann.user
    token = build.invitation(study, build.member(study, Role.ADMIN))
    leave(ann)

    with pytest.raises(InvitationInvalid, match="cannot rate in it again"):
        invitations.accept(token=token, user=account, now=build.now())

    assert not Membership.objects.active().filter(user=account).exists()


def test_R106_no_other_way_leads_back_either(study, ann):
    account = ann.user
    leave(ann)

    with pytest.raises(HasWithdrawn, match="withdrew from the study"):
        studies.join(study=study, user=account, role=Role.RATER, now=NOW)


def test_who_left_as_a_rater_may_become_a_researcher(study, ann):
    account = ann.user
    leave(ann)

    studies.join(study=study, user=account, role=Role.RESEARCHER, now=NOW)

    assert Membership.objects.active().get(user=account).withdrew_at == LATER


def test_R106_the_operator_cannot_make_them_a_rater_again(study, ann, client):
    client.force_login(build.user(is_staff=True, is_superuser=True))
    account = ann.user
    leave(ann)
    path = f"/operator/annotation/membership/{account.memberships.get().pk}/change/"

    page = client.post(path, {"role": "rater", "ended_at_0": "", "ended_at_1": ""})

    assert "withdrew from the study as a rater" in page.content.decode()
    assert account.memberships.get().ended_at is not None


# At the same moment


def test_a_seat_that_was_taken_meanwhile_is_given_back_too(study, ann, tmp_path, monkeypatch):
    """The race: the rater's other window takes a seat between the look at the seats and the end."""
    build.item(study, tmp_path, n_seats=1)
    locked, rounds = withdrawals._locked_seats, []

    def locked_before_a_claim(rater):
        before = locked(rater)
        rounds.append(rater)
        if len(rounds) == 1:
            claim(rater)
        return before

    monkeypatch.setattr(withdrawals, "_locked_seats", locked_before_a_claim)

    leave(ann)

    assert len(rounds) == 2
    assert not Seat.objects.filter(rater=ann, abandoned_at=None).exists()


def test_a_number_that_another_seat_took_meanwhile_is_no_end(tmp_path, monkeypatch):
    study = study_of("keep")
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    judged(ann)
    successors, met = withdrawals._successors, []

    def meeting_another(those):
        found = successors(those)
        if not met:
            met.append(found)
            found[0].number = 1
        return found

    monkeypatch.setattr(withdrawals, "_successors", meeting_another)

    leave(ann)

    assert met
    assert sorted(Seat.objects.values_list("number", flat=True)) == [1, 2]
    assert differences() == []


def test_a_fault_half_way_leaves_everything_as_it_was(study, ann, tmp_path, monkeypatch):
    build.item(study, tmp_path)
    judged(ann)

    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(withdrawals, "_unlink", broken)

    with pytest.raises(ZeroDivisionError):
        leave(ann)

    assert not Withdrawal.objects.exists()
    assert Judgment.objects.get().current
    assert differences() == []


def test_R106_an_answer_that_comes_after_leaving_is_refused(study, ann, tmp_path):
    build.item(study, tmp_path)
    seat = claim(ann)
    receipt = build.receipt(seat, ann)
    leave(ann)

    with pytest.raises(SeatNotHeld):
        judgments.submit(rater=ann, receipt=receipt, turn=0, sent={"misled": ["no"]}, now=LATER)
    assert not Judgment.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("policy", POLICIES)
def test_R106_leaving_while_answers_come_in_leaves_nothing_that_counts(policy, tmp_path):
    study = study_of(policy)
    for _ in range(6):
        build.item(study, tmp_path, n_seats=2)
    ann, bob = build.rater(study), build.rater(study)
    for _ in range(2):
        build.submit(ann, claim(ann), misled="no")
    seat = claim(ann)
    receipt = build.receipt(seat, ann)

    def answer():
        mine = Rater.objects.select_related("study").get(pk=ann.pk)
        sent = {"misled": ["no"]}
        return judgments.submit(rater=mine, receipt=receipt, turn=0, sent=sent, now=NOW)

    def work():
        mine = Rater.objects.select_related("study").get(pk=bob.pk)
        while (found := claim(mine)) is not None:
            build.submit(mine, found, misled="yes")

    def go():
        return leave(Rater.objects.select_related("study").get(pk=ann.pk))

    told = build.at_once(answer, answer, go, go, work)

    unexpected = [
        one for one in told if isinstance(one, Exception) and not isinstance(one, SeatNotHeld)
    ]
    assert unexpected == []
    assert Withdrawal.objects.get().judgments == Judgment.objects.filter(rater=ann).count() or (
        policy == "delete"
    )
    assert not Judgment.objects.filter(rater=ann, current=True).exists()
    assert not Seat.objects.held_by(ann.pk).exists()
    assert not (policy == "delete" and Judgment.objects.filter(rater=ann).exists())
    assert differences() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("policy", POLICIES)
def test_R106_leaving_while_an_answer_is_changed_leaves_nothing_that_counts(policy, tmp_path):
    study = study_of(policy)
    for _ in range(3):
        build.item(study, tmp_path)
    ann = build.rater(study)
    receipts = []
    for _ in range(3):
        seat = claim(ann)
        build.submit(ann, seat, misled="no")
        seat.refresh_from_db()
        card = card_for_edit(seat, ann, turn=0)
        receipts.append(opened(card.receipt, seat_key=seat.key))

    def change(receipt):
        mine = Rater.objects.select_related("study").get(pk=ann.pk)
        sent = {"misled": ["yes"]}
        return revisions.revise(rater=mine, receipt=receipt, turn=0, sent=sent, now=NOW)

    def go():
        return leave(Rater.objects.select_related("study").get(pk=ann.pk))

    told = build.at_once(*(lambda one=one: change(one) for one in receipts), go)

    unexpected = [
        one for one in told if isinstance(one, Exception) and not isinstance(one, SeatNotHeld)
    ]
    assert unexpected == []
    assert not Judgment.objects.filter(rater=ann, current=True).exists()
    assert differences() == []


# What the database itself refuses


def test_without_a_withdrawal_nothing_can_be_deleted(study, ann, tmp_path):
    build.item(study, tmp_path)
    judged(ann)

    with pytest.raises(IntegrityError, match="append_only"):
        withdrawals._delete_judgments(ann)


def test_R106_a_page_that_was_let_in_before_takes_no_seat_after(tmp_path):
    """The race: the gate let the request in, then the rater withdrew in another window."""
    study = build.study()
    build.item(study, tmp_path)
    let_in = build.rater(study)
    withdrawals.withdraw(rater=Rater.objects.get(pk=let_in.pk), now=NOW)

    assert seats.claim_next(rater=let_in, now=NOW) is None
    assert not Seat.objects.filter(rater=let_in.pk).exists()
