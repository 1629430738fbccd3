"""Rates by page, download, command and API: the same digits, and what each refuses."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotation.vocabulary import Role
from evaluation.services import judges
from tests import build
from tests.evaluation import given
from tests.evaluation.rated import HALF, MANY, by_value, drawn, misled
from tests.evaluation.test_rate_designs import RUBRIC

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    made = misled(tmp_path, {}, {**MANY, "=x": "yes"})
    drawn(made, tmp_path, {**MANY, "=x": "yes"}, design="simple", size=40)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def test_page_download_command_and_api_have_the_same_digits(study, researcher, capsys):
    asked = {"question": "misled", "option": "yes", "by": "model", "half_width": 0.1}
    judge = given.judge(study).pk

    by_command = given.printed(
        capsys, "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes",
        "--by", "model", "--half-width", "0.1",
    )  # fmt: skip
    by_api = researcher.get(f"/api/studies/s/judges/{judge}/rates/", asked).json()
    by_page = json.loads(researcher.get("/studies/s/rates.json", {**asked, "judge": judge}).content)
    page = researcher.get("/studies/s/rates/", {**asked, "judge": judge}).content.decode()

    assert by_command == by_api == by_page
    for one in ("naive", "human", "corrected"):
        for end in ("value", "low", "high"):
            assert f'value="{by_api["rates"][0][one][end]!r}"' in page


def test_the_report_about_a_judge_has_the_same_rates(study, researcher, capsys):
    alone = given.printed(
        capsys, "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes"
    )
    by_command = given.printed(capsys, "judge_report", "s", "--judge", "robo")
    by_api = researcher.get(f"/api/studies/s/judges/{given.judge(study).pk}/report/").json()

    beside = {one["option"]: one for one in by_command["questions"][0]["rates"]}
    assert by_command == by_api
    assert set(beside) == {"no", "yes"}
    assert beside["yes"]["rates"] == alone["rates"]
    assert beside["yes"]["why"] == alone["why"]


def test_the_table_has_a_line_for_each_rate(researcher):
    import csv
    import io

    text = researcher.get("/studies/s/rates.csv").content.decode()

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rate"] for row in rows] == ["naive", "human", "corrected"]
    assert rows[2]["estimator"] == "ppi++"
    assert float(rows[0]["value"]) == 21 / 61


def test_the_chart_is_a_picture_of_its_own(researcher):
    response = researcher.get("/studies/s/rates.svg")

    assert response["Content-Type"].startswith("image/svg+xml")
    assert "Rate of" in response.content.decode()


def test_the_chart_is_taken_along_as_png_too(researcher):
    response = researcher.get("/studies/s/rates.png")

    assert response["Content-Type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")


def test_the_page_offers_a_way_on_where_no_design_is_stored(tmp_path, client):
    made = misled(tmp_path, HALF, MANY, slug="bare")
    client.force_login(build.member(made, Role.RESEARCHER))

    page = client.get("/studies/bare/rates/").content.decode()
    taken = client.get("/studies/bare/rates/?assume_random=1").content.decode()

    assert "Take them for a simple random sample" in page
    assert "because that was asked for" in taken


def test_another_question_takes_an_answer_of_its_own(researcher):
    page = researcher.get("/studies/s/rates/", {"question": "misled", "option": "value_a"})

    assert page.status_code == 200
    assert "“Yes”" in page.content.decode()


def test_the_page_shows_each_categorys_own_win_rate_first(tmp_path, client):
    made = by_value(tmp_path)
    client.force_login(build.member(made, Role.RESEARCHER))

    asked = {"question": "won_by_category", "option": "yes"}
    own = client.get("/studies/v/rates/", asked).content.decode()
    both = client.get("/studies/v/rates/", {**asked, "option": "both"}).content.decode()

    assert "“the category of the slice”" in own
    assert "“both”" in both


def test_the_name_of_a_download_is_what_is_in_it(researcher):
    response = researcher.get("/studies/s/rates.csv", {"option": "odd\r\nname: x"})

    assert response["Content-Disposition"] == 'attachment; filename="s-rates-misled-yes.csv"'


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"judge": "x"}, 422),
        ({"judge": 999}, 404),
        ({"question": "kind"}, 404),
        ({"by": "topic"}, 400),
        ({"half_width": 3}, 422),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_keeps_the_form(researcher, sent, status):
    response = researcher.get("/studies/s/rates/", sent)

    assert response.status_code == status
    assert 'role="alert"' in response.content.decode()
    assert "<select" in response.content.decode()


def test_a_study_without_judges_says_what_to_do(client):
    made = build.study("none", rubric=RUBRIC)
    client.force_login(build.member(made, Role.RESEARCHER))

    assert "There is no judge yet" in client.get("/studies/none/rates/").content.decode()
    assert client.get("/studies/none/rates.csv").status_code == 422


def test_the_command_prints_for_people(study, capsys):
    call_command(
        "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes",
        "--half-width", "0.1",
    )  # fmt: skip

    printed = capsys.readouterr().out
    assert "Sample 1 is a simple random sample" in printed
    assert "estimator     PPI++" in printed
    assert "Not even labels on all 61 replies" in printed


def test_the_command_refuses_with_a_sentence(study):
    with pytest.raises(CommandError, match="offers no, yes, unsure") as refused:
        call_command("rates", "s", "--judge", "robo", "--question", "misled", "--option", "z")

    assert refused.value.returncode == 2


def test_the_api_names_what_it_was_not_told(study, researcher):
    url = f"/api/studies/s/judges/{given.judge(study).pk}/rates/"

    assert researcher.get(url).json()["details"].keys() == {"question", "option"}
    assert researcher.get(url, {"question": "misled", "option": "z"}).status_code == 404


def test_a_judge_without_verdicts_on_one_reply_is_told_of(study, researcher):
    mute = given.Judge.objects.create(study=study, name="mute", created_at=build.NOW)

    page = researcher.get("/studies/s/rates/", {"judge": mute.pk})

    assert "answered no question" in page.content.decode()
    assert judges.judge_of(build.facts(study), "mute").verdicts == 0
