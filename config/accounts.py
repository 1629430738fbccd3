"""How accounts come about: by invitation only."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from annotation.services.invitations import SESSION_KEY


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-up is open only to a visitor who came with a valid invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say whether this visitor may make an account."""
        return SESSION_KEY in request.session

    def get_signup_redirect_url(self, request: HttpRequest) -> Any:
        """Bring a new account back to the invitation it came with."""
        return request.session.get(SESSION_KEY) or super().get_signup_redirect_url(request)
