"""Drawing samples: allocation by hand, and what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats.sampling import (
    allocate,
    at_rates,
    draw_numbers,
    drawn,
    half_width,
    inclusion_probabilities,
)

NAMES = [f"reply-{n}" for n in range(60)]
# Three strata of 30, 20 and 10 units.
STRATUM = np.repeat([0, 1, 2], [30, 20, 10])
SIZES = [30, 20, 10]


# Who is drawn


def test_a_units_number_follows_from_the_seed_and_its_name():
    # sha256("1:a") begins with these eight bytes.
    assert [f"{n:016x}" for n in draw_numbers(["a"], seed=1)] == ["4162fddd39a3e422"]


def test_the_order_of_the_frame_plays_no_part():
    backwards = draw_numbers(NAMES[::-1], seed=3)[::-1]

    assert (backwards == draw_numbers(NAMES, seed=3)).all()


def test_in_each_stratum_as_many_are_drawn_as_asked():
    chosen = drawn(draw_numbers(NAMES, seed=1), STRATUM, [5, 0, 10])

    assert np.bincount(STRATUM[chosen], minlength=3).tolist() == [5, 0, 10]


def test_the_smallest_numbers_are_drawn():
    chosen = drawn(np.array([9, 2, 7, 1], dtype=np.uint64), [0, 0, 0, 0], [2])

    assert chosen.tolist() == [False, True, False, True]


@pytest.mark.parametrize("takes", [[31, 0, 0], [-1, 0, 0]])
def test_more_than_there_are_cannot_be_drawn(takes):
    with pytest.raises(ValueError, match="takes"):
        drawn(draw_numbers(NAMES, seed=1), STRATUM, takes)


def test_a_stratum_out_of_range_is_refused():
    with pytest.raises(ValueError, match="stratum"):
        drawn(draw_numbers(NAMES[:2], seed=1), [0, 3], [1, 1])


# Allocation


def test_proportional_allocation_by_hand():
    # 12 of 60 is a fifth: 6, 4 and 2.
    assert allocate(12, weights=SIZES, sizes=SIZES).tolist() == [6, 4, 2]


def test_whole_numbers_go_to_the_largest_remainders():
    # 13 of 60: 6.5, 4.33 and 2.17.
    assert allocate(13, weights=SIZES, sizes=SIZES).tolist() == [7, 4, 2]


def test_equal_allocation_takes_small_strata_whole():
    # 45 by three is 15 each; the third has 10, so the others share 35.
    assert allocate(45, weights=[1, 1, 1], sizes=SIZES).tolist() == [18, 17, 10]


def test_neymans_allocation_by_hand():
    # Weights N sqrt(pq): 30 * 0.5, 20 * 0.4 and 10 * 0.3 = 15, 8 and 3; of 26 each its weight.
    weights = np.array(SIZES) * np.sqrt(np.array([0.5, 0.2, 0.1]) * np.array([0.5, 0.8, 0.9]))

    assert allocate(26, weights=weights, sizes=SIZES).tolist() == [15, 8, 3]


def test_each_stratum_gets_two_so_that_its_variance_can_be_estimated():
    assert allocate(10, weights=[100, 1, 1], sizes=[1000, 10, 1]).tolist() == [7, 2, 1]


def test_more_than_there_are_means_all():
    assert allocate(100, weights=SIZES, sizes=SIZES).tolist() == SIZES


def test_a_stratum_without_spread_gets_two():
    assert allocate(10, weights=[0, 5], sizes=[30, 30]).tolist() == [2, 8]


@pytest.mark.parametrize(
    ("n", "weights", "sizes"), [(0, [1], [5]), (1, [-1], [5]), (1, [1], [-5]), (1, [1], [0])]
)
def test_an_allocation_that_cannot_be_is_refused(n, weights, sizes):
    with pytest.raises(ValueError, match=r"at least 0|needs a weight"):
        allocate(n, weights=weights, sizes=sizes)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 9)), min_size=1, max_size=8),
    st.integers(1, 120),
)
def test_an_allocation_stays_within_the_strata_and_adds_up(strata, n):
    sizes, weights = (np.array(column) for column in zip(*strata, strict=True))
    if not sizes.sum():
        return

    takes = allocate(n, weights=weights, sizes=sizes)

    least = np.minimum(sizes, 2)
    assert (takes >= least).all()
    assert (takes <= sizes).all()
    assert takes.sum() == min(max(n, least.sum()), sizes.sum())


def test_rates_are_rounded_and_give_two_at_least():
    assert at_rates([0.5, 0.01, 0, 1], [31, 50, 9, 1]).tolist() == [16, 2, 0, 1]


def test_a_rate_above_one_is_refused():
    with pytest.raises(ValueError, match="rates"):
        at_rates([1.1], [3])


def test_the_probability_of_an_empty_stratum_is_0():
    assert inclusion_probabilities([3, 0], [12, 0]).tolist() == [0.25, 0.0]


# Width


def test_the_width_of_a_simple_sample_by_hand():
    # 1.959964 sqrt((1 - 100/1000) * 0.25 * 1000/999 / 100) = 0.0930156
    assert half_width([100], [1000]) == pytest.approx(0.0930156, abs=1e-6)


def test_a_design_effect_widens_by_its_root():
    assert half_width([100], [1000], design_effect=4) == pytest.approx(
        2 * half_width([100], [1000])
    )


def test_everything_drawn_has_no_width():
    assert half_width(SIZES, SIZES) == 0


def test_nothing_is_known_of_a_stratum_that_is_left_out():
    assert half_width([5, 0], [10, 10]) is None


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match="shares"):
        half_width([5], [10], shares=[1.2])
