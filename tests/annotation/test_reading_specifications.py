"""Versions of a specification as admins look at them and raters read them, hostile ones too."""

import re
from http import HTTPStatus

import pytest

from annotation.models import Study
from annotation.vocabulary import Role
from tests import build
from tests.annotation.rating import PART
from tests.annotation.specifying import FIND, GIVEN, LIST, NEW, USE
from tests.pages import page

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN))
    return client


@pytest.fixture
def rater(study, client):
    client.force_login(build.rater(study).user)
    return client


# Looking at versions


def test_the_list_has_documents_versions_and_clauses_by_authority(study, admin):
    build.specification(study)
    build.specification(study, version="2", used=False)

    shown = page(admin.get(LIST))

    assert shown.count("<h1") == 1
    assert "<bdi>fixed</bdi> 2" in shown
    assert "<bdi>none</bdi> 1" in shown
    assert shown.count("are asked against this") == 1
    assert shown.count("Ask against this</button>") == 1


def test_the_list_says_when_rubric_and_choice_do_not_fit(client):
    asking = build.study("asking", rubric="compliance")
    client.force_login(build.member(asking, Role.ADMIN))

    assert "no version is chosen" in page(client.get("/studies/asking/specifications/"))


def test_the_list_says_when_nobody_asks_for_clauses(study, admin):
    build.specification(study)

    assert "no question of the rubric asks for clauses" in page(admin.get(LIST))


def test_a_version_shows_its_clauses_and_what_it_changed(study, admin):
    build.specification(study)
    changed = build.SPECIFICATION.replace("authority=user", "authority=root")
    second = build.specification(study, version="2", source=changed)

    shown = page(admin.get(f"{LIST}{second.pk}/"))

    assert "No <strong>false</strong> statement" in shown
    assert "1 with another authority" in shown
    assert "user → root" in shown


def test_the_first_version_has_nothing_to_compare_with(study, admin):
    first = build.specification(study)

    assert "Since" not in page(admin.get(f"{LIST}{first.pk}/"))


def test_a_version_without_changes_says_so(study, admin):
    build.specification(study)
    second = build.specification(study, version="2")

    assert "Nothing changed" in page(admin.get(f"{LIST}{second.pk}/"))


def test_raters_are_asked_against_the_version_the_admin_chooses(study, admin):
    version = build.specification(study, used=False)

    response = admin.post(USE, {"version_id": version.pk})

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert Study.objects.get().specification_id == version.pk

    admin.post(USE, {"version_id": ""})

    assert Study.objects.get().specification_id is None


@pytest.mark.parametrize("sent", ["x", "-1", "1.5", "9" * 30, "²", "0", "12345678"])
def test_a_version_that_is_not_there_cannot_be_chosen(study, admin, sent):
    response = admin.post(USE, {"version_id": sent})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'role="alert"' in page(response)


# What raters read


def test_a_rater_finds_clauses_as_a_part_to_cite_from(study, rater):
    version = build.specification(study)

    response = rater.get(FIND, {"q": "FALSE", "version": version.pk, "question": "c"}, headers=PART)

    shown = page(response)
    assert "<html" not in shown
    assert shown.count("<li") == 1
    for role in ("violated", "supports", "governs"):
        assert f'data-cite="{role}" data-clause="do_not_lie" data-title="Do not lie"' in shown
    assert "<details" in shown
    assert "No <strong>false</strong> statement" in shown
    assert response["Vary"].count("HX-Request") == 1


def test_without_words_the_part_is_the_outline(study, rater):
    build.specification(study)

    shown = page(rater.get(FIND, headers=PART))

    assert shown.count("<li") == 4
    assert "false" not in shown
    assert f"{FIND}?version=" in shown


def test_words_that_stand_nowhere_are_answered_in_words(study, rater):
    build.specification(study)

    assert "No clause has all of these words" in page(rater.get(FIND, {"q": "zebra"}))


def test_without_script_the_whole_can_be_read_and_searched(study, rater):
    build.specification(study)

    whole = page(rater.get(FIND))
    some = page(rater.get(FIND, {"q": "grave"}))

    assert whole.count("<h1") == 1
    assert "Weigh how grave it is." in whole
    assert "data-cite" not in whole
    assert 'value="grave"' in some
    assert "Truth comes first" not in some


def test_a_rater_reads_an_earlier_version_of_the_study_too(study, rater):
    first = build.specification(study, source="# Old {#old}")
    build.specification(study, version="2")

    assert "Old" in page(rater.get(FIND, {"version": first.pk}))


@pytest.mark.parametrize("version", ["x", "-1", "9" * 30, "²", "0", "1 OR 1=1", "1\0"])
def test_a_version_that_is_none_is_not_found(study, rater, version):
    build.specification(study)

    assert rater.get(FIND, {"version": version}).status_code == HTTPStatus.NOT_FOUND


def test_a_study_without_a_specification_has_no_clauses(study, rater):
    assert rater.get(FIND).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("words", ["\0", "%00", "x" * 5_000, "\ud7ff", SCRIPT])
def test_R026_odd_words_are_only_words(study, rater, words):
    build.specification(study)

    assert rater.get(FIND, {"q": words}).status_code == HTTPStatus.OK


def test_the_outline_of_a_real_sized_document_is_small(study, rater):
    source = "".join(
        f"## A clause with a title of some length, number {n} {{#clause_number_{n} authority=user}}\n"
        + "Words of it. " * 200
        for n in range(80)
    )
    build.specification(study, source=source)

    assert len(rater.get(FIND, headers=PART).content) < 100_000


# What a document may try


HOSTILE = (
    f'# {SCRIPT} {{#x"onmouseover=alert(3) authority="{SCRIPT[:25]}"}}\n\n{SCRIPT}\n\n'
    f"# <b>T</b> {{#<b>id</b> authority=<i>user</i>}}\n\n[x](javascript:alert(4))\n"
)


@pytest.mark.parametrize("words", ["", "script", "b"])
@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_R021_raters_read_a_hostile_specification_as_text(study, rater, words, headers):
    build.specification(study, source=HOSTILE, title=SCRIPT, version="<v>")

    shown = page(rater.get(FIND, {"q": words, "question": SCRIPT}, headers=headers))

    assert_inert(shown)


def test_R021_admins_read_a_hostile_specification_as_text(study, admin):
    first = build.specification(study, source=HOSTILE, title=SCRIPT, version="<v>")
    other = HOSTILE.replace("<i>user", "<i>root").replace("alert(4)", "alert(5)")
    second = build.specification(study, source=other, title=SCRIPT, version="<w>")

    for address in (LIST, f"{LIST}{first.pk}/", f"{LIST}{second.pk}/"):
        assert_inert(page(admin.get(address)))


def test_R021_the_step_before_storing_is_inert_too(study, admin):
    text = HOSTILE + "\n# Again {#<b>id</b>}\n# Note {#n <img>=<img>}\n\n</textarea><script>"

    response = admin.post(NEW, {**GIVEN, "text": text, "id.<b>id</b>": SCRIPT, "act": "store"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert_inert(page(response))


def assert_inert(shown: str) -> None:
    """Nothing of a document is markup: neither a tag, nor an attribute, nor an address."""
    for markup in (
        "<script>",
        "<img",
        "<b>",
        "<i>",
        "<v>",
        "<w>",
        "</textarea><script",
        'javascript:alert(4)"',
    ):
        assert markup not in shown, markup
    tags = re.findall(r"<[a-z][^>]*>", shown)
    assert not [tag for tag in tags if re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', '""', tag))]
