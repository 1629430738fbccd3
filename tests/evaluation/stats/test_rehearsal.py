"""Over 2,000 draws each frequency is the probability, no mean is off, and what is off is seen."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from evaluation.stats.rehearsal import CHANCE, Frequencies, rehearse
from evaluation.stats.sampling import (
    allocate,
    at_rates,
    draw_numbers,
    drawn,
    inclusion_probabilities,
)

NAMES = [f"reply-{n}" for n in range(60)]
# Three strata of 30, 20 and 10 units.
STRATUM = np.repeat([0, 1, 2], [30, 20, 10])
SIZES = [30, 20, 10]
# What is measured differs between strata and within them.
VALUES = STRATUM * 2.0 + np.arange(60) % 7
DESIGNS = {
    "simple": (np.zeros(60, dtype=int), [15]),
    "proportional": (STRATUM, allocate(15, weights=SIZES, sizes=SIZES)),
    "equal": (STRATUM, allocate(15, weights=[1, 1, 1], sizes=SIZES)),
    "neyman": (STRATUM, allocate(15, weights=[15, 8, 3], sizes=SIZES)),
    "enriched": (STRATUM, at_rates([0.1, 0.1, 0.9], SIZES)),
    "all": (STRATUM, SIZES),
}


@pytest.mark.parametrize("design", DESIGNS)
def test_over_2000_draws_the_probabilities_are_what_happens(design):
    stratum, takes = DESIGNS[design]

    found = rehearse(NAMES, stratum, takes, VALUES)

    assert len(found.means) == 2_000
    assert found.probabilities_hold
    expected = inclusion_probabilities(takes, np.bincount(stratum))
    assert [one.probability for one in found.strata] == expected.tolist()
    assert [one.frequency for one in found.strata] == pytest.approx(expected.tolist(), abs=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
def test_over_2000_draws_the_weighted_mean_is_unbiased(design):
    stratum, takes = DESIGNS[design]

    found = rehearse(NAMES, stratum, takes, VALUES)

    assert found.true_mean == pytest.approx(VALUES.mean())
    assert found.unbiased
    assert abs(found.mean - found.true_mean) <= 3.5 * found.standard_error + 1e-9


def test_without_its_weights_the_mean_of_an_enriched_sample_would_be_off():
    stratum, takes = DESIGNS["enriched"]
    chosen = drawn(draw_numbers(NAMES, seed=1), stratum, takes)

    assert VALUES[chosen].mean() > VALUES.mean() + 0.5


def test_the_spread_is_that_over_all_samples_there_can_be():
    """Oracle: every pair of the first four units with every pair of the other three."""
    stratum, values = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([1.0, 2, 4, 8, 3, 5, 10])
    means = [
        (values[list(one)].sum() * 2 + values[list(other)].sum() * 1.5) / 7
        for one, other in product(combinations(range(4), 2), combinations(range(4, 7), 2))
    ]

    found = rehearse([*"abcdefg"], stratum, [2, 2], values, draws=200)

    assert found.spread == pytest.approx(np.std(means), abs=1e-12)
    assert found.spread_seen == pytest.approx(np.std(means), rel=0.2)


def test_the_interval_leaves_out_what_is_as_rare_as_it_says():
    """Oracle: the binomial tails added up. Ten units of which three are drawn, 500 times."""
    (one,) = rehearse([*"abcdefghij"], np.zeros(10, int), [3], np.arange(10), draws=500).strata
    chances = [comb(500, k) * 0.3**k * 0.7 ** (500 - k) for k in range(501)]
    low, high, tail = round(one.low * 500), round(one.high * 500), CHANCE / 2 / 10

    assert sum(chances[:low]) <= tail < sum(chances[: low + 1])
    assert sum(chances[high + 1 :]) <= tail < sum(chances[high:])


@pytest.mark.parametrize("first_seed", [1, 5_001, 10_001, -9_000, 2**40])
def test_a_right_design_holds_whatever_the_seeds(first_seed):
    stratum, takes = DESIGNS["neyman"]

    found = rehearse(NAMES, stratum, takes, VALUES, first_seed=first_seed)

    assert found.probabilities_hold
    assert found.unbiased


def test_a_frame_whose_names_repeat_does_not_hold():
    """Equal names have equal numbers, so the first of them are drawn again and again."""
    found = rehearse(["same"] * 10, np.zeros(10, int), [3], np.arange(10), draws=50)

    (one,) = found.strata
    assert (one.frequency, one.lowest, one.highest) == (pytest.approx(0.3), 0, 1)
    assert not found.probabilities_hold
    assert not found.unbiased


def test_one_unit_that_is_drawn_too_rarely_is_enough():
    one = Frequencies(10, 3, 0.3, 0.3, lowest=0.1, highest=0.32, low=0.2, high=0.4)

    assert not one.holds


def test_where_everything_is_drawn_nothing_varies():
    found = rehearse(NAMES, STRATUM, SIZES, VALUES, draws=2)

    assert [(one.low, one.lowest, one.highest, one.high) for one in found.strata] == [(1,) * 4] * 3
    assert (found.spread, found.varies) == (0, False)
    assert found.unbiased


def test_it_says_how_far_it_is():
    told = []

    rehearse([*"abc"], [0, 0, 0], [1], [1, 2, 3], draws=3, progress=told.append)

    assert told == [1, 2, 3]


@pytest.mark.parametrize(
    ("names", "takes", "draws"),
    [
        pytest.param(NAMES, [5, 0, 5], 10, id="nothing of a stratum"),
        pytest.param(NAMES, [5, 5, 5], 1, id="one draw"),
        pytest.param([], [], 10, id="no unit"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(names, takes, draws):
    with pytest.raises(ValueError, match="two draws"):
        rehearse(names, STRATUM[: len(names)], takes, VALUES[: len(names)], draws=draws)
