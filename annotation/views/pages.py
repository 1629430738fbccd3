"""What every page of a study has: its tabs, parts for htmx, and the answer to a form."""

from http import HTTPStatus
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from annotation.models import Study
from annotation.selectors.reports import n_waiting

Form = TypeVar("Form", bound=forms.Form)
ROWS_PER_PAGE = 100


def show(
    request: HttpRequest,
    study: Study,
    template: str,
    context: dict[str, Any],
    *,
    active: str,
    part: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Render an admin's page of a study, or only its part when htmx asks for it."""
    known = {
        "study": study,
        "study_slug": study.slug,
        "study_title": study.title,
        "active": active,
        "is_admin": True,
        "n_reports": n_waiting(study.pk),
    }
    wants_part = bool(part) and request.headers.get("HX-Request") == "true"
    response = render(
        request, part if wants_part else template, {**known, **context}, status=status
    )
    if part:
        patch_vary_headers(response, ["HX-Request"])
    return response


def filled(form: type[Form], request: HttpRequest, **more: Any) -> Form:
    """Return the form as it was sent, or a fresh one."""
    if request.method == "POST":
        return form(request.POST, request.FILES, **more)
    return form(**more)


def status_of(form: forms.Form) -> int:
    """Return 422 for a form that came with mistakes."""
    if form.is_bound and form.errors:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK


def done(
    request: HttpRequest, sentence: str, page: str, *args: Any, query: str = ""
) -> HttpResponse:
    """Answer a form that was carried out: say so, and go on to a page."""
    messages.success(request, sentence)
    response = redirect(page, *args)
    response.status_code = HTTPStatus.SEE_OTHER
    if query:
        response["Location"] += f"?{query}"
    return response


def page_number(request: HttpRequest) -> str:
    """Return the page asked for; whatever it is, the paginator finds one."""
    return request.GET.get("page", "1")
