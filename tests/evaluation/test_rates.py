"""Rates: what counts as a label, which estimator follows, what is refused, the plan of labels."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.vocabulary import Role, Wave
from evaluation.errors import (
    OptionUnknown,
    QuestionUnknown,
    RateRefused,
    SampleUnknown,
    SliceUnknown,
)
from evaluation.frames import frame_from_json
from evaluation.intake import samples
from evaluation.models import Design
from evaluation.services import judges, rates
from evaluation.services.rate_methods import CHANCES, Chances, Method, estimated, pooling_of
from evaluation.services.rate_parts import LEFT_OUT, UNLABELLED, Part
from evaluation.services.rate_plans import planned as plan_of
from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import proportion
from evaluation.stats.misclassification import rogan_gladen, weighted_errors
from evaluation.stats.weighted_audits import weighted_share
from tests import build
from tests.evaluation import given
from tests.evaluation.test_rate_designs import RUBRIC

pytestmark = pytest.mark.django_db

TURNS = {
    "key": "turns",
    "title": "Turns",
    "questions": [{**RUBRIC["questions"][0], "scope": "both"}],
}
WINNER = {
    "key": "winner",
    "title": "Winner",
    "questions": [
        {
            "key": "winner",
            "label": "Which value?",
            "type": "single",
            "options": [
                {"code": code, "label": code}
                for code in ("value_a", "value_b", "both", "cannot_tell")
            ],
        }
    ],
}


def misled(tmp_path, table, judged, *, rubric=RUBRIC, slug="s"):
    """A study with imported judgments ``{reply: "yes no"}`` and verdicts ``{reply: "yes"}``."""
    made = build.study(slug, rubric=rubric)
    given.replies(made, tmp_path, *judged)
    lines = [
        (reply, f"rater-{n}", "misled", answer)
        for reply, answers in table.items()
        for n, answer in enumerate(answers.split())
    ]
    if lines:
        given.judgments(made, tmp_path, lines)
    given.verdicts(made, tmp_path, [given.verdict(r, v, "misled") for r, v in judged.items()])
    return made


def report(study, **asked):
    terms = {"question": "misled", "option": "yes", **asked}
    return rates.report(build.facts(study), "robo", **terms)


def only(study, **asked):
    (found,) = report(study, **asked).rates
    return found


MANY = {f"r{n}": "yes" if n % 3 == 0 else "no" for n in range(60)}
HALF = dict(list(MANY.items())[:30])


def test_labels_that_no_sample_drew_give_no_corrected_rate(tmp_path):
    found = report(misled(tmp_path, HALF, MANY))

    assert found.rates[0].found.corrected.reason is Undefined.DESIGN_UNKNOWN
    assert found.rates[0].found.method == Method.REFUSED
    assert found.rates[0].found.naive.value == 20 / 60
    assert found.rates[0].found.human.value == 10 / 30
    assert "a corrected rate is refused" in found.why


def test_labels_may_be_taken_for_a_random_sample_which_is_said(tmp_path):
    found = report(misled(tmp_path, HALF, MANY), assume_random=True)

    assert found.rates[0].found.method == Method.PPI
    assert found.assumed
    assert "because that was asked for" in found.why


def opened_at_all(tmp_path, *, judge):
    """Seats at all of sixty replies, of which a rater judged the first so many."""
    study = misled(tmp_path, {}, MANY)
    build.open_seats(study, n_seats=1)
    ann = build.rater(study)
    for _ in range(judge):
        seat = build.claim(ann)
        build.judgments.submit(
            rater=ann, receipt=build.receipt(seat, ann), turn=0,
            sent={"misled": [MANY[seat.item.reply_1.external_id]]}, now=build.NOW,
        )  # fmt: skip
    return study


def test_seats_at_every_reply_are_a_design_too(tmp_path):
    found = report(opened_at_all(tmp_path, judge=12))

    assert found.rates[0].found.method == Method.LABELS
    assert found.rates[0].labels == 12
    assert "seats were opened at every reply" in found.why


def test_replies_that_came_after_the_opening_are_not_in_its_frame(tmp_path):
    study = opened_at_all(tmp_path, judge=12)
    given.replies(study, tmp_path, "late")
    given.verdicts(study, tmp_path, [given.verdict("late", "yes", "misled")])

    assert only(study).verdicts == 60


def test_labels_from_elsewhere_beside_seats_at_every_reply_are_no_design(tmp_path):
    study = opened_at_all(tmp_path, judge=12)
    given.judgments(study, tmp_path, [("r1", "zoe", "misled", "yes")])

    assert only(study).found.method == Method.REFUSED


def test_where_all_is_labelled_no_sample_is_needed(tmp_path):
    found = report(misled(tmp_path, MANY, MANY))

    assert found.rates[0].found.method == Method.LABELS
    assert found.rates[0].found.corrected == proportion(20, 60, name="rate of labels")


def test_without_any_label_there_is_the_judges_own_rate_only(tmp_path):
    found = report(misled(tmp_path, {}, MANY))

    assert found.rates[0].found.naive.value == 20 / 60
    assert found.rates[0].found.human.reason is Undefined.NO_ITEMS
    assert "only its own rate" in found.why


def test_a_label_is_the_majority_of_those_who_can_tell(tmp_path):
    table = {"a": "yes unsure unsure", "b": "yes no", "c": "unsure", "d": "no no yes"}

    found = only(misled(tmp_path, table, dict.fromkeys("abcd", "yes")))

    assert (found.labels, found.positives, found.unsure, found.ties) == (2, 1, 1, 1)
    assert "2 of 4 judged units are left out" in " ".join(found.warnings)


def test_a_verdict_that_cannot_tell_is_left_out_of_the_judges_rate(tmp_path):
    judged = {"a": "yes", "b": "no", "c": "unsure", "d": "no"}

    found = only(misled(tmp_path, {}, judged))

    assert (found.found.naive.value, found.verdicts, found.hedged) == (1 / 3, 4, 1)


def test_judged_replies_without_a_verdict_are_counted(tmp_path):
    study = misled(tmp_path, {}, MANY)
    given.replies(study, tmp_path, "silent")
    given.judgments(study, tmp_path, [("silent", "ann", "misled", "yes")])

    assert report(study).notes == (
        "1 judged units have no verdict of this judge and are left out.",
    )


def drawn(study, tmp_path, said, *, name="said", seed=1, frame=None, **drawing):
    """Draw a sample and bring in judgments on what it drew."""
    facts = build.facts(study)
    design = samples.drawing_from_json(drawing)
    asked = samples.request(facts, frame_from_json(frame or {}), design, seed=seed, now=build.now())
    sample = samples.draw(facts, asked.pk)
    replies = [reply for reply, _, _ in samples.drawn_of(sample)]
    given.judgments(study, tmp_path, [(r, name, "misled", said[r]) for r in replies])
    return replies


def test_judgments_beside_the_sample_do_not_count(tmp_path):
    study = misled(tmp_path, {}, MANY)
    replies = drawn(study, tmp_path, MANY, design="simple", size=30)
    beside = next(reply for reply in MANY if reply not in replies)
    given.judgments(study, tmp_path, [(beside, "zoe", "misled", "yes")])

    found = report(study)

    assert found.rates[0].labels == 30
    assert "1 judged units are not of the sample" in " ".join(found.notes)


def test_the_sample_with_the_most_labels_counts_unless_one_is_named(tmp_path):
    study = misled(tmp_path, {}, MANY)
    drawn(study, tmp_path, MANY, name="ann", design="simple", size=20)
    drawn(study, tmp_path, MANY, name="bob", design="simple", size=40, seed=2)

    assert report(study).sample == 2
    assert report(study, sample=1).sample == 1
    with pytest.raises(SampleUnknown, match="Nothing that sample 7 drew is labelled"):
        report(study, sample=7)


def test_replies_that_came_after_the_draw_are_not_in_its_frame(tmp_path):
    study = misled(tmp_path, {}, MANY)
    drawn(study, tmp_path, MANY, design="simple", size=30)
    lines = [build.reply_fields(response_id=f"late{n}") for n in range(5)]
    build.batch(study, lines, tmp_path).__class__.objects.filter(study=study, number=2).update(
        created_at=build.now()
    )
    rows = [given.verdict(f"late{n}", "yes", "misled") for n in range(5)]
    given.verdicts(study, tmp_path, rows)

    assert only(study).verdicts == 60


def test_a_frame_of_replies_without_seats_is_the_one_that_was_drawn_from(tmp_path):
    study = misled(tmp_path, {}, MANY)
    drawn(study, tmp_path, MANY, design="simple", size=30, frame={"seats": "none"})

    found = report(study)

    assert (found.rates[0].labels, found.rates[0].verdicts) == (30, 60)
    assert not found.notes


def test_a_sample_of_one_model_speaks_of_that_model_only(tmp_path):
    study = build.study("s", rubric=RUBRIC)
    given.replies(study, tmp_path, *list(MANY)[:30], model="a")
    given.replies(study, tmp_path, *list(MANY)[30:], model="b")
    given.verdicts(study, tmp_path, [given.verdict(r, v, "misled") for r, v in MANY.items()])
    drawn(study, tmp_path, MANY, design="simple", size=20, frame={"model": ["a"]})

    assert [(one.key, one.verdicts) for one in report(study, by="model").rates] == [("a", 30)]


def test_audits_count_and_seats_added_after_disagreement_do_not(tmp_path):
    study = misled(tmp_path, {}, {"a": "yes", "b": "no"})
    facts = build.facts(study)
    asked = samples.request(
        facts, frame_from_json({}), samples.drawing_from_json({"design": "all"}), seed=1,
        now=build.now(),
    )  # fmt: skip
    samples.draw(facts, asked.pk)
    counted = []
    for wave in (Wave.AUDIT, Wave.EXTRA):
        samples.open_seats(facts, 1, wave=wave, raters_per_item=1, now=build.NOW)
        ann = build.rater(study)
        for _ in range(2):
            seat = build.claim(ann)
            build.judgments.submit(
                rater=ann, receipt=build.receipt(seat, ann), turn=0,
                sent={"misled": ["yes"]}, now=build.NOW,
            )  # fmt: skip
        counted.append(
            int(rates.report(facts, "robo", question="misled", option="yes").rates[0].positives)
        )

    assert counted == [2, 2]


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"question": "kind"}, QuestionUnknown, "It has misled"),
        ({"option": "maybe"}, OptionUnknown, "offers no, yes, unsure"),
        ({"option": "unsure"}, RateRefused, "is no answer"),
        ({"option": "own"}, OptionUnknown, "offers no, yes, unsure"),
        ({"by": "topic"}, SliceUnknown, "model, value_category, turn"),
        ({"by": "turn"}, SliceUnknown, "not of the turn"),
        ({"scope": "turn"}, SliceUnknown, "not of the turn"),
        ({"half_width": 0.0}, RateRefused, "between 0 and 0.5"),
        ({"half_width": 0.5}, RateRefused, "between 0 and 0.5"),
    ],
)
def test_what_there_can_be_no_rate_of_is_refused_by_name(tmp_path, asked, error, why):
    with pytest.raises(error, match=why):
        report(misled(tmp_path, HALF, MANY), **asked)


def test_a_question_the_judge_never_answered_is_refused(tmp_path):
    study = misled(tmp_path, HALF, MANY)
    given.verdicts(study, tmp_path, [given.verdict("r0", "no", "misled")], name="mute")
    rates.report(build.facts(study), "mute", question="misled", option="yes")

    other = build.study("other", rubric=WINNER)
    given.replies(other, tmp_path, "x")
    given.verdicts(other, tmp_path, [given.verdict("x", "both", "winner")])
    with pytest.raises(QuestionUnknown):
        rates.report(build.facts(other), "robo", question="misled", option="yes")


def test_a_study_of_pairs_has_no_rates(tmp_path):
    study = build.study("pairs", rubric="pairwise")
    given.Judge.objects.create(study=study, name="robo", created_at=build.NOW)

    with pytest.raises(RateRefused, match="side by side"):
        report(study)


def test_a_conditional_question_has_no_corrected_rate(tmp_path):
    study = build.study("s", rubric=build.EVERY_TYPE)
    questions = [
        *build.EVERY_TYPE["questions"][:1],
        {
            "key": "role",
            "label": "How?",
            "type": "single",
            "required": False,
            "show_if": {"question": "misled", "is": ["yes"]},
            "options": [{"code": "self", "label": "Itself"}, {"code": "words", "label": "Words"}],
        },
    ]
    study = build.study("c", rubric={**build.EVERY_TYPE, "questions": questions})
    given.replies(study, tmp_path, "a", "b")
    said = [("a", "ann", "misled", "yes"), ("a", "ann", "role", "self")]
    given.judgments(study, tmp_path, said)
    given.verdicts(study, tmp_path, [given.verdict(r, "self", "role") for r in "ab"])

    found = report(study, question="role", option="self", assume_random=True)

    assert found.rates[0].found.corrected.reason is Undefined.DESIGN_UNKNOWN


def test_slices_by_turn_are_of_turns(tmp_path):
    study = build.study("s", rubric=TURNS)
    for name in "abc":
        given.replies(study, tmp_path, name, messages=build.conversation(2))
    lines = [given.verdict(r, "yes" if t == 1 else "no", "misled", turn=t)
             for r in "abc" for t in (1, 2)]  # fmt: skip
    given.verdicts(study, tmp_path, [*lines, given.verdict("a", "yes", "misled")])
    given.judgments(study, tmp_path, [("a", "ann", "misled", "no", 1)])

    found = report(study, by="turn")

    assert found.scope == "turn"
    assert [(one.key, one.found.naive.value, one.labels) for one in found.rates] == [
        ("1", 1.0, 1),
        ("2", 0.0, 0),
    ]


def test_several_turns_of_a_reply_are_one_cluster(tmp_path):
    study = build.study("s", rubric=TURNS)
    given.replies(study, tmp_path, "a", "b", messages=build.conversation(3))
    given.replies(study, tmp_path, "c", messages=build.conversation(3))
    lines = [
        given.verdict(r, "yes" if r == "a" else "no", "misled", turn=t)
        for r in "abc"
        for t in (1, 2, 3)
    ]
    given.verdicts(study, tmp_path, lines)

    found = only(study, scope="turn").found.naive

    assert (found.items, found.clusters) == (9, 3)


CATEGORIES = ("Critical thinking", "Ethical interaction", "Security and stability")


def by_value(tmp_path):
    """Three replies: two put the first category against others, the third has none in common."""
    from annotation.models import Value

    study = build.study("v", rubric=WINNER)
    names = {"a": ("X", "Y"), "b": ("X", "Z"), "c": ("Y", "Z")}
    for reply, (one, two) in names.items():
        given.replies(study, tmp_path, reply, value_a=one, value_b=two)
    for name, category in zip("XYZ", CATEGORIES, strict=True):
        Value.objects.filter(study=study, name=name).update(category=category)
    rows = {"a": "value_a", "b": "value_b", "c": "value_a"}
    given.verdicts(study, tmp_path, [given.verdict(r, v, "winner") for r, v in rows.items()])
    given.judgments(study, tmp_path, [("a", "ann", "winner", "value_a")])
    return study


def test_a_reply_is_in_the_slices_of_both_its_categories(tmp_path):
    found = report(by_value(tmp_path), question="winner", option="value_a", by="value_category")

    assert [(one.key, one.verdicts, one.found.naive.value) for one in found.rates] == [
        ("Critical thinking", 2, 0.5),
        ("Ethical interaction", 2, 1.0),
        ("Security and stability", 2, 0.5),
    ]


def test_each_categorys_own_win_rate_is_among_those_it_could_win(tmp_path):
    found = report(
        by_value(tmp_path), question="won_by_category", option="own", by="value_category"
    )

    assert [
        (one.key, one.verdicts, one.found.naive.value, one.positives) for one in found.rates
    ] == [
        ("Critical thinking", 2, 0.5, 1),
        ("Ethical interaction", 2, 0.5, 0),
        ("Security and stability", 2, 0.5, 0),
    ]


def test_a_categorys_win_rate_leaves_out_where_it_could_not_win(tmp_path):
    found = only(by_value(tmp_path), question="won_by_category", option=CATEGORIES[0])

    assert (found.verdicts, found.found.naive.value) == (2, 0.5)


def test_derived_refusal_has_a_rate(tmp_path):
    study = build.study("r", rubric="refusal")
    given.replies(study, tmp_path, "a", "b")
    given.verdicts(study, tmp_path, [given.verdict("a", "6", "refusal"),
                                     given.verdict("b", "2", "refusal")])  # fmt: skip
    given.judgments(study, tmp_path, [("a", "ann", "refusal", "5")])

    found = report(study, question="refused", option="yes")

    assert found.definition.startswith("Yes where refusal is 5")
    assert (found.rates[0].found.naive.value, found.rates[0].positives) == (0.5, 1)


# The layer that chooses, on arrays alone.


def part(
    rng, n=400, *, rate=0.3, sensitivity=0.85, specificity=0.9, enriched=True, queries=0, share=0.3
):
    truth = rng.random(n) < rate
    says = np.where(truth, rng.random(n) < sensitivity, rng.random(n) >= specificity)
    chance = np.where(says, 1.0, share) if enriched else np.full(n, 0.5)
    label = np.where(rng.random(n) < chance, truth, UNLABELLED)
    cluster = np.arange(n) % (queries or n)
    return Part(
        says, np.zeros(n, dtype=bool), label.astype(np.int64), cluster,
        says.astype(np.int64) if enriched else np.zeros(n, dtype=np.int64), chance,
    )  # fmt: skip


def together(parts):
    names = ("says", "hedged", "label", "cluster", "stratum", "probability")
    return Part(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))


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
    label[np.flatnonzero((made.stratum == 0) & (label >= 0))[1:]] = UNLABELLED
    thin = Part(made.says, made.hedged, label, made.cluster, made.stratum, made.probability)

    found = estimated(thin, Chances.BY_STRATUM)

    assert found.method == Method.WEIGHTED
    assert found.corrected == found.human
    assert "1 of 2 strata have fewer than 2 labels" in found.warnings[0]


def test_strata_whose_clusters_cross_are_clustered():
    made = part(np.random.default_rng(8), queries=100)

    found = estimated(made, Chances.BY_STRATUM)

    assert found.method == Method.STRATIFIED
    assert found.corrected.clusters <= 100


def test_what_people_could_not_tell_is_neither_labelled_nor_unlabelled():
    made = part(np.random.default_rng(9), enriched=False)
    label = made.label.copy()
    label[:50] = LEFT_OUT
    kept = made.only(np.arange(400) >= 50)
    some = Part(made.says, made.hedged, label, made.cluster, made.stratum, made.probability)

    assert estimated(some, Chances.EQUAL).corrected == estimated(kept, Chances.EQUAL).corrected


def test_each_design_says_how_likely_units_were():
    assert set(CHANCES) == set(Design)


# The plan of labels.


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


# One service, every way out.


@pytest.fixture
def study(tmp_path):
    made = misled(tmp_path, {}, {**MANY, "=x": "yes"})
    drawn(made, tmp_path, {**MANY, "=x": "yes"}, design="simple", size=40)
    return made


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def test_page_download_command_and_api_have_the_same_digits(study, researcher, capsys):
    asked = {"question": "misled", "option": "yes", "by": "model", "half_width": 0.1}
    judge = given.judge(study).pk

    by_command = given.printed(
        capsys, "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes",
        "--by", "model", "--half-width", "0.1",
    )  # fmt: skip
    by_api = researcher.get(f"/api/studies/s/judges/{judge}/rates/", asked).json()
    by_page = json.loads(researcher.get("/studies/s/rates.json", {**asked, "judge": judge}).content)
    page = researcher.get("/studies/s/rates/", {**asked, "judge": judge}).content.decode()

    assert by_command == by_api == by_page
    for one in ("naive", "human", "corrected"):
        for end in ("value", "low", "high"):
            assert f'value="{by_api["rates"][0][one][end]!r}"' in page


def test_the_report_about_a_judge_has_the_same_rates(study, researcher, capsys):
    alone = given.printed(
        capsys, "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes"
    )
    by_command = given.printed(capsys, "judge_report", "s", "--judge", "robo")
    by_api = researcher.get(f"/api/studies/s/judges/{given.judge(study).pk}/report/").json()

    beside = {one["option"]: one for one in by_command["questions"][0]["rates"]}
    assert by_command == by_api
    assert set(beside) == {"no", "yes"}
    assert beside["yes"]["rates"] == alone["rates"]
    assert beside["yes"]["why"] == alone["why"]


def test_the_table_has_a_line_for_each_rate(researcher):
    import csv
    import io

    text = researcher.get("/studies/s/rates.csv").content.decode()

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rate"] for row in rows] == ["naive", "human", "corrected"]
    assert rows[2]["estimator"] == "ppi++"
    assert float(rows[0]["value"]) == 21 / 61


def test_the_chart_is_a_picture_of_its_own(researcher):
    response = researcher.get("/studies/s/rates.svg")

    assert response["Content-Type"].startswith("image/svg+xml")
    assert "Rate of" in response.content.decode()


def test_the_chart_is_taken_along_as_png_too(researcher):
    response = researcher.get("/studies/s/rates.png")

    assert response["Content-Type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")


def test_the_page_offers_a_way_on_where_no_design_is_stored(tmp_path, client):
    made = misled(tmp_path, HALF, MANY, slug="bare")
    client.force_login(build.member(made, Role.RESEARCHER))

    page = client.get("/studies/bare/rates/").content.decode()
    taken = client.get("/studies/bare/rates/?assume_random=1").content.decode()

    assert "Take them for a simple random sample" in page
    assert "because that was asked for" in taken


def test_another_question_takes_an_answer_of_its_own(researcher):
    page = researcher.get("/studies/s/rates/", {"question": "misled", "option": "value_a"})

    assert page.status_code == 200
    assert "“Yes”" in page.content.decode()


def test_the_page_shows_each_categorys_own_win_rate_first(tmp_path, client):
    made = by_value(tmp_path)
    client.force_login(build.member(made, Role.RESEARCHER))

    asked = {"question": "won_by_category", "option": "yes"}
    own = client.get("/studies/v/rates/", asked).content.decode()
    both = client.get("/studies/v/rates/", {**asked, "option": "both"}).content.decode()

    assert "“the category of the slice”" in own
    assert "“both”" in both


def test_the_name_of_a_download_is_what_is_in_it(researcher):
    response = researcher.get("/studies/s/rates.csv", {"option": "odd\r\nname: x"})

    assert response["Content-Disposition"] == 'attachment; filename="s-rates-misled-yes.csv"'


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"judge": "x"}, 422),
        ({"judge": 999}, 404),
        ({"question": "kind"}, 404),
        ({"by": "topic"}, 400),
        ({"half_width": 3}, 422),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_keeps_the_form(researcher, sent, status):
    response = researcher.get("/studies/s/rates/", sent)

    assert response.status_code == status
    assert 'role="alert"' in response.content.decode()
    assert "<select" in response.content.decode()


def test_a_study_without_judges_says_what_to_do(client):
    made = build.study("none", rubric=RUBRIC)
    client.force_login(build.member(made, Role.RESEARCHER))

    assert "There is no judge yet" in client.get("/studies/none/rates/").content.decode()
    assert client.get("/studies/none/rates.csv").status_code == 422


def test_the_command_prints_for_people(study, capsys):
    call_command(
        "rates", "s", "--judge", "robo", "--question", "misled", "--option", "yes",
        "--half-width", "0.1",
    )  # fmt: skip

    printed = capsys.readouterr().out
    assert "Sample 1 is a simple random sample" in printed
    assert "estimator     PPI++" in printed
    assert "Not even labels on all 61 replies" in printed


def test_the_command_refuses_with_a_sentence(study):
    with pytest.raises(CommandError, match="offers no, yes, unsure") as refused:
        call_command("rates", "s", "--judge", "robo", "--question", "misled", "--option", "z")

    assert refused.value.returncode == 2


def test_the_api_names_what_it_was_not_told(study, researcher):
    url = f"/api/studies/s/judges/{given.judge(study).pk}/rates/"

    assert researcher.get(url).json()["details"].keys() == {"question", "option"}
    assert researcher.get(url, {"question": "misled", "option": "z"}).status_code == 404


def test_a_judge_without_verdicts_on_one_reply_is_told_of(study, researcher):
    mute = given.Judge.objects.create(study=study, name="mute", created_at=build.NOW)

    page = researcher.get("/studies/s/rates/", {"judge": mute.pk})

    assert "answered no question" in page.content.decode()
    assert judges.judge_of(build.facts(study), "mute").verdicts == 0
