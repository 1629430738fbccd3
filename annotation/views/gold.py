"""The admin's pages of known answers: a list, files of them, and seats for raters at such items."""

from pathlib import Path
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates
from annotation.errors import SeatsRefused
from annotation.forms.gold import GoldSeatsForm, GoldUploadForm
from annotation.gates import MemberRequest
from annotation.models import SeatOpening, Study
from annotation.selectors import gold as found
from annotation.services import gold as services
from annotation.tally import Tally
from annotation.views.line_files import problems_of, taken_in
from annotation.views.pages import ROWS_PER_PAGE, done, filled, page_number, show, status_of
from annotation.vocabulary import Wave

FIRST_SEED = 1


@gates.admin
@require_http_methods(["GET", "POST"])
def answers(request: MemberRequest, study: Study) -> HttpResponse:
    """List the known answers with how raters stand beside them, and take a file of further ones."""
    form = filled(GoldUploadForm, request)

    def load(path: Path, name: str) -> Tally:
        return services.load(
            study=study,
            path=path,
            name=name,
            now=timezone.now(),
            by_id=request.user.pk,
            replace=form.cleaned_data["replace"],
        )

    tally = taken_in(form, load)
    if tally is not None and not tally.refused:
        return done(request, _counted(tally), "annotation:gold_answers", study.slug)
    context = {
        "form": form,
        "counted": _counted(tally) if tally else "",
        **problems_of(tally),
    }
    return _list(request, study, context, status=status_of(form))


def _counted(tally: Tally) -> str:
    return (
        f"{tally.read:,} lines read: {tally.created:,} new answers, {tally.updated:,} replaced,"
        f" {tally.unchanged:,} unchanged, {tally.refused:,} refused."
    )


def _list(
    request: HttpRequest, study: Study, context: dict[str, Any], *, status: int
) -> HttpResponse:
    page = Paginator(found.answers_of(study), ROWS_PER_PAGE).get_page(page_number(request))
    openings = SeatOpening.objects.filter(study=study, wave=Wave.GOLD).order_by("-pk")
    latest = openings.first()
    initial = {
        "raters_per_item": latest.raters_per_item if latest else study.raters_per_item,
        "seed": latest.seed if latest else FIRST_SEED,
    }
    known = {
        "form": GoldUploadForm(),
        "seats_form": GoldSeatsForm(initial=initial),
        "page": page,
        "rows": found.described(study, page.object_list),
        "n_items": found.gold_items(study).count(),
        "n_other": found.under_other_rubrics(study),
        "openings": openings.select_related("opened_by")[:ROWS_PER_PAGE],
    }
    template = "annotation/gold.html"
    return show(request, study, template, {**known, **context}, active="gold", status=status)


@gates.admin
@require_safe
def ended(request: HttpRequest, study: Study) -> HttpResponse:
    """List the known answers that were removed or replaced, by whom and when."""
    rows = found.answers_of(study, ended=True)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(page_number(request))
    described = found.described(study, page.object_list, beside_raters=False)
    context = {"page": page, "rows": described}
    return show(request, study, "annotation/ended_gold.html", context, active="gold")


@gates.admin
@require_POST
def remove(request: MemberRequest, study: Study, gold_id: int) -> HttpResponse:
    """Take one known answer back; it is kept among those that have ended."""
    removed = services.remove(
        study=study, gold_id=gold_id, now=timezone.now(), by_id=request.user.pk
    )
    if not removed:
        raise Http404
    return done(request, "The answer is not known any more.", "annotation:gold_answers", study.slug)


@gates.admin
@require_POST
def open_seats(request: MemberRequest, study: Study) -> HttpResponse:
    """Give every gold item seats that look like any other."""
    form = filled(GoldSeatsForm, request)
    if form.is_valid():
        try:
            opening = services.open_seats(
                study=study, now=timezone.now(), by_id=request.user.pk, **form.cleaned_data
            )
        except SeatsRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            sentence = f"{opening.seats:,} seats were added at {opening.items:,} gold items."
            return done(request, sentence, "annotation:gold_answers", study.slug)
    return _list(request, study, {"seats_form": form}, status=status_of(form))
