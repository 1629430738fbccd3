"""Making a judge's probabilities mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.stats.calibration import (
    Forecasts,
    log_loss,
)
from evaluation.stats.estimates import Undefined
from evaluation.stats.recalibration import (
    Staircase,
    cross_fitted,
    isotonic,
    logistic_recalibration,
    logit,
    platt,
    temperature,
    venn_abers,
)
from tests.evaluation.stats.reference import load

approx = pytest.approx
rows = st.lists(
    st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.integers(0, 1), st.integers(0, 4)),
    min_size=1,
    max_size=30,
)
FITS = [platt, logistic_recalibration, temperature, isotonic]
NONE = Forecasts.from_arrays([], [])


def case():
    given_data, expected, tolerance = load("calibration_60")
    return Forecasts.from_arrays(given_data["p"], given_data["y"]), expected, tolerance


def forecasts_of(rows):
    p, y, clusters = zip(*rows, strict=True)
    return Forecasts.from_arrays(p, y, clusters)


def test_calibration_60_maps():
    forecasts, expected, tolerance = case()
    line, sigmoid = logistic_recalibration(forecasts).map, platt(forecasts).map
    warm, stairs = temperature(forecasts).map, isotonic(forecasts).map
    nll = log_loss(Forecasts.from_arrays(warm.apply(forecasts.p), forecasts.y)).value
    wanted = expected["logistic_recalibration"]

    assert [line.intercept, line.slope] == approx(
        [wanted["intercept"], wanted["slope"]], abs=tolerance["abs"]
    )
    assert [-sigmoid.slope, -sigmoid.intercept] == approx(
        [expected["platt_on_logit"]["a"], expected["platt_on_logit"]["b"]], abs=tolerance["platt"]
    )
    assert 1 / warm.slope == approx(expected["temperature"]["T"], abs=tolerance["temperature"])
    assert nll == approx(expected["temperature"]["nll"], abs=tolerance["abs"])
    assert stairs.x == approx(expected["isotonic"]["x"], abs=tolerance["abs"])
    assert stairs.y == approx(expected["isotonic"]["y"], abs=tolerance["abs"])


def test_calibration_60_venn_abers():
    forecasts, expected, tolerance = case()
    wanted = expected["venn_abers"]
    found = venn_abers(forecasts, wanted["p_test"])

    assert found.p == approx(wanted["p"], abs=tolerance["abs"])
    assert found.low == approx(wanted["p0"], abs=tolerance["abs"])
    assert found.high == approx(wanted["p1"], abs=tolerance["abs"])


def test_pooling_violators_by_hand():
    # .2 is so, .4 not: pooled to 1/2; .9 is so.
    found = isotonic(Forecasts.from_arrays([0.2, 0.4, 0.9], [1, 0, 1])).map

    assert found == Staircase((0.2, 0.4, 0.9), (0.5, 0.5, 1.0))
    assert found.apply([0.0, 0.3, 0.65, 1.0]) == approx([0.5, 0.5, 0.75, 1.0])


def test_an_item_is_calibrated_by_other_queries_only():
    # Query 9 alone says the opposite; its map must come from the others.
    p, y = [0.1, 0.9] * 6 + [0.1, 0.9], [0, 1] * 6 + [1, 0]
    clusters = np.repeat(np.arange(7), 2)
    forecasts = Forecasts.from_arrays(p, y, clusters)
    found = cross_fitted(forecasts, isotonic, folds=7, seed=4)

    assert found.fitted.all()
    assert found.p[-2:].tolist() == [0.0, 1.0]
    assert (found.fold[::2] == found.fold[1::2]).all()


def test_the_same_seed_deals_the_same_folds():
    forecasts, *_ = case()
    first, again, other = (cross_fitted(forecasts, platt, seed=seed) for seed in (1, 1, 2))

    assert (first.p == again.p).all()
    assert (first.fold != other.fold).any()


def test_a_fold_without_a_map_keeps_its_probabilities():
    forecasts = Forecasts.from_arrays([0.2, 0.7], [0, 1])
    found = cross_fitted(forecasts, platt, folds=2, seed=1)

    assert not found.fitted.any()
    assert found.p.tolist() == [0.2, 0.7]


def test_a_first_step_too_far_is_halved():
    # Newton's first step overshoots here; found by search.
    p = np.repeat([0.5001, 1.0, 0.3, 0.3, 0.4999, 0.4999], [50, 500, 1, 2, 1, 500])
    y = np.repeat([1, 1, 0, 1, 0, 1], [50, 500, 1, 2, 1, 500])
    forecasts = Forecasts.from_arrays(p, y)
    found = logistic_recalibration(forecasts).map
    rest = found.apply(p) - y

    # At the maximum the rest is orthogonal to the design.
    assert [rest.sum(), rest @ logit(p)] == approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("fit", FITS)
def test_without_a_forecast_there_is_no_map(fit):
    assert (fit(NONE).map, fit(NONE).reason) == (None, Undefined.NO_ITEMS)


@pytest.mark.parametrize("fit", [platt, logistic_recalibration, temperature])
@pytest.mark.parametrize("y", [[0, 0], [1, 1]])
def test_one_outcome_gives_no_line(fit, y):
    assert fit(Forecasts.from_arrays([0.2, 0.7], y)).reason is Undefined.NO_VARIATION


@pytest.mark.parametrize("fit", [logistic_recalibration, temperature])
@pytest.mark.parametrize("p", [[0.2, 0.3, 0.7, 0.8], [0.4998, 0.4999, 0.5001, 0.5002]])
def test_a_judge_that_is_never_wrong_has_no_finite_slope(fit, p):
    found = fit(Forecasts.from_arrays(p, [0, 0, 1, 1]))

    assert (found.map, found.reason) == (None, Undefined.NOT_CONVERGED)


def test_a_judge_that_says_the_opposite_has_no_temperature():
    found = temperature(Forecasts.from_arrays([0.2, 0.8], [1, 0]))

    assert found.reason is Undefined.NOT_CONVERGED


@given(rows)
@settings(max_examples=40)
def test_the_isotonic_map_never_falls_and_keeps_the_mean(rows):
    forecasts = forecasts_of(rows)
    found = isotonic(forecasts).map

    assert (np.diff(found.y) >= 0).all()
    assert found.apply(forecasts.p).mean() == approx(forecasts.y.mean())


@given(rows)
@settings(max_examples=60)
def test_recalibrating_never_worsens_the_log_loss_it_was_fitted_on(rows):
    forecasts = forecasts_of(rows)
    before = log_loss(Forecasts.from_arrays(np.clip(forecasts.p, 1e-6, 1 - 1e-6), forecasts.y))
    for fit in (logistic_recalibration, temperature):
        found = fit(forecasts).map
        if found is not None:
            after = log_loss(Forecasts.from_arrays(found.apply(forecasts.p), forecasts.y))
            assert after.value <= before.value + 1e-9


@pytest.mark.parametrize(
    "refused",
    [
        lambda: cross_fitted(NONE, platt, folds=1, seed=0),
        lambda: venn_abers(NONE, [0.5]),
        lambda: Staircase((0.0, 1.0), (0.0, 1.0)).apply([2]),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()
