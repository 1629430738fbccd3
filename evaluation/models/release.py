"""Frozen exports."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices


class ReleaseState(TextChoices):
    """How far a release has come; only READY ones can be downloaded, and EXPIRED ones could."""

    WAITING = "waiting", "Waiting for the worker"
    WRITING = "writing", "Being written"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Files deleted"


class Release(models.Model):
    """One frozen, hashed export of a study up to a cut-off in the judgments' own sequence."""

    study = models.ForeignKey("annotation.Study", on_delete=models.PROTECT, related_name="releases")
    name = models.CharField(max_length=100)
    # What URLs carry: not guessable.
    key = models.CharField(max_length=43, unique=True)
    state = models.CharField(max_length=10, choices=ReleaseState, default=ReleaseState.WAITING)
    failure = models.TextField(blank=True)
    cut_off = models.BigIntegerField(null=True)
    manifest = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    # Whether findings of personal data that nobody decided about leave as they were written.
    keep_flagged = models.BooleanField(default=False, db_default=False)
    # While it is being written: from then on another worker may take it up.
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="release_name_once_per_study"),
            models.CheckConstraint(
                name="release_state_known", condition=Q(state__in=ReleaseState.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name
