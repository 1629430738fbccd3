"""What results leave out, and why: rules that can be lifted, never changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices


class ExclusionKind(TextChoices):
    """What an exclusion leaves out."""

    RATER = "rater", "All judgments of one rater"
    ITEM = "item", "One item"
    BATCH = "batch", "The items of one batch"
    FAST = "fast", "Judgments made in less time"


class Exclusion(models.Model):
    """One rule that leaves judgments out of results, with its reason. A trigger keeps it as it is.

    Judgments stay where they are: a rule that is lifted leaves nothing out from then on.
    """

    study = models.ForeignKey(
        "annotation.Study", on_delete=models.PROTECT, related_name="exclusions"
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=ExclusionKind)
    rater = models.ForeignKey(
        "annotation.Rater", on_delete=models.PROTECT, null=True, related_name="+"
    )
    item = models.ForeignKey(
        "annotation.Item", on_delete=models.PROTECT, null=True, related_name="+"
    )
    batch = models.ForeignKey(
        "annotation.Batch", on_delete=models.PROTECT, null=True, related_name="+"
    )
    seconds = models.PositiveIntegerField(null=True)
    reason = models.TextField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="exclusion_number_once_per_study"
            ),
            models.CheckConstraint(
                name="exclusion_kind_known", condition=Q(kind__in=ExclusionKind.values)
            ),
            models.CheckConstraint(
                name="exclusion_says_what",
                condition=(
                    Q(kind=ExclusionKind.RATER, rater__isnull=False, item=None, batch=None)
                    | Q(kind=ExclusionKind.ITEM, rater=None, item__isnull=False, batch=None)
                    | Q(kind=ExclusionKind.BATCH, rater=None, item=None, batch__isnull=False)
                )
                & Q(seconds=None)
                | Q(kind=ExclusionKind.FAST, rater=None, item=None, batch=None, seconds__gte=1),
            ),
            models.CheckConstraint(name="exclusion_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"exclusion {self.number}"
