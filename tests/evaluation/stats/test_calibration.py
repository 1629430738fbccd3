"""Whether a judge's probabilities mean what they say, and making them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evaluation.stats.agreement import Bootstrap, Jackknife
from evaluation.stats.calibration import (
    Binning,
    Forecasts,
    area_under_curve,
    average_precision,
    brier_score,
    expected_calibration_error,
    log_loss,
    murphy_parts,
    reliability_curve,
)
from evaluation.stats.estimates import Undefined
from evaluation.stats.recalibration import (
    logit,
)
from evaluation.stats.smooth_calibration import smooth_calibration_error
from tests.evaluation.stats.reference import load

approx = pytest.approx
rows = st.lists(
    st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.integers(0, 1), st.integers(0, 4)),
    min_size=1,
    max_size=30,
)
NONE = Forecasts.from_arrays([], [])


def case():
    given_data, expected, tolerance = load("calibration_60")
    return Forecasts.from_arrays(given_data["p"], given_data["y"]), expected, tolerance


def forecasts_of(rows):
    p, y, clusters = zip(*rows, strict=True)
    return Forecasts.from_arrays(p, y, clusters)


# Reference


def test_calibration_60_scores():
    forecasts, expected, tolerance = case()
    near = tolerance["abs"]

    assert brier_score(forecasts).value == approx(expected["brier"], abs=near)
    assert log_loss(forecasts).value == approx(expected["log_loss"], abs=near)
    assert area_under_curve(forecasts).value == approx(expected["auc"], abs=near)
    assert average_precision(forecasts) == approx(expected["average_precision"], abs=near)


@pytest.mark.parametrize(
    ("binning", "name"),
    [(Binning.EQUAL_WIDTH, "ece_equal_width_10"), (Binning.EQUAL_MASS, "ece_equal_mass_10")],
)
def test_calibration_60_expected_calibration_error(binning, name):
    forecasts, expected, tolerance = case()
    found = expected_calibration_error(forecasts, binning=binning)

    assert found.value == approx(expected[name], abs=tolerance["abs"])
    assert found.name == f"ECE (10 bins of {binning})"


def test_calibration_60_reliability_curve():
    forecasts, expected, tolerance = case()
    curve, wanted = reliability_curve(forecasts), expected["reliability_curve"]

    assert [point.share_positive for point in curve] == approx(
        wanted["frac_pos"], abs=tolerance["abs"]
    )
    assert [point.mean_probability for point in curve] == approx(
        wanted["mean_pred"], abs=tolerance["abs"]
    )


def test_calibration_60_murphy():
    given_data, expected, tolerance = load("calibration_60")
    parts = murphy_parts(Forecasts.from_arrays(np.round(given_data["p"], 1), given_data["y"]))

    for name, wanted in expected["murphy_on_p_rounded_1_decimal"].items():
        assert getattr(parts, name) == approx(wanted, abs=tolerance["abs"])


def test_calibration_60_smooth_calibration_error():
    forecasts, expected, tolerance = case()

    assert smooth_calibration_error(forecasts) == approx(expected["smECE"], abs=tolerance["smECE"])


def test_calibration_60_matthews_correlation_at_one_half():
    forecasts, expected, tolerance = case()

    found = np.corrcoef(forecasts.p >= 0.5, forecasts.y)[0, 1]

    assert found == approx(expected["at_0_5"]["mcc"], abs=tolerance["abs"])


# By hand


def test_scores_by_hand():
    # Said .8 and so; said .4 and not so. Brier (.04 + .16)/2; log loss -(log .8 + log .6)/2.
    forecasts = Forecasts.from_arrays([0.8, 0.4], [1, 0])

    assert brier_score(forecasts).value == approx(0.1)
    assert log_loss(forecasts).value == approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert area_under_curve(forecasts).value == 1.0
    # Bins (.3, .4] and (.7, .8]: |.4 - 0|/2 + |.8 - 1|/2.
    assert expected_calibration_error(forecasts).value == approx(0.3)


def test_a_tie_counts_half_in_the_area():
    assert area_under_curve(Forecasts.from_arrays([0.5, 0.5, 0.9], [1, 0, 1])).value == 0.75


def test_a_certain_and_wrong_judge_costs_much_but_not_infinitely_much():
    found = log_loss(Forecasts.from_arrays([1.0, 0.0], [0, 1])).value

    assert found == approx(-np.log(np.finfo(float).eps))
    assert logit(np.array([0.0, 1.0])) == approx([-13.8155, 13.8155], abs=1e-4)


def test_calibrated_probabilities_have_a_small_smooth_error():
    rng = np.random.default_rng(3)
    p = rng.random(20_000)
    honest = Forecasts.from_arrays(p, rng.random(20_000) < p)
    boasting = Forecasts.from_arrays(np.clip(1.4 * p - 0.2, 0, 1), honest.y)

    assert smooth_calibration_error(honest) < 0.02
    assert smooth_calibration_error(boasting) > 0.04


# Undefined


@pytest.mark.parametrize(
    "score", [brier_score, log_loss, area_under_curve, expected_calibration_error]
)
def test_without_a_forecast_there_is_no_score(score):
    assert (score(NONE).value, score(NONE).reason) == (None, Undefined.NO_ITEMS)


def test_without_a_forecast_there_is_nothing():
    assert murphy_parts(NONE) is None
    assert average_precision(NONE) is None
    assert smooth_calibration_error(NONE) is None
    assert reliability_curve(NONE) == ()


def test_one_outcome_has_no_area():
    assert area_under_curve(Forecasts.from_arrays([0.2], [1])).reason is Undefined.NO_VARIATION


def test_one_query_and_no_spread_have_a_value_only():
    one = Forecasts.from_arrays([0.2, 0.7], [0, 1], [3, 3])
    sure = Forecasts.from_arrays([0.2, 0.7, 0.1, 0.9], [0, 1, 0, 1])

    assert area_under_curve(one).reason is Undefined.ONE_CLUSTER
    assert area_under_curve(sure).reason is Undefined.NO_SPREAD
    assert expected_calibration_error(one).reason is Undefined.ONE_CLUSTER


# Refusals


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Forecasts.from_arrays([1.2], [1]),
        lambda: Forecasts.from_arrays([0.2], [2]),
        lambda: Forecasts.from_arrays([0.2], [1, 0]),
        lambda: Forecasts.from_arrays([0.2], [1], [1, 2]),
        lambda: expected_calibration_error(NONE, bins=0),
        lambda: reliability_curve(NONE, bins=0),
        lambda: expected_calibration_error(NONE, confidence=2),
        lambda: area_under_curve(NONE, confidence=2),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


# Properties and oracles


@given(rows)
def test_murphys_parts_add_up_to_the_brier_score(rows):
    forecasts = forecasts_of(rows)
    parts = murphy_parts(forecasts)

    assert parts.reliability - parts.resolution + parts.uncertainty == approx(parts.brier)
    assert parts.brier == approx(brier_score(forecasts).value)


@given(rows)
def test_the_area_is_the_share_of_pairs_in_order(rows):
    """Oracle: every positive against every negative."""
    positives = [p for p, y, _ in rows if y]
    negatives = [p for p, y, _ in rows if not y]
    assume(positives and negatives)
    wanted = np.mean([(a > b) + (a == b) / 2 for a in positives for b in negatives])

    assert area_under_curve(forecasts_of(rows)).value == approx(wanted)


@given(rows)
def test_the_area_of_the_opposite_is_the_rest(rows):
    found = area_under_curve(forecasts_of(rows))
    turned = area_under_curve(forecasts_of([(1 - p, y, c) for p, y, c in rows]))
    assume(found.value is not None)

    assert turned.value == approx(1 - found.value)
    assert turned.se == approx(found.se)


@given(rows, st.sampled_from(list(Binning)), st.integers(1, 12))
def test_the_calibration_error_is_that_of_its_curve(rows, binning, bins):
    forecasts = forecasts_of(rows)
    curve = reliability_curve(forecasts, binning=binning, bins=bins)
    found = expected_calibration_error(forecasts, binning=binning, bins=bins)
    wanted = sum(b.n * abs(b.mean_probability - b.share_positive) for b in curve) / len(rows)

    assert found.value == approx(wanted)
    assert sum(b.n for b in curve) == len(rows)


def test_intervals_of_scores_are_clustered():
    forecasts, *_ = case()
    grouped = Forecasts.from_arrays(forecasts.p, forecasts.y, np.arange(60) // 6)

    for score in (brier_score, log_loss, area_under_curve, expected_calibration_error):
        found = score(grouped)
        assert (found.clusters, found.items) == (10, 60)
        assert found.low < found.value < found.high


def test_the_error_of_the_area_agrees_with_the_jackknife():
    """Oracle: compute again without each query."""
    rng = np.random.default_rng(2)
    y = rng.random(300) < 0.4
    p = np.clip(0.4 + 0.3 * (y - 0.4) + rng.normal(0, 0.2, 300), 0, 1)
    clusters = np.arange(300) // 5
    found = area_under_curve(Forecasts.from_arrays(p, y, clusters))
    left = [
        area_under_curve(Forecasts.from_arrays(p[clusters != c], y[clusters != c])).value
        for c in range(60)
    ]

    assert found.se == approx(np.sqrt(59 * np.var(left)), rel=0.03)


def test_the_error_of_ece_is_of_one_size_by_every_method():
    rng = np.random.default_rng(6)
    p = rng.random(2_000)
    forecasts = Forecasts.from_arrays(p, rng.random(2_000) < p**2, np.arange(2_000) // 4)
    sandwich, exact, drawn = (
        expected_calibration_error(forecasts, **how).se
        for how in (
            {},
            {"uncertainty": Jackknife()},
            {"uncertainty": Bootstrap(seed=1, replicates=500)},
        )
    )

    assert exact == approx(sandwich, rel=0.02)
    assert drawn == approx(sandwich, rel=0.15)
