"""What is particular to each model: priorities, differences, drift, disagreement, outliers."""

import pytest

from annotation.vocabulary import VALUE_CATEGORIES
from evaluation.errors import JudgeUnknown, SliceUnknown
from evaluation.services import model_profiles
from evaluation.stats.estimates import Undefined
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

RIGOR, KNOWLEDGE, CLARITY = VALUE_CATEGORIES["Epistemic"][:3]
CATEGORIES = {"Honesty": RIGOR, "Kindness": KNOWLEDGE, "Candour": RIGOR, "Order": CLARITY}
# Question by question: the two values, and who won in the replies of models one and two.
BOUTS = [
    ("Honesty", "Kindness", "value_a", "value_b"),
    ("Honesty", "Kindness", "value_a", "value_a"),
    ("Honesty", "Kindness", "value_b", "value_b"),
    ("Kindness", "Order", "value_a", "value_b"),
    ("Kindness", "Order", "value_b", "value_a"),
    ("Honesty", "Order", "value_a", "value_a"),
    ("Honesty", "Order", "value_b", "value_b"),
]


def replies(study, tmp_path, bouts, *, models=2, **more):
    """A query a bout, with a reply of each model: ``m1-q0``, ``m2-q0`` …"""
    lines = [
        build.reply_fields(
            query_id=f"q{number}",
            response_id=f"m{model}-q{number}",
            model=f"acme/{model}",
            value_a=value_a,
            value_b=value_b,
            **more,
        )
        for number, (value_a, value_b, *_) in enumerate(bouts)
        for model in range(1, models + 1)
    ]
    build.batch(study, lines, tmp_path)
    for name, category in CATEGORIES.items():
        study.values.filter(name=name).update(category=category)


def winners(study, tmp_path, bouts=BOUTS, raters=("ann",)):
    """Every rater says the same of each bout."""
    said = [
        (f"m{model}-q{number}", rater, "winner", bout[1 + model])
        for number, bout in enumerate(bouts)
        for model in (1, 2)
        for rater in raters
    ]
    given.judgments(study, tmp_path, said)


@pytest.fixture
def study(tmp_path):
    made = build.study("kind")
    replies(made, tmp_path, BOUTS)
    winners(made, tmp_path)
    return made


def report(study, **more):
    return model_profiles.report(build.facts(study), **more)


def strengths(found, model):
    return {one.name: one for one in found.priorities[model].values}


def test_each_model_ranks_the_categories_by_what_won(study):
    found = report(study)

    assert [one.model for one in found.priorities] == ["acme/1", "acme/2"]
    one = strengths(found, 0)
    # Honesty won 3 of 5; Kindness 2 of 5; Order 2 of 4
    assert {name: row.rate.value for name, row in one.items()} == {
        RIGOR: pytest.approx(3 / 5),
        KNOWLEDGE: pytest.approx(2 / 5),
        CLARITY: pytest.approx(2 / 4),
    }
    assert one[RIGOR].strength.value > one[CLARITY].strength.value > one[KNOWLEDGE].strength.value


def test_strengths_are_those_of_the_statistics(study):
    from evaluation.stats.ranking import Comparisons, bradley_terry

    # In the order of their names: clarity, knowledge, rigor.
    rows = [(2, 1, 1), (2, 1, 1), (2, 1, 0), (1, 0, 1), (1, 0, 0), (2, 0, 1), (2, 0, 0)]
    first, second, won = zip(*rows, strict=True)
    plain = bradley_terry(Comparisons.from_rows(first, second, won, n_models=3, clusters=range(7)))

    found = report(study).priorities[0]

    by_name = {one.name: one.strength for one in found.values}
    for name, expected in zip(sorted(by_name), plain.strengths, strict=True):
        assert by_name[name].value == pytest.approx(expected.value)
        assert by_name[name].low == pytest.approx(expected.low)
    assert (found.clusters, found.comparisons) == (7, 7)
    assert found.framing.reason is Undefined.CONFOUNDED  # every wording is neutral


def test_pairs_within_one_category_are_dropped_with_their_number(study, tmp_path):
    bouts = [("Honesty", "Candour", "value_a", "value_a")]
    lines = [
        build.reply_fields(query_id="within", response_id="w", model="acme/1", value_b="Candour")
    ]
    build.batch(study, lines, tmp_path)
    study.values.filter(name="Candour").update(category=CATEGORIES["Candour"])
    given.judgments(study, tmp_path, [("w", "ann", "winner", bouts[0][2])])

    by_category, by_value = (report(study, by=by).priorities[0] for by in ("category", "value"))

    assert (by_category.dropped, by_category.comparisons) == (1, 7)
    assert (by_value.dropped, by_value.comparisons) == (1, 7)


def test_values_without_a_category_are_left_out_of_categories_and_ranked_as_values(study):
    study.values.filter(name="Order").update(category="")

    by_category, by_value = (report(study, by=by).priorities[0] for by in ("category", "value"))

    assert (by_category.without, by_category.comparisons) == (4, 3)
    assert (by_value.without, by_value.comparisons) == (0, 7)


def test_without_any_category_it_says_what_to_do(study):
    study.values.update(category="")

    found = report(study).priorities[0]

    assert (found.without, found.reason, found.values) == (7, Undefined.NO_ITEMS, ())
    assert "Rank by value" in found.why


def test_an_undefeated_value_is_flagged(tmp_path):
    made = build.study()
    bouts = [("Honesty", "Kindness", "value_a", "value_a")] * 3
    replies(made, tmp_path, bouts)
    winners(made, tmp_path, bouts)

    found = strengths(report(made), 0)

    assert found[RIGOR].strength.reason is Undefined.UNDEFEATED
    assert found[KNOWLEDGE].strength.reason is Undefined.WINLESS


def test_a_graph_in_two_parts_is_undefined_with_its_reason(tmp_path):
    made = build.study()
    bouts = [
        ("Honesty", "Kindness", "value_a", "value_a"),
        ("Honesty", "Kindness", "value_b", "value_b"),
        ("Order", "Peace", "value_a", "value_a"),
        ("Order", "Peace", "value_b", "value_b"),
    ]
    replies(made, tmp_path, bouts)
    winners(made, tmp_path, bouts)

    assert report(made, by="value").priorities[0].reason is Undefined.DISCONNECTED


def test_a_tie_of_votes_is_left_out_of_the_majority_and_counts_among_ratings(study, tmp_path):
    given.judgments(study, tmp_path, [("m1-q0", "bob", "winner", "value_b")])

    by_majority, by_ratings = (report(study, source=s) for s in ("majority", "ratings"))

    assert (by_majority.left_out, by_majority.priorities[0].comparisons) == (1, 6)
    assert (by_ratings.left_out, by_ratings.priorities[0].comparisons) == (0, 8)


def test_answers_that_name_no_winner_are_left_out_and_both_count_half(study, tmp_path):
    # four more raters of one reply, so that both has the majority
    four = [("m1-q0", f"r{n}", "winner", "both") for n in range(4)]
    neither = [("m2-q0", f"r{n}", "winner", "neither") for n in range(4)]
    given.judgments(study, tmp_path, four + neither)

    found = report(study)

    assert found.left_out == 1
    assert strengths(found, 0)[RIGOR].rate.value == pytest.approx(2.5 / 5)


def test_a_wording_that_leans_is_taken_out_of_the_strengths(tmp_path):
    made = build.study()
    lines, said = [], []
    # The wording decides three times of four, whichever value it leans to.
    for number in range(16):
        lean = "value_a" if number % 2 else "value_b"
        other = "value_b" if number % 2 else "value_a"
        lines.append(
            build.reply_fields(query_id=f"q{number}", response_id=f"r{number}", framing=lean)
        )
        said.append((f"r{number}", "ann", "winner", lean if number % 8 < 6 else other))
    build.batch(made, lines, tmp_path)
    given.judgments(made, tmp_path, said)

    found = report(made, by="value").priorities[0]

    # log(3) more for the value it leans to; the values are level
    assert found.framing.value == pytest.approx(1.0986, abs=1e-3)
    assert [one.strength.value for one in found.values] == pytest.approx([0, 0], abs=1e-6)


def test_replies_of_one_scenario_are_one_cluster(tmp_path):
    made = build.study()
    replies(made, tmp_path, BOUTS, scenario_id="s")
    winners(made, tmp_path)

    found = report(made)

    assert (found.cluster, found.priorities[0].clusters) == ("scenario", 1)
    assert found.priorities[0].values[0].strength.reason is Undefined.ONE_CLUSTER


def test_models_are_compared_value_by_value_and_the_family_is_corrected(tmp_path):
    made = build.study()
    bouts = [
        (
            "Honesty",
            "Kindness",
            "value_a" if n % 8 else "value_b",
            "value_b" if n % 8 else "value_a",
        )
        for n in range(24)
    ]
    replies(made, tmp_path, bouts)
    winners(made, tmp_path, bouts)

    found = report(made)

    first = found.differences[0]
    assert (first.model, first.other, len(found.differences)) == ("acme/1", "acme/2", 2)
    assert abs(first.difference.value) == pytest.approx(21 / 24 - 3 / 24)
    # two tests of the same size: Benjamini and Hochberg leave p, Holm doubles it
    assert first.p_benjamini_hochberg == pytest.approx(first.p)
    assert first.p_holm == pytest.approx(2 * first.p)
    assert first.found


def test_a_value_in_few_clusters_is_not_tested(study):
    assert report(study).differences == ()


def test_a_judge_s_verdicts_make_a_profile_of_their_own(study, tmp_path):
    lines = [verdict(f"m1-q{n}", bout[3], "winner") for n, bout in enumerate(BOUTS)]
    given.verdicts(study, tmp_path, lines)

    found = report(study, judge="robo")

    assert [one.model for one in found.priorities] == ["acme/1"]
    assert strengths(found, 0)[RIGOR].rate.value == strengths(report(study), 1)[RIGOR].rate.value
    assert found.as_json()["judge"]["judge"] == "robo"


def test_a_judge_that_only_scores_is_read_by_the_derived_winner(tmp_path):
    made = build.study(rubric="tradeoff-standard")
    replies(made, tmp_path, BOUTS)
    lines = [
        verdict(f"m1-q{n}", str(score), f"score_{side}")
        for n, bout in enumerate(BOUTS)
        for side, score in (("a", 5 if bout[2] == "value_a" else 1), ("b", 3))
    ]
    given.verdicts(made, tmp_path, lines)

    found = report(made, judge="robo")

    assert (found.question, found.priorities[0].comparisons) == ("winner_from_scores", 7)
    assert strengths(found, 0)[RIGOR].rate.value == pytest.approx(3 / 5)


def test_replies_that_nobody_placed_for_judging_count_for_the_judge(study, tmp_path):
    build.batch(study, [build.reply_fields(response_id="new", model="acme/3")], tmp_path)
    given.verdicts(study, tmp_path, [verdict("new", "value_a", "winner")])

    assert [one.model for one in report(study, judge="robo").priorities] == ["acme/3"]


def test_a_study_of_pairs_says_why_there_is_nothing(tmp_path):
    found = report(build.study(rubric="pairwise"))

    assert found.reason == model_profiles.PAIRS
    assert (found.priorities, found.drift) == ((), ())


def test_a_rubric_without_a_winner_says_what_it_would_need(tmp_path):
    found = report(given.safe(tmp_path, {"a": "yes no"}))

    assert found.reason == model_profiles.NO_WINNER


def test_before_anybody_answered_it_says_so(tmp_path):
    made = build.study()
    replies(made, tmp_path, BOUTS)

    assert report(made).reason == model_profiles.NO_ANSWERS


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"by": "colour"}, SliceUnknown),
        ({"source": "judge"}, SliceUnknown),
        ({"judge": "nobody"}, JudgeUnknown),
    ],
)
def test_what_cannot_be_asked_is_refused(study, asked, refusal):
    with pytest.raises(refusal):
        report(study, **asked)
