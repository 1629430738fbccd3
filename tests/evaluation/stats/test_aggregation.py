"""From many votes to one label, or to none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from evaluation.stats.aggregation import (
    NO_LABEL,
    Votes,
    dawid_skene,
    majority,
    one_coin,
    posterior_given,
    vote_shares,
    wawa,
)
from evaluation.stats.estimates import Undefined
from tests.evaluation.stats.reference import load

approx = pytest.approx
ratings = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40
)
counts = arrays(
    np.int64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(0, 5)
)


def votes_of(rows, *, n_items=6, n_raters=4, n_options=3):
    item, rater, label = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 3
    return Votes.from_ratings(
        item, rater, label, n_items=n_items, n_raters=n_raters, n_options=n_options
    )


# Reference


def tiny():
    given_rows, expected, tolerance = load("truth_tiny_mv_wawa")
    items = ["t1", "t2", "t3", "t4", "t5"]
    raters, options = ["a", "b", "c", "d"], ["X", "Y"]
    rows = [(items.index(i), raters.index(r), options.index(o)) for i, r, o in given_rows["rows"]]
    votes = votes_of(rows, n_items=5, n_raters=4, n_options=2)
    return votes, items, raters, options, expected, tolerance["abs"]


def test_truth_tiny_mv_wawa_majority_and_shares():
    votes, items, _, options, expected, near = tiny()
    labels, shares = majority(votes.counts()), vote_shares(votes.counts())

    for at, item in enumerate(items):
        assert options[labels.value(at)] == expected["majority"][item]
        wanted = [expected["vote_share"][item][option] for option in options]
        assert shares.share[at] == approx(wanted, abs=near)


def test_truth_tiny_mv_wawa_skills_and_weighted_shares():
    votes, items, raters, options, expected, near = tiny()
    found = wawa(votes)

    assert found.skill == approx([expected["wawa_skill"][rater] for rater in raters], abs=near)
    for at, item in enumerate(items):
        wanted = [expected["wawa_share"][item][option] for option in options]
        assert found.share[at] == approx(wanted, abs=near)


def anaesthetists():
    given_rows, expected, tolerance = load("dawid_skene_1979_anaesthetists")
    table = np.array(given_rows["rows"])
    # Observer 1 gave three ratings of each patient: the same rater three times.
    rater = np.tile([0, 0, 0, 1, 2, 3, 4], len(table))
    item = np.repeat(table[:, 0] - 1, 7)
    votes = Votes.from_ratings(
        item, rater, table[:, 1:].ravel() - 1, n_items=45, n_raters=5, n_options=4
    )
    return votes, expected, tolerance


@pytest.mark.parametrize("smoothing", [0.0, 0.01])
def test_dawid_skene_1979_anaesthetists(smoothing):
    votes, expected, tolerance = anaesthetists()
    found = dawid_skene(votes, smoothing=smoothing)

    assert found.prevalence == approx(expected["class_marginals"], abs=tolerance["marginals"])
    assert found.prevalence == approx(expected["published"], abs=tolerance["marginals"])
    sure = found.posterior.max(axis=1) > 0.9
    wanted = np.array(list(expected["predicted"].values())) - 1
    assert (found.labels.option[sure] == wanted[sure]).all()
    assert sure.sum() >= 44
    for patient, probabilities in expected["uncertain"].items():
        assert found.posterior[int(patient) - 1] == approx(probabilities, abs=0.005)


def test_dawid_skene_1979_anaesthetists_reaches_the_maximum():
    votes, expected, _ = anaesthetists()
    found = dawid_skene(votes, smoothing=0.0, tolerance=1e-13)

    assert found.log_likelihood[-1] == approx(expected["log_likelihood"], abs=1e-6)
    assert found.prevalence == approx(expected["class_marginals"], abs=1e-5)
    assert (np.diff(found.log_likelihood) >= -1e-9).all()
    assert found.converged


# By hand


def test_a_tie_is_a_tie():
    labels = majority([[2, 2, 1], [0, 0, 0], [1, 0, 0]])

    assert labels.option.tolist() == [NO_LABEL, NO_LABEL, 0]
    assert [labels.value(at) for at in range(3)] == [None, None, 0]
    assert [labels.reason(at) for at in range(3)] == [Undefined.TIE, Undefined.NO_ITEMS, None]


def test_shares_have_the_interval_of_a_beta_by_hand():
    # 3 of 4 votes with half a vote for each of two options: Beta(3.5, 1.5).
    found = vote_shares([[3, 1]])

    assert found.share.tolist() == [[0.75, 0.25]]
    assert found.low[0, 0] == approx(stats.beta.ppf(0.025, 3.5, 1.5))
    assert found.high[0, 0] == approx(stats.beta.ppf(0.975, 3.5, 1.5))


def test_an_item_without_votes_has_the_interval_of_the_prior():
    found = vote_shares([[0, 0], [1, 0]])

    assert found.rated.tolist() == [False, True]
    assert found.share[0].tolist() == [0.0, 0.0]
    assert found.low[0, 0] == approx(stats.beta.ppf(0.025, 0.5, 0.5))


def test_one_option_offered_has_all_the_votes():
    found = vote_shares([[2], [0]])

    assert found.low.tolist() == found.high.tolist() == [[1.0], [1.0]]
    assert majority([[2], [0]]).option.tolist() == [0, NO_LABEL]


def test_no_option_offered_has_no_label():
    assert majority(np.zeros((2, 0), int)).option.tolist() == [NO_LABEL, NO_LABEL]


def test_wawa_leaves_ties_out_of_skill():
    # Item 0: 0 and 1 disagree: a tie. Item 1: 0, 1 and 2 say the same.
    found = wawa(votes_of([(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 2), (1, 2, 2)]))

    assert found.compared.tolist() == [1, 1, 1, 0]
    assert found.skill.tolist() == [1.0, 1.0, 1.0, 1.0]
    assert found.labels.reason(0) is Undefined.TIE
    assert found.labels.reason(2) is Undefined.NO_ITEMS


def test_wawa_with_only_ties_counts_everyone_alike():
    found = wawa(votes_of([(0, 0, 0), (0, 1, 1)]))

    assert found.skill.tolist() == [1.0] * 4
    assert found.share[0].tolist() == [0.5, 0.5, 0.0]


def test_wawa_keeps_plain_shares_where_every_weight_is_0():
    # Rater 2 is always outvoted and alone at item 3: is compared there with itself, so leave one
    # item where two raters of skill 0 tie.
    rows = [(i, r, 0) for i in (0, 1) for r in (0, 1, 0, 1)]
    rows += [(0, 2, 1), (1, 3, 1), (4, 2, 2), (4, 3, 1)]
    found = wawa(votes_of(rows))

    assert found.skill[2:].tolist() == [0.0, 0.0]
    assert found.share[4].tolist() == [0.0, 0.5, 0.5]


def test_dawid_skene_finds_the_rater_who_says_the_opposite():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 200)
    rows = [
        (i, r, int(t if rng.random() < 0.9 else 1 - t))
        for i, t in enumerate(truth)
        for r in range(3)
    ]
    rows += [(i, 3, int(1 - t)) for i, t in enumerate(truth)]
    votes = votes_of(rows, n_items=200, n_options=2)
    found, coin = dawid_skene(votes), one_coin(votes)

    assert found.raters[3] == approx(np.array([[0, 1], [1, 0]]), abs=0.01)
    assert coin.raters[3] == approx(0.0, abs=0.01)
    assert (found.labels.option == truth).mean() > 0.98
    assert (coin.labels.option == truth).mean() > 0.98


@pytest.mark.parametrize("model", [dawid_skene, one_coin])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_an_unrated_item_and_rater_stay_open(model, smoothing):
    found = model(votes_of([(0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 1)]), smoothing=smoothing)

    assert found.posterior[5] == approx(found.prevalence, abs=1e-6)
    assert found.labels.reason(5) is Undefined.NO_ITEMS
    assert found.raters[3] == approx(np.full(found.raters[3].shape, 1 / 3))
    assert found.posterior.sum(axis=1) == approx(np.ones(6))


@pytest.mark.parametrize("model", [dawid_skene, one_coin])
def test_without_a_rating_everything_is_even(model):
    found = model(votes_of([]))

    assert found.prevalence == approx([1 / 3] * 3)
    assert found.posterior == approx(np.full((6, 3), 1 / 3))
    assert found.labels.value(0) is None


def test_running_out_of_iterations_is_said():
    votes, *_ = anaesthetists()
    found = dawid_skene(votes, max_iterations=2)

    assert (found.converged, len(found.log_likelihood)) == (False, 2)


# Refusals


@pytest.mark.parametrize(
    "refused",
    [
        lambda: majority([1, 2]),
        lambda: vote_shares([[1, 2]], prior=0),
        lambda: vote_shares([[1, 2]], confidence=1),
        lambda: votes_of([(6, 0, 0)]),
        lambda: votes_of([(0, 4, 0)]),
        lambda: votes_of([(0, 0, 3)]),
        lambda: Votes.from_ratings([0], [0, 0], [0], n_items=1, n_raters=1, n_options=1),
        lambda: dawid_skene(votes_of([(0, 0, 0)]), smoothing=-1),
        lambda: dawid_skene(votes_of([(0, 0, 0)]), tolerance=0),
        lambda: one_coin(votes_of([(0, 0, 0)]), max_iterations=0),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


# Properties and oracles


@given(counts)
def test_the_majority_has_more_votes_than_any_other(table):
    labels = majority(table)
    for at, row in enumerate(table):
        best = np.flatnonzero(row == row.max())
        wanted = int(best[0]) if row.any() and best.size == 1 else None

        assert labels.value(at) == wanted


@given(counts)
def test_intervals_hold_the_mean_of_the_posterior(table):
    found = vote_shares(table)
    mean = (table + 0.5) / (table.sum(axis=1, keepdims=True) + 0.5 * table.shape[1])

    assert (found.low <= mean + 1e-12).all()
    assert (mean <= found.high + 1e-12).all()


@given(ratings, st.randoms(use_true_random=False))
def test_order_of_ratings_does_not_matter(rows, rnd):
    shuffled = list(rows)
    rnd.shuffle(shuffled)

    assert wawa(votes_of(rows)).share == approx(wawa(votes_of(shuffled)).share)
    assert dawid_skene(votes_of(rows), max_iterations=5).posterior == approx(
        dawid_skene(votes_of(shuffled), max_iterations=5).posterior
    )


@given(ratings)
def test_renaming_options_renames_the_truth(rows):
    turned = [(i, r, 2 - label) for i, r, label in rows]
    for model in (dawid_skene, one_coin):
        before = model(votes_of(rows), max_iterations=5)
        after = model(votes_of(turned), max_iterations=5)

        assert after.posterior == approx(before.posterior[:, ::-1])


@given(ratings)
@settings(max_examples=50)
def test_the_likelihood_never_falls(rows):
    for model in (dawid_skene, one_coin):
        likelihood = model(votes_of(rows), smoothing=0.0, max_iterations=30).log_likelihood

        assert (np.diff(likelihood) >= -1e-7).all()


@given(ratings)
@settings(max_examples=50)
def test_one_step_is_the_definition(rows):
    """Oracle: eq. 2.3 to 2.5 of Dawid and Skene over a dense array, without smoothing."""
    votes = votes_of(rows)
    dense = np.zeros((6, 4, 3))
    np.add.at(dense, (votes.item, votes.rater, votes.label), 1)
    rated = dense.any(axis=(1, 2))
    start = dense[rated].sum(axis=1) / dense[rated].sum(axis=(1, 2))[:, None]
    confusion = np.einsum("it,irl->rtl", start, dense[rated]) + 0.5
    confusion /= confusion.sum(axis=2, keepdims=True)
    joint = np.log(start.mean(axis=0) + 1e-300) + np.einsum(
        "irl,rtl->it", dense[rated], np.log(confusion)
    )
    wanted = np.exp(joint - joint.max(axis=1, keepdims=True))
    wanted /= wanted.sum(axis=1, keepdims=True)

    found = dawid_skene(votes, smoothing=0.5, max_iterations=1)

    assert found.posterior[rated] == approx(wanted, abs=1e-9)


def test_one_step_with_known_raters_is_where_the_model_settled():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 200)
    item, rater = np.repeat(np.arange(200), 4), np.tile(np.arange(4), 200)
    label = np.where(rng.random(800) < 0.75, truth[item], rng.integers(0, 3, 800))
    votes = Votes.from_ratings(item, rater, label, n_items=200, n_raters=4, n_options=3)
    found = dawid_skene(votes, tolerance=1e-13)

    again = posterior_given(votes, found.raters, found.prevalence)

    assert again == pytest.approx(found.posterior, abs=1e-4)
    assert again.sum(axis=1) == pytest.approx(np.ones(200))


def test_an_item_without_votes_has_the_prevalence():
    votes = Votes.from_ratings([0], [0], [1], n_items=2, n_raters=1, n_options=2)

    found = posterior_given(votes, np.array([[[0.9, 0.1], [0.2, 0.8]]]), np.array([0.5, 0.5]))

    # 0.5 * 0.1 against 0.5 * 0.8
    assert found == pytest.approx(np.array([[1 / 9, 8 / 9], [0.5, 0.5]]))
