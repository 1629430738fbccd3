"""Two ratios over the same clusters held against each other."""

import numpy as np
import pytest

from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import cluster_mean
from evaluation.stats.ratio_contrasts import ratio_difference

approx = pytest.approx


def test_paired_means_are_the_mean_of_the_differences():
    """Oracle: with one unit a cluster in both it is the paired t-test."""
    rng = np.random.default_rng(3)
    first, second = rng.random(40), rng.random(40)
    ones = np.ones(40)

    found = ratio_difference(first, ones, second, ones)
    plain = cluster_mean(first - second, np.arange(40))

    assert found.difference.value == approx(plain.value)
    assert (found.difference.low, found.difference.high) == (approx(plain.low), approx(plain.high))


def test_p_is_that_of_the_paired_t_test():
    from scipy import stats

    rng = np.random.default_rng(4)
    first, second = rng.random(25), rng.random(25)
    ones = np.ones(25)

    assert ratio_difference(first, ones, second, ones).p == approx(
        stats.ttest_rel(first, second).pvalue
    )


def test_disjoint_clusters_add_their_variances():
    """Oracle: two means of clusters apart, by hand."""
    a, b = np.array([0.0, 1.0, 1.0, 1.0]), np.array([1.0, 0.0, 0.0])
    zero, one = np.zeros(3), np.ones(4)
    found = ratio_difference(
        np.append(a, zero), np.append(one, zero), np.append(zero, [0, *b]), [0, 0, 0, 0, 1, 1, 1]
    )
    rest = ((a - 0.75) ** 2).sum() / 16 + ((b - 1 / 3) ** 2).sum() / 9

    assert found.difference.value == approx(0.75 - 1 / 3)
    assert found.difference.se == approx(np.sqrt(7 / 6 * rest))


@pytest.mark.parametrize(
    ("sums", "why"),
    [
        pytest.param(([1.0], [1.0], [0.0], [1.0]), Undefined.ONE_CLUSTER, id="one cluster"),
        pytest.param(([1, 1], [1, 1], [0, 0], [1, 1]), Undefined.NO_SPREAD, id="no spread"),
        pytest.param(([1, 1], [1, 1], [0, 0], [0, 0]), Undefined.NO_ITEMS, id="nothing below"),
    ],
)
def test_undefined_says_why(sums, why):
    found = ratio_difference(*sums)

    assert (found.difference.reason, found.difference.se, found.p) == (why, None, None)


def test_a_negative_denominator_is_refused():
    with pytest.raises(ValueError, match="denominators"):
        ratio_difference([1], [-1], [1], [1])


def test_the_interval_is_cut_at_the_ends_of_the_range():
    found = ratio_difference([1, 1, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1], lower=-1, upper=1)

    assert found.difference.high == 1.0
