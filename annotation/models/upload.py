"""Files on their way in: sent in parts, and read once they are whole, as what their sender says."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.batch import Batch
from annotation.models.judgment_file import JudgmentFile
from annotation.models.study import Study

UNFINISHED = Q(batch=None, judgments=None)


class UploadQuerySet(models.QuerySet["Upload"]):
    """Phrases about uploads; each returns a queryset and can be chained."""

    def unfinished(self) -> Self:
        """Uploads that have become nothing yet."""
        return self.filter(UNFINISHED)


class Upload(models.Model):
    """A file that is sent in parts; ``received`` is where the next part begins."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="uploads")
    # What the address says; the name on the disk is another.
    key = models.CharField(max_length=64, unique=True)
    file_name = models.CharField(max_length=255)
    stored_name = models.CharField(max_length=100)
    bytes = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    # Of the whole file, as the sender says; empty if it did not say.
    sha256 = models.CharField(max_length=64, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    # What it became, one of these two: finishing it again answers with the same.
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, null=True, related_name="upload")
    judgments = models.OneToOneField(
        JudgmentFile, on_delete=models.PROTECT, null=True, related_name="upload"
    )

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="upload_not_empty", condition=Q(bytes__gt=0)),
            models.CheckConstraint(
                name="upload_received_within_bytes", condition=Q(received__lte=F("bytes"))
            ),
            models.CheckConstraint(
                name="upload_is_whole_when_a_batch",
                condition=Q(batch=None) | Q(received=F("bytes")),
            ),
            models.CheckConstraint(
                name="upload_is_whole_when_judgments",
                condition=Q(judgments=None) | Q(received=F("bytes")),
            ),
            models.CheckConstraint(
                name="upload_becomes_one_thing", condition=Q(batch=None) | Q(judgments=None)
            ),
            models.UniqueConstraint(
                name="upload_open_once_per_file",
                fields=["study", "file_name", "bytes", "sha256"],
                condition=UNFINISHED & ~Q(sha256=""),
            ),
        ]
        indexes = [models.Index(name="upload_moved", fields=["moved_at"])]
