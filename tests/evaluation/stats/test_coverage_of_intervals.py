"""Do intervals hold the truth as often as they say? Simulated, with fixed seeds."""

import numpy as np
import pytest

from evaluation.stats.agreement import CountTable, gwet_ac1, nominal_alpha, percent_agreement
from evaluation.stats.intervals import cluster_proportion

QUERIES, REPLIES, RATERS = 60, 12, 3
RUNS = 400


def rated(rng, queries):
    """Replies of one query are alike: in their truth, and in how hard they are to judge."""
    rows = queries * REPLIES
    usual = np.repeat(rng.integers(0, 3, queries), REPLIES)
    truth = np.where(rng.random(rows) < 0.7, usual, rng.integers(0, 3, rows))
    ease = np.repeat(rng.beta(4, 2, queries), REPLIES)
    right = rng.random((rows, RATERS)) < ease[:, None]
    ratings = np.where(right, truth[:, None], rng.integers(0, 3, (rows, RATERS)))
    counts = (ratings[:, :, None] == np.arange(3)).sum(axis=1)
    return CountTable.from_counts(counts, np.repeat(np.arange(queries), REPLIES))


@pytest.mark.parametrize("compute", [nominal_alpha, gwet_ac1, percent_agreement])
def test_clustered_intervals_hold_the_truth_and_item_level_ones_do_not(compute):
    truth = compute(rated(np.random.default_rng(0), 40_000)).value
    rng = np.random.default_rng(1)
    held, held_by_item = 0, 0
    for _ in range(RUNS):
        table = rated(rng, QUERIES)
        clustered, by_item = compute(table), compute(table.by_item())
        held += clustered.low <= truth <= clustered.high
        held_by_item += by_item.low <= truth <= by_item.high

    # 95 % of 400 runs is known to within 2.2 points (two standard errors).
    assert 0.925 <= held / RUNS <= 0.975
    assert held_by_item / RUNS < 0.85


def test_a_clustered_proportion_holds_the_truth():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(RUNS):
        totals = rng.integers(1, 20, QUERIES)
        found = cluster_proportion(rng.binomial(totals, rng.beta(3, 7, QUERIES)), totals)
        held += found.low <= 0.3 <= found.high

    assert 0.925 <= held / RUNS <= 0.975
