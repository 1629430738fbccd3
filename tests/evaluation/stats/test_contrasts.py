"""Differences within one set of ratings, by hand and against the exact jackknife."""

import numpy as np
import pytest

from evaluation.stats.contrasts import difference_of_means, p_value, paired_judges, slope
from evaluation.stats.estimates import Undefined

RNG = np.random.default_rng(7)
N = 240
CLUSTER = np.repeat(np.arange(60), 4)
Y = RNG.choice([-1, 0, 1], N, p=[0.1, 0.6, 0.3])
GROUP = RNG.integers(0, 2, N)


def without_one_cluster(statistic):
    """The delete-one-cluster jackknife's standard error of a function of a mask."""
    values = np.array([statistic(one != CLUSTER) for one in range(60)])
    return np.sqrt(59 / 60 * ((values - values.mean()) ** 2).sum())


def test_a_difference_of_means_is_that_of_the_groups():
    found = difference_of_means(Y, GROUP, clusters=CLUSTER)

    assert found.value == pytest.approx(Y[GROUP == 1].mean() - Y[GROUP == 0].mean())
    assert (found.clusters, found.items) == (60, N)


def test_its_standard_error_is_near_the_exact_jackknife():
    def statistic(kept):
        return Y[kept & (GROUP == 1)].mean() - Y[kept & (GROUP == 0)].mean()

    found = difference_of_means(Y, GROUP, clusters=CLUSTER)

    assert found.se == pytest.approx(without_one_cluster(statistic), rel=0.05)


def test_units_are_rows_written_once():
    once = difference_of_means(
        [1, 0, 0, 1], [1, 1, 0, 0], clusters=[1, 2, 1, 2], units=[3, 1, 2, 2]
    )
    long = difference_of_means(
        [1, 1, 1, 0, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0, 0, 0], clusters=[1, 1, 1, 2, 1, 1, 2, 2]
    )

    assert (once.value, once.se) == (pytest.approx(long.value), pytest.approx(long.se))


@pytest.mark.parametrize("group", [[1, 1], [0, 0]])
def test_without_a_second_group_there_is_no_difference(group):
    found = difference_of_means([1, 0], group, clusters=[1, 2])

    assert (found.value, found.reason) == (None, Undefined.NO_ITEMS)


def test_a_slope_is_that_of_least_squares():
    x = RNG.normal(8, 2, N)

    found = slope(Y, x, clusters=CLUSTER)

    def statistic(kept):
        return np.polyfit(x[kept], Y[kept], 1)[0]

    assert found.value == pytest.approx(np.polyfit(x, Y, 1)[0])
    assert found.se == pytest.approx(without_one_cluster(statistic), rel=0.07)


def test_without_different_lengths_there_is_no_slope():
    assert slope([1, 0, 1], [5, 5, 5], clusters=[1, 2, 3]).reason == Undefined.NO_VARIATION


def test_no_rows_have_no_slope_and_no_difference():
    assert slope([], [], clusters=[]).reason == Undefined.NO_ITEMS
    assert difference_of_means([], [], clusters=[]).reason == Undefined.NO_ITEMS


def test_a_p_value_is_two_sided():
    found = difference_of_means(Y, GROUP, clusters=CLUSTER)

    from scipy import stats

    expected = 2 * stats.t.sf(abs(found.value) / found.se, df=59)
    assert p_value(found) == pytest.approx(expected)


def test_without_a_standard_error_there_is_no_p_value():
    assert p_value(difference_of_means([1, 0], [1, 0], clusters=[1, 1])) is None


PEOPLE = RNG.integers(0, 3, N)
FIRST = np.where(RNG.random(N) < 0.8, PEOPLE, RNG.integers(0, 3, N))
SECOND = np.where(RNG.random(N) < 0.6, PEOPLE, RNG.integers(0, 3, N))


def kappa(people, judge):
    table = np.bincount(people * 3 + judge, minlength=9).reshape(3, 3) / people.size
    chance = table.sum(axis=1) @ table.sum(axis=0)
    return (np.trace(table) - chance) / (1 - chance)


def test_two_judges_differ_in_accuracy_and_kappa_by_hand():
    found = paired_judges(PEOPLE, FIRST, SECOND, n_options=3, clusters=CLUSTER)

    assert found.first.value == pytest.approx((FIRST == PEOPLE).mean())
    assert found.second.value == pytest.approx((SECOND == PEOPLE).mean())
    assert found.accuracy.value == pytest.approx(found.second.value - found.first.value)
    assert found.kappa.value == pytest.approx(kappa(PEOPLE, SECOND) - kappa(PEOPLE, FIRST))


def test_the_interval_of_two_judges_is_paired():
    found = paired_judges(PEOPLE, FIRST, SECOND, n_options=3, clusters=CLUSTER)

    def statistic(kept):
        return (SECOND[kept] == PEOPLE[kept]).mean() - (FIRST[kept] == PEOPLE[kept]).mean()

    assert found.accuracy.se == pytest.approx(without_one_cluster(statistic), rel=0.05)


def test_a_judge_does_not_differ_from_itself():
    found = paired_judges(PEOPLE, FIRST, FIRST, n_options=3, clusters=CLUSTER)

    assert (found.accuracy.value, found.accuracy.reason) == (0.0, Undefined.NO_SPREAD)


def test_two_judges_without_a_common_rating_are_not_compared():
    found = paired_judges([], [], [], n_options=2, clusters=[])

    assert found.accuracy.reason == Undefined.NO_ITEMS
    assert found.kappa.reason == Undefined.NO_ITEMS


def test_a_position_beyond_the_options_is_refused():
    with pytest.raises(ValueError, match="second"):
        paired_judges([0], [0], [2], n_options=2, clusters=[1])
