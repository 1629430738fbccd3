"""The CHECK behind each closed set of words: ``choices`` binds forms, this binds every writer."""

from django.db.models import CheckConstraint, Choices, Q


def known(field: str, words: type[Choices], *, name: str) -> CheckConstraint:
    """Return the constraint that ``field`` holds one of ``words``; ``name`` is what logs show."""
    return CheckConstraint(name=name, condition=Q(**{f"{field}__in": words.values}))
