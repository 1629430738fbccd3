"""Which studies an account belongs to."""

from dataclasses import dataclass

from annotation.models import Membership, User
from annotation.vocabulary import Role, StudyState


@dataclass(frozen=True, slots=True)
class StudyDoor:
    """One study of an account, and what the role is there."""

    slug: str
    title: str
    role: Role
    state: StudyState


def studies_of(user: User) -> list[StudyDoor]:
    """Return the account's studies by title."""
    rows = Membership.objects.active().filter(user=user).order_by("study__title")
    fields = rows.values_list("study__slug", "study__title", "role", "study__state")
    return [
        StudyDoor(slug, title, Role(role), StudyState(state)) for slug, title, role, state in fields
    ]
