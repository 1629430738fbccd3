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
from annotation.plans import QuestionPlan
from annotation.selectors.frames import words_of
from annotation.vocabulary import CLOSED_TYPES, Wave
from evaluation import tasks
from evaluation.errors import EvaluationError, FrameInvalid, SampleUnknown
from evaluation.intake import plans, rehearsals, samples
from evaluation.models import Sample, SampleState
from evaluation.services import inclusion, judges
from evaluation.stats.label_planning import Costs, plan_for
from evaluation.views.design_links import query_of
from evaluation.views.pages import Visit, researchers
from evaluation.views.rehearsal_forms import RehearsalForm
from evaluation.views.sample_words import Names, design_words, frame_words
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
    return designer(visit, form_of(visit, visit.request.GET))


@researchers("samples", methods=("POST",))
def draw(visit: Visit) -> HttpResponse:
    """Draw what the form asks for."""
    form = form_of(visit, visit.request.POST)
    if not form.is_valid():
        return designer(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
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
        if plans.plan(visit.study, frame, drawing).population > REPLIES_AT_ONCE:
            tasks.draw_sample.enqueue(visit.study.slug, asked.pk)
        else:
            samples.draw(visit.study, asked.pk)
    except FrameInvalid:
        return designer(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect("evaluation:sample", visit.study.slug, asked.number)


@researchers("samples", methods=("GET", "HEAD", "POST"))
def sample(visit: Visit, number: int) -> HttpResponse:
    """Show one sample with its strata; a sent form opens seats at it."""
    found = sample_of(visit, number)
    sent = visit.request.POST if visit.request.method == "POST" else None
    form = SampleSeatsForm(sent)
    if sent is not None and form.is_valid():
        try:
            return _opened(visit, found, form)
        except (AnnotationError, EvaluationError) as refusal:
            form.add_error(None, str(refusal))
    return sample_page(visit, found, form=form)


def sample_page(
    visit: Visit,
    found: Sample,
    *,
    form: SampleSeatsForm | None = None,
    how: RehearsalForm | None = None,
) -> HttpResponse:
    """Show a sample with the forms that were sent, or with empty ones."""
    form, how = form or SampleSeatsForm(), how or rehearsal_form(visit)
    strata = found.strata.order_by("position")
    names = names_of(visit)
    context = {
        "sample": found,
        "parameters": _written(found.parameters),
        "frame": _written(found.frame) if found.frame else "",
        "drawn_how": design_words(found.parameters, names),
        "drawn_from": frame_words(found.frame, names),
        "strata": strata[:STRATA_SHOWN],
        "more_strata": max(0, strata.count() - STRATA_SHOWN),
        "drawing": found.state == SampleState.DRAWING,
        "ready": found.state == SampleState.READY,
        "form": form,
        "how": how,
        "rehearsals": rehearsals.of_design(found),
        "again": query_of(found.frame, found.parameters),
        **_together(visit, found),
        "openings": samples.openings_of(visit.study, found.number),
    }
    wrong = form.errors or how.errors
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return visit.page("sample.html", context, status=status)


def _together(visit: Visit, found: Sample) -> dict[str, Any]:
    """Say which samples share items, and with which probability these were to be judged."""
    shared = inclusion.shared_with(found)
    numbers = [found.number, *(number for number, _ in shared)]
    known = list(Sample.objects.filter(study=visit.study.id, number__in=numbers))
    unsaid = inclusion.unsaid_of(known)
    told = f"{inclusion.FIRST} {unsaid}" if unsaid else inclusion.said_of(known)
    return {"shared": shared, "together": told}


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
    found = sample_of(visit, number)
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


def sample_of(visit: Visit, number: int) -> Sample:
    """Return a sample of the study.

    Raises:
        SampleUnknown: there is none such.
    """
    found = Sample.objects.filter(study=visit.study.id, number=number).first()
    if found is None:
        raise SampleUnknown(f"The study has no sample {number}.")
    return found


def names_of(visit: Visit) -> Names:
    """Return what the study's judges, questions and answers are called."""
    known = {one.id: one.full_name for one in judges.judges_of(visit.study)}
    return Names(known, visit.study.rubric)


def rehearsal_form(visit: Visit, sent: Any = None) -> RehearsalForm:
    """Return the form that asks how a design is tried, as it was sent or empty."""
    return RehearsalForm(sent, judges=judges.judges_of(visit.study), questions=_questions(visit))


def _questions(visit: Visit) -> list[QuestionPlan]:
    return [one for one in visit.study.rubric.questions if one.type in CLOSED_TYPES]


def form_of(visit: Visit, data: Any) -> DesignForm:
    """Return the designer's form with what was sent."""
    return DesignForm(
        data,
        words=words_of(visit.study.id),
        judges=judges.judges_of(visit.study),
        questions=_questions(visit),
    )


def designer(
    visit: Visit,
    form: DesignForm,
    how: RehearsalForm | None = None,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Show the designer with the plan of its form, and with the form about trying it."""
    sent = visit.request.POST or visit.request.GET or None
    context: dict[str, Any] = {"form": form, "how": how or rehearsal_form(visit, sent)}
    try:
        if form.is_valid():
            frame, drawing = form.frame(), form.drawing()
            plan = plans.plan(visit.study, frame, drawing)
            context |= {"plan": plan, "helped": _helped(plan, form.cleaned_data)}
            seed = form.cleaned_data["seed"]
            context["clash"] = inclusion.clash(
                visit.study,
                frame.as_json(),
                drawing.as_json(),
                FIRST_SEED if seed is None else seed,
            )
            context["strata"] = plan.strata[:STRATA_SHOWN]
            context["more_strata"] = max(0, len(plan.strata) - STRATA_SHOWN)
    except FrameInvalid as refusal:
        context["problem"] = str(refusal)
        context["count"] = _count(visit, form)
    if visit.request.headers.get("HX-Request"):
        return visit.page("_sampling_plan.html", context, status=status)
    context["samples"] = Sample.objects.filter(study=visit.study.id).order_by("-number")
    context["rehearsals"] = rehearsals.rehearsals_of(visit.study)
    return visit.page("samples.html", context, status=status)


def _count(visit: Visit, form: DesignForm) -> int | None:
    """Return how many replies are in the frame, where the design is not whole yet."""
    try:
        return plans.n_replies(visit.study, form.frame())
    except FrameInvalid:
        return None


def _helped(plan: plans.Plan, sent: dict[str, Any]) -> Helped | None:
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
