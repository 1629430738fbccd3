"""Files of verdicts that came by page and are read by a worker."""

from django.db import models
from django.db.models import Q, TextChoices

from annotation.line_files import LineFile


class VerdictFileState(TextChoices):
    """How far a file has come."""

    WAITING = "waiting", "Waiting for the worker"
    READING = "reading", "Being read"
    READY = "ready", "Read"
    FAILED = "failed", "Failed"


ENDED = [VerdictFileState.READY, VerdictFileState.FAILED]


class VerdictFile(LineFile):
    """One uploaded file of verdicts, and what became of its lines.

    ``judge`` and its versions are as the form named them; the judge itself is made by the first
    good line.
    """

    study = models.ForeignKey(
        "annotation.Study", on_delete=models.PROTECT, related_name="verdict_files"
    )
    judge = models.CharField(max_length=200)
    model = models.CharField(max_length=200, blank=True)
    prompt_version = models.CharField(max_length=100, blank=True)
    rubric_version = models.CharField(max_length=100, blank=True)
    simulated = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=VerdictFileState, default=VerdictFileState.WAITING
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="verdict_file_number_once_per_study"
            ),
            models.CheckConstraint(
                name="verdict_file_state_known", condition=Q(state__in=VerdictFileState.values)
            ),
            models.CheckConstraint(
                name="verdict_file_ended_says_when",
                condition=~Q(state__in=ENDED) | Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"file of verdicts {self.number}"
