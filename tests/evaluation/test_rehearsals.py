"""A design that is tried before it is drawn: what comes of it, and how it is asked for and kept."""

import re

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotation.models import TextVersion
from evaluation import tasks
from evaluation.errors import FrameInvalid, RehearsalUnknown
from evaluation.frames import Marked, frame_from_json
from evaluation.intake import quantities, rehearsals
from evaluation.intake.designs import drawing_from_json
from evaluation.models import Judge, Rehearsal, RehearsalState, Sample
from evaluation.services.studies import the_study
from tests import build
from tests.build import NOW
from tests.evaluation.rehearsing import (
    BY_MODEL,
    EVERYTHING,
    asked,
    study_of_uneven_queries,
    waiting,
)
from tests.evaluation.sampling import RUBRIC

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return study_of_uneven_queries(tmp_path)


def rehearsed(study, parameters, *, frame=EVERYTHING, quantity=None, draws=200, **more):
    drawing = drawing_from_json(parameters)
    return rehearsals.rehearsed(study, frame, drawing, quantity=quantity, draws=draws, **more)


def marked(answer="yes"):
    return Marked(judge=Judge.objects.get().pk, question="misled", answers=(answer,))


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
