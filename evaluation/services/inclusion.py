"""With which probability an item came to be judged, where one sample or several drew it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annotation.selectors.released import items_of_all, sampled_numbers
from annotation.selectors.studies import StudyFacts
from evaluation.arrays import Ints
from evaluation.frames import Marked, Strata, frame_from_json, strata_by_reply
from evaluation.models import Design, Sample, SampledItem, SampleState
from evaluation.models.sample import stratum_label
from evaluation.services.rate_joins import places
from evaluation.stats.shapes import FloatArray
from evaluation.stats.unions import union_probabilities

ROWS_PER_FETCH = 10_000
CERTAIN = 1.0
# What of a design makes its strata; with the frame, what a seed's numbers are ranked within.
OF_STRATA = ("by", "marked")
FIRST = "An item that several samples drew has the probability of the one opened first."


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The inclusion probability of each item that was not certain to be judged.

    ``sentence`` says of which samples it is; empty where fewer than two were opened.
    """

    chances: dict[int, float] = field(default_factory=dict)
    sentence: str = ""


def inclusion_of(study: StudyFacts) -> Inclusion:
    """Return how probable it was that each item is judged, from the samples that were opened.

    Of several samples it is the probability that at least one draws the item, where that can be
    said; otherwise that of the sample opened first, and the sentence says why.
    """
    numbers = sampled_numbers(study.id)
    known = {one.number: one for one in Sample.objects.filter(study=study.id, number__in=numbers)}
    opened = [known[number] for number in numbers]
    chances, sentence = _first(opened), ""
    if len(opened) > 1:
        why = unsaid_of(opened)
        union = None if why else _union(study, opened)
        if union is None:
            sentence = f"{FIRST} {why or CHANGED}"
        else:
            chances, sentence = union, said_of(opened)
    certain = items_of_all(study.id) if chances else set()
    left = {one: p for one, p in chances.items() if p < CERTAIN and one not in certain}
    return Inclusion(left, sentence)


CHANGED = (
    "That at least one of them draws it cannot be said: the frame of one cannot be read again as it"
    " was when it was drawn."
)


def said_of(samples: Sequence[Sample]) -> str:
    """Say that the probability is that of the samples together."""
    return f"The probability is that at least one of the samples {_listed(samples)} draws the item."


def unsaid_of(samples: Sequence[Sample]) -> str:
    """Say why the probability that at least one of them draws an item cannot be given, or nothing.

    Different seeds draw independently. The same seed in the same strata of the same frame draws
    one in the other. The same seed in other strata does neither, and a frame that asks where seats
    are depends on what was drawn before.
    """
    asks = [one for one in samples if "seats" in one.frame]
    if asks:
        return (
            f"That at least one of the samples {_listed(samples)} draws it cannot be said: the"
            f" frame of sample {asks[0].number} asks where seats are, and so depends on the others."
        )
    draws = {_draw_of(one) for one in samples}
    if len({one.seed for one in samples}) < len(draws):
        return (
            f"That at least one of the samples {_listed(samples)} draws it cannot be said: some"
            " have the same seed with another frame or other strata, so they are neither"
            " independent nor one in the other."
        )
    return ""


def clash(study: StudyFacts, frame: dict[str, Any], design: dict[str, Any], seed: int) -> str:
    """Say which sample has the same seed with another frame or other strata, or nothing."""
    wanted = Sample(frame=frame, parameters=design, seed=seed, design=design["design"])
    for one in Sample.objects.filter(study=study.id, seed=seed).order_by("number"):
        if _ranked_within(one) != _ranked_within(wanted):
            return (
                f"Sample {one.number} has the seed {seed} too, with another frame or other strata."
                " If labels of both are to be used together, choose another seed: only then is the"
                " probability known with which at least one of them draws a reply."
            )
    return ""


def shared_with(sample: Sample) -> list[tuple[int, int]]:
    """Return the other samples that drew some of its items, each with how many."""
    mine = SampledItem.objects.filter(sample=sample.pk).values("item")
    others = SampledItem.objects.filter(
        item__in=mine, sample__study=sample.study_id, sample__state=SampleState.READY
    ).exclude(sample=sample.pk)
    counted: dict[int, int] = {}
    for number in others.values_list("sample__number", flat=True).iterator(ROWS_PER_FETCH):
        counted[number] = counted.get(number, 0) + 1
    return sorted(counted.items())


def _draw_of(sample: Sample) -> tuple[int, str, str]:
    """Return what samples of one draw share: the larger of them holds the smaller one."""
    return sample.seed, sample.frame_sha256, _ranked_within(sample)


def _ranked_within(sample: Sample) -> str:
    """Return in what a seed's numbers are ranked: the frame, its units, and their strata."""
    strata = [sample.parameters.get(name) for name in OF_STRATA]
    if sample.design not in (Design.STRATIFIED, Design.ENRICHED):
        strata = []
    in_queries = sample.design == Design.PANEL
    return repr((sorted(sample.frame.items()), strata, in_queries))


def _listed(samples: Sequence[Sample]) -> str:
    return ", ".join(str(number) for number in sorted(one.number for one in samples))


def _first(opened: Sequence[Sample]) -> dict[int, float]:
    found: dict[int, float] = {}
    for sample in opened:
        rows = sample.items.values_list("item", "probability")
        for item, probability in rows.iterator(chunk_size=ROWS_PER_FETCH):
            found.setdefault(item, probability)
    return found


def _union(study: StudyFacts, opened: Sequence[Sample]) -> dict[int, float] | None:
    """Return the probability of each item to be in at least one, None where a frame changed."""
    drawn = SampledItem.objects.filter(sample__in=[one.pk for one in opened])
    items = dict(drawn.values_list("item__reply_1", "item").order_by("item__reply_1"))
    replies = np.fromiter(items, dtype=np.int64, count=len(items))
    columns = [_chances(study, sample, replies) for sample in opened]
    kept = [column for column in columns if column is not None]
    if len(kept) < len(opened):
        return None
    kinds = [_draw_of(one) for one in opened]
    draws = [kinds.index(kind) for kind in kinds]
    union = union_probabilities(np.stack(kept, axis=1), draws)
    return dict(zip(items.values(), union.tolist(), strict=True))


def _chances(study: StudyFacts, sample: Sample, replies: Ints) -> FloatArray | None:
    """Return with which probability a sample drew each reply; None where its frame changed.

    It did where something that was drawn lies in another stratum now, or a stratum has grown.
    """
    marked = sample.parameters.get("marked")
    strata = Strata()
    if sample.design in (Design.STRATIFIED, Design.ENRICHED):
        by = tuple(sample.parameters.get("by", ()))
        strata = Strata(by, Marked.model_validate(marked) if marked else None)
    frame = frame_from_json(sample.frame)
    known, of, words = strata_by_reply(study, frame, strata, as_of=sample.drawn_at)
    stored = {one.label: one for one in sample.strata.all()}
    now = [stored.get(stratum_label(one)) for one in words]
    sizes = np.bincount(of, minlength=len(words))
    in_queries = sample.design == Design.PANEL
    for stratum, size in zip(now, sizes.tolist(), strict=True):
        if stratum is None or (size > stratum.population and not in_queries):
            return None
    chance = np.array([one.probability if one else 0.0 for one in now])
    at = places(known, replies)
    found = np.where(at >= 0, chance[of[at]] if len(of) else 0.0, 0.0)
    drawn = sample.items.values_list("item__reply_1", "probability")
    for reply, probability in drawn.iterator(chunk_size=ROWS_PER_FETCH):
        place = int(np.searchsorted(replies, reply))
        if at[place] < 0:
            found[place] = probability  # taken out since: what it was drawn with stays
        elif found[place] != probability:
            return None
    return found
