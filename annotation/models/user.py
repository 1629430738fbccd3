"""Accounts and their API tokens."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names it
    """A person who can sign in. No names are kept: a rater is a pseudonym."""

    first_name = None  # type: ignore[assignment]  # how Django leaves a field out
    last_name = None  # type: ignore[assignment]  # likewise
    # The language of the pages; empty means what the browser asks for.
    language = models.CharField(max_length=10, blank=True)
    # The keys this person chose instead of the usual ones, by action.
    keys = models.JSONField(default=dict, blank=True)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A key for the HTTP API; only its digest is stored."""

    name = models.CharField(max_length=100)


class SignInLink(models.Model):
    """A link that signs one account in, for the embedded demonstration only; a digest is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
