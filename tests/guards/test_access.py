"""Who may do what at every address, as a table that was read by a person (access.json)."""

import json
import os
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.models import Membership, User
from annotation.services import studies
from annotation.vocabulary import Role
from tests import build
from tests.guards import world
from tests.guards.routes import routes

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("access.json")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD", "OPTIONS")
ROLES = ("anonymous", "deactivated", "stranger", "rater", "researcher", "admin")
DENIED = {401, 403, 404, 405, 410}
WRITES = re.compile(r"^(INSERT|UPDATE|DELETE)\b.*?\"(\w+)\"", re.DOTALL)
# What a page may write although it changes nothing that anyone judged or set.
BOOKKEEPING = {
    "django_session",
    "annotation_seat",
    "annotation_rater",
    "annotation_rendering",
    "touchstone_cache",
}


class Writes:
    """Records the tables that a block writes."""

    def __init__(self):
        self.tables = set()

    def __call__(self, execute, sql, params, many, context):
        found = WRITES.match(sql.lstrip())
        if found:
            self.tables.add(found[2])
        return execute(sql, params, many, context)


def call(client: Client, method: str, url: str) -> tuple[int, set[str]]:
    """Return the status (401 where one is sent to sign in) and the tables written; it is undone."""
    writes = Writes()
    with transaction.atomic():
        with connection.execute_wrapper(writes):
            answer = client.generic(method, url)
            # Not answer.close(): its signal would close the connection in mid-transaction.
            for close in answer._resource_closers:
                close()
        transaction.set_rollback(True)
    sign_in = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    return 401 if sign_in else answer.status_code, writes.tables


def people_of(own: world.World, foreign: world.World) -> dict[str, User | None]:
    deactivated = build.member(own.study, Role.ADMIN, name="deactivated")
    client = world.client(deactivated)
    User.objects.filter(pk=deactivated.pk).update(is_active=False)
    return {
        "anonymous": world.client(None),
        "deactivated": client,
        "stranger": world.client(foreign.people["rater"]),
        **{role: world.client(own.people[role]) for role in ("rater", "researcher", "admin")},
    }


@pytest.fixture
def worlds(tmp_path):
    return world.make(tmp_path, name="own"), world.make(tmp_path, name="foreign")


def test_R001_R015_every_address_answers_as_the_table_says_and_looking_changes_nothing(worlds):
    """One test for both: they ask every address as every role, which takes minutes."""
    own, foreign = worlds
    clients = people_of(own, foreign)
    observed, wrote, changed = {}, [], []

    for route in routes():
        for role, client in clients.items():
            for where, values in (("own", own.values), ("foreign", foreign.values)):
                statuses = []
                for method in METHODS if where == "own" else ("GET", "POST"):
                    status, tables = call(client, method, route.url(values))
                    statuses.append(status)
                    if status in DENIED and tables - {"django_session"}:
                        wrote.append((route.pattern, role, where, method, status, tables))
                    if method in SAFE and tables - BOOKKEEPING:
                        changed.append((route.pattern, role, where, method, tables))
                answers = observed.setdefault(route.pattern, {}).setdefault(role, {})
                answers[where] = " ".join(map(str, statuses))
    if os.environ.get("WRITE_ACCESS_TABLE"):
        TABLE.write_text(json.dumps(observed, indent=1) + "\n")

    assert wrote == []
    assert changed == []
    assert observed == json.loads(TABLE.read_text())


def test_R001_no_address_answers_with_a_fault_of_the_server():
    table = json.loads(TABLE.read_text())

    faults = [
        (pattern, role, where)
        for pattern, roles in table.items()
        for role, answers in roles.items()
        for where, statuses in answers.items()
        if re.search(r"\b5\d\d\b", statuses)
    ]

    assert faults == []


def test_R001_nobody_reaches_a_foreign_study():
    table = json.loads(TABLE.read_text())
    open_to_all = {"healthz", "readyz", "", "join/<str:token>/", "sign-in/<str:token>/"}

    reached = [
        (pattern, role)
        for pattern, roles in table.items()
        if "<slug:slug>" in pattern and pattern not in open_to_all
        for role in ("anonymous", "deactivated", "rater", "researcher", "admin")
        if re.search(r"\b20\d\b", roles[role]["foreign"].split()[0])
    ]

    assert reached == []


def membership_state(study, state: str) -> User:
    if state == "stranger":
        return build.user()
    if state == "invited":
        user = build.user()
        build.invitation(study, user)
        return user
    user = build.member(study, Role.RATER)
    if state == "ex-member":
        studies.leave(study=study, user=user, now=build.NOW)
    if state == "role taken away":
        Membership.objects.filter(user=user).update(ended_at=build.NOW)
    return user


@pytest.mark.parametrize(
    "name", ["annotation:rate", "annotation:submit", "evaluation:agreement", "evaluation:releases"]
)
def test_R004_whoever_is_no_member_is_refused_the_same_way(tmp_path, name):
    own = world.make(tmp_path, name="own")
    method = "POST" if name == "annotation:submit" else "GET"
    route = next(route for route in routes() if route.name == name)

    statuses = {
        state: call(
            world.client(membership_state(own.study, state)), method, route.url(own.values)
        )[0]
        for state in ("stranger", "ex-member", "invited", "role taken away")
    }

    assert set(statuses.values()) == {404}, statuses


def undecided(request):
    return HttpResponse("a page that nobody decided about")


class UndecidedView(APIView):
    """An API view that declares no permission."""

    def get(self, request):
        return Response("data that nobody decided about")


urlpatterns = [path("page/", undecided), path("api/", UndecidedView.as_view())]


@pytest.mark.parametrize("who", ["anonymous", "rater"])
@pytest.mark.parametrize("address", ["/page/", "/api/"])
@pytest.mark.urls("tests.guards.test_access")
def test_R008_a_view_that_declares_no_gate_is_denied(who, address):
    user = build.member(build.study(), Role.RATER) if who == "rater" else None

    answer = world.client(user).get(address)

    assert answer.status_code in {401, 403, 404}


def test_R008_only_listed_api_views_let_anyone_in():
    allowed = {"schema"}

    open_views = {
        entry.name
        for entry in _patterns(get_resolver().url_patterns)
        if AllowAny in getattr(getattr(entry.callback, "cls", None), "permission_classes", ())
    }

    assert open_views <= allowed


def _patterns(entries):
    for entry in entries:
        if hasattr(entry, "url_patterns"):
            yield from _patterns(entry.url_patterns)
        else:
            yield entry


def test_R015_no_post_is_taken_without_its_token_or_from_another_site(worlds):
    own, _ = worlds
    taken = []

    for route in routes():
        for role in ("rater", "researcher", "admin"):
            client = Client(enforce_csrf_checks=True, raise_request_exception=False)
            client.force_login(
                own.people[role], backend="django.contrib.auth.backends.ModelBackend"
            )
            for headers in ({}, {"Origin": "https://evil.example"}):
                status = client.post(route.url(own.values), headers=headers).status_code
                if status not in {403, 404, 405}:
                    taken.append((route.pattern, role, status))

    assert taken == []


def test_R046_no_address_takes_a_deletion_but_of_an_unfinished_upload():
    table = json.loads(TABLE.read_text())
    delete = METHODS.index("DELETE")

    taken = {
        pattern
        for pattern, roles in table.items()
        for answers in roles.values()
        if not 400 <= int(answers["own"].split()[delete]) < 500
    }

    assert taken <= {"api/studies/<slug:slug>/uploads/<str:upload_key>/"}


def test_R046_no_page_of_the_operator_deletes_one_row_or_many(rf):
    request = rf.get("/operator/")
    request.user = build.user(is_staff=True, is_superuser=True)

    ours = {model: page for model, page in admin.site._registry.items() if _is_ours(model)}

    assert ours
    for model, page in ours.items():
        assert "delete_selected" not in page.get_actions(request), model
        assert not page.has_delete_permission(request), model


def _is_ours(model) -> bool:
    return model._meta.app_label in ("annotation", "evaluation")
