import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from evaluation.stats import identical_blocks as module
from evaluation.stats.identical_blocks import Ratings, identical_blocks, signatures


def flat(answers):
    """Ratings of a table (items, raters, columns); -1 is no answer."""
    item, rater, column = np.nonzero(answers >= 0)
    return Ratings(item, rater, column, answers[item, rater, column].astype(np.int64))


def readers(seed, n_items=60, n_raters=12, n_columns=3, options=4, *, apart=0.0, camps=0.0):
    """Honest readers: items differ, raters have habits, and a rater's answers hang together."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(0, 1, (n_items, 1, n_columns)) + rng.normal(0, 1, (n_items, 1, 1))
    lean = lean + rng.normal(0, 1, (1, n_raters, 1)) + rng.normal(0, apart, (n_items, n_raters, 1))
    camp = np.where(np.arange(n_raters) % 2, 1, -1)[None, :, None]
    lean = lean + camp * rng.normal(0, camps, (n_items, 1, 1))
    noise = rng.normal(0, 0.7, (n_items, n_raters, n_columns))
    return np.digitize(lean + noise, np.linspace(-1, 1, options - 1) if options > 2 else [0.8])


def guessed(seed, shape=(40, 8, 3), options=4):
    return np.random.default_rng(seed).integers(0, options, shape)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("kind", [{}, {"apart": 2.0}, {"camps": 2.0}], ids=str)
def test_R049_honest_readers_are_not_listed(seed, kind):
    assert identical_blocks(flat(readers(seed, **kind))).found == ()


@pytest.mark.parametrize("seed", range(50))
def test_R049_a_small_study_of_yes_and_no_stays_silent(seed):
    found = identical_blocks(flat(readers(seed, 100, 3, 1, 2)))

    assert found.shared > 1
    assert found.found == ()


@pytest.mark.parametrize("seed", range(50))
def test_R049_a_planted_copy_is_listed_and_nothing_else(seed):
    answers = guessed(seed)
    answers[[7, 31]] = answers[3]

    (block,) = identical_blocks(flat(answers)).found

    assert block.items == (3, 7, 31)
    assert (block.cells, block.columns, len(block.raters), block.comparable) == (24, 3, 8, 40)
    assert block.p < 1e-6


def test_R049_a_copy_among_honest_readers_is_listed():
    answers = readers(1, 350, 20, 5, 3)
    answers[200] = answers[100]

    assert [one.items for one in identical_blocks(flat(answers)).found] == [(100, 200)]


def test_R049_the_order_of_ratings_plays_no_part():
    answers = guessed(5)
    answers[9] = answers[2]
    straight = flat(answers)
    order = np.random.default_rng(0).permutation(straight.item.size)
    columns = (straight.item, straight.rater, straight.column, straight.answer)

    assert identical_blocks(Ratings(*(one[order] for one in columns))) == identical_blocks(straight)


def test_what_all_raters_agree_on_is_never_improbable():
    answers = guessed(2, (40, 20, 4))
    answers[:2] = 1

    found = identical_blocks(flat(answers))

    assert (found.shared, found.found) == (1, ())


def test_the_expected_number_is_that_of_the_pull_that_makes_the_block_most_probable():
    # Every rater gave each answer as often in column 0, so habits are equal and the pull is the
    # block's own mix: 2 of 4 and 2 of 4, (1/2)^4 a column.
    weights, chosen = np.full((4, 2), 0.5), np.array([0, 1, 1, 0])

    assert module._most_probable(weights, chosen) == pytest.approx(4 * np.log(0.5))


def test_the_pull_is_never_less_probable_than_no_pull():
    rng = np.random.default_rng(3)
    for _ in range(50):
        weights, chosen = rng.dirichlet(np.ones(3), 6), rng.integers(0, 3, 6)
        free = module._most_probable(weights, chosen)
        assert module._log_probability(weights, chosen) - 1e-9 <= free <= 0


def test_the_tail_is_poisson_s_times_the_number_of_blocks():
    expected, p = module._tail(np.log(1e-5), 41, 2, 39)

    assert expected == pytest.approx(40e-5)
    assert p == pytest.approx(39 * poisson.sf(1, 40e-5))


def test_a_block_with_near_misses_is_not_listed():
    answers = guessed(4)
    answers[1] = answers[0]
    answers[2] = answers[0]
    answers[2, 0, 0] = (answers[0, 0, 0] + 1) % 4

    assert identical_blocks(flat(answers)).found == ()


def test_items_of_other_raters_or_questions_are_not_compared():
    answers = guessed(6, (2, 8, 4))
    answers[1] = answers[0]
    answers[1, 7, 3] = -1

    found = identical_blocks(flat(answers))

    assert (found.items, found.blocks, found.found) == (0, 0, ())


@pytest.mark.parametrize("shape", [(0, 0, 0), (1, 1, 1), (5, 1, 1)])
def test_nothing_to_compare_is_no_fault(shape):
    assert identical_blocks(flat(np.zeros(shape, dtype=np.int64))).found == ()


@given(st.integers(0, 2**32 - 1))
def test_signatures_are_equal_exactly_where_blocks_are(seed):
    answers = np.random.default_rng(seed).integers(-1, 2, (12, 2, 2))
    items, _, block = signatures(flat(answers))

    for one, first in zip(items, block, strict=True):
        for other, second in zip(items, block, strict=True):
            assert (first == second) == np.array_equal(answers[one], answers[other])


@pytest.mark.parametrize("improbable", [0, 1, -0.1])
def test_a_limit_that_is_no_probability_is_refused(improbable):
    with pytest.raises(ValueError, match="between 0 and 1"):
        identical_blocks(flat(guessed(1)), improbable=improbable)


def test_arrays_that_do_not_belong_together_are_refused():
    one = np.zeros(2, dtype=np.int64)
    with pytest.raises(ValueError, match="one length"):
        Ratings(one, one, one, np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="start at 0"):
        Ratings(one, one, one, one - 1)
