"""Coming in: home, invitations, and the demonstration's sign-in links."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation import gates
from annotation.errors import InvitationInvalid
from annotation.models import User
from annotation.selectors.memberships import studies_of
from annotation.services import invitations
from annotation.vocabulary import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"


@gates.signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the account's studies, each with the door its role opens."""
    user = cast(User, request.user)
    doors = studies_of(user)
    may_create = user.has_perm("study.create")
    # The API reads studies, which raters may not: they are not led to what is of no use to them.
    uses_api = may_create or any(door.role != Role.RATER for door in doors)
    context = {"memberships": doors, "may_create": may_create, "uses_api": uses_api}
    return render(request, "annotation/home.html", context)


@gates.public
@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show what an invitation is for; accept it when its holder says so."""
    try:
        invitation = invitations.find(token=token, now=timezone.now())
        if request.method == "POST" and request.user.is_authenticated:
            invitations.accept(token=token, user=request.user, now=timezone.now())
            request.session.pop(invitations.SESSION_KEY, None)
            return redirect("home")
    except InvitationInvalid as refusal:
        context = {"refusal": str(refusal)}
        return render(request, "annotation/join.html", context, status=refusal.http_status)
    if not request.user.is_authenticated:
        request.session[invitations.SESSION_KEY] = reverse("join", args=[token])
    return render(request, "annotation/join.html", {"invitation": invitation})


@gates.public
@require_safe
@never_cache
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a link that bin/serve printed; only the embedded mode has these."""
    user = invitations.account_of_link(token=token, now=timezone.now())
    if not settings.EMBEDDED or user is None:
        raise Http404
    login(request, user, backend=BACKEND)
    return redirect("home")
