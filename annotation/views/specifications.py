"""The admin's pages of specifications: adding versions, looking at them, choosing one."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates
from annotation.errors import (
    SpecificationInvalid,
    SpecificationUnknown,
    SpecificationVersionExists,
)
from annotation.forms.specifications import SpecificationForm, field_of, ids_by_hand
from annotation.gates import MemberRequest
from annotation.models import Study
from annotation.selectors import specification_history as history
from annotation.selectors.specifications import whole
from annotation.services import specifications as services
from annotation.specification_format import ParsedClause, ParsedSpecification, parse
from annotation.views.pages import done, filled, show, status_of

LONGEST_NUMBER = 18
TAB = "specifications"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A clause before it is stored, with the field for its id and what is wrong with that."""

    clause: ParsedClause
    field: str
    typed: str
    problem: str


@gates.admin
@require_safe
def specifications(request: HttpRequest, study: Study) -> HttpResponse:
    """List the study's specifications and the version that raters are asked against."""
    return _list(request, study)


@gates.admin
@require_http_methods(["GET", "POST"])
def new_specification(request: MemberRequest, study: Study) -> HttpResponse:
    """Add a version in two steps: look at the clauses and their ids, then store them."""
    form = filled(SpecificationForm, request, initial=_known(request, study))
    if request.method != "POST":
        return _new(request, study, form, None)
    form.is_valid()  # reads the file, so that what it holds is looked at whatever else is wrong
    ids = ids_by_hand(form.text_given, request.POST)
    parsed = parse(form.text_given, ids=ids) if form.text_given.strip() else None
    if parsed and not parsed.problems and form.is_valid() and request.POST.get("act") == "store":
        try:
            return _stored(request, study, form, ids)
        except SpecificationVersionExists as refusal:
            form.add_error("version", str(refusal))
        except SpecificationInvalid as refusal:
            form.add_error(None, str(refusal))
    return _new(request, study, form, parsed)


def _known(request: HttpRequest, study: Study) -> dict[str, str]:
    """Return the names of the document that a version is added to."""
    document = study.specifications.filter(key=request.GET.get("key", "").replace("\0", "")).first()
    return {"key": document.key, "title": document.title} if document else {}


def _stored(
    request: MemberRequest, study: Study, form: SpecificationForm, ids: dict[int, str]
) -> HttpResponse:
    sent = form.cleaned_data
    version = services.add(
        study=study,
        key=sent["key"],
        title=sent["title"],
        version=sent["version"],
        source=form.text_given,
        ids=ids,
        now=timezone.now(),
        by_id=request.user.pk,
    )
    sentence = f"{sent['title']}, version {sent['version']}, is stored."
    return done(request, sentence, "annotation:specification", study.slug, version.pk)


def _new(
    request: HttpRequest,
    study: Study,
    form: SpecificationForm,
    parsed: ParsedSpecification | None,
) -> HttpResponse:
    wrong = bool(parsed and parsed.problems)
    context = {"form": form, "parsed": parsed, "rows": _rows(request, form, parsed)}
    return show(
        request,
        study,
        "annotation/new_specification.html",
        context,
        active=TAB,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else status_of(form),
    )


def _rows(
    request: HttpRequest, form: SpecificationForm, parsed: ParsedSpecification | None
) -> list[PreviewRow]:
    if parsed is None:
        return []
    wrong = {one.line: one.reason for one in parsed.problems if one.field == "id"}
    fields = map(field_of, parse(form.text_given).clauses)
    return [
        PreviewRow(
            clause=clause,
            field=field,
            typed=request.POST.get(field, "").strip() or clause.clause_id,
            problem=wrong.get(clause.line, ""),
        )
        for clause, field in zip(parsed.clauses, fields, strict=True)
    ]


@gates.admin
@require_safe
def specification(request: HttpRequest, study: Study, version_id: int) -> HttpResponse:
    """Show one version, clause by clause, and what it changed."""
    version = history.version_of(study, version_id)
    if version is None:
        raise Http404
    before = history.version_before(version)
    context = {
        "version": version,
        "clauses": whole(version.pk),
        "used": version.pk == study.specification_id,
        "before": before,
        "change": history.change_between(before, version) if before else None,
    }
    return show(request, study, "annotation/specification.html", context, active=TAB)


@gates.admin
@require_POST
def use_specification(request: MemberRequest, study: Study) -> HttpResponse:
    """Ask raters against a version from now on, or against none."""
    try:
        version_id = _chosen_id(request.POST.get("version_id", ""))
        services.use(study=study, version_id=version_id, by_id=request.user.pk)
    except SpecificationUnknown as refusal:
        return _list(request, study, problem=str(refusal))
    sentence = (
        "Raters are asked against this version from now on."
        if version_id
        else "Raters are asked against no specification from now on."
    )
    return done(request, sentence, "annotation:specifications", study.slug)


def _chosen_id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise SpecificationUnknown("Choose a version of the list.")
    return int(text)


def _list(request: HttpRequest, study: Study, *, problem: str = "") -> HttpResponse:
    context = {
        "documents": history.documents_of(study),
        "asking": history.questions_with_clauses(study),
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return show(
        request, study, "annotation/specifications.html", context, active=TAB, status=status
    )
