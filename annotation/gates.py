"""The gates in front of views. A view without a gate is refused, whoever asks.

A gate finds the study, checks the membership and hands the view what it needs. Strangers get 404,
so that they do not learn which studies exist; members without the role get 403.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

import rules
import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from annotation.access import ADMINISTER, RATE, RESEARCH, membership_of
from annotation.models import Rater, Study, User
from annotation.vocabulary import Role

log = structlog.get_logger("touchstone.access")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])
MARK = "touchstone_gate"


class MemberRequest(HttpRequest):
    """A request of a signed-in account that a gate let through."""

    user: User


def public(view: View) -> View:
    """Let everybody in."""
    setattr(view, MARK, "public")
    return view


def signed_in(view: View) -> View:
    """Let any signed-in account in."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        return view(request, *args, **kwargs)

    setattr(gated, MARK, "signed_in")
    return cast(View, gated)


def rater(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let raters of the study in; the view gets ``(request, rater, …)``, the study on the rater."""

    @wraps(view)
    def gated(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        found = (
            Rater.objects.select_related("study")
            .filter(
                study__slug=slug,
                user=request.user.pk,
                # one join: all three must hold of the same membership
                study__memberships__user=request.user.pk,
                study__memberships__role=Role.RATER,
                study__memberships__ended_at=None,
            )
            .first()
        )
        if found is None:
            _study_for(request, slug, RATE)
            raise Http404  # a member with the role but without a rater row
        return view(request, found, *args, **kwargs)

    setattr(gated, MARK, RATE)
    return gated


def researcher(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let researchers and admins of the study in; the view gets ``(request, study, …)``."""
    return _study_gate(view, RESEARCH)


def admin(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let admins of the study in; the view gets ``(request, study, …)``."""
    return _study_gate(view, ADMINISTER)


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send a page to the sign-in form; tell a part of a page to stay, so that no input is lost."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse("Please sign in again.", status=HTTPStatus.UNAUTHORIZED)
    return redirect_to_login(request.get_full_path())


def study_for(user: Any, slug: str, permission: str) -> Study:
    """Return the study if the account may do this there.

    Raises:
        Http404: no such study, or the account is not a member of it.
        PermissionDenied: a member, but not in the role that may.
    """
    study = Study.objects.select_related("rubric").filter(slug=slug).first()
    # Not user.has_perm: it lets a superuser pass everywhere, who was not invited to the study.
    if study is not None and rules.has_perm(permission, user, study):
        return study
    member = study is not None and user.is_authenticated and membership_of(user, study) is not None
    log.warning("refused", user_id=user.pk, study=slug, permission=permission, member=member)
    if member:
        raise PermissionDenied
    raise Http404


def _study_for(request: HttpRequest, slug: str, permission: str) -> Study:
    return study_for(request.user, slug, permission)


def _study_gate(
    view: Callable[..., HttpResponseBase], permission: str
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def gated(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        return view(request, study_for(request.user, slug, permission), *args, **kwargs)

    setattr(gated, MARK, permission)
    return gated
