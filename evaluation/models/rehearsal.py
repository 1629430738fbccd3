"""Rehearsals: a design drawn many times, to see that its probabilities are what happens."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, TextChoices


class RehearsalState(TextChoices):
    """How far a rehearsal has come."""

    WAITING = "waiting", "Being drawn"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Rehearsal(models.Model):
    """One design, drawn ``draws`` times with seeds from ``first_seed`` on; what came of it.

    ``frame`` and ``parameters`` are as a sample stores them, so a sample's rehearsals are those of
    its design. ``quantity`` is the judge's answer whose weighted share was compared, empty for the
    replies' length. ``units`` is how many could be drawn when it was asked for. A trigger keeps
    what is ready as it is.
    """

    study = models.ForeignKey(
        "annotation.Study", on_delete=models.PROTECT, related_name="rehearsals"
    )
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RehearsalState, default=RehearsalState.WAITING)
    failure = models.TextField(blank=True)
    frame = models.JSONField()
    parameters = models.JSONField()
    quantity = models.JSONField(default=dict)
    draws = models.PositiveIntegerField()
    first_seed = models.BigIntegerField()
    units = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="rehearsal_number_once_per_study"
            ),
            models.CheckConstraint(
                name="rehearsal_state_known", condition=Q(state__in=RehearsalState.values)
            ),
            models.CheckConstraint(
                name="rehearsal_has_two_draws", condition=Q(draws__gte=2, done__lte=F("draws"))
            ),
            models.CheckConstraint(
                name="rehearsal_ready_has_a_result",
                condition=~Q(state=RehearsalState.READY)
                | Q(result__isnull=False, done_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"rehearsal {self.number}"
