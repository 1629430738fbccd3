"""What a researcher meets of labels: the page, files, the API and the command."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.vocabulary import Role
from evaluation.api.schemas.labels import LabelReport
from evaluation.services import labels
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict
from tests.evaluation.test_api import keys
from tests.evaluation.test_labels import judged, known, many

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Forty replies with four raters each, a judge with probabilities, two known answers."""
    made, table = many(tmp_path)
    judged(made, tmp_path, table)
    known(made, tmp_path, {"r00": "no", "r01": "yes"})
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


@pytest.fixture
def api(study):
    client = APIClient()
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(study, name, *more):
    return reverse(f"evaluation:{name}", args=[study.slug, *more])


def words(answer):
    return " ".join(answer.content.decode().split())


def sent(answer):
    return b"".join(answer.streaming_content).decode()


def test_the_page_shows_both_checks_with_charts_and_numbers(study, researcher):
    found = words(researcher.get(address(study, "labels")))

    assert found.count("<svg") == 2
    assert "Labels beside raters who were left out (conversation)" in found
    assert "160 ratings" in found
    assert "learnt from 160 ratings of 40 units by 4 raters" in found


def test_a_judge_is_chosen_and_stands_beside(study, researcher):
    judge = given.judge(study).pk

    found = words(researcher.get(address(study, "labels"), {"judge": judge}))

    assert found.count("<svg") == 3
    assert "as the judge gave it" in found


def test_the_page_shows_the_digits_of_the_report(study, researcher):
    (report,) = labels.report(build.facts(study), question="safe")

    found = words(researcher.get(address(study, "labels")))

    assert report.held_out.measured
    for one in report.held_out.measured:
        assert f'value="{one.brier.value!r}"' in found
        assert f'value="{one.ece.low!r}"' in found


def test_before_anybody_answered_the_page_says_how_to_get_ratings(client):
    made = build.study("empty", rubric=build.SAFE)
    client.force_login(build.member(made, Role.RESEARCHER))

    assert "There are no ratings" in words(client.get(address(made, "labels")))


def test_api_command_download_and_service_give_the_same_checks(study, researcher, api, capsys):
    facts = build.facts(study)
    found = labels.report(facts, question="safe", judge="robo")
    by_service = json.loads(json.dumps(labels.as_json(facts, found)))
    asked = {"question": "safe", "judge": given.judge(study).pk}

    by_api = api.get(reverse("api-labels", args=[study.slug]), asked).json()
    by_page = researcher.get(address(study, "labels_json"), asked).json()
    by_command = given.printed(
        capsys, "labels", study.slug, "--question", "safe", "--judge", "robo"
    )

    assert by_service == by_api == by_page == by_command


def test_every_way_gives_the_same_labels(study, researcher, api, tmp_path):
    asked = {"question": "safe", "judge": given.judge(study).pk}
    out = tmp_path / "labels.jsonl"
    call_command("labels", study.slug, "--question", "safe", "--judge", "robo", "--out", str(out))

    by_api = sent(api.get(reverse("api-label-rows", args=[study.slug]), asked))
    by_page = sent(researcher.get(address(study, "labels_table", "jsonl"), asked))

    assert by_api == by_page == out.read_text()
    assert len(by_api.splitlines()) == 40


def test_the_table_has_a_row_for_each_unit(study, researcher, tmp_path):
    out = tmp_path / "labels.csv"
    call_command("labels", study.slug, "--question", "safe", "--out", str(out))

    text = sent(researcher.get(address(study, "labels_table", "csv")))

    rows = list(csv.DictReader(io.StringIO(text)))
    assert out.read_text() == text
    assert [row["response_id"] for row in rows[:2]] == ["r00", "r01"]
    assert set(json.loads(rows[0]["posterior"])) == {"no", "yes"}


def test_a_cell_that_a_spreadsheet_would_run_is_escaped(tmp_path, client):
    made = given.rich(tmp_path)
    client.force_login(build.member(made, Role.RESEARCHER))

    text = sent(client.get(address(made, "labels_table", "csv"), {"question": "misled"}))

    assert "\n'=r," in text


def test_labels_by_api_are_a_file_to_be_saved(study, api):
    answer = api.get(reverse("api-label-rows", args=[study.slug]))

    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("chart", ["held-out-conversation", "gold-conversation"])
@pytest.mark.parametrize(("form", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_each_chart_is_a_picture(study, researcher, chart, form, begins):
    answer = researcher.get(address(study, f"labels_chart_{form}", chart))

    assert answer.content.startswith(begins)


@pytest.mark.parametrize(
    ("name", "more", "asked", "status"),
    [
        ("labels", (), {"question": "nothing"}, 404),
        ("labels", (), {"judge": "nobody"}, 404),
        ("labels_table", ("xml",), {}, 404),
        ("labels_chart_svg", ("pie",), {}, 404),
    ],
)
def test_what_is_not_there_is_refused_in_words(study, researcher, name, more, asked, status):
    assert researcher.get(address(study, name, *more), asked).status_code == status


def test_the_answer_has_the_shape_of_its_schema(study):
    facts = build.facts(study)
    body = labels.as_json(facts, labels.report(facts, question="safe", judge="robo"))

    assert keys(json.loads(json.dumps(LabelReport(body).data))) == keys(body)


def test_the_command_prints_the_checks(study, capsys):
    call_command("labels", study.slug, "--question", "safe", "--judge", "robo")

    printed = capsys.readouterr().out
    assert "Beside raters left out: 160 cases" in printed
    assert "Beside known answers: 2 cases" in printed
    assert "recalibrated: Brier" in printed


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--question", "nothing"], "no closed question"),
        (["--question", "safe", "--out", "labels.xml"], "as .csv or .jsonl"),
        (["--question", "safe", "--out", "/nowhere/labels.csv"], "cannot be written"),
    ],
)
def test_the_command_refuses_in_words(study, more, why):
    with pytest.raises(CommandError, match=why) as refusal:
        call_command("labels", study.slug, *more)

    assert refusal.value.returncode == 2


def test_two_judges_of_one_name_are_told_apart_by_version(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r00", probability=0.5)], model="newer")

    with pytest.raises(CommandError, match="Say which"):
        call_command("labels", study.slug, "--question", "safe", "--judge", "robo")


# In a release


def test_a_release_has_the_same_labels_in_a_table_of_their_own(study, tmp_path):
    out = given.written(study, tmp_path)
    facts = build.facts(study)
    expected = list(labels.rows(facts, labels.report(facts, question="safe")))

    found = given.rows(out, "calibrated")

    assert found == [{name: row[name] for name in found[0]} for row in expected]


def test_a_judge_s_probabilities_stand_in_another_table(study, tmp_path):
    out = given.written(study, tmp_path)
    facts = build.facts(study)
    expected = labels.rows(facts, labels.report(facts, question="safe", judge="robo"))

    found = {row["response_id"]: row["recalibrated"] for row in given.rows(out, "recalibrated")}

    assert found == {row["response_id"]: row["judge_recalibrated"] for row in expected}
    assert not [name for name in given.rows(out, "calibrated")[0] if "judge" in name]


def test_the_check_is_part_of_the_release(study, tmp_path):
    out = given.written(study, tmp_path)
    facts = build.facts(study)
    expected = labels.as_json(facts, labels.report(facts, question="safe"))

    found = json.loads((out / "calibration.json").read_text())

    assert found["labels"] == json.loads(json.dumps(expected["labels"]))
    assert [one["judge"] for one in found["judges"]] == ["robo"]


def test_labels_after_the_cut_off_of_a_release_are_not_in_it(study, tmp_path):
    from annotation.selectors.labels import last_judgment

    until = last_judgment(study.pk)
    given.judgments(study, tmp_path, [("r00", "late", "safe", "no")])
    facts = build.facts(study)

    assert labels.report(facts, question="safe", until=until)[0].held_out.cases == 160
    assert labels.report(facts, question="safe")[0].held_out.cases == 161
