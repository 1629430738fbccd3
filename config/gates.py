"""Everything is denied unless a gate allows it: for pages here, for the API by its own default."""

from collections.abc import Callable
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.views import APIView

from annotation.gates import MARK

log = structlog.get_logger("touchstone.access")

# Views of libraries have gates of their own; each package here was read for that.
GUARDED_PACKAGES = ("allauth.", "django.contrib.admin.", "drf_spectacular.", "rest_framework.")


class DenyUnlessGated:
    """Middleware: a view that declares no gate answers 404, to anyone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; what leaves for a signed-in account is never cached."""
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        """Refuse a view that nobody decided about, and names that no database looks up."""
        if any(isinstance(name, str) and "\0" in name for name in kwargs.values()):
            raise Http404
        api_view = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if isinstance(api_view, type) and issubclass(api_view, APIView):
            return  # the API denies by its own default
        if getattr(view, MARK, None) or view.__module__.startswith(GUARDED_PACKAGES):
            return
        log.error("ungated_view", view=f"{view.__module__}.{getattr(view, '__name__', '?')}")
        raise Http404
