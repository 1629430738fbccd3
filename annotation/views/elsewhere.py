"""The admin's pages of judgments that were made elsewhere: files of them, and what is here."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates, line_files, tasks
from annotation.errors import FileUnreadable, JudgmentFileUnknown
from annotation.forms.elsewhere import ElsewhereForm
from annotation.gates import MemberRequest
from annotation.models import JudgmentFile, Study
from annotation.selectors import judgment_files as found
from annotation.selectors.uploads import made_elsewhere, ready_replies
from annotation.services import judgment_files
from annotation.views.pages import done, filled, show, status_of

# The file, and the form's other fields.
LARGEST_BODY = judgment_files.LARGEST + 1024 * 1024


@gates.takes_bodies(LARGEST_BODY)
@gates.admin
@require_http_methods(["GET", "POST"])
def judgments(request: MemberRequest, study: Study) -> HttpResponse:
    """Say how many judgments were made elsewhere, and take a file of further ones."""
    form = filled(ElsewhereForm, request)
    if form.is_valid():
        try:
            return _received(request, study, form)
        except FileUnreadable as refusal:
            form.add_error("file", str(refusal))
    return _page(request, study, form)


def _received(request: MemberRequest, study: Study, form: ElsewhereForm) -> HttpResponse:
    """Load a small file now, and hand another to the worker; lead to where it says what became."""
    stored = judgment_files.store(form.cleaned_data["file"])
    by_id, now = request.user.pk, timezone.now()
    if not form.is_read_at_once:
        file = tasks.take_in_judgments(study=study, stored=stored, by_id=by_id, now=now)
        sentence = f"{file.file_name} is uploaded."
        return done(request, sentence, "annotation:judgment_file", study.slug, file.number)
    file = judgment_files.load_at_once(study=study, stored=stored, by_id=by_id, now=now)
    if not file.refused:
        return done(request, _counted(file), "annotation:elsewhere", study.slug)
    return _page(request, study, ElsewhereForm(), loaded=file)


def _page(
    request: HttpRequest, study: Study, form: ElsewhereForm, *, loaded: JudgmentFile | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "here": made_elsewhere(study),
        "ready": ready_replies(study),
        "files": found.files_of(study),
        "counted": _counted(loaded) if loaded else "",
        **(_refused_of(study, loaded) if loaded else {}),
    }
    template = "annotation/elsewhere.html"
    return show(request, study, template, context, active="batches", status=status_of(form))


def _refused_of(study: Study, file: JudgmentFile) -> dict[str, object]:
    """Return what a page says of a file's refused lines, and where they can be had."""
    at = reverse("annotation:refused_judgments", args=[study.slug, file.number])
    told = line_files.reasons_of(file)
    return {**told, "refused_at": at if told["has_refused"] else ""}


def _counted(file: JudgmentFile) -> str:
    return (
        f"{file.read:,} line{'' if file.read == 1 else 's'} read: {file.created:,} new,"
        f" {file.updated:,} added to what a rater had said, {file.unchanged:,} unchanged,"
        f" {file.refused:,} refused."
    )


@gates.admin
@require_safe
def judgment_file(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Show what became of one file, line by line where something was wrong."""
    file = _file(study, number)
    context = {
        "file": found.row_of(file, at=timezone.now()),
        "here": made_elsewhere(study),
        **_refused_of(study, file),
    }
    part = "annotation/_judgment_file.html"
    template = "annotation/judgment_file.html"
    return show(request, study, template, context, active="batches", part=part)


@gates.admin
@require_POST
def stop_judgments(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Stop a file that waits or is being read."""
    stopped = judgment_files.stop(file=_file(study, number), now=timezone.now())
    sentence = "Nothing was left to stop: the file had been read."
    if stopped:
        sentence = "Stopped. What was stored stays, and reading can go on."
    return done(request, sentence, "annotation:judgment_file", study.slug, number)


@gates.admin
@require_POST
def read_judgments_on(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Have a file read on that was stopped, or whose reading broke off."""
    waits = tasks.read_judgments_on(file=_file(study, number), now=timezone.now())
    sentence = "Nothing is left to read of this file, or it waits already."
    if waits:
        sentence = "Reading goes on."
    return done(request, sentence, "annotation:judgment_file", study.slug, number)


@gates.admin
@require_safe
def refused_judgments(request: HttpRequest, study: Study, number: int) -> HttpResponseBase:
    """Give the refused lines themselves, as a file to correct and upload again."""
    file = _file(study, number)
    return line_files.download(line_files.refused_lines_of(file), file_name=file.file_name)


def _file(study: Study, number: int) -> JudgmentFile:
    try:
        return judgment_files.file_of(study, number)
    except JudgmentFileUnknown as unknown:
        raise Http404 from unknown
