"""Several samples of one frame: the probability that at least one of them draws a unit."""

import numpy as np
import pytest

from evaluation.stats.sampling import draw_numbers, drawn, inclusion_probabilities
from evaluation.stats.unions import union_probabilities

NAMES = [f"reply-{n}" for n in range(60)]
ONE = np.zeros(60, dtype=int)
# Strata of 30, 20 and 10 units, which what is measured follows.
THREE = np.repeat([0, 1, 2], [30, 20, 10])
VALUES = THREE * 3.0 + np.arange(60) % 7
DRAWS = 2_000


def together(designs, seeds):
    """Draw each of the designs with its seed; who is in at least one."""
    found = np.zeros(60, dtype=bool)
    for (stratum, takes), seed in zip(designs, seeds, strict=True):
        found |= drawn(draw_numbers(NAMES, seed=seed), stratum, takes)
    return found


def chances(designs):
    return np.stack(
        [inclusion_probabilities(takes, np.bincount(of))[of] for of, takes in designs], axis=1
    )


SIMPLE, LARGER, ENRICHED = (ONE, [12]), (ONE, [20]), (THREE, [3, 4, 9])
CASES = {
    "independent": ([SIMPLE, ENRICHED], lambda n: (n, n + DRAWS), [0, 1]),
    "nested": ([SIMPLE, LARGER], lambda n: (n, n), [0, 0]),
    "three": ([SIMPLE, ENRICHED, LARGER], lambda n: (n, n + DRAWS, n), [0, 1, 0]),
}


@pytest.mark.parametrize("case", CASES)
def test_over_2000_draws_the_unions_probabilities_are_what_happens(case):
    designs, seeds, draws = CASES[case]
    union = union_probabilities(chances(designs), draws)

    times = sum(together(designs, seeds(n)).astype(int) for n in range(DRAWS))

    error = np.sqrt(union * (1 - union) / DRAWS)
    # 60 units: the largest of 60 standard normal deviates is above 4.2 once in 600 times.
    assert np.abs(times / DRAWS - union).max() <= (4.2 * error).max()
    assert (np.abs(times / DRAWS - union) <= 4.2 * error + 1e-12).all()


def test_weighted_by_the_union_the_mean_is_unbiased_and_by_the_first_sample_it_is_off():
    designs, seeds, draws = CASES["independent"]
    chance = chances(designs)
    union = union_probabilities(chance, draws)
    right, wrong = np.empty(DRAWS), np.empty(DRAWS)
    for n in range(DRAWS):
        first, both = together(designs[:1], seeds(n)[:1]), together(designs, seeds(n))
        right[n] = (VALUES[both] / union[both]).sum() / 60
        opened_first = np.where(first, chance[:, 0], chance[:, 1])
        wrong[n] = (VALUES[both] / opened_first[both]).sum() / 60

    error = right.std(ddof=1) / np.sqrt(DRAWS)
    assert abs(right.mean() - VALUES.mean()) < 4 * error
    assert wrong.mean() > VALUES.mean() + 100 * error


def test_the_same_seed_in_other_strata_is_neither_independent_nor_nested():
    """So no probability is given there: what happens lies between the two."""
    designs = [SIMPLE, (THREE, [6, 4, 2])]
    times = sum(together(designs, (n, n)).astype(int) for n in range(DRAWS)) / DRAWS

    independent = union_probabilities(chances(designs), [0, 1])
    nested = union_probabilities(chances(designs), [0, 0])
    assert nested.mean() + 0.01 < times.mean() < independent.mean() - 0.01


def test_by_hand():
    # 1 - .8 * .5; in one draw the larger; where neither could draw it, 0.
    table = [[0.2, 0.5], [0.0, 0.5], [0.0, 0.0], [1.0, 0.5]]

    assert union_probabilities(table, [0, 1]) == pytest.approx([0.6, 0.5, 0.0, 1.0])
    assert union_probabilities(table, [7, 7]) == pytest.approx([0.5, 0.5, 0.0, 1.0])


def test_one_sample_is_its_own_union():
    assert union_probabilities([[0.3], [0.7]], [4]) == pytest.approx([0.3, 0.7])


@pytest.mark.parametrize(
    ("table", "draws"),
    [([[0.5]], [0, 1]), ([0.5], [0]), ([[1.1]], [0]), ([[-0.1]], [0])],
)
def test_what_are_no_probabilities_is_refused(table, draws):
    with pytest.raises(ValueError, match="probabilities"):
        union_probabilities(table, draws)
