"""The plan of labels: how many give the width that is asked for."""

import numpy as np
import pytest

from evaluation.services.rate_methods import Chances, estimated, pooling_of
from evaluation.services.rate_parts import Part
from evaluation.services.rate_plans import planned as plan_of
from tests.evaluation.rated import HALF, MANY, drawn, misled, only, part, together

pytestmark = pytest.mark.django_db


def test_a_plan_reaches_the_width_it_was_made_for(tmp_path):
    """As many labels as planned give about the half width that was wanted."""
    said = {f"r{n}": "yes" if n % 3 == 0 else "no" for n in range(240)}
    true = {r: said[r] if n % 9 else "yes" for n, r in enumerate(said)}
    study = misled(tmp_path, {}, said)
    drawn(study, tmp_path, true, name="ann", design="simple", size=50)
    plan = only(study, half_width=0.06).plan
    drawn(study, tmp_path, true, name="bob", design="simple", size=50 + plan.more)

    after = only(study).found.corrected

    assert plan.labels == 50
    assert (after.high - after.low) / 2 == pytest.approx(0.06, rel=0.15)


def test_a_plan_for_what_is_there_needs_nothing_more(tmp_path):
    plan = only(misled(tmp_path, MANY, MANY), half_width=0.4).plan

    assert plan.more == 0
    assert "as narrow already" in plan.sentence


def test_a_plan_beyond_all_replies_says_so(tmp_path):
    plan = only(misled(tmp_path, HALF, MANY), assume_random=True, half_width=0.01).plan

    assert plan.more is None
    assert "Not even labels on all 60 replies" in plan.sentence


def test_a_plan_without_a_design_starts_anew(tmp_path):
    plan = only(misled(tmp_path, HALF, MANY), half_width=0.13).plan

    assert plan.places[0].labels == 0
    assert "Draw a simple random sample" in plan.sentence


def planned(made, chances, width, **more):
    return plan_of(made, estimated(made, chances), chances, half_width=width, **more)


def test_a_stratified_plan_says_how_many_of_each_stratum():
    made = part(np.random.default_rng(10), n=6_000, share=0.05)

    plan = planned(made, Chances.BY_STRATUM, 0.02, strata=("others", "marked"))

    assert [place.label for place in plan.places] == ["others", "marked"]
    assert plan.more == sum(place.more for place in plan.places) > 0


def test_an_enriched_plan_by_own_errors_says_how_many_of_each_stratum():
    made = part(np.random.default_rng(11), n=6_000, share=0.05)

    plan = planned(made, Chances.BY_VERDICT, 0.018, strata=("others", "marked"))

    assert plan.more == sum(place.more for place in plan.places) > 0
    assert plan.places[0].more > plan.places[1].more  # of what is marked everything is labelled


def test_as_many_labels_as_a_stratified_plan_says_give_the_width():
    made = part(np.random.default_rng(14), n=6_000, share=0.05)
    more = planned(made, Chances.BY_STRATUM, 0.016, strata=("others", "marked")).places[0].more
    rng = np.random.default_rng(15)
    label = made.label.copy()
    taken = rng.permutation(np.flatnonzero((made.stratum == 0) & (label < 0)))[:more]
    share = made.labelled.label[made.labelled.stratum == 0].mean()
    label[taken] = rng.random(more) < share
    there = Part(made.says, made.hedged, label, made.cluster, made.stratum, made.probability)

    after = estimated(there, Chances.BY_STRATUM).corrected

    assert (after.high - after.low) / 2 == pytest.approx(0.016, rel=0.1)


def test_more_labels_than_there_are_replies_are_not_planned():
    plan = pooled_plan(0.03)

    assert plan.more is None
    assert "replies with a verdict are not labelled" in plan.sentence


def pooled_plan(width):
    rng = np.random.default_rng(13)
    parts = [part(rng, n=2_000, rate=rate, share=0.02) for rate in (0.1, 0.2, 0.3)]
    whole = together(parts)
    found = estimated(parts[1], Chances.BY_VERDICT, pooling=pooling_of(parts, whole))
    return plan_of(parts[1], found, Chances.BY_VERDICT, half_width=width, calibration=whole)


def test_a_plan_by_shared_errors_shares_labels_out_by_verdict():
    plan = pooled_plan(0.035)

    assert [place.label for place in plan.places] == [
        "judge chose the answer",
        "judge chose another",
    ]
    assert plan.more == sum(place.more for place in plan.places) > 0


def test_no_number_of_labels_makes_up_for_too_few_verdicts():
    plan = pooled_plan(0.001)

    assert plan.more is None
    assert "more replies with verdicts are needed" in plan.sentence
