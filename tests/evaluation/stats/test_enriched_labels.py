"""Labels drawn with unequal chances: the judge's errors, rare shares, strata that clusters cross."""

import numpy as np
import pytest

from evaluation.stats.estimates import Undefined
from evaluation.stats.misclassification import weighted_errors
from evaluation.stats.nested_calibration import NestedLabels, nested_rogan_gladen
from evaluation.stats.prediction_powered import Audit
from evaluation.stats.weighted_audits import (
    Stratum,
    crossed_ppi_mean,
    inverse_probability_mean,
    stratified_ppi_mean,
    weighted_share,
)


def enriched(seed, *, n=1_500, rate=0.15, share=0.1):
    """Verdicts on all, labels on all that the judge marked and on a share of the rest."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < rate
    says = np.where(truth, rng.random(n) < 0.7, rng.random(n) < 0.1)
    chance = np.where(says, 1.0, share)
    labelled = np.zeros(n, dtype=bool)
    for kind, rate_of in ((True, 1.0), (False, share)):
        units = np.flatnonzero(says == kind)
        labelled[rng.permutation(units)[: round(rate_of * units.size)]] = True
        chance[units] = labelled[units].mean()
    labels = np.where(labelled, truth, -1).astype(int)
    return NestedLabels(says.astype(int), labels, 1 / chance, says.astype(int))


def test_weighted_errors_by_hand():
    # Positives: weights 1 and 1 found, 4 missed: 2/6. Negatives: 4 and 4 found, 1 not: 8/9.
    found = weighted_errors([1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1], [1, 1, 4, 4, 4, 1])

    assert found.sensitivity == pytest.approx(2 / 6)
    assert found.specificity == pytest.approx(8 / 9)


def test_equal_weights_give_nearly_the_number_of_labels():
    labels, verdicts = [1] * 40 + [0] * 60, [1] * 30 + [0] * 10 + [0] * 55 + [1] * 5

    found = weighted_errors(labels, verdicts, np.full(100, 3.0))

    assert (found.sensitivity, found.specificity) == pytest.approx((0.75, 55 / 60))
    assert (found.positives, found.negatives) == pytest.approx((40, 60), abs=1e-9)


def test_an_error_of_great_weight_that_was_not_drawn_is_not_impossible():
    labels, verdicts = [1] * 70 + [0] * 80, [1] * 70 + [0] * 60 + [1] * 20
    weights = np.where(np.array(verdicts) == 1, 1.0, 10.0)

    found = weighted_errors(labels, verdicts, weights)

    assert found.sensitivity == 1
    assert found.positives < 10


@pytest.mark.parametrize("labels", [[1, 1], [0, 0], []])
def test_without_both_kinds_of_labels_there_are_no_errors(labels):
    assert weighted_errors(labels, labels, np.ones(len(labels))) is None


@pytest.mark.parametrize(
    "given",
    [([2], [1], [1]), ([1], [0.5], [1]), ([1], [1], [0]), ([1, 0], [1], [1, 1])],
)
def test_errors_of_what_is_no_label_are_refused(given):
    with pytest.raises(ValueError, match=r"must have|are 0 or 1"):
        weighted_errors(*given)


def test_own_labels_give_the_stratified_mean_where_strata_are_the_verdicts():
    nested = enriched(5)
    says, labels = np.asarray(nested.verdicts), np.asarray(nested.labels)

    found = nested_rogan_gladen(nested)

    means = [labels[(says == kind) & (labels >= 0)].mean() for kind in (0, 1)]
    shares = [(says == kind).mean() for kind in (0, 1)]
    assert found.value == pytest.approx(np.dot(means, shares), abs=1e-12)


def test_intervals_by_own_labels_cover():
    found = [nested_rogan_gladen(enriched(seed)) for seed in range(300)]

    covered = sum(one.low <= 0.15 <= one.high for one in found)

    assert 0.925 <= covered / len(found) <= 0.985


def test_own_labels_that_come_in_clusters_give_a_wider_interval():
    plain = enriched(7, n=400)
    clusters = np.sort(np.arange(400) % 40)
    together = np.argsort(np.asarray(plain.verdicts), kind="stable")
    rows = [np.asarray(given)[together] for given in (plain.verdicts, plain.labels, plain.weights)]
    ordered = NestedLabels(*rows, strata=rows[0], clusters=clusters)

    assert nested_rogan_gladen(ordered).se > nested_rogan_gladen(plain).se


@pytest.mark.parametrize(
    ("verdicts", "labels", "clusters", "reason"),
    [
        ([1, 0], [-1, -1], None, Undefined.NO_ITEMS),
        ([1, 0, 1], [1, 1, -1], None, Undefined.TOO_FEW),
        ([1, 0] * 10, [0, 1] * 10, None, Undefined.NOT_INFORMATIVE),
        ([1, 0] * 50, [1, 0] * 50, [7] * 100, Undefined.ONE_CLUSTER),
    ],
)
def test_own_labels_that_say_nothing_are_undefined(verdicts, labels, clusters, reason):
    nested = NestedLabels(verdicts, labels, np.ones(len(labels)), verdicts, clusters)

    assert nested_rogan_gladen(nested).reason is reason


def test_own_labels_that_are_none_are_refused():
    with pytest.raises(ValueError, match="verdicts are 0 or 1"):
        nested_rogan_gladen(NestedLabels([2], [1], [1], [0]))


def test_a_rare_share_has_an_interval_at_nothing_too():
    found = weighted_share([0] * 20, [0.5] * 20)

    # Clopper and Pearson's upper end of 0 of 20.
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.1684, abs=1e-4)


def test_a_weighted_share_is_that_of_inverse_probabilities():
    labels, chances = [1, 0, 0, 1, 0, 0], [0.5, 0.5, 0.1, 0.5, 0.1, 0.1]

    found, plain = weighted_share(labels, chances), inverse_probability_mean(labels, chances)

    assert (found.value, found.se) == (plain.value, plain.se)
    assert found.low < found.value < found.high


def test_a_share_of_numbers_is_refused():
    with pytest.raises(ValueError, match="0 or 1"):
        weighted_share([0.5, 1], [1, 1])


def two_strata(clusters):
    rng = np.random.default_rng(4)
    strata = []
    for at in range(2):
        truth = (rng.random(60) < 0.4).astype(float)
        says = np.where(rng.random(60) < 0.8, truth, 1 - truth)
        audit = Audit(truth[:30], says[:30], says[30:], clusters[at][:30], clusters[at][30:])
        strata.append(Stratum(0.5, audit))
    return strata


def test_clusters_within_strata_give_nearly_the_stratified_error():
    apart = two_strata([np.arange(60), np.arange(60, 120)])

    crossed, plain = crossed_ppi_mean(apart), stratified_ppi_mean(apart)

    assert crossed.value == plain.value
    assert crossed.se == pytest.approx(plain.se, rel=0.02)


def test_clusters_that_cross_strata_are_counted_once():
    shared = two_strata([np.arange(60), np.arange(60)])

    found = crossed_ppi_mean(shared)

    assert found.clusters == 30
    assert found.value == stratified_ppi_mean(two_strata([np.arange(60)] * 2)).value


def test_equal_strata_that_share_clusters_do_not_narrow_the_interval():
    """The same replies twice, under two names, are no new information."""
    one = two_strata([np.arange(60), np.arange(60)])[0].audit
    twice = [Stratum(0.5, one), Stratum(0.5, one)]

    assert crossed_ppi_mean(twice).se == pytest.approx(
        crossed_ppi_mean([Stratum(1.0, one)]).se, rel=1e-9
    )


def test_strata_without_clusters_cannot_be_crossed():
    audit = Audit([1, 0, 1], [1, 0, 0], [1, 0])

    with pytest.raises(ValueError, match="clusters of every stratum"):
        crossed_ppi_mean([Stratum(1.0, audit)])


def test_a_stratum_that_is_labelled_in_full_counts_with_its_labels():
    full = Stratum(0.5, Audit([1, 0, 1, 1], [1, 0, 0, 1], []))
    part = Stratum(0.5, Audit([0, 0, 1], [0, 0, 0], [0, 0]))

    assert stratified_ppi_mean([full, part]).value == pytest.approx(0.5 * 0.75 + 0.5 / 3)
