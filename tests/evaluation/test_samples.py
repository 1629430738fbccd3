"""Plans and samples: what would be drawn, what was drawn, and that it never changes."""

import pytest
from django.db import IntegrityError, transaction

from evaluation.errors import FrameInvalid
from evaluation.frames import Frame
from evaluation.intake import plans, samples
from evaluation.models import Sample, SampledItem, SampleState, Stratum
from tests import build
from tests.build import NOW
from tests.evaluation.sampling import RUBRIC, drawing, facts, judge, sample, study_of_two_models

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return study_of_two_models(tmp_path)


def drawn_names(drawn):
    return sorted(drawn.items.values_list("item__reply_1__external_id", flat=True))


def test_a_plan_says_what_would_be_drawn(study):
    plan = plans.plan(facts(study), Frame(), drawing(design="stratified", by=["model"], size=6))

    assert [(one.label, one.population, one.size) for one in plan.strata] == [
        ("model: a", 6, 3),
        ("model: b", 6, 3),
    ]
    assert (plan.population, plan.size, plan.replies) == (12, 6, 6)
    assert not Sample.objects.exists()


def test_a_sample_keeps_design_seed_stratum_and_probability(study):
    drawn = sample(study, design="stratified", by=["model"], size=6, seed=7)

    assert (drawn.state, drawn.population, drawn.size, drawn.seed) == ("ready", 12, 6, 7)
    assert drawn.parameters == {"design": "stratified", "by": ["model"], "size": 6}
    assert [(one.label, one.probability) for one in drawn.strata.order_by("position")] == [
        ("model: a", 0.5),
        ("model: b", 0.5),
    ]
    assert set(drawn.items.values_list("probability", flat=True)) == {0.5}


def test_the_same_design_and_seed_draw_the_same(study):
    one = sample(study, design="simple", size=5, seed=3)
    again = sample(study, design="simple", size=5, seed=3)
    other = sample(study, design="simple", size=5, seed=4)

    assert drawn_names(one) == drawn_names(again)
    assert drawn_names(one) != drawn_names(other)
    assert one.frame_sha256 == again.frame_sha256
    assert (one.number, again.number, other.number) == (1, 2, 3)


def test_the_order_of_upload_plays_no_part(study, tmp_path):
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"q{n}-{model}", model=model)
        for n in reversed(range(6))
        for model in ("b", "a")
    ]
    other = build.study(rubric=RUBRIC)
    build.batch(other, lines, tmp_path)

    assert drawn_names(sample(study, design="simple", size=4)) == drawn_names(
        sample(other, design="simple", size=4)
    )


def test_more_is_drawn_of_what_a_judge_marked(study):
    marked = {"judge": judge(), "question": "misled", "answers": ["yes"]}

    drawn = sample(study, design="enriched", marked=marked, rate=1, rate_others=0.5)

    assert {
        one.label: (one.population, one.size, one.probability) for one in drawn.strata.all()
    } == {
        "verdict: marked": (4, 4, 1.0),
        "verdict: no verdict": (2, 2, 1.0),
        "verdict: not marked": (6, 3, 0.5),
    }


def test_a_panel_draws_whole_queries(study):
    drawn = sample(study, design="panel", size=2)

    queries = [name.partition("-")[0] for name in drawn_names(drawn)]
    assert (drawn.population, drawn.size, drawn.replies) == (6, 2, 4)
    assert sorted(map(queries.count, set(queries))) == [2, 2]
    assert set(drawn.items.values_list("probability", flat=True)) == {1 / 3}


def test_everything_in_the_frame_is_certain(study):
    drawn = sample(study, design="all", frame=Frame(model=("a",)))

    assert (drawn.size, set(drawn.items.values_list("probability", flat=True))) == (6, {1.0})


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"design": "simple"}, "how many"),
        ({"design": "stratified", "size": 3}, "by what"),
        ({"design": "enriched"}, "which answers"),
        ({"design": "guess", "size": 3}, "design"),
        ({"design": "simple", "size": 0}, "size"),
        ({"design": "simple", "size": 2, "colour": 1}, "colour"),
    ],
)
def test_a_design_that_lacks_something_is_refused(fields, why):
    with pytest.raises(FrameInvalid, match=why):
        drawing(**fields)


@pytest.mark.parametrize(
    ("frame", "fields", "why"),
    [
        (Frame(model=("x",)), {"design": "all"}, "No reply"),
        (Frame(), {"design": "stratified", "by": ["mood"], "size": 3}, "mood"),
        (
            Frame(),
            {"design": "stratified", "by": ["model"], "size": 3, "shares": {"model: z": 0.1}},
            "model: z",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(study, frame, fields, why):
    with pytest.raises(FrameInvalid, match=why):
        plans.plan(facts(study), frame, drawing(**fields))


def test_pairs_are_not_drawn_here(tmp_path):
    pairs = build.study(rubric="pairwise")

    with pytest.raises(FrameInvalid, match="Seats"):
        plans.plan(facts(pairs), Frame(), drawing(design="all"))


def test_a_frame_that_emptied_meanwhile_fails_and_says_why(study):
    asked = samples.request(facts(study), Frame(), drawing(design="all"), seed=1, now=NOW)
    study.batches.update(state="failed")

    with pytest.raises(FrameInvalid, match="No reply"):
        samples.draw(facts(study), asked.pk)

    asked.refresh_from_db()
    assert (asked.state, "No reply" in asked.failure) == (SampleState.FAILED, True)


def test_drawing_twice_changes_nothing(study):
    drawn = sample(study, design="simple", size=3)

    again = samples.draw(facts(study), drawn.pk)

    assert (again.pk, again.items.count()) == (drawn.pk, 3)


@pytest.mark.parametrize(
    "act",
    [
        lambda drawn: Sample.objects.filter(pk=drawn.pk).update(seed=9),
        lambda drawn: Sample.objects.filter(pk=drawn.pk).update(state="drawing"),
        lambda drawn: Stratum.objects.update(probability=0.9),
        lambda drawn: SampledItem.objects.update(probability=0.9),
        lambda drawn: SampledItem.objects.all().delete(),
    ],
)
def test_what_was_drawn_is_never_changed(study, act):
    drawn = sample(study, design="simple", size=3)

    with pytest.raises(IntegrityError, match=r"never change"), transaction.atomic():
        act(drawn)
