"""Gwet's published standard errors: what the reference cases do not reach."""

import pytest
from scipy import stats

from evaluation.stats.agreement import CountTable, Undefined
from evaluation.stats.gwet_variance import GwetCoefficient, gwet_conger_estimate, gwet_estimate

approx = pytest.approx


@pytest.mark.parametrize("coefficient", GwetCoefficient)
def test_undefined_stays_undefined(coefficient):
    found = gwet_estimate(CountTable.from_counts([[1, 0], [0, 1]]), coefficient)

    assert (found.value, found.reason) == (None, Undefined.NO_PAIRS)


def test_one_item_and_no_spread_have_a_value_only():
    one = gwet_estimate(CountTable.from_counts([[2, 1]]), GwetCoefficient.AC1)
    same = gwet_estimate(CountTable.from_counts([[2, 0], [3, 0]]), GwetCoefficient.PERCENT)

    assert (one.se, one.reason) == (None, Undefined.ONE_CLUSTER)
    assert (same.value, same.se, same.reason) == (1.0, None, Undefined.NO_SPREAD)


def test_conger_undefined_stays_undefined():
    found = gwet_conger_estimate([[0, -1], [-1, 1]], n_options=2)

    assert (found.value, found.reason) == (None, Undefined.NO_PAIRS)


def test_the_percentage_has_the_error_of_a_mean():
    # Items with agreement 1, 0, 1/3: the plain standard error of their mean.
    found = gwet_estimate(CountTable.from_counts([[3, 0], [1, 1], [2, 1]]), GwetCoefficient.PERCENT)

    assert found.se == approx(stats.sem([1, 0, 1 / 3]))
    assert found.clusters == 3
