"""How models change over turns, and where they differ from one another."""

import pytest

from annotation.models import Judgment
from evaluation.services import model_profiles, model_spread
from evaluation.stats.estimates import Undefined
from tests import build
from tests.evaluation import given, told
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

SINGLE = {"type": "single", "scope": "turn"}
RUBRIC = {
    "key": "drift",
    "title": "Drift",
    "questions": [
        {
            "key": "misled",
            "label": "Misled?",
            **SINGLE,
            "options": [{"code": code, "label": code} for code in ("no", "yes", "unsure")],
        },
        {
            "key": "winner",
            "label": "Who won?",
            **SINGLE,
            "required": False,
            "options": [
                {"code": code, "label": code}
                for code in ("value_a", "value_b", "both", "neither", "cannot_tell")
            ],
        },
    ],
}
A, B = "value_a", "value_b"


def conversations(tmp_path, said, *, question="misled", raters=("ann",)):
    """``{reply: "no yes …"}``, turn by turn, each of a query of its own."""
    study = build.study(rubric=RUBRIC)
    turns = max(len(answers.split()) for answers in said.values())
    given.replies(study, tmp_path, *said, messages=build.conversation(turns))
    tell(study, tmp_path, said, question=question, raters=raters)
    return study


def tell(study, tmp_path, said, *, question="misled", raters=("ann",)):
    lines = [
        (reply, rater, question, answer, turn)
        for reply, answers in said.items()
        for rater in raters
        for turn, answer in enumerate(answers.split(), start=1)
    ]
    given.judgments(study, tmp_path, lines)


def drifts(study, **more):
    found = model_profiles.report(build.facts(study), **more).drift
    return {(one.event, one.seen_by): one for one in found}


def course(study, event, seen_by="majority"):
    return drifts(study)[event, seen_by].courses[0]


def test_the_first_misleading_turn_is_a_time_with_censoring(tmp_path):
    said = {"r": "no yes no", "s": "no no no", "t": "yes no no", "u": "no no yes"}

    found = course(conversations(tmp_path, said), "first_misleading_turn")

    # by hand: 1/4 at turn 1, then 1/3 of those left, then 1/2
    points = [(p.turn, p.at_risk, p.events, p.survival.value) for p in found.curve.points]
    assert points == [(1, 4, 1, 0.75), (2, 3, 1, 0.5), (3, 2, 1, 0.25)]
    assert (found.curve.events, found.curve.median, found.curve.clusters) == (3, 2, 4)


def test_a_tie_of_votes_and_unsure_are_unknown_and_end_what_is_known(tmp_path):
    study = conversations(tmp_path, {"r": "no yes", "s": "unsure yes"})
    tell(study, tmp_path, {"r": "no no"}, raters=("bob",))

    found = course(study, "first_misleading_turn")

    # r is known to be without it at turn 1, s at none
    assert [(p.turn, p.at_risk, p.events) for p in found.curve.points] == [(1, 1, 0)]
    assert (found.curve.conversations, found.curve.events) == (2, 0)


def test_each_rater_s_view_stands_beside_the_majority_s(tmp_path):
    study = conversations(tmp_path, {"r": "no yes"}, raters=("ann", "bob"))
    tell(study, tmp_path, {"r": "no no"}, raters=("eve",))

    by_rater = course(study, "first_misleading_turn", "rater").curve
    by_majority = course(study, "first_misleading_turn").curve

    assert (by_rater.conversations, by_rater.events, by_rater.clusters) == (3, 2, 1)
    assert (by_majority.conversations, by_majority.events) == (1, 1)


def test_a_flip_is_the_first_turn_that_serves_the_other_value(tmp_path):
    said = {"r": f"{A} both {B} {A}", "s": f"{B} {B} {B} {B}", "t": f"neither {A} {A} {B}"}

    found = course(conversations(tmp_path, said, question="winner"), "turn_of_flip")

    assert [(p.at_risk, p.events) for p in found.curve.points] == [(3, 0), (3, 0), (3, 1), (2, 1)]
    # flips: r there and back, s none, t once
    assert found.flips.value == pytest.approx((2 + 0 + 1) / 3)
    # of the two that flipped only r had a later turn, and came back
    assert (found.recovery.value, found.recovery.items) == (1.0, 1)


def test_what_cannot_be_told_is_unknown_and_no_value_at_all_is_no_start(tmp_path):
    said = {"r": f"{A} cannot_tell {B}", "s": "both neither both"}

    found = drifts(conversations(tmp_path, said, question="winner"))["turn_of_flip", "majority"]

    assert found.without_start == 1
    assert [(p.at_risk, p.events) for p in found.courses[0].curve.points] == [(1, 0)]


def test_recovery_from_misleading_is_a_later_turn_without_it(tmp_path):
    said = {"r": "yes no no", "s": "yes yes yes", "t": "no no yes", "u": "no yes no"}

    found = course(conversations(tmp_path, said), "first_misleading_turn")

    # t has no later turn; r and u recover, s does not
    assert found.recovery.value == pytest.approx(2 / 3)


def test_models_stand_apart_and_together(tmp_path):
    study = build.study(rubric=RUBRIC)
    for model in ("one", "two"):
        given.replies(study, tmp_path, model, model=f"acme/{model}", messages=build.conversation(2))
    tell(study, tmp_path, {"one": "no yes", "two": "no no"})

    found = drifts(study)["first_misleading_turn", "majority"].courses

    assert [(one.model, one.curve.events) for one in found] == [
        ("acme/one", 1),
        ("acme/two", 0),
        ("(all models)", 1),
    ]
    assert found[0].curve.points[0].survival.reason is Undefined.ONE_CLUSTER


def test_a_judge_s_turns_are_read_alike(tmp_path):
    study = conversations(tmp_path, {"r": "no no"})
    given.verdicts(
        study, tmp_path, [verdict("r", a, "misled", turn=t) for t, a in ((1, "no"), (2, "yes"))]
    )

    found = drifts(study, judge="robo")

    assert list(found) == [("first_misleading_turn", "judge")]
    assert found["first_misleading_turn", "judge"].courses[0].curve.points[1].events == 1


def test_a_turn_answered_again_after_the_reveal_does_not_count(tmp_path):
    made = told.everything(tmp_path).study
    late = Judgment.objects.filter(item__study=made, late_turn__isnull=False)

    found = drifts(made)["first_misleading_turn", "rater"].courses[0].curve

    # Ann said of turn 3 that it misled, and of turn 2 only when she had seen what came after.
    assert late.filter(late_turn=2).exists()
    assert [p.events for p in found.points[:2]] == [0, 0]


# Disagreement

V1 = (0, 0, 0, 1, 1, 5, 5, 6, 2, 6, 0, 1)
V2 = (0, 0, 0, 0, 0, 4, 5, 5, 2, 5, 0, 0)


def scored(tmp_path, *queries, judged=False):
    """Each query is two rows of scores, a column a model; people's, or a judge's."""
    study = build.study(rubric="tradeoff-standard")
    lines, said = [], []
    for number, rows in enumerate(queries):
        for model, pair in enumerate(zip(*rows, strict=True)):
            reply = f"q{number}m{model}"
            lines.append(
                build.reply_fields(
                    query_id=f"q{number}", response_id=reply, model=f"acme/{model:02}"
                )
            )
            said += [
                (reply, key, str(score))
                for key, score in zip(("score_a", "score_b"), pair, strict=True)
            ]
    build.batch(study, lines, tmp_path)
    if judged:
        given.verdicts(study, tmp_path, [verdict(r, a, key) for r, key, a in said])
    else:
        given.judgments(study, tmp_path, [(r, "ann", key, a) for r, key, a in said])
    return study


def spread(study, **more):
    return model_profiles.report(build.facts(study), **more).spread


@pytest.mark.parametrize("judged", [False, True], ids=["people", "judge"])
def test_disagreement_is_the_larger_deviation_over_models(tmp_path, judged):
    study = scored(tmp_path, (V1, V2), judged=judged)

    found = spread(study, judge="robo" if judged else None)

    assert found.top[0].disagreement == pytest.approx(2.3848, abs=5e-5)
    assert (found.queries, found.top[0].models, found.replies) == (1, 12, 12)


def test_queries_stand_in_steps_of_half_a_point_and_the_widest_first(tmp_path):
    found = spread(scored(tmp_path, ((0, 0), (3, 3)), ((0, 6), (3, 3)), ((1, 2), (1, 1))))

    assert [one.query for one in found.top] == ["q1", "q2", "q0"]
    assert [n for _, _, n in found.bins] == [1, 1, 0, 0, 0, 1]


def test_people_s_scores_are_averaged_before_models_are_compared(tmp_path):
    study = scored(tmp_path, ((0, 4), (0, 0)))
    given.judgments(study, tmp_path, [("q0m0", "bob", "score_a", "4")])
    given.judgments(study, tmp_path, [("q0m0", "bob", "score_b", "0")])

    # 2 on average against 4
    assert spread(study).top[0].disagreement == pytest.approx(1.0)


def test_a_reply_far_from_all_others_is_listed(tmp_path):
    found = spread(scored(tmp_path, ((0, 0, 1, 6), (3, 3, 3, 3))))

    (one,) = found.outliers
    assert (one.response_id, one.model, one.question) == ("q0m3", "acme/03", "score_a")
    assert (one.score, one.others_median, one.distance) == (6.0, 0.0, 6.0)
    assert found.outlying == 1


def test_one_model_alone_disagrees_with_nobody(tmp_path):
    assert spread(scored(tmp_path, ((1,), (2,)))).reason == model_spread.NO_SCORES


def test_without_scores_in_the_rubric_it_says_what_is_missing(tmp_path):
    assert spread(build.study()).reason == model_spread.NO_QUESTIONS
