"""Who is in a study: invitations, raters paused, memberships ended, and what an operator may do."""

from http import HTTPStatus

import pytest

from annotation.services import invitations
from annotation.vocabulary import Role
from tests import build
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", state="draft")


def test_invitation_links_are_shown_once_and_work(study, admin, client):
    response = client.post("/studies/s/raters/invite/", {"role": "rater", "count": "2"})

    links = response.context["links"]
    token = links[0].removesuffix("/").rpartition("/")[2]
    assert response.status_code == HTTPStatus.OK
    assert len(links) == 2
    assert all(
        link.startswith("http://testserver/join/") and link in page(response) for link in links
    )
    assert invitations.find(token=token, now=build.now()).study == study
    assert token not in page(client.get("/studies/s/raters/"))


@pytest.mark.parametrize(
    "sent", [{"role": "rater", "count": "51"}, {"role": "owner", "count": "1"}, {}]
)
def test_wrong_invitations_are_refused(study, admin, client, sent):
    response = client.post("/studies/s/raters/invite/", sent)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not study.invitations.exists()


def test_open_invitations_are_counted_and_withdrawn(study, admin, client):
    client.post("/studies/s/raters/invite/", {"role": "rater", "count": "3"})
    before = page(client.get("/studies/s/raters/"))

    client.post("/studies/s/raters/revoke/")

    assert "3 for raters" in before
    assert "No open links" in page(client.get("/studies/s/raters/"))


def test_a_rater_is_paused_and_resumed(study, admin, client):
    ann = build.rater(study)

    client.post(f"/studies/s/raters/{ann.pk}/pause/")
    ann.refresh_from_db()
    paused = ann.paused_at
    client.post(f"/studies/s/raters/{ann.pk}/resume/")
    ann.refresh_from_db()

    assert paused is not None
    assert ann.paused_at is None


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_another_studys_rater_is_out_of_reach(study, admin, client, act):
    other = build.rater(build.study())

    response = client.post(f"/studies/s/raters/{other.pk}/{act}/")

    other.refresh_from_db()
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert other.paused_at is None


def test_a_membership_is_ended(study, admin, client):
    membership = build.member(study, Role.RESEARCHER).memberships.get()

    response = client.post(f"/studies/s/members/{membership.pk}/end/")

    membership.refresh_from_db()
    assert response["Location"] == "/studies/s/raters/"
    assert membership.ended_at is not None


def test_the_last_admin_stays(study, admin, client):
    response = client.post(f"/studies/s/members/{admin.memberships.get().pk}/end/")

    assert response.status_code == HTTPStatus.CONFLICT
    assert "needs an admin" in page(response)
    assert admin.memberships.get().ended_at is None


def test_an_admin_who_leaves_goes_home(study, admin, client):
    build.member(study, Role.ADMIN)

    response = client.post(f"/studies/s/members/{admin.memberships.get().pk}/end/")

    assert response["Location"] == "/"


def test_another_studys_membership_is_out_of_reach(study, admin, client):
    other = build.member(build.study(), Role.RESEARCHER).memberships.get()

    assert client.post(f"/studies/s/members/{other.pk}/end/").status_code == HTTPStatus.NOT_FOUND


def test_the_operators_pages_cannot_change_judgments(client):
    client.force_login(build.user(is_staff=True, is_superuser=True))

    shown = page(client.get("/operator/"))

    assert "/operator/annotation/user/" in shown
    assert "judgment" not in shown.lower()
    assert client.get("/operator/annotation/judgment/").status_code == HTTPStatus.NOT_FOUND


def test_the_operator_looks_at_studies_and_never_at_passwords(study, client):
    operator = build.user(is_staff=True, is_superuser=True)
    client.force_login(operator)

    assert client.get(f"/operator/annotation/study/{study.pk}/change/").status_code == HTTPStatus.OK
    assert study.secret not in page(client.get(f"/operator/annotation/study/{study.pk}/change/"))
    assert operator.password not in page(
        client.get(f"/operator/annotation/user/{operator.pk}/change/")
    )
    assert client.get("/operator/annotation/user/add/").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(("role", "n_raters"), [("admin", 0), ("rater", 1)])
def test_the_operator_can_give_a_study_a_member(study, client, role, n_raters):
    client.force_login(build.user(is_staff=True, is_superuser=True))
    account = build.user()

    client.post(
        "/operator/annotation/membership/add/",
        {"study": study.pk, "user": account.pk, "role": role},
    )

    assert account.memberships.get().role == role
    assert study.raters.filter(user=account).count() == n_raters


def test_the_operator_can_end_a_membership(study, admin, client):
    client.force_login(build.user(is_staff=True, is_superuser=True))
    path = f"/operator/annotation/membership/{admin.memberships.get().pk}/change/"

    client.post(path, {"role": "admin", "ended_at_0": "2026-03-02", "ended_at_1": "12:00"})
    ended = admin.memberships.get().ended_at
    client.post(path, {"role": "admin", "ended_at_0": "", "ended_at_1": ""})

    assert ended is not None
    assert admin.memberships.get().ended_at is None
