"""Rates from few labels and many verdicts, and how many labels more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import cluster_mean, cluster_rate, proportion, wilson_interval
from evaluation.stats.label_planning import (
    Costs,
    labels_for_half_width,
    plan_for,
    plan_within,
)
from evaluation.stats.prediction_powered import Audit, RateMethod, audited_rate, ppi_mean
from evaluation.stats.weighted_audits import (
    Stratum,
    inverse_probability_mean,
    stratified_ppi_mean,
)
from tests.evaluation.stats.reference import load

approx = pytest.approx
labelled = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=20)
verdicts = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def binary_audit():
    given_data, expected, tolerance = load("ppi_mean_binary")
    rest = given_data["Yhat_unlabeled"]
    positives = rest["positives"]
    unlabelled = np.repeat([1, 0], [positives, rest["n"] - positives])
    return Audit(given_data["Y"], given_data["Yhat"], unlabelled), expected, tolerance["abs"]


# Reference


@pytest.mark.parametrize(
    ("name", "weight"), [("ppi_lam1", 1), ("ppi_pp_tuned", None), ("classical_lam0", 0)]
)
def test_ppi_mean_binary(name, weight):
    audit, expected, near = binary_audit()
    wanted = expected[name]
    found = ppi_mean(audit, weight=weight)
    narrow = ppi_mean(audit, weight=weight, confidence=0.9).estimate

    assert found.weight == approx(wanted["lam"], abs=near)
    assert found.estimate.value == approx(wanted["estimate"], abs=near)
    assert found.estimate.se == approx(wanted["se"], abs=near)
    assert [found.estimate.low, found.estimate.high] == approx(wanted["ci95"], abs=near)
    assert [narrow.low, narrow.high] == approx(wanted["ci90"], abs=near)


def test_ppi_mean_probabilities():
    given_data, expected, tolerance = load("ppi_mean_probabilities")
    audit = Audit(given_data["Y"], given_data["Yhat"], given_data["Yhat_unlabeled"])
    found, classical = ppi_mean(audit), ppi_mean(audit, weight=0).estimate
    near = tolerance["abs"]

    assert found.weight == approx(expected["lam"], abs=near)
    assert found.estimate.value == approx(expected["estimate"], abs=near)
    assert found.estimate.se == approx(expected["se"], abs=near)
    assert [found.estimate.low, found.estimate.high] == approx(expected["ci"], abs=near)
    assert [classical.low, classical.high] == approx(expected["classical"], abs=near)


def test_ppi_power_allocation():
    given_data, expected, tolerance = load("ppi_power_allocation")
    calls = given_data["calls"]
    audit, *_ = binary_audit()
    correlation = np.corrcoef(audit.labels, audit.verdicts)[0, 1]
    found = {"data": plan_within(500, correlation=correlation, costs=Costs(label=1, verdict=0.01))}
    for name in ("budget", "effective", "weak"):
        call = calls[name]
        costs = Costs(call["cost_Y"], call["cost_Yhat"], call["cost_X"])
        if "budget" in call:
            found[name] = plan_within(call["budget"], correlation=call["ppi_corr"], costs=costs)
        else:
            found[name] = plan_for(call["effective_n"], correlation=call["ppi_corr"], costs=costs)

    assert correlation == approx(expected["data"]["ppi_corr"], abs=tolerance["ppi_corr"])
    for name, wanted in expected.items():
        plan = found[name]
        assert [plan.labels, plan.verdicts, plan.cost, plan.effective_labels] == approx(
            [wanted["n"], wanted["N"], wanted["cost"], wanted["effective_n"]], abs=tolerance["abs"]
        )


# By hand


def test_a_powered_mean_by_hand():
    # Y = 1, 0; f = 1, 1; unlabelled 1, 0: plain PPI 1/2 + (1/2 - 1) = 0.
    # Rests Y - f = 0, -1: variance 1/4 over 2; unlabelled variance 1/4 over 2: se = 1/2.
    found = ppi_mean(Audit([1, 0], [1, 1], [1, 0]), weight=1)

    assert (found.estimate.value, found.estimate.se) == (0.0, approx(0.5))


def test_a_judge_that_never_varies_gets_no_weight():
    assert ppi_mean(Audit([1, 0, 1], [1, 1, 1], [1, 1])).weight == 0.0


def test_replies_of_one_query_go_together():
    # Two queries whose replies are copies: as sure as two replies, not as four.
    copies = Audit([1, 1, 0, 0], [1, 1, 0, 0], [1, 0], ["a", "a", "b", "b"], ["c", "d"])
    found = ppi_mean(copies, weight=0).estimate

    assert found.se == approx(cluster_mean([1, 1, 0, 0], [1, 1, 2, 2]).se)
    assert found.clusters == 2


def test_labels_and_verdicts_of_one_query_go_together():
    # The verdict on the unlabelled reply of query a moves with its labelled one.
    apart = ppi_mean(Audit([1, 0], [0, 0], [1, 0], ["a", "b"], ["c", "d"]), weight=1).estimate
    joined = ppi_mean(Audit([1, 0], [0, 0], [1, 0], ["a", "b"], ["a", "b"]), weight=1).estimate

    assert joined.se == approx(apart.se * np.sqrt(2))


def test_a_rate_with_few_positives_uses_the_labels_alone():
    labels = np.repeat([1, 0], [5, 45])
    found, wilson = audited_rate(Audit(labels, labels, np.ones(100))), proportion(5, 50)

    assert (found.method, found.weight) == (RateMethod.LABELS_ONLY, 0.0)
    assert (found.estimate.low, found.estimate.high) == (wilson.low, wilson.high)
    assert "Only 5 labels" in found.warning


def test_a_rate_with_few_positives_in_clusters_is_clustered():
    audit = Audit([1, 1, 0, 0, 0, 0], [0] * 6, [1, 0], [1, 1, 2, 2, 3, 3], [4, 5])
    found = audited_rate(audit).estimate
    plain = wilson_interval(2, 6)

    assert found == cluster_rate([2, 0, 0], [2, 2, 2], name="rate of labels")
    assert 0 < found.low < plain.low < plain.high < found.high < 1


def test_a_rate_with_enough_of_both_is_powered_and_cut():
    labels = np.repeat([1, 0], [10, 190])
    judge = np.repeat([1, 0], [100, 100])
    found = audited_rate(Audit(labels, judge, np.zeros(1_000)))

    assert (found.method, found.warning) == (RateMethod.PPI, None)
    assert found.estimate.low >= 0.0


def test_without_unlabelled_items_only_the_labels_count():
    found = audited_rate(Audit(np.repeat([1, 0], [20, 20]), np.ones(40), []))

    assert found.estimate.value == 0.5
    assert "no verdicts" in found.warning


def test_without_a_label_there_is_no_rate():
    found = audited_rate(Audit([], [], [1, 0]))

    assert (found.estimate.value, found.weight) == (None, None)
    assert found.estimate.reason is Undefined.NO_ITEMS


def test_strata_are_weighted_by_their_share():
    small, large = Audit([1, 0, 1], [1, 0, 0], [1, 0]), Audit([0, 0, 1], [0, 1, 1], [0, 0, 1])
    parts = [ppi_mean(audit).estimate for audit in (small, large)]
    found = stratified_ppi_mean([Stratum(0.25, small), Stratum(0.75, large)])

    assert found.value == approx(0.25 * parts[0].value + 0.75 * parts[1].value)
    assert found.se == approx(np.hypot(0.25 * parts[0].se, 0.75 * parts[1].se))
    assert (found.items, found.clusters) == (6, 6)


def test_inverse_probabilities_by_hand():
    # Labels 1 and 0 with chances 1/2 and 1/4 stand for 2 and 4 items: (2 * 1 + 4 * 0)/6.
    found = inverse_probability_mean([1, 0], [0.5, 0.25])

    assert found.value == approx(1 / 3)
    assert (found.items, found.clusters) == (2, 2)


def test_equal_probabilities_are_a_plain_clustered_mean():
    values, names = [1, 0, 1, 1], ["a", "a", "b", "c"]
    weighted = inverse_probability_mean(values, [0.1] * 4, clusters=names)
    plain = cluster_mean(values, names)

    assert (weighted.value, weighted.se) == (approx(plain.value), approx(plain.se))


def test_labels_for_a_half_width_by_hand():
    # z = 1.96, half width .05 at share 1/2: .25 * (1.96/.05)^2 = 384.1 labels, doubled 768.3.
    assert labels_for_half_width(0.05) == 385
    assert labels_for_half_width(0.05, design_effect=2) == 769


# Undefined


@pytest.mark.parametrize(
    ("audit", "reason"),
    [
        (Audit([], [], [1, 0]), Undefined.NO_ITEMS),
        (Audit([1, 0], [1, 0], []), Undefined.NO_ITEMS),
        (Audit([1], [1], [1, 0]), Undefined.TOO_FEW),
    ],
)
def test_without_labels_or_verdicts_there_is_no_mean(audit, reason):
    found = ppi_mean(audit)

    assert (found.estimate.value, found.weight, found.estimate.reason) == (None, None, reason)


@pytest.mark.parametrize("labels", [[], [1]])
def test_a_stratum_with_hardly_a_label_leaves_the_whole_without_a_mean(labels):
    thin, full = Audit(labels, labels, [1, 0]), Audit([1, 0], [1, 0], [1, 0])

    found = stratified_ppi_mean([Stratum(0.5, thin), Stratum(0.5, full)])

    assert found.value is None
    assert found.reason is (Undefined.TOO_FEW if labels else Undefined.NO_ITEMS)


def test_no_spread_and_one_cluster_have_a_value_only():
    same = Audit([1, 1], [1, 1], [1, 1])
    joined = Audit([1, 0], [1, 0], [1, 0], [7, 7], [7, 8])

    for audit, reason in [(same, Undefined.NO_SPREAD), (joined, Undefined.ONE_CLUSTER)]:
        found = ppi_mean(audit).estimate
        assert (found.se, found.low, found.reason) == (None, None, reason)
        assert found.value is not None
        assert stratified_ppi_mean([Stratum(1, audit)]).reason is reason


# Refusals


@pytest.mark.parametrize(
    "refused",
    [
        lambda: ppi_mean(Audit([1, 0], [1], [1])),
        lambda: ppi_mean(Audit([1, 0], [1, np.nan], [1])),
        lambda: ppi_mean(Audit([1, 0], [1, 0], [1]), weight=2),
        lambda: ppi_mean(Audit([1, 0], [1, 0], [1]), confidence=0),
        lambda: ppi_mean(Audit([1, 0], [1, 0], [1], [1, 2])),
        lambda: ppi_mean(Audit([1, 0], [1, 0], [1], [1], [1])),
        lambda: audited_rate(Audit([2, 0], [1, 0], [1])),
        lambda: stratified_ppi_mean([]),
        lambda: stratified_ppi_mean([Stratum(0.5, Audit([1, 0], [1, 0], [1]))]),
        lambda: inverse_probability_mean([1], [0]),
        lambda: inverse_probability_mean([1], [0.5, 0.5]),
        lambda: Costs(0, 1),
        lambda: Costs(1, -1),
        lambda: plan_within(0, correlation=0.5, costs=Costs(1, 1)),
        lambda: plan_for(0, correlation=0.5, costs=Costs(1, 1)),
        lambda: plan_for(10, correlation=1.5, costs=Costs(1, 1)),
        lambda: plan_for(10, correlation=1, costs=Costs(1, 1)),
        lambda: labels_for_half_width(0),
        lambda: labels_for_half_width(0.1, confidence=2),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


# Properties


@given(labelled, verdicts)
def test_the_tuned_weight_is_the_best_of_a_grid(rows, unlabelled):
    labels, judge = zip(*rows, strict=True)
    audit = Audit(labels, judge, unlabelled)
    found = ppi_mean(audit)

    assert 0 <= found.weight <= 1
    if found.estimate.value is not None and found.weight == 0:
        assert found.estimate.value == approx(np.mean(labels))


@given(labelled, verdicts)
def test_each_item_its_own_query_is_nearly_no_clusters(rows, unlabelled):
    labels, judge = zip(*rows, strict=True)
    n = len(labels)
    plain = ppi_mean(Audit(labels, judge, unlabelled), weight=0.5).estimate
    named = ppi_mean(
        Audit(labels, judge, unlabelled, range(n), range(n, n + len(unlabelled))), weight=0.5
    ).estimate

    assert named.value == approx(plain.value)
    if plain.se is not None and plain.se > 1e-6:
        assert named.se == approx(plain.se * np.sqrt(n / (n - 1)))


@given(labelled, verdicts, st.integers(-3, 3))
def test_the_judges_origin_does_not_matter(rows, unlabelled, origin):
    labels, judge = (np.array(column) for column in zip(*rows, strict=True))
    before = ppi_mean(Audit(labels, judge, unlabelled)).estimate
    after = ppi_mean(Audit(labels, judge + origin, np.array(unlabelled) + origin)).estimate

    assert after.value == approx(before.value, abs=1e-6)


@given(st.floats(0.05, 0.95), st.floats(0.001, 0.5), st.integers(50, 5_000))
def test_no_other_split_of_the_budget_is_more_precise(correlation, verdict, budget):
    """Oracle: a grid of splits."""
    plan = plan_within(budget, correlation=correlation, costs=Costs(1.0, verdict))
    ratios = np.concatenate([[0.0], np.geomspace(0.01, 1_000, 200)])
    price = np.where(ratios > 0, 1 + (1 + ratios) * verdict, 1.0)
    best = (budget / price / (1 - correlation**2 * ratios / (1 + ratios))).max()

    assert plan.effective_labels >= 0.97 * best - 1.5
