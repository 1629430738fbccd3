"""How many labels more, and where, for a rate's interval to be as narrow as wanted."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from evaluation.services.rate_methods import Chances, Found, Method
from evaluation.services.rate_parts import Part
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import FEW_POSITIVES, normal_quantile
from evaluation.stats.label_planning import labels_for_half_width
from evaluation.stats.misclassification import (
    CalibrationLabels,
    effective_size,
    label_allocation,
    rogan_gladen,
)
from evaluation.stats.shapes import FloatArray, IntArray

# More labels than this many times those there are: what can be reached at the very most.
WITHOUT_END = 1e9
STEPS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where labels are to be: a stratum, or what the judge said."""

    label: str
    labels: int
    more: int


@dataclass(frozen=True, slots=True)
class RatePlan:
    """What it takes to know a rate as well as wanted.

    Attributes:
        half_width: half the interval's width that is wanted.
        now: what it is; None where there is no interval.
        labels: people's labels that count now.
        more: how many are to be added; None where no number of labels is enough.
        places: where.
        sentence: all that for people.
    """

    half_width: float
    now: float | None
    labels: int
    more: int | None
    places: tuple[Place, ...]
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            "half_width": self.half_width,
            "half_width_now": self.now,
            "labels": self.labels,
            "more": self.more,
            "where": [
                {"label": one.label, "labels": one.labels, "more": one.more} for one in self.places
            ],
            "sentence": self.sentence,
        }


def planned(
    part: Part,
    found: Found,
    chances: Chances,
    *,
    half_width: float,
    strata: tuple[str, ...] = (),
    calibration: Part | None = None,
) -> RatePlan:
    """Plan the labels of one slice.

    Args:
        part: its units.
        found: its rates now.
        chances: what is known of how its labels were chosen.
        half_width: half the width that the interval of the corrected rate is to have, above 0.
        strata: names of the strata by number.
        calibration: the units whose labels give the judge's errors, where those are pooled.
    """
    now = _half(found.corrected)
    n = int((part.label >= 0).sum())
    if now is not None and now <= half_width:
        sentence = f"It is as narrow already: ±{now:.3f} from {n:,} labels."
        return RatePlan(half_width, now, n, 0, (), sentence)
    if calibration is not None:
        return _by_verdict(calibration, part, found, half_width)
    if chances == Chances.BY_VERDICT and found.corrected.value is None:
        sentence = "No plan: first the judge's errors must be known, and clearly not by chance."
        return RatePlan(half_width, now, n, None, (), sentence)
    if chances in (Chances.BY_STRATUM, Chances.BY_VERDICT) and np.unique(part.stratum).size > 1:
        return _by_stratum(part, found, half_width, strata)
    return _at_random(part, found, chances, half_width)


def _at_random(part: Part, found: Found, chances: Chances, half_width: float) -> RatePlan:
    """Of labels alone as many as Cochran's formula says; verdicts on the others save a part."""
    known, others = part.labelled, part.unlabelled
    n, total = known.label.size, known.label.size + others.label.size
    alone = labels_for_half_width(
        half_width, share=_expected(found.human), design_effect=_design_effect(part, found)
    )
    explained = _explained(known) if found.method == Method.PPI else 0.0
    left = 1 - explained * alone / max(total, 1)
    needed = ceil(alone * (1 - explained) / left) if left > 0 else total + 1
    saved = f" Labels alone would have to be {alone:,}." if explained and needed <= total else ""
    now = _half(found.corrected)
    if needed > total:
        sentence = (
            f"Not even labels on all {total:,} replies give ±{half_width:.3f}: about {alone:,}"
            " labels are needed, so more replies are."
        )
        return RatePlan(half_width, now, n, None, (), sentence)
    have = 0 if chances == Chances.UNKNOWN else n
    more = max(needed - have, 0)
    how = (
        "Draw a simple random sample: those labelled now were not drawn by a design that is stored."
        if chances == Chances.UNKNOWN
        else "At random: the same frame and seed with the larger size hold what is there and more."
    )
    sentence = f"{more:,} labels more, {have + more:,} in all.{saved} {how}"
    places = (Place("at random", have, more),)
    return RatePlan(half_width, now, n, more, places, sentence)


def _by_stratum(part: Part, found: Found, half_width: float, strata: tuple[str, ...]) -> RatePlan:
    """Neyman's allocation by what the judge leaves unexplained in each stratum.

    A slice's own errors of an enriched sample too: with strata by verdict the corrected rate is the
    labels' stratified mean.
    """
    present = np.unique(part.stratum)
    parts = [part.only(part.stratum == at) for at in present]
    sizes = np.array([int((one.label >= -1).sum()) for one in parts])
    have = [one.labelled.label.size for one in parts]
    spread = np.array([_spread(one) for one in parts])
    total, design = max(int(sizes.sum()), 1), _design_effect(part, found)
    wanted = (half_width / normal_quantile(0.975)) ** 2 / design
    if found.method == Method.ROGAN_GLADEN:
        # Its interval is of more replies than these: that stays, however many are labelled.
        wanted -= _between(parts, sizes) / total
    wishes = _neyman(sizes, spread, np.array(have), wanted)
    now, n = _half(found.corrected), int(sum(have))
    if wishes is None:
        sentence = (
            f"Not even labels on all {total:,} replies give ±{half_width:.3f}: more replies with"
            " verdicts are needed."
        )
        return RatePlan(half_width, now, n, None, (), sentence)
    places = tuple(
        Place(strata[int(at)] if strata else str(at), there, max(int(wish) - there, 0))
        for at, there, wish in zip(present, have, wishes, strict=True)
    )
    more = sum(one.more for one in places)
    sentence = (
        f"{more:,} labels more, shared out by Neyman's allocation: where people and judge are less"
        " at one, more."
    )
    return RatePlan(half_width, now, n, more, places, sentence)


def _by_verdict(calibration: Part, part: Part, found: Found, half_width: float) -> RatePlan:
    """Scale the labels until Lee et al.'s interval is narrow enough, then allocate as they do."""
    now, errors = _half(found.corrected), found.errors
    known = calibration.labelled
    n = known.label.size
    said = float(part.says.mean()) if part.says.size else 0.0
    if errors is None or not 0 < said < 1 or found.corrected.value is None:
        sentence = "No plan: first the judge's errors must be known, and clearly not by chance."
        return RatePlan(half_width, now, n, None, (), sentence)
    size = max(effective_size(found.naive) or 1.0, 1.0)

    def half(times: float) -> float:
        return _half(rogan_gladen(said, size, _times(errors, times))) or 0.0

    least = half(WITHOUT_END)
    if least > half_width:
        sentence = (
            f"No number of labels gives ±{half_width:.3f}: the {part.says.size:,} verdicts alone"
            f" leave ±{least:.3f}, so more replies with verdicts are needed."
        )
        return RatePlan(half_width, now, n, None, (), sentence)
    low, high = 0.0, float(np.log(WITHOUT_END))
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if half(float(np.exp(middle))) <= half_width else (middle, high)
    more = max(ceil(n * (float(np.exp(high)) - 1)), 1)
    left = [int((calibration.unlabelled.says == kind).sum()) for kind in (False, True)]
    if more > sum(left):
        sentence = (
            f"About {more:,} labels more, but only {sum(left):,} replies with a verdict are not"
            " labelled: it takes more replies with verdicts."
        )
        return RatePlan(half_width, now, n, None, (), sentence)
    negatives, positives = label_allocation(more, positive_share=said, pilot=errors)
    positives = max(min(positives, left[1]), more - left[0])
    places = (
        Place("judge chose the answer", int(known.says.sum()), positives),
        Place("judge chose another", int((~known.says).sum()), more - positives),
    )
    sentence = f"About {more:,} labels more, shared out as Lee et al. 2025 do (section 4)"
    sentence += "." if negatives == more - positives else ", as far as there are replies left."
    return RatePlan(half_width, now, n, more, places, sentence)


def _times(errors: CalibrationLabels, times: float) -> CalibrationLabels:
    return CalibrationLabels(
        errors.specificity,
        errors.sensitivity,
        errors.negatives * times,
        errors.positives * times,
    )


def _half(found: Estimate) -> float | None:
    if found.low is None or found.high is None:
        return None
    return (found.high - found.low) / 2


def _expected(human: Estimate) -> float:
    """Return the share to plan for: of what the interval allows the nearest to one half."""
    low = 0.0 if human.low is None else human.low
    high = 1.0 if human.high is None else human.high
    rarer = min(human.value or 0.0, 1 - (human.value or 0.0)) * human.items
    if human.value is not None and rarer >= FEW_POSITIVES:
        return human.value
    return min(max(0.5, low), high)


def _explained(known: Part) -> float:
    """Return the squared correlation of labels and verdicts, 0 where one of them is constant."""
    if known.label.size < 2 or not known.says.std() or not known.label.std():
        return 0.0
    return float(np.corrcoef(known.label, known.says)[0, 1] ** 2)


def _spread(stratum: Part) -> float:
    """Return the standard deviation that the judge leaves, with one more label of each kind."""
    known = stratum.labelled
    share = (int(known.label.sum()) + 1) / (known.label.size + 2)
    explained = _explained(known) if known.label.size >= FEW_POSITIVES else 0.0
    return float(np.sqrt(share * (1 - share) * (1 - explained)))


def _neyman(sizes: IntArray, spread: FloatArray, have: IntArray, wanted: float) -> IntArray | None:
    """Return the labels of each stratum for a variance, those there are never taken away.

    In proportion to size and spread, where there are not more already: the fewest there can be.
    None where not even labels on everything are enough.
    """
    shares = sizes / max(int(sizes.sum()), 1)

    def labels(times: float) -> IntArray:
        wish = np.ceil(times * sizes * spread / max(float(spread.max()), 1e-9))
        return np.maximum(np.minimum(wish.astype(np.int64), sizes), have)

    def variance(of: IntArray) -> float:
        return float((shares**2 * spread**2 / np.maximum(of, 1)).sum())

    low, high = 0.0, max(float(spread.max()), 1e-9) / max(float(spread.min()), 1e-9)
    if variance(labels(high)) > wanted:
        return None
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if variance(labels(middle)) <= wanted else (middle, high)
    return labels(high)


def _between(strata: list[Part], sizes: IntArray) -> float:
    """Return the variance of the strata's shares, weighted by their sizes."""
    known = [one.labelled.label for one in strata]
    shares = np.array([(int(one.sum()) + 1) / (one.size + 2) for one in known])
    weights = sizes / max(int(sizes.sum()), 1)
    return float(weights @ (shares - weights @ shares) ** 2)


def _design_effect(part: Part, found: Found) -> float:
    """Return the clustered variance over that of independent units; 1 where it is not known."""
    human = found.human
    if not part.clustered or human.se is None or not human.value or human.value >= 1:
        return 1.0
    independent = human.value * (1 - human.value) / max(part.labelled.label.size, 1)
    return max(human.se**2 / independent, 0.1) if independent else 1.0
