"""Seats at what a sample drew, and drawing by command."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Lane, Seat, SeatOpening
from annotation.vocabulary import Wave
from evaluation.errors import FrameInvalid, SampleUnknown
from evaluation.frames import Frame
from evaluation.intake import samples
from evaluation.models import Sample
from tests.build import NOW
from tests.evaluation.sampling import drawing, facts, sample, study_of_two_models

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return study_of_two_models(tmp_path)


# Seats


def test_seats_open_at_what_was_drawn_and_say_so(study):
    drawn = sample(study, design="simple", size=3)

    opening = samples.open_seats(
        facts(study), drawn.number, wave=Wave.FIRST, raters_per_item=2, now=NOW
    )

    assert (opening.items, opening.seats, opening.design) == (3, 6, "sample")
    assert (opening.rule, opening.reason, opening.seed) == ({"sample": 1}, "Pilot", 1)
    assert set(Seat.objects.values_list("item", flat=True)) == set(
        drawn.items.values_list("item", flat=True)
    )


def test_a_panels_seats_are_crossed(study):
    drawn = sample(study, design="panel", size=2)

    samples.open_seats(
        facts(study), drawn.number, wave=Wave.FIRST, raters_per_item=3, now=NOW, cohort="panel"
    )

    lane = Lane.objects.get()
    assert (lane.crossed, lane.cohort, Seat.objects.filter(lane=lane).count()) == (
        True,
        "panel",
        12,
    )


def test_a_stratum_has_its_quota(study):
    drawn = sample(study, design="stratified", by=["model"], size=6)

    samples.open_seats(
        facts(study),
        drawn.number,
        wave=Wave.FIRST,
        raters_per_item=2,
        now=NOW,
        quotas={"model: a": 4},
    )

    lane = Lane.objects.get()
    assert (lane.quota, lane.stratum) == (4, "sample 1: model: a")
    assert Seat.objects.filter(lane=None).count() == 6


def test_a_quota_of_a_stratum_that_is_not_there_is_refused(study):
    drawn = sample(study, design="simple", size=3)

    with pytest.raises(FrameInvalid, match="no stratum x"):
        samples.open_seats(
            facts(study),
            drawn.number,
            wave=Wave.FIRST,
            raters_per_item=2,
            now=NOW,
            quotas={"x": 4},
        )


def test_seats_need_a_sample_that_was_drawn(study):
    asked = samples.request(facts(study), Frame(), drawing(design="all"), seed=1, now=NOW)

    for number, refusal in ((asked.number, FrameInvalid), (9, SampleUnknown)):
        with pytest.raises(refusal):
            samples.open_seats(facts(study), number, wave=Wave.FIRST, raters_per_item=1, now=NOW)


# The command


def run(study, *arguments, capsys):
    call_command("sample", study.slug, *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_command_draws_and_opens(study, capsys):
    told = run(study, "--size", "4", "--seed", "5", "--open", "2", "--wave", "audit", capsys=capsys)

    assert (told["sample"], told["replies"], told["seats"]) == (1, 4, 8)
    assert SeatOpening.objects.get().wave == Wave.AUDIT


def test_the_command_runs_dry(study, capsys):
    told = run(
        study, "--design", "stratified", "--by", "model", "--size", "4", "--dry-run", capsys=capsys
    )

    assert [one["size"] for one in told["strata"]] == [2, 2]
    assert not Sample.objects.exists()


def test_the_command_shows_that_probabilities_hold(study, capsys):
    told = run(study, "--design", "panel", "--size", "3", "--simulate", "400", capsys=capsys)

    assert (told["units"], told["drawn_each_time"], told["holds"]) == (6, 3, True)
    (only,) = told["strata"]
    assert only["low"] <= only["lowest"] <= only["probability"] <= only["highest"] <= only["high"]
    assert abs(told["weighted_mean"] - told["true_mean"]) < 4 * told["its_standard_error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--frame", "{"),
        ("--frame", "[]"),
        ("--frame", '{"x": 1}'),
        ("--simulate", "1", "--size", "3"),
        ("--size", "3", "--seed", str(2**63)),
        ("--size", "3", "--open", "-1"),
    ],
)
def test_the_command_refuses_what_cannot_be_with_exit_code_2(study, arguments):
    with pytest.raises(CommandError) as refused:
        call_command("sample", study.slug, *arguments)

    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--size", "2", "--by", "model"], "by"),
        (["--design", "all", "--size", "2"], "size"),
        (
            ["--size", "2", "--parameters", '{"rate": 0.5, "allocation": "equal"}'],
            "allocation, rate",
        ),
    ],
)
def test_the_command_refuses_what_plays_no_part_in_the_design(study, arguments, unused):
    with pytest.raises(CommandError, match=f"does not use {unused}.") as refused:
        call_command("sample", study.slug, *arguments)

    assert refused.value.returncode == 2
    assert not Sample.objects.exists()
