"""How large a request's body may be: what is larger is refused before any of it is read."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from annotation.gates import LARGEST_BODY

# A page takes one file of 5 MB beside its fields, which Django holds to 5 MB too; most far less.
LARGEST_FORM = 12 * 1024 * 1024
LARGEST_JSON = 1024 * 1024


class SmallEnough:
    """Middleware: a body that says it is larger than its view takes is refused unread.

    It stands before whatever reads a form, so neither memory nor disk is spent, whoever sends it.
    A body that does not say its length is not read by Django at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse a body that is too large; None lets the request go on."""
        most, sent = largest_of(view), _length_of(request)
        if most is None or sent <= most:
            return None
        if request.path_info.startswith("/api/"):
            message = f"A body has at most {most:,} bytes here, and this one has {sent:,}."
            details = {"most": most, "sent": sent}
            body = {"code": "body_too_large", "message": message, "details": details}
            return JsonResponse(body, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        context = {"most": most, "sent": sent}
        return render(request, "413.html", context, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def largest_of(view: Any) -> int | None:
    """Return how many bytes a body has at most for a view; None where it counts them itself."""
    api_view = getattr(view, "cls", None)
    usual = LARGEST_JSON if api_view else LARGEST_FORM
    most: int | None = getattr(api_view or view, LARGEST_BODY, usual)
    return most


def _length_of(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or ""
    return int(given) if given.isascii() and given.isdecimal() else 0
