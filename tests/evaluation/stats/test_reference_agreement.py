"""The agreement coefficients against every published or independently computed case."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from evaluation.stats.agreement import (
    CountTable,
    Jackknife,
    Undefined,
    Weights,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    distance_alpha,
    fleiss_kappa,
    gwet_ac1,
    interval_alpha,
    masi_alpha,
    nominal_alpha,
    ordinal_alpha,
    percent_agreement,
    ratio_alpha,
)
from evaluation.stats.distances import agreement_weights, jaccard_distances
from evaluation.stats.gwet_variance import GwetCoefficient, gwet_conger_estimate, gwet_estimate
from tests.evaluation.stats.reference import counts_of, load, panel_of

approx = pytest.approx
PROJECT = Path(__file__).parents[3]


def table_of(ratings, values=None):
    return CountTable.from_counts(counts_of(ratings, values))


def test_alpha_binary_2observers():
    given, expected, tolerance = load("alpha_binary_2observers")
    table = table_of(given["ratings"])

    assert nominal_alpha(table).value == approx(expected["nominal"], abs=tolerance["abs"])
    assert percent_agreement(table).value == approx(
        expected["percent_agreement"], abs=tolerance["abs"]
    )
    assert nominal_alpha(table).value == approx(expected["published"], abs=0.0005)


def test_alpha_nominal_ben_gerry():
    given, expected, tolerance = load("alpha_nominal_ben_gerry")
    alpha = nominal_alpha(table_of(given["ratings"]))

    assert alpha.value == approx(expected["nominal"], abs=tolerance["abs"])
    assert alpha.value == approx(expected["published"], abs=0.0005)


def test_alpha_krippendorff2011_4x12():
    given, expected, tolerance = load("alpha_krippendorff2011_4x12")
    values = [1, 2, 3, 4, 5]
    table = table_of(given["ratings"], values)
    found = {
        "nominal": nominal_alpha(table),
        "ordinal": ordinal_alpha(table),
        "interval": interval_alpha(table, values),
        "ratio": ratio_alpha(table, values),
    }

    for metric, alpha in found.items():
        assert alpha.value == approx(expected[metric], abs=tolerance["abs"])
        assert alpha.value == approx(expected["published"][metric], abs=tolerance["published"])
    paired = table.ratings_each >= 2
    assert table.weights[paired] @ table.ratings_each[paired] == expected["pairable_values"]


def test_gwets_ordinal_weights_are_not_krippendorffs_ordinal_metric():
    """The figure .834 of the rules: what alpha is not."""
    given, _, _ = load("alpha_krippendorff2011_4x12")
    table = table_of(given["ratings"], [1, 2, 3, 4, 5])
    apart = 1 - agreement_weights(Weights.ORDINAL, 5)

    assert distance_alpha(table, apart).value == approx(0.834, abs=0.0005)


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_alpha_jackknife_se(metric):
    given, expected, tolerance = load("alpha_jackknife_se")
    table = table_of(given["ratings"])
    alpha = {"nominal": nominal_alpha, "ordinal": ordinal_alpha, "interval": interval_alpha}[metric]

    found = alpha(table, uncertainty=Jackknife())

    assert found.se == approx(expected["jackknife_se"][metric], abs=tolerance["abs"])
    assert found.items == expected["n_units"]


def test_fleiss1971_psychiatric_30x6x5():
    given, expected, tolerance = load("fleiss1971_psychiatric_30x6x5")
    table = CountTable.from_counts(given["counts"])
    near = tolerance["abs"]
    ac1 = gwet_estimate(table, GwetCoefficient.AC1)

    assert fleiss_kappa(table).value == approx(expected["fleiss_kappa"], abs=near)
    assert fleiss_kappa(table).value == approx(expected["published"], abs=0.0005)
    assert gwet_estimate(table, GwetCoefficient.FLEISS).se == approx(
        expected["fleiss_se_gwet"], abs=near
    )
    assert percent_agreement(table).value == approx(expected["percent_agreement"], abs=near)
    assert gwet_ac1(table).value == approx(expected["ac1"], abs=near)
    assert ac1.se == approx(expected["ac1_se"], abs=near)
    assert [ac1.low, ac1.high] == approx(expected["ac1_ci95"], abs=near)
    assert brennan_prediger(table).value == approx(expected["brennan_prediger"], abs=near)
    assert brennan_prediger(table).value == approx(expected["randolph"], abs=near)
    assert nominal_alpha(table).value == approx(expected["alpha"], abs=near)


@pytest.mark.parametrize(
    ("name", "coefficient", "compute"),
    [
        ("percent", GwetCoefficient.PERCENT, percent_agreement),
        ("ac1", GwetCoefficient.AC1, gwet_ac1),
        ("fleiss", GwetCoefficient.FLEISS, fleiss_kappa),
        ("bp", GwetCoefficient.BRENNAN_PREDIGER, brennan_prediger),
        ("alpha", GwetCoefficient.ALPHA, nominal_alpha),
    ],
)
def test_gwet_raw4raters_all_coefficients(name, coefficient, compute):
    given, expected, tolerance = load("gwet_raw4raters_all_coefficients")
    table = table_of(given["ratings"])
    published = gwet_estimate(table, coefficient)

    assert compute(table).value == approx(expected[name]["value"], abs=tolerance["abs"])
    assert published.value == compute(table).value
    assert published.se == approx(expected[name]["se"], abs=tolerance["abs"])


def test_gwet_raw4raters_all_coefficients_conger_and_intervals():
    given, expected, tolerance = load("gwet_raw4raters_all_coefficients")
    table, (panel, values) = table_of(given["ratings"]), panel_of(given["ratings"])
    conger = gwet_conger_estimate(panel, n_options=len(values))
    ac1 = gwet_estimate(table, GwetCoefficient.AC1)
    jackknife = nominal_alpha(table, uncertainty=Jackknife())

    assert conger_kappa(panel, n_options=len(values)).value == conger.value
    assert conger.value == approx(expected["conger"]["value"], abs=tolerance["abs"])
    assert conger.se == approx(expected["conger"]["se"], abs=tolerance["abs"])
    # The interval is printed with three digits.
    assert [ac1.low, ac1.high] == approx(expected["ac1_ci95"], abs=0.0005)
    assert jackknife.se == approx(expected["alpha_se_jackknife"], abs=tolerance["abs"])


@pytest.mark.parametrize(
    "name", ["two_rater_table_cont3x3abstractors", "two_rater_table_cont4x4diagnosis"]
)
def test_two_rater_table_cont3x3abstractors_and_cont4x4diagnosis(name):
    given, expected, tolerance = load(name)
    near = tolerance["abs"]
    table = CountTable.from_confusion(given["table"])
    cohen = cohen_kappa(given["table"])

    assert cohen.value == approx(expected["cohen"]["value"], abs=near)
    assert cohen.se == approx(expected["cohen"]["se_irrcac"], abs=near)
    assert cohen.se == approx(expected["cohen"]["se_statsmodels_ase"], abs=near)
    assert [cohen.low, cohen.high] == approx(expected["cohen"]["ci95_statsmodels"], abs=near)
    for weights in (Weights.LINEAR, Weights.QUADRATIC):
        weighted = cohen_kappa(given["table"], weights)
        assert weighted.value == approx(expected[f"cohen_{weights}"], abs=near)
    assert percent_agreement(table).value == approx(expected["percent"], abs=near)
    assert fleiss_kappa(table).value == approx(expected["scott"], abs=near)
    assert gwet_ac1(table).value == approx(expected["ac1"]["value"], abs=near)
    # The published program for tables divides by n, the one for raw ratings by n - 1.
    n = np.sum(given["table"])
    by_n = gwet_estimate(table, GwetCoefficient.AC1).se * np.sqrt((n - 1) / n)
    assert by_n == approx(expected["ac1"]["se"], abs=near)
    assert brennan_prediger(table).value == approx(expected["bp"], abs=near)
    assert nominal_alpha(table).value == approx(expected["alpha"], abs=near)


@pytest.mark.parametrize("case", ["balanced", "skewed"])
def test_prevalence_paradox_2x2(case):
    given, expected, tolerance = load("prevalence_paradox_2x2")
    confusion = given[case]["table"]
    table = CountTable.from_confusion(confusion)
    found = {
        "percent": percent_agreement(table),
        "cohen": cohen_kappa(confusion),
        "ac1": gwet_ac1(table),
        "alpha": nominal_alpha(table),
        "pabak": brennan_prediger(table),
    }

    for name, estimate in found.items():
        assert estimate.value == approx(expected[case][name], abs=tolerance["abs"])


@pytest.mark.parametrize(
    ("ratings", "outcome"),
    [("without_singles", "without"), ("with_three_single_rated_units", "with_singles")],
)
def test_single_rating_units_semantics(ratings, outcome):
    given, expected, tolerance = load("single_rating_units_semantics")
    table = table_of(given[ratings])
    found = {
        "alpha": nominal_alpha(table),
        "ac1": gwet_ac1(table),
        "fleiss": fleiss_kappa(table),
    }

    for name, estimate in found.items():
        assert estimate.value == approx(expected[outcome][name], abs=tolerance["abs"])
        assert estimate.pairable_items == 6


def test_degenerate_inputs_one_category_used():
    given, expected, _ = load("degenerate_inputs")
    wanted = expected["one_category_used"]
    table = table_of(given["cases"]["one_category_used"], values=[1, 2])

    assert percent_agreement(table).value == wanted["percent"]
    assert gwet_ac1(table).value == wanted["ac1"]
    for undefined in (nominal_alpha(table), fleiss_kappa(table)):
        assert (undefined.value, undefined.reason) == (None, Undefined.NO_VARIATION)
    assert wanted["alpha"] is None
    assert wanted["fleiss"] is None


def test_degenerate_inputs_all_units_single_rated():
    given, expected, _ = load("degenerate_inputs")
    table = table_of(given["cases"]["all_units_single_rated"])
    wanted = expected["all_units_single_rated"]

    for name, compute in [
        ("percent", percent_agreement),
        ("alpha", nominal_alpha),
        ("ac1", gwet_ac1),
    ]:
        found = compute(table)
        assert (found.value, found.reason) == (wanted[name], Undefined.NO_PAIRS)


def test_degenerate_inputs_empty():
    given, expected, _ = load("degenerate_inputs")
    alpha = nominal_alpha(CountTable.from_counts(np.zeros((len(given["cases"]["empty"]), 2), int)))

    assert (alpha.value, alpha.reason) == (expected["empty"]["alpha"], Undefined.NO_ITEMS)


def test_multilabel_masi_alpha():
    given, expected, tolerance = load("multilabel_masi_alpha")
    near = tolerance["abs"]
    sets = sorted({tuple(sorted(chosen)) for _, _, chosen in given["triples"]})
    units = sorted({unit for _, unit, _ in given["triples"]})
    counts = np.zeros((len(units), len(sets)), dtype=np.int64)
    for _, unit, chosen in given["triples"]:
        counts[units.index(unit), sets.index(tuple(sorted(chosen)))] += 1
    table, choices = CountTable.from_counts(counts), [frozenset(chosen) for chosen in sets]

    assert masi_alpha(table, choices).value == approx(expected["masi_nltk"], abs=near)
    assert masi_alpha(table, choices).value == approx(expected["masi_exact_thirds"], abs=near)
    assert distance_alpha(table, jaccard_distances(choices)).value == approx(
        expected["jaccard"], abs=near
    )
    assert nominal_alpha(table).value == approx(expected["exact_set_match"], abs=near)


def test_three_judges_with_these_pairwise_agreements_have_fleiss_0_422():
    """From marginals 48.1, 35.5, 36.5 % and pairs 67.52, 72.39, 76.84 % alone.

    Two raters agree with share a and flag p and q: both flag (p + q - (1 - a)) / 2. With three
    raters the share of items that 0, 1, 2, 3 flag still has a freedom (all three flag: t), but
    Fleiss' kappa depends only on pairs: p_a = mean of the pairwise agreements = .722500, mean
    prevalence .400333, p_e = .400333^2 + .599667^2 = .519867; (.7225 - .519867) / .480133 = .4220.
    """
    flags, agree = [0.481, 0.355, 0.365], {(0, 1): 0.6752, (0, 2): 0.7239, (1, 2): 0.7684}
    n = 100_000
    both = {pair: (flags[pair[0]] + flags[pair[1]] - 1 + a) / 2 for pair, a in agree.items()}
    every = 0.18
    cells = np.zeros((2, 2, 2))
    cells[1, 1, 1] = every
    for pair, share in both.items():
        third = ({0, 1, 2} - set(pair)).pop()
        cells[tuple(0 if rater == third else 1 for rater in range(3))] = share - every
    for rater in range(3):
        alone = flags[rater] - sum(share for pair, share in both.items() if rater in pair) + every
        cells[tuple(int(other == rater) for other in range(3))] = alone
    cells[0, 0, 0] = 1 - cells.sum()
    assert (cells >= 0).all()
    rows = list(itertools.product((0, 1), repeat=3))
    patterns = np.array([[3 - sum(row), sum(row)] for row in rows])
    units = np.round([cells[row] * n for row in rows]).astype(np.int64)

    kappa = fleiss_kappa(CountTable.from_groups(patterns, np.arange(8), units, raters=3))

    assert kappa.value == approx(0.422, abs=0.0005)
