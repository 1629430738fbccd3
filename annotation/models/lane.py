"""Lanes: queues of seats that are kept for some raters, or given out before others."""

from django.db import models
from django.db.models import Q

from annotation.models.study import Study


class Lane(models.Model):
    """Seats that the same raters may take, in the same order of urgency.

    Empty ``language`` and ``cohort`` mean anyone; a seat without a lane is anyone's. ``crossed``
    seats pass over the rules about framings and replies of one query: every rater of a panel
    judges all of its items. A ``quota`` is how many judgments the lane is to get at most:
    ``taken`` counts its seats that are held or judged, and changes with them in one transaction.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="lanes")
    # What of a sample's strata it is for, where that has a quota or rates of its own.
    stratum = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=35, blank=True)
    cohort = models.CharField(max_length=100, blank=True)
    # Higher ones are given out first.
    priority = models.SmallIntegerField(default=0)
    crossed = models.BooleanField(default=False)
    quota = models.PositiveIntegerField(null=True)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "stratum", "language", "cohort", "priority", "crossed"],
                name="lane_once_per_terms",
            ),
            models.CheckConstraint(
                name="lane_within_quota",
                condition=Q(quota=None) | Q(taken__lte=models.F("quota")),
            ),
        ]
