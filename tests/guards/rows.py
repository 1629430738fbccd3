"""A row of every table, and ways to break one, for guards of what the database refuses."""

import re
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from annotation.models import (
    Answer,
    Consent,
    Draft,
    Flag,
    GoldAnswer,
    Guess,
    Invitation,
    Judgment,
    JudgmentFile,
    Lane,
    Option,
    PersonalDecision,
    Question,
    Rendering,
    Response,
    Rubric,
    RubricDraft,
    Seat,
    Skip,
    StageRecord,
    Sweep,
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


def an_account(world):
    return world.ann.user


def a_seat(world, **changes):
    return copy(world.free, **changes)


def a_pair(world, **changes):
    first, second = Response.objects.order_by("pk")[:2]
    fields = {"reply_1": first, "reply_2": second, "kind": "pair", **changes}
    return copy(world.item, **fields)


def a_skip(world):
    return Skip.objects.create(rater=world.cem, item=world.item, reason="broken", skipped_at=NOW)


def an_invitation(world):
    return Invitation.objects.create(
        study=world.study,
        role="rater",
        digest="d",
        created_by=an_account(world),
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def a_lane(w, **fields):
    return Lane.objects.create(study=w.study, cohort="experts", **fields)


def a_sample(w):
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


def an_exclusion(w, **fields):
    given = {"kind": "item", "item": w.item, "reason": "Broken.", "made_at": NOW, **fields}
    return Exclusion.objects.create(study=w.study, number=1, **given)


def a_report(w, **fields):
    given = {"asked": {}, "until": 0, "software": "x", "asked_at": NOW, **fields}
    return Report.objects.create(study=w.study, number=1, **given)


def a_rehearsal(w, **fields):
    given = {"frame": {}, "parameters": {}, "draws": 2, "first_seed": 1, "units": 1, **fields}
    return Rehearsal.objects.create(study=w.study, number=1, asked_at=NOW, **given)


def a_judgment_file(w, **fields):
    given = {"number": 1, "stored_name": "stored", "uploaded_at": NOW, **fields}
    return JudgmentFile.objects.create(study=w.study, file_name="j.csv", **given)


def a_verdict_file(w, **fields):
    given = {"number": 1, "stored_name": "stored", "uploaded_at": NOW, **fields}
    return VerdictFile.objects.create(study=w.study, file_name="v.csv", judge="judge", **given)


def a_stratum(w, **fields):
    given = {"position": 0, "population": 10, "size": 1, "probability": 0.1, **fields}
    return Stratum.objects.create(sample=a_sample(w), **given)


def a_sampled_item(w, **fields):
    stratum = a_stratum(w)
    given = {"probability": 0.1, **fields}
    return SampledItem.objects.create(sample=stratum.sample, stratum=stratum, item=w.item, **given)


def a_rendering(world):
    return Rendering.objects.create(shown_sha256="a", renderer=1, html=[])


def a_judge(world, **more):
    return Judge.objects.create(study=world.study, name="judge", created_at=NOW, **more)


def a_member(world):
    ensemble = Judge.objects.create(study=world.study, name="most", created_at=NOW)
    return JudgeMember.objects.create(ensemble=ensemble, member=a_judge(world))


def a_verdict(world, **more):
    option = Option.objects.get(question__key="misled", code="yes")
    return Verdict.objects.create(
        judge=Judge.objects.first() or a_judge(world),
        response=world.item.reply_1,
        question=option.question,
        option=option,
        turn=0,
        single=True,
        **more,
    )


def a_release(world, **more):
    return Release.objects.create(study=world.study, name="one", key="k", created_at=NOW, **more)


def a_flag(world, **changes):
    fields = {"rater": world.cem, "item": world.item, "kind": "item", "flagged_at": NOW, **changes}
    return Flag.objects.create(**fields)


def a_flagged_value(world):
    return a_flag(world, kind="value", value=world.item.query.value_a)


def a_draft(world):
    return Draft.objects.create(seat=world.held, turn=0, answers={}, updated_at=NOW)


def an_upload(world):
    return build.upload(world.study, an_account(world), sha256="a" * 64)


def a_sweep(world, **changes):
    fields = {"rule_set": 3, "trial": False, "state": "waiting", "created_at": NOW, **changes}
    return Sweep.objects.create(study=world.study, **fields)


def a_rubric_draft(world):
    return RubricDraft.objects.create(study=world.study, source={}, updated_at=NOW)


def a_question(world):
    return world.unpublished.questions.get(key="first")


def an_option(world, **which):
    return Option.objects.get(question=a_question(world), **(which or {"code": "one"}))


def a_revision(world, **changes):
    """A further revision of ann's judgment."""
    fields = {"public_id": uuid4(), "revision": 2, "current": False, **changes}
    return copy(world.judgment, **fields)


def an_answer(world, **changes):
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


def the_second_of_a_single(world):
    an_answer(world)
    an_answer(world, option=Option.objects.get(question__key="severity", code="2"))


def the_same_option(world):
    an_answer(world, single=False)
    an_answer(world, single=False)


def two_leases(world):
    fresh = Seat.objects.filter(rater=None).exclude(item=world.held.item)[0]
    update(fresh, rater=world.bob, key="k", hold=world.held.hold, leased_until=NOW)


def our_models():
    return [
        model
        for app in ("annotation", "evaluation")
        for model in apps.get_app_config(app).get_models()
    ]


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
