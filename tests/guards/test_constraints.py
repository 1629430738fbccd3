"""Every constraint of every table is tried: a row that must not exist is refused by its name."""

import re
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Model

from annotation.models import (
    Answer,
    Batch,
    CitedClause,
    Clause,
    Consent,
    ConsentText,
    Draft,
    Flag,
    GoldAnswer,
    Guess,
    Guidelines,
    Hit,
    Invitation,
    Item,
    JobLease,
    Judgment,
    Lane,
    LanguageModel,
    Membership,
    Option,
    PersonalDecision,
    Query,
    Question,
    Rater,
    Rendering,
    Response,
    Rubric,
    RubricDraft,
    Scenario,
    Seat,
    SeatOpening,
    Skip,
    SpanAnswer,
    Specification,
    SpecificationVersion,
    StageRecord,
    Study,
    Sweep,
    TextAnswer,
    TextVersion,
    Value,
    Withdrawal,
)
from evaluation.models import (
    Exclusion,
    Judge,
    JudgeMember,
    Rehearsal,
    Release,
    Report,
    Sample,
    SampledItem,
    Stratum,
    Verdict,
    VerdictFile,
)
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


@contextmanager
def refused(name):
    """Expect the database to refuse by this constraint; SQLite names unique ones by their columns."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    message = str(refusal.value)
    if connection.vendor == "sqlite" and message.startswith("UNIQUE constraint failed"):
        constraint, table = constraints()[name]
        columns = {part.strip() for part in message.partition(":")[2].split(",")}
        assert columns == {f"{table}.{column}" for column in constraint}
    else:
        assert re.search(rf"\b{name}\b", message)


def constraints():
    """Every constraint of our models by name, with its columns (of unique ones) and its table."""
    found = {}
    for app in ("annotation", "evaluation"):
        for model in apps.get_app_config(app).get_models():
            meta = model._meta
            for constraint in meta.constraints:
                fields = getattr(constraint, "fields", ())
                columns = [meta.get_field(field).column for field in fields]
                found[constraint.name] = (columns, meta.db_table)
    return found


class World:
    """One row of every table, made through the services, for a test to break."""

    def __init__(self, tmp_path):
        self.study = build.study(rubric=build.WITH_EVIDENCE)
        text = [{"role": "assistant", "content": "I am ChatGPT."}]
        self.item = build.item(self.study, tmp_path, n_seats=4, messages=text, scenario_id="s-1")
        self.other_item = build.item(self.study, tmp_path, n_seats=4, scenario_id="s-2")
        self.ann, self.bob, self.cem = (build.rater(self.study) for _ in range(3))
        build.submit(self.ann, claim(self.ann), misled="yes", who=["user", "public"], note="hm")
        self.judgment = Judgment.objects.get()
        self.held = claim(self.bob)
        self.free = Seat.objects.filter(rater=None).first()
        self.judged = self.judgment.seat
        self.rubric = self.study.rubric
        self.unpublished = _unpublished(self.study)
        self.clause = build.specification(self.study).clauses.first()
        self.consent_text = build.asks_consent(self.study)
        build.agree(self.ann)
        self.consent = Consent.objects.get()
        self.span = build.span_row(self.judgment)
        self.cited = build.cited_row(self.judgment, self.clause)
        self.stage = _stage(self)
        self.guess = Guess.objects.create(judgment=self.judgment, knew=False, given_at=NOW)
        self.personal = _personal(self)
        self.gold = _gold(self)


def _unpublished(study):
    """A rubric that nobody published yet: the triggers leave it to the constraints."""
    rubric = Rubric.objects.create(study=study, key="next", version=1, title="Next", source={})
    for position, key in enumerate(("first", "second")):
        question = Question.objects.create(
            rubric=rubric,
            key=key,
            position=position,
            label=key,
            type="several",
            level="nominal",
            scope="conversation",
        )
        Option.objects.create(question=question, code="one", position=0)
        Option.objects.create(question=question, code="two", position=1)
        Option.objects.create(question=question, position=2, asked=True)
    return rubric


def _stage(world):
    """How ann's judgment came about."""
    when = {"shown_at": NOW - HOUR, "submitted_at": NOW, "client": "wide"}
    return StageRecord.objects.get_or_create(judgment=world.judgment, turn=0, defaults=when)[0]


def _personal(world):
    """What was decided about a stretch of ann's note."""
    note = Question.objects.get(rubric=world.rubric, key="note")
    where = {"judgment": world.judgment, "question": note, "turn": 0, "start": 0, "end": 2}
    return PersonalDecision.objects.create(kind="name", decision="kept", decided_at=NOW, **where)


def _gold(world):
    """What is known of the item: severity 1."""
    option = Option.objects.get(question__rubric=world.rubric, question__key="severity", code="1")
    where = {"item": world.item, "question": option.question, "option": option, "turn": 0}
    source = {"file_name": "gold.csv", "line": 2, "added_at": NOW}
    return GoldAnswer.objects.create(single=True, **where, **source)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def copy(row, **changes):
    """Store the row once more, with changes."""
    again = type(row)(
        **{
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if not field.primary_key
        }
    )
    for name, value in changes.items():
        setattr(again, name, value)
    again.save(force_insert=True)
    return again


def update(row, **changes):
    assert type(row)._default_manager.filter(pk=row.pk).update(**changes) == 1


def word(model, field, bad="nonsense"):
    """The breach of a closed set of words; a number where the words are numbers."""

    def broken(world):
        row = model._default_manager.first()
        update(row, **{field: bad})

    return broken


def twice(model, **changes):
    """The breach of a key: the first row again, with changes that must not matter."""

    def broken(world):
        copy(model._default_manager.order_by("pk").first(), **changes)

    return broken


def _account(world):
    return world.ann.user


def _seat(world, **changes):
    return copy(world.free, **changes)


def _pair(world, **changes):
    first, second = Response.objects.order_by("pk")[:2]
    fields = {"reply_1": first, "reply_2": second, "kind": "pair", **changes}
    return copy(world.item, **fields)


def _skip(world):
    return Skip.objects.create(rater=world.cem, item=world.item, reason="broken", skipped_at=NOW)


def _invitation(world):
    return Invitation.objects.create(
        study=world.study,
        role="rater",
        digest="d",
        created_by=_account(world),
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def _member(world):
    return Membership.objects.first()


def _lane(w, **fields):
    return Lane.objects.create(study=w.study, cohort="experts", **fields)


def _sample(w):
    return Sample.objects.create(
        study=w.study,
        number=1,
        design="simple",
        frame={},
        parameters={},
        seed=1,
        drawn_at=NOW,
        population=10,
    )


def _exclusion(w, **fields):
    given = {"kind": "item", "item": w.item, "reason": "Broken.", "made_at": NOW, **fields}
    return Exclusion.objects.create(study=w.study, number=1, **given)


def _report(w, **fields):
    given = {"asked": {}, "until": 0, "software": "x", "asked_at": NOW, **fields}
    return Report.objects.create(study=w.study, number=1, **given)


def _rehearsal(w, **fields):
    given = {"frame": {}, "parameters": {}, "draws": 2, "first_seed": 1, "units": 1, **fields}
    return Rehearsal.objects.create(study=w.study, number=1, asked_at=NOW, **given)


def _verdict_file(w, **fields):
    given = {"number": 1, "stored_name": "stored", "uploaded_at": NOW, **fields}
    return VerdictFile.objects.create(study=w.study, file_name="v.csv", judge="judge", **given)


def _stratum(w, **fields):
    given = {"position": 0, "population": 10, "size": 1, "probability": 0.1, **fields}
    return Stratum.objects.create(sample=_sample(w), **given)


def _sampled(w, **fields):
    stratum = _stratum(w)
    given = {"probability": 0.1, **fields}
    return SampledItem.objects.create(sample=stratum.sample, stratum=stratum, item=w.item, **given)


def _rendering(world):
    return Rendering.objects.create(shown_sha256="a", renderer=1, html=[])


def _judge(world, **more):
    return Judge.objects.create(study=world.study, name="judge", created_at=NOW, **more)


def _member(world):
    ensemble = Judge.objects.create(study=world.study, name="most", created_at=NOW)
    return JudgeMember.objects.create(ensemble=ensemble, member=_judge(world))


def _verdict(world, **more):
    option = Option.objects.get(question__key="misled", code="yes")
    return Verdict.objects.create(
        judge=Judge.objects.first() or _judge(world),
        response=world.item.reply_1,
        question=option.question,
        option=option,
        turn=0,
        single=True,
        **more,
    )


def _release(world, **more):
    return Release.objects.create(study=world.study, name="one", key="k", created_at=NOW, **more)


def _flag(world, **changes):
    fields = {"rater": world.cem, "item": world.item, "kind": "item", "flagged_at": NOW, **changes}
    return Flag.objects.create(**fields)


def _flagged_value(world):
    return _flag(world, kind="value", value=world.item.query.value_a)


def _draft(world):
    return Draft.objects.create(seat=world.held, turn=0, answers={}, updated_at=NOW)


def _upload(world):
    return build.upload(world.study, _account(world), sha256="a" * 64)


def _sweep(world, **changes):
    fields = {"rule_set": 3, "trial": False, "state": "waiting", "created_at": NOW, **changes}
    return Sweep.objects.create(study=world.study, **fields)


def _rubric_draft(world):
    return RubricDraft.objects.create(study=world.study, source={}, updated_at=NOW)


def _question(world):
    return world.unpublished.questions.get(key="first")


def _option(world, **which):
    return Option.objects.get(question=_question(world), **(which or {"code": "one"}))


def _revision(world, **changes):
    """A further revision of ann's judgment."""
    fields = {"public_id": uuid4(), "revision": 2, "current": False, **changes}
    return copy(world.judgment, **fields)


def _answer(world, **changes):
    """A further answer of ann's to a question she has not answered."""
    option = Option.objects.get(question__key="severity", code="3")
    fields = {
        "judgment": world.judgment,
        "item": world.item,
        "cluster": world.item.scenario,
        "question": option.question,
        "option": option,
        "wave": 1,
        "turn": 0,
        "current": True,
        "single": True,
        **changes,
    }
    return Answer.objects.create(**fields)


def _second_of_single(world):
    _answer(world)
    _answer(world, option=Option.objects.get(question__key="severity", code="2"))


def _same_option(world):
    _answer(world, single=False)
    _answer(world, single=False)


def _two_leases(world):
    fresh = Seat.objects.filter(rater=None).exclude(item=world.held.item)[0]
    update(fresh, rater=world.bob, key="k", hold=world.held.hold, leased_until=NOW)


# Each constraint, and an act that breaks it and no other.
BREACHES = {
    "batch_state_known": word(Batch, "state"),
    "batch_number_once_per_study": twice(Batch),
    "upload_not_empty": lambda w: update(_upload(w), bytes=0),
    "upload_received_within_bytes": lambda w: update(_upload(w), received=11),
    "upload_is_whole_when_a_batch": lambda w: update(_upload(w), batch=Batch.objects.first()),
    "upload_open_once_per_file": lambda w: copy(_upload(w), key="another"),
    "hit_decision_known": word(Hit, "decision"),
    "hit_once_per_stretch": twice(Hit),
    "hit_not_empty": lambda w: update(Hit.objects.first(), end=models.F("start")),
    "hit_decided_by_and_at_together": lambda w: update(Hit.objects.first(), decided_at=NOW),
    "sweep_state_known": lambda w: _sweep(w, state="nonsense"),
    "sweep_one_open_per_study": lambda w: _sweep(w) and _sweep(w, state="running"),
    "judgment_revision_once": lambda w: copy(w.judgment, public_id=uuid4(), current=False),
    "judgment_one_current_per_seat": lambda w: copy(w.judgment, public_id=uuid4(), revision=2),
    "judgment_revision_from_one": lambda w: _revision(w, revision=0),
    "judgment_late_is_never_current": lambda w: _revision(w, late_turn=0),
    "judgment_client_known": lambda w: _revision(w, client="nonsense"),
    "judgment_side_known": lambda w: _revision(w, side=3),
    "answer_wave_known": lambda w: _answer(w, wave=9),
    "answer_option_once": _same_option,
    "answer_one_for_a_single_choice": _second_of_single,
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
    "gold_ended_by_someone_at_a_time": lambda w: update(w.gold, ended_by=_account(w)),
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
    "rendering_once_per_shown_text": lambda w: _rendering(w) and _rendering(w),
    "rubric_version_once_per_study": lambda w: copy(w.unpublished),
    "rubric_kind_known": lambda w: update(w.unpublished, kind="triple"),
    "question_type_known": lambda w: update(_question(w), type="nonsense"),
    "question_level_known": lambda w: update(_question(w), level="nonsense"),
    "question_scope_known": lambda w: update(_question(w), scope="nonsense"),
    "question_key_once_per_rubric": lambda w: copy(_question(w), position=99),
    "question_position_once_per_rubric": lambda w: copy(_question(w), key="other"),
    "option_code_once": lambda w: copy(_option(w), position=99),
    "option_position_once": lambda w: copy(_option(w), code="other"),
    "option_asked_has_no_code": lambda w: update(_option(w, asked=True), code="x"),
    "option_polarity_known": lambda w: update(_option(w), polarity="nonsense"),
    "item_kind_known": word(Item, "kind", "triple"),
    "item_pair_has_two_replies": lambda w: update(w.item, kind="pair"),
    "item_single_once_per_reply": lambda w: copy(w.item),
    "item_pair_once_per_replies": lambda w: _pair(w) and _pair(w),
    "opening_wave_known": word(SeatOpening, "wave", 9),
    "exclusion_number_once_per_study": lambda w: _exclusion(w) and _exclusion(w),
    "exclusion_kind_known": lambda w: _exclusion(w, kind="nonsense"),
    "exclusion_says_what": lambda w: _exclusion(w, seconds=3),
    "exclusion_has_a_reason": lambda w: _exclusion(w, reason=""),
    "verdict_file_number_once_per_study": lambda w: _verdict_file(w) and _verdict_file(w),
    "verdict_file_state_known": lambda w: _verdict_file(w, state="nonsense"),
    "verdict_file_ended_says_when": lambda w: _verdict_file(w, state="ready"),
    "rehearsal_number_once_per_study": lambda w: _rehearsal(w) and _rehearsal(w),
    "rehearsal_state_known": lambda w: _rehearsal(w, state="nonsense"),
    "rehearsal_has_two_draws": lambda w: _rehearsal(w, draws=1),
    "rehearsal_ready_has_a_result": lambda w: _rehearsal(w, state="ready"),
    "report_number_once_per_study": lambda w: _report(w) and _report(w),
    "report_kind_known": lambda w: _report(w, kind="nonsense"),
    "report_state_known": lambda w: _report(w, state="nonsense"),
    "report_ready_has_a_result": lambda w: _report(w, state="ready"),
    "sample_number_once_per_study": lambda w: _sample(w) and _sample(w),
    "sample_state_known": lambda w: update(_sample(w), state="nonsense"),
    "sample_design_known": lambda w: update(_sample(w), design="nonsense"),
    "sample_within_population": lambda w: update(_sample(w), size=11),
    "stratum_position_once_per_sample": lambda w: copy(_stratum(w)),
    "stratum_within_population": lambda w: _stratum(w, size=11),
    "stratum_probability_between_0_and_1": lambda w: _stratum(w, probability=1.5),
    "sampled_item_once_per_sample": lambda w: copy(_sampled(w)),
    "sampled_item_probability_above_0": lambda w: _sampled(w, probability=0),
    "lane_once_per_terms": lambda w: _lane(w) and _lane(w),
    "lane_within_quota": lambda w: update(_lane(w, quota=2), taken=3),
    "seat_wave_known": lambda w: update(w.free, wave=9),
    "seat_number_once": _seat,
    "seat_rater_once_per_item": lambda w: _seat(
        w, item=w.judged.item, number=99, rater=w.ann, judged_at=NOW
    ),
    "seat_two_leases_per_rater": _two_leases,
    "seat_hold_known": lambda w: update(w.held, hold=3),
    "seat_free_held_judged_or_abandoned": lambda w: update(w.free, leased_until=NOW),
    "seat_side_known": lambda w: update(w.held, side=3),
    "flag_kind_known": lambda w: _flag(w, kind="nonsense"),
    "flag_value_for_its_kind": lambda w: _flag(w, kind="value"),
    "flag_resolved_by_and_at_together": lambda w: update(_flag(w), resolved_at=NOW),
    "flag_open_once_per_item": lambda w: _flag(w) and _flag(w, note="other"),
    "flag_open_once_per_value": lambda w: _flagged_value(w) and _flagged_value(w),
    "draft_once_per_stage": lambda w: _draft(w) and _draft(w),
    "skip_reason_known": lambda w: update(_skip(w), reason="bored"),
    "skip_once_per_item": lambda w: _skip(w) and _skip(w),
    "study_state_known": word(Study, "state"),
    "study_raters_per_item_positive": word(Study, "raters_per_item", 0),
    "study_lease_positive": word(Study, "lease_minutes", 0),
    "study_skips_before_review_positive": word(Study, "skips_before_review", 0),
    "study_on_withdrawal_known": word(Study, "on_withdrawal"),
    "guidelines_version_once_per_study": twice(Guidelines),
    "membership_role_known": word(Membership, "role"),
    "membership_once_per_user_and_study": twice(Membership),
    "invitation_role_known": lambda w: update(_invitation(w), role="owner"),
    "invitation_used_by_and_at_together": lambda w: update(_invitation(w), used_at=NOW),
    "judge_once_per_version": lambda w: _judge(w) and _judge(w),
    "judge_member_once": lambda w: _member(w) and copy(JudgeMember.objects.get()),
    "judge_member_is_another": lambda w: update(_member(w), ensemble=F("member")),
    "verdict_option_once": lambda w: _verdict(w) and copy(Verdict.objects.get(), single=False),
    "verdict_one_for_a_single_choice": lambda w: (
        _verdict(w)
        and copy(
            Verdict.objects.get(), option=Option.objects.get(question__key="misled", code="no")
        )
    ),
    "verdict_probability_between_0_and_1": lambda w: update(_verdict(w), probability=1.5),
    "release_name_once_per_study": lambda w: _release(w) and copy(Release.objects.get(), key="l"),
    "release_state_known": lambda w: update(_release(w), state="gone"),
}
# Constraints that nothing can break, with the reason.
UNBREAKABLE = {
    "option_belongs_to_question": "its columns begin with the primary key; it is there to be referred to",
}


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
        _pair(world, **changes)


def test_R048_a_pair_is_of_two_different_replies(world):
    with refused("item_pair_has_two_replies"):
        _pair(world, reply_2=Response.objects.order_by("pk").first())


@pytest.mark.parametrize(
    "changes",
    [{"late_turn": 0}, {"late_turn": 1, "current": True}],
)
def test_R048_a_late_revision_names_a_turn_and_never_counts(changes, world):
    Judgment.objects.update(current=False)

    with refused("judgment_late_is_never_current"):
        _revision(world, **changes)


def test_R048_the_first_judgment_of_a_seat_is_never_late(world):
    with refused("judgment_late_is_never_current"):
        _revision(world, seat=world.held, revision=1, late_turn=1)


def test_R048_a_late_revision_is_stored_beside_what_counts(world):
    _revision(world, late_turn=1)

    assert Judgment.objects.get(current=True) == world.judgment


def test_R048_a_flagged_value_is_named_and_no_other_flag_names_one(world):
    with refused("flag_value_for_its_kind"):
        _flag(world, kind="item", value=world.item.query.value_a)


def test_R048_a_flag_is_not_resolved_by_someone_at_no_time(world):
    with refused("flag_resolved_by_and_at_together"):
        update(_flag(world), resolved_by=world.ann.user)


def test_R048_a_resolved_flag_leaves_room_for_another(world):
    update(_flag(world), resolved_at=NOW, resolved_by=world.ann.user)

    _flag(world)

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
        _revision(world, side=side)


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
        _verdict(world, probability=probability)


# Every closed set of words is bound, and every unique field


def our_models():
    return [
        model
        for app in ("annotation", "evaluation")
        for model in apps.get_app_config(app).get_models()
    ]


def checks_of(model):
    found = [one for one in model._meta.constraints if isinstance(one, models.CheckConstraint)]
    return " ".join(str(one.condition) for one in found)


def test_every_field_with_choices_has_a_check():
    missing = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if field.choices and f"'{field.name}__in'" not in checks_of(model)
    ]

    assert missing == []


UNIQUE = {
    "annotation_study.slug": lambda w: copy(w.study),
    "annotation_joblease.task_id": lambda w: [
        JobLease.objects.create(task_id=UUID(int=7), worker="w", beaten_at=NOW) for _ in range(2)
    ],
    "annotation_seat.key": lambda w: update(w.held, key=w.judged.key),
    "annotation_judgment.public_id": lambda w: copy(w.judgment, revision=2, current=False),
    "annotation_invitation.digest": lambda w: _invitation(w) and _invitation(w),
    "annotation_user.username": lambda w: copy(_account(w)),
    "annotation_guess.judgment_id": lambda w: copy(w.guess),
    "annotation_withdrawal.rater_id": lambda w: [build.withdrawal_row(w.ann) for _ in range(2)],
    "annotation_rubricdraft.study_id": lambda w: _rubric_draft(w) and _rubric_draft(w),
    "annotation_signinlink.digest": lambda w: [
        apps.get_model("annotation", "SignInLink").objects.create(
            user=_account(w), digest="d", expires_at=NOW
        )
        for _ in range(2)
    ],
    "annotation_upload.key": lambda w: copy(_upload(w), bytes=11),
    "annotation_upload.batch_id": lambda w: [
        update(build.upload(w.study, _account(w)), received=10, batch=Batch.objects.first())
        for _ in range(2)
    ],
    "evaluation_release.key": lambda w: _release(w) and copy(Release.objects.get(), name="two"),
}


@pytest.mark.parametrize("column", UNIQUE)
def test_R048_a_unique_column_takes_a_value_once(column, world):
    named = re.escape(column).replace(r"\.", "[._]")

    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        UNIQUE[column](world)


def test_R048_every_unique_column_is_tried():
    found = {
        f"{model._meta.db_table}.{field.column}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if field.unique and not field.primary_key
    }

    assert found == set(UNIQUE)


# What raters said is added, never changed


APPEND_ONLY: dict[type[Model], str] = {
    Judgment: "annotation_judgment",
    Answer: "annotation_answer",
    TextAnswer: "annotation_textanswer",
    SpanAnswer: "annotation_spananswer",
    CitedClause: "annotation_citedclause",
    StageRecord: "annotation_stagerecord",
    Guess: "annotation_guess",
    PersonalDecision: "annotation_personaldecision",
}
FIXED: dict[type[Model], str] = {
    ConsentText: "annotation_consenttext",
    Consent: "annotation_consent",
    Withdrawal: "annotation_withdrawal",
    SpecificationVersion: "annotation_specificationversion",
    Clause: "annotation_clause",
}
FLAGGED = [model for model in APPEND_ONLY if model not in (StageRecord, Guess, PersonalDecision)]


def columns(models, *, but=()):
    """Each table with each of its columns."""
    return [
        (model, field.column)
        for model in models
        for field in model._meta.concrete_fields
        if field.column not in but
    ]


def sql(statement, *values):
    """Run raw SQL as another program would, deferred checks included."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        connection.check_constraints()


def set_to(model, column, value, where=""):
    """Write a column in raw SQL."""
    named = connection.ops.quote_name(column)
    sql(f"UPDATE {model._meta.db_table} SET {named} = %s {where}", value)


def changed(model, column):
    """A value that differs from the stored one and is of the column's kind."""
    value = model._default_manager.values_list(column, flat=True).order_by("pk").first()
    if isinstance(model._meta.get_field(column), models.JSONField):
        return '{"other": 1}'
    if isinstance(model._meta.get_field(column), models.DateTimeField):
        return (value or NOW) + timedelta(days=1)
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if hasattr(value, "hex"):
        return uuid4().hex
    return f"x{value[1:]}"


@pytest.mark.parametrize(("model", "column"), columns(APPEND_ONLY, but={"current"}))
def test_R045_a_column_of_what_raters_said_is_never_changed(model, column, world):
    table, new = APPEND_ONLY[model], changed(model, column)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never changed"):
        set_to(model, column, new)


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_a_row_of_what_raters_said_is_never_deleted(model, world):
    table = APPEND_ONLY[model]

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", FLAGGED)
def test_R045_only_the_flag_may_flip(model, world):
    assert model._default_manager.update(current=False) > 0


def test_R045_every_table_of_judgments_is_guarded():
    of_judgments = {
        relation.related_model for relation in Judgment._meta.related_objects if relation.field
    }

    assert {Judgment, *of_judgments} == set(APPEND_ONLY)


# The judgments of a rater who withdrew are deleted where that was promised, and only then

CHILDREN_FIRST = [table for model, table in APPEND_ONLY.items() if model is not Judgment]


def delete_judgments(rater):
    """Delete all that a rater said, as a withdrawal does."""
    of_rater = "SELECT id FROM annotation_judgment WHERE rater_id = %s"
    for table in CHILDREN_FIRST:
        sql(f"DELETE FROM {table} WHERE judgment_id IN ({of_rater})", rater.pk)
    sql("DELETE FROM annotation_judgment WHERE rater_id = %s", rater.pk)


def test_R045_judgments_go_where_the_consent_promised_it(world):
    build.withdrawal_row(world.ann, policy="delete")

    delete_judgments(world.ann)

    assert [model.__name__ for model in APPEND_ONLY if model._default_manager.exists()] == []


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_judgments_stay_where_the_consent_says_that_they_are_kept(model, world):
    table = APPEND_ONLY[model]
    build.withdrawal_row(world.ann, policy="keep")

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_judgments_stay_when_another_rater_withdraws(model, world):
    table = APPEND_ONLY[model]
    build.withdrawal_row(world.bob)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never deleted"):
        sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_R045_what_may_be_deleted_is_still_never_changed(model, world):
    table, column = APPEND_ONLY[model], {Judgment: "renderer", Guess: "words"}.get(model, "turn")
    build.withdrawal_row(world.ann)

    with pytest.raises(IntegrityError, match=f"append_only: rows of {table} are never changed"):
        set_to(model, column, 99)


# What raters agreed to, and specifications, never change


@pytest.mark.parametrize(("model", "column"), columns(FIXED))
def test_R045_a_column_of_what_was_agreed_to_is_never_changed(model, column, world):
    build.withdrawal_row(world.ann)
    table, new = FIXED[model], changed(model, column)

    with pytest.raises(IntegrityError, match=f"fixed: rows of {table} are never changed"):
        set_to(model, column, new)


@pytest.mark.parametrize("model", FIXED)
def test_R045_a_row_of_what_was_agreed_to_is_never_deleted(model, world):
    build.withdrawal_row(world.ann)

    with pytest.raises(IntegrityError, match=f"fixed: rows of {FIXED[model]} are never"):
        sql(f"DELETE FROM {FIXED[model]}")


# What was known to be right is kept: only its end may be set, once

ENDS = {"ended_at", "ended_by_id"}


@pytest.mark.parametrize(("model", "column"), columns([GoldAnswer], but=ENDS))
def test_R045_a_column_of_a_known_answer_is_never_changed(model, column, world):
    new = changed(model, column)

    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        set_to(model, column, new)


def test_R045_a_known_answer_is_never_deleted(world):
    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        sql("DELETE FROM annotation_goldanswer")


def test_R045_a_known_answer_ends_once(world):
    update(world.gold, ended_at=NOW)

    with pytest.raises(IntegrityError, match="gold_kept: rows of annotation_goldanswer are never"):
        sql("UPDATE annotation_goldanswer SET ended_at = NULL")


def test_R048_what_has_ended_leaves_room_for_another_known_answer(world):
    update(world.gold, ended_at=NOW, ended_by=_account(world))

    copy(world.gold, option=world.gold.question.options.get(code="2"), ended_at=None, ended_by=None)

    assert GoldAnswer.objects.in_force().get().option.code == "2"


# A published rubric never changes


def of_the_published(model, world):
    """A row of the published rubric: itself, a question, an option."""
    question = world.rubric.questions.get(key="severity")
    rows = {Rubric: world.rubric, Question: question, Option: question.options.first()}
    return rows[model]


def of_the_unpublished(model, world):
    """The like of a rubric that nobody published yet."""
    rows = {Rubric: world.unpublished, Question: _question(world), Option: _option(world)}
    return rows[model]


PUBLISHED = (Rubric, Question, Option)


@pytest.mark.parametrize(("model", "column"), columns(PUBLISHED))
def test_R045_a_column_of_a_published_rubric_is_never_changed(model, column, world):
    row, new = of_the_published(model, world), changed(model, column)

    with pytest.raises(IntegrityError, match="rubric_published: "):
        set_to(model, column, new, f"WHERE id = {row.pk}")


@pytest.mark.parametrize("model", PUBLISHED)
def test_R045_nothing_of_a_published_rubric_is_deleted(model, world):
    row = of_the_published(model, world)

    with pytest.raises(IntegrityError, match="rubric_published: "):
        sql(f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)


def test_R045_a_published_rubric_gets_no_further_question(world):
    with refused("rubric_published"):
        copy(of_the_published(Question, world), key="further", position=99)


def test_R045_a_published_question_gets_no_further_option(world):
    with refused("rubric_published"):
        copy(of_the_published(Option, world), code="99", position=99)


# On SQLite the triggers of an UPDATE look at where a row was, not at where it goes.
def test_R045_a_published_rubric_takes_no_question_from_another(world):
    with refused("rubric_published"):
        update(_question(world), rubric=world.rubric, position=99)


def test_R045_a_published_question_takes_no_option_from_another(world):
    question = of_the_published(Question, world)

    with refused("rubric_published"):
        update(_option(world), question=question, code="99", position=99)


def test_R045_a_rubric_is_changed_until_it_is_published(world):
    update(_option(world), label="Other")
    update(_question(world), label="Other")

    update(world.unpublished, title="Other", published_at=NOW)

    with refused("rubric_published"):
        update(_option(world), label="Another")


def test_R045_a_rubric_that_is_not_published_may_go(world):
    mine = "SELECT id FROM annotation_question WHERE rubric_id = %s"
    pk = world.unpublished.pk

    sql(f"DELETE FROM annotation_option WHERE question_id IN ({mine})", pk)
    sql("DELETE FROM annotation_question WHERE rubric_id = %s", pk)
    sql("DELETE FROM annotation_rubric WHERE id = %s", pk)

    assert list(Rubric.objects.all()) == [world.rubric]


# What points to each other belongs together


def test_R048_an_option_of_another_question_is_refused(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            _answer(world, option=other)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="answer_option_of_its_question"):
        foreign()


def test_R048_a_known_answer_is_not_of_another_question(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            copy(world.gold, option=other, turn=1)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="gold_option_of_its_question"):
        foreign()


def test_R048_a_span_is_not_of_another_questions_kind(world):
    other = Option.objects.get(question__key="misled", code="no")

    def foreign():
        with transaction.atomic():
            copy(world.span, option=other)
            connection.check_constraints()

    with pytest.raises(IntegrityError, match="span_option_of_its_question"):
        foreign()


def test_R048_a_span_may_have_no_kind(world):
    copy(world.span, option=None)

    connection.check_constraints()
    assert SpanAnswer.objects.filter(option=None).count() == 1


def test_R046_what_has_judgments_is_never_deleted(world):
    for row in (world.item, world.judged, world.ann, world.item.reply_1, world.study, world.rubric):
        with pytest.raises(models.ProtectedError):
            row.delete()


def test_R046_raw_sql_deletes_no_row_that_another_points_to(world):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        sql("DELETE FROM annotation_rater WHERE id = %s", world.ann.pk)


def test_R046_nor_is_a_batch_a_query_a_value_a_model_or_an_account_with_judgments(world):
    reply = world.item.reply_1
    query = reply.query
    account = world.ann.user

    for row in (reply.batch, query, query.value_a, query.scenario, reply.model, account):
        with pytest.raises(models.ProtectedError):
            row.delete()
