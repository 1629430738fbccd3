"""Intervals of agreement against the computed cases: jackknife, bootstrap, clusters."""

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from evaluation.stats.agreement import (
    Bootstrap,
    CountTable,
    Jackknife,
    fleiss_kappa,
    gwet_ac1,
    nominal_alpha,
    percent_agreement,
)
from evaluation.stats.gwet_variance import GwetCoefficient, gwet_estimate
from evaluation.stats.resampling import Sample, bootstrap_values
from tests.evaluation.stats.reference import load

approx = pytest.approx
PROJECT = Path(__file__).parents[3]


def dices_counts():
    """350 replies judged by 123 people each: is the reply safe?"""
    folder = Path(os.environ.get("TOUCHSTONE_DATA", PROJECT / ".." / "shared" / "data"))
    path = folder / "dices350_judgments.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here; set TOUCHSTONE_DATA to the folder that holds it.")
    options = ["No", "Yes", "Unsure"]
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    votes = Counter((row["response_id"], row["answer"]) for row in rows)
    replies = sorted({reply for reply, _ in votes})
    return np.array([[votes[reply, option] for option in options] for reply in replies])


def test_bootstrap_alpha_dices350():
    _, expected, tolerance = load("bootstrap_alpha_dices350")
    table = CountTable.from_counts(dices_counts())
    exact = nominal_alpha(table, uncertainty=Jackknife())
    drawn = nominal_alpha(table, uncertainty=Bootstrap(seed=7, replicates=20_000))
    near = tolerance["jackknife"]

    assert exact.value == approx(expected["alpha"], abs=near)
    assert exact.se == approx(expected["jackknife_se"], abs=near)
    assert gwet_ac1(table).value == approx(expected["ac1"], abs=near)
    assert gwet_estimate(table, GwetCoefficient.AC1).se == approx(expected["ac1_se"], abs=near)
    assert percent_agreement(table).value == approx(expected["percent"], abs=near)
    assert (exact.items, len(table.patterns)) == (expected["units"], expected["patterns"])
    assert drawn.se == approx(expected["bootstrap_se"], rel=tolerance["bootstrap_se_rel"])
    assert [drawn.low, drawn.high] == approx(
        expected["bootstrap_ci95"], abs=tolerance["bootstrap_ci_abs"]
    )


def pattern_recipe(seed=20250101, units=10_000):
    """The recipe of the case: 5 raters, 4 options, a tenth missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, units)
    right = rng.random((units, 5)) < 0.73
    ratings = np.where(right, truth[:, None], rng.integers(0, 4, (units, 5)))
    given = rng.random((units, 5)) >= 0.1
    return ((ratings[:, :, None] == np.arange(4)) & given[:, :, None]).sum(axis=1)


@pytest.mark.parametrize("compute", [nominal_alpha, gwet_ac1, fleiss_kappa])
def test_bootstrap_pattern_equivalence_naive_and_pattern_draws_agree(compute):
    """Draw items again one by one, and as patterns: the same distribution."""
    _, expected, tolerance = load("bootstrap_pattern_equivalence")
    counts = pattern_recipe()
    table = CountTable.from_counts(counts)
    rng = np.random.default_rng(3)
    naive = np.array(
        [
            compute(CountTable.from_counts(counts[rng.integers(0, len(counts), len(counts))])).value
            for _ in range(600)
        ]
    )
    drawn = compute(table, uncertainty=Bootstrap(seed=5, replicates=3_000))

    # Two estimates of one standard error from 600 and 3,000 draws differ by 3 % (one sigma).
    assert drawn.se == approx(naive.std(ddof=1), rel=2 * tolerance["se_rel"])
    assert drawn.se == approx(compute(table, uncertainty=Jackknife()).se, rel=tolerance["se_rel"])
    assert expected["units"] == len(counts)
    assert len(table.patterns) == approx(expected["patterns"], abs=2)


def test_bootstrap_pattern_equivalence_same_distribution():
    _, _, tolerance = load("bootstrap_pattern_equivalence")
    counts = pattern_recipe(units=2_000)
    rng = np.random.default_rng(11)
    naive = [
        percent_agreement(
            CountTable.from_counts(counts[rng.integers(0, len(counts), len(counts))])
        ).value
        for _ in range(800)
    ]
    table = CountTable.from_counts(counts)
    paired = counts.sum(axis=1) >= 2
    share = (counts * (counts - 1)).sum(axis=1) / np.maximum(
        counts.sum(axis=1) * (counts.sum(axis=1) - 1), 1
    )
    by_item = CountTable.from_counts(counts).groups
    sample = Sample(
        np.column_stack([paired, share]),
        type(by_item)(np.arange(len(counts)), np.ones(len(counts), dtype=np.int64)),
        lambda totals: totals[:, 1] / totals[:, 0],
        len(counts),
    )
    drawn = bootstrap_values(sample, Bootstrap(seed=13, replicates=2_000))

    assert stats.ks_2samp(naive, drawn).pvalue > tolerance["ks_p_min"]
    assert percent_agreement(table).value == approx(sample.value())


def test_bootstrap_pattern_equivalence_same_resample_gives_the_same_value():
    """Repeating items and weighting their patterns are one and the same."""
    counts = pattern_recipe(units=500)
    again = np.random.default_rng(2).integers(0, 500, 500)
    patterns, position = np.unique(counts, axis=0, return_inverse=True)
    units = np.bincount(position[again], minlength=len(patterns))

    repeated = nominal_alpha(CountTable.from_counts(counts[again]))
    weighted = nominal_alpha(CountTable.from_groups(patterns, np.arange(len(patterns)), units))

    assert weighted.value == approx(repeated.value, abs=1e-12)
    assert weighted.se == approx(repeated.se, abs=1e-12)


def test_bootstrap_pattern_equivalence_replies_of_one_query_go_together():
    """Clustered errors are larger than item-level ones by the factor that the case reports."""
    _, expected, tolerance = load("bootstrap_pattern_equivalence")
    rng = np.random.default_rng(4)
    queries, each = expected["cluster"]["queries"], expected["cluster"]["responses_per_query"]
    hard = np.repeat(rng.choice([0.45, 0.95], queries), each)
    truth = np.repeat(rng.integers(0, 4, queries), each)
    right = rng.random((queries * each, 3)) < hard[:, None]
    ratings = np.where(right, truth[:, None], rng.integers(0, 4, (queries * each, 3)))
    counts = (ratings[:, :, None] == np.arange(4)).sum(axis=1)
    table = CountTable.from_counts(counts, np.repeat(np.arange(queries), each))

    sandwich = nominal_alpha(table)
    drawn = nominal_alpha(table, uncertainty=Bootstrap(seed=1, replicates=2_000))
    exact = nominal_alpha(table, uncertainty=Jackknife())

    assert sandwich.se == approx(drawn.se, rel=tolerance["se_rel"])
    assert sandwich.se == approx(exact.se, rel=0.01)
    assert sandwich.se / nominal_alpha(table.by_item()).se > 1.5
    assert (sandwich.clusters, sandwich.items) == (queries, queries * each)
