"""Rehearsals: a design is drawn many times, and what comes of it is kept beside its samples."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from annotation.numbering import numbered
from annotation.selectors.studies import StudyFacts
from annotation.tally import Progress, no_progress
from evaluation.errors import FrameInvalid, RehearsalUnknown
from evaluation.frames import Frame, Marked, frame_from_json, units_of
from evaluation.intake import quantities
from evaluation.intake.designs import Drawing, drawing_from_json
from evaluation.intake.plans import check_kind, chosen_of, plan
from evaluation.models import Rehearsal, RehearsalState, Sample
from evaluation.models.sample import names_sha256, stratum_label
from evaluation.stats import rehearsal

USUAL_DRAWS = rehearsal.DRAWS
MOST_DRAWS = 100_000
# Units times draws: what a page waits for (about a second), and what a worker does (six minutes).
AT_ONCE = 1_000_000
MOST = 500_000_000
BARS = 24
TOLD = 50  # how often a worker says how far it is


def request(
    study: StudyFacts,
    frame: Frame,
    drawing: Drawing,
    *,
    quantity: Marked | None,
    draws: int = USUAL_DRAWS,
    first_seed: int = 1,
    now: datetime,
    by_id: int | None = None,
) -> Rehearsal:
    """Put down that a design is to be rehearsed; :func:`write` does it.

    Raises:
        FrameInvalid: nothing can be drawn in this way, or too much and too often.
    """
    units = plan(study, frame, drawing).population
    quantities.in_words(study, quantity)
    _check(units, draws, first_seed)
    return numbered(
        Rehearsal,
        study_id=study.id,
        frame=frame.as_json(),
        parameters=drawing.as_json(),
        quantity=quantities.as_json(quantity),
        draws=draws,
        first_seed=first_seed,
        units=units,
        asked_by_id=by_id,
        asked_at=now,
    )


def _check(units: int, draws: int, first_seed: int) -> None:
    if not 2 <= draws <= MOST_DRAWS:
        raise FrameInvalid(f"A rehearsal has 2 to {MOST_DRAWS:,} draws.")
    if not -(2**63) <= first_seed < 2**63 - draws:
        raise FrameInvalid("The first seed is a whole number of at most eighteen digits.")
    if units * draws > MOST:
        raise FrameInvalid(
            f"{draws:,} draws from {units:,} units take too long: at most"
            f" {max(MOST // max(units, 1), 2):,} draws here."
        )


def is_large(one: Rehearsal) -> bool:
    """Say whether it takes too long for a page to wait."""
    return one.units * one.draws > AT_ONCE


def write(study: StudyFacts, number: int, *, clock: Callable[[], datetime]) -> Rehearsal:
    """Do a rehearsal that was asked for; once it has ended nothing happens.

    A worker that takes up one which another left begins again: the same seeds give the same.
    """
    one = rehearsal_of(study, number)
    if one.state != RehearsalState.WAITING:
        return one
    waiting = Rehearsal.objects.filter(pk=one.pk, state=RehearsalState.WAITING)
    every = max(one.draws // TOLD, 1)

    def tell(done: int) -> None:
        if done % every == 0:
            waiting.update(done=done)

    try:
        result = rehearsed(
            study,
            frame_from_json(one.frame),
            drawing_from_json(one.parameters),
            quantity=quantities.quantity_from_json(one.quantity),
            draws=one.draws,
            first_seed=one.first_seed,
            progress=tell if is_large(one) else no_progress,
        )
    except FrameInvalid as refusal:
        waiting.update(state=RehearsalState.FAILED, failure=str(refusal), done_at=clock())
    else:
        ready = RehearsalState.READY
        waiting.update(state=ready, result=result, done=one.draws, done_at=clock())
    one.refresh_from_db()
    return one


def rehearsed(
    study: StudyFacts,
    frame: Frame,
    drawing: Drawing,
    *,
    quantity: Marked | None,
    draws: int = USUAL_DRAWS,
    first_seed: int = 1,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Draw a design many times from its frame as it is now, and say what came of it.

    The one shape that page, command and API share. Nothing is stored.

    Raises:
        FrameInvalid: see :func:`request`, and a judge, question or answer that is not there.
    """
    check_kind(study)
    units = units_of(study, frame, drawing.strata)
    names = sorted(set(units.queries)) if drawing.in_queries else units.names
    _check(len(names), draws, first_seed)
    sizes, takes, _ = chosen_of(drawing, units, seed=first_seed)
    values = quantities.values_of(study, frame, units, quantity)
    of = units.stratum
    if drawing.in_queries:
        of = np.zeros(len(names), dtype=np.int64)
        values = quantities.by_query(values, units.queries, names)
    found = rehearsal.rehearse(
        names, of, takes, values, draws=draws, first_seed=first_seed, progress=progress
    )
    about: dict[str, Any] = {
        "draws": draws,
        "first_seed": first_seed,
        "in_queries": drawing.in_queries,
        "units": int(sizes.sum()),
        "drawn_each_time": int(takes.sum()),
        "frame_sha256": names_sha256(units.names),
        "quantity": quantities.in_words(study, quantity),
    }
    labels = [stratum_label(one) for one in units.words]
    return told(found, labels, about)


def told(found: rehearsal.Rehearsal, labels: list[str], about: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a rehearsal; ``about`` says of what it was."""
    counts, edges = np.zeros(0), np.zeros(1)
    if found.varies:
        counts, edges = np.histogram(found.means, bins=BARS)
    return about | {
        "holds": found.probabilities_hold and found.unbiased,
        "probabilities_hold": found.probabilities_hold,
        "unbiased": found.unbiased,
        "true_mean": found.true_mean,
        "weighted_mean": found.mean,
        "its_standard_error": found.standard_error,
        "low": found.low,
        "high": found.high,
        "spread": found.spread,
        "spread_seen": found.spread_seen,
        "strata": [
            {
                "label": label,
                "population": one.units,
                "size": one.taken,
                "probability": one.probability,
                "frequency": one.frequency,
                "lowest": one.lowest,
                "highest": one.highest,
                "low": one.low,
                "high": one.high,
                "holds": one.holds,
            }
            for label, one in zip(labels, found.strata, strict=True)
        ],
        "means": [
            {"start": float(start), "end": float(end), "count": int(count)}
            for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ],
        "sentence": _sentence(found, about),
    }


def _sentence(found: rehearsal.Rehearsal, about: dict[str, Any]) -> str:
    units = f"{about['units']:,} {'queries' if about['in_queries'] else 'replies'}"
    draws, off = f"{about['draws']:,} draws", [one for one in found.strata if not one.holds]
    beside = f"{found.mean:.4f} on average, {found.true_mean:.4f} in the whole frame"
    if not off and found.unbiased:
        return (
            f"It holds. Over {draws} each of the {units} was drawn as often as its probability"
            f" says, and the weighted mean is unbiased ({beside}): what differs is chance."
        )
    wrong = []
    if off:
        wrong.append(f"in {len(off):,} of {len(found.strata):,} strata units were drawn too often")
        wrong[-1] += " or too rarely"
    if not found.unbiased:
        wrong.append(f"the weighted mean is off ({beside})")
    return (
        f"It does not hold. Over {draws} {' and '.join(wrong)}. By chance that happens once in 500"
        " rehearsals of a design that is right: try it with another first seed, and if that fails"
        " too, do not draw it."
    )


def rehearsal_of(study: StudyFacts, number: int) -> Rehearsal:
    """Return a rehearsal of the study.

    Raises:
        RehearsalUnknown: there is none such.
    """
    found = Rehearsal.objects.filter(study=study.id, number=number).first()
    if found is None:
        raise RehearsalUnknown(f"The study has no rehearsal {number}.")
    return found


def rehearsals_of(study: StudyFacts) -> list[Rehearsal]:
    """Return the study's rehearsals, the latest first."""
    return list(Rehearsal.objects.filter(study=study.id).order_by("-number"))


def of_design(sample: Sample) -> list[Rehearsal]:
    """Return the rehearsals of a sample's own frame and design, the latest first."""
    found = Rehearsal.objects.filter(
        study=sample.study_id, frame=sample.frame, parameters=sample.parameters
    )
    return list(found.order_by("-number"))


def samples_of(one: Rehearsal) -> list[int]:
    """Return the numbers of the samples that were drawn by a rehearsal's frame and design."""
    found = Sample.objects.filter(study=one.study_id, frame=one.frame, parameters=one.parameters)
    return list(found.order_by("number").values_list("number", flat=True))


def listed_as_json(one: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal without its numbers, as the API lists it."""
    return {
        "number": one.number,
        "state": one.state,
        "failure": one.failure,
        "frame": one.frame,
        "parameters": one.parameters,
        "quantity": one.quantity,
        "draws": one.draws,
        "first_seed": one.first_seed,
        "units": one.units,
        "done": one.done,
        "samples": samples_of(one),
        "asked_at": one.asked_at,
        "done_at": one.done_at,
    }
