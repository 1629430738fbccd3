"""The sampling designer's pages: a plan that follows the form, drawing, seats, a CSV."""

import csv
import io

import pytest

from annotation.models import Lane, Seat
from annotation.vocabulary import Role
from evaluation.models import Judge, Sample
from tests import build
from tests.evaluation import given
from tests.evaluation.sampling import RUBRIC

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=RUBRIC)
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"={n}-{model}", model=model)
        for n in range(8)
        for model in ("a", "b")
    ]
    build.batch(made, lines, tmp_path)
    verdicts = [{"response_id": f"={n}-a", "question": "misled", "answer": "yes"} for n in range(3)]
    given.verdicts(made, tmp_path, verdicts)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


URL = "/studies/s/samples/"


def text(response):
    return " ".join(response.content.decode().split())


def test_the_plan_follows_the_form(researcher):
    asked = {"design": "stratified", "by": "model", "size": 4, "model": "a"}

    page = text(researcher.get(URL, asked, headers={"HX-Request": "true"}))

    assert "4 of 8 replies would be drawn" in page
    assert "model: a" in page
    assert "<html" not in page


def test_an_unfinished_design_shows_how_many_are_in_the_frame(researcher):
    page = text(researcher.get(URL, {"model": "a"}))

    assert "8 replies are in the frame" in page
    assert "Say how many are to be drawn" in page


def test_what_a_judge_adds_is_said_before_anyone_is_paid(researcher):
    # 1 - 0.6^2 * 12/16 = 0.73; 4 labels count as 5.48.
    asked = {"size": 4, "correlation": 0.6, "label_cost": 1, "verdict_cost": 0.01}

    page = text(researcher.get(URL, asked))

    assert "as 5 labels alone would give" in page
    assert "The cheapest way to that" in page


def test_drawing_leads_to_the_sample_with_its_strata(researcher):
    sent = {"design": "stratified", "by": "model", "size": 6, "seed": 9, "reason": "Pilot <b>"}

    page = text(researcher.post(f"{URL}draw/", sent, follow=True))

    drawn = Sample.objects.get()
    assert (drawn.seed, drawn.size, drawn.state) == (9, 6, "ready")
    assert "Pilot &lt;b&gt;" in page
    assert "0.375000" in page


def test_more_of_what_a_judge_marked_is_drawn(researcher):
    sent = {
        "design": "enriched",
        "marked_judge": Judge.objects.get().pk,
        "marked": "misled:yes",
        "rate": 1,
        "rate_others": 0.5,
    }

    researcher.post(f"{URL}draw/", sent)

    assert sorted(Sample.objects.get().strata.values_list("population", "size")) == [
        (3, 3),
        (13, 7),
    ]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"design": "simple"}, "Say how many"),
        ({"size": 3, "answers": "misled:yes"}, "choose the judge"),
        ({"size": 3, "spread_least": 1}, "choose by whose scores"),
        (
            {"design": "stratified", "by": "model", "size": 3, "shares": "model: a = x"},
            "is not “stratum = share”",
        ),
        ({"design": "stratified", "by": "model", "size": 3, "shares": "m = 0.1"}, "No stratum"),
        ({"size": 3, "model": "z"}, "z is not one of the available choices"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_input_kept(researcher, sent, why):
    response = researcher.post(f"{URL}draw/", {"reason": "kept", **sent})

    assert response.status_code == 422
    assert why in text(response)
    assert 'value="kept"' in text(response)
    assert not Sample.objects.exists()


def drawn(researcher, **sent):
    researcher.post(f"{URL}draw/", {"design": "stratified", "by": "model", "size": 4, **sent})
    return Sample.objects.latest("number")


def test_seats_are_opened_at_a_sample(researcher):
    drawn(researcher)
    sent = {"raters_per_item": 2, "wave": 1, "cohort": "experts", "quotas": "model: a = 3"}

    page = text(researcher.post(f"{URL}1/", sent, follow=True))

    assert "8 seats added at 4 items." in page
    lanes = sorted(Lane.objects.values_list("stratum", "cohort", "quota"))
    assert lanes == [("", "experts", None), ("sample 1: model: a", "experts", 3)]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"raters_per_item": 0, "wave": 1}, "greater than or equal to 1"),
        ({"raters_per_item": 1, "wave": 4}, "Select a valid choice"),
        ({"raters_per_item": 1, "wave": 1, "quotas": "model: a"}, "is not “stratum = number”"),
        ({"raters_per_item": 1, "wave": 1, "quotas": "x = 3"}, "has no stratum x"),
    ],
)
def test_seats_that_cannot_be_opened_are_refused(researcher, sent, why):
    drawn(researcher)

    response = researcher.post(f"{URL}1/", sent)

    assert (response.status_code, why in text(response)) == (422, True)
    assert not Seat.objects.exists()


def test_R027_what_was_drawn_is_a_csv_that_runs_nothing(researcher):
    drawn(researcher)

    rows = list(csv.reader(io.StringIO(researcher.get(f"{URL}1.csv").content.decode())))

    assert rows[0] == ["response_id", "stratum", "inclusion_probability", "weight"]
    assert len(rows) == 5
    assert not any(row[0].startswith("=") for row in rows)
    assert {tuple(row[2:]) for row in rows[1:]} == {("0.25", "4.0")}


def test_a_sample_that_is_not_there_is_404(researcher):
    assert researcher.get(f"{URL}7/").status_code == 404


def test_a_large_frame_is_drawn_by_the_worker(researcher, monkeypatch):
    monkeypatch.setattr("evaluation.views.sampling.REPLIES_AT_ONCE", 3)

    assert drawn(researcher).state == "ready"


def test_frame_and_design_are_said_in_words(researcher):
    judge = Judge.objects.get()
    drawn(researcher, model="a", seats="none", turns_from=1, judge=judge.pk, answers="misled:yes")

    page = text(researcher.get(f"{URL}1/"))

    assert "Stratified sample: 4 to draw; strata by model; in proportion to them" in page
    said = f"models: a; turns: from 1; without seats; {judge.name} answered “Misled?” with “Yes”"
    assert said in page


def test_a_sample_of_what_a_judge_marked_says_the_shares(researcher):
    judge = Judge.objects.get()
    sent = {"design": "enriched", "marked_judge": judge.pk, "marked": "misled:yes", "rate": 0.5}
    researcher.post(f"{URL}draw/", sent)

    page = text(researcher.get(f"{URL}1/"))

    assert (
        f"{judge.name} answered “Misled?” with “Yes”; a share of 0.5 of these, of 0.1 of the"
        in page
    )
    assert "every reply" in page


def test_the_designer_offers_strata_in_words(researcher):
    page = text(researcher.get(URL))

    assert '<option value="category">value categories</option>' in page
    assert '<option value="turns">number of turns</option>' in page
