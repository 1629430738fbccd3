"""The sampling designer: a plan with live counts, what was drawn, and seats at it."""

import csv
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from annotation.cells import cell
from annotation.errors import AnnotationError
from annotation.selectors.frames import words_of
from annotation.vocabulary import CLOSED_TYPES, Wave
from evaluation import tasks
from evaluation.errors import EvaluationError, FrameInvalid, SampleUnknown
from evaluation.intake import samples
from evaluation.models import Sample, SampleState
from evaluation.services import judges
from evaluation.stats.label_planning import Costs, plan_for
from evaluation.views.pages import Visit, researchers
from evaluation.views.sampling_forms import DesignForm, SampleSeatsForm

FIRST_SEED = 1
# A plan of more replies than this is drawn by the worker, not while the page waits.
REPLIES_AT_ONCE = 20_000
STRATA_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Helped:
    """What a judge's verdicts on every other reply would add to the labels of a plan."""

    half_width: float
    as_many_labels: int
    cheapest: Any = None


@vary_on_headers("HX-Request")
@researchers("samples")
def page(visit: Visit) -> HttpResponse:
    """List the samples and plan a further one; the plan follows the form as it is filled in."""
    return _designer(visit, _form(visit, visit.request.GET))


@researchers("samples", methods=("POST",))
def draw(visit: Visit) -> HttpResponse:
    """Draw what the form asks for."""
    form = _form(visit, visit.request.POST)
    if not form.is_valid():
        return _designer(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        frame, drawing = form.frame(), form.drawing()
        seed = form.cleaned_data["seed"]
        asked = samples.request(
            visit.study,
            frame,
            drawing,
            seed=FIRST_SEED if seed is None else seed,
            now=timezone.now(),
            by_id=visit.request.user.pk,
            reason=form.cleaned_data["reason"],
        )
        if samples.plan(visit.study, frame, drawing).population > REPLIES_AT_ONCE:
            tasks.draw_sample.enqueue(visit.study.slug, asked.pk)
        else:
            samples.draw(visit.study, asked.pk)
    except FrameInvalid:
        return _designer(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect("evaluation:sample", visit.study.slug, asked.number)


@researchers("samples", methods=("GET", "HEAD", "POST"))
def sample(visit: Visit, number: int) -> HttpResponse:
    """Show one sample with its strata; a sent form opens seats at it."""
    found = _sample(visit, number)
    sent = visit.request.POST if visit.request.method == "POST" else None
    form = SampleSeatsForm(sent)
    if sent is not None and form.is_valid():
        try:
            return _opened(visit, found, form)
        except (AnnotationError, EvaluationError) as refusal:
            form.add_error(None, str(refusal))
    strata = found.strata.order_by("position")
    context = {
        "sample": found,
        "parameters": _written(found.parameters),
        "frame": _written(found.frame) if found.frame else "",
        "strata": strata[:STRATA_SHOWN],
        "more_strata": max(0, strata.count() - STRATA_SHOWN),
        "drawing": found.state == SampleState.DRAWING,
        "ready": found.state == SampleState.READY,
        "form": form,
        "openings": samples.openings_of(visit.study, number),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return visit.page("sample.html", context, status=status)


def _opened(visit: Visit, found: Sample, form: SampleSeatsForm) -> HttpResponse:
    terms = dict(form.cleaned_data)
    opening = samples.open_seats(
        visit.study,
        found.number,
        wave=Wave(terms.pop("wave")),
        now=timezone.now(),
        by_id=visit.request.user.pk,
        **terms,
    )
    seats, items = (
        f"{n:,} {word}{'' if n == 1 else 's'}"
        for n, word in ((opening.seats, "seat"), (opening.items, "item"))
    )
    messages.success(visit.request, f"{seats} added at {items}.")
    return redirect("evaluation:sample", visit.study.slug, found.number)


@researchers("samples")
def as_csv(visit: Visit, number: int) -> HttpResponse:
    """Give what was drawn as CSV, safe to open in a spreadsheet."""
    found = _sample(visit, number)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{visit.study.slug}-sample-{number}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    rows = csv.writer(response)
    rows.writerow(["response_id", "stratum", "inclusion_probability", "weight"])
    for reply, stratum, probability in samples.drawn_of(found):
        texts = (cell(reply)[0], cell(stratum)[0])
        rows.writerow([*texts, repr(probability), repr(1 / probability)])
    return response


def _written(found: dict[str, Any]) -> str:
    """Return a design or a frame as the command takes it."""
    return json.dumps(found, ensure_ascii=False)


def _sample(visit: Visit, number: int) -> Sample:
    found = Sample.objects.filter(study=visit.study.id, number=number).first()
    if found is None:
        raise SampleUnknown(f"The study has no sample {number}.")
    return found


def _form(visit: Visit, data: Any) -> DesignForm:
    questions = [
        (question.key, [option.code for option in question.options])
        for question in visit.study.rubric.questions
        if question.type in CLOSED_TYPES
    ]
    return DesignForm(
        data,
        words=words_of(visit.study.id),
        judges=judges.judges_of(visit.study),
        questions=questions,
    )


def _designer(visit: Visit, form: DesignForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "first_seed": FIRST_SEED}
    try:
        if form.is_valid():
            frame, drawing = form.frame(), form.drawing()
            plan = samples.plan(visit.study, frame, drawing)
            context |= {"plan": plan, "helped": _helped(plan, form.cleaned_data)}
            context["strata"] = plan.strata[:STRATA_SHOWN]
            context["more_strata"] = max(0, len(plan.strata) - STRATA_SHOWN)
    except FrameInvalid as refusal:
        context["problem"] = str(refusal)
        context["count"] = _count(visit, form)
    if visit.request.headers.get("HX-Request"):
        return visit.page("_sampling_plan.html", context, status=status)
    context["samples"] = Sample.objects.filter(study=visit.study.id).order_by("-number")
    return visit.page("samples.html", context, status=status)


def _count(visit: Visit, form: DesignForm) -> int | None:
    """Return how many replies are in the frame, where the design is not whole yet."""
    try:
        return samples.n_replies(visit.study, form.frame())
    except FrameInvalid:
        return None


def _helped(plan: samples.Plan, sent: dict[str, Any]) -> Helped | None:
    """Return what verdicts on all other replies add, by the correlation that was given."""
    correlation, others = sent.get("correlation"), plan.population - plan.size
    if correlation is None or not plan.half_width or plan.in_queries:
        return None
    left = 1 - correlation**2 * others / plan.population
    labels = round(plan.size / left)
    cheapest = None
    if sent.get("label_cost") and sent.get("verdict_cost"):
        costs = Costs(label=sent["label_cost"], verdict=sent["verdict_cost"])
        cheapest = plan_for(labels, correlation=correlation, costs=costs)
    return Helped(plan.half_width * left**0.5, labels, cheapest)
