"""Raters: the people, or stand-ins for people, whose judgments a study has."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.study import Study
from annotation.vocabulary import RaterSource


class Rater(models.Model):
    """One rater in one study; seats and judgments point here, never to an account.

    The rater walks the study's places in an order of their own: from ``start``, upwards or
    ``descending``, once around. ``cursor`` is the place they reached, so that finding the next
    seat never looks at what they have done.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="raters")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    source = models.CharField(max_length=10, choices=RaterSource)
    # The name a rater has outside: of an imported file, a crowd platform, a simulation.
    external_id = models.CharField(max_length=200)
    cohort = models.CharField(max_length=100, blank=True)
    # The languages they read, as codes: what is kept for readers of a language goes only to them.
    languages = models.JSONField(default=list)
    start = models.IntegerField()
    descending = models.BooleanField()
    cursor = models.IntegerField()
    # The place reached in lanes of another priority than 0, by priority.
    cursors = models.JSONField(default=dict)
    # Both change only in the judgment's or skip's own transaction; `integrity` compares them.
    judged_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    paused_at = models.DateTimeField(null=True)
    withdrew_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            known("source", RaterSource, name="rater_source_known"),
            models.UniqueConstraint(fields=["study", "user"], name="rater_once_per_user_and_study"),
            models.UniqueConstraint(
                fields=["study", "source", "external_id"], name="rater_name_once_per_source"
            ),
            models.CheckConstraint(
                name="rater_account_has_user",
                condition=~Q(source=RaterSource.ACCOUNT)
                | Q(user__isnull=False)
                | Q(withdrew_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"rater {self.pk}"

    @property
    def browser_key(self) -> str:
        """Under what name a browser keeps this rater's unsent answers; it tells nobody who."""
        text = f"{self.study.secret}:browser:{self.pk}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
