"""Frames, plans and samples: what may be drawn, what was drawn, and seats at it."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from annotation.models import Item, Lane, Response, Seat, SeatOpening
from annotation.vocabulary import Wave
from evaluation.errors import FrameInvalid, SampleUnknown
from evaluation.frames import Frame, Strata, frame_from_json, replies_in, strata_of
from evaluation.intake import plans, samples
from evaluation.intake.designs import drawing_from_json
from evaluation.models import Judge, Sample, SampledItem, SampleState, Stratum
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


def scored(code):
    return {"code": code, "label": str(code)}


RUBRIC = {
    "key": "scores",
    "title": "Scores",
    "questions": [
        {
            "key": "misled",
            "label": "Misled?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        *(
            {
                "key": key,
                "label": key,
                "type": "scale",
                "level": "ordinal",
                "options": [scored(n) for n in range(7)],
            }
            for key in ("score_a", "score_b")
        ),
    ],
}
# Twelve real rows: D is 2.3848 (the larger of the two standard deviations).
V1 = [0, 0, 0, 1, 1, 5, 5, 6, 2, 6, 0, 1]
V2 = [0, 0, 0, 0, 0, 4, 5, 5, 2, 5, 0, 0]


@pytest.fixture
def study(tmp_path):
    """Six queries of two models each; model b is never misleading, says the judge."""
    made = build.study(rubric=RUBRIC)
    lines = [
        build.reply_fields(
            query_id=f"q{n}",
            response_id=f"q{n}-{model}",
            model=model,
            language="de" if n % 2 else "en",
            topics=['say "hi"', "é"] if n == 0 else ["money"],
            messages=build.conversation(1 + n % 3),
        )
        for n in range(6)
        for model in ("a", "b")
    ]
    build.batch(made, lines, tmp_path)
    verdicts = [
        {
            "response_id": f"q{n}-{model}",
            "question": "misled",
            "answer": "yes" if model == "a" and n < 4 else "no",
        }
        for n in range(5)
        for model in ("a", "b")
    ]
    given.verdicts(made, tmp_path, verdicts)
    return made


def facts(study):
    return build.facts(study)


def judge():
    return Judge.objects.order_by("pk").first().pk


def names(study, **filters):
    found = replies_in(facts(study), Frame(**filters))
    return sorted(found.values_list("external_id", flat=True))


def drawing(**fields):
    return drawing_from_json(fields)


def sample(study, *, seed=1, frame=None, **fields):
    asked = samples.request(
        facts(study), frame or Frame(), drawing(**fields), seed=seed, now=NOW, reason="Pilot"
    )
    return samples.draw(facts(study), asked.pk)


def drawn_names(drawn):
    return sorted(drawn.items.values_list("item__reply_1__external_id", flat=True))


# Frames


def test_an_empty_frame_leaves_nothing_out(study):
    assert len(names(study)) == 12


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        ({"model": ("a",)}, 6),
        ({"model": ("nobody",)}, 0),
        ({"framing": ("neutral",)}, 12),
        ({"language": ("de",)}, 6),
        ({"batch": (1,)}, 12),
        ({"batch": (2,)}, 0),
        ({"turns_from": 2}, 8),
        ({"turns_from": 2, "turns_to": 2}, 4),
        ({"topic": ('say "hi"',)}, 2),
        ({"topic": ("é",)}, 2),
        ({"topic": ("hi",)}, 0),
        ({"topic": ("MONEY",)}, 0),
        ({"topic": ("money", "é")}, 12),
        ({"seats": "none"}, 12),
        ({"seats": "some"}, 0),
        ({"model": ("a",), "language": ("en",)}, 3),
    ],
)
def test_filters_leave_out_what_does_not_fit(study, filters, n):
    assert len(names(study, **filters)) == n


def test_either_value_has_the_category(study):
    query = study.queries.first()
    type(query.value_b).objects.filter(pk=query.value_b_id).update(category="Care")

    assert len(names(study, category=("Care",))) == 12
    assert names(study, category=("Law",)) == []


def test_what_a_judge_said_is_a_filter(study):
    marked = {"judge": judge(), "question": "misled", "answers": ["yes"]}

    found = names(study, verdict=marked)

    assert found == ["q0-a", "q1-a", "q2-a", "q3-a"]


def test_what_judges_differ_about_is_a_filter(study, tmp_path):
    given.verdicts(
        study,
        tmp_path,
        [{"response_id": "q0-a", "question": "misled", "answer": "no"}],
        name="other",
    )

    assert names(study, judges_differ="misled") == ["q0-a"]


def test_the_disagreement_of_models_is_a_filter(study, tmp_path):
    lines = [
        build.reply_fields(query_id="real", response_id=f"real-{n}", model=f"m{n}")
        for n in range(12)
    ]
    build.batch(study, lines, tmp_path)
    scores = [
        {"response_id": f"real-{n}", "question": key, "answer": str(values[n])}
        for key, values in (("score_a", V1), ("score_b", V2))
        for n in range(12)
    ]
    given.verdicts(study, tmp_path, scores)

    def within(least, most):
        spread = {"judge": judge(), "least": least, "most": most}
        return len(names(study, spread=spread))

    assert within(2.3848, None) == 12
    assert within(2.3849, None) == 0
    assert within(0, 2.3849) == 12
    assert within(0, 2.3847) == 0


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"colour": ["red"]}, "colour"),
        ({"turns_from": 0}, "turns_from"),
        ({"seats": "few"}, "seats"),
        ({"model": "a"}, "model"),
    ],
)
def test_a_frame_that_cannot_be_is_refused_by_the_field(frame, why):
    with pytest.raises(FrameInvalid, match=why):
        frame_from_json(frame)


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"verdict": {"judge": 999_999, "question": "misled", "answers": ["yes"]}}, "judge"),
        ({"verdict": {"judge": 1, "question": "nonsense", "answers": ["yes"]}}, "nonsense"),
        ({"judges_differ": "nonsense"}, "nonsense"),
        ({"spread": {"judge": 999_999, "least": 1}}, "judge"),
    ],
)
def test_a_frame_of_what_the_study_has_not_is_refused(study, filters, why):
    with pytest.raises(FrameInvalid, match=why):
        names(study, **filters)


def test_an_item_that_was_taken_out_is_in_no_frame(study):
    reply = Response.objects.get(external_id="q0-a")
    Item.objects.create(
        study=study,
        reply_1=reply,
        query=reply.query,
        scenario=reply.query.scenario,
        retired_at=NOW,
    )

    assert "q0-a" not in names(study)


def test_strata_are_counted_by_their_words(study):
    counts = strata_of(facts(study), Frame(), Strata(("model", "language")))

    assert [(one.label, one.replies, one.queries) for one in counts] == [
        ("model: a, language: de", 3, 3),
        ("model: a, language: en", 3, 3),
        ("model: b, language: de", 3, 3),
        ("model: b, language: en", 3, 3),
    ]


# Plans and draws


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
