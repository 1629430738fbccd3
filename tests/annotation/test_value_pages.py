"""The admins' pages of values: the list, uploading, downloading, and the page of one value."""

import csv
import io
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.forms import values as forms
from annotation.models import Flag, Value
from tests import build
from tests.annotation.loading import counts
from tests.annotation.meanings import RIGOR, loader, stored, unclear, value
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


# What admins see


def test_the_page_of_values_shows_what_they_mean(study, admin, client):
    value(study, "<b>Honesty</b>", definition="Saying so", category=RIGOR, aliases=["Candour"])

    shown = page(client.get("/studies/s/values/"))

    assert "&lt;b&gt;Honesty&lt;/b&gt;" in shown
    assert "Epistemic · Methodical rigor" in shown
    assert "Saying so" in shown
    assert "Candour" in shown


def test_a_study_without_values_says_where_they_come_from(study, admin, client):
    assert "No values yet" in page(client.get("/studies/s/values/"))


@pytest.mark.parametrize(
    ("words", "n"), [("honest", 1), ("CANDOUR", 1), ("saying kind", 0), ("", 2)]
)
def test_the_page_of_values_is_narrowed_by_words(study, admin, client, words, n):
    value(study, definition="Saying so", aliases=["Candour"])
    value(study, "Kindness")

    response = client.get("/studies/s/values/", {"words": words})

    assert response.context["page"].paginator.count == n


def test_words_that_match_nothing_are_no_dead_end(study, admin, client):
    value(study)

    assert "Show all" in page(client.get("/studies/s/values/?words=zzz%00"))


def test_values_are_paged(study, admin, client):
    Value.objects.bulk_create(Value(study=study, name=f"v{n:03}") for n in range(101))

    response = client.get("/studies/s/values/?page=2")

    assert [row.name for group in response.context["groups"] for row in group.values] == ["v100"]


def upload(client, text, name="values.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post("/studies/s/values/", {"file": file})


def test_an_upload_is_loaded(study, admin, client):
    response = upload(client, "value,definition\nHonesty,Saying so\n")

    assert (response.status_code, response["Location"]) == (303, "/studies/s/values/")
    assert stored(study)["Honesty"][0] == "Saying so"


def test_the_refused_lines_of_an_upload_are_listed(study, admin, client):
    response = upload(client, "value,category\nHonesty,zzz\nKindness,\n")

    assert response.status_code == HTTPStatus.OK
    assert "is none of the 26 categories" in page(response)
    assert list(stored(study)) == ["Kindness"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("values.xlsx", "value\nHonesty\n", "must end in .csv"),
        ("values.csv", "", "is empty"),
        ("values.csv", "value,note\nHonesty,x\n", "&#x27;note&#x27;"),
        ("values.csv", b"value\n\xff\n", "UTF-8"),
    ],
)
def test_an_upload_that_cannot_be_read_says_why(study, admin, client, name, text, why):
    response = upload(client, text, name)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert why in page(response)


def test_an_upload_that_is_too_large_says_what_to_do(study, admin, client, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST_FILE", 10)

    response = upload(client, "value\nHonesty\n")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "load_values" in page(response)


# The download


def download(client) -> str:
    return client.get("/studies/s/values.csv").content.decode()


def test_the_download_loads_back_unchanged(study, admin, client, load):
    value(study, "=1+1", definition='-1 "two"\r\nthree, four', category=RIGOR, aliases=["@a", "b"])
    value(study, "'tis", aliases=["=x"])
    value(study, " Honesty ", definition="+1")
    value(study, "Plain")

    tally = load(download(client))

    assert counts(tally) == (0, 0, 4, 0)


def test_no_cell_of_the_download_is_run_by_a_spreadsheet(study, admin, client):
    value(study, "=1+1", definition="@sum", aliases=["+a"])

    (row,) = csv.DictReader(io.StringIO(download(client)))

    assert (row["value"], row["definition"], row["aliases"]) == ("'=1+1", "'@sum", "'+a")
    assert row["csv_escaped"] == "value definition aliases"


def test_the_download_is_a_file_of_the_study(study, admin, client):
    response = client.get("/studies/s/values.csv")

    assert response["Content-Disposition"] == 'attachment; filename="s-values.csv"'


# The page of one value


def edit(client, one, **fields):
    sent = {"definition": "Saying so", "category": RIGOR, "aliases": "Candour\r\n\r\nTruth"}
    return client.post(f"/studies/s/values/{one.pk}/", {**sent, **fields})


def test_an_admin_changes_what_a_value_means(study, admin, client):
    response = edit(client, value(study))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study) == {"Honesty": ("Saying so", RIGOR, ["Candour", "Truth"])}


def test_the_form_begins_with_what_is_stored(study, admin, client):
    one = value(study, definition="Old", category=RIGOR, aliases=["Candour", "Truth"])

    shown = page(client.get(f"/studies/s/values/{one.pk}/"))

    assert f'<option value="{RIGOR}" selected>' in shown
    assert '<optgroup label="Epistemic">' in shown
    assert "Candour\nTruth" in shown


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"definition": "x" * 2001}, "longer than 2,000"),
        ({"category": "zzz"}, "valid choice"),
        ({"aliases": "a|b"}, "“a|b” holds |"),
        ({"aliases": "x" * 201}, "longer than 200"),
        ({"aliases": "\n".join(map(str, range(51)))}, "more than 50"),
        ({"aliases": "Kindness"}, "“Kindness”"),
    ],
)
def test_a_mistake_is_named_and_the_input_stays(study, admin, client, fields, why):
    one = value(study)
    value(study, "Kindness")

    response = edit(client, one, **fields)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert why in page(response)
    (sent,) = fields.values()
    assert sent[:200] in page(response) or "category" in fields
    assert stored(study)["Honesty"] == ("", "", [])


def test_what_raters_find_unclear_stands_on_the_values_page(study, admin, client, tmp_path):
    one = unclear(study, tmp_path, note="Which <kind>?")

    shown = page(client.get(f"/studies/s/values/{one.pk}/"))

    assert "Which &lt;kind&gt;?" in shown


def test_making_a_value_clear_may_resolve_its_flags(study, admin, client, tmp_path):
    one = unclear(study, tmp_path)

    edit(client, one, resolves="on")

    flag = Flag.objects.get()
    assert (flag.resolved_by, flag.resolved_at is not None) == (admin, True)


def test_a_change_alone_resolves_no_flag(study, admin, client, tmp_path):
    edit(client, unclear(study, tmp_path))

    assert Flag.objects.get().resolved_at is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_value_of_another_study_is_not_there(admin, client, method):
    other = value(build.study("other"))

    response = getattr(client, method)(f"/studies/s/values/{other.pk}/")

    assert response.status_code == HTTPStatus.NOT_FOUND
