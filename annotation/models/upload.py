"""Files on their way in: sent in parts, and read as a batch once they are whole."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.batch import Batch
from annotation.models.study import Study


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
    # What it became: finishing it again answers with the same batch.
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, null=True, related_name="upload")

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
            models.UniqueConstraint(
                name="upload_open_once_per_file",
                fields=["study", "file_name", "bytes", "sha256"],
                condition=Q(batch=None) & ~Q(sha256=""),
            ),
        ]
        indexes = [models.Index(name="upload_moved", fields=["moved_at"])]
