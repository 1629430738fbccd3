"""Raters beside each other by page, command and API: the same digits, and which answers count."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.models import Rater
from annotation.vocabulary import Role
from evaluation.errors import FilterInvalid
from evaluation.services import identical_blocks, rater_quality
from evaluation.views import picking
from tests import build
from tests.evaluation import given
from tests.evaluation.beside import TABLE, found_in, page, researcher, throughout
from tests.pages import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


# Command and API


def test_command_api_and_service_give_the_same(study, client, capsys):
    facts = build.facts(study)
    by_command = given.printed(capsys, "rater_report", "s")

    by_api = researcher(study, client).get(reverse("api-raters", args=["s"])).json()

    assert (
        by_command
        == by_api
        == rater_quality.as_json(facts, rater_quality.report(facts), identical_blocks.report(facts))
    )


def test_the_command_prints_numbers_and_signs(tmp_path, capsys):
    study = throughout(tmp_path)

    call_command("rater_report", study.slug, "--question", "safe")

    said = capsys.readouterr().out
    assert "120 ratings by 4 raters at 30 items" in said
    assert "sign: “Yes” in 30 of 30 answers" in said
    assert "pace             no judgment is timed" in said


def test_the_command_ends_with_2_for_a_question_that_is_none(study):
    with pytest.raises(CommandError) as refusal:
        call_command("rater_report", "s", "--question", "nothing")

    assert refusal.value.returncode == 2


def test_the_api_refuses_an_unknown_parameter_or_question(study, client):
    client = researcher(study, client)
    address = reverse("api-raters", args=["s"])

    assert client.get(address, {"x": "1"}).status_code == 400
    assert client.get(address, {"question": "no"}).json()["code"] == "question_unknown"


# Pages


def test_a_researcher_reads_names_that_mean_nothing_and_an_admin_the_accounts(study, client):
    by_researcher = page(researcher(study, client), "rater_quality", study).content.decode()
    client.force_login(build.member(study, Role.ADMIN))
    by_admin = page(client, "rater_quality", study).content.decode()

    assert "rater-0" not in by_researcher
    assert "<bdi>rater-0</bdi>" in by_admin


def test_the_page_says_the_numbers_in_words(study, client):
    html = page(researcher(study, client), "rater_quality", study).content.decode()

    assert "3 raters gave 12 ratings at 4 items or turns" in html
    assert "No rater shows a sign" in html
    assert '<svg role="img"' in html


def test_page_csv_and_service_have_the_same_digits(study, client):
    client = researcher(study, client)
    found, _ = found_in(study)

    rows = table(page(client, "rater_quality_csv", study))
    html = page(client, "rater_quality", study).content.decode()

    assert [row["rater"] for row in rows] == [one.rater for one in found.raters]
    for row, one in zip(rows, found.raters, strict=True):
        assert float(row["agreement"]) == one.agreement.value
        assert f'value="{one.agreement.value!r}"' in html
        assert f'value="{one.truth.value!r}"' in html


def test_one_rater_opens_with_signs_and_use_of_answers(tmp_path, client):
    study = throughout(tmp_path)
    rater = found_in(study)[1]["rater-3"].rater

    address = reverse("evaluation:rater_on_question", args=[study.slug, rater])
    html = researcher(study, client).get(address).content.decode()

    assert "“Yes” in 30 of 30 answers" in html
    assert "Beside the hidden truth" in html


CHOSEN = {"cohort": "careful"}


@pytest.fixture
def chosen(study):
    """Two of the three raters are of a cohort that can be chosen."""
    names = ("rater-0", "rater-1")
    Rater.objects.filter(study=study, external_id__in=names).update(cohort="careful")
    return study


@pytest.mark.parametrize(
    ("name", "all_of_them", "of_these"),
    [
        ("rater_quality", "3 raters gave 12 ratings", "2 raters gave 8 ratings"),
        ("rater_pairs", "3 of 3 pairs of 3 raters", "1 of 1 pairs of 2 raters"),
        ("disputed", "Raters differ at 3 of 4 items", "Raters differ at 1 of 4 items"),
        ("disagreements", "6 of 12 pairs of ratings differ", "1 of 4 pairs of ratings differ"),
        ("over_time", "4 items or turns, 12 ratings", "4 items or turns, 8 ratings"),
    ],
)
def test_pages_about_raters_count_the_judgments_that_are_chosen(
    chosen, client, name, all_of_them, of_these
):
    client = researcher(chosen, client)

    assert all_of_them in page(client, name, chosen).content.decode()
    assert of_these in page(client, name, chosen, **CHOSEN).content.decode()


def test_downloads_and_links_keep_what_is_chosen(chosen, client):
    client = researcher(chosen, client)

    html = page(client, "rater_pairs", chosen, **CHOSEN).content.decode()
    rows = table(page(client, "rater_pairs_csv", chosen, **CHOSEN))

    assert "rater-pairs.csv?question=safe%3Aconversation&amp;cohort=careful" in html
    assert "disputed/?question=safe%3Aconversation&amp;cohort=careful" in html
    assert 'agreement/?cohort=careful"' in html
    assert len(rows) == 1


def test_the_command_that_a_page_names_counts_what_is_chosen_too(chosen, client, monkeypatch):
    monkeypatch.setattr(picking, "MOST_ON_A_PAGE", 7)

    html = page(researcher(chosen, client), "rater_pairs", chosen, **CHOSEN).content.decode()

    assert "rater_report s --question safe --cohort careful --json" in html


def test_what_leaves_no_judgment_says_so_and_leads_back(study, client):
    html = page(researcher(study, client), "rater_quality", study, wave="audit").content.decode()

    assert "0 ratings fit what is chosen" in html
    assert 'href="?question=safe%3Aconversation">start anew' in html


def test_a_filter_that_is_none_is_refused_on_pages_about_raters(study, client):
    answer = page(researcher(study, client), "rater_quality", study, since="soon")

    assert answer.status_code == FilterInvalid.http_status
    assert "write a day as 2026-03-31" in answer.content.decode()


def test_command_and_api_count_the_judgments_that_are_chosen(chosen, client, capsys):
    by_command = given.printed(capsys, "rater_report", "s", "--cohort", "careful")
    by_api = researcher(chosen, client).get(reverse("api-raters", args=["s"]), CHOSEN).json()

    assert by_command == by_api
    assert by_api["questions"][0]["filters"]["cohort"] == ["careful"]
    assert by_api["questions"][0]["ratings"] == 8


def test_a_rater_who_is_none_is_not_found_with_a_sentence(study, client):
    address = reverse("evaluation:rater_on_question", args=["s", "nobody"])

    response = researcher(study, client).get(address)

    assert response.status_code == 404
    assert "No rater &#x27;nobody&#x27; has answered" in response.content.decode()


@pytest.mark.parametrize("answers", [TABLE, {"a": "yes"}], ids=["three raters", "one rater"])
def test_charts_of_raters_are_downloaded(tmp_path, client, answers):
    study = given.safe(tmp_path, answers, slug="s")
    client = researcher(study, client)
    rater = found_in(study)[0].raters[0].rater

    for name, args in (
        ("rater_quality", ["s"]),
        ("rater_pairs", ["s"]),
        ("rater_confusion", ["s", rater]),
    ):
        svg = client.get(reverse(f"evaluation:{name}_svg", args=args))
        png = client.get(reverse(f"evaluation:{name}_png", args=args))
        assert svg.content.startswith(b"<svg "), name
        assert png.content.startswith(b"\x89PNG"), name


@pytest.mark.parametrize("name", ["rater_quality", "rater_pairs"])
def test_more_ratings_than_a_page_waits_for_name_the_command(study, client, monkeypatch, name):
    monkeypatch.setattr(picking, "MOST_ON_A_PAGE", 11)

    html = page(researcher(study, client), name, study).content.decode()

    assert "This question has 12 ratings" in html
    assert "manage.py rater_report s --question safe --json" in html


@pytest.mark.parametrize("name", ["rater_quality", "rater_pairs"])
@pytest.mark.parametrize(
    ("asked", "status"), [("nothing", 404), ("safe:turn", 404), (":", 200), ("safe:", 200)]
)
def test_an_unknown_question_gets_a_sentence_and_none_the_first(study, client, name, asked, status):
    response = page(researcher(study, client), name, study, question=asked)

    assert response.status_code == status
    assert ("That is not in this study" in response.content.decode()) == (status == 404)


def test_without_ratings_pages_say_how_to_get_some(client):
    study = build.study(rubric=build.SAFE)
    client = researcher(study, client)

    for name in ("rater_quality", "rater_pairs"):
        html = page(client, name, study).content.decode()
        assert "There are no ratings of this question yet" in html
