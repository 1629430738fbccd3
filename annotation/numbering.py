"""Numbers of things within their study: 1, 2, 3, however many ask at the same time."""

from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import Max

M = TypeVar("M", bound=models.Model)


def numbered(of: type[M], *, study_id: int, **fields: Any) -> M:
    """Store a row under the next number of its study; whoever comes second takes the one after.

    Raises:
        IntegrityError: the row is refused for something else than its number.
    """
    rows = of._default_manager.filter(study=study_id)
    while True:
        number = (rows.aggregate(n=Max("number"))["n"] or 0) + 1
        try:
            with transaction.atomic():
                return of._default_manager.create(study_id=study_id, number=number, **fields)
        except IntegrityError:
            # Asking again helps against a number that was taken meanwhile, and nothing else.
            if not rows.filter(number=number).exists():
                raise
