"""Scores that stand far from all others of the same query."""

import numpy as np
import pytest

from evaluation.stats.outliers import outlying_scores

NAN = np.nan


def test_a_score_far_from_agreeing_others_is_found():
    found = outlying_scores([[0, 0, 1, 6]])

    assert found.outlying.tolist() == [[False, False, False, True]]
    assert (found.others[0, 3], found.distance[0, 3]) == (0.0, 6.0)


def test_where_the_others_are_spread_nothing_is_far():
    # of 6 the others are 0, 2, 4: median 2, deviations 2, 0, 2, so beyond 3 * 1.4826 * 2 = 8.9
    assert not outlying_scores([[0, 2, 4, 6]]).outlying.any()


def test_less_than_two_points_is_never_far():
    assert not outlying_scores([[0, 0, 0, 1]]).outlying.any()


def test_fewer_than_three_others_say_nothing():
    found = outlying_scores([[0, 0, 6, NAN]])

    assert not found.outlying.any()
    assert np.isnan(found.distance).all()


def test_missing_scores_take_no_part():
    found = outlying_scores([[0, NAN, 0, 0, 5]])

    assert found.outlying.tolist() == [[False, False, False, False, True]]
    assert np.isnan(found.distance[0, 1])


@pytest.mark.parametrize("bad", [[1.0], [[np.inf, 0]]])
def test_what_is_no_matrix_of_numbers_is_refused(bad):
    with pytest.raises(ValueError, match="matrix"):
        outlying_scores(bad)
