"""One uploaded file of verdicts that the worker reads: how far it is, and what was refused."""

from django.http import HttpResponse, HttpResponseBase

from annotation import line_files
from evaluation.intake import verdict_files
from evaluation.models import VerdictFileState
from evaluation.views.numbers import separated
from evaluation.views.pages import Visit, researchers


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
        **line_files.reasons_of(file),
    }
    return visit.page(visit.part("verdict_file"), context)


@researchers("judges")
def refused_lines(visit: Visit, number: int) -> HttpResponseBase:
    """Give the refused lines themselves, as a file to correct and upload again."""
    file = verdict_files.file_of(visit.study, number)
    return line_files.download(line_files.refused_lines_of(file), file_name=file.file_name)
