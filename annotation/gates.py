"""The gates in front of views. A view without a gate is refused, whoever asks.

A gate finds the study, checks the membership and hands the view what it needs. Strangers get 404,
so that they do not learn which studies exist; members without the role get 403. Raters who have
not agreed to the study's consent text are asked to first: nothing is served or stored before.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import rules
import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from annotation.access import ADMINISTER, RATE, RESEARCH, membership_of
from annotation.models import Membership, Rater, Study, User
from annotation.selectors import consents
from annotation.vocabulary import Role

log = structlog.get_logger("touchstone.access")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])
MARK = "touchstone_gate"
# On a view, or on a class of the API's: how many bytes a body may have there, if not the usual.
LARGEST_BODY = "largest_body"


class MemberRequest(HttpRequest):
    """A request of a signed-in account that a gate let through."""

    user: User


def takes_bodies(most: int) -> Callable[[View], View]:
    """Let a view be sent bodies of so many bytes; stands above its gate."""

    def decorator(view: View) -> View:
        setattr(view, LARGEST_BODY, most)
        return view

    return decorator


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
    """Let raters of the study in who agreed to its consent text, where it has one.

    The view gets ``(request, rater, …)``, the study on the rater.
    """
    return _rater_gate(view, agreed=True)


def arriving(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let raters of the study in, whether they have agreed to its consent text or not."""
    return _rater_gate(view, agreed=False)


def leaving(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let in as ``arriving``; lead a rater who has withdrawn already to the goodbye."""
    return _rater_gate(view, agreed=False, gone_to="annotation:goodbye")


def _rater_gate(
    view: Callable[..., HttpResponseBase], *, agreed: bool, gone_to: str = ""
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def gated(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        found = _rater_of(request.user, slug)
        if found is None:
            if gone_to and withdrew_from(request.user, slug) is not None:
                return _see_other(reverse(gone_to, args=[slug]))
            _study_for(request, slug, RATE)
            raise Http404  # a member with the role but without a rater row
        if agreed and found.study.consent_text_id is not None and not found.has_agreed:
            return _consent_first(request, found)
        return view(request, found, *args, **kwargs)

    setattr(gated, MARK, RATE)
    return gated


# Every request of a rater runs these two.
_STUDY = "SELECT * FROM annotation_study WHERE slug = %s"
_RATER = """
SELECT r.*, EXISTS (
    SELECT 1 FROM annotation_consent c WHERE c.rater_id = r.id AND c.text_id = %s
) AS has_agreed
FROM annotation_rater r
JOIN annotation_membership m ON m.study_id = r.study_id AND m.user_id = r.user_id
WHERE r.study_id = %s AND r.user_id = %s AND m.role = %s AND m.ended_at IS NULL
ORDER BY r.id
LIMIT 1
"""


def _rater_of(user: Any, slug: str) -> Any:
    """Return the account's rater, the study on it, and whether they agreed to its text.

    Any, because ``has_agreed`` is no field.
    """
    study = next(iter(Study.objects.raw(_STUDY, [slug])), None)
    if study is None:
        return None
    params = [study.consent_text_id, study.pk, user.pk, Role.RATER]
    found = next(iter(Rater.objects.raw(_RATER, params)), None)
    if found is not None:
        found.study = study
    return found


def withdrew_from(user: Any, slug: str) -> Study | None:
    """Return the study if this account withdrew from it as a rater."""
    left = Membership.objects.filter(user=user.pk, study__slug=slug, withdrew_at__isnull=False)
    membership = left.select_related("study").first()
    return membership.study if membership else None


def _consent_first(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Ask a rater to agree before anything else; what they sent is kept for after that."""
    if request.headers.get("HX-Request") == "true":
        context = {"rater": rater, "first": not rater.consents.exists()}
        part = "annotation/_consent_first.html"
        response = render(request, part, context, status=HTTPStatus.FORBIDDEN)
        response["X-Consent"] = consent_page(rater)  # the page keeps what was entered, and says why
        return response
    path = request.get_full_path()
    if request.method in ("GET", "HEAD"):
        return redirect(f"{consent_page(rater)}?{urlencode({'next': path})}")
    return ask_to_agree(request, rater, repeat=path, status=HTTPStatus.FORBIDDEN)


def consent_page(rater: Rater) -> str:
    """Return the address at which a rater agrees."""
    return reverse("annotation:consent", args=[rater.study.slug])


def ask_to_agree(
    request: HttpRequest,
    rater: Rater,
    *,
    next_page: str = "",
    repeat: str = "",
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Show the consent text. With ``repeat`` the fields sent there are sent again on agreeing.

    They stand in the form as they came, so the address alone carries what the consent needs.
    """
    shown = consents.shown_to(rater)
    sent = request.POST if repeat else {}
    kept = [
        (name, value)
        for name in sent
        if name != "csrfmiddlewaretoken"
        for value in request.POST.getlist(name)
    ]
    way = {"repeat": repeat} if repeat else {"next": next_page}
    query = urlencode(
        {
            "text": shown.id if shown else "",
            "in": shown.language if shown else "",
            **{k: v for k, v in way.items() if v},
        }
    )
    context = {"rater": rater, "consent": shown, "kept": kept, "query": query, "problem": problem}
    return render(request, "annotation/consent.html", context, status=status)


def researcher(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let researchers and admins of the study in; the view gets ``(request, study, …)``."""
    return _study_gate(view, RESEARCH)


def admin(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let admins of the study in; the view gets ``(request, study, …)``."""
    return _study_gate(view, ADMINISTER)


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send a page to the sign-in form; tell a part of a page to stay, so that no input is lost."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(_("Please sign in again."), status=HTTPStatus.UNAUTHORIZED)
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


def _see_other(address: str) -> HttpResponse:
    response = redirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _study_for(request: HttpRequest, slug: str, permission: str) -> Study:
    return study_for(request.user, slug, permission)


def _study_gate(
    view: Callable[..., HttpResponseBase], permission: str
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def gated(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        study = study_for(request.user, slug, permission)
        translation.activate("en")  # these pages are not translated; the middleware resets it
        return view(request, study, *args, **kwargs)

    setattr(gated, MARK, permission)
    return gated
