"""Automated raters, and what they said."""

from django.db import models
from django.db.models import F, Q


class Judge(models.Model):
    """One automated rater in one version: name, model, prompt and rubric version."""

    study = models.ForeignKey("annotation.Study", on_delete=models.PROTECT, related_name="judges")
    name = models.CharField(max_length=200)
    model = models.CharField(max_length=200, blank=True)
    prompt_version = models.CharField(max_length=100, blank=True)
    rubric_version = models.CharField(max_length=100, blank=True)
    # Of the language model behind it: replies of the same family are its own kind's.
    family = models.CharField(max_length=200, blank=True)
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "model", "prompt_version", "rubric_version"],
                name="judge_once_per_version",
            )
        ]

    def __str__(self) -> str:
        return self.name


class JudgeMember(models.Model):
    """One judge of an ensemble; the ensemble says what most of its members say."""

    ensemble = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="memberships")
    member = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="ensembles")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ensemble", "member"], name="judge_member_once"),
            models.CheckConstraint(
                name="judge_member_is_another", condition=~Q(ensemble=F("member"))
            ),
        ]


class Verdict(models.Model):
    """A judge's answer, in the vocabulary of the raters' answers.

    ``turn`` counts the reply's messages from 1; 0 is the whole conversation. A several-choice
    verdict is one row per option.
    """

    judge = models.ForeignKey(
        Judge, on_delete=models.PROTECT, related_name="verdicts", db_index=False
    )
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="+")
    question = models.ForeignKey(
        "annotation.Question", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    option = models.ForeignKey(
        "annotation.Option", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    turn = models.PositiveSmallIntegerField()
    single = models.BooleanField()
    probability = models.FloatField(null=True)
    probabilities = models.JSONField(null=True)
    score = models.FloatField(null=True)
    reasoning = models.TextField(blank=True)
    clauses = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judge", "question", "turn", "response", "option"],
                name="verdict_option_once",
            ),
            models.UniqueConstraint(
                fields=["judge", "question", "turn", "response"],
                condition=Q(single=True),
                name="verdict_one_for_a_single_choice",
            ),
            models.CheckConstraint(
                name="verdict_probability_between_0_and_1",
                condition=Q(probability=None) | Q(probability__gte=0, probability__lte=1),
            ),
        ]
