"""Links that bring people in: single use, expiring, bound to a role."""

from datetime import timedelta

import pytest

from annotation.errors import InvitationInvalid
from annotation.models import Invitation, Membership, Rater, SignInLink
from annotation.services import invitations, studies
from annotation.vocabulary import Role
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


def issue(study, role=Role.RATER, **more):
    return invitations.issue(study=study, role=role, by=build.user(), now=NOW, **more)


def accept(token, user, *, at=NOW):
    return invitations.accept(token=token, user=user, now=at)


def test_a_link_makes_its_user_a_rater(study):
    (token,) = issue(study)
    ann = build.user("ann")

    accept(token, ann)

    assert Membership.objects.get(user=ann).role == Role.RATER
    assert Rater.objects.get(user=ann).study == study
    assert Invitation.objects.get().used_by == ann


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.ADMIN])
def test_only_a_raters_link_makes_a_rater(role, study):
    (token,) = issue(study, role)
    ann = build.user("ann")

    accept(token, ann)

    assert Membership.objects.get(user=ann).role == role
    assert not Rater.objects.exists()


def test_secrets_are_not_stored(study):
    tokens = issue(study, count=3)

    stored = set(Invitation.objects.values_list("digest", flat=True))
    assert len(set(tokens)) == 3
    assert stored == {invitations.digest(token) for token in tokens}
    assert not stored & set(tokens)


def test_R009_a_used_link_is_refused(study):
    (token,) = issue(study)
    accept(token, build.user())

    with pytest.raises(InvitationInvalid):
        accept(token, build.user("bob"))
    assert not Membership.objects.filter(user__username="bob").exists()


def test_R009_a_link_runs_out(study):
    (token,) = issue(study)

    assert invitations.find(token=token, now=NOW + timedelta(days=14, seconds=-1))
    with pytest.raises(InvitationInvalid):
        invitations.find(token=token, now=NOW + timedelta(days=14))


def test_R009_revoking_ends_open_links_only(study):
    used, open_one = issue(study, count=2)
    (elsewhere,) = issue(build.study())
    accept(used, build.user())

    assert invitations.revoke(study=study, now=NOW) == 1

    with pytest.raises(InvitationInvalid):
        invitations.find(token=open_one, now=NOW)
    assert invitations.find(token=elsewhere, now=NOW)


@pytest.mark.parametrize("token", ["", "x", "\0", "é" * 500])
def test_an_unknown_link_is_refused(token):
    with pytest.raises(InvitationInvalid):
        invitations.find(token=token, now=NOW)


def test_a_member_keeps_the_role_and_the_link(study):
    (token,) = issue(study)
    admin = build.member(study, Role.ADMIN)

    accept(token, admin)

    assert Membership.objects.get(user=admin).role == Role.ADMIN
    assert Invitation.objects.get().used_at is None


def test_a_former_rater_comes_back_with_what_they_judged(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    build.judgment(ann)
    studies.leave(study=study, user=ann.user, now=NOW)
    (token,) = issue(study)

    accept(token, ann.user)

    assert Membership.objects.active().filter(user=ann.user).exists()
    assert Rater.objects.get(user=ann.user).judged_count == 1


def test_a_link_that_was_used_meanwhile_is_refused(study, monkeypatch):
    """The race: bob uses the link between ann's look and her use of it."""
    (token,) = issue(study)
    bob, ann = build.user("bob"), build.user("ann")
    find, raced = invitations.find, []

    def find_before_bob(*, token, now):
        found = find(token=token, now=now)
        if not raced:
            raced.append(found)
            accept(token, bob)
        return found

    monkeypatch.setattr(invitations, "find", find_before_bob)

    with pytest.raises(InvitationInvalid, match="a moment ago"):
        accept(token, ann)
    assert not Membership.objects.filter(user=ann).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R009_one_link_at_once_lets_one_in():
    study = build.study()
    (token,) = issue(study)
    people = [build.user() for _ in range(4)]

    told = build.at_once(*(lambda who=who: accept(token, who) for who in people))

    assert (
        sorted(type(answer).__name__ for answer in told)
        == ["Invitation"] + ["InvitationInvalid"] * 3
    )
    assert Membership.objects.filter(study=study).count() == 1


# Links that sign in, for the demonstration


def test_a_sign_in_link_finds_its_account_until_it_runs_out():
    ann = build.user("ann")
    token = invitations.sign_in_link(user=ann, now=NOW)

    assert invitations.account_of_link(token=token, now=NOW) == ann
    assert invitations.account_of_link(token=token, now=NOW + timedelta(hours=24)) is None
    assert invitations.account_of_link(token="other", now=NOW) is None


def test_a_new_sign_in_link_ends_the_one_before():
    ann = build.user("ann")
    old = invitations.sign_in_link(user=ann, now=NOW)

    new = invitations.sign_in_link(user=ann, now=NOW)

    assert invitations.account_of_link(token=old, now=NOW) is None
    assert invitations.account_of_link(token=new, now=NOW) == ann
    assert SignInLink.objects.get().digest != new


def test_a_deactivated_account_is_not_signed_in():
    ann = build.user("ann", is_active=False)

    assert (
        invitations.account_of_link(token=invitations.sign_in_link(user=ann, now=NOW), now=NOW)
        is None
    )


def test_R091_whoever_knew_the_models_cannot_come_back_as_a_rater():
    study = build.study()
    ann = build.member(study, Role.RESEARCHER)
    studies.leave(study=study, user=ann, now=build.NOW)
    token = build.invitation(study, build.member(study, Role.ADMIN))

    with pytest.raises(InvitationInvalid, match="would not be blind"):
        invitations.accept(token=token, user=ann, now=build.now())


def test_a_rater_who_comes_by_a_link_is_of_its_cohort_and_reads_its_languages(study):
    (token,) = issue(study, cohort="experts", languages=["de", "en"])

    invitations.accept(token=token, user=build.user(), now=NOW)

    rater = Rater.objects.get()
    assert (rater.cohort, rater.languages) == ("experts", ["de", "en"])
