"""Rubrics: what raters and judges are asked. A published version never changes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.known import known
from annotation.models.study import Study
from annotation.vocabulary import ItemKind, Level, Polarity, QuestionType, Scope


class Rubric(models.Model):
    """One version of a study's questions; ``source`` is the JSON it was made from.

    Made without ``published_at``; from the moment it has one, a trigger refuses every change to it,
    to its questions and to their options.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rubrics")
    key = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    # Whether it asks about one reply, or about two side by side.
    kind = models.CharField(max_length=6, choices=ItemKind, default=ItemKind.SINGLE)
    source = models.JSONField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("kind", ItemKind, name="rubric_kind_known"),
            models.UniqueConstraint(
                fields=["study", "key", "version"], name="rubric_version_once_per_study"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class Question(models.Model):
    """One question of a rubric version."""

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="questions")
    key = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    label = models.TextField()
    help = models.TextField(blank=True)
    type = models.CharField(max_length=10, choices=QuestionType)
    level = models.CharField(max_length=10, choices=Level)
    scope = models.CharField(max_length=15, choices=Scope)
    required = models.BooleanField(default=True)
    # Asked only where the answer to this earlier question is one of ``condition_codes``.
    condition = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    condition_codes = models.JSONField(default=list)
    # Whether the answer names the clauses of the study's specification that decided it.
    clauses = models.BooleanField(default=False)
    # Whose anchor texts, where a scenario has its own, stand beside the points: a value's.
    anchors = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            known("type", QuestionType, name="question_type_known"),
            known("level", Level, name="question_level_known"),
            known("scope", Scope, name="question_scope_known"),
            models.UniqueConstraint(fields=["rubric", "key"], name="question_key_once_per_rubric"),
            models.UniqueConstraint(
                fields=["rubric", "position"], name="question_position_once_per_rubric"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class RubricDraft(models.Model):
    """The questions an admin is composing; may be incomplete. Publishing makes a version of it."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="rubric_draft")
    source = models.JSONField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )


class Option(models.Model):
    """One answer that a closed question offers.

    A question of several choices has one more row, ``asked``: it is stored with every answer to
    the question, so that "none chosen" differs from "not asked".
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="options")
    code = models.CharField(max_length=100, blank=True)
    position = models.PositiveSmallIntegerField()
    label = models.TextField(blank=True)
    polarity = models.CharField(max_length=10, choices=Polarity, blank=True)
    # The number behind the code, where the level is ordinal or interval.
    value = models.FloatField(null=True)
    asked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "code"], name="option_code_once"),
            models.UniqueConstraint(fields=["question", "position"], name="option_position_once"),
            # The target of the composite foreign key that ties an answer's option to its question.
            models.UniqueConstraint(fields=["id", "question"], name="option_belongs_to_question"),
            models.CheckConstraint(
                name="option_asked_has_no_code",
                condition=Q(asked=True, code="") | Q(asked=False) & ~Q(code=""),
            ),
            models.CheckConstraint(
                name="option_polarity_known",
                condition=Q(polarity="") | Q(polarity__in=Polarity.values),
            ),
        ]
        ordering = [F("position").asc()]

    def __str__(self) -> str:
        return self.code or "(asked)"
