"""Every constraint of every table is tried: a row that must not exist is refused by its name."""

from uuid import uuid4

import pytest
from django.db import models
from django.db.models import F

from annotation.models import (
    Batch,
    Flag,
    Guidelines,
    Hit,
    Item,
    Judgment,
    LanguageModel,
    Membership,
    Option,
    Query,
    Rater,
    Response,
    Scenario,
    SeatOpening,
    SpanAnswer,
    Specification,
    SpecificationVersion,
    Study,
    TextAnswer,
    TextVersion,
    Value,
)
from evaluation.models import JudgeMember, Release, Verdict
from tests import build
from tests.build import HOUR, NOW
from tests.guards.rows import (
    World,
    a_draft,
    a_flag,
    a_flagged_value,
    a_judge,
    a_judgment_file,
    a_lane,
    a_member,
    a_pair,
    a_question,
    a_rehearsal,
    a_release,
    a_rendering,
    a_report,
    a_revision,
    a_sample,
    a_sampled_item,
    a_seat,
    a_skip,
    a_stratum,
    a_sweep,
    a_verdict,
    a_verdict_file,
    an_account,
    an_answer,
    an_exclusion,
    an_invitation,
    an_option,
    an_upload,
    constraints,
    copy,
    refused,
    the_same_option,
    the_second_of_a_single,
    twice,
    two_leases,
    update,
    word,
)

pytestmark = pytest.mark.django_db

# Each constraint, and an act that breaks it and no other.
BREACHES = {
    "batch_state_known": word(Batch, "state"),
    "batch_number_once_per_study": twice(Batch),
    "upload_not_empty": lambda w: update(an_upload(w), bytes=0),
    "upload_received_within_bytes": lambda w: update(an_upload(w), received=11),
    "upload_is_whole_when_a_batch": lambda w: update(an_upload(w), batch=Batch.objects.first()),
    "upload_is_whole_when_judgments": lambda w: update(an_upload(w), judgments=a_judgment_file(w)),
    "upload_becomes_one_thing": lambda w: update(
        an_upload(w), received=10, batch=Batch.objects.first(), judgments=a_judgment_file(w)
    ),
    "judgment_file_state_known": lambda w: a_judgment_file(w, state="nonsense"),
    "judgment_file_number_once_per_study": lambda w: a_judgment_file(w) and a_judgment_file(w),
    "judgment_file_ended_says_when": lambda w: a_judgment_file(w, state="cancelled"),
    "upload_open_once_per_file": lambda w: copy(an_upload(w), key="another"),
    "hit_decision_known": word(Hit, "decision"),
    "hit_once_per_stretch": twice(Hit),
    "hit_not_empty": lambda w: update(Hit.objects.first(), end=models.F("start")),
    "hit_decided_by_and_at_together": lambda w: update(Hit.objects.first(), decided_at=NOW),
    "sweep_state_known": lambda w: a_sweep(w, state="nonsense"),
    "sweep_one_open_per_study": lambda w: a_sweep(w) and a_sweep(w, state="running"),
    "judgment_revision_once": lambda w: copy(w.judgment, public_id=uuid4(), current=False),
    "judgment_one_current_per_seat": lambda w: copy(w.judgment, public_id=uuid4(), revision=2),
    "judgment_revision_from_one": lambda w: a_revision(w, revision=0),
    "judgment_late_is_never_current": lambda w: a_revision(w, late_turn=0),
    "judgment_client_known": lambda w: a_revision(w, client="nonsense"),
    "judgment_side_known": lambda w: a_revision(w, side=3),
    "answer_wave_known": lambda w: an_answer(w, wave=9),
    "answer_option_once": the_same_option,
    "answer_one_for_a_single_choice": the_second_of_a_single,
    "text_answer_once": twice(TextAnswer, text="other"),
    "text_answer_not_empty": lambda w: copy(TextAnswer.objects.get(), text="", turn=1),
    "span_not_empty": lambda w: copy(w.span, start=4, end=4),
    "span_slot_known": lambda w: copy(w.span, slot=3),
    "span_once": lambda w: copy(w.span, quote="other"),
    "span_once_without_kind": lambda w: copy(w.span, option=None) and copy(w.span, option=None),
    "cited_clause_role_known": lambda w: copy(w.cited, role="nonsense"),
    "cited_clause_once": lambda w: copy(w.cited),
    "guess_names_somebody_or_nobody": lambda w: copy(w.guess, knew=True),
    "personal_decision_kind_known": lambda w: copy(w.personal, kind="nonsense"),
    "personal_decision_masks_or_keeps": lambda w: copy(w.personal, decision="held"),
    "personal_decision_not_empty": lambda w: copy(w.personal, end=0),
    "stage_record_once": lambda w: copy(w.stage),
    "stage_record_client_known": lambda w: copy(w.stage, turn=1, client="nonsense"),
    "stage_record_shown_before_sent": lambda w: copy(
        w.stage, turn=1, shown_at=w.stage.submitted_at + HOUR
    ),
    "gold_option_once": lambda w: copy(w.gold, single=False),
    "gold_one_for_a_single_choice": lambda w: copy(
        w.gold, option=w.gold.question.options.get(code="2")
    ),
    "gold_ended_by_someone_at_a_time": lambda w: update(w.gold, ended_by=an_account(w)),
    "gold_ended_after_it_was_added": lambda w: update(w.gold, ended_at=NOW - HOUR),
    "consent_text_version_once_per_study": lambda w: copy(w.consent_text, text="other"),
    "consent_text_on_withdrawal_known": lambda w: copy(
        w.consent_text, version=2, on_withdrawal="nonsense"
    ),
    "consent_text_not_empty": lambda w: copy(w.consent_text, version=2, text=""),
    "consent_language_with_its_hash": lambda w: copy(w.consent, rater=w.bob, text_sha256=""),
    "consent_once_per_text": lambda w: copy(w.consent, given_at=NOW + HOUR),
    "withdrawal_policy_known": lambda w: build.withdrawal_row(w.ann, policy="nonsense"),
    "specification_key_once_per_study": twice(Specification, title="other"),
    "specification_version_once": twice(SpecificationVersion, source="other"),
    "clause_id_once": lambda w: copy(w.clause, position=9),
    "clause_position_once": lambda w: copy(w.clause, clause_id="other"),
    "clause_level_of_a_heading": lambda w: copy(w.clause, clause_id="o", position=9, level=7),
    "rater_source_known": word(Rater, "source"),
    "rater_once_per_user_and_study": twice(Rater, external_id="other"),
    "rater_name_once_per_source": lambda w: (
        copy(w.ann, user=None, source="crowd") and copy(w.ann, user=None, source="crowd")
    ),
    "rater_account_has_user": lambda w: copy(w.ann, user=None, external_id="other"),
    "model_key_once_per_study": twice(LanguageModel),
    "value_name_once_per_study": twice(Value),
    "scenario_id_once_per_study": twice(Scenario),
    "query_framing_known": word(Query, "framing"),
    "query_id_once_per_study": twice(Query),
    "response_id_once_per_study": twice(Response, sample=2),
    "response_sample_once_per_query_and_model": twice(Response, external_id="other"),
    "text_version_once": twice(TextVersion, current=False),
    "text_version_one_current_per_response": twice(TextVersion, number=2),
    "text_version_has_turns": word(TextVersion, "turns", 0),
    "rendering_once_per_shown_text": lambda w: a_rendering(w) and a_rendering(w),
    "rubric_version_once_per_study": lambda w: copy(w.unpublished),
    "rubric_kind_known": lambda w: update(w.unpublished, kind="triple"),
    "question_type_known": lambda w: update(a_question(w), type="nonsense"),
    "question_level_known": lambda w: update(a_question(w), level="nonsense"),
    "question_scope_known": lambda w: update(a_question(w), scope="nonsense"),
    "question_key_once_per_rubric": lambda w: copy(a_question(w), position=99),
    "question_position_once_per_rubric": lambda w: copy(a_question(w), key="other"),
    "option_code_once": lambda w: copy(an_option(w), position=99),
    "option_position_once": lambda w: copy(an_option(w), code="other"),
    "option_asked_has_no_code": lambda w: update(an_option(w, asked=True), code="x"),
    "option_polarity_known": lambda w: update(an_option(w), polarity="nonsense"),
    "item_kind_known": word(Item, "kind", "triple"),
    "item_pair_has_two_replies": lambda w: update(w.item, kind="pair"),
    "item_single_once_per_reply": lambda w: copy(w.item),
    "item_pair_once_per_replies": lambda w: a_pair(w) and a_pair(w),
    "opening_wave_known": word(SeatOpening, "wave", 9),
    "exclusion_number_once_per_study": lambda w: an_exclusion(w) and an_exclusion(w),
    "exclusion_kind_known": lambda w: an_exclusion(w, kind="nonsense"),
    "exclusion_says_what": lambda w: an_exclusion(w, seconds=3),
    "exclusion_has_a_reason": lambda w: an_exclusion(w, reason=""),
    "verdict_file_number_once_per_study": lambda w: a_verdict_file(w) and a_verdict_file(w),
    "verdict_file_state_known": lambda w: a_verdict_file(w, state="nonsense"),
    "verdict_file_ended_says_when": lambda w: a_verdict_file(w, state="ready"),
    "rehearsal_number_once_per_study": lambda w: a_rehearsal(w) and a_rehearsal(w),
    "rehearsal_state_known": lambda w: a_rehearsal(w, state="nonsense"),
    "rehearsal_has_two_draws": lambda w: a_rehearsal(w, draws=1),
    "rehearsal_ready_has_a_result": lambda w: a_rehearsal(w, state="ready"),
    "report_number_once_per_study": lambda w: a_report(w) and a_report(w),
    "report_kind_known": lambda w: a_report(w, kind="nonsense"),
    "report_state_known": lambda w: a_report(w, state="nonsense"),
    "report_ready_has_a_result": lambda w: a_report(w, state="ready"),
    "sample_number_once_per_study": lambda w: a_sample(w) and a_sample(w),
    "sample_state_known": lambda w: update(a_sample(w), state="nonsense"),
    "sample_design_known": lambda w: update(a_sample(w), design="nonsense"),
    "sample_within_population": lambda w: update(a_sample(w), size=11),
    "stratum_position_once_per_sample": lambda w: copy(a_stratum(w)),
    "stratum_within_population": lambda w: a_stratum(w, size=11),
    "stratum_probability_between_0_and_1": lambda w: a_stratum(w, probability=1.5),
    "sampled_item_once_per_sample": lambda w: copy(a_sampled_item(w)),
    "sampled_item_probability_above_0": lambda w: a_sampled_item(w, probability=0),
    "lane_once_per_terms": lambda w: a_lane(w) and a_lane(w),
    "lane_within_quota": lambda w: update(a_lane(w, quota=2), taken=3),
    "seat_wave_known": lambda w: update(w.free, wave=9),
    "seat_number_once": a_seat,
    "seat_rater_once_per_item": lambda w: a_seat(
        w, item=w.judged.item, number=99, rater=w.ann, judged_at=NOW
    ),
    "seat_two_leases_per_rater": two_leases,
    "seat_hold_known": lambda w: update(w.held, hold=3),
    "seat_free_held_judged_or_abandoned": lambda w: update(w.free, leased_until=NOW),
    "seat_side_known": lambda w: update(w.held, side=3),
    "flag_kind_known": lambda w: a_flag(w, kind="nonsense"),
    "flag_value_for_its_kind": lambda w: a_flag(w, kind="value"),
    "flag_resolved_by_and_at_together": lambda w: update(a_flag(w), resolved_at=NOW),
    "flag_open_once_per_item": lambda w: a_flag(w) and a_flag(w, note="other"),
    "flag_open_once_per_value": lambda w: a_flagged_value(w) and a_flagged_value(w),
    "draft_once_per_stage": lambda w: a_draft(w) and a_draft(w),
    "skip_reason_known": lambda w: update(a_skip(w), reason="bored"),
    "skip_once_per_item": lambda w: a_skip(w) and a_skip(w),
    "study_state_known": word(Study, "state"),
    "study_raters_per_item_positive": word(Study, "raters_per_item", 0),
    "study_lease_positive": word(Study, "lease_minutes", 0),
    "study_skips_before_review_positive": word(Study, "skips_before_review", 0),
    "study_on_withdrawal_known": word(Study, "on_withdrawal"),
    "guidelines_version_once_per_study": twice(Guidelines),
    "membership_role_known": word(Membership, "role"),
    "membership_once_per_user_and_study": twice(Membership),
    "invitation_role_known": lambda w: update(an_invitation(w), role="owner"),
    "invitation_used_by_and_at_together": lambda w: update(an_invitation(w), used_at=NOW),
    "judge_once_per_version": lambda w: a_judge(w) and a_judge(w),
    "judge_member_once": lambda w: a_member(w) and copy(JudgeMember.objects.get()),
    "judge_member_is_another": lambda w: update(a_member(w), ensemble=F("member")),
    "verdict_option_once": lambda w: a_verdict(w) and copy(Verdict.objects.get(), single=False),
    "verdict_one_for_a_single_choice": lambda w: (
        a_verdict(w)
        and copy(
            Verdict.objects.get(), option=Option.objects.get(question__key="misled", code="no")
        )
    ),
    "verdict_probability_between_0_and_1": lambda w: update(a_verdict(w), probability=1.5),
    "release_name_once_per_study": lambda w: a_release(w) and copy(Release.objects.get(), key="l"),
    "release_state_known": lambda w: update(a_release(w), state="gone"),
}
# Constraints that nothing can break, with the reason.
UNBREAKABLE = {
    "option_belongs_to_question": "its columns begin with the primary key; it is there to be referred to",
}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize("name", BREACHES)
def test_R048_the_database_refuses_what_must_not_exist(name, world):
    with refused(name):
        BREACHES[name](world)


def test_R048_every_constraint_is_tried():
    assert set(constraints()) == {*BREACHES, *UNBREAKABLE}


@pytest.mark.parametrize(
    ("which", "changes"),
    [
        ("free", {"turns_judged": 1}),
        ("free", {"key": "k"}),
        ("free", {"hold": 1}),
        ("free", {"judged_at": NOW}),
        ("free", {"abandoned_at": NOW}),
        ("held", {"rater": None}),
        ("held", {"key": None}),
        ("held", {"hold": None}),
        ("held", {"leased_until": None}),
        ("judged", {"rater": None}),
        ("judged", {"abandoned_at": NOW}),
    ],
)
def test_R048_a_seat_is_free_held_judged_or_abandoned(which, changes, world):
    with refused("seat_free_held_judged_or_abandoned"):
        update(getattr(world, which), **changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"kind": "pair", "reply_2": None}, "item_pair_has_two_replies"),
        ({"kind": "single"}, "item_pair_has_two_replies"),
    ],
)
def test_R048_a_pair_has_two_replies_and_a_single_one(changes, name, world):
    with refused(name):
        a_pair(world, **changes)


def test_R048_a_pair_is_of_two_different_replies(world):
    with refused("item_pair_has_two_replies"):
        a_pair(world, reply_2=Response.objects.order_by("pk").first())


@pytest.mark.parametrize(
    "changes",
    [{"late_turn": 0}, {"late_turn": 1, "current": True}],
)
def test_R048_a_late_revision_names_a_turn_and_never_counts(changes, world):
    Judgment.objects.update(current=False)

    with refused("judgment_late_is_never_current"):
        a_revision(world, **changes)


def test_R048_the_first_judgment_of_a_seat_is_never_late(world):
    with refused("judgment_late_is_never_current"):
        a_revision(world, seat=world.held, revision=1, late_turn=1)


def test_R048_a_late_revision_is_stored_beside_what_counts(world):
    a_revision(world, late_turn=1)

    assert Judgment.objects.get(current=True) == world.judgment


def test_R048_a_flagged_value_is_named_and_no_other_flag_names_one(world):
    with refused("flag_value_for_its_kind"):
        a_flag(world, kind="item", value=world.item.query.value_a)


def test_R048_a_flag_is_not_resolved_by_someone_at_no_time(world):
    with refused("flag_resolved_by_and_at_together"):
        update(a_flag(world), resolved_by=world.ann.user)


def test_R048_a_resolved_flag_leaves_room_for_another(world):
    update(a_flag(world), resolved_at=NOW, resolved_by=world.ann.user)

    a_flag(world)

    assert Flag.objects.count() == 2


@pytest.mark.parametrize("level", [0, 7])
def test_R048_a_clause_has_the_level_of_a_heading(level, world):
    with refused("clause_level_of_a_heading"):
        copy(world.clause, clause_id="other", position=9, level=level)


def test_R048_a_span_does_not_run_backwards(world):
    with refused("span_not_empty"):
        copy(world.span, start=5, end=4)


@pytest.mark.parametrize("side", [0, 3])
def test_R048_a_side_is_the_first_or_the_second_reply(side, world):
    with refused("judgment_side_known"):
        a_revision(world, side=side)


def test_R048_the_same_words_are_marked_once_for_each_kind(world):
    copy(world.span, option=Option.objects.get(question__key="evidence", code="framing"))
    copy(world.span, option=None)

    assert SpanAnswer.objects.count() == 3


def test_R048_only_who_withdrew_is_an_account_rater_without_an_account(world):
    update(world.ann, user=None, withdrew_at=NOW)

    with refused("rater_account_has_user"):
        update(world.bob, user=None)


@pytest.mark.parametrize("probability", [-0.01, 1.01])
def test_R048_a_probability_stays_within_its_bounds(probability, world):
    with refused("verdict_probability_between_0_and_1"):
        a_verdict(world, probability=probability)
