"""What a test reads off the answers of the server."""

from django.http import HttpResponse


def page(response: HttpResponse) -> str:
    return response.content.decode()
