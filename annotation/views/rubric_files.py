"""Rubrics as JSON files: publishing one, and giving one away."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation import gates
from annotation.errors import RubricInvalid
from annotation.forms import RubricForm
from annotation.models import Study
from annotation.services import rubrics
from annotation.views.pages import done, filled
from annotation.views.rubric_sheets import opened_sheet, page


@gates.admin
@require_POST
def publish_rubric(request: HttpRequest, study: Study) -> HttpResponse:
    """Publish another version of what raters are asked; judgments keep theirs, a draft stays."""
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
            return done(request, sentence, "annotation:compose", study.slug)
    return page(request, study, opened_sheet(study), form)


@gates.admin
@require_safe
def rubric(request: HttpRequest, study: Study) -> HttpResponse:
    """Give the study's rubric as the file it was made from."""
    current = study.rubric
    if current is None:
        raise Http404
    return download(current.source, f"{study.slug}-rubric-v{current.version}.json")


def download(source: object, name: str) -> HttpResponse:
    """Answer with a JSON file to keep."""
    response = JsonResponse(source, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
