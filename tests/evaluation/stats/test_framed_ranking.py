"""Strengths of values with the wording's part taken out."""

import numpy as np
import pytest
from scipy import optimize, special

from evaluation.stats.estimates import Undefined
from evaluation.stats.framed_ranking import framed_bradley_terry
from evaluation.stats.ranking import Comparisons, bradley_terry

approx = pytest.approx


def simulated(n=4000, *, framing=0.8, seed=1, clusters=True):
    """Three values of strengths -0.5, 0 and 0.5, and wordings that lean."""
    rng = np.random.default_rng(seed)
    strength = np.array([-0.5, 0.0, 0.5])
    first = rng.integers(0, 3, n)
    second = (first + rng.integers(1, 3, n)) % 3
    lean = rng.integers(-1, 2, n).astype(float)
    chance = special.expit(strength[first] - strength[second] + framing * lean)
    outcome = (rng.random(n) < chance).astype(float)
    return Comparisons.from_rows(
        first,
        second,
        outcome,
        n_models=3,
        lean=lean,
        clusters=np.arange(n) // 2 if clusters else None,
    )


def test_strengths_and_framing_are_found_again():
    found = framed_bradley_terry(simulated())

    for one, true in zip(found.ranking.strengths, (-0.5, 0.0, 0.5), strict=True):
        assert one.low < true < one.high
    assert found.framing.low < 0.8 < found.framing.high
    assert found.framing.value == approx(0.8, abs=0.15)


def test_it_is_the_maximum_of_the_likelihood():
    """Oracle: a general optimiser over the same likelihood."""
    rows = simulated(300)

    def loss(at):
        strength = np.append(at[:2], -at[:2].sum())
        odds = strength[rows.first] - strength[rows.second] + at[2] * rows.lean
        return (np.logaddexp(0, odds) - rows.outcome * odds).sum()

    best = optimize.minimize(loss, np.zeros(3), tol=1e-12).x
    found = framed_bradley_terry(rows)

    assert [one.value for one in found.ranking.strengths[:2]] == approx(best[:2], abs=1e-4)
    assert found.framing.value == approx(best[2], abs=1e-4)


def test_without_clusters_the_errors_are_those_of_the_information():
    """Oracle: the curvature of the likelihood by differences."""
    rows = simulated(300, clusters=False)
    found = framed_bradley_terry(rows)
    at = np.array([*(one.value for one in found.ranking.strengths[:2]), found.framing.value])
    design = np.column_stack(
        [
            (rows.first == column).astype(float)
            - (rows.second == column)
            - ((rows.first == 2).astype(float) - (rows.second == 2))
            for column in (0, 1)
        ]
        + [rows.lean]
    )
    chance = special.expit(design @ at)
    inverse = np.linalg.inv((design * (chance * (1 - chance))[:, None]).T @ design)

    assert found.framing.se == approx(np.sqrt(inverse[2, 2]), rel=1e-6)
    assert found.ranking.strengths[0].se == approx(np.sqrt(inverse[0, 0]), rel=1e-6)


def test_a_wording_that_never_leans_has_no_term_and_the_strengths_stand():
    rows = simulated(200)
    level = Comparisons.from_rows(
        rows.first, rows.second, rows.outcome, n_models=3, lean=np.zeros(200)
    )

    found = framed_bradley_terry(level)

    assert (found.framing.value, found.framing.reason) == (None, Undefined.CONFOUNDED)
    assert found.ranking == bradley_terry(level)


def test_a_wording_that_always_leans_to_one_value_is_not_told_from_its_strength():
    found = framed_bradley_terry(
        Comparisons.from_rows([0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 1], n_models=2, lean=[1] * 4)
    )

    assert found.framing.reason is Undefined.CONFOUNDED
    assert found.ranking.strengths[0].value == approx(np.log(3) / 2)


def test_where_the_wording_decides_every_outcome_nothing_is_fitted():
    found = framed_bradley_terry(
        Comparisons.from_rows(
            [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0], n_models=2, lean=[1, -1, 1, -1]
        )
    )

    assert found.ranking.reason is Undefined.NOT_SEPARATED
    assert {one.value for one in (*found.ranking.strengths, found.framing)} == {None}


def test_where_the_wording_decides_all_but_ties_nothing_is_fitted():
    found = framed_bradley_terry(
        Comparisons.from_rows([0, 0, 0], [1, 1, 1], [0, 0.5, 1], n_models=2, lean=[-1, 0, 1])
    )

    assert found.ranking.reason is Undefined.NOT_SEPARATED


@pytest.mark.parametrize("seed", range(40))
def test_few_comparisons_give_the_maximum_or_a_reason(seed):
    """Where one more step in any direction would gain, the end is not the maximum."""
    rng = np.random.default_rng(seed)
    for _ in range(25):
        size, models = int(rng.integers(3, 40)), int(rng.integers(2, 6))
        first = rng.integers(0, models, size)
        second = (first + rng.integers(1, models, size)) % models
        lean = rng.integers(-1, 2, size).astype(float)
        outcome = rng.choice([0, 0.5, 1], size)
        found = framed_bradley_terry(
            Comparisons.from_rows(first, second, outcome, n_models=models, lean=lean)
        )
        values = [one.value for one in found.ranking.strengths]
        if found.framing.value is None:
            assert found.framing.reason is not None
            continue
        fitted = [values[one] is not None and values[two] is not None
                  for one, two in zip(first, second, strict=True)]  # fmt: skip
        strength = np.array([one or 0.0 for one in values])
        odds = strength[first] - strength[second] + found.framing.value * lean
        rest = (outcome - special.expit(odds))[fitted]
        assert rest @ lean[fitted] == approx(0, abs=1e-7)
        for model in range(models):
            turned = (first == model).astype(float) - (second == model)
            assert rest @ turned[fitted] == approx(0, abs=1e-7)


def test_an_undefeated_value_is_flagged_and_the_others_are_fitted():
    first, second, outcome = [0, 0, 1, 1, 2, 2], [1, 2, 2, 2, 1, 1], [1, 1, 1, 0, 0, 1]
    found = framed_bradley_terry(
        Comparisons.from_rows(first, second, outcome, n_models=3, lean=[0, 0, 1, 1, 0, 0])
    )

    assert found.ranking.strengths[0].reason is Undefined.UNDEFEATED
    assert found.ranking.strengths[1].value is not None


def test_values_that_were_never_compared_leave_it_undefined():
    found = framed_bradley_terry(
        Comparisons.from_rows(
            [0, 0, 2, 2], [1, 1, 3, 3], [1, 0, 1, 0], n_models=4, lean=[0, 1, 0, 1]
        )
    )

    assert found.ranking.reason is Undefined.DISCONNECTED
    assert found.framing.reason is Undefined.DISCONNECTED


def test_the_deal_into_clusters_widens_the_interval_of_what_goes_together():
    rows = simulated(600, clusters=False)
    order = np.lexsort((rows.outcome, rows.lean, rows.second, rows.first))
    together = np.empty(600, dtype=int)
    together[order] = np.arange(600) // 30
    clustered = Comparisons.from_rows(
        rows.first, rows.second, rows.outcome, n_models=3, lean=rows.lean, clusters=together
    )

    assert framed_bradley_terry(clustered).framing.se > framed_bradley_terry(rows).framing.se


def test_comparisons_without_lean_are_refused():
    with pytest.raises(ValueError, match="lean"):
        framed_bradley_terry(Comparisons.from_rows([0], [1], [1], n_models=2))


def test_within_one_category_lean_is_dropped_with_its_row():
    found = Comparisons.from_rows(
        [0, 0], [1, 2], [1, 0], n_models=3, categories=["x", "x", "y"], lean=[1, -1]
    )

    assert (found.dropped, found.lean.tolist()) == (1, [-1.0])
