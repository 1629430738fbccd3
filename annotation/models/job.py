"""Who works on which job, so that another worker takes it up when that one is gone."""

from django.db import models


class JobLease(models.Model):
    """A job that a worker holds; it says every two seconds that it is alive."""

    task_id = models.UUIDField(unique=True)
    worker = models.CharField(max_length=64)
    # How many workers have begun it: a job that kills its workers is given up.
    attempts = models.PositiveSmallIntegerField(default=0)
    beaten_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="job_lease_beaten", fields=["beaten_at"])]
