import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats import rater_pairs
from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.rater_pairs import pair_agreement
from tests.evaluation.stats.test_left_out import panel, ratings, votes_of


def row_of(table, first, second):
    (row,) = np.flatnonzero((table.first == first) & (table.second == second))
    return int(row)


def test_raters_are_paired_by_unit_and_never_by_place_in_a_list():
    # Raters 0 and 1 share units 0 and 3 only, and agree at unit 0.
    table = pair_agreement(panel("aa", "a.", ".b", "ab"), range(4))

    assert (table.shared.tolist(), table.same.tolist()) == ([2], [1])
    assert table.estimate(0).value == 0.5


def test_two_who_share_nothing_are_not_in_it():
    table = pair_agreement(panel("aa.", ".bb"), range(2))

    assert list(zip(table.first, table.second, strict=True)) == [(0, 1), (1, 2)]


def test_nobody_shares_anything():
    assert len(pair_agreement(panel("a.", ".b"), range(2))) == 0
    assert len(pair_agreement(votes_of([]), [])) == 0


def test_two_who_always_agree_have_the_widest_interval_of_their_clusters():
    found = pair_agreement(panel("aa", "bb", "aa"), range(3)).estimate(0)

    # Clopper and Pearson at 3 of 3: low = 0.025 ** (1 / 3)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 3))


def test_units_of_one_query_give_no_interval():
    found = pair_agreement(panel("aa", "ab"), ["q", "q"]).estimate(0)

    assert (found.value, found.low, found.reason) == (0.5, None, Undefined.ONE_CLUSTER)


@pytest.mark.parametrize("at_once", [1, 1_000])
@given(rows=ratings, n_clusters=st.integers(1, 8))
def test_it_is_the_clustered_proportion_of_same_answers(at_once, rows, n_clusters):
    votes = votes_of(rows, n_options=3)
    clusters = np.arange(votes.n_items) % n_clusters
    said = {(item, rater): label for item, rater, label in rows}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rater_pairs, "AT_ONCE", at_once)
        table = pair_agreement(votes, clusters)

    for first in range(votes.n_raters):
        for second in range(first + 1, votes.n_raters):
            both = [i for i in range(votes.n_items) if {(i, first), (i, second)} <= said.keys()]
            if not both:
                continue
            same, shared = np.zeros(n_clusters), np.zeros(n_clusters)
            for i in both:
                same[clusters[i]] += said[i, first] == said[i, second]
                shared[clusters[i]] += 1
            oracle = cluster_proportion(same, shared)
            found = table.estimate(row_of(table, first, second))
            assert (found.value, found.clusters) == (pytest.approx(oracle.value), oracle.clusters)
            assert found.se == (None if oracle.se is None else pytest.approx(oracle.se))
            assert found.low == (None if oracle.low is None else pytest.approx(oracle.low))
