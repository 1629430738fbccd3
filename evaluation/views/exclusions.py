"""What results leave out: the rules with their reasons, a form for a further one, lifting."""

from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from annotation.selectors.filter_words import rater_ids
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.studies import pseudonyms
from evaluation.errors import ExclusionInvalid
from evaluation.models import Exclusion, ExclusionKind
from evaluation.services import exclusions
from evaluation.views.pages import Visit, researchers


class ExclusionForm(forms.Form):
    """What to leave out, and why."""

    kind = forms.ChoiceField(label="Leave out", choices=ExclusionKind.choices)
    subject = forms.CharField(
        label="Which",
        max_length=200,
        help_text="A rater by the name that results give, an item by its response_id, a batch by"
        " its number, or the seconds below which a judgment is left out.",
    )
    reason = forms.CharField(
        label="Why", max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


@researchers("agreement", methods=("GET", "HEAD", "POST"))
def page(visit: Visit) -> HttpResponse:
    """List the exclusions; a sent form adds one."""
    sent = visit.request.POST if visit.request.method == "POST" else None
    form = ExclusionForm(sent, initial={"subject": visit.asked("rater") or ""})
    if sent is not None and form.is_valid():
        try:
            made = exclusions.add(
                visit.study,
                now=timezone.now(),
                by_id=visit.request.user.pk,
                **form.cleaned_data,
            )
        except ExclusionInvalid as refusal:
            form.add_error(refusal.details.get("field"), str(refusal))
        else:
            messages.success(visit.request, f"Exclusion {made.number} is applied from now on.")
            return redirect("evaluation:exclusions", visit.study.slug)
    context = {"form": form, "rules": _rows(visit)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return visit.page("exclusions.html", context, status=status)


@researchers("agreement", methods=("POST",))
def lift(visit: Visit, number: int) -> HttpResponse:
    """Count again what an exclusion left out."""
    exclusions.lift(visit.study, number, now=timezone.now(), by_id=visit.request.user.pk)
    messages.success(visit.request, f"Exclusion {number} is lifted.")
    return redirect("evaluation:exclusions", visit.study.slug)


def _rows(visit: Visit) -> list[dict[str, object]]:
    rules = Exclusion.objects.filter(study=visit.study.id)
    rules = rules.select_related("batch", "made_by", "lifted_by").order_by("-number")
    items = reply_ids_of_items(rule.item_id for rule in rules if rule.item_id)
    names = pseudonyms(visit.study.id, purpose=exclusions.PAGES, subjects=rater_ids(visit.study.id))
    return [{"rule": rule, "what": _what(rule, names, items)} for rule in rules]


def _what(rule: Exclusion, names: dict[int, str], items: dict[int, str]) -> str:
    if rule.rater_id is not None:
        return f"rater {names[rule.rater_id]}"
    if rule.item_id is not None:
        return f"item {items[rule.item_id]}"
    if rule.batch is not None:
        return f"batch {rule.batch.number}"
    return f"judgments made in less than {rule.seconds} seconds"
