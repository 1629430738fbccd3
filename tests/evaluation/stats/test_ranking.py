"""Strengths of models from comparisons in pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from evaluation.stats import ranking
from evaluation.stats.estimates import Undefined
from evaluation.stats.ranking import Comparisons, bradley_terry
from tests.evaluation.stats.reference import load

approx = pytest.approx
rows = st.lists(
    st.tuples(
        st.sampled_from([(0, 1), (0, 2), (1, 2), (2, 0), (1, 0)]),
        st.sampled_from([0, 0.5, 1]),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=30,
)


def compare(rows, n_models=3, **more):
    pairs, outcome, clusters = zip(*rows, strict=True)
    first, second = zip(*pairs, strict=True)
    return Comparisons.from_rows(
        first, second, outcome, n_models=n_models, clusters=clusters, **more
    )


def values(fit):
    return [strength.value for strength in fit.strengths]


# Reference


def test_bt_baseball_1987():
    given_data, expected, tolerance = load("bt_baseball_1987")
    reference = given_data["items"].index(given_data["reference"])
    found = bradley_terry(Comparisons.from_wins(given_data["wins"]), reference=reference)
    near = tolerance["abs"]

    assert values(found) == approx(expected["log_strength"], abs=near)
    assert [strength.se or 0.0 for strength in found.strengths] == approx(expected["se"], abs=near)
    assert found.deviance == approx(expected["deviance"], abs=near)
    assert found.strengths[reference].reason is Undefined.NO_SPREAD
    assert found.reference == reference


def test_bt_ties_half():
    given_data, expected, tolerance = load("bt_ties_half")
    ties = np.zeros((4, 4))
    for i, j, number in given_data["ties"]:
        ties[i, j] = number
    found = bradley_terry(Comparisons.from_wins(given_data["wins"], ties), reference=0)
    near = tolerance["abs"]

    assert values(found) == approx(expected["log_strength"], abs=near)
    assert [strength.se or 0.0 for strength in found.strengths] == approx(expected["se"], abs=near)


def test_bt_undefeated_item():
    given_data, expected, tolerance = load("bt_undefeated_item")
    comparisons = Comparisons.from_wins(given_data["wins"])
    found, regularised = bradley_terry(comparisons), bradley_terry(comparisons, prior=0.1)

    assert expected["mle_exists"] is False
    assert (found.strengths[0].value, found.strengths[0].reason) == (None, Undefined.UNDEFEATED)
    # b beat c 3 to 2: their strengths are half of log(3/2) from their mean.
    assert values(found)[1:] == approx([np.log(1.5) / 2, -np.log(1.5) / 2])
    assert (found.comparisons, found.reason) == (5, None)
    assert values(regularised) == approx(expected["regularised_alpha_0_1"], abs=tolerance["abs"])


# By hand


def test_two_models_by_hand():
    # 3 wins to 1: the difference is log 3; its information is 4 * 3/4 * 1/4 = 3/4.
    found = bradley_terry(Comparisons.from_wins([[0, 3], [1, 0]]), reference=1)

    assert found.strengths[0].value == approx(np.log(3))
    assert found.strengths[0].se == approx(np.sqrt(4 / 3))
    assert found.deviance == approx(0.0, abs=1e-12)
    assert found.strengths[0].items == 4


def test_clustered_errors_by_hand():
    # Query a: 0 wins twice, b: 0 wins, c: 1 wins. Strength difference log 3, chance 3/4; scores
    # a 1/2, b 1/4, c -3/4: squares 7/8, times 3/2; information 3/4: variance (21/16)/(9/16) = 7/3.
    found = bradley_terry(
        compare([((0, 1), 1, "a"), ((0, 1), 1, "a"), ((0, 1), 1, "b"), ((1, 0), 1, "c")], 2),
        reference=1,
    )

    assert found.strengths[0].se == approx(np.sqrt(7 / 3))
    assert found.strengths[0].clusters == 3


def test_pairs_within_a_category_are_dropped_with_their_number():
    found = bradley_terry(
        compare(
            [((0, 1), 1, 1), ((1, 0), 1, 2), ((1, 2), 1, 1), ((2, 0), 1, 1), ((0, 2), 1, 3)],
            categories=["care", "truth", "truth"],
        )
    )

    assert (found.dropped, found.comparisons) == (1, 4)


def test_grouped_rows_are_the_same_comparisons():
    grouped = Comparisons.from_rows([0, 1], [1, 0], [1, 1], n_models=2, units=[3, 1])

    assert values(bradley_terry(grouped)) == values(
        bradley_terry(Comparisons.from_wins([[0, 3], [1, 0]]))
    )


def test_a_lopsided_table_settles():
    found = bradley_terry(Comparisons.from_wins([[0, 100_000, 1], [1, 0, 100_000], [1, 1, 0]]))

    assert found.reason is None
    assert values(found)[0] > values(found)[1] > values(found)[2]


def test_a_first_step_too_far_is_halved():
    # Newton's first step overshoots here; found by search.
    wins = np.array([[0, 10_000, 1, 1], [1, 0, 0, 1], [10_000, 0, 0, 1], [5, 10_000, 5, 0]])
    strength = np.array(values(bradley_terry(Comparisons.from_wins(wins))))
    expected = (wins + wins.T) / (1 + np.exp(strength[None, :] - strength[:, None]))

    assert wins.sum(axis=1) == approx(expected.sum(axis=1), abs=1e-5)


# Undefined


def test_models_without_an_end_are_flagged_until_none_is_left():
    # 0 beats all; 3 loses to all; then 1 and 2 are even.
    wins = [[0, 1, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    found = bradley_terry(Comparisons.from_wins(wins), reference=0)

    assert [strength.reason for strength in found.strengths] == [
        Undefined.UNDEFEATED,
        None,
        None,
        Undefined.WINLESS,
    ]
    assert values(found)[1:3] == approx([0.0, 0.0])
    assert found.reference is None


def test_a_ladder_leaves_nothing_to_fit():
    found = bradley_terry(Comparisons.from_wins([[0, 1, 0], [0, 0, 1], [0, 0, 0]]))

    assert found.reason is Undefined.NOT_SEPARATED
    assert [strength.reason for strength in found.strengths] == [
        Undefined.UNDEFEATED,
        Undefined.NOT_SEPARATED,
        Undefined.WINLESS,
    ]


def test_no_comparison_has_no_strength():
    found = bradley_terry(Comparisons.from_wins(np.zeros((2, 2))))

    assert (found.reason, found.deviance) == (Undefined.NO_PAIRS, None)
    assert values(found) == [None, None]


@pytest.mark.parametrize("prior", [0, 1])
def test_models_never_compared_are_disconnected(prior):
    wins = np.zeros((4, 4))
    wins[[0, 1, 2, 3], [1, 0, 3, 2]] = 1
    found = bradley_terry(Comparisons.from_wins(wins), prior=prior)

    assert found.reason is Undefined.DISCONNECTED
    assert found.strengths[0].reason is Undefined.DISCONNECTED


def test_models_connected_only_through_a_flagged_one_are_disconnected():
    wins = np.zeros((5, 5))
    wins[[0, 1, 2, 3], [1, 0, 3, 2]] = 1
    wins[4, :4] = 1

    assert bradley_terry(Comparisons.from_wins(wins)).reason is Undefined.DISCONNECTED


def test_a_group_that_never_loses_to_another_is_not_separated():
    wins = np.zeros((4, 4))
    wins[[0, 1, 2, 3, 0], [1, 0, 3, 2, 2]] = 1

    assert bradley_terry(Comparisons.from_wins(wins)).reason is Undefined.NOT_SEPARATED


def test_one_query_has_no_error():
    found = bradley_terry(compare([((0, 1), 1, "a"), ((1, 0), 1, "a")], 2))

    assert found.strengths[0].reason is Undefined.ONE_CLUSTER
    assert found.strengths[0].value == approx(0.0)


def test_not_settling_is_said(monkeypatch):
    monkeypatch.setattr(ranking, "NEWTON_STEPS", 0)
    found = bradley_terry(Comparisons.from_wins([[0, 3], [1, 0]]))

    assert found.reason is Undefined.NOT_CONVERGED


# Refusals


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Comparisons.from_rows([0], [0], [1], n_models=2),
        lambda: Comparisons.from_rows([0], [2], [1], n_models=2),
        lambda: Comparisons.from_rows([0], [1], [2], n_models=2),
        lambda: Comparisons.from_rows([0], [1], [1], n_models=2, units=[-1]),
        lambda: Comparisons.from_rows([0], [1], [1], n_models=2, clusters=[1, 2]),
        lambda: Comparisons.from_rows([0], [1], [1], n_models=2, categories=[1]),
        lambda: Comparisons.from_wins([[0, 1]]),
        lambda: Comparisons.from_wins([[1, 0], [0, 0]]),
        lambda: Comparisons.from_wins([[0, 1], [1, 0]], [[0, -1], [0, 0]]),
        lambda: bradley_terry(Comparisons.from_wins([[0, 1], [1, 0]]), reference=2),
        lambda: bradley_terry(Comparisons.from_wins([[0, 1], [1, 0]]), prior=-1),
        lambda: bradley_terry(Comparisons.from_wins([[0, 1], [1, 0]]), confidence=0),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


# Properties and oracles


@given(rows)
@settings(max_examples=60)
def test_at_the_maximum_each_model_wins_as_often_as_expected(rows):
    """The score equations: observed wins equal expected wins."""
    comparisons = compare(rows)
    found = bradley_terry(comparisons)
    if found.reason is not None:
        return
    fitted = [at for at, strength in enumerate(found.strengths) if strength.value is not None]
    wins = comparisons.wins()[np.ix_(fitted, fitted)]
    strength = np.array([found.strengths[at].value for at in fitted])
    expected = (wins + wins.T) / (1 + np.exp(strength[None, :] - strength[:, None]))

    assert wins.sum(axis=1) == approx(expected.sum(axis=1), abs=1e-6)
    assert strength.mean() == approx(0, abs=1e-9)


@given(rows)
@settings(max_examples=60)
def test_turning_every_comparison_round_changes_nothing(rows):
    turned = [((j, i), 1 - outcome, cluster) for (i, j), outcome, cluster in rows][::-1]
    before, after = bradley_terry(compare(rows)), bradley_terry(compare(turned))

    assert after.reason == before.reason
    for one, other in zip(before.strengths, after.strengths, strict=True):
        assert other.value == approx(one.value, abs=1e-7)
        assert other.se == approx(one.se, abs=1e-6)


@given(rows)
@settings(max_examples=60)
def test_winners_and_losers_swapped_mirror_the_strengths(rows):
    swapped = [(pair, 1 - outcome, cluster) for pair, outcome, cluster in rows]
    before, after = bradley_terry(compare(rows)), bradley_terry(compare(swapped))

    assert after.reason == before.reason
    for one, other in zip(before.strengths, after.strengths, strict=True):
        assert (one.value is None) == (other.value is None)
        if one.value is not None:
            assert other.value == approx(-one.value, abs=1e-7)


def test_agrees_with_a_general_optimiser():
    """Oracle: minimise the negative log likelihood itself."""
    wins = np.random.default_rng(0).integers(1, 9, (5, 5)) * (1 - np.eye(5))

    def loss(strength):
        return (wins * np.log1p(np.exp(strength[None, :] - strength[:, None]))).sum()

    wanted = optimize.minimize(loss, np.zeros(5), tol=1e-12).x

    assert values(bradley_terry(Comparisons.from_wins(wins))) == approx(
        wanted - wanted.mean(), abs=1e-4
    )


def test_the_clustered_error_agrees_with_leaving_out_each_query():
    rng = np.random.default_rng(9)
    pairs = [tuple(rng.choice(4, 2, replace=False)) for _ in range(600)]
    strength = np.array([0.8, 0.2, -0.3, -0.7])
    rows = [
        ((i, j), float(rng.random() < 1 / (1 + np.exp(strength[j] - strength[i]))), k // 6)
        for k, (i, j) in enumerate(pairs)
    ]
    found = bradley_terry(compare(rows, 4))
    left = [values(bradley_terry(compare([r for r in rows if r[2] != c], 4))) for c in range(100)]

    assert [s.se for s in found.strengths] == approx(
        np.sqrt(99 * np.var(left, axis=0)).tolist(), rel=0.05
    )
