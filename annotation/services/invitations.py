"""Bringing people in by link: single use, expiring, bound to a role."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.errors import InvitationInvalid
from annotation.models import Invitation, SignInLink, Study, User
from annotation.services import raters, studies
from annotation.vocabulary import Role

LIFETIME = timedelta(days=14)
SIGN_IN_LIFETIME = timedelta(hours=24)
# Where a visitor's session keeps the path of the invitation they came with.
SESSION_KEY = "invitation"


def digest(token: str) -> str:
    """Return what is stored of a link's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(
    *,
    study: Study,
    role: Role,
    by: User,
    now: datetime,
    count: int = 1,
    cohort: str = "",
    languages: Iterable[str] = (),
) -> list[str]:
    """Make ``count`` invitations and return their secrets, which are not stored.

    A rater who comes by one is of its cohort and reads its languages.
    """
    tokens = [secrets.token_urlsafe(24) for _ in range(count)]
    Invitation.objects.bulk_create(
        Invitation(
            study=study,
            role=role,
            digest=digest(token),
            cohort=cohort,
            languages=list(languages),
            created_by=by,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        for token in tokens
    )
    return tokens


def find(*, token: str, now: datetime) -> Invitation:
    """Return the open invitation behind a link.

    Raises:
        InvitationInvalid: unknown, used, revoked or expired.
    """
    invitation = (
        Invitation.objects.select_related("study")
        .filter(digest=digest(token), used_at=None, revoked_at=None, expires_at__gt=now)
        .first()
    )
    if invitation is None:
        raise InvitationInvalid(
            _("This invitation was used, withdrawn, or has run out. Ask for a new link.")
        )
    return invitation


@transaction.atomic
def accept(*, token: str, user: User, now: datetime) -> Invitation:
    """Make the account a member in the invitation's role; the link is used up by this.

    An account that is a member already keeps its role and the link stays unused, so that an
    admin who tries a rater's link does not lose anything.

    Raises:
        InvitationInvalid: unknown, used, revoked or expired, also by another a moment ago; or a
            rater's link for somebody whose judgments would not be blind, or who left as a rater.
    """
    invitation = find(token=token, now=now)
    study = invitation.study
    knew = Q(role__in=(Role.RESEARCHER, Role.ADMIN), ended_at__isnull=False)
    if invitation.role == Role.RATER and study.memberships.filter(knew, user=user).exists():
        raise InvitationInvalid(
            _(
                "You were a researcher or an admin of this study and know who wrote the replies:"
                " your judgments would not be blind."
            )
        )
    withdrew = study.memberships.filter(user=user, withdrew_at__isnull=False)
    if invitation.role == Role.RATER and withdrew.exists():
        raise InvitationInvalid(
            _(
                "You left this study as a rater, and nothing links you to what you judged in it:"
                " you cannot rate in it again."
            )
        )
    if study.memberships.filter(user=user, ended_at=None).exists():
        return invitation
    unused = Invitation.objects.filter(pk=invitation.pk, used_at=None)
    if unused.update(used_at=now, used_by=user) != 1:
        raise InvitationInvalid(_("This invitation was used a moment ago. Ask for a new link."))
    studies.join(study=study, user=user, role=Role(invitation.role), now=now)
    if invitation.role == Role.RATER:
        raters.enrol(
            study=study,
            user=user,
            now=now,
            cohort=invitation.cohort,
            languages=invitation.languages,
        )
    return invitation


def revoke(*, study: Study, now: datetime) -> int:
    """Withdraw every open invitation of a study; returns how many."""
    return study.invitations.filter(used_at=None, revoked_at=None).update(revoked_at=now)


def sign_in_link(*, user: User, now: datetime) -> str:
    """Return the secret of a new link that signs this account in; earlier ones stop working."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.filter(user=user).delete()
    SignInLink.objects.create(user=user, digest=digest(token), expires_at=now + SIGN_IN_LIFETIME)
    return token


def account_of_link(*, token: str, now: datetime) -> User | None:
    """Return the account that a sign-in link belongs to, or None."""
    link = (
        SignInLink.objects.select_related("user")
        .filter(digest=digest(token), expires_at__gt=now, user__is_active=True)
        .first()
    )
    return link.user if link else None
