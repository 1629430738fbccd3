"""Exclusions in force change every kind of result, and each result says so."""

import re
from http import HTTPStatus

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.services import (
    agreement,
    exclusions,
    judge_comparisons,
    judge_slices,
    judges,
    labels,
    model_profiles,
    rates,
)
from tests import build
from tests.build import NOW
from tests.environment import PROJECT
from tests.evaluation import given
from tests.evaluation.excluding import JUDGED, TABLE, add, leave_out
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

NUMBERED = ["judges", "judge", "judge_slices", "labels", "rates"]
# Nobody was asked here which value won, so that the page of models has words and no number.
PAGES = [*NUMBERED, "models"]


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, JUDGED, slug="spoiled")


def accuracy(study):
    (found,) = judges.report(build.facts(study), "robo")
    return found.accuracy.value


def test_a_report_on_agreement_applies_them_without_being_told(study):
    leave_out(study)

    assert agreement.report(build.facts(study))[0].alpha.value == 1.0


def test_a_judge_is_held_against_those_who_are_not_left_out(study):
    before = accuracy(study)

    leave_out(study)

    assert (before, accuracy(study)) == (pytest.approx(2 / 3), 1.0)
    (found,) = judges.report(build.facts(study), "robo")
    assert found.as_json()["exclusions"] == [1]


def test_a_lifted_exclusion_changes_no_result_and_is_not_named(study):
    rule = leave_out(study)
    exclusions.lift(build.facts(study), rule.number, now=NOW, by_id=None)

    (found,) = judges.report(build.facts(study), "robo")

    assert (found.accuracy.value, found.exclusions) == (pytest.approx(2 / 3), ())


def test_a_judge_in_slices_applies_them(study):
    leave_out(study)

    (found,) = judge_slices.report(build.facts(study), "robo", by="model")

    assert [row.accuracy.value for row in found.rows] == [1.0]
    assert found.as_json()["exclusions"] == [1]


def test_two_judges_are_compared_on_what_is_left(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict(one, "yes") for one in TABLE], name="other")
    leave_out(study)
    first, second = (judges.judge_of(build.facts(study), one) for one in ("robo", "other"))

    (found,) = judge_comparisons.report(build.facts(study), first, second)

    assert (found.pairs, found.paired.first.value) == (8, 1.0)
    assert found.as_json()["exclusions"] == [1]


def test_the_list_of_judges_and_a_cell_s_items_apply_them(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    leave_out(study)
    judge = given.judge(study).pk

    listed = client.get(reverse("evaluation:judges", args=["spoiled"])).content.decode()
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}
    items = client.get(reverse("evaluation:judge_items", args=["spoiled", judge]), cell)

    assert 'value="1.0"' in listed
    assert items.context["items"] == []


def test_labels_are_made_of_what_is_left(study):
    facts = build.facts(study)
    before = {row["response_id"]: row["raters"] for row in labelled(facts)}
    leave_out(study)
    (found,) = labels.report(facts, question="safe")

    assert set(before.values()) == {3}
    assert {row["shares"]["yes"] for row in labelled(facts)} == {0.0, 1.0}
    assert found.as_json()["exclusions"] == [1]


def labelled(facts):
    return list(labels.rows(facts, labels.report(facts, question="safe")))


def test_rates_take_labels_that_are_left_and_say_so(study):
    facts, asked = build.facts(study), {"question": "safe", "option": "yes"}
    judge = given.judge(study).pk
    before = rates.report(facts, judge, **asked)
    add(study, "item", "a")

    after = rates.report(facts, judge, **asked)

    assert (before.rates[0].labels, after.rates[0].labels) == (4, 3)
    assert after.as_json()["exclusions"] == [1]
    assert "Exclusion 1 left judgments out" in after.notes[-1]


def test_profiles_of_models_take_answers_that_are_left(tmp_path):
    study = build.study("models")
    given.replies(study, tmp_path, "a")
    said = [("a", "one", "winner", "value_a"), ("a", "two", "winner", "value_b")]
    given.judgments(study, tmp_path, said)
    assert model_profiles.report(build.facts(study)).left_out == 1  # a tie

    leave_out(study, "two")

    found = model_profiles.report(build.facts(study))
    assert found.left_out == 0
    assert found.as_json()["exclusions"] == [1]


def test_a_profile_by_a_judge_names_no_exclusion_for_none_touches_verdicts(study):
    leave_out(study)

    assert model_profiles.report(build.facts(study), judge="robo").exclusions == ()


@pytest.mark.parametrize("page", PAGES)
def test_each_page_says_which_exclusions_are_applied_and_where_they_are(study, page, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    given_by = [given.judge(study).pk] if page in ("judge", "judge_slices") else []
    leave_out(study)

    answer = client.get(reverse(f"evaluation:{page}", args=["spoiled", *given_by]))

    assert answer.status_code == HTTPStatus.OK
    assert "Exclusion 1 is applied" in answer.content.decode()
    assert reverse("evaluation:exclusions", args=["spoiled"]) in answer.content.decode()


@pytest.mark.parametrize("page", NUMBERED)
def test_R101_each_page_shows_the_same_without_exclusions_too(study, page, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    given_by = [given.judge(study).pk] if page in ("judge", "judge_slices") else []
    address = reverse(f"evaluation:{page}", args=["spoiled", *given_by])
    before = numbers_on(client.get(address))
    add(study, "item", "a")

    with_it = client.get(address)
    without = client.get(address, {"exclusions": "none"})

    assert 'href="?exclusions=none">The same without it' in with_it.content.decode()
    assert "No exclusion is applied here, though 1 is in force" in without.content.decode()
    assert numbers_on(without) == before
    assert before
    assert numbers_on(with_it) != before


def numbers_on(answer):
    """Every number of a page with all its digits."""
    return re.findall(r'<data value="([^"]+)"', answer.content.decode())


def test_a_page_s_forms_and_links_keep_that_no_exclusion_is_applied(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    leave_out(study)
    address = reverse("evaluation:judge", args=["spoiled", given.judge(study).pk])

    page = client.get(address, {"exclusions": "none", "question": "safe"}).content.decode()

    assert '<input type="hidden" name="exclusions" value="none">' in page
    assert "people=no&amp;judge=no&amp;exclusions=none" in page
    assert 'href="?question=safe">The same with it' in page


@pytest.mark.parametrize(
    ("command", "api", "said"),
    [
        (("judge_report", "--judge", "robo"), "api-judge-report", {}),
        (("judge_report", "--judge", "robo", "--by", "model"), "api-judge-slices", {"by": "model"}),
        (
            ("rates", "--judge", "robo", "--question", "safe", "--option", "yes"),
            "api-rates",
            {"question": "safe", "option": "yes"},
        ),
        (("labels", "--question", "safe"), "api-labels", {"question": "safe"}),
        (("model_report",), "api-models", {}),
    ],
)
def test_command_and_api_give_the_same_without_exclusions(
    study, command, api, said, client, capsys
):
    client.force_login(build.member(study, Role.RESEARCHER))
    name, *options = command
    given_by = [given.judge(study).pk] if "robo" in options else []
    address = reverse(api, args=["spoiled", *given_by])
    before = client.get(address, said).json()
    leave_out(study)

    by_command = given.printed(capsys, name, "spoiled", *options, "--exclusions", "none")
    by_api = client.get(address, {**said, "exclusions": "none"}).json()

    assert by_command == by_api == before
    assert client.get(address, said).json() != before


@pytest.mark.parametrize(
    "command",
    [
        ("judge_report", "spoiled", "--judge", "robo"),
        ("rates", "spoiled", "--judge", "robo", "--question", "safe", "--option", "yes"),
        ("judge_report", "spoiled", "--judge", "robo", "--by", "model"),
        ("labels", "spoiled", "--question", "safe"),
        ("model_report", "spoiled"),
    ],
)
def test_each_command_prints_which_exclusions_are_applied(study, command, capsys):
    leave_out(study)

    call_command(*command)

    assert "Exclusions applied: 1." in capsys.readouterr().out


def test_a_report_reads_the_exclusions_once(study, django_assert_max_num_queries):
    leave_out(study)
    with django_assert_max_num_queries(200) as asked:
        judges.report(build.facts(study), "robo")

    read = [one for one in asked.captured_queries if 'FROM "evaluation_exclusion"' in one["sql"]]
    assert len(read) == 1


def test_no_result_asks_for_answers_past_the_one_place_that_knows_exclusions():
    asks = {
        path.name
        for path in (PROJECT / "evaluation").rglob("*.py")
        if re.search(r"\bAsked\(", path.read_text())
    }

    # Releases are told which, as they stood when their snapshot was taken.
    assert asks == {"asking.py", "release_labels.py"}
