"""The page of agreement: the service's digits, sentences, charts and tables, and refusals."""

import csv
import io
import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.vocabulary import RaterSource, Role
from evaluation.services import agreement
from evaluation.views import agreement as agreement_page
from tests import build
from tests.evaluation import given
from tests.evaluation.asking import client_of, exact, got, numbers, page, study_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path, settings):
    return study_of(tmp_path, settings)


@pytest.fixture
def client(study):
    return client_of(build.member(study, Role.RESEARCHER))


def test_page_download_and_service_have_the_same_digits(study, client):
    service = agreement.as_json(build.facts(study), agreement.report(build.facts(study)))
    wanted = numbers(service["questions"][0]["coefficients"], ("value", "low", "high", "se"))

    assert got(client, "agreement_json", "kind").json() == service
    assert wanted <= exact(page(client, "agreement", "kind"))


def test_the_downloaded_table_has_the_same_digits(study, client):
    found = agreement.report(build.facts(study))[0]

    rows = list(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    alpha = next(row for row in rows if row["measure"] == "krippendorff_alpha")
    assert float(alpha["value"]) == found.alpha.value
    assert float(alpha["low"]) == found.alpha.low


def test_the_command_prints_what_the_page_downloads(study, client, capsys):
    call_command("agreement", "kind", "--json")

    assert json.loads(capsys.readouterr().out) == got(client, "agreement_json", "kind").json()


def test_the_table_says_how_much_there_is_behind_a_number(study, client):
    row = next(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    sizes = ("items", "pairable_items", "raters", "ratings", "clusters")
    assert [row[name] for name in sizes] == ["4", "4", "3", "12", "4"]


def test_the_table_has_each_option_s_share(study, client):
    rows = list(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    shares = {row["option"]: float(row["value"]) for row in rows if row["measure"] == "share"}
    assert shares == {"no": 0.5, "yes": 0.5}


def test_a_download_is_an_attachment_under_a_name(study, client):
    answer = got(client, "agreement_csv", "kind", question="safe", by="model")

    assert answer["Content-Disposition"] == 'attachment; filename="kind-agreement-safe-model.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_cell_that_a_spreadsheet_would_run_is_escaped(tmp_path):
    study = build.study("formula", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", model="=cmd|' /C calc'!A0")
    given.judgments(study, tmp_path, [("a", "p1", "safe", "yes")])
    client = client_of(build.member(study, Role.RESEARCHER))

    rows = csv.DictReader(
        io.StringIO(page(client, "agreement_csv", "formula", question="safe", by="model"))
    )

    row = next(rows)
    assert row["slice"].startswith("'=cmd")
    assert row["csv_escaped"] == "slice"


def test_each_number_has_its_sentence(study, client):
    html = page(client, "agreement", "kind")

    assert "Krippendorff&#x27;s convention" in html
    assert "generalises over queries (4), not over raters." in html


def test_each_chart_has_a_name_a_caption_and_a_table(study, client):
    html = page(client, "agreement", "kind")

    charts = html.count('<svg role="img" aria-label="')
    assert charts == html.count("<figcaption") == 2
    assert "<table>" in html


def test_the_page_has_one_heading_and_no_inline_style_or_script(study, client):
    html = page(client, "agreement", "kind", by="model")

    assert html.count("<h1") == 1
    assert not re.search(r"\sstyle=|<style|<script>|\sonclick=", html)


def test_slices_are_shown_with_each_its_own_numbers(tmp_path):
    study = build.study("slices", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b", model="acme/one")
    given.replies(study, tmp_path, "c", "d", model="acme/two")
    given.judgments(study, tmp_path, [(r, f"p{n}", "safe", "yes") for r in "abcd" for n in "12"])
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "slices", question="safe", by="model")

    assert "acme/one" in html
    assert "acme/two" in html


def test_a_long_table_of_slices_is_folded_up_under_its_chart(study, client, monkeypatch):
    monkeypatch.setattr(agreement_page, "ROWS_UNFOLDED", 0)

    html = page(client, "agreement", "kind", by="model")

    assert re.search(r"<summary>All numbers of 1 slices?</summary>", html)


def test_ratings_of_an_option_are_counted_with_separators():
    assert agreement_page.OptionRow("No", 26_292, share=None, agreement=None).count == "26,292"


def test_many_slices_are_cut_where_the_downloads_go_on(study, client, monkeypatch, tmp_path):
    given.replies(study, tmp_path, "e", model="acme/rare")
    given.judgments(study, tmp_path, [("e", "rater-0", "safe", "yes")])
    monkeypatch.setattr(agreement_page, "ROWS_SHOWN", 1)

    html = page(client, "agreement", "kind", by="model")

    assert "acme/rare" not in html
    assert "1 more are in the downloads" in html


def test_an_undefined_value_gives_its_reason_and_never_nan(tmp_path):
    study = given.safe(tmp_path, {"a": "yes"}, slug="alone")
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "alone")

    assert "undefined: There is only one rater, who cannot agree with anyone." in html
    assert not re.search(r"\bnan\b", html, re.IGNORECASE)


def test_an_undefined_value_is_null_in_the_download(tmp_path):
    study = given.safe(tmp_path, {"a": "yes"}, slug="alone")
    client = client_of(build.member(study, Role.RESEARCHER))

    alpha = got(client, "agreement_json", "alone").json()["questions"][0]["coefficients"][0]

    assert (alpha["value"], alpha["reason"]) == (None, "one_rater")


def test_a_study_without_ratings_says_how_to_get_them(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "bare")

    assert "There are no ratings yet" in html
    assert "An admin brings judgments made elsewhere" in html
    assert "load_judgments bare FILE" in html


def test_an_admin_of_a_study_without_ratings_is_sent_to_the_seats(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.ADMIN))

    html = page(client, "agreement", "bare")

    assert reverse("annotation:study", args=["bare"]) in html
    assert reverse("annotation:elsewhere", args=["bare"]) in html


def test_the_downloads_of_a_study_without_ratings_are_whole(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    for name in ("agreement_csv", "agreement_json", "agreement_chart"):
        got(client, name, "bare")
        got(client, name, "bare", by="model")


def test_one_unanswered_question_of_several_is_said_to_be_so(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "misled", "yes"), ("a", "p2", "misled", "no")])
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "There is no rating of this question yet." in page(client, "agreement", "turns")


@pytest.mark.parametrize(
    ("query", "status", "known"),
    [({"question": "nope"}, 404, "It has safe"), ({"by": "nope"}, 400, "value_pair")],
)
def test_an_unknown_question_or_slice_is_refused_with_the_known_ones(
    study, client, query, status, known
):
    html = page(client, "agreement", "kind", status=status, **query)

    assert known in html
    assert reverse("evaluation:agreement", args=["kind"]) in html


def test_a_refused_download_of_json_is_json(study, client):
    answer = got(client, "agreement_json", "kind", status=404, question="nope")

    assert answer.json()["code"] == "question_unknown"


def test_the_chart_downloads_as_a_file(study, client):
    answer = got(client, "agreement_chart", "kind")

    assert answer["Content-Type"].startswith("image/svg+xml")
    assert answer.content.startswith(b"<svg")


def test_simulated_judgments_are_marked(tmp_path):
    study = build.study("demo", rubric=build.SAFE)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "safe", "yes")], source=RaterSource.SIMULATED)
    client = client_of(build.member(study, Role.RESEARCHER))

    for name in ("agreement", "judges", "releases"):
        assert "contains simulated judgments" in page(client, name, "demo")


def test_people_s_judgments_are_not_marked_as_simulated(study, client):
    assert "contains simulated judgments" not in page(client, "agreement", "kind")


def test_slices_of_several_questions_are_told_apart_in_the_chart(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", model="one")
    given.judgments(study, tmp_path, [("a", "p1", "misled", "yes"), ("a", "p1", "severity", "1")])
    client = client_of(build.member(study, Role.RESEARCHER))

    svg = page(client, "agreement_chart", "turns", by="model")

    assert ">Did it mislead?: one</text>" in svg
    assert ">How bad?: one</text>" in svg


def test_questions_that_begin_alike_are_told_apart_by_their_keys_in_the_chart(tmp_path):
    begins = "How far did this one reply of this one model serve the value"
    rubric = {**given.TURNS, "questions": [dict(one) for one in given.TURNS["questions"]]}
    for question, ends in zip(
        rubric["questions"][1:3], ("of the one", "of the other"), strict=True
    ):
        question["label"] = f"{begins} {ends}?"
    study = build.study("alike", rubric=rubric)
    given.replies(study, tmp_path, "a", model="one")
    given.judgments(study, tmp_path, [("a", "p1", "who", "user"), ("a", "p1", "severity", "1")])
    client = client_of(build.member(study, Role.RESEARCHER))

    svg = page(client, "agreement_chart", "alike")

    assert ">who (conversation)</text>" in svg
    assert ">severity (conversation)</text>" in svg


@pytest.mark.parametrize("name", ["agreement", "agreement_csv", "judges", "releases"])
def test_raters_may_not_see_results(study, name):
    client = client_of(build.member(study, Role.RATER))

    got(client, name, "kind", status=403)


@pytest.mark.parametrize(
    ("by", "shown", "not_shown"),
    [
        ("model,turn", "Chart: alpha over turns", "Chart: alpha by two slices"),
        ("turn,model", "Chart: alpha over turns", "Chart: alpha by two slices"),
        ("model,framing", "Chart: alpha by two slices", "Chart: alpha over turns"),
    ],
)
def test_two_slices_are_a_map_and_with_turns_small_multiples(
    tmp_path, client, by, shown, not_shown
):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", "b", messages=build.conversation(2))
    lines = [
        (reply, rater, "misled", said, turn)
        for reply in ("a", "b")
        for turn in (1, 2)
        for rater, said in (("ann", "yes"), ("bob", "no" if turn == 2 else "yes"))
    ]
    given.judgments(study, tmp_path, lines)
    client.force_login(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "turns", question="misled", by=by)

    assert shown in html
    assert not_shown not in html
    assert "<svg" in html
    assert f'<option value="{by}" selected>' in html
    assert "Select a valid choice" not in html
