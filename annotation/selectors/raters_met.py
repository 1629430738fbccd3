"""Who gave some answers: found by looking, rater after rater, for one of them."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import Answer, Judgment, Rater
from annotation.planning import told


def raters_met(answers: QuerySet[Answer], study_id: int, *fields: str) -> list[tuple[Any, ...]]:
    """Return these fields of each rater who gave one of the answers: not all answers are walked."""
    theirs = Judgment.objects.filter(
        Exists(answers.filter(judgment=OuterRef("pk"))), rater=OuterRef("pk")
    )
    found = Rater.objects.filter(Exists(theirs), study=study_id)
    # The first answer met is enough: a bitmap would have all of the rater's judgments first.
    with told(enable_bitmapscan="off"):
        return list(found.values_list(*fields))
