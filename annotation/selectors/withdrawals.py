"""Who withdrew, as releases must say it: numbers, never names."""

from typing import NamedTuple

from django.db.models import Count, Sum

from annotation.models import Withdrawal
from annotation.vocabulary import OnWithdrawal


class Deleted(NamedTuple):
    """How many raters had their judgments deleted, and how many rows those were."""

    raters: int
    judgments: int


def deleted(study_id: int) -> Deleted:
    """Count what was deleted because raters withdrew."""
    of_study = Withdrawal.objects.filter(rater__study=study_id, policy=OnWithdrawal.DELETE)
    counted = of_study.aggregate(raters=Count("pk"), judgments=Sum("judgments"))
    return Deleted(counted["raters"], counted["judgments"] or 0)


def last_withdrawal(study_id: int) -> int:
    """Return the highest number in the study's sequence of withdrawals, 0 for none."""
    found = Withdrawal.objects.filter(rater__study=study_id).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


class Withdrew(NamedTuple):
    """One withdrawal by its number, and the first judgment of that rater that ever counted."""

    number: int
    first_judgment: int


def withdrew_with_judgments(study_id: int) -> list[Withdrew]:
    """Return the withdrawals of raters who had judged anything, in their order."""
    found = Withdrawal.objects.filter(rater__study=study_id, first_judgment__isnull=False)
    return [
        Withdrew(number, first or 0)
        for number, first in found.order_by("pk").values_list("pk", "first_judgment")
    ]
