"""What a design would draw from a frame, before it does: nothing here is stored."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind
from evaluation.errors import FrameInvalid
from evaluation.frames import (
    MARKED,
    VERDICT,
    Frame,
    Strata,
    StratumCount,
    Units,
    strata_of,
)
from evaluation.intake.designs import Drawing
from evaluation.models import Design
from evaluation.models.sample import stratum_label
from evaluation.stats.sampling import (
    FEWEST_OF_A_STRATUM,
    allocate,
    at_rates,
    draw_numbers,
    drawn,
    half_width,
    inclusion_probabilities,
    wanted_at_rates,
)
from evaluation.stats.shapes import FloatArray, IntArray

MOST_STRATA = 500


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
    counts replies as if they were independent, which those of one query are not. ``asked`` is how
    many units were asked for, by number or by rates; None of everything.
    """

    strata: tuple[PlannedStratum, ...]
    in_queries: bool
    replies: int
    half_width: float | None
    asked: int | None = None

    @property
    def otherwise(self) -> str:
        """Say why another number is drawn than was asked for; empty where it is that number."""
        if self.asked is None or self.asked == self.size:
            return ""
        if self.size < self.asked:
            return f"{self.asked:,} were asked for: the frame has no more, so all of it is drawn."
        wanted = f"{self.asked:,} {'was' if self.asked == 1 else 'were'} asked for"
        where = "the frame gets" if len(self.strata) == 1 else "each stratum gets"
        return (
            f"{wanted}, {self.size:,} are drawn: {where} {FEWEST_OF_A_STRATUM} where there are as"
            " many, because from one no variance can be estimated, and so no interval."
        )

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
    check_kind(study)
    counts = strata_of(study, frame, drawing.strata)
    sizes = [one.queries if drawing.in_queries else one.replies for one in counts]
    takes = _takes(drawing, [one.words for one in counts], np.array(sizes, dtype=np.int64))
    return _plan(drawing, counts, sizes, takes)


def check_kind(study: StudyFacts) -> None:
    """Refuse a study of pairs, whose pairs are drawn where their seats are opened.

    Raises:
        FrameInvalid: it is one.
    """
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
        asked=_asked(drawing, counts, sizes),
    )


def _asked(drawing: Drawing, counts: list[StratumCount], sizes: list[int]) -> int | None:
    if drawing.design == Design.ENRICHED:
        rates = _rates(drawing, [one.words for one in counts])
        return int(wanted_at_rates(rates, sizes).sum())
    return None if drawing.design == Design.ALL else drawing.size


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
        return at_rates(_rates(drawing, words), sizes)
    return allocate(drawing.size or 0, weights=_weights(drawing, labels, sizes), sizes=sizes)


def _rates(drawing: Drawing, words: list[dict[str, str]]) -> list[float]:
    return [drawing.rate if one[VERDICT] == MARKED else drawing.rate_others for one in words]


def _weights(drawing: Drawing, labels: list[str], sizes: IntArray) -> FloatArray:
    if drawing.design == Design.STRATIFIED and drawing.allocation == "equal":
        return np.ones(len(sizes))
    if drawing.design == Design.STRATIFIED and drawing.allocation == "neyman":
        shares = np.array([drawing.shares.get(label, 0.5) for label in labels])
        weights = sizes * np.sqrt(shares * (1 - shares))
        if weights.any():
            return np.asarray(weights, dtype=np.float64)
    return sizes.astype(np.float64)


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


def plan_as_json(found: Plan) -> dict[str, Any]:
    """Return a plan as the command gives it."""
    return {
        "population": found.population,
        "size": found.size,
        "replies": found.replies,
        "half_width": found.half_width,
        "otherwise": found.otherwise,
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


def n_replies(study: StudyFacts, frame: Frame) -> int:
    """Count the replies of a frame.

    Raises:
        FrameInvalid: a judge or question that the study has not.
    """
    return strata_of(study, frame, Strata())[0].replies
