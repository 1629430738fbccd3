"""The sampling designer: planning a sample, drawing it, and opening seats at what it drew.

What was drawn is stored for ever with design, seed, stratum and inclusion probability, because no
estimate can be honest that does not know how its items were chosen.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import structlog
from django.db import IntegrityError, transaction
from django.db.models import Max
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotation import bulk
from annotation.models import SeatOpening, Study
from annotation.selectors.studies import StudyFacts
from annotation.services import openings
from annotation.services.lanes import Routing
from annotation.tasks import prepare_texts
from annotation.vocabulary import ItemKind, Wave
from evaluation.errors import FrameInvalid, SampleUnknown
from evaluation.frames import (
    MARKED,
    VERDICT,
    Frame,
    Marked,
    Strata,
    StratumCount,
    Units,
    frame_from_json,
    replies_in,
    strata_of,
    units_of,
)
from evaluation.models import Design, Sample, SampledItem, SampleState, Stratum
from evaluation.models.sample import stratum_label
from evaluation.stats.sampling import (
    allocate,
    at_rates,
    draw_numbers,
    drawn,
    half_width,
    inclusion_probabilities,
    simulate,
)
from evaluation.stats.shapes import FloatArray, IntArray

log = structlog.get_logger("touchstone.samples")
ITEMS_AT_ONCE = 2_000
MOST_STRATA = 500
MOST_SIMULATED = 50_000_000
MOST_RATERS = openings.MOST_RATERS
SAMPLE = "sample"  # the design of an opening that took a sample's items
Share = Annotated[float, Field(ge=0, le=1)]


class Drawing(BaseModel):
    """How a sample is drawn: the design and what it needs.

    Attributes:
        design: which.
        size: units to draw, replies or in a panel queries; of ``enriched`` and ``all`` it follows.
        by: properties of replies that make strata.
        allocation: how a stratified sample shares its size out.
        shares: by stratum, the share expected, for Neyman's allocation and the expected width.
        marked: what a judge said, where it makes strata; needed for ``enriched``.
        rate, rate_others: with ``enriched``, which share of what the judge marked is drawn, and of
            everything else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    design: Design
    size: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    by: tuple[str, ...] = ()
    allocation: Literal["proportional", "equal", "neyman"] = "proportional"
    shares: dict[str, Share] = Field(default_factory=dict)
    marked: Marked | None = None
    rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    rate_others: Annotated[float, Field(gt=0, le=1)] = 0.1

    @property
    def strata(self) -> Strata:
        """Return what its strata are told apart by."""
        if self.design in (Design.SIMPLE, Design.PANEL, Design.ALL):
            return Strata()
        return Strata(self.by, self.marked)

    @property
    def in_queries(self) -> bool:
        """Say whether whole queries are drawn, with all of their replies in the frame."""
        return self.design == Design.PANEL


def drawing_from_json(given: Any) -> Drawing:
    """Return a design as it was written down.

    Raises:
        FrameInvalid: names every field that is wrong or missing.
    """
    try:
        found = Drawing.model_validate(given)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'])) or 'the design'}: {one['msg']}"
            for one in error.errors()
        ]
        sentence = "The design cannot be used. " + "; ".join(wrong)
        raise FrameInvalid(sentence, errors=wrong) from error
    if found.size is None and found.design not in (Design.ENRICHED, Design.ALL):
        raise FrameInvalid("Say how many are to be drawn.")
    if found.design == Design.ENRICHED and found.marked is None:
        raise FrameInvalid("Say which answers of which judge are to be drawn more often.")
    if found.design == Design.STRATIFIED and not found.by and found.marked is None:
        raise FrameInvalid("Say by what the strata are told apart.")
    return found


@dataclass(frozen=True, slots=True)
class PlannedStratum:
    """One stratum of a plan: how many units it has and how many are drawn."""

    label: str
    words: dict[str, str]
    population: int
    size: int
    probability: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a design would draw, before it does.

    ``half_width`` is half the width of the 95 % interval of a share that the sample's labels alone
    will give, whatever the share, or at those given; None where it cannot be said. Of a panel it
    counts replies as if they were independent, which those of one query are not.
    """

    strata: tuple[PlannedStratum, ...]
    in_queries: bool
    replies: int
    half_width: float | None

    @property
    def population(self) -> int:
        """Return how many units there are."""
        return sum(one.population for one in self.strata)

    @property
    def size(self) -> int:
        """Return how many units are drawn."""
        return sum(one.size for one in self.strata)


def plan(study: StudyFacts, frame: Frame, drawing: Drawing) -> Plan:
    """Return what would be drawn; nothing is stored.

    Raises:
        FrameInvalid: the frame is empty, or has no such judge, question or property.
    """
    _check_kind(study)
    counts = strata_of(study, frame, drawing.strata)
    sizes = [one.queries if drawing.in_queries else one.replies for one in counts]
    takes = _takes(drawing, [one.words for one in counts], np.array(sizes, dtype=np.int64))
    return _plan(drawing, counts, sizes, takes)


def _check_kind(study: StudyFacts) -> None:
    if study.rubric.kind == ItemKind.PAIR:
        raise FrameInvalid(
            "This study asks about two replies side by side: which pairs are judged is drawn on"
            " the page Seats."
        )


def _plan(drawing: Drawing, counts: list[StratumCount], sizes: list[int], takes: IntArray) -> Plan:
    probabilities = inclusion_probabilities(takes, sizes)
    shares = [drawing.shares.get(one.label, 0.5) for one in counts]
    replies = sum(one.replies for one in counts)
    if drawing.in_queries:
        replies = round(replies * int(takes.sum()) / max(sum(sizes), 1))
    return Plan(
        tuple(
            PlannedStratum(one.label, one.words, size, int(take), float(probability))
            for one, size, take, probability in zip(
                counts, sizes, takes, probabilities, strict=True
            )
        ),
        in_queries=drawing.in_queries,
        replies=replies if drawing.in_queries else int(takes.sum()),
        half_width=_width(drawing, counts, takes, sizes, shares, replies),
    )


def _width(
    drawing: Drawing,
    counts: list[StratumCount],
    takes: IntArray,
    sizes: list[int],
    shares: list[float],
    replies: int,
) -> float | None:
    if drawing.in_queries:
        return half_width([replies], [sum(one.replies for one in counts)])
    return half_width(takes, sizes, shares=shares)


def _takes(drawing: Drawing, words: list[dict[str, str]], sizes: IntArray) -> IntArray:
    """Return how many units of each stratum are drawn.

    Raises:
        FrameInvalid: nothing to draw from, or too many strata.
    """
    if not sizes.sum():
        raise FrameInvalid("No reply is in this frame: leave out a filter, or upload replies.")
    if len(sizes) > MOST_STRATA:
        raise FrameInvalid(
            f"That would make {len(sizes):,} strata; at most {MOST_STRATA} can be drawn from. Tell"
            " strata apart by fewer properties."
        )
    labels = [stratum_label(one) for one in words]
    unknown = set(drawing.shares) - set(labels)
    if unknown:
        raise FrameInvalid(
            f"No stratum is called {', '.join(sorted(unknown))}. There are {'; '.join(labels)}."
        )
    if drawing.design == Design.ALL:
        return sizes
    if drawing.design == Design.ENRICHED:
        rates = [drawing.rate if one[VERDICT] == MARKED else drawing.rate_others for one in words]
        return at_rates(rates, sizes)
    return allocate(drawing.size or 0, weights=_weights(drawing, labels, sizes), sizes=sizes)


def _weights(drawing: Drawing, labels: list[str], sizes: IntArray) -> FloatArray:
    if drawing.design == Design.STRATIFIED and drawing.allocation == "equal":
        return np.ones(len(sizes))
    if drawing.design == Design.STRATIFIED and drawing.allocation == "neyman":
        shares = np.array([drawing.shares.get(label, 0.5) for label in labels])
        weights = sizes * np.sqrt(shares * (1 - shares))
        if weights.any():
            return np.asarray(weights, dtype=np.float64)
    return sizes.astype(np.float64)


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
    while True:
        highest = Sample.objects.filter(study=study.id).aggregate(n=Max("number"))["n"] or 0
        try:
            with transaction.atomic():
                return Sample.objects.create(
                    study_id=study.id,
                    number=highest + 1,
                    frame=frame.as_json(),
                    design=drawing.design,
                    parameters=drawing.model_dump(mode="json", exclude_defaults=True),
                    seed=seed,
                    drawn_by_id=by_id,
                    drawn_at=now,
                    reason=reason,
                )
        except IntegrityError:
            continue  # another sample took the number a moment ago


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
    _check_kind(study)
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
    sample.frame_sha256 = _sha256(units.names)
    sample.state = SampleState.READY
    sample.save(update_fields=["population", "size", "replies", "frame_sha256", "state"])
    log.info("sample_drawn", study=study.slug, sample=sample.number, replies=len(rows))
    return sample


def chosen_of(drawing: Drawing, units: Units, *, seed: int) -> tuple[IntArray, IntArray, Any]:
    """Return the sizes of the strata, how many are drawn of each, and which units are drawn.

    Raises:
        FrameInvalid: nothing to draw from.
    """
    if not drawing.in_queries:
        sizes = np.bincount(units.stratum, minlength=len(units.words))
        takes = _takes(drawing, units.words, sizes)
        numbers = draw_numbers(units.names, seed=seed)
        return sizes, takes, drawn(numbers, units.stratum, takes)
    queries, of = np.unique(np.array(units.queries, dtype=object), return_inverse=True)
    sizes = np.array([len(queries)])
    takes = _takes(drawing, units.words, sizes)
    whole = drawn(draw_numbers(queries, seed=seed), np.zeros(len(queries), dtype=np.int64), takes)
    return sizes, takes, whole[of]


def _sha256(names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n".encode())
    return digest.hexdigest()


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


def plan_as_json(found: Plan) -> dict[str, Any]:
    """Return a plan as the command gives it."""
    return {
        "population": found.population,
        "size": found.size,
        "replies": found.replies,
        "half_width": found.half_width,
        "strata": [
            {
                "label": one.label,
                "population": one.population,
                "size": one.size,
                "probability": one.probability,
            }
            for one in found.strata
        ],
    }


def simulated(study: StudyFacts, frame: Frame, drawing: Drawing, *, draws: int) -> dict[str, Any]:
    """Draw a design many times from this frame, and say how its probabilities held.

    The mean is of a quantity made up from the units' places in the order of names: any would do.

    Raises:
        FrameInvalid: see :func:`plan`; more units and draws than one may wait for.
    """
    _check_kind(study)
    units = units_of(study, frame, drawing.strata)
    names = sorted(set(units.queries)) if drawing.in_queries else units.names
    if draws < 2 or draws * len(names) > MOST_SIMULATED:
        raise FrameInvalid(
            f"{draws:,} draws from {len(names):,} units: take at least 2 draws, and at most"
            f" {max(MOST_SIMULATED // max(len(names), 1), 2):,} here."
        )
    sizes, takes, _ = chosen_of(drawing, units, seed=0)
    stratum = np.zeros(len(names), dtype=np.int64) if drawing.in_queries else units.stratum
    values = np.arange(len(names), dtype=np.float64) % 7
    found = simulate(names, stratum, takes, values, draws=draws)
    return {
        "draws": found.draws,
        "units": int(sizes.sum()),
        "drawn_each_time": int(takes.sum()),
        "largest_z_of_a_frequency": found.largest_z,
        "weighted_mean": found.mean,
        "its_standard_error": found.standard_error,
        "true_mean": found.true_mean,
    }


def n_replies(study: StudyFacts, frame: Frame) -> int:
    """Count the replies of a frame.

    Raises:
        FrameInvalid: a judge or question that the study has not.
    """
    return int(replies_in(study, frame).count())


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
