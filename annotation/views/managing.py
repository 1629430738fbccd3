"""The admin's pages of one study: making it, its overview and its settings."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates, rendering
from annotation.access import CREATE
from annotation.errors import RubricInvalid, StateChangeRefused, StudyExists
from annotation.forms import RubricForm, SettingsForm, StudyForm
from annotation.gates import MemberRequest
from annotation.models import Study, User
from annotation.selectors.progress import POLL_SECONDS, Progress, next_steps, progress_of
from annotation.selectors.rubrics import plan
from annotation.services import rubrics, settings, studies
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
    form = filled(SettingsForm, request, initial=_settings_of(study))
    if form.is_valid():
        sent = form.cleaned_data
        guidelines = sent.pop("guidelines")
        settings.change(
            study=study,
            wanted=StudySettings(**sent),
            guidelines=guidelines,
            now=timezone.now(),
            by_id=request.user.pk,
        )
        return done(request, "The settings are stored.", "annotation:settings", study.slug)
    return _settings(request, study, form, RubricForm())


@gates.admin
@require_POST
def publish_rubric(request: HttpRequest, study: Study) -> HttpResponse:
    """Publish another version of what raters are asked; judgments keep theirs."""
    form = filled(RubricForm, request)
    if form.is_valid():
        try:
            made = rubrics.publish(
                study=study, rubric=form.cleaned_data["rubric"], now=timezone.now()
            )
        except RubricInvalid as refusal:
            form.add_error("rubric_text", str(refusal))
        else:
            sentence = f"{made.key} version {made.version} is what raters are asked from now on."
            return done(request, sentence, "annotation:settings", study.slug)
    return _settings(request, study, SettingsForm(initial=_settings_of(study)), form)


@gates.admin
@require_safe
def rubric(request: HttpRequest, study: Study) -> HttpResponse:
    """Give the study's rubric as the file it was made from."""
    current = study.rubric
    if current is None:
        raise Http404
    response = JsonResponse(current.source, json_dumps_params={"ensure_ascii": False, "indent": 2})
    name = f"{study.slug}-rubric-v{current.version}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _settings_of(study: Study) -> dict[str, Any]:
    names = StudySettings.__dataclass_fields__
    written = study.guidelines
    return {
        **{name: getattr(study, name) for name in names},
        "guidelines": written.text if written else "",
    }


def _settings(
    request: HttpRequest, study: Study, form: SettingsForm, rubric_form: RubricForm
) -> HttpResponse:
    written = study.guidelines
    context = {
        "form": form,
        "rubric_form": rubric_form,
        "rubric": plan(study.rubric_id or 0),
        "guidelines_version": written.version if written else None,
        "guidelines_html": rendering.render(written.text) if written and written.text else "",
    }
    status = max(status_of(form), status_of(rubric_form))
    return show(
        request, study, "annotation/settings.html", context, active="settings", status=status
    )
