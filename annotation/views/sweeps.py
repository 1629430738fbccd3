"""The admin's page of scrubbing rules: which texts lack the current ones, and running them."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation import gates, tasks
from annotation.errors import SweepRefused
from annotation.gates import MemberRequest
from annotation.models import Study
from annotation.selectors import sweeps as found
from annotation.services import sweeps
from annotation.views.pages import done, show


@gates.admin
@require_safe
def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show under which rules the texts are masked, and how far a sweep is."""
    return _page(request, study)


@gates.admin
@require_POST
def run(request: MemberRequest, study: Study) -> HttpResponse:
    """Have the current rules run over the texts that lack them, or tried."""
    trial = request.POST.get("trial") == "on"
    try:
        # Together, so that no sweep waits without a job.
        with transaction.atomic():
            sweep = sweeps.ask(study=study, trial=trial, now=timezone.now(), by_id=request.user.pk)
            tasks.sweep.enqueue(sweep.pk)
    except SweepRefused as refusal:
        messages.error(request, str(refusal))
        return _page(request, study, status=refusal.http_status)
    sentence = "The rules are being tried." if trial else "The rules are being run."
    return done(request, sentence, "annotation:sweeps", study.slug)


@gates.admin
@require_POST
def stop(request: HttpRequest, study: Study) -> HttpResponse:
    """Stop what is under way."""
    stopped = sweeps.stop(study=study, now=timezone.now())
    sentence = "Nothing was left to stop."
    if stopped:
        sentence = "Stopped. Texts that were looked through stay so; the rest is as it was."
    return done(request, sentence, "annotation:sweeps", study.slug)


def _page(request: HttpRequest, study: Study, *, status: int = 200) -> HttpResponse:
    rows = found.sweeps_of(study, at=timezone.now())
    context = {
        "masking": found.masking_of(study),
        "sweeps": rows,
        "latest": rows[0] if rows else None,
    }
    return show(
        request,
        study,
        "annotation/sweeps.html",
        context,
        active="leaks",
        part="annotation/_sweeps.html" if request.method == "GET" else "",
        status=status,
    )
