"""Trying a design by page, API and command, all alike, and what each refuses."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotation.models import Study
from annotation.vocabulary import Role
from evaluation.intake import quantities
from evaluation.models import Judge, Rehearsal, Sample
from tests import build
from tests.evaluation.rehearsing import BY_MODEL, study_of_uneven_queries, waiting

pytestmark = pytest.mark.django_db
URL, API = "/studies/s/samples/", "/api/studies/s/rehearsals/"


@pytest.fixture
def study(tmp_path):
    return study_of_uneven_queries(tmp_path)


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(Study.objects.get(), Role.RESEARCHER))
    return client


def text(response):
    return " ".join(response.content.decode().split())


# Pages


FORM = {"design": "stratified", "by": "model", "size": 6, "draws": 100}


def test_trying_a_design_leads_to_what_came_of_it(researcher):
    page = text(researcher.post(f"{URL}rehearse/", {**FORM, "first_seed": 11}, follow=True))

    one = Rehearsal.objects.get()
    assert one.result["sentence"] in page
    assert "100 times, with the seeds 11 to 110" in page
    assert page.count("<svg") == 2
    assert "0.3750" in page
    assert not Sample.objects.exists()


def test_the_chosen_quantity_counts(researcher):
    judge = Judge.objects.get().pk
    for chosen in ("", "length", f"{judge}:misled:no"):
        researcher.post(f"{URL}rehearse/", {**FORM, "quantity": chosen})

    kept = [one.quantity for one in Rehearsal.objects.order_by("number")]
    assert [one.get("answers") for one in kept] == [["yes"], None, ["no"]]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"size": ""}, "Say how many"),
        ({"draws": 1}, "greater than or equal to 2"),
        ({"draws": 100_001}, "less than or equal to 100000"),
        ({"first_seed": 2**63}, "eighteen digits"),
        ({"quantity": "7:x:y"}, "Select a valid choice"),
        ({"model": "z"}, "z is not one of the available choices"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_input_kept(researcher, sent, why):
    response = researcher.post(f"{URL}rehearse/", {**FORM, "reason": "kept", **sent})

    assert response.status_code == 422
    assert why in text(response)
    assert 'value="kept"' in text(response)
    assert not Rehearsal.objects.exists()


def test_a_samples_page_has_the_rehearsals_of_its_design_and_no_others(researcher):
    researcher.post(f"{URL}rehearse/", FORM)
    researcher.post(f"{URL}rehearse/", {**FORM, "size": 7})
    researcher.post(f"{URL}draw/", FORM)
    researcher.post(f"{URL}1/rehearse/", {"draws": 50})

    page = text(researcher.get(f"{URL}1/"))

    assert [f"rehearsals/{n}/" in page for n in (1, 2, 3)] == [True, False, True]
    assert "Sample 1, drawn by it" in text(researcher.get(f"{URL}rehearsals/3/"))
    assert Rehearsal.objects.get(number=3).parameters == Sample.objects.get().parameters


def test_a_samples_design_that_cannot_be_tried_is_refused_on_its_page(researcher):
    researcher.post(f"{URL}draw/", FORM)

    response = researcher.post(f"{URL}1/rehearse/", {"first_seed": 2**63})

    assert response.status_code == 422
    assert "eighteen digits" in text(response)
    assert researcher.post(f"{URL}1/rehearse/", {"draws": 1}).status_code == 422


def test_while_it_is_drawn_the_page_says_how_far_it_is_and_looks_again(researcher, study):
    one = waiting(study)
    Rehearsal.objects.update(done=40)

    page = text(researcher.get(f"{URL}rehearsals/{one.number}/"))
    part = text(researcher.get(f"{URL}rehearsals/{one.number}/", headers={"HX-Request": "true"}))

    assert "40 of 100 draws" in page
    assert 'hx-trigger="every 2s"' in part
    assert "<html" not in part
    assert researcher.get(f"{URL}rehearsals/{one.number}.csv").status_code == 404


def test_one_that_failed_says_why(researcher, study):
    one = waiting(study)
    Rehearsal.objects.update(state="failed", failure="Nothing is left.")

    assert "It could not be tried: Nothing is left." in text(
        researcher.get(f"{URL}rehearsals/{one.number}/")
    )


def test_a_rehearsal_leads_back_to_its_design(researcher):
    judge = Judge.objects.get().pk
    sent = {
        "model": ["a", "b"],
        "turns_from": 1,
        "judge": judge,
        "answers": ["misled:no", "misled:yes"],
        "design": "stratified",
        "by": ["model"],
        "marked_judge": judge,
        "marked": "misled:yes",
        "allocation": "neyman",
        "shares": "model: a, verdict: marked = 0.25",
        "size": 4,
    }
    page = researcher.post(f"{URL}rehearse/", sent, follow=True)
    link = next(
        part.split('"')[1].replace("&amp;", "&").split("#")[0]
        for part in page.content.decode().split("<a class=")
        if "This design in the designer" in part
        for part in [part.split("href=")[1]]
    )

    form = researcher.get(link).context["form"]

    one = Rehearsal.objects.get()
    assert form.is_valid()
    assert form.frame().as_json() == one.frame
    assert form.drawing().as_json() == one.parameters


def test_the_same_digits_leave_as_csv_json_and_charts(researcher):
    researcher.post(f"{URL}rehearse/", FORM)
    result = Rehearsal.objects.get().result

    rows = list(
        csv.DictReader(io.StringIO(researcher.get(f"{URL}rehearsals/1.csv").content.decode()))
    )

    assert [float(row["highest_frequency"]) for row in rows] == [
        one["highest"] for one in result["strata"]
    ]
    assert researcher.get(f"{URL}rehearsals/1.json").json() == result
    for name in ("frequencies", "means"):
        assert researcher.get(f"{URL}rehearsals/1/{name}.svg").content.startswith(b"<svg")
        assert researcher.get(f"{URL}rehearsals/1/{name}.png").content.startswith(b"\x89PNG")
    assert researcher.get(f"{URL}rehearsals/1/other.svg").status_code == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": 1}, "1 was asked for, 2 are drawn: the frame gets 2"),
        ({"design": "stratified", "by": "model", "size": 2}, "2 were asked for, 5 are drawn: each"),
        ({"size": 90}, "90 were asked for: the frame has no more"),
        ({"size": 2}, ""),
        ({"design": "all"}, ""),
    ],
)
def test_the_plan_says_when_another_number_is_drawn_than_was_asked_for(researcher, asked, said):
    page = text(researcher.get(URL, asked, headers={"HX-Request": "true"}))

    assert said in page
    assert ("asked for" in page) == bool(said)


def test_rates_that_would_give_less_than_two_are_said_to_be_raised(researcher):
    sent = {
        "design": "enriched",
        "marked_judge": Judge.objects.get().pk,
        "marked": "misled:yes",
        "rate": 0.25,
        "rate_others": 0.5,
    }

    # 4 marked, 2 not marked, 11 without a verdict: 1 + 1 + 6 by rates, two of each at least.
    page = text(researcher.get(URL, sent, headers={"HX-Request": "true"}))

    assert "8 were asked for, 10 are drawn: each stratum gets 2" in page


# API and command


@pytest.fixture
def api(study):
    client = APIClient()
    client.force_authenticate(build.member(Study.objects.get(), Role.RESEARCHER))
    return client


def test_the_api_gives_the_digits_of_page_and_command(api, capsys):
    sent = {"parameters": BY_MODEL, "draws": 100, "first_seed": 5}
    made = api.post(API, sent, format="json")
    call_command(
        "sample", "s", "--parameters", json.dumps(BY_MODEL), "--design", "stratified",
        "--simulate", "100", "--seed", "5", "--json",
    )  # fmt: skip

    found = api.get(f"{API}{made.json()['number']}/").json()

    assert (made.status_code, found["state"], found["samples"]) == (201, "ready", [])
    assert found["result"] == json.loads(capsys.readouterr().out)
    (listed,) = api.get(API).json()["rehearsals"]
    assert listed == {name: value for name, value in found.items() if name != "result"}


def test_a_quantity_can_be_named_by_api_and_command(api, capsys):
    api.post(API, {"parameters": BY_MODEL, "draws": 9, "quantity": {}}, format="json")
    call_command(
        "sample", "s", "--size", "6", "--design", "stratified", "--by", "model",
        "--simulate", "9", "--quantity", "{}",
    )  # fmt: skip

    written = capsys.readouterr().out
    assert Rehearsal.objects.get().result["quantity"] == quantities.LENGTH
    assert f"quantity: {quantities.LENGTH}" in written
    assert "of the draws (by chance" in written


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"parameters": BY_MODEL, "draws": "many"}, 422),
        ({"parameters": BY_MODEL, "draws": True}, 422),
        ({"parameters": BY_MODEL, "quantity": {"judge": 1}}, 422),
        ({"parameters": BY_MODEL, "seed": 1}, 400),
    ],
)
def test_what_the_api_cannot_do_is_refused(api, body, status):
    assert api.post(API, body, format="json").status_code == status
    assert not Rehearsal.objects.exists()


def test_the_command_refuses_a_quantity_it_cannot_read(study):
    with pytest.raises(CommandError, match="A quantity is a judge's answers"):
        call_command("sample", "s", "--size", "3", "--simulate", "9", "--quantity", '{"judge": 1}')
