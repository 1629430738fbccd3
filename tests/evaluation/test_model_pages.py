"""What a researcher meets of models: the page, downloads, the API and the command."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.vocabulary import Role
from evaluation.api.schemas.models import ModelReport
from evaluation.services import model_profiles
from evaluation.views.model_tables import TABLES
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict
from tests.evaluation.test_api import keys
from tests.evaluation.test_model_profiles import BOUTS, replies

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Two models, winners of turns and wholes, scores, and a judge."""
    made = build.study("kind", rubric="tradeoff-standard")
    replies(made, tmp_path, BOUTS, models=4, messages=build.conversation(2))
    said, verdicts = [], []
    for number, bout in enumerate(BOUTS):
        for model in range(1, 5):
            reply, won = f"m{model}-q{number}", bout[2 + model % 2]
            verdicts.append(verdict(reply, won, "winner"))
            for rater in ("ann", "bob"):
                said += [
                    (reply, rater, "winner", won),
                    (reply, rater, "winner", "value_a", 1),
                    (reply, rater, "winner", won, 2),
                    (reply, rater, "misled", "no", 1),
                    (reply, rater, "misled", "yes" if model == 2 else "no", 2),
                    (reply, rater, "score_a", "6" if model == 4 else "1"),
                    (reply, rater, "score_b", "3"),
                ]
    given.judgments(made, tmp_path, said)
    given.verdicts(made, tmp_path, verdicts)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def page(client, **asked):
    return client.get(reverse("evaluation:models", args=["kind"]), asked)


def words(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_draws_first_and_has_every_number_below(researcher):
    found = words(page(researcher))

    assert found.count("<svg") == 2 + 4 + 1
    assert found.index("<svg") < found.index("<table")
    assert "Ranking of acme/1" in found
    assert "First misleading turn, by each rater on their own" in found


def test_a_picture_without_any_number_is_not_drawn(client, tmp_path):
    made = build.study("parts", rubric="tradeoff-standard")
    bouts = [
        ("Honesty", "Kindness", "value_a", "value_a"),
        ("Order", "Peace", "value_b", "value_b"),
    ]
    replies(made, tmp_path, bouts)
    given.judgments(made, tmp_path, [(f"m1-q{n}", "ann", "winner", "value_a") for n in (0, 1)])
    client.force_login(build.member(made, Role.RESEARCHER))

    found = words(client.get(reverse("evaluation:models", args=["parts"]), {"by": "value"}))

    assert "No ranking:" in found
    assert "Strength of each value" not in found
    assert "How often each value won" in found


def test_where_no_value_has_a_category_the_page_leads_to_the_ranking_by_value(client, tmp_path):
    made = build.study("bare", rubric="tradeoff-standard")
    replies(made, tmp_path, [("Wit", "Calm", "value_a", "value_a")])
    given.judgments(made, tmp_path, [("m1-q0", "ann", "winner", "value_a")])
    client.force_login(build.member(made, Role.RESEARCHER))
    where = reverse("evaluation:models", args=["bare"])

    by_category = words(client.get(where, {"from": "ratings"}))
    by_value = words(client.get(where, {"from": "ratings", "by": "value"}))

    assert "?from=ratings&amp;by=value" in by_category
    assert "How often each category" not in by_category
    assert "All numbers of acme/1" not in by_category
    assert "How often each value won, by model" in by_value


def test_the_page_says_whose_answers_it_shows(researcher, study):
    judge = given.judge(study).pk

    people = words(page(researcher))
    judged = words(page(researcher, **{"from": f"judge-{judge}"}))

    assert "the option most of its raters chose" in people
    assert "the verdicts of the judge robo" in judged
    assert "the verdicts of the judge" not in people


def test_a_reply_that_stands_alone_is_named_with_the_rule(researcher):
    found = words(page(researcher))

    assert "2 points or more from the median" in found
    assert ">m4-q0</th>" in found


def test_before_anybody_answered_the_page_says_what_is_missing(client, tmp_path):
    made = build.study("empty")
    client.force_login(build.member(made, Role.RESEARCHER))

    found = words(client.get(reverse("evaluation:models", args=["empty"])))

    assert model_profiles.NO_ANSWERS in found
    assert "The rubric does not ask score_a and score_b" in found
    assert "there is no course to show" in found
    assert "An admin of the study opens seats and invites raters" in found


def test_api_command_download_and_service_give_the_same_digits(study, researcher, capsys):
    api = APIClient()
    api.force_login(
        build.member(study, Role.RESEARCHER), backend="django.contrib.auth.backends.ModelBackend"
    )

    by_service = json.loads(json.dumps(model_profiles.report(build.facts(study)).as_json()))
    by_api = api.get(reverse("api-models", args=["kind"])).json()
    by_page = researcher.get(reverse("evaluation:models_json", args=["kind"])).json()

    assert by_service == by_api == by_page == given.printed(capsys, "model_report", "kind")


def test_the_page_shows_the_digits_of_the_report(study, researcher):
    one = model_profiles.report(build.facts(study)).priorities[0].values[0]
    curve = model_profiles.report(build.facts(study)).drift[0].courses[0].curve

    found = words(page(researcher))

    for value in (one.strength.value, one.rate.low, curve.points[0].survival.value):
        assert f'value="{value!r}"' in found


@pytest.mark.parametrize("table", list(TABLES))
def test_each_table_has_the_rows_of_the_report(study, researcher, table):
    answer = researcher.get(reverse("evaluation:models_csv", args=["kind", table]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    report = model_profiles.report(build.facts(study))

    assert rows or table == "differences"
    assert len(rows) == len(list(TABLES[table].rows(report)))


def test_the_table_of_priorities_has_the_report_s_digits(study, researcher):
    answer = researcher.get(reverse("evaluation:models_csv", args=["kind", "priorities"]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    first = model_profiles.report(build.facts(study)).priorities[0]

    for measure, one in (("win_rate", first.values[0].rate), ("framing", first.framing)):
        found = next(row for row in rows if row["measure"] == measure)
        assert (found["value"], found["low"]) == tuple(
            "" if value is None else repr(value) for value in (one.value, one.low)
        )


@pytest.mark.parametrize("chart", ["priorities", "win-rates", "turn-of-flip-rater", "disagreement"])
def test_each_chart_is_a_picture(researcher, chart):
    answer = researcher.get(reverse("evaluation:models_chart_svg", args=["kind", chart]))

    assert answer["Content-Type"].startswith("image/svg+xml")
    assert answer.content.startswith(b"<svg")


def test_a_chart_is_taken_along_as_png_too(researcher):
    answer = researcher.get(reverse("evaluation:models_chart_png", args=["kind", "win-rates"]))

    assert answer["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["models_csv", "models_chart_svg"])
def test_a_table_or_chart_that_is_not_there_is_named(researcher, name):
    answer = researcher.get(reverse(f"evaluation:{name}", args=["kind", "nonsense"]))

    assert answer.status_code == 404
    assert "nonsense" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"from": "judge-99999"}, 404),
        ({"from": "judge-"}, 400),
        ({"from": "anybody"}, 400),
        ({"by": "colour"}, 400),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(researcher, asked, status):
    assert page(researcher, **asked).status_code == status


def test_too_many_values_for_a_page_are_refused_with_the_way_out(researcher, monkeypatch):
    monkeypatch.setattr(model_profiles, "MOST_ON_A_PAGE", 1)

    answer = page(researcher, by="value")

    assert answer.status_code == 400
    assert "manage.py model_report --by value" in words(answer)


def test_the_api_s_answer_has_the_shape_of_its_schema(study):
    for judge in (None, "robo"):
        body = model_profiles.report(build.facts(study), judge=judge).as_json()

        assert keys(json.loads(json.dumps(ModelReport(body).data))) == keys(body)


def test_the_command_prints_everything_in_words(study, capsys):
    call_command("model_report", "kind")

    printed = capsys.readouterr().out
    assert "acme/1: 7 comparisons" in printed
    assert "turn_of_flip (majority)" in printed
    assert "m4-q0 (acme/4) score_a 6, others 1" in printed


def test_the_command_refuses_an_unknown_judge(study):
    with pytest.raises(CommandError, match="no such judge") as refusal:
        call_command("model_report", "kind", "--judge", "nobody")

    assert refusal.value.returncode == 2
