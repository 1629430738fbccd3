"""R-104: nobody is asked who they are, and nothing that tells it leaves with an export.

Every field of every table, form and shape of the API is looked at by its name and its label; what
speaks of somebody or something else is listed with the reason.
"""

import importlib
import pkgutil
import re
import secrets

import pytest
from django import forms
from django.apps import apps
from django.urls import reverse
from rest_framework.serializers import Serializer

import annotation
import config
import evaluation
from annotation.models import Judgment, Rater, Study, User
from annotation.rubric_format import presets
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import Role
from evaluation.exports.columns import TABLES
from evaluation.services import reports
from evaluation.services.report_kinds import AGREEMENT
from tests import build
from tests.environment import PROJECT
from tests.evaluation import given
from tests.guards.routes import routes
from tests.guards.world import client, make

pytestmark = pytest.mark.django_db

# By words of a field's name or label: what tells who a participant is.
ASKS = re.compile(
    r"\b(?:(?:first|last|full|real|given|family|sur|user|nick|display|maiden)?[ _]?names?|initials"
    r"|birth\w*|dob|born|age|phones?|telephone|mobile|address(?:es)?|street|city|post ?code|zip"
    r"|postal|handles?|twitter|instagram|facebook|social|e ?mails?|employers?|company|affiliation"
    r"|workplace|occupation|ip|user ?agents?)\b",
    re.IGNORECASE,
)
OF_AN_ACCOUNT = "an account's own, to sign in by or to get a new password; leaves with no export"
OF_A_THING = "of a thing that is no person"
ALLOWED = {
    "annotation.User.username": OF_AN_ACCOUNT,
    "annotation.User.email": OF_AN_ACCOUNT,
    "account.EmailAddress.email": OF_AN_ACCOUNT,
    "annotation.ApiToken.name": OF_A_THING,
    "annotation.Batch.file_name": OF_A_THING,
    "annotation.Batch.stored_name": OF_A_THING,
    "annotation.GoldAnswer.file_name": OF_A_THING,
    "annotation.JudgmentFile.file_name": OF_A_THING,
    "annotation.JudgmentFile.stored_name": OF_A_THING,
    "annotation.LanguageModel.display_name": OF_A_THING,
    "annotation.Upload.file_name": OF_A_THING,
    "annotation.Upload.stored_name": OF_A_THING,
    "annotation.Value.name": OF_A_THING,
    "evaluation.Judge.name": OF_A_THING,
    "evaluation.Release.name": OF_A_THING,
    "evaluation.VerdictFile.file_name": OF_A_THING,
    "evaluation.VerdictFile.stored_name": OF_A_THING,
}
# Tables of libraries in which nothing of a participant is kept.
LIBRARY_TABLES = {
    "admin",
    "auth",
    "contenttypes",
    "sessions",
    "knox",
    "mfa",
    "django_tasks_database",
}
SIGN_IN = "allauth.account.forms"
# What starts a server when it is imported: logs would be set up a second time.
STARTS = {"config.gunicorn.conf", "config.wsgi"}
FORMS_ALLOWED = {
    "StudyForm.slug": "the study's own, in its addresses",
    "VerdictUpload.name": OF_A_THING,
    "EnsembleForm.name": OF_A_THING,
}
# Of sign-in: everybody may leave the e-mail address empty.
SIGN_IN_ALLOWED = {"username", "email"}
SHAPES_ALLOWED = {
    "file_name": "an upload's",
    "name": "a judge's, a release's, a file's, a value's or a number's",
}
INPUTS_ALLOWED = {
    "templates/annotation/tokens.html name": "an API token's",
    "templates/evaluation/releases.html name": "a release's",
}


def asks(*words) -> bool:
    """Whether a field of these names and labels asks who somebody is."""
    return any(ASKS.search(re.sub(r"[_\-]+", " ", str(word or ""))) for word in words)


def all_of(base):
    """Every class below, in whatever module of ours or of sign-in."""
    for package in (annotation, evaluation, config):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and module.name not in STARTS:
                importlib.import_module(module.name)
    importlib.import_module(SIGN_IN)
    return _below(base)


def _below(base):
    found = set()
    for one in base.__subclasses__():
        found |= {one} | _below(one)
    return found


def ours(one) -> bool:
    return one.__module__.split(".")[0] in ("annotation", "evaluation", "config")


def test_R104_no_table_has_a_field_for_who_a_participant_is():
    found = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label not in LIBRARY_TABLES
        for field in model._meta.concrete_fields
        if not field.is_relation and asks(field.name, field.verbose_name, field.help_text)
    }

    assert found == set(ALLOWED), "a new field: take it out, or give its reason"


def test_R104_of_a_rater_only_what_no_person_is_called_by_is_kept():
    kept = {field.name for field in Rater._meta.concrete_fields}

    assert kept == {
        "id", "study", "user", "source", "external_id", "cohort", "languages", "start",
        "descending", "cursor", "cursors", "judged_count", "skipped_count", "paused_at",
        "withdrew_at", "created_at",
    }  # fmt: skip


def test_R104_no_form_asks_who_a_participant_is():
    found = {
        f"{form.__name__}.{name}"
        for form in all_of(forms.BaseForm)
        if ours(form)
        for name, field in getattr(form, "base_fields", {}).items()
        if asks(name, field.label)
    }

    assert found == set(FORMS_ALLOWED)


def test_R104_sign_in_asks_for_no_more_than_an_account_needs():
    found = {
        name
        for form in all_of(forms.BaseForm)
        if form.__module__ == SIGN_IN
        for name, field in getattr(form, "base_fields", {}).items()
        if asks(name, field.label)
    }

    assert found == SIGN_IN_ALLOWED


def test_R104_a_rater_joins_without_an_e_mail_address(client):
    study = build.study()
    token = build.invitation(study, build.member(study, Role.ADMIN))
    client.get(reverse("join", args=[token]))

    answer = client.post(
        reverse("account_signup"),
        {"username": "nobody-7", "password1": "quite-a-long-one", "password2": "quite-a-long-one"},
    )

    assert answer.status_code == 302
    account = User.objects.get(username="nobody-7")
    assert (account.email, hasattr(account, "first_name") and account.first_name) == ("", None)


def test_R104_no_shape_of_the_api_has_a_place_for_who_a_participant_is():
    found = {
        name
        for shape in all_of(Serializer)
        if ours(shape)
        for name in shape._declared_fields
        if asks(name)
    }

    assert found == set(SHAPES_ALLOWED)


def test_R104_no_page_has_an_input_of_its_own_for_who_a_participant_is():
    found = {
        f"{path.relative_to(PROJECT)} {name}"
        for path in (PROJECT / "templates").rglob("*.html")
        for name in re.findall(
            r"<(?:input|textarea|select)\b[^>]*?\sname=\"([^\"{]+)\"", path.read_text()
        )
        if asks(name)
    }

    assert found == set(INPUTS_ALLOWED)


def test_R104_no_preset_asks_raters_who_they_are():
    found = {
        (name, question.key)
        for name, rubric in presets().items()
        for question in rubric.questions
        if asks(question.key, question.label)
    }

    assert found == set()


# What leaves

MAIL, IP, AGENT = "ruth@quarrymail.co.uk", "84.172.33.91", "Sealbrowser/7.1"
E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")
ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
TOLD = {"HTTP_USER_AGENT": AGENT, "REMOTE_ADDR": IP, "HTTP_X_FORWARDED_FOR": IP}


@pytest.fixture
def world(tmp_path, settings):
    """A study with everything in it, whose rater judged by a page, from somewhere with something."""
    settings.DATA_DIR = tmp_path / "data"
    made = make(tmp_path, name="s")
    User.objects.filter(pk=made.people["rater"].pk).update(email=MAIL)
    browser = client(made.people["rater"])
    page = browser.get(reverse("annotation:rate", args=["s"]), **TOLD).content.decode()
    key = re.search(r'data-key="([^"]+)"', page)[1]
    hidden = dict(re.findall(r'name="(receipt|turn|page)" value="([^"]*)"', page))
    sent = {**hidden, **{name: words[0] for name, words in build.QUICK.items()}}
    browser.post(reverse("annotation:submit", args=["s", key]), sent, **TOLD)
    assert Judgment.objects.filter(rater__user=made.people["rater"]).exists()
    return made


def test_R104_no_file_of_a_release_has_an_e_mail_address_an_ip_address_or_a_browser(
    world, tmp_path
):
    out = given.written(world.study, tmp_path)

    names = {path.name for path in out.iterdir()}
    assert {f"{table}.parquet" for table in TABLES} <= names
    for path in out.iterdir():
        words = given.words_of(path)
        assert not E_MAIL.search(words), path.name
        assert not ADDRESS.search(words), path.name
        assert AGENT not in words, path.name


def test_R104_no_column_of_a_release_is_for_who_a_rater_is(world):
    found = {
        (table, column.name)
        for table, columns in TABLES.items()
        for column in columns
        if asks(column.name)
    }

    assert found == set()


def answers(world):
    """What a researcher gets at every address of the study: API, tables, files, kept reports."""
    study = build.facts(world.study)
    kept = reports.request(study, AGREEMENT, {}, now=build.NOW, by_id=None)
    reports.write(study, kept.number, now=build.NOW)
    reader = client(world.people["researcher"])
    for route in routes():
        if "slug" not in route.parameters:
            continue
        answer = reader.get(route.url(world.values), **TOLD)
        if answer.status_code == 200:
            raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
            yield route, answer, raw.decode(errors="replace")


def test_R104_whatever_a_researcher_can_have_names_no_rater_address_or_browser(world):
    seen = set()

    for route, answer, words in answers(world):
        seen.add(route.name)
        for hidden in (MAIL, IP, AGENT, world.people["rater"].username + "<"):
            assert hidden not in words, route.pattern
        if not answer["Content-Type"].startswith("text/html"):
            assert world.people["rater"].username not in words, route.pattern
            assert not E_MAIL.search(words), route.pattern
    assert {"api-releases", "api-agreement", "evaluation:kept_report", "api-report"} <= seen
    assert {"evaluation:release_file", "api-release-file", "api-label-rows"} <= seen


def test_R104_raters_have_other_names_in_each_release_and_on_pages(world, tmp_path):
    one = given.rows(given.written(world.study, tmp_path, "one", "one"), "raters")
    two = given.rows(given.written(world.study, tmp_path, "two", "two"), "raters")
    ids = list(Rater.objects.filter(study=world.study).values_list("pk", flat=True))

    first, second = ({row["rater"] for row in rows} for rows in (one, two))
    pages = set(pseudonyms(world.study.pk, purpose="pages", subjects=ids).values())
    assert len(first) == len(second) > 1
    assert not first & second
    assert not (first | second) & pages


def test_R104_the_names_cannot_be_made_again_without_the_studys_secret(world, tmp_path):
    one = given.rows(given.written(world.study, tmp_path, "one", "one"), "raters")
    Study.objects.filter(pk=world.study.pk).update(secret=secrets.token_hex(32))

    again = given.rows(given.written(world.study, tmp_path, "one", "again"), "raters")

    assert not {row["rater"] for row in one} & {row["rater"] for row in again}
