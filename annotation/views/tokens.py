"""The page of one's own API tokens."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation import gates
from annotation.models import User
from annotation.services import tokens

LONGEST_NAME = 100


@gates.signed_in
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """List the account's tokens; make one, and show it this once."""
    user = cast(User, request.user)
    if request.method != "POST":
        return _show(request, user)
    name = request.POST.get("name", "").strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        problem = _("Give it a name of 1 to %s printable characters.") % LONGEST_NAME
        return _show(request, user, problem=problem, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _show(request, user, secret=tokens.issue(user=user, name=name))


@gates.signed_in
@require_POST
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """Take a token back."""
    if not tokens.revoke(user=cast(User, request.user), token_key=token_key):
        raise Http404
    messages.success(request, _("The token no longer works."))
    response = redirect("tokens")
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _show(
    request: HttpRequest,
    user: User,
    *,
    secret: str = "",
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {"tokens": tokens.tokens_of(user), "secret": secret, "problem": problem}
    return render(request, "annotation/tokens.html", context, status=status)
