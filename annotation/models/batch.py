"""Uploads, what was wrong in them, and what may tell who wrote a reply."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.study import Study
from annotation.vocabulary import BatchState, HitDecision, SweepState


class Batch(models.Model):
    """One upload of replies."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    file_name = models.CharField(max_length=255)
    stored_name = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=BatchState)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # Sentences about what the file held besides replies.
    notes = models.JSONField(default=list)
    # How far reading has come: records of the file, and the share of its bytes. It goes on here
    # after its worker died; each chunk moves it in the transaction that stores the chunk.
    records = models.PositiveBigIntegerField(default=0)
    share = models.FloatField(default=0)
    refused_bytes = models.PositiveBigIntegerField(default=0)
    began_at = models.DateTimeField(null=True)
    # Who reads it now. Whoever finds another's mark here has been given up, and stores nothing.
    reader = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            known("state", BatchState, name="batch_state_known"),
            models.UniqueConstraint(fields=["study", "number"], name="batch_number_once_per_study"),
        ]


class LineError(models.Model):
    """One thing that was wrong with one line of an upload, and what to do about it."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="errors")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=200)
    # What stands there, shortened.
    value = models.TextField(blank=True)
    reason = models.TextField()


class Hit(models.Model):
    """A stretch of a text that may tell who wrote it, and what was decided about it."""

    text = models.ForeignKey(
        "annotation.TextVersion", on_delete=models.CASCADE, related_name="hits", db_index=False
    )
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="hits", db_index=False)
    rule_set = models.PositiveIntegerField()
    rule = models.CharField(max_length=100)
    message = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    found = models.TextField()
    context = models.TextField()
    decision = models.CharField(max_length=10, choices=HitDecision)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("decision", HitDecision, name="hit_decision_known"),
            models.UniqueConstraint(
                fields=["text", "rule_set", "message", "start", "end"], name="hit_once_per_stretch"
            ),
            models.CheckConstraint(name="hit_not_empty", condition=Q(end__gt=models.F("start"))),
            models.CheckConstraint(
                name="hit_decided_by_and_at_together",
                condition=Q(decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]
        indexes = [
            # The leak report of a batch, doubtful hits first.
            models.Index(name="hit_report", fields=["batch", "decision"]),
        ]


class Sweep(models.Model):
    """Running the current rules over the texts that older rules were run over, or trying it."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="sweeps")
    rule_set = models.PositiveIntegerField()
    # A trial counts what would change, and stores nothing else.
    trial = models.BooleanField()
    state = models.CharField(max_length=10, choices=SweepState)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    # How far it has come; each chunk moves this in the transaction that stores the chunk.
    after = models.PositiveBigIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    # Of the texts read: shown otherwise from now on, of these already judged, new to decide about.
    changed = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    # Who runs it now. Whoever finds another's mark here has been given up, and stores nothing.
    runner = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            known("state", SweepState, name="sweep_state_known"),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(state__in=(SweepState.WAITING, SweepState.RUNNING)),
                name="sweep_one_open_per_study",
            ),
        ]
