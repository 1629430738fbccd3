"""The pages on which a version of a specification is added, and who may open them."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Clause, SpecificationVersion
from annotation.vocabulary import Role
from tests import build
from tests.annotation.specifying import FIND, GIVEN, LIST, NEW, USE
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN))
    return client


@pytest.fixture
def rater(study, client):
    client.force_login(build.rater(study).user)
    return client


def fields(response) -> dict[str, str]:
    """The ids on offer, by the name of their field."""
    found = re.findall(r'name="(id\.[^"]*)" value="([^"]*)"', page(response))
    return {unescape(name): unescape(value) for name, value in found}


def store(client, **more):
    return client.post(NEW, {**GIVEN, "act": "store", **more})


# Who may


@pytest.mark.parametrize("address", [LIST, NEW, f"{LIST}1/"])
@pytest.mark.parametrize("role", [Role.RATER, Role.RESEARCHER])
def test_members_without_the_role_are_refused(study, client, address, role):
    client.force_login(build.member(study, role))

    assert client.get(address).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("address", [NEW, USE])
@pytest.mark.parametrize("role", [Role.RATER, Role.RESEARCHER])
def test_no_form_takes_anything_from_other_roles(study, client, address, role):
    client.force_login(build.member(study, role))

    assert client.post(address, GIVEN).status_code == HTTPStatus.FORBIDDEN
    assert SpecificationVersion.objects.count() == 0


@pytest.mark.parametrize("address", [LIST, NEW, f"{LIST}1/", FIND])
def test_strangers_do_not_learn_that_the_study_exists(study, client, address):
    client.force_login(build.user())

    assert client.get(address).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("address", [NEW, USE])
def test_every_form_needs_its_token(study, address):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(build.member(study, Role.ADMIN))

    assert strict.post(address, GIVEN).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RESEARCHER])
def test_only_raters_open_the_raters_page_of_clauses(study, client, role):
    build.specification(study)
    client.force_login(build.member(study, role))

    assert client.get(FIND).status_code == HTTPStatus.FORBIDDEN


def test_another_studys_version_is_not_there_for_admins(study, admin):
    foreign = build.specification(build.study("other"))

    assert admin.get(f"{LIST}{foreign.pk}/").status_code == HTTPStatus.NOT_FOUND
    assert admin.get(f"{LIST}{10**30}/").status_code == HTTPStatus.NOT_FOUND


def test_another_studys_version_is_not_there_for_raters(study, rater):
    build.specification(study)
    foreign = build.specification(build.study("other"))

    assert rater.get(FIND, {"version": foreign.pk}).status_code == HTTPStatus.NOT_FOUND


# Adding a version


def test_the_first_step_shows_the_clauses_and_stores_nothing(study, admin):
    response = admin.post(NEW, {**GIVEN, "act": "look"})

    assert response.status_code == HTTPStatus.OK
    assert fields(response) == {
        "id.honesty": "honesty",
        "id.do_not_lie": "do_not_lie",
        "id.small_courtesies": "small_courtesies",
        "id.harm": "harm",
    }
    assert page(response).count('class="badge">proposed') == 1
    assert SpecificationVersion.objects.count() == 0


def test_the_second_step_stores_the_clauses_with_the_ids_as_they_were_typed(study, admin):
    response = store(admin, **{"id.small_courtesies": " courtesies ", "id.harm": "harm"})

    stored = SpecificationVersion.objects.get()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == f"{LIST}{stored.pk}/"
    assert stored.clauses.get(position=2).clause_id == "courtesies"
    assert "Rules of care, version 1, is stored." in page(admin.get(response["Location"]))


def test_a_file_is_read_and_its_text_carried_to_the_second_step(study, admin):
    file = SimpleUploadedFile("care.md", b"\xef\xbb\xbf" + build.SPECIFICATION.encode())

    response = admin.post(NEW, {**GIVEN, "text": "", "file": file, "act": "look"})

    assert response.status_code == HTTPStatus.OK
    assert "No **false** statement" in page(response)
    assert len(fields(response)) == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("care.pdf", b"# A", "must end in .md or .txt"),
        ("care.md", b"", "The file is empty"),
        ("care.md", b"  \n", "The file is empty"),
        ("care.md", b"# \xff\xfe", "not UTF-8"),
        ("care.txt", b"# A\n" + b"x" * 5_000_010, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_the_names_are_kept(
    study, admin, name, content, said
):
    file = SimpleUploadedFile(name, content)

    response = admin.post(NEW, {**GIVEN, "text": "", "file": file, "act": "store"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in page(response)
    assert 'value="Rules of care"' in page(response)
    assert SpecificationVersion.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"key": "two words"}, "Use letters, digits"),
        ({"key": "x\ny"}, "Use letters, digits"),
        ({"version": "a\u202eb"}, "version holds a sign that cannot be seen"),
        ({"key": "x" * 101}, "at most 100 characters"),
        ({"version": ""}, "This field is required."),
        ({"version": "a\0b"}, "Null characters are not allowed"),
        ({"text": ""}, "Choose a Markdown file, or paste"),
        ({"text": "no heading"}, "There is no heading"),
        ({"text": "# A {#x}\n# B {#x}"}, "Line 2: id"),
        ({"text": "# A\n\nb\0d"}, "Line 3: "),
        ({"id.harm": "do_not_lie"}, "names the clause of line 5 already"),
        ({"id.harm": "two words"}, "holds a space"),
        ({"id.harm": "x" * 201}, "longer than 200"),
    ],
)
def test_what_is_wrong_is_named_and_everything_typed_is_kept(study, admin, sent, said):
    typed = {"id.small_courtesies": "mycourtesies", **sent}

    response = store(admin, **typed)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in page(response)
    for name, value in {**GIVEN, **typed}.items():
        kept = value.strip().replace("\0", "\0")
        if value and not (name.startswith("id.") and "text" in sent):
            assert kept[:50] in unescape(page(response)), name
    assert SpecificationVersion.objects.count() == 0


def test_a_file_and_a_text_are_too_much(study, admin):
    file = SimpleUploadedFile("care.md", b"# Another")

    response = admin.post(NEW, {**GIVEN, "file": file, "act": "store"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "not both" in page(response)
    assert "No **false** statement" in page(response)


def test_ids_stay_with_their_headings_when_the_text_is_corrected(study, admin):
    corrected = "# A new beginning {#new}\n\nWords.\n\n" + build.SPECIFICATION

    response = admin.post(NEW, {**GIVEN, "text": corrected, "id.harm": "no_harm", "act": "look"})

    assert fields(response)["id.harm"] == "no_harm"
    assert fields(response)["id.new"] == "new"


def test_a_proposal_in_place_of_an_id_that_cannot_be_is_accepted_by_sending_it(study, admin):
    text = "# A {#x}\n\n# B {#x}"
    shown = fields(admin.post(NEW, {**GIVEN, "text": text}))

    response = admin.post(NEW, {**GIVEN, "text": text, **shown, "act": "store"})

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert set(Clause.objects.values_list("clause_id", flat=True)) == {"x", "b"}


def test_an_id_that_was_emptied_is_the_proposed_one_again(study, admin):
    response = store(admin, **{"id.harm": ""})

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert Clause.objects.filter(clause_id="harm").exists()


def test_storing_the_same_once_more_leads_to_the_stored_version(study, admin):
    first = store(admin)
    second = store(admin)

    assert second["Location"] == first["Location"]
    assert SpecificationVersion.objects.count() == 1


def test_another_text_under_a_stored_version_is_refused_and_kept(study, admin):
    store(admin)

    response = store(admin, text=build.SPECIFICATION + "\nAn addition.")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "a version never changes" in page(response)
    assert "An addition." in page(response)


def test_a_further_version_begins_with_its_documents_names(study, admin):
    build.specification(study)

    assert 'value="Rules of care"' in page(admin.get(NEW, {"key": "care"}))
    assert 'value="Rules of care"' not in page(admin.get(NEW, {"key": "x\0"}))


def test_notes_stop_nobody(study, admin):
    sent = {**GIVEN, "text": "# A {#a colour=red}"}

    assert "colour=red in the braces is not read" in page(admin.post(NEW, sent))
    assert admin.post(NEW, {**sent, "act": "store"}).status_code == HTTPStatus.SEE_OTHER


def test_as_many_clauses_as_allowed_can_be_sent_back(study, admin):
    text = "".join(f"# Clause {number}\n" for number in range(500))
    shown = fields(admin.post(NEW, {**GIVEN, "text": text}))

    response = admin.post(NEW, {**GIVEN, "text": text, **shown, "act": "store"})

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert Clause.objects.count() == 500
