"""Agreement: worked by hand, by properties, against oracles, and every undefined case."""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.stats.agreement import (
    Bootstrap,
    CountTable,
    Jackknife,
    Undefined,
    Weights,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    distance_alpha,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    interval_alpha,
    masi_alpha,
    masi_distances,
    nominal_alpha,
    ordinal_alpha,
    percent_agreement,
    prevalence,
    ratio_alpha,
    specific_agreement,
)
from evaluation.stats.distances import interval_distances, jaccard_distances, ratio_distances

approx = pytest.approx
shapes = st.tuples(st.integers(1, 12), st.integers(2, 4))
counts = arrays(np.int64, shapes, elements=st.integers(0, 4))
LEVELS = {
    "nominal": nominal_alpha,
    "ordinal": ordinal_alpha,
    "interval": interval_alpha,
    "ratio": lambda table: ratio_alpha(table, np.arange(table.n_options)),
}
COEFFICIENTS = [
    nominal_alpha,
    ordinal_alpha,
    interval_alpha,
    percent_agreement,
    fleiss_kappa,
    brennan_prediger,
    gwet_ac1,
    gwet_ac2,
]


def table_of(rows, clusters=None, **more):
    return CountTable.from_counts(np.array(rows, dtype=np.int64), clusters, **more)


# By hand


def test_nominal_alpha_by_hand():
    # Three items, three raters: aaa, bbb, aab. In n_c: a = 5, b = 4, n = 9.
    # D_o = (0 + 0 + 2 * 2/2) / 9 = 2/9;  D_e = 2 * 5 * 4 / (9 * 8) = 5/9;  alpha = 1 - 2/5.
    assert nominal_alpha(table_of([[3, 0], [0, 3], [2, 1]])).value == approx(0.6)


def test_chance_corrected_agreement_by_hand():
    # The same. p_a = (1 + 1 + 1/3)/3 = 7/9; prevalences (1 + 0 + 2/3)/3 = 5/9 and 4/9.
    table = table_of([[3, 0], [0, 3], [2, 1]])

    assert percent_agreement(table).value == approx(7 / 9)
    # p_e = 25/81 + 16/81 = 41/81: (63 - 41)/(81 - 41) = 22/40.
    assert fleiss_kappa(table).value == approx(22 / 40)
    # p_e = (2 * 20/81)/1 = 40/81: (63 - 40)/(81 - 40) = 23/41.
    assert gwet_ac1(table).value == approx(23 / 41)
    # p_e = 1/2: (7/9 - 1/2)/(1/2) = 5/9.
    assert brennan_prediger(table).value == approx(5 / 9)


def test_gwet_ac2_by_hand():
    # Two items, two raters, three options: (0, 1) and (2, 2). Linear weights: 1, 1/2, 0.
    # p_a = (1/2 + 1)/2 = 3/4. Prevalences 1/4, 1/4, 1/2; sum p(1 - p) = 3/16 + 3/16 + 1/4 = 5/8.
    # T = 3 + 4 * 1/2 = 5; p_e = 5/(3 * 2) * 5/8 = 25/48; (36 - 25)/(48 - 25) = 11/23.
    table = table_of([[1, 1, 0], [0, 0, 2]])

    assert gwet_ac2(table, Weights.LINEAR).value == approx(11 / 23)


def test_specific_agreement_by_hand():
    # aab and bb: of the ratings a (2), each has 2 others, in all 4, of which 2 are a: 1/2.
    # Of the ratings b: 1 with 2 others (0 are b) and 2 with 1 other (1 is b each): 2/4.
    table = table_of([[2, 1], [0, 2]])

    assert [of.value for of in specific_agreement(table)] == approx([1 / 2, 1 / 2])


def test_fleiss_kappa_may_fall_below_minus_one_by_single_rated_items():
    # One item ab, nine lone a: p_a = 0, prevalences 19/20 and 1/20, p_e = 362/400: -362/38.
    found = fleiss_kappa(table_of([[1, 1]] + [[1, 0]] * 9))

    assert found.value == approx(-362 / 38)


def test_prevalence_counts_every_rating():
    # aab, bb and a lone a: a has 3 of 6.
    assert [of.value for of in prevalence(table_of([[2, 1], [0, 2], [1, 0]]))] == approx([0.5, 0.5])


def test_cohen_kappa_by_hand():
    # [[20, 5], [10, 15]]: p_o = .7, marginals .5/.5 and .6/.4, p_e = .5, kappa = .4.
    assert cohen_kappa([[20, 5], [10, 15]]).value == approx(0.4)


def test_conger_kappa_of_two_raters_is_cohens():
    first = [0, 0, 1, 1, 2, 0, 1, 2, 2, 0]
    second = [0, 1, 1, 1, 2, 0, 2, 2, 0, 0]
    confusion = np.zeros((3, 3), dtype=np.int64)
    np.add.at(confusion, (first, second), 1)

    for weights in Weights:
        conger = conger_kappa([first, second], n_options=3, weights=weights)
        assert conger.value == approx(cohen_kappa(confusion, weights).value)
    assert (conger.raters, conger.items, conger.ratings, conger.clusters) == (2, 10, 20, 10)


def test_the_estimate_says_what_it_was_computed_from():
    table = table_of([[3, 0], [0, 3], [2, 1], [1, 0], [0, 0]], ["x", "x", "y", "z", "w"], raters=3)
    alpha = nominal_alpha(table, confidence=0.9)

    assert (alpha.items, alpha.pairable_items, alpha.ratings) == (4, 3, 10)
    assert (alpha.clusters, alpha.raters, alpha.confidence) == (2, 3, 0.9)


# Undefined


@pytest.mark.parametrize("compute", COEFFICIENTS)
def test_without_a_rating_nothing_is_defined(compute):
    found = compute(table_of(np.zeros((2, 3))))

    assert (found.value, found.se, found.reason) == (None, None, Undefined.NO_ITEMS)


@pytest.mark.parametrize("compute", COEFFICIENTS)
def test_without_a_pair_nothing_is_defined(compute):
    assert compute(table_of([[1, 0], [0, 1]])).reason is Undefined.NO_PAIRS
    assert compute(table_of([[1, 0], [0, 1]], raters=1)).reason is Undefined.ONE_RATER


@pytest.mark.parametrize("compute", [*LEVELS.values(), fleiss_kappa])
def test_without_variation_chance_is_undefined(compute):
    found = compute(table_of([[0, 3], [0, 2]]))

    assert (found.value, found.reason) == (None, Undefined.NO_VARIATION)


def test_an_option_only_chosen_by_lone_raters_is_no_variation_for_alpha():
    table = table_of([[3, 0], [0, 1]])

    assert nominal_alpha(table).reason is Undefined.NO_VARIATION
    assert fleiss_kappa(table).value is not None


@pytest.mark.parametrize("compute", [brennan_prediger, gwet_ac1, gwet_ac2])
def test_one_option_offered_leaves_nothing_to_chance(compute):
    assert compute(table_of([[3], [2]])).reason is Undefined.ONE_OPTION


def test_one_option_offered_is_full_agreement_in_percent():
    assert percent_agreement(table_of([[3], [2]])).value == 1.0


def test_weights_of_one_leave_nothing_to_disagree():
    found = gwet_ac2(table_of([[1, 1], [2, 2]]), np.ones((2, 2)))

    assert found.reason is Undefined.NO_VARIATION


def test_an_option_without_a_paired_rating_has_no_specific_agreement():
    found = specific_agreement(table_of([[3, 0], [2, 0], [0, 1]]))

    assert found[0].value == 1.0
    assert (found[1].value, found[1].reason) == (None, Undefined.OPTION_NOT_USED)


def test_prevalence_of_nothing_is_undefined():
    assert prevalence(table_of([[0, 0]]))[0].reason is Undefined.NO_ITEMS


def test_one_cluster_has_a_value_but_no_interval():
    found = nominal_alpha(table_of([[3, 0], [0, 3], [2, 1]], [7, 7, 7]))

    assert found.value == approx(0.6)
    assert (found.se, found.low, found.reason) == (None, None, Undefined.ONE_CLUSTER)


def test_perfect_agreement_has_a_value_but_no_interval():
    for uncertainty in (Jackknife(), Bootstrap(seed=1, replicates=50)):
        found = nominal_alpha(table_of([[3, 0], [0, 3]] * 4), uncertainty=uncertainty)
        assert (found.value, found.se, found.reason) == (1.0, None, Undefined.NO_SPREAD)
    assert nominal_alpha(table_of([[3, 0], [0, 3]] * 4)).reason is Undefined.NO_SPREAD


@pytest.mark.parametrize(
    "how", [{}, {"uncertainty": Jackknife()}, {"uncertainty": Bootstrap(seed=1, replicates=100)}]
)
def test_when_one_item_holds_the_only_variation_there_is_no_interval(how):
    found = nominal_alpha(table_of([[3, 0], [3, 0], [3, 0], [2, 1]]), **how)

    assert found.value is not None
    assert (found.se, found.reason) == (None, Undefined.ONE_UNIT_DECIDES)


def test_one_cluster_that_decides_leaves_no_exact_jackknife():
    table = table_of([[3, 0], [3, 0], [2, 1], [1, 2]], [1, 2, 3, 3])

    assert nominal_alpha(table, uncertainty=Jackknife()).reason is Undefined.ONE_UNIT_DECIDES


def test_cohen_kappa_undefined_cases():
    assert cohen_kappa(np.zeros((2, 2), int)).reason is Undefined.NO_ITEMS
    assert cohen_kappa([[5, 0], [0, 0]]).reason is Undefined.NO_VARIATION
    perfect = cohen_kappa([[5, 0], [0, 5]])
    assert (perfect.value, perfect.se, perfect.reason) == (1.0, None, Undefined.NO_SPREAD)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([[-1, -1], [-1, -1]], Undefined.NO_ITEMS),
        ([[0, 1], [-1, -1]], Undefined.ONE_RATER),
        ([[0, -1], [-1, 1]], Undefined.NO_PAIRS),
        ([[1, 1], [1, 1]], Undefined.NO_VARIATION),
    ],
)
def test_conger_kappa_undefined_cases(labels, reason):
    found = conger_kappa(labels, n_options=2)

    assert (found.value, found.reason) == (None, reason)


def test_every_reason_has_a_sentence():
    assert all(reason.sentence.endswith(".") for reason in Undefined)


# Refusals


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(lambda: CountTable.from_counts(np.ones(3, int)), id="one dimension"),
        pytest.param(lambda: CountTable.from_counts(np.ones((2, 2))), id="floats"),
        pytest.param(lambda: CountTable.from_counts([[1, -1]]), id="negative"),
        pytest.param(lambda: CountTable.from_counts([[1, 1]], [1, 2]), id="clusters too long"),
        pytest.param(lambda: CountTable.from_groups([[1]], [1], [1]), id="no such pattern"),
        pytest.param(lambda: CountTable.from_groups([[1]], [0], [1, 2]), id="units too long"),
        pytest.param(lambda: CountTable.from_groups([[1]], [0], [-1]), id="negative units"),
        pytest.param(
            lambda: CountTable.from_groups([[1]], [0], [1], clusters=[1, 2]),
            id="clusters of groups",
        ),
        pytest.param(lambda: CountTable.from_packed([1], n_options=9, bits=8), id="over 63 bits"),
        pytest.param(lambda: CountTable.from_packed([1], n_options=0, bits=8), id="no option"),
        pytest.param(lambda: CountTable.from_packed([16], n_options=2, bits=2), id="beyond"),
        pytest.param(lambda: CountTable.from_packed([-1], n_options=2, bits=2), id="below"),
        pytest.param(lambda: CountTable.from_confusion([[1, 2]]), id="not square"),
        pytest.param(lambda: nominal_alpha(table_of([[2, 1]]), confidence=1.0), id="confidence"),
        pytest.param(lambda: interval_alpha(table_of([[2, 1]]), [1]), id="one value"),
        pytest.param(lambda: interval_alpha(table_of([[2, 1]]), [1, np.nan]), id="nan value"),
        pytest.param(lambda: ratio_alpha(table_of([[2, 1]]), [-1, 1]), id="negative amount"),
        pytest.param(lambda: distance_alpha(table_of([[2, 1]]), np.eye(2)), id="diagonal"),
        pytest.param(lambda: distance_alpha(table_of([[2, 1]]), [[0, 1]]), id="distances shape"),
        pytest.param(lambda: distance_alpha(table_of([[2, 1]]), [[0, 1], [2, 0]]), id="asymmetric"),
        pytest.param(lambda: masi_alpha(table_of([[2, 1]]), [frozenset("a")]), id="one set"),
        pytest.param(lambda: gwet_ac2(table_of([[2, 1]]), np.eye(3)), id="weights size"),
        pytest.param(lambda: gwet_ac2(table_of([[2, 1]]), 2 * np.eye(2)), id="weights range"),
        pytest.param(lambda: gwet_ac2(table_of([[2, 1]]), [[1, 0], [1, 1]]), id="weights lean"),
        pytest.param(lambda: cohen_kappa([[1, 2]]), id="confusion shape"),
        pytest.param(lambda: cohen_kappa([[1, 2], [0, 1]], confidence=0), id="cohen confidence"),
        pytest.param(lambda: conger_kappa([0, 1], n_options=2), id="panel of one dimension"),
        pytest.param(lambda: conger_kappa([[0, 2]], n_options=2), id="panel option"),
        pytest.param(lambda: conger_kappa([[0], [1]], n_options=2, clusters=[1, 2]), id="panel"),
        pytest.param(
            lambda: nominal_alpha(table_of([[2, 1]] * 2), uncertainty=Bootstrap(1, 1)), id="draws"
        ),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


def test_weights_need_an_option():
    from evaluation.stats.agreement import agreement_weights

    with pytest.raises(ValueError, match="at least 1"):
        agreement_weights(Weights.LINEAR, 0)
    assert agreement_weights(Weights.QUADRATIC, 1).tolist() == [[1.0]]


# Distances


def test_masi_of_sets_by_hand():
    a, ab, bc, none = frozenset("a"), frozenset("ab"), frozenset("bc"), frozenset()
    found = masi_distances([a, ab, bc, none, none])

    assert found[0, 1] == approx(1 - 1 / 2 * 2 / 3)  # a within ab
    assert found[1, 2] == approx(1 - 1 / 3 * 1 / 3)  # they overlap
    assert found[0, 2] == 1.0  # nothing shared
    assert found[3, 4] == 0.0  # two empty sets
    assert found[0, 3] == 1.0
    assert jaccard_distances([a, ab, none, none])[0].tolist() == [0.0, 0.5, 1.0, 1.0]
    assert jaccard_distances([none, none]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_two_zeros_are_no_distance_apart_in_the_ratio_metric():
    assert ratio_distances([0, 0, 3]).tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert interval_distances([1, 3]).tolist() == [[0, 4], [4, 0]]
