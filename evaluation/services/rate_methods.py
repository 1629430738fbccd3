"""A rate of one slice: which estimator the sampling design allows, and what it gives.

Knows arrays and designs only, so a simulation goes the same way as a study does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from evaluation.models import Design
from evaluation.services.rate_parts import LEFT_OUT, UNLABELLED, Part
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import FEW_POSITIVES, cluster_rate, proportion
from evaluation.stats.misclassification import (
    CalibrationLabels,
    Homogeneity,
    effective_size,
    homogeneity,
    rogan_gladen,
    weighted_errors,
)
from evaluation.stats.nested_calibration import NestedLabels, nested_rogan_gladen
from evaluation.stats.prediction_powered import Audit, RateMethod, audited_rate
from evaluation.stats.shapes import BoolArray, FloatArray, IntArray
from evaluation.stats.weighted_audits import (
    Stratum,
    crossed_ppi_mean,
    stratified_ppi_mean,
    weighted_share,
)

FEWEST_OF_A_STRATUM = 2
# With fewer PPI++ fits its weight to the very labels that it corrects: of intervals of 20 strata
# with 2 labels 55 % held the rate, of 4 with 20 labels 93 %; those of weights alone 94 to 97 %.
FEWEST_FOR_VERDICTS = 20
# Of judged units. People who could not tell are left out of labels, but not of verdicts.
MUCH_LEFT_OUT = 0.05
COULD_NOT_TELL = (
    "Only the labels were used: people could not tell at so many judged units that the judge's"
    " verdicts on the others, among which there must be such too, are no help."
)
NEEDS_BOTH = "Rogan and Gladen's rate needs a label of the option and one of another."


class Method(StrEnum):
    """How a corrected rate was estimated."""

    PPI = "ppi++"
    LABELS = "labels_only"
    STRATIFIED = "stratified_ppi++"
    WEIGHTED = "inverse_probability"
    ROGAN_GLADEN = "rogan_gladen"
    REFUSED = "refused"


class Chances(StrEnum):
    """What a stored design says of how likely each unit was to be labelled."""

    EQUAL = "equal"
    BY_STRATUM = "by_stratum"
    BY_VERDICT = "by_verdict"
    UNKNOWN = "unknown"
    OF_OTHERS = "of_others"
    """Verdicts and labels are not about the same replies, whatever the design."""


CHANCES = {
    Design.SIMPLE: Chances.EQUAL,
    Design.PANEL: Chances.EQUAL,
    Design.ALL: Chances.EQUAL,
    Design.STRATIFIED: Chances.BY_STRATUM,
    Design.ENRICHED: Chances.BY_VERDICT,
}


@dataclass(frozen=True, slots=True)
class Pooling:
    """Whether slices share one sensitivity and one specificity."""

    errors: CalibrationLabels | None
    sensitivity: Homogeneity
    specificity: Homogeneity

    @property
    def allowed(self) -> bool:
        """Say whether neither test speaks against it."""
        return self.errors is not None and self.sensitivity.poolable and self.specificity.poolable


@dataclass(frozen=True, slots=True)
class Found:
    """The three rates of a slice.

    ``weight`` is lambda of PPI++, ``errors`` the judge's of Rogan and Gladen's rate, ``pooled``
    whether they are those of all slices.
    """

    method: Method
    naive: Estimate
    human: Estimate
    corrected: Estimate
    weight: float | None = None
    errors: CalibrationLabels | None = None
    pooled: bool = False
    warnings: tuple[str, ...] = ()


def estimated(part: Part, chances: Chances, *, pooling: Pooling | None = None) -> Found:
    """Return the rates of a slice by the estimator that its design allows.

    ``pooling`` is used with ``BY_VERDICT`` only, and only where it is allowed.
    """
    if chances == Chances.OF_OTHERS:
        return _refused(part)
    if chances == Chances.UNKNOWN and (part.label == UNLABELLED).any():
        return _refused(part)
    if _verdicts_are_of_others(part):
        return _by_labels(part, chances)
    if chances == Chances.BY_VERDICT:
        return _by_verdict(part, pooling)
    if chances == Chances.BY_STRATUM and np.unique(part.stratum).size > 1:
        return _by_stratum(part)
    return _alike(part)


def pooling_of(parts: Sequence[Part], whole: Part) -> Pooling | None:
    """Test whether slices may share the judge's errors; None where there is nothing to pool.

    Shares are weighted and counted at their effective numbers of labels, so that slices of which
    other shares were drawn can be compared.
    """
    own = [found for part in parts if (found := _errors(part)) is not None]
    if len(own) < 2:
        return None
    sizes = np.array([[one.negatives, one.positives] for one in own]).round().astype(np.int64)
    shares = np.array([[one.specificity, one.sensitivity] for one in own])
    hits = np.minimum((shares * sizes).round().astype(np.int64), sizes)
    return Pooling(
        _errors(whole),
        sensitivity=homogeneity(hits[:, 1], sizes[:, 1]),
        specificity=homogeneity(hits[:, 0], sizes[:, 0]),
    )


def naive_rate(part: Part) -> Estimate:
    """Return the share of all verdicts, without those that say they cannot tell."""
    told = part.only(~part.hedged)
    return _share(told.says, told, clustered=part.clustered, name="naive rate")


def _share(hits: BoolArray, part: Part, *, clustered: bool, name: str) -> Estimate:
    if not clustered:
        return proportion(int(hits.sum()), hits.size, name=name)
    _, of = np.unique(part.cluster, return_inverse=True)
    return cluster_rate(np.bincount(of, weights=hits).astype(np.int64), np.bincount(of), name=name)


def _human(part: Part) -> Estimate:
    known = part.labelled
    return _share(known.label == 1, known, clustered=part.clustered, name="human rate")


def _verdicts_are_of_others(part: Part) -> bool:
    """Say whether many verdicts are on units that people could not tell.

    Of judged units these are known and left out; of all others nobody knows which they are, so
    the judge's share there is of other units than the labels'.
    """
    judged = part.label[part.label != UNLABELLED]
    left_out = int((judged == LEFT_OUT).sum())
    some_labelled = left_out < judged.size < part.label.size
    return bool(some_labelled and left_out > MUCH_LEFT_OUT * judged.size)


def _by_labels(part: Part, chances: Chances) -> Found:
    """Return the rate of labels alone, weighted where the design says so."""
    naive = naive_rate(part)
    if chances in (Chances.BY_STRATUM, Chances.BY_VERDICT):
        human = _weighted(part)
        return Found(Method.WEIGHTED, naive, human, human, warnings=(COULD_NOT_TELL,))
    human = _human(part)
    return Found(Method.LABELS, naive, human, human, warnings=(COULD_NOT_TELL,))


def _alike(part: Part) -> Found:
    found = audited_rate(_audit(part, clustered=part.clustered))
    powered = found.method == RateMethod.PPI
    return Found(
        Method.PPI if powered else Method.LABELS,
        naive_rate(part),
        _human(part),
        found.estimate,
        weight=found.weight,
        warnings=(found.warning,) if found.warning and found.labelled else (),
    )


def _weighted(part: Part) -> Estimate:
    known = part.labelled
    clusters = known.names(clustered=part.clustered)
    return weighted_share(
        known.label, known.probability, clusters=clusters, name="weighted human rate"
    )


def _by_stratum(part: Part) -> Found:
    known, clustered = part.labelled, part.clustered
    human, naive = _weighted(part), naive_rate(part)
    rarer = _rarer(human)
    present, sizes = np.unique(part.stratum[part.label != LEFT_OUT], return_counts=True)
    short = [int(at) for at in present if (known.stratum == at).sum() < FEWEST_FOR_VERDICTS]
    if rarer < FEW_POSITIVES:
        why = (
            f"Weighted, the labels count as {rarer:.1f} of the rarer kind, so the judge's verdicts"
            " were not used."
        )
        return Found(Method.WEIGHTED, naive, human, human, warnings=(why,))
    if short:
        why = (
            f"{len(short)} of {len(present)} strata have fewer than {FEWEST_FOR_VERDICTS} labels"
            " here, so only the labels were used, each weighted by its inclusion probability."
        )
        return Found(Method.WEIGHTED, naive, human, human, warnings=(why,))
    strata = [
        Stratum(
            float(size / sizes.sum()), _audit(part.only(part.stratum == at), clustered=clustered)
        )
        for at, size in zip(present, sizes, strict=True)
    ]
    estimator = crossed_ppi_mean if clustered else stratified_ppi_mean
    corrected = _cut(estimator(strata, name="stratified prediction-powered rate"))
    return Found(Method.STRATIFIED, naive, human, corrected)


def _rarer(human: Estimate) -> float:
    """Return as how many labels of the rarer kind, equal and independent, the weighted ones count.

    A few labels of great weight carry less than their number says.
    """
    if human.value is None or human.se is None:
        return 0.0
    size = human.value * (1 - human.value) / human.se**2
    return min(human.value, 1 - human.value) * min(size, float(human.items))


def _audit(part: Part, *, clustered: bool) -> Audit:
    known, others = part.labelled, part.unlabelled
    return Audit(
        known.label,
        known.says,
        others.says,
        known.names(clustered=clustered),
        others.names(clustered=clustered),
    )


def _errors(part: Part) -> CalibrationLabels | None:
    known = part.labelled
    clusters = known.names(clustered=part.clustered)
    return weighted_errors(known.label, known.says, 1 / known.probability, clusters=clusters)


def _by_verdict(part: Part, pooling: Pooling | None) -> Found:
    if pooling is None or not pooling.allowed:
        return _by_own_errors(part)
    errors = pooling.errors
    naive, human = naive_rate(part), _weighted(part)
    said = _share(part.says, part, clustered=part.clustered, name="share of verdicts")
    size = effective_size(said)
    if said.value is None or size is None or errors is None:
        reason = Undefined.NO_ITEMS if said.value is None else Undefined.TOO_FEW
        none = Estimate("Rogan-Gladen rate", None, reason=reason, ratings=part.labelled.label.size)
        return Found(Method.REFUSED, naive, human, none, warnings=(NEEDS_BOTH,))
    corrected = rogan_gladen(said.value, max(size, 1.0), errors)
    corrected = replace(corrected, items=part.says.size, clusters=said.clusters)
    if corrected.value is None:
        return Found(Method.REFUSED, naive, human, corrected, errors=errors, pooled=True)
    return Found(Method.ROGAN_GLADEN, naive, human, corrected, errors=errors, pooled=True)


def _by_own_errors(part: Part) -> Found:
    """Rogan and Gladen's rate by the errors on the slice's own labels."""
    kept = part.only(part.label != LEFT_OUT)
    clusters = kept.names(clustered=part.clustered)
    weights, strata = _post_stratified(kept)
    corrected = nested_rogan_gladen(NestedLabels(kept.says, kept.label, weights, strata, clusters))
    warnings: tuple[str, ...] = ()
    if corrected.reason in (Undefined.TOO_FEW, Undefined.NO_ITEMS):
        warnings = (NEEDS_BOTH,)
    method = Method.REFUSED if corrected.value is None else Method.ROGAN_GLADEN
    return Found(
        method,
        naive_rate(part),
        _weighted(part),
        corrected,
        errors=_errors(part),
        warnings=warnings,
    )


def _post_stratified(part: Part) -> tuple[FloatArray, IntArray]:
    """Return weights and strata: how many units of its stratum in this slice a label stands for.

    Where a stratum has too few labels here the weights are those of the whole sample, and strata
    are not told apart.
    """
    _, at = np.unique(part.stratum, return_inverse=True)
    labelled = np.bincount(at, weights=part.label >= 0)
    if (labelled < FEWEST_OF_A_STRATUM).any():
        return 1 / part.probability, np.zeros_like(part.stratum)
    return (np.bincount(at) / labelled)[at], part.stratum


def _refused(part: Part) -> Found:
    none = Estimate(
        "corrected rate", None, reason=Undefined.DESIGN_UNKNOWN, ratings=part.labelled.label.size
    )
    return Found(Method.REFUSED, naive_rate(part), _human(part), none)


def _cut(found: Estimate) -> Estimate:
    """Keep a rate and its interval in [0, 1]."""
    ends = (
        None if number is None else min(max(number, 0.0), 1.0)
        for number in (found.value, found.low, found.high)
    )
    value, low, high = ends
    return replace(found, value=value, low=low, high=high)
