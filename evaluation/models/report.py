"""Numbers that were computed once and are kept, with everything to compute them again."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices


class ReportState(TextChoices):
    """How far a report has come."""

    WAITING = "waiting", "Waiting for the worker"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class ReportKind(TextChoices):
    """What a report is about."""

    AGREEMENT = "agreement", "Agreement"
    JUDGE = "judge", "A judge beside people"
    SLICES = "judge_slices", "A judge in slices"
    AGAINST = "judge_against", "Two judges"
    CELL = "judge_items", "Items of a cell"
    RATES = "rates", "Rates"
    MODELS = "models", "Models"
    LABELS = "labels", "Labels"
    OVER_TIME = "over_time", "Agreement over time"
    DISAGREEMENTS = "disagreements", "Kinds of disagreement"
    DISPUTED = "disputed", "The most disputed items"
    ORDERS = "order_effects", "Order effects"


class Report(models.Model):
    """One report, as it was computed. A trigger keeps what is ready as it is.

    ``asked`` is what the page, command or API was asked for; ``until`` the last judgment that
    counted, so that the same is computed again whatever came later. ``rules`` are the exclusions
    in force, as they were; ``verdicts`` is the last verdict there was. ``result`` is what command
    and API give, ``shown`` the same as the values from which its page is drawn. ``checked_at`` and
    ``equal`` are of the last computation after the first.
    """

    study = models.ForeignKey("annotation.Study", on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=ReportKind, default=ReportKind.AGREEMENT)
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.WAITING)
    asked = models.JSONField()
    rules = models.JSONField(default=list)
    until = models.BigIntegerField()
    verdicts = models.BigIntegerField(default=0)
    software = models.CharField(max_length=100)
    result = models.JSONField(null=True)
    shown = models.JSONField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.TextField(blank=True)
    seconds = models.FloatField(null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    equal = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="report_number_once_per_study"
            ),
            models.CheckConstraint(
                name="report_kind_known", condition=Q(kind__in=ReportKind.values)
            ),
            models.CheckConstraint(
                name="report_state_known", condition=Q(state__in=ReportState.values)
            ),
            models.CheckConstraint(
                name="report_ready_has_a_result",
                condition=~Q(state=ReportState.READY)
                | Q(result__isnull=False, done_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.number}"
