"""Keys for the HTTP API: made by their owner, shown once, taken back at any time."""

from datetime import timedelta

from django.utils import timezone

from annotation.models import ApiToken, User

LIFETIME = timedelta(days=90)


def issue(*, user: User, name: str) -> str:
    """Make a token and return its secret, of which only a digest is stored."""
    _, secret = ApiToken.objects.create(user=user, expiry=LIFETIME, name=name)
    return str(secret)


def revoke(*, user: User, token_key: str) -> bool:
    """Take one of the account's own tokens back; False when it has no such token."""
    found = ApiToken.objects.filter(user=user, token_key=token_key).first()
    if found is None:
        return False
    found.delete()
    return True


def tokens_of(user: User) -> list[ApiToken]:
    """Return the account's tokens that still work, newest first."""
    alive = ApiToken.objects.filter(user=user, expiry__gt=timezone.now())
    return list(alive.order_by("-created"))
