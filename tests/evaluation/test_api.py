import importlib
import json
import pkgutil
import re

import pytest
from django.core.management import call_command
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from knox.models import get_token_model
from rest_framework.permissions import IsAuthenticated
from rest_framework.test import APIClient
from rest_framework.views import APIView

from annotation.api_urls import urlpatterns as annotation_urls
from annotation.vocabulary import Role
from evaluation import api
from evaluation.api import schemas
from evaluation.api.studies import ResearcherOfStudy
from evaluation.api_urls import urlpatterns as evaluation_urls
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import agreement, judges, rates
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")


@pytest.fixture
def client(study):
    return client_of(build.member(study, Role.RESEARCHER))


def client_of(account):
    client = APIClient()
    if account is not None:
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses(study):
    judge = given.judge_ids(study)[0]
    return [
        reverse("api-agreement", args=[study.slug]),
        reverse("api-raters", args=[study.slug]),
        reverse("api-judges", args=[study.slug]),
        reverse("api-judge-report", args=[study.slug, judge]),
        reverse("api-releases", args=[study.slug]),
        reverse("api-release-file", args=[study.slug, "key", "labels.csv"]),
    ]


def asked(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_caller_s_studies_are_listed_by_role(study, client, tmp_path):
    other = build.study("other")
    account = build.user()
    for made, role in ((study, Role.ADMIN), (other, Role.RATER)):
        build.studies.join(study=made, user=account, role=role, now=build.NOW)

    found = asked(client_of(account), "api-studies")

    assert found == {
        "studies": [{"slug": "kind", "title": "A study", "role": "admin", "state": "open"}]
    }


def test_api_command_and_service_give_the_same_agreement(study, client, capsys):
    facts = build.facts(study)

    by_api = asked(client, "api-agreement", "kind")
    by_command = given.printed(capsys, "agreement", "kind")

    assert by_api == by_command == agreement.as_json(facts, agreement.report(facts))


def test_api_command_and_service_give_the_same_judge_report(study, client, capsys):
    facts = build.facts(study)
    judge = judges.judge_of(facts, "robo")

    by_api = asked(client, "api-judge-report", "kind", judge.id)
    by_command = given.printed(capsys, "judge_report", "kind", "--judge", "robo")

    assert (
        by_api
        == by_command
        == rates.added(facts, judge, judges.as_json(facts, judge, judges.report(facts, judge.id)))
    )


def test_agreement_can_be_asked_by_question_and_slice(client):
    found = asked(client, "api-agreement", "kind", question="safe", by="model")

    assert found["questions"][0]["slice"] == {"model": "acme/one"}


def test_judges_are_listed_with_their_ids(study, client):
    (found,) = asked(client, "api-judges", "kind")["judges"]

    assert (found["id"], found["judge"], found["verdicts"]) == (
        given.judge_ids(study)[0],
        "robo",
        4,
    )


def test_a_release_is_asked_for_listed_and_fetched(study, client):
    address = reverse("api-releases", args=["kind"])

    made = client.post(address, {"name": "first"}, format="json")

    assert made.status_code == 201
    assert made.json() == asked(client, "api-releases", "kind")["releases"][0]
    assert made.json()["state"] == "ready"
    for file in made.json()["files"]:
        answer = client.get(
            reverse("api-release-file", args=["kind", made.json()["key"], file["name"]])
        )
        assert len(b"".join(answer.streaming_content)) == file["bytes"]


def test_api_release_and_command_have_the_same_alpha(client, tmp_path):
    made = client.post(
        reverse("api-releases", args=["kind"]), {"name": "one"}, format="json"
    ).json()
    call_command("release", "kind", "--out", str(tmp_path / "out"), "--name", "one")

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert made["headline"] == manifest["headline"]
    assert made["files"] == manifest["files"]


def test_r022_a_file_is_sent_to_be_saved_whatever_is_accepted(client):
    made = client.post(
        reverse("api-releases", args=["kind"]), {"name": "one"}, format="json"
    ).json()

    answer = client.get(
        reverse("api-release-file", args=["kind", made["key"], "labels.csv"]),
        HTTP_ACCEPT="text/html",
    )

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="labels.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    answer.close()


@pytest.mark.parametrize("name", ["secret.txt", "..", "%2e%2e%2fdb.sqlite3"])
def test_r023_no_other_file_is_sent(client, name):
    made = client.post(
        reverse("api-releases", args=["kind"]), {"name": "one"}, format="json"
    ).json()
    base = reverse("api-release-file", args=["kind", made["key"], "labels.csv"])

    answer = client.get(base.removesuffix("labels.csv") + name)

    assert answer.status_code == 404


def test_a_file_of_a_release_that_is_not_ready_is_refused(study, client):
    client.post(reverse("api-releases", args=["kind"]), {"name": "one"}, format="json")
    Release.objects.update(state=ReleaseState.WRITING)

    answer = client.get(
        reverse("api-release-file", args=["kind", Release.objects.get().key, "labels.csv"])
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "release_not_ready")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "cut_off": 1}, "cut_off"),
        ([], "non_field_errors"),
    ],
)
def test_a_release_is_asked_for_with_a_name_and_nothing_else(client, body, field):
    answer = client.post(reverse("api-releases", args=["kind"]), body, format="json")

    assert answer.status_code == 400
    assert field in answer.json()["details"]
    assert not Release.objects.exists()


def test_a_name_is_taken_once(client):
    address = reverse("api-releases", args=["kind"])
    client.post(address, {"name": "one"}, format="json")

    answer = client.post(address, {"name": "one"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "release_exists")


def test_unknown_parameters_are_refused_by_name(study, client):
    for address in addresses(study):
        answer = client.get(address, {"questoin": "safe"})

        assert answer.status_code == 400
        assert "questoin" in answer.json()["details"]


def test_an_unknown_question_slice_or_judge_is_refused(client):
    address = reverse("api-agreement", args=["kind"])

    assert client.get(address, {"question": "kind"}).status_code == 404
    assert client.get(address, {"by": "mood"}).json()["code"] == "slice_unknown"
    assert (
        client.get(reverse("api-judge-report", args=["kind", 0])).json()["code"] == "judge_unknown"
    )


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 401), ("stranger", 404), (Role.RATER, 403)],
)
def test_r001_only_researchers_and_admins_read_results(study, role, status):
    account = build.user() if role == "stranger" else role and build.member(study, role)
    client = client_of(account)

    for address in addresses(study):
        answer = client.get(address)

        assert (answer.status_code, set(answer.json())) == (status, {"code", "message", "details"})
    assert client.post(reverse("api-releases", args=["kind"]), {"name": "x"}).status_code == status
    assert not Release.objects.exists()


def test_an_admin_reads_results(study):
    assert client_of(build.member(study, Role.ADMIN)).get(addresses(study)[0]).status_code == 200


def test_r004_a_former_or_deactivated_member_is_a_stranger(study):
    former, gone = build.member(study, Role.RESEARCHER), build.member(study, Role.RESEARCHER)
    build.studies.leave(study=study, user=former, now=build.NOW)
    token = get_token_model().objects.create(user=gone)[1]
    gone.is_active = False
    gone.save(update_fields=["is_active"])

    assert client_of(former).get(addresses(study)[0]).status_code == 404
    bearer = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
    assert bearer.get(addresses(study)[0]).status_code == 401


def test_a_token_opens_the_api(study):
    token = get_token_model().objects.create(user=build.member(study, Role.RESEARCHER))[1]

    answer = APIClient(HTTP_AUTHORIZATION=f"Token {token}").get(addresses(study)[0])

    assert answer.status_code == 200


def test_a_release_of_another_study_is_not_found(study, client, tmp_path):
    other = given.safe(tmp_path, {"x": "yes no"}, slug="other")
    theirs = client_of(build.member(other, Role.RESEARCHER))
    made = client.post(
        reverse("api-releases", args=["kind"]), {"name": "one"}, format="json"
    ).json()

    answer = theirs.get(reverse("api-release-file", args=["other", made["key"], "labels.csv"]))

    assert answer.status_code == 404


def test_r015_a_session_needs_its_csrf_token_to_ask_for_a_release(study):
    client = APIClient(enforce_csrf_checks=True)
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(reverse("api-releases", args=["kind"]), {"name": "x"}, format="json")

    assert answer.status_code == 403


def test_every_view_states_who_may_call_it():
    modules = [
        importlib.import_module(f"{api.__name__}.{found.name}")
        for found in pkgutil.iter_modules(api.__path__)
    ]
    stated = {
        one.__name__: one.permission_classes
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, APIView) and one is not APIView
    }

    assert set(stated.pop("Studies")) == {IsAuthenticated}
    assert "ReleaseFile" in stated
    assert all(classes == [ResearcherOfStudy] for classes in stated.values())


def keys(value):
    """The nested shape of an answer: what keys stand where."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    return keys(value[0]) if isinstance(value, list) and value else None


def test_answers_have_the_shape_of_their_schemas(study, client, tmp_path):
    given.verdicts(study, tmp_path, [given.verdict("a")], name="other")
    made = client.post(
        reverse("api-releases", args=["kind"]), {"name": "one"}, format="json"
    ).json()
    judge = given.judge_ids(study)[0]
    answers = [
        (asked(client, "api-studies"), schemas.StudyList),
        (asked(client, "api-agreement", "kind", by="model"), schemas.AgreementReport),
        (asked(client, "api-raters", "kind"), schemas.RaterReport),
        (asked(client, "api-judges", "kind"), schemas.JudgeList),
        (asked(client, "api-judge-report", "kind", judge), schemas.JudgeReport),
        (
            asked(client, "api-judge-slices", "kind", judge, by="length"),
            schemas.SlicedJudgeReport,
        ),
        (asked(client, "api-judge-against", "kind", judge, other="other"), schemas.ComparedJudges),
        (asked(client, "api-releases", "kind"), schemas.ReleaseList),
        (made, schemas.ReleaseEntry),
    ]

    for answer, schema in answers:
        assert keys(json.loads(json.dumps(schema(answer).data))) == keys(answer)


def test_the_api_has_an_openapi_document():
    document = SchemaGenerator().get_schema(request=None, public=True)

    paths = [path for path in document["paths"] if path.startswith("/api/studies/")]
    assert set(paths) == {
        "/api/" + re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", str(one.pattern))
        for one in [*evaluation_urls, *annotation_urls]
        if str(one.pattern).startswith("studies/")
    }


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"name": NaN}', b'{"name": "a", "name": "b"}', b'{"\\ud800": 1}', b'{"name": "\\ud800"}',
     b'{"name": "\xff"}', b'{"a":' * 5_000, b"[" * 100_000],
)  # fmt: skip
def test_R062_a_body_that_is_no_json_is_refused(client, body):
    answer = client.post("/api/studies/kind/releases/", body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "details"}
    assert not Release.objects.exists()
