"""The admin's pages of uploads and of the seats that come from them."""

import csv

from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import gates, line_files, tasks
from annotation.cells import cell
from annotation.errors import FileUnreadable, SeatsRefused
from annotation.forms import OpenSeatsForm
from annotation.forms.later_waves import LaterWaveForm
from annotation.forms.uploads import UploadForm
from annotation.gates import MemberRequest
from annotation.models import Batch, SeatOpening, Study
from annotation.selectors import uploads as found
from annotation.selectors.sweeps import masking_of
from annotation.services import batches as services
from annotation.services import openings, uploads
from annotation.views.pages import ROWS_PER_PAGE, done, filled, page_number, show, status_of
from annotation.vocabulary import ItemKind

# Seats of more replies than this are opened by the worker, not while the page waits.
REPLIES_AT_ONCE = 5_000
FIRST_SEED = 1
# The files of one form together, and its other fields.
LARGEST_BODY = uploads.LARGEST + 1024 * 1024


@gates.takes_bodies(LARGEST_BODY)
@gates.admin
@require_http_methods(["GET", "POST"])
def batches(request: MemberRequest, study: Study) -> HttpResponse:
    """List the study's uploads, and take further ones."""
    form = filled(UploadForm, request)
    if form.is_valid():
        try:
            return _received(request, study, form)
        except FileUnreadable as refusal:
            form.add_error("uploads", str(refusal))
    rows = found.batches_of(study, at=timezone.now())
    context = {"form": form, "batches": rows, "live": any(row.live for row in rows)}
    return show(
        request,
        study,
        "annotation/batches.html",
        context,
        active="batches",
        part="annotation/_batches.html" if request.method == "GET" else "",
        status=status_of(form),
    )


def _received(request: MemberRequest, study: Study, form: UploadForm) -> HttpResponse:
    sent = form.cleaned_data
    registered = [
        tasks.read_stored(
            study=study,
            stored=stored,
            new_versions=sent["new_versions"],
            by_id=request.user.pk,
            now=timezone.now(),
        )
        for stored in uploads.store(sent["uploads"])
    ]
    if len(registered) > 1:
        sentence = f"{len(registered)} files are uploaded."
        return done(request, sentence, "annotation:batches", study.slug)
    sentence = f"{registered[0].file_name} is uploaded."
    return done(request, sentence, "annotation:batch", study.slug, registered[0].number)


@gates.admin
@require_safe
def batch(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Show what became of one upload, line by line where something was wrong."""
    stored = _batch(study, number)
    errors = stored.errors.order_by("line", "pk")
    context = {
        "batch": found.row_of(stored, at=timezone.now()),
        "errors": Paginator(errors, ROWS_PER_PAGE).get_page(page_number(request)),
        "reply_id": found.some_reply(stored),
    }
    if request.headers.get("HX-Request") != "true":
        context["masking"] = masking_of(study, batch=number)
    part = "annotation/_batch.html"
    return show(request, study, "annotation/batch.html", context, active="batches", part=part)


@gates.admin
@require_POST
def read_again(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Have an upload read once more."""
    resume = request.POST.get("from") == "there"
    waits = tasks.read_again(
        batch=_batch(study, number),
        new_versions=request.POST.get("new_versions") == "on",
        resume=resume,
        now=timezone.now(),
    )
    sentence = "The file waits to be read already."
    if waits:
        sentence = "Reading goes on." if resume else "The file is read again."
    return done(request, sentence, "annotation:batch", study.slug, number)


@gates.admin
@require_POST
def cancel_batch(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Stop an upload that waits or is being read."""
    stopped = uploads.cancel(batch=_batch(study, number), now=timezone.now())
    sentence = "Nothing was left to stop: the file had been read."
    if stopped:
        sentence = "Stopped. What was read is kept, and no rater gets it before the rest is read."
    return done(request, sentence, "annotation:batch", study.slug, number)


@gates.admin
@require_safe
def batch_errors(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Give the lines that were refused as CSV, safe to open in a spreadsheet."""
    stored = _batch(study, number)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{study.slug}-batch-{number}-errors.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    rows = csv.writer(response)
    rows.writerow(["line", "field", "value", "reason"])
    for error in stored.errors.order_by("line", "pk"):
        texts = (error.field, error.value, error.reason)
        rows.writerow([error.line, *(cell(text)[0] for text in texts)])
    return response


@gates.admin
@require_safe
def refused_lines(request: HttpRequest, study: Study, number: int) -> FileResponse:
    """Give the refused lines themselves, as a file to correct and upload again."""
    stored = _batch(study, number)
    path = services.refused_path(stored.stored_name) if stored.stored_name else None
    return line_files.download(path, file_name=stored.file_name)


def _batch(study: Study, number: int) -> Batch:
    stored = Batch.objects.select_related("created_by").filter(study=study, number=number).first()
    if stored is None:
        raise Http404
    return stored


@gates.admin
@require_http_methods(["GET", "POST"])
def open_seats(request: MemberRequest, study: Study) -> HttpResponse:
    """Show which seats were opened, and open those that replies still lack."""
    opened = SeatOpening.objects.filter(study=study).select_related("opened_by").order_by("-pk")
    latest = opened.first()
    initial = {
        "raters_per_item": study.raters_per_item,
        "seed": latest.seed if latest else FIRST_SEED,
        "pairs_per_query": (latest and latest.pairs_per_query) or 1,
    }
    in_pairs = openings.kind_of(study) == ItemKind.PAIR
    form = filled(OpenSeatsForm, request, initial=initial, in_pairs=in_pairs)
    lacking_of = found.queries_without_pairs if in_pairs else found.replies_without_seats
    lacking = lacking_of(study)
    if form.is_valid():
        try:
            return _opened(request, study, form.cleaned_data, lacking)
        except SeatsRefused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form,
        "lacking": lacking,
        "short": found.items_short_of_seats(study),
        "ready": found.ready_replies(study),
        "in_pairs": in_pairs,
        "openings": opened[:ROWS_PER_PAGE],
        "later": LaterWaveForm(study=study),
    }
    return show(
        request, study, "annotation/seats.html", context, active="seats", status=status_of(form)
    )


def _opened(
    request: MemberRequest, study: Study, sent: dict[str, int], lacking: int
) -> HttpResponse:
    if lacking > REPLIES_AT_ONCE:
        with transaction.atomic():
            tasks.open_seats.enqueue(study.pk, by_id=request.user.pk, **sent)
        what = "queries" if "pairs_per_query" in sent else "replies"
        sentence = f"Seats for {lacking:,} {what} are being opened. Look again in a while."
        return done(request, sentence, "annotation:seats", study.slug)
    opening = openings.open_first_wave(
        study=study, now=timezone.now(), by_id=request.user.pk, **sent
    )
    tasks.prepare_texts.enqueue(study.pk)
    sentence = f"{opening.seats:,} seats were added; {opening.items:,} items are open."
    return done(request, sentence, "annotation:seats", study.slug)
