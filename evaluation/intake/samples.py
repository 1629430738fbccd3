"""Samples: asking for one, drawing it, and opening seats at what it drew.

What was drawn is stored for ever with design, seed, stratum and inclusion probability, because no
estimate can be honest that does not know how its items were chosen.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog
from django.db import transaction

from annotation import bulk
from annotation.models import SeatOpening, Study
from annotation.numbering import numbered
from annotation.selectors.studies import StudyFacts
from annotation.services import openings
from annotation.services.lanes import Routing
from annotation.tasks import prepare_texts
from annotation.vocabulary import Wave
from evaluation.errors import FrameInvalid, SampleUnknown
from evaluation.frames import Frame, frame_from_json, units_of
from evaluation.intake.designs import Drawing, drawing_from_json
from evaluation.intake.plans import check_kind, chosen_of, plan
from evaluation.models import Design, Sample, SampledItem, SampleState, Stratum
from evaluation.models.sample import names_sha256
from evaluation.stats.sampling import inclusion_probabilities

log = structlog.get_logger("touchstone.samples")
ITEMS_AT_ONCE = 2_000
MOST_RATERS = openings.MOST_RATERS
SAMPLE = "sample"  # the design of an opening that took a sample's items


def request(
    study: StudyFacts,
    frame: Frame,
    drawing: Drawing,
    *,
    seed: int,
    now: datetime,
    by_id: int | None = None,
    reason: str = "",
) -> Sample:
    """Put down that a sample is wanted; :func:`draw` draws it.

    Raises:
        FrameInvalid: see :func:`plan`, or a seed that cannot be stored.
    """
    if not -(2**63) <= seed < 2**63:
        raise FrameInvalid("The seed is a whole number of at most eighteen digits.")
    plan(study, frame, drawing)
    return numbered(
        Sample,
        study_id=study.id,
        frame=frame.as_json(),
        design=drawing.design,
        parameters=drawing.as_json(),
        seed=seed,
        drawn_by_id=by_id,
        drawn_at=now,
        reason=reason,
    )


def draw(study: StudyFacts, sample_id: int) -> Sample:
    """Draw a sample that was asked for, all of it or nothing; drawing it twice changes nothing.

    Raises:
        FrameInvalid: nothing can be drawn (any more); the sample says so as well.
    """
    try:
        with transaction.atomic():
            sample = Sample.objects.select_for_update().get(pk=sample_id, study=study.id)
            if sample.state != SampleState.DRAWING:
                return sample
            return _draw(study, sample)
    except FrameInvalid as refusal:
        waiting = Sample.objects.filter(pk=sample_id, state=SampleState.DRAWING)
        waiting.update(state=SampleState.FAILED, failure=str(refusal))
        raise


def _draw(study: StudyFacts, sample: Sample) -> Sample:
    check_kind(study)
    drawing = drawing_from_json(sample.parameters)
    units = units_of(study, frame_from_json(sample.frame), drawing.strata)
    sizes, takes, chosen = chosen_of(drawing, units, seed=sample.seed)
    probabilities = inclusion_probabilities(takes, sizes)
    strata = [
        Stratum(
            sample=sample,
            position=position,
            words=words,
            population=int(size),
            size=int(take),
            probability=float(probability),
        )
        for position, (words, size, take, probability) in enumerate(
            zip(units.words, sizes, takes, probabilities, strict=True)
        )
    ]
    stored = Stratum.objects.bulk_create(strata)
    replies = units.reply[chosen].tolist()
    items = openings.items_of(Study.objects.get(pk=study.id), replies)
    of = units.stratum[chosen].tolist()
    rows = [
        SampledItem(
            sample=sample,
            item_id=items[reply],
            stratum=stored[at],
            probability=stored[at].probability,
        )
        for reply, at in zip(replies, of, strict=True)
    ]
    for first in range(0, len(rows), ITEMS_AT_ONCE):
        bulk.insert(rows[first : first + ITEMS_AT_ONCE])
    sample.population, sample.size, sample.replies = int(sizes.sum()), int(takes.sum()), len(rows)
    sample.frame_sha256 = names_sha256(units.names)
    sample.state = SampleState.READY
    sample.save(update_fields=["population", "size", "replies", "frame_sha256", "state"])
    log.info("sample_drawn", study=study.slug, sample=sample.number, replies=len(rows))
    return sample


def open_seats(
    study: StudyFacts,
    number: int,
    *,
    wave: Wave,
    raters_per_item: int,
    now: datetime,
    by_id: int | None = None,
    cohort: str = "",
    priority: int = 0,
    by_language: bool = False,
    quotas: Mapping[str, int] | None = None,
) -> SeatOpening:
    """Give what a sample drew its seats; doing it twice adds nothing.

    A panel is crossed: every one of its raters judges everything. ``quotas`` says by stratum how
    many judgments it is to get at most.

    Raises:
        SampleUnknown: the study has no such sample.
        FrameInvalid: it is not drawn, or a stratum is not there.
        SeatsRefused: less than one rater an item, or a routing that cannot be.
    """
    sample = Sample.objects.filter(study=study.id, number=number).first()
    if sample is None:
        raise SampleUnknown(f"The study has no sample {number}.")
    if sample.state != SampleState.READY:
        raise FrameInvalid(f"Sample {number} is not drawn, so no seats can be opened at it.")
    strata = {stratum.pk: stratum.label for stratum in sample.strata.all()}
    limits = dict(quotas or {})
    unknown = limits.keys() - set(strata.values())
    if unknown:
        raise FrameInvalid(f"The sample has no stratum {', '.join(sorted(unknown))}.")
    of = dict(sample.items.values_list("item", "stratum"))
    named = {label: f"sample {number}: {label}"[:200] for label in strata.values()}
    opening = openings.open_wave(
        study=Study.objects.get(pk=study.id),
        wave=wave,
        items=of,
        raters_per_item=raters_per_item,
        seed=sample.seed,
        now=now,
        by_id=by_id,
        design=SAMPLE,
        reason=sample.reason,
        rule={"sample": number},
        routing=Routing(
            cohort=cohort,
            priority=priority,
            crossed=sample.design == Design.PANEL,
            by_language=by_language,
            quotas={named[label]: quota for label, quota in limits.items()},
        ),
        strata={item: named[strata[stratum]] for item, stratum in of.items()},
    )
    prepare_texts.enqueue(study.id)
    return opening


def openings_of(study: StudyFacts, number: int) -> list[SeatOpening]:
    """Return the openings of seats at a sample, the latest first."""
    found = SeatOpening.objects.filter(study=study.id, design=SAMPLE).order_by("-pk")
    return [one for one in found.select_related("opened_by") if one.rule == {"sample": number}]


def drawn_of(sample: Sample) -> Iterator[tuple[str, str, float]]:
    """Yield what a sample drew, in the order of names: reply, stratum, inclusion probability."""
    labels = {stratum.pk: stratum.label for stratum in sample.strata.all()}
    rows = sample.items.order_by("item__reply_1__external_id").values_list(
        "item__reply_1__external_id", "stratum", "probability"
    )
    for reply, stratum, probability in rows.iterator(chunk_size=ITEMS_AT_ONCE):
        yield reply, labels[stratum], probability
