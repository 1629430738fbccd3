"""Which estimator follows from the design and the labels, on arrays alone."""

import numpy as np
import pytest

from evaluation.models import Design
from evaluation.services.rate_methods import CHANCES, Chances, Method, estimated, pooling_of
from evaluation.services.rate_parts import LEFT_OUT, UNLABELLED, Part
from evaluation.stats.estimates import Undefined
from evaluation.stats.misclassification import rogan_gladen, weighted_errors
from evaluation.stats.weighted_audits import weighted_share
from tests.evaluation.rated import part, together


def test_slices_with_the_same_errors_share_them():
    rng = np.random.default_rng(1)
    parts = [part(rng, rate=rate) for rate in (0.1, 0.2, 0.3)]
    whole = together(parts)

    pooling = pooling_of(parts, whole)
    found = estimated(parts[0], Chances.BY_VERDICT, pooling=pooling)

    known = whole.labelled
    errors = weighted_errors(known.label, known.says, 1 / known.probability, clusters=known.cluster)
    by_hand = rogan_gladen(parts[0].says.mean(), 400, errors)
    assert pooling.allowed
    assert (found.corrected.value, found.corrected.low, found.corrected.high) == pytest.approx(
        (by_hand.value, by_hand.low, by_hand.high)
    )


def test_slices_with_other_errors_keep_their_own():
    rng = np.random.default_rng(2)
    parts = [part(rng, sensitivity=0.5), part(rng), part(rng, sensitivity=0.98)]

    pooling = pooling_of(parts, together(parts))

    assert not pooling.allowed
    own = estimated(parts[0], Chances.BY_VERDICT, pooling=pooling)
    assert own == estimated(parts[0], Chances.BY_VERDICT)
    assert not own.pooled


def test_one_slice_has_nothing_to_be_pooled_with():
    alone = part(np.random.default_rng(3))

    assert pooling_of([alone], alone) is None


def test_a_judge_no_better_than_chance_is_refused_on_an_enriched_set():
    found = estimated(
        part(np.random.default_rng(4), sensitivity=0.5, specificity=0.5), Chances.BY_VERDICT
    )

    assert found.method == Method.REFUSED
    assert found.corrected.reason is Undefined.NOT_INFORMATIVE


def test_an_enriched_set_without_a_positive_is_refused_with_what_is_missing():
    made = part(np.random.default_rng(5), rate=0.0)

    found = estimated(made, Chances.BY_VERDICT)

    assert found.corrected.reason is Undefined.TOO_FEW
    assert "needs a label of the option" in found.warnings[0]


def test_the_plain_share_of_labels_is_never_offered_on_an_enriched_set():
    made = part(np.random.default_rng(6))
    known = made.labelled

    found = estimated(made, Chances.BY_VERDICT)

    by_hand = weighted_share(known.label, known.probability)
    assert found.human.value == by_hand.value
    assert found.human.value < known.label.mean() - 0.1


def test_a_slice_with_a_thin_stratum_is_weighted():
    made = part(np.random.default_rng(7), rate=0.5, specificity=0.6)
    label = made.label.copy()
    label[np.flatnonzero((made.stratum == 0) & (label >= 0))[19:]] = UNLABELLED
    thin = Part(made.says, made.hedged, label, made.cluster, made.stratum, made.probability)

    found = estimated(thin, Chances.BY_STRATUM)

    assert found.method == Method.WEIGHTED
    assert found.corrected == found.human
    assert "1 of 2 strata have fewer than 20 labels" in found.warnings[0]


def test_strata_whose_clusters_cross_are_clustered():
    made = part(np.random.default_rng(8), queries=100)

    found = estimated(made, Chances.BY_STRATUM)

    assert found.method == Method.STRATIFIED
    assert found.corrected.clusters <= 100


def test_what_people_could_not_tell_is_neither_labelled_nor_unlabelled():
    made = part(np.random.default_rng(9), enriched=False)
    label = made.label.copy()
    few = np.flatnonzero(label >= 0)[:4]
    label[few] = LEFT_OUT
    kept = made.only(~np.isin(np.arange(400), few))
    some = Part(made.says, made.hedged, label, made.cluster, made.stratum, made.probability)

    assert estimated(some, Chances.EQUAL).corrected == estimated(kept, Chances.EQUAL).corrected


@pytest.mark.parametrize("chances", [Chances.EQUAL, Chances.BY_STRATUM, Chances.BY_VERDICT])
def test_where_many_could_not_be_told_the_labels_alone_count(chances):
    """At half of all replies people cannot tell and the judge says yes; else it is right."""
    n = 2_000
    hard = np.arange(n) % 2 == 0
    true = (np.arange(n) // 2) % 2
    label = np.where(np.arange(n) < n // 10, np.where(hard, LEFT_OUT, true), UNLABELLED)
    says = hard | (true == 1)
    nothing = np.zeros(n, dtype=bool)
    units = Part(says, nothing, label, np.arange(n), np.arange(n) % 4 // 2, np.full(n, 0.1))

    found = estimated(units, chances)

    assert found.method == (Method.LABELS if chances == Chances.EQUAL else Method.WEIGHTED)
    assert found.corrected == found.human
    assert found.corrected.low < 0.5 < found.corrected.high
    assert "people could not tell" in found.warnings[0]


def test_verdicts_that_are_not_of_the_labelled_replies_give_no_rate_however_many_are_labelled():
    made = part(np.random.default_rng(10), enriched=False).labelled

    found = estimated(made, Chances.OF_OTHERS)

    assert (found.method, found.corrected.value) == (Method.REFUSED, None)
    assert estimated(made, Chances.UNKNOWN).corrected.value is not None


def test_intervals_of_strata_with_few_labels_hold_the_rate():
    """Twenty strata with two labels each: PPI++ within them held it in 55 of 100."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        stratum = np.repeat(np.arange(20), 52)
        true = rng.random(stratum.size) < 0.5
        says = np.where(rng.random(stratum.size) < 0.8, true, ~true)
        label = np.where(np.arange(stratum.size) % 52 < 2, true.astype(int), UNLABELLED)
        nothing = np.zeros(stratum.size, dtype=bool)
        chance = np.full(stratum.size, 2 / 52)
        units = Part(says, nothing, label, np.arange(stratum.size), stratum, chance)
        corrected = estimated(units, Chances.BY_STRATUM).corrected
        held += corrected.low <= 0.5 <= corrected.high

    assert held >= 182


def test_each_design_says_how_likely_units_were():
    assert set(CHANCES) == set(Design)
