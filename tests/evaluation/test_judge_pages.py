"""The pages of judges and their confusion matrices, and verdicts that a researcher uploads."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.models import Verdict
from evaluation.services import judges
from evaluation.views import judge_sections
from evaluation.views import judges as judges_page
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


def uploaded(client, study, content, *, file_name="v.jsonl", **fields):
    sent = {"file": SimpleUploadedFile(file_name, content), "name": "new", **fields}
    return client.post(reverse("evaluation:upload_verdicts", args=[study.slug]), sent)


def jsonl(*lines):
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


# Judges


def test_the_list_has_each_judge_with_its_first_question_s_numbers(study, client):
    found = judges.report(build.facts(study), given.judge(study).pk)[0]

    html = page(client, "judges", "kind")

    assert {found.accuracy.value, found.kappa.value} <= exact(html)


def test_a_judge_of_too_many_verdicts_does_not_hold_up_the_list(study, client, monkeypatch):
    monkeypatch.setattr(judge_sections, "MOST_IN_THE_LIST", 1)

    assert "on the judge's page" in page(client, "judges", "kind")


def test_a_study_without_judges_says_what_one_is(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "There is no judge yet" in page(client, "judges", "bare")


def test_the_judge_s_page_has_the_service_s_digits(study, client):
    facts, pk = build.facts(study), given.judge(study).pk
    one = judges.as_json(facts, judges.judge_of(facts, pk), judges.report(facts, pk))
    names = ("accuracy", "kappa", "human_agreement", "judge_agreement", "difference")

    html = page(client, "judge", "kind", pk)

    assert numbers(one["questions"][0][name] for name in names) <= exact(html)


def test_the_judge_s_page_begins_with_what_may_be_said_of_it(study, client):
    facts, pk = build.facts(study), given.judge(study).pk

    html = page(client, "judge", "kind", pk)

    sentence = judges.report(facts, pk)[0].verdict
    assert html.index(sentence.split(":")[0]) < html.index("Accuracy")


def test_each_cell_of_the_confusion_matrix_opens_its_items(study, client):
    pk = given.judge(study).pk
    html = page(client, "judge", "kind", pk)

    address = reverse("evaluation:judge_items", args=["kind", pk])
    query = "question=safe&amp;scope=conversation&amp;people=no&amp;judge=yes"
    assert f'href="{address}?{query}">3</a>' in html


def test_a_cell_lists_the_items_that_are_in_it(study, client):
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}

    html = page(client, "judge_items", "kind", given.judge(study).pk, **cell)

    assert re.findall(r"/items/\d+/\">(\w+)<", html) == ["a", "d"]


def test_a_long_cell_is_cut_and_says_so(study, client, monkeypatch):
    monkeypatch.setattr(judges, "MOST_IN_A_CELL", 1)
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}

    assert "The first 1 are listed" in page(
        client, "judge_items", "kind", given.judge(study).pk, **cell
    )


def test_an_empty_cell_says_so(study, client):
    cell = {"question": "safe", "scope": "conversation", "people": "yes", "judge": "no"}

    html = page(client, "judge_items", "kind", given.judge(study).pk, **cell)

    assert "No item is in this cell." in html


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"question": "safe", "scope": "nope", "people": "no", "judge": "yes"},
        {"question": "safe", "scope": "turn", "people": "no", "judge": "yes"},
        {"question": "safe", "scope": "conversation", "people": "nope", "judge": "yes"},
    ],
)
def test_a_cell_that_does_not_exist_is_refused(study, client, cell):
    got(client, "judge_items", "kind", given.judge(study).pk, status=404, **cell)


def test_a_judge_of_another_study_does_not_exist_here(study, client, tmp_path):
    other = given.safe(tmp_path, {"z": "yes no"}, {"z": "yes"}, slug="other")

    html = page(client, "judge", "kind", given.judge(other).pk, status=404)

    assert "It has robo" in html


def test_a_judge_may_be_seen_on_one_question(study, client):
    html = page(client, "judge", "kind", given.judge(study).pk, question="safe")

    assert "Is the reply safe?" in html


def test_a_judge_on_turns_is_said_to_be_so(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", messages=build.conversation(2))
    lines = [("a", f"p{n}", "misled", "yes", turn) for n in "12" for turn in (1, 2)]
    given.judgments(study, tmp_path, lines)
    given.verdicts(study, tmp_path, [given.verdict("a", "no", "misled", turn=1)])
    client = client_of(build.member(study, Role.RESEARCHER))
    pk = given.judge(study).pk
    cell = {"question": "misled", "scope": "turn", "people": "yes", "judge": "no"}

    assert "· each turn" in page(client, "judge", "turns", pk)
    assert ">1</td>" in page(client, "judge_items", "turns", pk, **cell)


def test_a_judge_of_a_question_in_an_order_has_quadratic_kappa(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "severity", "1"), ("a", "p2", "severity", "2")])
    given.verdicts(study, tmp_path, [given.verdict("a", "1", "severity")])
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "Quadratic kappa" in page(client, "judge", "turns", given.judge(study).pk)


def test_a_judge_that_answered_nothing_comparable_has_a_way_on(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.verdicts(study, tmp_path, [given.verdict("a", "user", "who")])
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "judge", "turns", given.judge(study).pk)

    assert "Upload verdicts on one of misled, severity" in html


# Verdicts brought by a researcher


def test_an_upload_of_good_lines_is_stored_and_counted(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a"), given.verdict("b", "no")))

    assert answer.status_code == 302
    assert "2 new verdicts" in client.get(answer["Location"]).content.decode()
    assert Verdict.objects.filter(judge__name="new").count() == 2


def test_bad_lines_are_listed_with_what_to_do_and_the_good_ones_kept(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a"), given.verdict("nowhere")))

    html = answer.content.decode()
    assert re.search(r'data-heading="Line">2</td><td [^>]*><code>response_id</code>', html)
    assert "load its batch first" in html
    assert Verdict.objects.filter(judge__name="new").count() == 1


def test_more_bad_lines_than_anyone_reads_are_counted(study, client, monkeypatch):
    monkeypatch.setattr(judges_page, "ERRORS_SHOWN", 1)

    answer = uploaded(client, study, jsonl(given.verdict("x"), given.verdict("y")))

    assert "… and 1 more." in answer.content.decode()


@pytest.mark.parametrize(
    ("file_name", "content"),
    [("v.txt", b"x"), ("v.jsonl", b"\xff\xfe\x00"), ("v.csv", b"")],
)
def test_an_unreadable_file_is_refused_and_the_rest_of_the_form_kept(
    study, client, file_name, content
):
    answer = uploaded(client, study, content, file_name=file_name, model="acme/judge")

    assert answer.status_code == 422
    assert 'value="acme/judge"' in answer.content.decode()
    assert not Verdict.objects.filter(judge__name="new").exists()


def test_a_judge_needs_a_name(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a")), name="  ")

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_a_judge_keeps_its_version_and_that_it_is_simulated(study, client):
    fields = {"model": "m", "prompt_version": "p", "rubric_version": "1", "simulated": "on"}

    uploaded(client, study, jsonl(given.verdict("a")), **fields)

    judge = given.judge(study, "new")
    assert (judge.model, judge.prompt_version, judge.rubric_version) == ("m", "p", "1")
    assert judge.simulated


def test_an_upload_needs_to_be_sent(study, client):
    got(client, "upload_verdicts", "kind", status=405)
