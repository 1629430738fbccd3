"""What values mean: the admins' table, upload and download, and the raters' glossary."""

import csv
from http import HTTPStatus
from pathlib import Path

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from annotation import gates
from annotation.cells import cell
from annotation.errors import AliasTaken
from annotation.forms.values import ValueForm, ValuesUploadForm
from annotation.gates import MemberRequest
from annotation.line_format import ESCAPED
from annotation.models import Rater, Study
from annotation.models import Value as StoredValue
from annotation.selectors import values as found
from annotation.services import reviews
from annotation.services import values as services
from annotation.tally import Tally
from annotation.value_lines import COLUMNS, aliases_cell
from annotation.views.line_files import problems_of, taken_in
from annotation.views.pages import ROWS_PER_PAGE, done, filled, page_number, show, status_of


@gates.admin
@require_http_methods(["GET", "POST"])
def values(request: MemberRequest, study: Study) -> HttpResponse:
    """List the study's values with what they mean, and take a file that says so."""
    form = filled(ValuesUploadForm, request)

    def load(path: Path, name: str) -> Tally:
        return services.load(study=study, path=path, name=name)

    tally = taken_in(form, load)
    if tally is not None and not tally.refused:
        return done(request, _counted(tally), "annotation:values", study.slug)
    words = request.GET.get("words", "").replace("\0", "").strip()
    rows = found.values_of(study, words=words)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(page_number(request))
    context = {
        "form": form,
        "words": words,
        "query": _without_page(request),
        "page": page,
        "groups": found.grouped(page.object_list),
        "counted": _counted(tally) if tally else "",
        **problems_of(tally),
    }
    template = "annotation/values.html"
    return show(request, study, template, context, active="values", status=status_of(form))


def _counted(tally: Tally) -> str:
    return (
        f"{tally.read:,} lines read: {tally.created:,} new values, {tally.updated:,} changed,"
        f" {tally.unchanged:,} unchanged, {tally.refused:,} refused."
    )


@gates.admin
@require_safe
def values_csv(request: HttpRequest, study: Study) -> HttpResponse:
    """Give the values as CSV: safe to open in a spreadsheet, and it loads back unchanged."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-values.csv"'
    rows = csv.writer(response)
    rows.writerow([*COLUMNS, ESCAPED])
    for value in found.values_of(study):
        words = (value.name, value.definition, value.category, aliases_cell(list(value.aliases)))
        cells = [cell(text) for text in words]
        changed = [name for name, (_, more) in zip(COLUMNS, cells, strict=True) if more]
        rows.writerow([*(text for text, _ in cells), " ".join(changed)])
    return response


@gates.admin
@require_http_methods(["GET", "POST"])
def value(request: MemberRequest, study: Study, value_id: int) -> HttpResponse:
    """Show and change what one value means."""
    stored = found.value_of(study, value_id)
    if stored is None:
        raise Http404
    form = filled(ValueForm, request, initial=_meaning_of(stored))
    if form.is_valid():
        try:
            return _stored(request, study, stored, form)
        except AliasTaken as refusal:
            form.add_error("aliases", str(refusal))
    context = {"form": form, "value": stored, "flags": found.unclear_flags_of(stored)}
    template = "annotation/value.html"
    return show(request, study, template, context, active="values", status=status_of(form))


def _stored(
    request: MemberRequest, study: Study, stored: StoredValue, form: ValueForm
) -> HttpResponse:
    meaning, by_id = form.cleaned_data["meaning"], request.user.pk
    services.change(study=study, value_id=stored.pk, meaning=meaning, by_id=by_id)
    sentence = f"What {stored.name} means is stored."
    if form.cleaned_data["resolves"]:
        resolved = reviews.resolve_flags_of_value(
            study=study, value_id=stored.pk, now=timezone.now(), by_id=by_id
        )
        sentence += f" {resolved} flag{'' if resolved == 1 else 's'} resolved."
    return done(request, sentence, "annotation:values", study.slug)


def _meaning_of(stored: StoredValue) -> dict[str, str]:
    return {
        "definition": stored.definition,
        "category": stored.category,
        "aliases": "\n".join(stored.aliases),
    }


@gates.rater
@require_safe
def glossary(request: HttpRequest, rater: Rater) -> HttpResponse:
    """List the values of the study for its raters, with what they mean."""
    words = request.GET.get("words", "").replace("\0", "").strip()
    entries = found.glossary_of(rater.study_id, words=words)
    page = Paginator(entries, ROWS_PER_PAGE).get_page(page_number(request))
    context = {"rater": rater, "words": words, "query": _without_page(request), "page": page}
    return render(request, "annotation/glossary.html", context, status=HTTPStatus.OK)


def _without_page(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("page", None)
    return asked.urlencode()
