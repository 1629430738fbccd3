"""May a judge stand in for a person, and many tests at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.stats.alternative_annotator import (
    Epsilon,
    Scoring,
    alternative_annotator_test,
    alternative_annotator_test_in_blocks,
)
from evaluation.stats.estimates import Undefined
from evaluation.stats.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from tests.evaluation.stats.reference import load

approx = pytest.approx
METHODS = {"by": benjamini_yekutieli, "bh": benjamini_hochberg, "holm": holm}
p_values = st.lists(st.floats(0, 1), max_size=12)


def panel(n_items=40):
    """The case's people and judge, its first items."""
    given_data, expected, tolerance = load("alttest_inline_small")
    rows = [
        (int(item[1:]), int(name[1:]), answer)
        for name, answers in given_data["humans"].items()
        for item, answer in answers.items()
        if int(item[1:]) < n_items
    ]
    judge = [given_data["judge"][f"i{i}"] for i in range(n_items)]
    item, annotator, answer = zip(*rows, strict=True)
    return (item, annotator, answer), judge, expected, tolerance


@pytest.mark.parametrize(("epsilon", "outcome"), [(0.1, "eps_0_1"), (0.2, "eps_0_2")])
def test_alttest_inline_small(epsilon, outcome):
    rows, judge, expected, tolerance = panel()
    found, wanted = (
        alternative_annotator_test(*rows, judge=judge, epsilon=epsilon),
        expected[outcome],
    )
    near = tolerance["abs"]

    assert found.winning_rate == approx(wanted["omega"], abs=near)
    assert found.advantage == approx(wanted["rho"], abs=near)
    assert found.passed is wanted["passed"]
    for result, row in zip(found.annotators, wanted["rows"], strict=True):
        assert (f"h{result.annotator}", result.n) == (row["annotator"], row["n"])
        assert (result.skipped, result.judge_wins) == (row["skipped"], row["judge_wins"])
        assert [result.rho_judge, result.rho_human, result.mean_difference, result.p] == approx(
            [row["rho_judge"], row["rho_human"], row["mean_diff"], row["p"]], abs=near
        )


@pytest.mark.parametrize("scoring", Scoring)
def test_in_blocks_of_whole_items_it_is_the_same_to_the_last_digit(scoring):
    rng = np.random.default_rng(1)
    item, annotator = (part.ravel() for part in np.meshgrid(np.arange(200), np.arange(6)))
    answer = rng.integers(0, 4, item.size)
    judge = np.where(rng.random(200) < 0.1, np.nan, rng.integers(0, 4, 200))
    asked = {"judge": judge, "epsilon": 0.1, "scoring": scoring}

    parts = [np.isin(item % 7, chosen) for chosen in ((0, 3), (1, 2, 4), (5, 6))]
    blocks = [(item[part], annotator[part], answer[part]) for part in parts]

    whole = alternative_annotator_test(item, annotator, answer, **asked)
    assert alternative_annotator_test_in_blocks(blocks, **asked) == whole
    assert {one.n for one in whole.annotators} == {int((~np.isnan(judge)).sum())}


def test_alttest_inline_small_skips_and_names_people_with_few_items():
    rows, judge, expected, _ = panel(n_items=20)
    found = alternative_annotator_test(*rows, judge=judge, epsilon=0.2)
    wanted = expected["first_20_items_default"]

    assert (found.winning_rate, found.advantage) == (wanted["omega"], wanted["rho"])
    assert found.reason is Undefined.TOO_FEW
    for result, row in zip(found.annotators, wanted["rows"], strict=True):
        assert (f"h{result.annotator}", result.n, result.skipped) == tuple(row.values())


def test_alttest_inline_small_wilcoxon_stands_beside_the_same_wins():
    """The product does not use Wilcoxon; its inputs (rates and differences) are the same."""
    rows, judge, expected, tolerance = panel(n_items=20)
    found = alternative_annotator_test(*rows, judge=judge, epsilon=0.2, min_items=2)
    wanted = expected["first_20_items_wilcoxon"]

    assert (found.winning_rate, found.advantage) == (wanted["omega"], wanted["rho"])
    assert found.passed is wanted["passed"]
    for result, row in zip(found.annotators, wanted["rows"], strict=True):
        assert (result.n, result.judge_wins) == (row["n"], row["judge_wins"])
        assert [result.rho_judge, result.rho_human, result.mean_difference] == approx(
            [row["rho_judge"], row["rho_human"], row["mean_diff"]], abs=tolerance["abs"]
        )
        # The judge never loses here: the differences are -1 where it wins, else 0.
        worse = round(-result.mean_difference * result.n)
        differences = np.repeat([-1.0, 0.0], [worse, result.n - worse])
        p = stats.wilcoxon(differences - 0.2, alternative="less", method="exact").pvalue
        assert p == approx(row["p"], abs=tolerance["wilcoxon_p"])


@pytest.mark.parametrize("method", METHODS)
def test_multiple_testing_by_bh(method):
    given_data, expected, tolerance = load("multiple_testing_by_bh")
    found = METHODS[method](given_data["p"], q=given_data["q"])

    assert found.rejected.tolist() == expected[method]
    if method == "by":
        assert found.p == approx(expected["by_adjusted"], abs=tolerance["abs"])


def test_a_squared_error_by_hand():
    # One item: people 1, 2, 6, judge 3. Against the others: person 1: (1 + 25)/2 = 13, judge
    # (1 + 9)/2 = 5: judge better. Person 2: (1 + 16)/2, judge (4 + 9)/2. Person 6: (25 + 16)/2,
    # judge (4 + 1)/2. The judge is better than each.
    item, who, answer = [0, 0, 0], [0, 1, 2], [1, 2, 6]
    many = alternative_annotator_test(
        [*item, 1, 1, 1],
        who * 2,
        answer * 2,
        judge=[3, 3],
        epsilon=0.1,
        scoring=Scoring.RMSE,
        min_items=2,
    )

    assert [of.rho_judge for of in many.annotators] == [1.0, 1.0, 1.0]
    assert [of.rho_human for of in many.annotators] == [0.0, 0.0, 0.0]
    assert [of.p for of in many.annotators] == [0.0, 0.0, 0.0]
    assert (many.winning_rate, many.passed) == (1.0, True)


def test_a_judge_that_always_loses_does_not_pass():
    item, who = np.repeat(np.arange(30), 2), np.tile([3, 8], 30)
    found = alternative_annotator_test(
        item, who, np.zeros(60), judge=np.ones(30), epsilon=Epsilon.EXPERTS
    )

    assert (found.winning_rate, found.advantage, found.passed) == (0.0, 0.0, False)
    assert [of.p for of in found.annotators] == [1.0, 1.0]
    assert [of.annotator for of in found.annotators] == [3, 8]


def test_items_without_a_verdict_or_a_second_person_take_no_part():
    rows, judge, *_ = panel()
    plain = alternative_annotator_test(*rows, judge=judge, epsilon=0.1)
    more = [
        list(column) + extra
        for column, extra in zip(rows, ([40, 41, 41], [0, 0, 1], [1, 1, 1]), strict=True)
    ]

    assert alternative_annotator_test(*more, judge=[*judge, 1, np.nan], epsilon=0.1) == plain


def test_no_one_is_no_items():
    found = alternative_annotator_test([], [], [], judge=[1.0], epsilon=0.1)

    assert (found.winning_rate, found.passed, found.reason) == (None, None, Undefined.NO_ITEMS)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: alternative_annotator_test([0], [0], [1], judge=[1], epsilon=-1),
        lambda: alternative_annotator_test([0], [0], [1], judge=[1], epsilon=0.1, min_items=1),
        lambda: alternative_annotator_test([0], [0], [1], judge=[np.inf], epsilon=0.1),
        lambda: alternative_annotator_test([1], [0], [1], judge=[1], epsilon=0.1),
        lambda: alternative_annotator_test([0, 0], [0, 0], [1, 1], judge=[1], epsilon=0.1),
        lambda: alternative_annotator_test([0], [0], [np.nan], judge=[1], epsilon=0.1),
        lambda: alternative_annotator_test([0], [0], [0, 1], judge=[1], epsilon=0.1),
        lambda: holm([0.1], q=0),
        lambda: benjamini_yekutieli([1.1]),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=3, max_size=12))
def test_scores_are_those_of_the_definition(table):
    """Oracle: leave each person out of each item, by both scorings, and run scipy's t-test."""
    item = np.repeat(np.arange(len(table)), 3)
    answers = [row[:3] for row in table]
    judge = [row[3] for row in table]
    for scoring in Scoring:
        found = alternative_annotator_test(
            item,
            np.tile([0, 1, 2], len(table)),
            np.ravel(answers),
            judge=judge,
            epsilon=0.15,
            scoring=scoring,
            min_items=2,
        )
        for person in range(3):
            differences = []
            for row, verdict in zip(answers, judge, strict=True):
                others = np.delete(row, person)
                if scoring is Scoring.ACCURACY:
                    human, machine = np.mean(others == row[person]), np.mean(others == verdict)
                else:
                    human = -np.sqrt(np.mean((others - row[person]) ** 2))
                    machine = -np.sqrt(np.mean((others - verdict) ** 2))
                differences.append(int(human >= machine) - int(machine >= human))
            result = found.annotators[person]
            assert result.mean_difference == approx(np.mean(differences))
            if np.ptp(differences):
                wanted = stats.ttest_1samp(differences, 0.15, alternative="less").pvalue
                assert result.p == approx(wanted, abs=1e-9)


@given(p_values)
def test_adjusting_keeps_order_and_only_raises(p):
    for method in METHODS.values():
        found = method(p)

        assert (found.p >= np.array(p) - 1e-15).all()
        assert (found.p <= 1).all()
        assert (np.diff(found.p[np.argsort(p, kind="stable")]) >= 0).all()
        assert found.rejected.tolist() == (found.p <= 0.05).tolist()


@given(p_values)
def test_benjamini_hochberg_agrees_with_scipy(p):
    for name, method in [("bh", benjamini_hochberg), ("by", benjamini_yekutieli)]:
        if p:
            assert method(p).p == approx(stats.false_discovery_control(p, method=name), abs=1e-12)


@given(p_values, st.randoms(use_true_random=False))
def test_the_order_of_tests_does_not_matter(p, rnd):
    order = list(range(len(p)))
    rnd.shuffle(order)
    for method in METHODS.values():
        assert method([p[at] for at in order]).p == approx(method(p).p[order])
