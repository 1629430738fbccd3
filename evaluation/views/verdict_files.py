"""One uploaded file of verdicts that the worker reads: how far it is, and what was refused."""

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase

from annotation.tally import gathered
from annotation.upload_paths import refused_name
from evaluation.intake import verdict_files
from evaluation.models import VerdictFileState
from evaluation.views.numbers import separated
from evaluation.views.pages import Visit, researchers

ERRORS_SHOWN = 100


@researchers("judges")
def page(visit: Visit, number: int) -> HttpResponse:
    """Show what became of one file, line by line where something was wrong."""
    file = verdict_files.file_of(visit.study, number)
    context = {
        "file": file,
        "live": file.state in verdict_files.LIVE,
        "ready": file.state == VerdictFileState.READY,
        "sizes": separated(
            read=file.read, created=file.created, unchanged=file.unchanged, refused=file.refused
        ),
        "problems": gathered(file.errors[:ERRORS_SHOWN]),
        "more": max(file.refused - ERRORS_SHOWN, 0),
        "has_refused": verdict_files.refused_lines_of(file) is not None,
    }
    return visit.page(visit.part("verdict_file"), context)


@researchers("judges")
def refused_lines(visit: Visit, number: int) -> HttpResponseBase:
    """Give the refused lines themselves, as a file to correct and upload again."""
    file = verdict_files.file_of(visit.study, number)
    path = verdict_files.refused_lines_of(file)
    if path is None:
        raise Http404
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=refused_name(file.file_name),
        content_type="application/octet-stream",
    )
