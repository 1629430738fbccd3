"""Publishing a draft, beginning anew or throwing it away, and taking it along as JSON."""

import json
from http import HTTPStatus

import pytest

from annotation.models import Rubric, RubricDraft
from annotation.rubric_composer.draft import draft_of, rubric_json
from annotation.rubric_composer.fields import MOST_FIELDS, draft_from, fields_of, n_fields
from annotation.rubric_format import presets, rubric_from_json
from annotation.services import rubrics
from tests import build
from tests.annotation.composing import ADDRESS, by_another, fields_in, press, signed_in, stored
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.EVERY_TYPE)


@pytest.fixture
def admin(study, client):
    return signed_in(study, client)


# Publishing


def test_a_draft_is_published_and_ends(study, admin, client):
    response = press(client, "publish", title="Better")

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (study.rubric.version, study.rubric.title) == (2, "Better")
    assert not RubricDraft.objects.exists()
    assert "every-type version 2 is what raters are asked" in page(client.get(ADDRESS))
    assert fields_in(client.get(ADDRESS))["version"] == ["3"]


def test_a_draft_with_mistakes_is_not_published_and_every_one_is_listed(study, admin, client):
    response = press(client, "publish", q1_label="", q2_label="", title=" ")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Not published yet" in page(response)
    assert "Title is empty" in page(response)
    assert page(response).count("Label is empty") == 4  # in the list, and at each question
    assert stored(study).question(1).label == ""
    assert study.rubrics.count() == 1


def test_a_question_in_which_nothing_was_typed_is_told_when_publishing(study, admin, client):
    press(client, "add-question", new_type="text")
    before = page(client.get(ADDRESS))

    response = press(client, "publish")

    assert "Label is empty" not in before
    assert "Label is empty" in page(response)


def test_R042_a_published_version_is_immutable_and_the_next_one_is_put_in(study, admin, client):
    source = study.rubric.source

    refused = press(client, "publish", version="1", q1_label="Another question?")
    again = press(client, "publish", fields_in(refused))

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "every-type version 1 is published with other questions" in page(refused)
    assert "The next free one is 2" in page(refused)
    assert fields_in(refused)["version"] == ["2"]
    assert again.status_code == HTTPStatus.SEE_OTHER
    assert Rubric.objects.get(version=1).source == source
    assert Rubric.objects.get(version=2).questions.get(key="misled").label == "Another question?"


def test_the_same_version_with_the_same_questions_is_used_again(study, admin, client):
    rubrics.publish(study=study, rubric=presets()["tradeoff-quick"], now=build.now())
    press(client, "begin", begin_with="tradeoff-quick")

    response = press(client, "publish", version=str(presets()["tradeoff-quick"].version))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert study.rubrics.count() == 2


def test_a_rubric_of_the_other_kind_is_refused_on_top(study, admin, client, tmp_path):
    build.item(study, tmp_path)

    response = press(client, "publish", kind="pair")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Make another study" in page(response)


# Beginning and throwing away


@pytest.mark.parametrize("name", ["current", "tradeoff-standard", "pairwise", "empty"])
def test_one_begins_with_another_rubric(study, admin, client, name):
    response = press(client, "begin", begin_with=name, title="Not kept")

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study).title != "Not kept"


def test_there_is_nothing_else_to_begin_with(study, admin, client):
    response = press(client, "begin", begin_with="nothing", title="Kept")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose what to begin with" in page(response)
    assert fields_in(response)["title"] == ["Kept"]


def test_a_draft_is_thrown_away(study, admin, client):
    press(client, "save", title="Gone")

    response = press(client, "discard")

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert not RubricDraft.objects.exists()
    assert fields_in(client.get(ADDRESS))["title"] == ["Every type"]


# JSON


def test_a_draft_is_exported_whole_or_not_and_nothing_is_stored(study, admin, client):
    response = press(client, "export", title="Half", q1_label="")

    assert "s-rubric-draft.json" in response["Content-Disposition"]
    assert response.json()["title"] == "Half"
    assert response.json()["questions"][0]["label"] == ""
    assert not RubricDraft.objects.exists()


def test_what_is_exported_can_be_imported(study, admin, client):
    exported = press(client, "export", title="Round").json()

    client.post(ADDRESS, {"do": "import", "seen": "", "rubric_text": json.dumps(exported)})

    assert rubric_json(stored(study)) == exported


def test_json_that_is_no_rubric_is_not_put_into_the_form(study, admin, client):
    response = client.post(ADDRESS, {"do": "import", "rubric_text": '{"key": "half-done"}'})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "half-done" in page(response)
    assert "questions: Field required" in page(response)
    assert not RubricDraft.objects.exists()


def test_an_import_does_not_replace_a_draft_that_was_not_seen(study, admin, client):
    by_another(study)
    text = json.dumps({**build.SAFE, "title": "Imported"})

    refused = client.post(ADDRESS, {"do": "import", "seen": "", "rubric_text": text})
    again = {"do": "import", "seen": fields_in(refused)["seen"], "rubric_text": text}
    client.post(ADDRESS, again)

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Press again to replace it" in page(refused)
    assert "Imported" in page(refused)
    assert stored(study).title == "Imported"


def large(n_questions: int, n_options: int) -> dict:
    options = [{"code": str(n), "label": "x"} for n in range(n_options)]
    questions = [
        {"key": f"k{n}", "label": "L", "type": "single", "options": options}
        for n in range(n_questions)
    ]
    return {"key": "large", "title": "Large", "questions": questions}


def test_a_rubric_too_large_for_a_form_stays_json(study, admin, client):
    text = json.dumps(large(2, 1000))

    refused = client.post(ADDRESS, {"do": "import", "rubric_text": text})
    client.post("/studies/s/rubric/", {"rubric_text": text})
    opened = client.get(ADDRESS)

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "more fields than a form can send" in page(refused)
    assert opened.status_code == HTTPStatus.OK
    assert "more fields than a form can send" in page(opened)
    assert "question" not in fields_in(opened)


def test_a_form_has_fewer_fields_than_the_server_reads(settings):
    assert MOST_FIELDS + 100 <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_nothing_is_added_to_a_form_that_is_full(study, admin, client):
    fields = fields_of(draft_of(rubric_from_json(large(1, 1000))))
    fields["question"] = [*fields["question"], "7"]
    room = (MOST_FIELDS - n_fields(draft_from(fields))) // 3
    fields["q7-code"] = [str(number) for number in range(room)]

    response = press(client, "add-option:1", fields)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "more fields than a form can send" in page(response)
    assert len(fields_in(response)["q1-code"]) == 1000
