"""What raters said. Rows are added, never changed: a trigger lets only ``current`` flip."""

import uuid

from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.rater import Rater
from annotation.models.reply import Scenario
from annotation.models.rubric import Option, Question, Rubric
from annotation.models.seat import Item, Seat
from annotation.models.study import Guidelines
from annotation.vocabulary import Wave


class Judgment(models.Model):
    """One rater's answers at one seat, with everything needed to know what was shown.

    Made at the first turn's answers; ``current`` from the moment the whole was judged. An edit is
    a new revision. ``shown_sha256`` is of the conversation as this rater saw it, masks included.
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
    claimed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "revision"], name="judgment_revision_once"),
            models.UniqueConstraint(
                fields=["seat"], condition=Q(current=True), name="judgment_one_current_per_seat"
            ),
            models.CheckConstraint(name="judgment_revision_from_one", condition=Q(revision__gte=1)),
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
