"""A rate corrected for the judge's errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import cluster_proportion, proportion
from evaluation.stats.misclassification import (
    CalibrationLabels,
    effective_size,
    homogeneity,
    label_allocation,
    rogan_gladen,
    youden_low,
)
from tests.evaluation.stats.reference import load

approx = pytest.approx


def test_rogan_gladen_lee2025():
    _, expected, tolerance = load("rogan_gladen_lee2025")
    near = tolerance["abs"]
    for row in expected["rows"]:
        labels = CalibrationLabels(row["specificity"], row["sensitivity"], row["m0"], row["m1"])
        found = rogan_gladen(row["p"], row["n"], labels)
        youden = row["specificity"] + row["sensitivity"] - 1

        assert found.value == approx(row["theta"], abs=near)
        assert [found.low, found.high] == approx(row["ci95_lee"], abs=near)
        assert found.se == approx(row["delta_method_se_unadjusted"], abs=near)
        uncut = (row["p"] + row["specificity"] - 1) / youden
        assert uncut == approx(row["theta_unclipped"], abs=near)
        assert found.value == approx(min(max(uncut, 0), 1), abs=near)


def test_rogan_gladen_lee2025_allocation():
    _, expected, _ = load("rogan_gladen_lee2025")
    for row in expected["allocation"]:
        pilot = CalibrationLabels(row["q0"], row["q1"], row["m_pilot"], row["m_pilot"])

        found = label_allocation(row["m"], positive_share=row["p"], pilot=pilot)

        assert list(found) == row["m0_m1"]


def test_by_hand():
    # p = .4, specificity .7, sensitivity .9: (.4 - .3)/.6 = 1/6.
    found = rogan_gladen(0.4, 1_000, CalibrationLabels(0.7, 0.9, 200, 200))

    assert found.value == approx(1 / 6)
    assert (found.items, found.ratings) == (1_000, 400)


def test_a_judge_no_better_than_chance_is_refused():
    guessing = CalibrationLabels(0.55, 0.5, 40, 40)
    found = rogan_gladen(0.4, 1_000, guessing)

    assert youden_low(guessing) < 0
    assert (found.value, found.low, found.reason) == (None, None, Undefined.NOT_INFORMATIVE)


def test_more_labels_make_the_same_judge_usable():
    assert youden_low(CalibrationLabels(0.6, 0.6, 2_000, 2_000)) > 0


def test_the_effective_size_gives_back_the_clustered_error():
    share = cluster_proportion([1, 3, 2], [2, 4, 4])
    size = effective_size(share)

    assert np.sqrt(0.6 * 0.4 / size) == approx(max(share.se, np.sqrt(0.6 * 0.4 / 10)))


def test_the_effective_size_of_independent_units_is_their_number():
    assert effective_size(proportion(3, 10)) == approx(10)
    assert effective_size(proportion(0, 10)) == 10.0
    assert effective_size(proportion(0, 0)) is None


def test_slices_with_different_rates_are_not_pooled():
    found = homogeneity([90, 60], [100, 100])

    assert found.statistic == approx(24.0)
    assert (found.df, found.poolable) == (1, False)


@pytest.mark.parametrize(("hits", "totals"), [([3], [4]), ([0, 0], [5, 5]), ([2, 0], [4, 0])])
def test_without_variation_or_a_second_slice_pooling_is_allowed(hits, totals):
    found = homogeneity(hits, totals)

    assert (found.statistic, found.p, found.poolable) == (None, 1.0, True)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: CalibrationLabels(1.1, 0.5, 1, 1),
        lambda: CalibrationLabels(0.5, 0.5, 0, 1),
        lambda: rogan_gladen(1.5, 10, CalibrationLabels(0.9, 0.9, 9, 9)),
        lambda: rogan_gladen(0.5, 0, CalibrationLabels(0.9, 0.9, 9, 9)),
        lambda: rogan_gladen(0.5, 9, CalibrationLabels(0.9, 0.9, 9, 9), confidence=1),
        lambda: label_allocation(-1, positive_share=0.5, pilot=CalibrationLabels(0.9, 0.9, 9, 9)),
        lambda: label_allocation(9, positive_share=0, pilot=CalibrationLabels(0.9, 0.9, 9, 9)),
        lambda: homogeneity([2], [1]),
        lambda: homogeneity([1], [1, 2]),
        lambda: homogeneity([1], [1], level=0),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=6),
)
def test_homogeneity_is_pearsons_test(rows):
    """Oracle: scipy's test of the table of hits and misses."""
    table = np.array(rows)
    hits, misses = table.T
    found = homogeneity(hits, hits + misses)
    if found.statistic is None:
        return
    wanted = stats.chi2_contingency(table, correction=False)

    assert (found.statistic, found.p) == (approx(wanted.statistic), approx(wanted.pvalue))


@given(st.floats(0, 1), st.floats(0.7, 1), st.floats(0.7, 1))
def test_correcting_what_the_errors_did_gives_the_rate_back(rate, specificity, sensitivity):
    seen = rate * sensitivity + (1 - rate) * (1 - specificity)
    labels = CalibrationLabels(specificity, sensitivity, 5_000, 5_000)

    assert rogan_gladen(seen, 10_000, labels).value == approx(rate, abs=1e-9)


@given(st.floats(0, 1), st.floats(0.6, 1), st.floats(0.6, 1))
def test_swapping_the_two_options_mirrors_the_rate(share, specificity, sensitivity):
    found = rogan_gladen(share, 500, CalibrationLabels(specificity, sensitivity, 300, 200))
    mirror = rogan_gladen(1 - share, 500, CalibrationLabels(sensitivity, specificity, 200, 300))
    if found.value is None:
        assert mirror.value is None
        return

    assert found.value == approx(1 - mirror.value, abs=1e-9)
    assert (found.low, found.high) == (
        approx(1 - mirror.high, abs=1e-9),
        approx(1 - mirror.low, abs=1e-9),
    )
