"""A design that is tried before it is drawn: by page, worker, API and command, all alike."""

import csv
import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from annotation.models import Study, TextVersion
from annotation.vocabulary import Role
from evaluation import tasks
from evaluation.errors import FrameInvalid, RehearsalUnknown
from evaluation.frames import Marked, frame_from_json
from evaluation.intake import quantities, rehearsals
from evaluation.intake.designs import drawing_from_json
from evaluation.models import Judge, Rehearsal, RehearsalState, Sample
from evaluation.services.studies import the_study
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.sampling import RUBRIC

pytestmark = pytest.mark.django_db
URL, API = "/studies/s/samples/", "/api/studies/s/rehearsals/"
BY_MODEL = {"design": "stratified", "by": ["model"], "size": 6}
EVERYTHING = frame_from_json({})


@pytest.fixture
def study(tmp_path):
    """Eight queries, the first of three replies and the others of two; verdicts on six replies."""
    made = build.study("s", rubric=RUBRIC)
    lines = [
        build.reply_fields(
            query_id=f"q{n}",
            response_id=f"q{n}-{model}",
            model=model,
            messages=build.conversation(1 + n % 3),
        )
        for n in range(8)
        for model in ("a", "b", "c")[: 3 if n == 0 else 2]
    ]
    build.batch(made, lines, tmp_path)
    verdicts = [
        {"response_id": f"q{n}-a", "question": "misled", "answer": "yes" if n < 4 else "no"}
        for n in range(6)
    ]
    given.verdicts(made, tmp_path, verdicts)
    return the_study("s")


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(Study.objects.get(), Role.RESEARCHER))
    return client


def text(response):
    return " ".join(response.content.decode().split())


def rehearsed(study, parameters, *, frame=EVERYTHING, quantity=None, draws=200, **more):
    drawing = drawing_from_json(parameters)
    return rehearsals.rehearsed(study, frame, drawing, quantity=quantity, draws=draws, **more)


def marked(answer="yes"):
    return Marked(judge=Judge.objects.get().pk, question="misled", answers=(answer,))


def asked(study, **fields):
    given = {"quantity": None, "draws": 20, "first_seed": 1, "by_id": None, **fields}
    return tasks.request_rehearsal(study, EVERYTHING, drawing_from_json(BY_MODEL), **given, now=NOW)


# What comes of it


def test_the_stored_probabilities_are_those_of_a_sample_by_the_same_design(study):
    call_command("sample", "s", "--design", "stratified", "--by", "model", "--size", "6")

    found = rehearsed(study, BY_MODEL)

    stored = Sample.objects.get().strata.order_by("position").values_list("size", "probability")
    assert [(one["size"], one["probability"]) for one in found["strata"]] == list(stored)
    assert found["frame_sha256"] == Sample.objects.get().frame_sha256


def test_a_design_holds_and_says_so(study):
    found = rehearsed(study, BY_MODEL, quantity=marked(), draws=2_000)

    assert (found["holds"], found["drawn_each_time"], found["units"]) == (True, 6, 17)
    assert found["sentence"].startswith("It holds. Over 2,000 draws each of the 17 replies")
    assert [one["label"] for one in found["strata"]] == ["model: a", "model: b", "model: c"]


def test_the_true_mean_is_the_judges_share_of_all_replies_of_the_frame(study):
    found = rehearsed(study, {"design": "simple", "size": 5}, quantity=marked())

    assert found["true_mean"] == pytest.approx(4 / 17)
    assert "of which robo said “Yes” (Misled?)" in found["quantity"]


def test_without_a_verdict_the_length_of_what_the_model_said_is_taken(study):
    frame = frame_from_json({"model": ["c"]})

    found = rehearsed(study, {"design": "all"}, frame=frame)

    (messages,) = TextVersion.objects.filter(response__model__key="c").values_list(
        "messages", flat=True
    )
    said = sum(len(one["content"]) for one in messages if one["role"] == "assistant")
    assert (found["true_mean"], found["means"], found["holds"]) == (said, [], True)


def test_a_panel_draws_queries_and_its_mean_is_that_of_replies(study):
    found = rehearsed(study, {"design": "panel", "size": 4}, quantity=marked(), draws=2_000)

    assert (found["in_queries"], found["units"], found["drawn_each_time"]) == (True, 8, 4)
    assert found["true_mean"] == pytest.approx(4 / 17)
    assert found["holds"]


def test_the_same_seeds_give_the_same_digits_and_others_do_not(study):
    once, again = (rehearsed(study, BY_MODEL, first_seed=7) for _ in range(2))

    assert once == again
    assert rehearsed(study, BY_MODEL, first_seed=8)["means"] != once["means"]


def test_what_the_strata_are_made_by_is_not_what_the_mean_is_of(study):
    assert quantities.usual_for(study) == marked()
    assert quantities.usual_for(study, besides=marked()) is None


def test_a_study_without_verdicts_takes_the_length():
    build.study("bare", rubric=RUBRIC)

    assert quantities.usual_for(the_study("bare")) is None


@pytest.mark.parametrize(
    ("parameters", "more", "why"),
    [
        ({"design": "simple", "size": 2}, {"draws": 1}, "2 to 100,000 draws"),
        ({"design": "simple", "size": 2}, {"draws": 100_001}, "2 to 100,000 draws"),
        ({"design": "simple", "size": 2}, {"first_seed": 2**63 - 5}, "eighteen digits"),
        (
            {"design": "simple", "size": 2},
            {"quantity": Marked(judge=0, question="misled", answers=("yes",))},
            "no judge 0",
        ),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(study, parameters, more, why):
    with pytest.raises(FrameInvalid, match=why):
        rehearsed(study, parameters, **more)


def test_more_than_a_worker_does_is_refused_with_what_it_would_do(study, monkeypatch):
    monkeypatch.setattr(rehearsals, "MOST", 170)

    with pytest.raises(FrameInvalid, match="at most 10 draws here"):
        rehearsed(study, BY_MODEL, draws=11)


def test_a_design_that_does_not_hold_says_so_plainly(study):
    """Replies whose ids a seed cannot tell apart: nothing else makes a design of ours fail."""
    found = rehearsals.told(
        rehearsals.rehearsal.rehearse(["same"] * 9, [0] * 9, [3], list(range(9)), draws=50),
        ["everything"],
        {"units": 9, "draws": 50, "in_queries": False},
    )

    assert not found["holds"]
    assert found["sentence"].startswith("It does not hold. Over 50 draws in 1 of 1 strata units")
    assert "the weighted mean is off" in found["sentence"]


# Asked for, and kept


def test_a_small_one_is_there_at_once_and_a_large_one_is_drawn_by_the_worker(study, monkeypatch):
    small = asked(study)
    monkeypatch.setattr(rehearsals, "AT_ONCE", 100)
    large = asked(study)
    large.refresh_from_db()

    assert (small.state, large.state, large.done) == ("ready", "ready", 20)
    assert small.result == large.result


def waiting(study):
    return rehearsals.request(
        study, EVERYTHING, drawing_from_json(BY_MODEL), quantity=None, draws=100, now=NOW
    )


def test_how_far_a_worker_is_can_be_seen(study, monkeypatch):
    monkeypatch.setattr(rehearsals, "AT_ONCE", 100)

    with CaptureQueriesContext(connection) as queries:
        rehearsals.write(study, waiting(study).number, clock=lambda: NOW)

    told = [
        int(found[1])
        for query in queries
        if (found := re.search(r'SET "done" = (\d+) WHERE', query["sql"]))
    ]
    assert told == list(range(2, 101, 2))


def test_a_worker_that_takes_it_up_again_changes_nothing_that_is_ready(study):
    one = rehearsals.write(study, waiting(study).number, clock=lambda: NOW)

    again = rehearsals.write(study, one.number, clock=lambda: None)

    assert (again.state, again.done_at) == (RehearsalState.READY, NOW)


def test_a_frame_that_is_empty_by_then_fails_with_the_reason(study):
    one = waiting(study)
    Rehearsal.objects.filter(pk=one.pk).update(frame={"model": ["gone"]})

    failed = rehearsals.write(study, one.number, clock=lambda: NOW)

    assert (failed.state, failed.result) == ("failed", None)
    assert "No reply is in this frame" in failed.failure


def test_a_worker_that_finds_it_cannot_be_drawn_only_notes_it(study):
    one = waiting(study)
    Rehearsal.objects.filter(pk=one.pk).update(frame={"model": ["gone"]})

    tasks.rehearse.enqueue(study.slug, one.number)

    one.refresh_from_db()
    assert one.state == "failed"


def test_what_is_ready_is_never_changed(study):
    one = asked(study)

    rows = Rehearsal.objects.filter(pk=one.pk)

    for change in (lambda: rows.update(draws=3), rows.delete):
        with pytest.raises(IntegrityError, match="rehearsal_kept"), transaction.atomic():
            change()


def test_one_that_is_not_there_is_refused(study):
    with pytest.raises(RehearsalUnknown, match="no rehearsal 9"):
        rehearsals.rehearsal_of(study, 9)


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
