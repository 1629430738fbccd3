"""What was decided about stretches of raters' words that may tell who somebody is."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.judgment import Judgment
from annotation.models.known import known
from annotation.models.rubric import Question
from annotation.vocabulary import HitDecision, PersonalKind


class PersonalDecision(models.Model):
    """Whether a finding in a rater's words leaves with releases, or a mark in its place.

    The text is the judgment's answer to a question at a turn; ``start`` and ``end`` count its code
    points. Findings are no rows: the scanner finds them again. Rows are added, never changed, and
    the last one counts; a trigger keeps them for as long as their judgment is there.
    """

    judgment = models.ForeignKey(
        Judgment, on_delete=models.PROTECT, related_name="personal_decisions"
    )
    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    turn = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=PersonalKind)
    decision = models.CharField(max_length=10, choices=HitDecision)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            known("kind", PersonalKind, name="personal_decision_kind_known"),
            models.CheckConstraint(
                name="personal_decision_masks_or_keeps",
                condition=Q(decision__in=[HitDecision.MASKED, HitDecision.KEPT]),
            ),
            models.CheckConstraint(
                name="personal_decision_not_empty", condition=Q(end__gt=F("start"))
            ),
        ]
