"""A design that is tried before it is drawn: asking for it, how far it is, what came of it."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.vary import vary_on_headers

from evaluation import charts, tasks
from evaluation.charts import Column, Place, Point
from evaluation.digits import decimal
from evaluation.errors import FrameInvalid, ResultUnknown
from evaluation.frames import Frame, frame_from_json
from evaluation.intake import rehearsals
from evaluation.intake.designs import Drawing, drawing_from_json
from evaluation.models import Design, Rehearsal, RehearsalState
from evaluation.views import sampling
from evaluation.views.design_links import query_of
from evaluation.views.downloads import as_file, chart_file, table_file
from evaluation.views.inline import inline
from evaluation.views.pages import Visit, researchers
from evaluation.views.rehearsal_forms import RehearsalForm
from evaluation.views.sample_words import design_words, frame_words

COLUMNS = (
    "stratum", "population", "drawn_each_time", "probability", "frequency", "lowest_frequency",
    "highest_frequency", "by_chance_low", "by_chance_high", "holds",
)  # fmt: skip
FREQUENCIES, MEANS = "frequencies", "means"
STORED, SEEN = "stored probability", "observed frequency"
MARGIN = 1.1  # of the axis, beyond the highest frequency


@researchers("samples", methods=("POST",))
def of_form(visit: Visit) -> HttpResponse:
    """Try what the designer's form asks for."""
    sent = visit.request.POST
    form, how = sampling.form_of(visit, sent), sampling.rehearsal_form(visit, sent)
    if form.is_valid() and how.is_valid():
        try:
            return _asked(visit, form.frame(), form.drawing(), how)
        except FrameInvalid as refusal:
            how.add_error(None, str(refusal))
    return sampling.designer(visit, form, how, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@researchers("samples", methods=("POST",))
def of_sample(visit: Visit, number: int) -> HttpResponse:
    """Try the design of a sample that was drawn."""
    found = sampling.sample_of(visit, number)
    how = sampling.rehearsal_form(visit, visit.request.POST)
    if how.is_valid():
        try:
            drawing = drawing_from_json(found.parameters)
            return _asked(visit, frame_from_json(found.frame), drawing, how)
        except FrameInvalid as refusal:
            how.add_error(None, str(refusal))
    return sampling.sample_page(visit, found, how=how)


def _asked(visit: Visit, frame: Frame, drawing: Drawing, how: RehearsalForm) -> HttpResponse:
    one = tasks.request_rehearsal(
        visit.study,
        frame,
        drawing,
        **how.terms(visit.study, drawing.marked),
        now=timezone.now(),
        by_id=visit.request.user.pk,
    )
    return redirect("evaluation:rehearsal", visit.study.slug, one.number)


@vary_on_headers("HX-Request")
@researchers("samples")
def page(visit: Visit, number: int) -> HttpResponse:
    """Show what came of a rehearsal, or how far it is."""
    one = rehearsals.rehearsal_of(visit.study, number)
    names = sampling.names_of(visit)
    context = {
        "one": one,
        "waiting": one.state == RehearsalState.WAITING,
        "result": one.result,
        "last_seed": one.first_seed + one.draws - 1,
        "design": [
            str(Design(one.parameters["design"]).label),
            *design_words(one.parameters, names),
        ],
        "frame": frame_words(one.frame, names),
        "parameters": json.dumps(one.parameters, ensure_ascii=False),
        "written_frame": json.dumps(one.frame, ensure_ascii=False),
        "written_quantity": json.dumps(one.quantity, ensure_ascii=False),
        "samples": rehearsals.samples_of(one),
        "again": query_of(one.frame, one.parameters),
    }
    if one.result:
        context |= {
            "figures": [
                {"key": key, "title": title, "svg": svg}
                for key, (title, svg) in _charts(one).items()
            ],
            "strata": one.result["strata"][: sampling.STRATA_SHOWN],
            "more_strata": max(0, len(one.result["strata"]) - sampling.STRATA_SHOWN),
            "numbers": {
                name: decimal(one.result[name], 6)
                for name in ("true_mean", "weighted_mean", "low", "high", "spread", "spread_seen")
            },
        }
    return visit.page(visit.part("rehearsal"), context)


@researchers("samples")
def as_csv(visit: Visit, number: int) -> HttpResponse:
    """Download the strata of a rehearsal."""
    strata = _ready(visit, number)["strata"]
    names = ("label", "population", "size", "probability", "frequency", "lowest", "highest", "low")
    rows = ([one[name] for name in (*names, "high", "holds")] for one in strata)
    return table_file(visit, COLUMNS, rows, f"rehearsal-{number}")


@researchers("samples")
def as_json(visit: Visit, number: int) -> HttpResponse:
    """Download all numbers of a rehearsal, as the command gives them."""
    text = json.dumps(_ready(visit, number), ensure_ascii=False, allow_nan=False)
    kind = "application/json; charset=utf-8"
    parts = f"rehearsal-{number}"
    return as_file(visit, text.encode(), parts, content_type=kind, ending="json")


@researchers("samples")
def chart(visit: Visit, number: int, chart: str, form: str) -> HttpResponse:
    """Download a chart of a rehearsal."""
    _ready(visit, number)
    known = _charts(rehearsals.rehearsal_of(visit.study, number))
    if chart not in known:
        raise ResultUnknown(f"There is no chart {chart!r}. There are {', '.join(known)}.")
    return chart_file(visit, known[chart][1], f"rehearsal-{number}", chart, form=form)


def _ready(visit: Visit, number: int) -> dict[str, Any]:
    one = rehearsals.rehearsal_of(visit.study, number)
    if not one.result:
        raise ResultUnknown(f"Rehearsal {number} has no numbers: {one.failure or 'not ready'}.")
    found: dict[str, Any] = one.result
    return found


def _charts(one: Rehearsal) -> dict[str, tuple[str, SafeString]]:
    """Return the charts of a rehearsal that is ready, by name: title and drawing."""
    result: dict[str, Any] = one.result or {}
    title = f"How often units were drawn in {one.draws:,} draws, beside their probability"
    found = {FREQUENCIES: (title, _frequencies(result["strata"], title))}
    if result["means"]:
        title = f"Weighted means of {one.draws:,} draws, and the true mean"
        found[MEANS] = (title, _means(result, title))
    return found


def _frequencies(strata: Sequence[dict[str, Any]], title: str) -> SafeString:
    points = []
    for one in strata:
        expected = (one["probability"], one["low"], one["high"])
        seen = (one["frequency"], one["lowest"], one["highest"])
        points += [Point(one["label"], STORED, *expected), Point(one["label"], SEEN, *seen)]
    highest = max(max(one["high"], one["highest"]) for one in strata)
    return inline(charts.forest(points, title=title, most=min(1.0, highest * MARGIN)))


def _means(result: dict[str, Any], title: str) -> SafeString:
    columns = [Column(one["start"], one["end"], one["count"]) for one in result["means"]]
    true = Place(result["true_mean"], f"true mean: {decimal(result['true_mean'], 4)}")
    x_title = f"weighted mean: {result['quantity']}"
    drawn = charts.histogram(columns, title=title, x_title=x_title, y_title="draws", at=true)
    return inline(drawn)
