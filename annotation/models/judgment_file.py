"""Files of judgments made elsewhere that came by page or API."""

from django.db import models
from django.db.models import Q

from annotation.line_files import LineFile
from annotation.models.known import known
from annotation.models.study import Study
from annotation.vocabulary import LineFileState

# What share of the work is done once a file has been read to its end, and nothing is stored yet.
READING_TAKES = 0.3
ENDED = (LineFileState.READY, LineFileState.FAILED, LineFileState.CANCELLED)


class JudgmentFile(LineFile):
    """A file of judgments made elsewhere, and what became of its lines.

    One that was stopped, or whose reader died, is read from its start again; what an earlier
    reading had stored of it counts as created or updated all the same.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="judgment_files")
    state = models.CharField(max_length=10, choices=LineFileState, default=LineFileState.WAITING)
    updated = models.PositiveBigIntegerField(default=0)
    # How far this reading has come: the share of the work; each chunk moves it in the transaction
    # that stores the chunk.
    share = models.FloatField(default=0)
    began_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    # Who reads it now. Whoever finds another's mark here has been given up, and stores nothing.
    reader = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            known("state", LineFileState, name="judgment_file_state_known"),
            models.UniqueConstraint(
                fields=["study", "number"], name="judgment_file_number_once_per_study"
            ),
            models.CheckConstraint(
                name="judgment_file_ended_says_when",
                condition=~Q(state__in=ENDED) | Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"file of judgments {self.number}"
