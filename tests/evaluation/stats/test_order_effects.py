"""R-090: effects of order, by hand, against plain formulas of others, and undefined cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.stats.estimates import Undefined
from evaluation.stats.multiplicity import holm
from evaluation.stats.order_effects import (
    balances,
    binomial_p,
    early_and_later,
    share_against_half,
)

approx = pytest.approx
clusters = st.lists(
    st.integers(0, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=12
)


def columns(rows):
    return [won for won, _ in rows], [of for _, of in rows]


def sandwich(design, outcome, cluster):
    """Oracle: least squares with a cluster-robust covariance, factor C/(C - 1), in matrices."""
    bread = np.linalg.inv(design.T @ design)
    coefficients = bread @ design.T @ outcome
    rest = outcome - design @ coefficients
    names = np.unique(cluster)
    scores = np.array([design[cluster == c].T @ rest[cluster == c] for c in names])
    n = names.size
    covariance = n / (n - 1) * bread @ (scores.T @ scores) @ bread
    return coefficients, np.sqrt(np.diag(covariance)), n


# The share of the left


def test_R090_a_share_by_hand():
    # Two clusters: 3 of 4 and 1 of 2. Share 4/6; rests 3 - 4 * 2/3 = 1/3 and 1 - 2 * 2/3 = -1/3.
    # se = sqrt(2 / 1 * (1/9 + 1/9)) / 6 = 1/9; t = (2/3 - 1/2) / (1/9) = 1.5 on 1 degree.
    found = share_against_half([3, 1], [4, 2])

    assert found.share.value == approx(2 / 3)
    assert found.share.se == approx(1 / 9)
    assert found.p == approx(2 * stats.t.sf(1.5, df=1))


def test_R090_the_interval_is_that_of_clustered_least_squares():
    rng = np.random.default_rng(5)
    of = rng.integers(1, 8, 30)
    won = rng.binomial(of, rng.beta(3, 2, 30))
    outcome = np.concatenate(
        [np.repeat([1.0, 0.0], [w, n - w]) for w, n in zip(won, of, strict=True)]
    )
    cluster = np.repeat(np.arange(30), of)
    (mean,), (se,), n = sandwich(np.ones((outcome.size, 1)), outcome, cluster)
    half = stats.t.ppf(0.975, n - 1) * se

    found = share_against_half(won, of)

    assert found.share.value == approx(mean)
    assert (found.share.low, found.share.high) == (approx(mean - half), approx(mean + half))
    assert found.p == approx(2 * stats.t.sf(abs(mean - 0.5) / se, n - 1))


def test_R090_with_equal_clusters_it_is_the_t_test_of_their_means():
    won = np.array([4, 5, 2, 3, 5, 1, 4])

    found = share_against_half(won, np.full(7, 5))

    assert found.p == approx(stats.ttest_1samp(won / 5, 0.5).pvalue)


@given(clusters)
def test_R090_all_sides_exchanged_mirror_the_share(rows):
    won, of = columns(rows)
    before = share_against_half(won, of)
    after = share_against_half([n - w for w, n in rows], of)

    if before.share.value is None:
        assert after.share.value is None
        return
    assert after.share.value == approx(1 - before.share.value)
    assert after.p == approx(before.p) if before.p is not None else after.p is None
    if before.share.low is not None:
        assert after.share.low == approx(1 - before.share.high, abs=1e-12)
        assert after.share.high == approx(1 - before.share.low, abs=1e-12)


@given(clusters)
def test_R090_a_share_is_a_number_or_has_a_reason(rows):
    found = share_against_half(*columns(rows))

    assert (found.share.value is None) <= (found.share.reason is not None)
    assert found.p is None or 0 <= found.p <= 1


@pytest.mark.parametrize(
    ("won", "of", "value", "why", "p"),
    [
        pytest.param([], [], None, Undefined.NO_ITEMS, None, id="nothing"),
        pytest.param([0], [0], None, Undefined.NO_ITEMS, None, id="only ties"),
        pytest.param([1], [1], 1.0, Undefined.ONE_CLUSTER, None, id="one judgment"),
        pytest.param([1, 1], [2, 2], 0.5, Undefined.NO_SPREAD, None, id="no spread"),
        # Four clusters, all to the left: 2 * (1/2)^4.
        pytest.param([1] * 4, [1] * 4, 1.0, Undefined.NO_SPREAD, 0.125, id="all left"),
        pytest.param([0] * 4, [2] * 4, 0.0, Undefined.NO_SPREAD, 0.125, id="all right"),
    ],
)
def test_R090_too_little_for_a_share_says_why(won, of, value, why, p):
    found = share_against_half(won, of)

    assert (found.share.value, found.share.reason, found.p) == (value, why, p)


# Balance


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_R090_the_binomial_p_is_that_of_scipy(counts):
    assert binomial_p(*counts) == approx(stats.binomtest(*counts).pvalue)


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 2)])
def test_R090_counts_that_cannot_be_have_no_p(counts):
    with pytest.raises(ValueError, match="between 0 and n"):
        binomial_p(*counts)


def test_R090_balance_says_how_far_from_half():
    (one,) = balances([9], [12])

    assert (one.first, one.total, one.expected, one.difference) == (9, 12, 6.0, 3.0)
    assert one.p == one.p_holm == approx(stats.binomtest(9, 12).pvalue)
    assert one.balanced


def test_R090_what_leans_is_flagged_with_all_pairs_in_mind():
    alone = balances([9], [9])[0]
    among = balances([9, *[5] * 19], [9, *[10] * 19])

    assert not alone.balanced
    assert among[0].balanced
    raw = [one.p for one in among]
    assert [one.p_holm for one in among] == approx(holm(raw).p.tolist())


def test_R090_a_pair_without_judgments_has_no_p_and_leans_nowhere():
    nothing, some = balances([0, 0], [0, 20])

    assert (nothing.p, nothing.p_holm, nothing.balanced) == (None, None, True)
    assert (some.p_holm, some.balanced) == (some.p, False)


def test_R090_no_pairs_are_no_balances():
    assert balances([], []) == ()


def test_R090_more_on_the_left_than_there_are_is_refused():
    with pytest.raises(ValueError, match="between 0 and total"):
        balances([3], [2])


# First places


def tables(seed=6, raters=12, options=3):
    rng = np.random.default_rng(seed)
    early = rng.multinomial(5, [0.5, 0.3, 0.2][:options], raters)
    later = np.array([rng.multinomial(n, [0.3, 0.3, 0.4]) for n in rng.integers(1, 20, raters)])
    return early, later


def test_R090_a_shift_is_that_of_clustered_least_squares():
    early, later = tables()
    rows = [
        (float(chosen == 1), is_early, rater)
        for is_early, table in ((1.0, early), (0.0, later))
        for rater, counts in enumerate(table)
        for chosen in np.repeat(np.arange(3), counts)
    ]
    outcome, is_early, rater = (np.array(column) for column in zip(*rows, strict=True))
    design = np.column_stack([np.ones(outcome.size), is_early])
    coefficients, errors, n = sandwich(design, outcome, rater)
    half = stats.t.ppf(0.975, n - 1) * errors[1]

    one = early_and_later(early, later).options[1]

    assert one.difference.value == approx(coefficients[1])
    assert one.difference.low == approx(coefficients[1] - half)
    assert one.difference.high == approx(coefficients[1] + half)
    assert one.p == approx(2 * stats.t.sf(abs(coefficients[1]) / errors[1], n - 1))
    assert one.difference.clusters == 12


def test_R090_shares_early_and_later_by_hand():
    early = np.array([[2, 0]] * 5)
    later = np.array([[1, 1]] * 4 + [[0, 4]])

    found = early_and_later(early, later)

    first, second = found.options
    assert (first.early, first.later) == (10, 4)
    assert (first.early_share, first.later_share) == (1.0, approx(1 / 3))
    assert first.difference.value == approx(2 / 3) == approx(-second.difference.value)
    assert (found.early, found.later, found.raters, found.in_both) == (10, 12, 5, 5)


def test_R090_of_two_answers_one_is_tested_for_the_other_is_its_mirror():
    early, later = (table[:, :2] for table in tables())

    first, second = early_and_later(early, later).options

    assert first.p_holm == second.p_holm == first.p


def test_R090_of_three_answers_all_are_held_at_once():
    found = early_and_later(*tables()).options

    raw = [one.p for one in found]
    assert [one.p_holm for one in found] == approx(holm(raw).p.tolist())


def test_R090_early_and_later_exchanged_turn_the_sign():
    early, later = tables()

    there, back = early_and_later(early, later), early_and_later(later, early)

    for one, other in zip(there.options, back.options, strict=True):
        assert one.difference.value == approx(-other.difference.value)
        assert one.difference.low == approx(-other.difference.high)


@pytest.mark.parametrize(
    ("early", "later", "why"),
    [
        pytest.param(np.zeros((0, 2), int), np.zeros((0, 2), int), Undefined.NO_ITEMS, id="none"),
        pytest.param([[1, 0]] * 9, [[0, 0]] * 9, Undefined.NO_ITEMS, id="nothing later"),
        pytest.param([[0, 0]] * 9, [[1, 0]] * 9, Undefined.NO_ITEMS, id="nothing early"),
        pytest.param([[1, 0]] * 4, [[1, 1]] * 4, Undefined.TOO_FEW, id="four raters"),
        pytest.param([[1, 0]] * 9, [[1, 1]] * 4 + [[0, 0]] * 5, Undefined.TOO_FEW, id="four both"),
    ],
)
def test_R090_too_little_for_a_shift_says_why(early, later, why):
    one = early_and_later(early, later).options[0]

    assert (one.difference.value, one.difference.reason, one.p_holm) == (None, why, None)


def test_R090_raters_who_never_vary_have_a_difference_without_an_interval():
    one = early_and_later([[1, 0]] * 6, [[2, 0]] * 6).options[0]

    assert (one.difference.value, one.difference.reason) == (0.0, Undefined.NO_SPREAD)
    assert (one.difference.low, one.p_holm) == (None, None)


def test_R090_tables_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="same shape"):
        early_and_later([[1, 0]], [[1, 0], [0, 1]])
