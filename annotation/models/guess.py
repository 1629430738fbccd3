"""What raters said when they were asked whether they recognised who wrote a reply."""

from django.db import models
from django.db.models import Q

from annotation.models.judgment import Judgment


class Guess(models.Model):
    """A rater's word on who wrote the reply they had just judged; asked at some judgments.

    ``words`` is whom they named, in their own words: names are never offered, for a list would
    tell which models there are. Given once, to a judgment's first revision; a trigger keeps it.
    """

    judgment = models.OneToOneField(Judgment, on_delete=models.PROTECT, related_name="guess")
    knew = models.BooleanField()
    words = models.CharField(max_length=200, blank=True)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="guess_names_somebody_or_nobody",
                condition=Q(knew=False, words="") | Q(knew=True) & ~Q(words=""),
            ),
        ]
