"""Intervals of proportions and means, plain and clustered."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import (
    agresti_coull_interval,
    clopper_pearson_interval,
    cluster_mean,
    cluster_proportion,
    cluster_rate,
    cluster_ratio,
    jeffreys_interval,
    normal_quantile,
    proportion,
    t_cdf,
    t_quantile,
    wilson_interval,
)
from tests.evaluation.stats.reference import load

approx = pytest.approx
METHODS = {
    "wilson": wilson_interval,
    "beta": clopper_pearson_interval,
    "agresti_coull": agresti_coull_interval,
    "jeffreys": jeffreys_interval,
}
binomials = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Reference


@pytest.mark.parametrize("method", METHODS)
def test_proportion_intervals(method):
    given_cases, expected, tolerance = load("proportion_intervals")
    for successes, n in given_cases["cases"]:
        found = METHODS[method](successes, n)

        wanted = expected[f"{successes}/{n}"][method]
        assert [found.low, found.high] == approx(wanted, abs=tolerance["abs"])


def test_distribution_values():
    args, expected, tolerance = load("distribution_values")
    near = tolerance["rel"]

    assert [t_cdf(x, df=df) for x, df in args["t_cdf_args"]] == approx(expected["t_cdf"], rel=near)
    assert [t_quantile(p, df=df) for p, df in args["t_ppf_args"]] == approx(
        expected["t_ppf"], rel=near
    )
    assert [normal_quantile(p) for p in args["norm_ppf_args"]] == approx(
        expected["norm_ppf"], rel=near
    )


def test_distribution_values_beta():
    """The beta quantile is Jeffreys' interval: a - 1/2 successes of a + b - 1."""
    args, expected, tolerance = load("distribution_values")
    for (probability, a, b), wanted in zip(
        args["beta_ppf_args"], expected["beta_ppf"], strict=True
    ):
        found = jeffreys_interval(round(a - 0.5), round(a + b - 1))

        end = found.low if probability < 0.5 else found.high
        assert end == approx(wanted, rel=tolerance["rel"])


# By hand


def test_wilson_by_hand():
    # z = 1 (confidence .6827), 1 of 2: centre 1/2, half 1/(1 + 1/2) * sqrt(1/8 + 1/16) = .28868.
    found = wilson_interval(1, 2, confidence=2 * stats.norm.cdf(1) - 1)

    assert (found.low, found.high) == (approx(0.5 - 0.288675), approx(0.5 + 0.288675))


def test_clopper_pearson_by_hand():
    # 0 of n: the upper end solves (1 - p)^n = .025.
    assert clopper_pearson_interval(0, 10).high == approx(1 - 0.025**0.1)


def test_a_clustered_ratio_by_hand():
    # Sums 1, 3, 2 of 2, 4, 4: r = 6/10. Rests -.2, .6, -.4: squares sum to .56.
    # se = sqrt(3/2 * .56)/10 = .0916515.
    found = cluster_ratio([1, 3, 2], [2, 4, 4])

    assert (found.value, found.se) == (approx(0.6), approx(0.0916515, abs=1e-7))
    assert found.high - found.value == approx(stats.t.ppf(0.975, 2) * found.se)
    assert (found.items, found.clusters) == (10, 3)


# Choice of method


def test_a_proportion_inside_has_wilsons_interval():
    found, wilson = proportion(7, 200), wilson_interval(7, 200)

    assert (found.low, found.high) == (wilson.low, wilson.high)
    assert found.se == approx(np.sqrt(0.035 * 0.965 / 200))


@pytest.mark.parametrize("successes", [0, 50])
def test_a_proportion_at_the_end_has_clopper_pearsons_interval(successes):
    found, exact = proportion(successes, 50), clopper_pearson_interval(successes, 50)

    assert (found.low, found.high) == (exact.low, exact.high)
    assert (found.se, found.reason) == (None, Undefined.NO_SPREAD)


@pytest.mark.parametrize("share", [0, 1])
def test_a_clustered_proportion_at_the_end_takes_clusters_as_trials(share):
    found = cluster_proportion([10 * share] * 8, [10] * 8)
    exact = clopper_pearson_interval(8 * share, 8)

    assert (found.value, found.se, found.reason) == (share, None, Undefined.NO_SPREAD)
    assert (found.low, found.high) == (exact.low, exact.high)


# Undefined


def test_no_trial_has_no_proportion():
    assert proportion(0, 0).reason is Undefined.NO_ITEMS
    assert cluster_ratio([], []).reason is Undefined.NO_ITEMS
    assert cluster_proportion([0, 0], [0, 0]).reason is Undefined.NO_ITEMS
    assert cluster_mean([], []).reason is Undefined.NO_ITEMS


def test_one_cluster_has_no_interval():
    found = cluster_proportion([3], [4])

    assert (found.value, found.low, found.reason) == (0.75, None, Undefined.ONE_CLUSTER)


def test_equal_clusters_show_no_spread():
    found = cluster_proportion([1, 1], [2, 2])

    assert (found.value, found.low, found.reason) == (0.5, None, Undefined.NO_SPREAD)


def test_a_cluster_without_units_takes_no_part():
    assert cluster_ratio([1, 3, 2, 0], [2, 4, 4, 0]) == cluster_ratio([1, 3, 2], [2, 4, 4])


# Refusals


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_impossible_counts_are_refused(method, successes, n):
    with pytest.raises(ValueError, match="successes must lie"):
        method(successes, n)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: wilson_interval(1, 2, confidence=1.5),
        lambda: proportion(0, 0, confidence=0),
        lambda: proportion(3, 2),
        lambda: cluster_ratio([1, 2], [1]),
        lambda: cluster_ratio([1], [-1]),
        lambda: cluster_ratio([np.inf], [1]),
        lambda: cluster_proportion([2, 0], [1, 1]),
        lambda: cluster_proportion([2], [1, 1]),
        lambda: cluster_mean([1, 2], ["a"]),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


# Properties


@given(binomials, st.sampled_from(sorted(METHODS)))
def test_intervals_hold_their_proportion_and_mirror(case, method):
    successes, n = case
    found, mirror = METHODS[method](successes, n), METHODS[method](n - successes, n)

    assert 0 <= found.low < found.high <= 1
    assert (found.low, found.high) == (approx(1 - mirror.high), approx(1 - mirror.low))
    if method != "jeffreys":
        assert found.low <= successes / n <= found.high


@given(binomials)
def test_clopper_pearson_is_where_the_tails_are_2_5_percent(case):
    """Oracle: the binomial distribution itself."""
    successes, n = case
    found = clopper_pearson_interval(successes, n)

    if successes > 0:
        assert stats.binom.sf(successes - 1, n, found.low) == approx(0.025, rel=1e-6)
    if successes < n:
        assert stats.binom.cdf(successes, n, found.high) == approx(0.025, rel=1e-6)


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=30))
def test_with_one_unit_a_cluster_the_mean_has_students_interval(values):
    found = cluster_mean(values, range(len(values)))
    if found.se is None:
        return
    wanted = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))

    assert (found.low, found.high) == (approx(wanted[0], abs=1e-9), approx(wanted[1], abs=1e-9))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20))
def test_order_and_names_of_clusters_do_not_matter(rows):
    values, clusters = [float(v) for v, _ in rows], [c for _, c in rows]
    found = cluster_mean(values, clusters)
    turned = cluster_mean(values[::-1], [f"q{9 - c}" for c in clusters[::-1]])

    assert turned.value == approx(found.value)
    assert turned.se == approx(found.se)


# A rate of few in clusters


def test_a_rate_of_few_in_clusters_of_one_is_wilsons_but_for_the_t_quantile():
    of, have = np.ones(40, dtype=int), np.repeat([1, 0], [4, 36])

    found = cluster_rate(have, of)

    # se^2 = p(1 - p)/39 with the factor C/(C - 1), so 39 effective trials, times (z/t)^2. The
    # ends are the shares from which a tenth is just z standard errors away.
    trials = 39 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 39)) ** 2
    for end in (found.low, found.high):
        assert abs(0.1 - end) / np.sqrt(end * (1 - end) / trials) == approx(stats.norm.ppf(0.975))
    assert (found.value, found.low < 0.1 < found.high) == (approx(0.1), True)


def test_a_rate_of_ten_or_more_of_either_kind_is_as_any_share_in_clusters():
    of, have = np.full(20, 3), np.repeat([3, 1, 0], [2, 4, 14])

    assert have.sum() == 10
    assert replace(cluster_rate(have, of), name="") == replace(
        cluster_proportion(have, of), name=""
    )


def test_intervals_of_a_rare_rate_in_clusters_cover():
    rng = np.random.default_rng(12)
    of, covered, plainly = np.full(60, 3), 0, 0
    for _ in range(1_000):
        have = rng.binomial(of, rng.beta(0.05 * 7 / 3, 0.95 * 7 / 3, size=60))
        found, plain = cluster_rate(have, of), cluster_proportion(have, of)
        covered += found.low <= 0.05 <= found.high
        plainly += plain.low <= 0.05 <= plain.high

    assert covered >= 930 > plainly
