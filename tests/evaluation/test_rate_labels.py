"""What counts as a label of a rate: which sample, which replies, which raters."""

import pytest

from annotation.vocabulary import Wave
from evaluation.errors import SampleUnknown
from evaluation.frames import frame_from_json
from evaluation.intake import samples
from evaluation.services import rates
from evaluation.services.rate_methods import Method
from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import proportion
from tests import build
from tests.evaluation import given
from tests.evaluation.rated import HALF, MANY, drawn, misled, only, report
from tests.evaluation.test_rate_designs import RUBRIC

pytestmark = pytest.mark.django_db


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
