"""Each design from the page that draws it to the rate on the page, against the statistics."""

import numpy as np
import pytest

from annotation.models import Seat
from annotation.vocabulary import Role
from evaluation.models import SampledItem
from evaluation.services import rates
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.misclassification import rogan_gladen, weighted_errors
from evaluation.stats.nested_calibration import NestedLabels, nested_rogan_gladen
from evaluation.stats.prediction_powered import Audit, audited_rate
from evaluation.stats.weighted_audits import Stratum, inverse_probability_mean, stratified_ppi_mean
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

N = 96
RUBRIC = {
    "key": "misled",
    "title": "Misled",
    "questions": [
        {
            "key": "misled",
            "label": "Did it mislead?",
            "type": "single",
            "options": [
                {"code": "no", "label": "No"},
                {"code": "yes", "label": "Yes"},
                {"code": "unsure", "label": "Cannot tell"},
            ],
        }
    ],
}


def said(n):
    """What the judge says of reply n: it flags two of five."""
    return n % 5 < 2


def true(n):
    """What people say: mostly the same, the judge misses some and flags too many."""
    return (said(n) and n % 7 != 0) or n % 11 == 0


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=RUBRIC)
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"r{n}", model=("a", "b")[n % 2])
        for n in range(N)
    ]
    build.batch(made, lines, tmp_path)
    rows = [given.verdict(f"r{n}", "yes" if said(n) else "no", "misled") for n in range(N)]
    given.verdicts(made, tmp_path, rows)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def number(item):
    return int(item.reply_1.external_id[1:])


def judged(study, researcher, **design):
    """Draw on the page, open seats on the page, judge every seat; return the numbers judged."""
    answer = researcher.post("/studies/s/samples/draw/", {"seed": 3, **design})
    assert answer.status_code == 302, answer.content.decode()
    sent = {"raters_per_item": 1, "wave": 3, "priority": 0}
    assert researcher.post("/studies/s/samples/1/", sent).status_code == 302
    ann = build.rater(study)
    for _ in range(Seat.objects.count()):
        seat = build.claim(ann)
        answers = {"misled": ["yes" if true(number(seat.item)) else "no"]}
        build.judgments.submit(
            rater=ann, receipt=build.receipt(seat, ann), turn=0, sent=answers, now=build.NOW
        )
    drawn = SampledItem.objects.select_related("item__reply_1")
    return {number(one.item): one for one in drawn}


def page(researcher, study, **asked):
    terms = {"judge": given.judge(study).pk, "question": "misled", "option": "yes", **asked}
    response = researcher.get("/studies/s/rates/", terms)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def whole(study, **asked):
    terms = {"question": "misled", "option": "yes", **asked}
    return rates.report(build.facts(study), "robo", **terms)


def shows(text, estimate):
    """Say whether a page has an estimate with both ends of its interval, in all digits."""
    return all(f'value="{n!r}"' in text for n in (estimate.value, estimate.low, estimate.high))


def ends(estimate):
    """A value with both ends of its interval."""
    return estimate.value, estimate.low, estimate.high


def audit(labelled, everyone=range(N)):
    inside = [n for n in everyone if n in labelled]
    others = [n for n in everyone if n not in labelled]
    return Audit([true(n) for n in inside], [said(n) for n in inside], [said(n) for n in others])


def test_a_simple_random_sample_gives_ppi(study, researcher):
    labelled = judged(study, researcher, design="simple", size=48)

    by_hand = audited_rate(audit(labelled))

    assert by_hand.method == "ppi++"
    assert whole(study).rates[0].found.corrected == by_hand.estimate
    text = page(researcher, study)
    assert shows(text, by_hand.estimate)
    assert "PPI++" in text
    assert "Sample 1 is a simple random sample" in text


def test_a_sample_that_shares_replies_with_a_judged_one_has_no_rate_until_it_is_judged(
    study, researcher
):
    marked = {"marked_judge": given.judge(study).pk, "marked": "misled:yes"}
    judged(study, researcher, design="enriched", rate=1, rate_others=0.2, **marked)
    researcher.post("/studies/s/samples/draw/", {"seed": 4, "design": "simple", "size": 60})
    researcher.post("/studies/s/samples/2/", {"raters_per_item": 1, "wave": 3, "priority": 0})
    bob = build.rater(study)
    seats = list(Seat.objects.filter(judged_at=None))

    some = page(researcher, study, sample=2)
    for _ in seats:
        seat = build.claim(bob)
        answers = {"misled": ["yes" if true(number(seat.item)) else "no"]}
        build.judgments.submit(
            rater=bob, receipt=build.receipt(seat, bob), turn=0, sent=answers, now=build.NOW
        )
    every = page(researcher, study, sample=2)

    assert len(seats) > 10
    assert "no random part of the sample" in some
    assert "no random part of the sample" not in every
    drawn = SampledItem.objects.filter(sample__number=2).select_related("item__reply_1")
    assert shows(every, audited_rate(audit({number(one.item) for one in drawn})).estimate)


def test_a_sample_with_few_positives_gives_the_labels_with_a_warning(study, researcher):
    labelled = judged(study, researcher, design="simple", size=12)

    by_hand = audited_rate(audit(labelled))

    assert by_hand.method == "labels only"
    text = page(researcher, study)
    assert shows(text, by_hand.estimate)
    assert by_hand.warning.replace("'", "&#x27;") in text


def test_a_stratified_sample_gives_ppi_in_each_stratum(study, researcher):
    design = {"design": "stratified", "by": "model", "size": 60, "allocation": "equal"}
    labelled = judged(study, researcher, **design)

    halves = [range(0, N, 2), range(1, N, 2)]
    strata = [Stratum(0.5, audit(labelled, half)) for half in halves]
    by_hand = stratified_ppi_mean(strata, name="stratified prediction-powered rate")

    assert whole(study).rates[0].found.corrected == by_hand
    text = page(researcher, study)
    assert shows(text, by_hand)
    assert "stratified PPI++" in text


def test_within_a_stratum_the_rate_is_that_of_a_simple_random_sample(study, researcher):
    design = {"design": "stratified", "by": "model", "size": 60, "allocation": "equal"}
    labelled = judged(study, researcher, **design)

    by_hand = audited_rate(audit(labelled, range(0, N, 2)))

    assert by_hand.method == "ppi++"
    assert shows(page(researcher, study, by="model"), by_hand.estimate)


def test_unequal_probabilities_with_a_thin_stratum_give_weights(study, researcher):
    """Slices that cut through strata may have too few labels of one for its own mean."""
    design = {
        "design": "stratified",
        "marked_judge": given.judge(study).pk,
        "marked": "misled:yes",
        "size": 48,
    }
    labelled = judged(study, researcher, **design)
    thin = [n for n in labelled if not said(n)][1:]
    build.Judgment.objects.filter(item__in=[labelled[n].item_id for n in thin])
    found = whole(study)

    sizes = {kind: sum(said(n) == kind for n in range(N)) for kind in (True, False)}
    strata = [
        Stratum(sizes[kind] / N, audit(labelled, [n for n in range(N) if said(n) == kind]))
        for kind in (True, False)
    ]
    by_hand = stratified_ppi_mean(strata, name="stratified prediction-powered rate")
    assert found.rates[0].found.corrected.value == pytest.approx(by_hand.value, abs=1e-12)
    weights = [labelled[n].probability for n in labelled]
    human = inverse_probability_mean([true(n) for n in labelled], weights)
    assert found.rates[0].found.human.value == pytest.approx(human.value, abs=1e-12)


def test_an_enriched_sample_gives_rogan_and_gladens_rate(study, researcher):
    design = {
        "design": "enriched",
        "marked_judge": given.judge(study).pk,
        "marked": "misled:yes",
        "rate": 1,
        "rate_others": 0.4,
    }
    labelled = judged(study, researcher, **design)

    says = [int(said(n)) for n in range(N)]
    by_hand = nested_rogan_gladen(
        NestedLabels(
            says,
            [int(true(n)) if n in labelled else -1 for n in range(N)],
            [1 / labelled[n].probability if n in labelled else 1 for n in range(N)],
            says,
        )
    )

    found = whole(study).rates[0].found
    assert found.method == "rogan_gladen"
    assert ends(found.corrected) == pytest.approx(ends(by_hand), abs=1e-12)
    text = page(researcher, study)
    assert shows(text, found.corrected)
    assert "neither the plain share of labels nor PPI++ would be right" in text


def test_slices_of_an_enriched_sample_share_the_judges_errors(study, researcher):
    design = {
        "design": "enriched",
        "marked_judge": given.judge(study).pk,
        "marked": "misled:yes",
        "rate": 1,
        "rate_others": 0.4,
    }
    labelled = judged(study, researcher, **design)

    order = sorted(labelled)
    errors = weighted_errors(
        [true(n) for n in order],
        [said(n) for n in order],
        [1 / labelled[n].probability for n in order],
    )
    by_hand = rogan_gladen(np.mean([said(n) for n in range(0, N, 2)]), N / 2, errors)

    found = whole(study, by="model").rates[0].found
    assert found.pooled
    assert ends(found.corrected) == pytest.approx(ends(by_hand), abs=1e-12)
    text = page(researcher, study, by="model")
    assert shows(text, found.corrected)
    assert "The interval is that of Lee et al. 2025" in text


def test_a_panel_gives_ppi_clustered_by_query(researcher, study, tmp_path):
    """Two replies to a query share it: the intervals are clustered."""
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"r{n + N}", model="c") for n in range(N)
    ]
    build.batch(study, lines, tmp_path)
    rows = [given.verdict(f"r{n + N}", "yes" if said(n + N) else "no", "misled") for n in range(N)]
    given.verdicts(study, tmp_path, rows)
    labelled = judged(study, researcher, design="panel", size=30)

    inside, others = sorted(labelled), [n for n in range(2 * N) if n not in labelled]
    by_hand = audited_rate(
        Audit(
            [true(n) for n in inside],
            [said(n) for n in inside],
            [said(n) for n in others],
            [n % N for n in inside],
            [n % N for n in others],
        )
    )

    assert len(labelled) == 60
    assert by_hand.estimate.clusters == 30
    assert whole(study).rates[0].found.corrected.value == pytest.approx(by_hand.estimate.value)
    assert whole(study).rates[0].found.corrected.low == pytest.approx(by_hand.estimate.low)
    assert "fully crossed panel" in page(researcher, study)


def test_everything_judged_gives_the_rate_of_the_labels(study, researcher):
    judged(study, researcher, design="all")

    hits = [true(n) for n in range(N)]
    found = whole(study).rates[0].found

    assert found.method == "labels_only"
    assert found.corrected.value == np.mean(hits)
    assert cluster_proportion(hits, np.ones(N)).value == found.human.value
    assert "everything in its frame" in page(researcher, study)
