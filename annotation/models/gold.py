"""Known answers: what is right at a gold item, who said so, and what was said before."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.rubric import Option, Question
from annotation.models.seat import Item


class GoldQuerySet(models.QuerySet["GoldAnswer"]):
    """Phrases about known answers."""

    def in_force(self) -> Self:
        """Known answers that were neither removed nor replaced."""
        return self.filter(ended_at=None)


class GoldAnswer(models.Model):
    """One option of the known answer to one question about one item, or about one turn of it.

    As with raters' answers, several choices are one row an option and one more, ``asked``, and a
    trigger ties ``option`` to ``question``. Rows are added, never changed or deleted: a trigger
    lets only ``ended_at`` and ``ended_by`` be set, once, when the answer is removed or replaced.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="gold", db_index=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    # Counts the reply's messages from 1; 0 is the whole conversation.
    turn = models.PositiveSmallIntegerField()
    option = models.ForeignKey(Option, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Whether the question takes one option, so that the database can refuse a second.
    single = models.BooleanField()
    reason = models.TextField(blank=True)
    # Where it was read.
    file_name = models.CharField(max_length=255)
    line = models.PositiveIntegerField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    objects = GoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "question", "turn", "option"],
                condition=Q(ended_at=None),
                name="gold_option_once",
            ),
            models.UniqueConstraint(
                fields=["item", "question", "turn"],
                condition=Q(ended_at=None, single=True),
                name="gold_one_for_a_single_choice",
            ),
            models.CheckConstraint(
                name="gold_ended_by_someone_at_a_time",
                condition=Q(ended_by=None) | Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gold_ended_after_it_was_added",
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("added_at")),
            ),
        ]
        indexes = [
            # All that was ever known of an item, removed and replaced answers too.
            models.Index(name="gold_of_item", fields=["item", "question", "turn"]),
        ]
