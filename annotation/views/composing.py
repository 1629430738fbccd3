"""Composing a study's next rubric: what each button of the form does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from annotation import gates
from annotation.errors import RubricDraftChanged, RubricInvalid, RubricVersionTaken
from annotation.forms import RubricForm
from annotation.gates import MemberRequest
from annotation.models import RubricDraft, Study
from annotation.rubric_composer.acts import acted, filled_in
from annotation.rubric_composer.draft import DraftRubric, rubric_json, source_of
from annotation.rubric_composer.fields import MOST_FIELDS, draft_from, n_fields
from annotation.rubric_composer.problems import problems_of, rubric_in
from annotation.selectors.rubric_drafts import as_draft, beginning
from annotation.services import rubric_drafts
from annotation.views.pages import done, filled
from annotation.views.previews import preview
from annotation.views.rubric_files import download
from annotation.views.rubric_sheets import TOO_LARGE, Sheet, language_of, opened_sheet, page

PAGE = "annotation:compose"


@gates.admin
@require_http_methods(["GET", "POST"])
def compose(request: MemberRequest, study: Study) -> HttpResponse:
    """Show the draft of the study's next rubric, and do what a button of its form says."""
    if request.method != "POST":
        return page(request, study, opened_sheet(study))
    do = request.POST.get("do", "")
    try:
        return _PRESSES.get(do, _act)(request, study)
    except RubricDraftChanged as conflict:
        sent = _sent(request)
        changed = acted(sent, do, _fields(request))
        sheet = Sheet(
            filled_in(changed.draft) if changed else sent,
            seen=_seen(request),
            conflict=conflict,
            status=conflict.http_status,
        )
        return page(request, study, sheet)


def _act(request: MemberRequest, study: Study) -> HttpResponse:
    """Add, remove or move a part, and store the draft."""
    before = _sent(request)
    change = acted(before, request.POST.get("do", ""), _fields(request))
    if change is None:
        return page(request, study, _kept(request, before, "Choose one of the buttons."))
    if n_fields(change.draft) > max(MOST_FIELDS, n_fields(before)):
        return page(request, study, _kept(request, before, TOO_LARGE))
    draft = filled_in(change.draft)
    stored = _store(request, study, draft)
    if change.refused:
        sheet = replace(_kept(request, draft, change.refused), focus=change.focus)
        return page(request, study, sheet.stored(stored))
    return _went_well(request, study, draft, stored, focus=change.focus)


def _save(request: MemberRequest, study: Study) -> HttpResponse:
    draft = _sent(request)
    stored = _store(request, study, draft)
    return _went_well(request, study, draft, stored, said="The draft is stored.")


def _show(request: MemberRequest, study: Study) -> HttpResponse:
    """Store the draft only to show what follows from it: another type, another condition."""
    draft = _sent(request)
    return _went_well(request, study, draft, _store(request, study, draft))


def _take_mine(request: MemberRequest, study: Study) -> HttpResponse:
    """Store this draft over the newer one that the page told of, and over no other."""
    draft = _sent(request)
    stored = _store(request, study, draft, over=request.POST.get("newest", ""))
    return _went_well(request, study, draft, stored, said="Your draft is stored.")


def _begin(request: MemberRequest, study: Study) -> HttpResponse:
    draft = beginning(study, request.POST.get("begin-with", ""))
    if draft is None:
        sheet = _kept(request, _sent(request), "Choose what to begin with.")
        return page(request, study, sheet)
    return _begun(request, study, draft)


def _import(request: MemberRequest, study: Study) -> HttpResponse:
    """Put a rubric given as JSON into the form."""
    form = filled(RubricForm, request)
    if not form.is_valid():
        return page(request, study, opened_sheet(study), form)
    try:
        return _begun(request, study, as_draft(study, form.cleaned_data["rubric"]))
    except RubricDraftChanged as conflict:
        form.add_error(None, f"{conflict} It is shown above. Press again to replace it.")
        sheet = replace(opened_sheet(study), status=conflict.http_status)
        return page(request, study, sheet, form)


def _begun(request: MemberRequest, study: Study, draft: DraftRubric) -> HttpResponse:
    if n_fields(draft) > MOST_FIELDS:
        sheet = replace(opened_sheet(study), refused=TOO_LARGE)
        return page(request, study, replace(sheet, status=HTTPStatus.UNPROCESSABLE_ENTITY))
    stored = _store(request, study, draft)
    return _went_well(request, study, draft, stored, said="The form has another rubric now.")


def _discard(request: MemberRequest, study: Study) -> HttpResponse:
    rubric_drafts.discard(study=study, seen=_seen(request), by=request.user)
    return done(request, "The draft is thrown away.", PAGE, study.slug)


def _publish(request: MemberRequest, study: Study) -> HttpResponse:
    draft = _sent(request)
    stored = _store(request, study, draft)
    try:
        published = rubric_drafts.publish(draft=stored, rubric=rubric_in(draft), now=timezone.now())
    except RubricVersionTaken as refusal:
        return _with_next_version(request, study, draft, stored, refusal)
    except RubricInvalid as refusal:
        sheet = _kept(request, draft, "Not published yet: see what is wrong. Your input is stored.")
        sheet = replace(sheet.stored(stored), problems=problems_of(draft, refusal))
        return page(request, study, sheet)
    sentence = f"{published.key} version {published.version} is what raters are asked from now on."
    return done(request, sentence, PAGE, study.slug)


def _with_next_version(
    request: MemberRequest,
    study: Study,
    draft: DraftRubric,
    stored: RubricDraft,
    refusal: RubricVersionTaken,
) -> HttpResponse:
    """Put the version that is free into the form; publishing it is pressed once more."""
    free = refusal.details["next_version"]
    raised = replace(draft, version=str(free))
    again = _store(request, study, raised, over=stored.updated_at.isoformat())
    said = (
        f"{draft.key} version {draft.version} is published with other questions, and a published"
        f" version never changes. The next free one is {free}; it stands in the form now. Publish"
        " once more."
    )
    return page(request, study, _kept(request, raised, said).stored(again))


def _preview(request: MemberRequest, study: Study) -> HttpResponse:
    """Answer with what raters would see; nothing is stored."""
    draft = _sent(request)
    context = {"preview": preview(draft, language_of(request, draft))}
    return render(request, "annotation/_preview.html", context)


def _export(request: MemberRequest, study: Study) -> HttpResponse:
    """Give the draft as a rubric file, whole or not; nothing is stored."""
    return download(rubric_json(_sent(request)), f"{study.slug}-rubric-draft.json")


_PRESSES: dict[str, Callable[[MemberRequest, Study], HttpResponse]] = {
    "save": _save,
    "show": _show,
    "publish": _publish,
    "discard": _discard,
    "begin": _begin,
    "import": _import,
    "export": _export,
    "preview": _preview,
    "take-mine": _take_mine,
}


def _fields(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in request.POST.lists()}


def _sent(request: HttpRequest) -> DraftRubric:
    """Return the draft that the form holds, with what was left to be filled in."""
    return filled_in(draft_from(_fields(request)))


def _seen(request: HttpRequest, *, over: str = "") -> datetime | None:
    """Return when the draft that the form began from was stored; None: there was none."""
    try:
        return datetime.fromisoformat(over or request.POST.get("seen", ""))
    except ValueError:
        return None


def _store(
    request: MemberRequest, study: Study, draft: DraftRubric, *, over: str = ""
) -> RubricDraft:
    return rubric_drafts.store(
        study=study,
        source=source_of(draft),
        seen=_seen(request, over=over),
        by=request.user,
        now=timezone.now(),
    )


def _kept(request: HttpRequest, draft: DraftRubric, refused: str) -> Sheet:
    """Return a form that was refused, with everything in it."""
    return Sheet(
        draft, seen=_seen(request), refused=refused, status=HTTPStatus.UNPROCESSABLE_ENTITY
    )


def _went_well(
    request: MemberRequest,
    study: Study,
    draft: DraftRubric,
    stored: RubricDraft,
    *,
    focus: str = "",
    said: str = "",
) -> HttpResponse:
    """Answer with the part for htmx; send everybody else to the page, where they go on at."""
    if request.headers.get("HX-Request") == "true":
        return page(request, study, Sheet(draft, focus=focus, said=said).stored(stored))
    if said:
        messages.success(request, said)
    language = language_of(request, draft)
    address = reverse(PAGE, args=[study.slug]) + (f"?language={language}" if language else "")
    response = HttpResponseRedirect(f"{address}#{focus}" if focus else address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
