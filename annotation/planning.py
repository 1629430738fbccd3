"""What PostgreSQL's planner is told where it cannot know better; elsewhere nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def told(**settings: str) -> Iterator[None]:
    """Set some of the planner's settings for the statements inside, and for no others.

    A failure inside undoes them with all else that was done there.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        _set(settings)
        yield
        _set(dict.fromkeys(settings, "DEFAULT"))


def _set(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET LOCAL {name} TO {value}")
