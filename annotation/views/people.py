"""The admin's page of people: inviting, ending memberships, pausing raters."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates
from annotation.errors import LastAdmin
from annotation.forms import InviteForm, RaterForm
from annotation.gates import MemberRequest
from annotation.models import Rater, Study
from annotation.selectors import people as found
from annotation.selectors.gold import counts_by_rater
from annotation.services import invitations, members, raters
from annotation.views.pages import ROWS_PER_PAGE, done, filled, page_number, show, status_of
from annotation.vocabulary import Role


@gates.admin
@require_safe
def people(request: MemberRequest, study: Study) -> HttpResponse:
    """List members, raters and open invitations."""
    return _people(request, study, {"form": InviteForm()})


@gates.admin
@require_POST
@never_cache
def invite(request: MemberRequest, study: Study) -> HttpResponse:
    """Make invitation links and show them, this once: only digests are stored."""
    form = filled(InviteForm, request)
    if not form.is_valid():
        return _people(request, study, {"form": form}, status=status_of(form))
    role = Role(form.cleaned_data["role"])
    tokens = invitations.issue(
        study=study,
        role=role,
        by=request.user,
        now=timezone.now(),
        count=form.cleaned_data["count"],
        cohort=form.cleaned_data["cohort"],
        languages=form.cleaned_data["languages"],
    )
    links = [request.build_absolute_uri(reverse("join", args=[token])) for token in tokens]
    context = {"form": form, "links": links, "links_role": role.label.lower()}
    return _people(request, study, {**context, "days": invitations.LIFETIME.days})


@gates.admin
@require_POST
def revoke_invitations(request: MemberRequest, study: Study) -> HttpResponse:
    """Withdraw every link that was not used."""
    n = invitations.revoke(study=study, now=timezone.now())
    sentence = f"{n} invitation{'' if n == 1 else 's'} withdrawn."
    return done(request, sentence, "annotation:raters", study.slug)


@gates.admin
@require_POST
def end_membership(request: MemberRequest, study: Study, membership_id: int) -> HttpResponse:
    """End one membership; what the member did stays."""
    try:
        ended = members.end(
            study=study, membership_id=membership_id, now=timezone.now(), by_id=request.user.pk
        )
    except LastAdmin as refusal:
        messages.error(request, str(refusal))
        return _people(request, study, {"form": InviteForm()}, status=refusal.http_status)
    if not ended:
        raise Http404
    return done(request, "The membership is ended.", *_after_ending(request, study))


def _after_ending(request: MemberRequest, study: Study) -> tuple[str, ...]:
    """Return where to go: an admin who left the study has no page in it any more."""
    stays = study.memberships.filter(user=request.user.pk, ended_at=None).exists()
    return ("annotation:raters", study.slug) if stays else ("home",)


@gates.admin
@require_POST
def pause_rater(request: MemberRequest, study: Study, rater_id: int) -> HttpResponse:
    """Give a rater no further items."""
    raters.pause(rater=_rater(study, rater_id), now=timezone.now(), by_id=request.user.pk)
    sentence = "The rater is paused; what they hold they may still finish."
    return done(request, sentence, "annotation:raters", study.slug)


@gates.admin
@require_POST
def resume_rater(request: MemberRequest, study: Study, rater_id: int) -> HttpResponse:
    """Give a rater items again."""
    raters.resume(rater=_rater(study, rater_id), by_id=request.user.pk)
    return done(request, "The rater gets items again.", "annotation:raters", study.slug)


@gates.admin
@require_http_methods(["GET", "POST"])
def place_rater(request: MemberRequest, study: Study, rater_id: int) -> HttpResponse:
    """Say which cohort a rater is of and what they read."""
    rater = _rater(study, rater_id)
    known = {"cohort": rater.cohort, "languages": rater.languages}
    form = filled(RaterForm, request, initial=known)
    if form.is_valid():
        raters.place(rater=rater, by_id=request.user.pk, **form.cleaned_data)
        return done(request, "The rater's cohort is stored.", "annotation:raters", study.slug)
    context = {"form": form, "rater": rater}
    template = "annotation/rater.html"
    return show(request, study, template, context, active="raters", status=status_of(form))


def _rater(study: Study, rater_id: int) -> Rater:
    found = Rater.objects.select_related("user").filter(study=study, pk=rater_id)
    rater = found.first()
    if rater is None:
        raise Http404
    return rater


def _people(
    request: MemberRequest,
    study: Study,
    context: dict[str, Any],
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    rows = Paginator(found.raters_of(study), ROWS_PER_PAGE).get_page(page_number(request))
    beside_gold = counts_by_rater(study, [rater.pk for rater in rows])
    known = {
        "members": found.members_of(study),
        "raters": [(rater, beside_gold.get(rater.pk)) for rater in rows],
        "page": rows,
        "open_links": found.open_invitations(study, at=timezone.now()),
        "me": request.user.pk,
    }
    return show(
        request,
        study,
        "annotation/raters.html",
        {**known, **context},
        active="raters",
        status=status,
    )
