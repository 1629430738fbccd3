"""Every page of a study answers, however little there is to show, and leads to the others."""

import pytest
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.urls import urlpatterns
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

PAGES = sorted(one.name for one in urlpatterns if one.name and str(one.pattern).count("<") == 1)


def failing(client, study, **asked):
    """Return the pages that answer with an error of ours, with the status."""
    client.force_login(build.member(study, Role.ADMIN))
    client.raise_request_exception = False
    answers = {
        name: client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked).status_code
        for name in PAGES
    }
    return {name: status for name, status in answers.items() if status >= 500}


def words(client, study, role, name, **asked):
    client.force_login(build.member(study, role))
    answer = client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)
    return " ".join(answer.content.decode().split())


def test_no_page_of_a_study_without_anything_fails(client):
    assert failing(client, build.study()) == {}


def test_no_page_of_a_study_with_one_rater_fails(client, tmp_path):
    study = given.safe(tmp_path, {"a": "yes", "b": "no"}, {"a": "yes", "b": "yes"}, slug="lone")

    assert failing(client, study) == {}


def test_no_page_fails_at_letters_that_no_database_keeps(client):
    asked = dict.fromkeys(("question", "by", "judge", "other", "from", "page", "option"), "\0")

    assert failing(client, build.study(), **asked) == {}


@pytest.mark.parametrize("name", ["cohort", "language", "exclusions"])
def test_no_page_fails_at_a_filter_that_no_database_keeps(client, name):
    assert failing(client, build.study(), **{name: "\0"}) == {}


def test_an_address_that_cannot_be_read_is_not_said_to_be_missing(client):
    found = words(client, build.study(), Role.RESEARCHER, "agreement", batch="first")

    assert "<h1>This cannot be shown</h1>" in found
    assert "write a whole number" in found


def test_an_admin_finds_gathering_and_learning_in_two_named_rows(client):
    found = words(client, build.study(), Role.ADMIN, "agreement")

    collect, learn = found.split('aria-labelledby="tabs-learn"')
    assert 'aria-labelledby="tabs-collect"' in collect
    assert "Leak report</a>" in collect
    assert "Judges</a>" in learn


def test_a_researcher_has_one_row_of_tabs_without_a_name(client):
    found = words(client, build.study(), Role.RESEARCHER, "agreement")

    assert found.count('class="tabs__row"') == 1
    assert "tabs__name" not in found


def test_a_page_of_several_questions_leads_to_each(client, tmp_path):
    study = build.study("several", rubric="tradeoff-standard")
    reply = build.item(study, tmp_path).reply_1.external_id
    given.judgments(study, tmp_path, [(reply, "ann", "winner", "value_a")])

    found = words(client, study, Role.RESEARCHER, "agreement")

    assert '<a href="#q-winner-conversation"' in found
    assert 'id="q-winner-conversation"' in found


def test_a_page_of_one_question_needs_no_list_of_questions(client, tmp_path):
    study = given.safe(tmp_path, {"a": "yes no"}, slug="single")

    assert "Questions on this page" not in words(client, study, Role.RESEARCHER, "agreement")
