"""Who belongs to a study, as its admins see it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from annotation.models import Invitation, Membership, Rater, Study
from annotation.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Member:
    """One account with a role in the study."""

    id: int
    user_id: int
    username: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenLinks:
    """Invitations of one role that nobody has used yet."""

    role: Role
    count: int


def members_of(study: Study) -> tuple[Member, ...]:
    """Return the active members by role and name."""
    rows = Membership.objects.active().filter(study=study).order_by("role", "user__username")
    fields = rows.values_list("pk", "user", "user__username", "role", "created_at")
    return tuple(
        Member(pk, user, name, Role(role), since) for pk, user, name, role, since in fields
    )


def raters_of(study: Study) -> QuerySet[Rater]:
    """Return the raters, whoever came first standing first."""
    return Rater.objects.filter(study=study).select_related("user").order_by("pk")


def open_invitations(study: Study, *, at: datetime) -> tuple[OpenLinks, ...]:
    """Return how many links still work, by role."""
    links = Invitation.objects.filter(study=study, used_at=None, revoked_at=None, expires_at__gt=at)
    rows = links.values_list("role").annotate(n=Count("pk")).order_by("role")
    return tuple(OpenLinks(Role(role), n) for role, n in rows)
