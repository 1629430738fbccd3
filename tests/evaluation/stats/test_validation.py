"""A judge against people."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.stats.agreement import Jackknife, Undefined, Weights, cohen_kappa
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.validation import (
    VerdictPairs,
    accuracy,
    judge_kappa,
    labels_may_be_inverted,
    option_rates,
)
from tests.evaluation.stats.reference import load

approx = pytest.approx
rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4)), min_size=2, max_size=40
)


def pairs_of(rows, **more):
    people, judge, clusters = (list(column) for column in zip(*rows, strict=True))
    return VerdictPairs.from_pairs(people, judge, n_options=3, clusters=clusters, **more)


def pairs_of_table(confusion):
    """A table of independent pairs."""
    table = np.array(confusion)
    cells = np.repeat(np.arange(table.size), table.ravel())
    people, judge = np.divmod(cells, len(table))
    return VerdictPairs.from_pairs(
        people, judge, n_options=len(table), clusters=np.arange(len(cells))
    )


def test_the_confusion_has_people_in_rows():
    pairs = pairs_of([(0, 1, "a"), (0, 1, "b"), (2, 2, "a")])

    assert pairs.confusion.tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_grouped_pairs_are_the_same_pairs():
    grouped = pairs_of([(0, 1, "a"), (0, 0, "b"), (1, 1, "b")], units=[2, 1, 0])
    plain = pairs_of([(0, 1, "a"), (0, 1, "a"), (0, 0, "b")])

    assert grouped.confusion.tolist() == plain.confusion.tolist()
    assert accuracy(grouped) == accuracy(plain)


def test_rates_by_hand():
    # [[40, 10], [5, 45]]: sensitivity of 1 is 45/50, specificity 40/50, precision 45/55.
    rates = option_rates(pairs_of_table([[40, 10], [5, 45]]))[1]

    assert (rates.option, rates.sensitivity.value, rates.specificity.value) == (1, 0.9, 0.8)
    assert rates.precision.value == approx(45 / 55)
    assert rates.sensitivity.name == "sensitivity"


def test_accuracy_by_hand():
    # Cluster a: 1 of 2, cluster b: 2 of 2: 3/4; rests -1/2 and 1/2; se = sqrt(2 * 1/2)/4 = 1/4.
    found = accuracy(pairs_of([(0, 0, "a"), (0, 1, "a"), (1, 1, "b"), (2, 2, "b")]))

    assert (found.value, found.se) == (0.75, approx(0.25))


def test_kappa_of_calibration_60_at_one_half():
    given_data, expected, tolerance = load("calibration_60")
    verdict = (np.array(given_data["p"]) >= 0.5).astype(int)
    pairs = VerdictPairs.from_pairs(
        given_data["y"], verdict, n_options=2, clusters=np.arange(len(verdict))
    )
    rates = option_rates(pairs)[1]
    wanted = expected["at_0_5"]
    balanced = (rates.sensitivity.value + rates.specificity.value) / 2
    f1 = 2 / (1 / rates.sensitivity.value + 1 / rates.precision.value)

    assert judge_kappa(pairs).value == approx(wanted["kappa"], abs=tolerance["abs"])
    assert balanced == approx(wanted["balanced_accuracy"], abs=tolerance["abs"])
    assert f1 == approx(wanted["f1"], abs=tolerance["abs"])


def test_leaving_options_out_says_how_many_pairs_were_lost():
    kept, lost = pairs_of([(0, 0, 1), (0, 2, 1), (2, 1, 2), (1, 0, 3)]).among([0, 1])

    assert lost == 2
    assert kept.confusion.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert accuracy(kept).clusters == 2


def test_a_judge_against_the_people_may_have_its_labels_inverted():
    inverted = judge_kappa(pairs_of_table([[5, 40], [45, 10]]))

    assert labels_may_be_inverted(inverted)
    assert not labels_may_be_inverted(judge_kappa(pairs_of_table([[40, 5], [10, 45]])))
    assert not labels_may_be_inverted(judge_kappa(pairs_of_table([[1, 0], [0, 0]])))


def test_nothing_to_compare_is_undefined():
    none = VerdictPairs.from_pairs([], [], n_options=3, clusters=[])

    assert accuracy(none).reason is Undefined.NO_ITEMS
    assert judge_kappa(none).reason is Undefined.NO_ITEMS
    assert option_rates(none)[0].precision.reason is Undefined.NO_ITEMS


def test_one_option_throughout_has_no_kappa():
    assert judge_kappa(pairs_of([(1, 1, 1), (1, 1, 2)])).reason is Undefined.NO_VARIATION


def test_an_option_nobody_gave_has_no_sensitivity():
    rates = option_rates(pairs_of([(0, 0, 1), (0, 1, 2)]))[2]

    assert rates.sensitivity.reason is Undefined.NO_ITEMS
    assert rates.specificity.value == 1.0


def test_one_query_has_no_interval():
    pairs = pairs_of([(0, 0, 1), (0, 1, 1), (1, 1, 1)])

    assert accuracy(pairs).reason is Undefined.ONE_CLUSTER
    assert judge_kappa(pairs).reason is Undefined.ONE_CLUSTER


@pytest.mark.parametrize(
    "refused",
    [
        lambda: pairs_of([(0, 3, 1)]),
        lambda: pairs_of([(-1, 0, 1)]),
        lambda: pairs_of([(0, 0, 1)], units=[1, 2]),
        lambda: VerdictPairs.from_pairs([0], [0, 1], n_options=2, clusters=[1]),
        lambda: VerdictPairs.from_pairs([0], [0], n_options=2, clusters=[1, 2]),
        lambda: pairs_of([(0, 0, 1)]).among([3]),
        lambda: accuracy(pairs_of([(0, 0, 1)]), confidence=2),
        lambda: judge_kappa(pairs_of([(0, 0, 1)]), confidence=2),
        lambda: judge_kappa(pairs_of([(0, 0, 1)]), np.eye(2)),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


@given(rows, st.sampled_from(list(Weights)))
def test_the_clustered_kappa_has_cohens_value(rows, weights):
    pairs = pairs_of(rows)

    assert judge_kappa(pairs, weights).value == approx(
        cohen_kappa(pairs.confusion, weights).value, abs=1e-9
    )


def test_with_independent_pairs_the_clustered_kappa_has_the_asymptotic_error():
    table = np.array([[40, 4, 4, 17], [6, 25, 2, 13], [4, 1, 21, 12], [15, 5, 9, 45]])

    assert judge_kappa(pairs_of_table(table)).se == approx(cohen_kappa(table).se, rel=0.02)


@given(rows)
@settings(max_examples=40)
def test_the_jackknife_of_kappa_is_leaving_out_every_query(rows):
    found = judge_kappa(pairs_of(rows), uncertainty=Jackknife())
    assume(found.se is not None)
    names = sorted({cluster for *_, cluster in rows})
    left = [judge_kappa(pairs_of([r for r in rows if r[2] != name])).value for name in names]

    assert found.se == approx(np.sqrt((len(names) - 1) * np.var(left)), abs=1e-9)


@given(rows)
def test_renaming_options_changes_neither_accuracy_nor_kappa(rows):
    turned = [(2 - a, 2 - b, c) for a, b, c in rows][::-1]

    assert accuracy(pairs_of(turned)).value == approx(accuracy(pairs_of(rows)).value)
    assert judge_kappa(pairs_of(turned)).value == approx(
        judge_kappa(pairs_of(rows)).value, abs=1e-9
    )


@given(rows)
def test_rates_are_those_of_the_definition(rows):
    """Oracle: count the pairs of each cluster by hand."""
    found = option_rates(pairs_of(rows))[1].sensitivity
    names = sorted({cluster for *_, cluster in rows})
    of = [sum(a == 1 for a, _, c in rows if c == name) for name in names]
    hit = [sum(a == 1 and b == 1 for a, b, c in rows if c == name) for name in names]

    assert found == cluster_proportion(hit, of, name="sensitivity")
