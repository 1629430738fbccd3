"""The admin's page of later waves: how many items raters disagree at, and seats there."""

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from annotation import gates, tasks
from annotation.errors import SeatsRefused
from annotation.forms.later_waves import LaterWaveForm
from annotation.gates import MemberRequest
from annotation.models import Item, Study
from annotation.selectors.disagreement import Rule, disputed_items
from annotation.services import later_waves
from annotation.views.pages import done, show, status_of


@gates.admin
@require_http_methods(["GET", "POST"])
def open_later(request: MemberRequest, study: Study) -> HttpResponse:
    """Count the items at which raters disagree by a rule, and open further seats there."""
    sent = request.POST if request.method == "POST" else request.GET
    form = LaterWaveForm(sent or None, study=study)
    count = None
    if form.is_valid():
        try:
            rule = later_waves.rule_of(study, **form.asked())
            count = _count(study, rule)
            if request.method == "POST" and "count" not in request.POST:
                return _opened(request, study, form, rule, count)
        except SeatsRefused as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "count": count}
    return show(
        request,
        study,
        "annotation/later_waves.html",
        context,
        active="seats",
        part="annotation/_later_count.html",
        status=status_of(form),
    )


def _count(study: Study, rule: Rule) -> int:
    """Count the items in dispute that may get seats: those that an admin took out may not."""
    disputed = set(disputed_items(rule))
    retired = Item.objects.filter(study=study, retired_at__isnull=False)
    return len(disputed.difference(retired.values_list("pk", flat=True)))


def _opened(
    request: MemberRequest, study: Study, form: LaterWaveForm, rule: Rule, count: int
) -> HttpResponse:
    wave, how, by_id = form.cleaned_data["wave"], form.how(), request.user.pk
    if count > later_waves.ITEMS_AT_ONCE:
        below = rule.share_below
        asked = {**form.asked(), "share_below": None if below is None else str(below)}
        with transaction.atomic():
            tasks.open_later_wave.enqueue(study.pk, wave.value, asked, how, by_id)
        sentence = f"Seats at {count:,} items are being opened. Look again in a while."
        return done(request, sentence, "annotation:seats", study.slug)
    opening = later_waves.open_after_disagreement(
        study=study, wave=wave, rule=rule, now=timezone.now(), by_id=by_id, **how
    )
    tasks.prepare_texts.enqueue(study.pk)
    sentence = f"{opening.seats:,} seats were added at {opening.items:,} items."
    return done(request, sentence, "annotation:seats", study.slug)
