"""The admin's page of judgments that were made elsewhere: a file of them, and what is here."""

from pathlib import Path

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from annotation import gates
from annotation.forms.elsewhere import ElsewhereForm
from annotation.gates import MemberRequest
from annotation.models import Study
from annotation.selectors.uploads import made_elsewhere, ready_replies
from annotation.services import imports
from annotation.tally import Tally
from annotation.views.line_files import problems_of, taken_in
from annotation.views.pages import done, filled, show, status_of


@gates.admin
@require_http_methods(["GET", "POST"])
def judgments(request: MemberRequest, study: Study) -> HttpResponse:
    """Say how many judgments were made elsewhere, and take a file of further ones."""
    form = filled(ElsewhereForm, request)

    def load(path: Path, name: str) -> Tally:
        return imports.load(study=study, path=path, name=name, now=timezone.now())

    tally = taken_in(form, load)
    if tally is not None and not tally.refused:
        return done(request, _counted(tally), "annotation:elsewhere", study.slug)
    context = {
        "form": form,
        "here": made_elsewhere(study),
        "ready": ready_replies(study),
        "counted": _counted(tally) if tally else "",
        **problems_of(tally),
    }
    template = "annotation/elsewhere.html"
    return show(request, study, template, context, active="batches", status=status_of(form))


def _counted(tally: Tally) -> str:
    return (
        f"{tally.read:,} line{'' if tally.read == 1 else 's'} read: {tally.created:,} new,"
        f" {tally.updated:,} added to what a rater had said, {tally.unchanged:,} unchanged,"
        f" {tally.refused:,} refused."
    )
