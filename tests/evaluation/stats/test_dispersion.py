"""How much models disagree on a query."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats.dispersion import disagreement, disagreement_by_query
from evaluation.stats.estimates import Undefined

approx = pytest.approx
FIRST = [0, 0, 0, 1, 1, 5, 5, 6, 2, 6, 0, 1]
SECOND = [0, 0, 0, 0, 0, 4, 5, 5, 2, 5, 0, 0]
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30
)


def test_the_example_of_the_rules():
    found = disagreement(np.column_stack([FIRST, SECOND]))

    assert found.value == approx(2.3848, abs=0.00005)
    assert (found.models, found.reason) == (12, None)


def test_by_hand():
    # Scores 0, 0, 6: mean 2, squares 4 + 4 + 16 = 24, sqrt(24/3) = 2.828427.
    assert disagreement([[0], [0], [6]]).value == approx(np.sqrt(8))


def test_no_model_has_no_disagreement():
    found = disagreement(np.empty((0, 2)))

    assert (found.value, found.by_value, found.reason) == (None, (), Undefined.NO_ITEMS)


def test_one_model_disagrees_with_nobody():
    assert disagreement([[3, 5]]).value == 0.0


@pytest.mark.parametrize("scores", [[1, 2], [[np.nan]], np.empty((2, 0))])
def test_what_is_no_matrix_of_scores_is_refused(scores):
    with pytest.raises(ValueError, match="scores must be a matrix"):
        disagreement(scores)


def test_a_query_out_of_range_is_refused():
    with pytest.raises(ValueError, match="below 1"):
        disagreement_by_query([1], [[0]], n_queries=1)


@given(rows)
def test_many_queries_at_once_are_each_alone(rows):
    query, *scores = (np.array(column) for column in zip(*rows, strict=True))
    table = np.column_stack(scores)
    found = disagreement_by_query(query, table, n_queries=5)

    for at in range(5):
        alone = disagreement(table[query == at])
        assert found.models[at] == alone.models
        assert found.value[at] == approx(alone.value or 0.0, abs=1e-9)


@given(rows, st.integers(-5, 5))
def test_order_of_models_and_origin_of_scores_do_not_matter(rows, origin):
    table = np.array([row[1:] for row in rows])

    assert disagreement(table[::-1] + origin).value == approx(disagreement(table).value, abs=1e-9)
