"""Which judgments a rule leaves out of results: named and counted, never taken away."""

from collections.abc import Mapping

from django.db.models import QuerySet

from annotation.models import Item, Judgment
from annotation.selectors.asked import Filters


def left_out(counting: QuerySet[Judgment], rule: Filters) -> QuerySet[Judgment]:
    """Return those of these judgments that a rule leaves out: all that its filters do not keep.

    By what is kept, so that rule and results can never mean two things.
    """
    kept = counting.order_by()
    judgments, items = rule.of_judgments(), rule.of_items()
    if judgments is not None:
        kept = kept.filter(judgments)
    if items is not None:
        kept = kept.filter(item__in=Item.objects.filter(items).values("pk"))
    return counting.exclude(pk__in=kept.values("pk"))


def left_out_count(study_id: int, rule: Filters, *, until: int) -> int:
    """Count the current judgments up to a cut-off that a rule leaves out."""
    counting = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    return left_out(counting, rule).count()


def rules_at(judgments: QuerySet[Judgment], rules: Mapping[int, Filters]) -> dict[int, str]:
    """Return the numbers of the rules that leave out each of these judgments, by primary key.

    Judgments that no rule leaves out are not there.
    """
    found: dict[int, str] = {}
    for number, rule in sorted(rules.items()):
        for pk in left_out(judgments, rule).values_list("pk", flat=True):
            found[pk] = f"{found[pk]} {number}" if pk in found else str(number)
    return found
