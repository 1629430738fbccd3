import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats.ceiling import people_left_out
from evaluation.stats.estimates import Undefined
from evaluation.stats.kappa import cohen_kappa
from evaluation.stats.left_out import left_out
from evaluation.stats.votes import Votes


def votes_of(rows, *, n_options=2):
    """Votes from (unit, rater, label) rows."""
    item, rater, label = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    sizes = {"n_items": int(item.max(initial=-1)) + 1, "n_raters": int(rater.max(initial=-1)) + 1}
    return Votes.from_ratings(item, rater, label, **sizes, n_options=n_options)


def panel(*units):
    """Votes of raters 0, 1, 2 … at each unit: ``"aab"``; a dot is no rating."""
    rows = [
        (unit, rater, "ab".index(said))
        for unit, answers in enumerate(units)
        for rater, said in enumerate(answers)
        if said != "."
    ]
    return votes_of(rows)


def test_by_hand():
    # Rater 0: with one of two others at unit 0 (1/2), both at unit 1 (1), none at unit 2 (0).
    found = left_out(panel("aab", "bbb", "abb"), [0, 1, 2])

    assert found[0].agreement.value == pytest.approx(0.5)
    # Own use: a 2/3, b 1/3; the others': unit 0 a 1/2 b 1/2, unit 1 b 1, unit 2 b 1: a 1/6, b 5/6.
    # Expected: 2/3 * 1/6 + 1/3 * 5/6 = 7/18; kappa = (1/2 - 7/18) / (1 - 7/18) = 2/11.
    assert found[0].kappa.value == pytest.approx(2 / 11)


def test_the_use_of_options_is_counted_at_shared_units_only():
    found = left_out(panel("aab", "a..", "b.a"), [0, 1, 2])[0]

    assert (found.ratings, found.shared) == (3, 2)
    assert found.used.tolist() == [2, 1]
    assert found.shared_use.tolist() == [1, 1]
    assert found.others_use.tolist() == [1.5, 0.5]


@pytest.mark.parametrize("units", [("a.", ".b"), ("a", "b")])
def test_without_anybody_else_it_is_undefined_and_says_why(units):
    found = left_out(panel(*units), [0, 1])[0]

    assert (found.agreement.value, found.agreement.reason) == (None, Undefined.NO_PAIRS)
    assert (found.kappa.value, found.kappa.reason) == (None, Undefined.NO_PAIRS)


def test_kappa_is_undefined_where_one_option_is_used_throughout():
    found = left_out(panel("aa", "aa"), [0, 1])[0]

    assert found.agreement.value == 1.0
    assert (found.kappa.value, found.kappa.reason) == (None, Undefined.NO_VARIATION)


def test_units_of_one_query_are_one_cluster():
    found = left_out(panel("aab", "bbb", "abb", "aaa"), ["q", "q", "q", "q"])[0]

    assert (found.agreement.low, found.agreement.reason) == (None, Undefined.ONE_CLUSTER)
    assert found.kappa.reason == Undefined.ONE_CLUSTER


def test_no_votes_give_nothing():
    assert left_out(votes_of([]), []) == ()


ratings = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 2)),
    unique_by=lambda row: row[:2],
    min_size=1,
)


@given(ratings, st.integers(1, 8))
def test_agreement_is_that_of_people_left_out(rows, n_clusters):
    votes = votes_of(rows, n_options=3)
    clusters = np.arange(votes.n_items) % n_clusters
    verdicts = np.zeros(votes.n_items, dtype=np.int64)

    found = [one for one in left_out(votes, clusters) if one.shared]

    item, rater, label = votes.item, votes.rater, votes.label
    others = people_left_out(item, rater, label, judge=verdicts, clusters=clusters, n_options=3)
    assert [one.rater for one in found] == [one.rater for one in others]
    for one, other in zip(found, others, strict=True):
        assert one.agreement.value == pytest.approx(other.person.value)
        if other.person.se is not None:
            assert one.agreement.se == pytest.approx(other.person.se)


def test_kappa_with_one_other_is_cohens():
    rng = np.random.default_rng(5)
    first, second = rng.integers(0, 2, size=(2, 60))
    first = np.where(rng.random(60) < 0.6, second, first)
    rows = [(n, who, said[n]) for n in range(60) for who, said in enumerate((first, second))]

    found = left_out(votes_of(rows), np.arange(60))[0].kappa

    oracle = cohen_kappa(np.bincount(2 * first + second, minlength=4).reshape(2, 2))
    assert found.value == pytest.approx(oracle.value)
    assert found.se == pytest.approx(oracle.se, rel=0.05)
