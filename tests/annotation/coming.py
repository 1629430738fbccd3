"""Pages of consent, support and leaving as a rater's browser asks for them."""

from html import unescape

from django.test import Client
from django.urls import reverse

from tests.annotation.rating import BACKEND


def browser(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def at(name: str, *args) -> str:
    return reverse(f"annotation:{name}", args=["s", *args])


def words(answer) -> str:
    return unescape(answer.content.decode())
