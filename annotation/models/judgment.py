"""What raters said. Rows are added, never changed: a trigger lets only ``current`` flip."""

import uuid

from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.rater import Rater
from annotation.models.reply import Scenario
from annotation.models.rubric import Option, Question, Rubric
from annotation.models.seat import Item, Seat
from annotation.models.specification import Clause, SpecificationVersion
from annotation.models.study import Guidelines
from annotation.vocabulary import ClauseRole, ClientKind, Wave


class Judgment(models.Model):
    """One rater's answers at one seat, with everything needed to know what was shown.

    Made at the first turn's answers; ``current`` from the moment the whole was judged. An edit is
    a new revision. ``shown_sha256`` is of the conversation as this rater saw it, masks included.

    ``late_turn`` marks a revision of one turn that was given after the next turn had been seen: it
    has that turn's answers only and never becomes current, because statistics use what was said
    before. ``text_version_2`` and its like are of the second reply of a pair.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="judgments")
    revision = models.PositiveSmallIntegerField(default=1)
    current = models.BooleanField()
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="judgments")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="judgments")
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+", db_index=False)
    guidelines = models.ForeignKey(
        Guidelines, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    shown_sha256 = models.CharField(max_length=64)
    text_version = models.PositiveIntegerField()
    rule_set = models.PositiveIntegerField()
    renderer = models.PositiveIntegerField()
    # Defaults of the database too: a page of the release before may still be storing.
    shown_sha256_2 = models.CharField(max_length=64, blank=True, default="", db_default="")
    text_version_2 = models.PositiveIntegerField(null=True)
    rule_set_2 = models.PositiveIntegerField(null=True)
    # At a pair: the reply that stood first.
    side = models.PositiveSmallIntegerField(null=True)
    specification = models.ForeignKey(
        SpecificationVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    late_turn = models.PositiveSmallIntegerField(null=True)
    # The how-many-eth item of this rater in the study; imported judgments have none.
    position = models.PositiveIntegerField(null=True)
    # The language of the page, and with what it was judged.
    language = models.CharField(max_length=35, blank=True, default="", db_default="")
    client = models.CharField(
        max_length=10,
        choices=ClientKind,
        default=ClientKind.ELSEWHERE,
        db_default=ClientKind.ELSEWHERE,
    )
    claimed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "revision"], name="judgment_revision_once"),
            models.UniqueConstraint(
                fields=["seat"], condition=Q(current=True), name="judgment_one_current_per_seat"
            ),
            models.CheckConstraint(name="judgment_revision_from_one", condition=Q(revision__gte=1)),
            models.CheckConstraint(
                name="judgment_late_is_never_current",
                condition=Q(late_turn=None) | Q(late_turn__gte=1, revision__gte=2, current=False),
            ),
            known("client", ClientKind, name="judgment_client_known"),
            models.CheckConstraint(
                name="judgment_side_known", condition=Q(side=None) | Q(side__in=[1, 2])
            ),
        ]


class Answer(models.Model):
    """One chosen option. Narrow on purpose: a hundred million of these are grouped without a join.

    ``turn`` counts the reply's messages from 1; 0 is the whole conversation. ``single`` says that
    the question takes one option, so that the database can refuse a second. A trigger ties
    ``option`` to ``question``.
    """

    judgment = models.ForeignKey(
        Judgment, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    cluster = models.ForeignKey(
        Scenario, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    option = models.ForeignKey(Option, on_delete=models.PROTECT, related_name="+", db_index=False)
    wave = models.PositiveSmallIntegerField(choices=Wave)
    turn = models.PositiveSmallIntegerField()
    current = models.BooleanField()
    single = models.BooleanField()

    class Meta:
        constraints = [
            known("wave", Wave, name="answer_wave_known"),
            models.UniqueConstraint(
                fields=["judgment", "question", "turn", "option"], name="answer_option_once"
            ),
            models.UniqueConstraint(
                fields=["judgment", "question", "turn"],
                condition=Q(single=True),
                name="answer_one_for_a_single_choice",
            ),
        ]
        indexes = [
            # Agreement: one grouped walk over a question's answers, from the index alone.
            models.Index(
                name="answer_counts",
                fields=["question", "turn", "wave", "cluster", "item", "option"],
                condition=Q(current=True),
            ),
        ]


class TextAnswer(models.Model):
    """What a rater wrote in answer to a question of type text."""

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="texts")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    turn = models.PositiveSmallIntegerField()
    text = models.TextField()
    current = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judgment", "question", "turn"], name="text_answer_once"
            ),
            models.CheckConstraint(name="text_answer_not_empty", condition=~Q(text="")),
        ]


_PLACE = ["judgment", "question", "turn", "slot", "message", "start", "end"]


class SpanAnswer(models.Model):
    """A stretch of a reply that a rater marked as evidence.

    ``start`` and ``end`` count Unicode code points of the text as shown: the text content of the
    reply's turn on the page. ``text_sha256`` is of that text, ``quote`` the words between, and
    ``option`` what was said of them, where the question offers kinds.
    """

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="spans")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    option = models.ForeignKey(Option, on_delete=models.PROTECT, null=True, related_name="+")
    turn = models.PositiveSmallIntegerField()
    # Which of the reply's messages, counted from 1; and which reply of a pair.
    message = models.PositiveSmallIntegerField()
    slot = models.PositiveSmallIntegerField(default=1)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text_sha256 = models.CharField(max_length=64)
    quote = models.TextField()
    current = models.BooleanField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="span_not_empty", condition=Q(end__gt=models.F("start"))),
            models.CheckConstraint(name="span_slot_known", condition=Q(slot__in=[1, 2])),
            models.UniqueConstraint(
                fields=[*_PLACE, "option"], name="span_once", condition=Q(option__isnull=False)
            ),
            models.UniqueConstraint(
                fields=_PLACE, name="span_once_without_kind", condition=Q(option=None)
            ),
        ]


class CitedClause(models.Model):
    """A clause of a specification that decided an answer, and what it did for it."""

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="clauses")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    turn = models.PositiveSmallIntegerField()
    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=ClauseRole)
    current = models.BooleanField()

    class Meta:
        constraints = [
            known("role", ClauseRole, name="cited_clause_role_known"),
            models.UniqueConstraint(
                fields=["judgment", "question", "turn", "clause", "role"],
                name="cited_clause_once",
            ),
        ]


class StageRecord(models.Model):
    """How one stage came about: when it was shown and sent, how long, and with what.

    Times are the server's. ``active_ms`` is how long the page was in front and in use, as the page
    measured it; ``questions`` has, by key, the milliseconds spent at a question and when the
    server last heard of its answer. ``signals`` has what the consent announces: pastes and
    absences counted for text fields, and which long texts were unfolded.
    """

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="stages")
    turn = models.PositiveSmallIntegerField()
    shown_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField()
    active_ms = models.PositiveIntegerField(null=True)
    client = models.CharField(max_length=10, choices=ClientKind)
    questions = models.JSONField(default=dict)
    signals = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgment", "turn"], name="stage_record_once"),
            known("client", ClientKind, name="stage_record_client_known"),
            models.CheckConstraint(
                name="stage_record_shown_before_sent",
                condition=Q(shown_at=None) | Q(shown_at__lte=models.F("submitted_at")),
            ),
        ]
