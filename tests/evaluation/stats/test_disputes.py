import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.stats.agreement import CountTable, percent_agreement
from evaluation.stats.disputes import disputes, options_split, splits

counts = arrays(np.int64, st.tuples(st.integers(1, 9), st.just(3)), elements=st.integers(0, 4))


def test_by_hand():
    found = disputes(np.array([[3, 1], [2, 2], [4, 0], [1, 0]]))

    assert found.share.tolist() == pytest.approx([1 / 2, 2 / 3, 0, 0])
    assert found.entropy.tolist() == pytest.approx([0.8112781, 1, 0, 0])


def test_on_a_scale_points_apart_decide_the_order():
    # 0 and 4 lie further apart than 1, 2 and 3 do, though more of these pairs differ.
    table = np.array([[0, 1, 1, 1, 0], [2, 0, 0, 0, 1]])

    found = disputes(table, values=[0, 1, 2, 3, 4])

    assert found.distance.tolist() == pytest.approx([4 / 3, 8 / 3])
    assert found.order().tolist() == [1, 0]


def test_the_most_disputed_stand_first_and_more_ratings_before_fewer():
    table = np.array([[3, 1], [1, 1], [2, 0], [2, 2], [5, 5]])

    assert disputes(table).order().tolist() == [1, 3, 4, 0]


def test_units_at_which_nobody_differs_are_not_disputed():
    assert disputes(np.array([[2, 0], [0, 1], [0, 0]])).order().tolist() == []


@given(counts)
def test_the_mean_share_is_what_percent_agreement_leaves(table):
    found, agreed = disputes(table), percent_agreement(CountTable.from_counts(table))

    paired = table.sum(axis=1) >= 2
    if agreed.value is not None:
        assert found.share[paired].mean() == pytest.approx(1 - agreed.value)


def test_pairs_of_options_are_counted_by_hand():
    # Unit 0: a, a, b: two pairs a-b. Unit 1: b, c: one pair. Unit 2: nobody differs.
    found = splits(np.array([[2, 1, 0], [0, 1, 1], [0, 2, 0]]), [0, 1, 2])

    assert [(one.first, one.second, one.pairs, one.units) for one in found] == [
        (0, 1, 2, 1),
        (1, 2, 1, 1),
    ]
    assert [one.share.value for one in found] == pytest.approx([2 / 3, 1 / 3])


@given(counts)
def test_all_pairs_that_differ_are_between_some_two_options(table):
    found = splits(table, np.arange(len(table)))

    n = table.sum(axis=1)
    assert sum(one.pairs for one in found) == ((n**2 - (table**2).sum(axis=1)) // 2).sum()
    if found:
        assert sum(one.share.value for one in found) == pytest.approx(1)


def test_of_several_choices_one_chose_and_another_did_not():
    # Three raters: two chose the first option, all chose the second.
    (found,) = options_split(np.array([[2, 3]]), [3], [0])

    assert (found.first, found.second, found.pairs, found.units) == (0, -1, 2, 1)
    assert found.share.value == pytest.approx(2 / 3)


def test_more_choosing_than_rating_is_refused():
    with pytest.raises(ValueError, match="at least as many"):
        options_split(np.array([[2]]), [1], [0])
