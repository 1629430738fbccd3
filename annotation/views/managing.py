"""The admin's pages of one study: making it, its overview and its settings."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates, rendering
from annotation.access import CREATE
from annotation.errors import StateChangeRefused, StudyExists, WithdrawalPromised
from annotation.forms import SettingsForm, StudyForm
from annotation.gates import MemberRequest
from annotation.models import Study, User
from annotation.selectors.consents import html_of, words_of
from annotation.selectors.progress import POLL_SECONDS, Progress, next_steps, progress_of
from annotation.services import consents, settings, studies
from annotation.services.consents import ENGLISH
from annotation.services.settings import StudySettings
from annotation.views.pages import done, filled, show, status_of
from annotation.vocabulary import STUDY_TRANSITIONS, StudyState

PRESS = {
    (StudyState.DRAFT, StudyState.OPEN): "Open the study",
    (StudyState.OPEN, StudyState.PAUSED): "Pause the study",
    (StudyState.OPEN, StudyState.CLOSED): "Close the study",
    (StudyState.PAUSED, StudyState.OPEN): "Resume the study",
    (StudyState.PAUSED, StudyState.CLOSED): "Close the study",
    (StudyState.CLOSED, StudyState.OPEN): "Open the study again",
}
SAID = {
    StudyState.OPEN: "The study is open: raters get items.",
    StudyState.PAUSED: "The study is paused: nobody gets a new item.",
    StudyState.CLOSED: "The study is closed. Everything that was judged is kept.",
}


@gates.signed_in
@require_http_methods(["GET", "POST"])
def new_study(request: MemberRequest) -> HttpResponse:
    """Make a study in draft; its maker becomes its admin."""
    user = request.user
    if not user.has_perm(CREATE):
        raise PermissionDenied
    translation.activate("en")  # as every admin's page; the middleware resets it
    form = filled(StudyForm, request)
    if form.is_valid() and (study := _made(form, user)):
        sentence = f"{study.title} is made. It is a draft: nobody else sees it yet."
        return done(request, sentence, "annotation:study", study.slug)
    return render(request, "annotation/new_study.html", {"form": form}, status=status_of(form))


def _made(form: StudyForm, user: User) -> Study | None:
    sent = form.cleaned_data
    try:
        study = studies.create(
            slug=sent["slug"],
            title=sent["title"],
            rubric=sent["rubric"],
            guidelines=sent["guidelines"],
            consent=consents.default_text(),
            by=user,
            now=timezone.now(),
        )
    except StudyExists as refusal:
        form.add_error("slug", str(refusal))
        return None
    settings.aim_for(study=study, raters_per_item=sent["raters_per_item"])
    return study


@gates.admin
@require_safe
def overview(request: HttpRequest, study: Study) -> HttpResponse:
    """Show how far the study has come, and what to do next."""
    return _overview(request, study)


@gates.admin
@require_POST
def change_state(request: MemberRequest, study: Study) -> HttpResponse:
    """Open, pause or close the study."""
    to = request.POST.get("to", "")
    if to not in SAID:
        messages.error(request, "Choose one of the buttons.")
        return _overview(request, study, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        studies.change_state(study=study, to=StudyState(to), by_id=request.user.pk)
    except StateChangeRefused as refusal:
        messages.error(request, str(refusal))
        return _overview(request, study, status=refusal.http_status)
    said = SAID[StudyState(to)]
    if to == StudyState.OPEN and not study.seats.exists():
        said = "The study is open, but it has no seats: raters get items once you open some."
    return done(request, said, "annotation:study", study.slug)


def _overview(request: HttpRequest, study: Study, *, status: int = HTTPStatus.OK) -> HttpResponse:
    now = timezone.now()
    progress = _progress(study, now)
    state = StudyState(study.state)
    buttons = [(to, PRESS[state, to]) for to in StudyState if to in STUDY_TRANSITIONS[state]]
    context = {
        "progress": progress,
        "steps": next_steps(study, progress, at=now),
        "state": state,
        "buttons": buttons,
    }
    part = "annotation/_progress.html"
    return show(
        request, study, "annotation/study.html", context, active="study", part=part, status=status
    )


def _progress(study: Study, now: datetime) -> Progress:
    """Count, or return the last count of a study so large that counting takes seconds."""
    key = f"progress:{study.pk}"
    known: Progress | None = cache.get(key)
    if known is not None:
        return known
    progress = progress_of(study, at=now)
    if progress.poll_seconds > POLL_SECONDS:
        cache.set(key, progress, timeout=progress.poll_seconds)
    return progress


@gates.admin
@require_http_methods(["GET", "POST"])
def change_settings(request: MemberRequest, study: Study) -> HttpResponse:
    """Show and change how the study deals with raters."""
    fixed = settings.promise_fixed(study)
    form = filled(SettingsForm, request, initial=_settings_of(study), promise_fixed=fixed)
    if form.is_valid():
        try:
            _store_settings(request, study, dict(form.cleaned_data))
        except WithdrawalPromised as refusal:
            form.add_error("on_withdrawal", str(refusal))
        else:
            return done(request, "The settings are stored.", "annotation:settings", study.slug)
    return _settings(request, study, form)


def _store_settings(request: MemberRequest, study: Study, sent: dict[str, Any]) -> None:
    texts = {name: sent.pop(name) for name in ("guidelines", "consent", "consent_language")}
    settings.change(
        study=study,
        wanted=StudySettings(**sent),
        **texts,
        now=timezone.now(),
        by_id=request.user.pk,
    )


def _settings_of(study: Study) -> dict[str, Any]:
    names = StudySettings.__dataclass_fields__
    written = study.guidelines
    return {
        **{name: getattr(study, name) for name in names},
        "guidelines": written.text if written else "",
        "consent": study.consent_text.text if study.consent_text else "",
        "consent_language": (study.consent_text and study.consent_text.language) or ENGLISH,
    }


def _settings(request: HttpRequest, study: Study, form: SettingsForm) -> HttpResponse:
    written, agreed = study.guidelines, study.consent_text
    context = {
        "form": form,
        "guidelines_version": written.version if written else None,
        "guidelines_html": rendering.render(written.text) if written and written.text else "",
        "consent_version": agreed.version if agreed else None,
        "consent_html": html_of(agreed, top=4) if agreed else "",
        "consent_languages": [code for code in words_of(agreed) if code] if agreed else [],
        "support_html": rendering.render(study.support_text, top=4) if study.support_text else "",
    }
    template = "annotation/settings.html"
    return show(request, study, template, context, active="settings", status=status_of(form))
