"""Rogan and Gladen's rate where the labels that show the judge's errors are of the very items.

Lee et al.'s interval takes verdicts and errors for independent, as they are when the errors come
from other items or are shared with many other slices. With a slice's own labels they are not:
sensitivity, specificity and the share of verdicts move together, and much of it cancels out.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import normal_quantile, t_quantile
from evaluation.stats.misclassification import weighted_errors, youden_low
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_clusters,
    as_numbers,
    check_confidence,
)


@dataclass(frozen=True, slots=True, eq=False)
class NestedLabels:
    """Verdicts on all items, and labels on some that were drawn with known probabilities.

    Attributes:
        verdicts: shape (N,), 0 or 1.
        labels: shape (N,), 1, 0, or below 0 where nobody labelled.
        weights: shape (N,), 1 / the chance to be drawn; counts where there is a label.
        strata: shape (N,), of the design: names or numbers.
        clusters: shape (N,), query or scenario; ``None`` when items are independent.
    """

    verdicts: npt.ArrayLike
    labels: npt.ArrayLike
    weights: npt.ArrayLike
    strata: npt.ArrayLike
    clusters: npt.ArrayLike | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    says: BoolArray
    labels: FloatArray
    weights: FloatArray
    strata: IntArray
    cluster: IntArray
    known: BoolArray


def nested_rogan_gladen(nested: NestedLabels, *, confidence: float = 0.95) -> Estimate:
    """Correct a judge's share by the errors it makes on labelled ones of the same items.

    theta = (p + specificity - 1) / (sensitivity + specificity - 1), cut to [0, 1], with weighted
    errors. Where strata are the judge's own verdicts it equals the labels' stratified mean.

    Args:
        nested: verdicts and labels.
        confidence: level of the interval, in (0, 1).

    Returns:
        The interval's centre and spread are computed with one right and one wrong label more of
        each kind (as Lee et al.), each in the stratum in which its verdict is most labelled. The
        linearised terms of p, sensitivity and specificity are put together by item, the labelled
        ones around their stratum's mean, summed by cluster, factor C/(C - 1), by t on C - 1;
        without clusters by the normal quantile. Undefined with ``NO_ITEMS``, ``TOO_FEW`` without a
        positive or a negative, ``NOT_INFORMATIVE`` as ``rogan_gladen``, ``ONE_CLUSTER``.

    Raises:
        ValueError: rows of unequal length, verdicts other than 0 and 1, labels above 1.

    Source:
        W. Rogan and B. Gladen 1978; two-phase linearisation: C. Saerndal, B. Swensson and J.
        Wretman, "Model Assisted Survey Sampling" (1992), sections 5.5 and 9.3; the labels put in:
        Lee et al. 2025, section 3.

    Cost:
        O(N log N).
    """
    check_confidence(confidence)
    read = _read(nested)
    known = read.known
    bare = Estimate(
        "Rogan-Gladen rate",
        None,
        confidence=confidence,
        items=read.says.size,
        ratings=int(known.sum()),
        clusters=int(np.unique(read.cluster[known]).size),
    )
    if not known.any():
        return replace(bare, reason=Undefined.NO_ITEMS)
    errors = weighted_errors(
        read.labels[known], read.says[known], read.weights[known], clusters=read.cluster[known]
    )
    if errors is None:
        return replace(bare, reason=Undefined.TOO_FEW)
    if youden_low(errors, confidence=confidence) <= 0:
        return replace(bare, reason=Undefined.NOT_INFORMATIVE)
    share = float(read.says.mean())
    youden = errors.sensitivity + errors.specificity - 1
    value = float(np.clip((share + errors.specificity - 1) / youden, 0, 1))
    if bare.clusters < 2:
        return replace(bare, value=value, reason=Undefined.ONE_CLUSTER)
    centre, se = _centre_and_error(read, share, independent=nested.clusters is None)
    level, df = (1 + confidence) / 2, bare.clusters - 1
    half = se * (normal_quantile(level) if nested.clusters is None else t_quantile(level, df=df))
    low, high = np.clip([centre - half, centre + half], 0.0, 1.0)
    return replace(bare, value=value, se=se, low=float(low), high=float(high))


def _read(nested: NestedLabels) -> _Read:
    says = as_numbers(nested.verdicts, name="verdicts")
    labels = as_numbers(nested.labels, name="labels", length=says.size)
    weights = as_numbers(nested.weights, name="weights", length=says.size)
    if not np.isin(says, (0, 1)).all() or not np.isin(labels[labels >= 0], (0, 1)).all():
        raise ValueError("verdicts are 0 or 1, labels too, or below 0 where there is none.")
    strata, _ = as_clusters(nested.strata, length=says.size)
    names = np.arange(says.size) if nested.clusters is None else nested.clusters
    cluster, _ = as_clusters(names, length=says.size)
    return _Read(says > 0, labels, weights, strata, cluster, labels >= 0)


def _centre_and_error(read: _Read, share: float, *, independent: bool) -> tuple[float, float]:
    """The rate with four labels put in, and its standard error."""
    says, labels, weights, strata = _with_four_more(read)
    positive, negative = labels * weights, (1 - labels) * weights
    sensitivity = float((positive @ says) / positive.sum())
    specificity = float((negative @ ~says) / negative.sum())
    youden = sensitivity + specificity - 1
    theta = (share + specificity - 1) / youden
    moved = (1 - theta) * negative * (~says - specificity) / negative.sum()
    moved = (moved - theta * positive * (says - sensitivity) / positive.sum()) / youden
    n_strata = int(read.strata.max()) + 1
    counts = np.bincount(strata, minlength=n_strata)
    sums = np.bincount(strata, weights=moved, minlength=n_strata)
    means = np.divide(sums, counts, out=np.zeros(n_strata), where=counts > 0)
    # What a stratum's labels add on average follows from its size, and so does p.
    sizes = np.bincount(read.strata, minlength=n_strata)
    whole = (sums / sizes)[read.strata] + (read.says - share) / (read.says.size * youden)
    whole = whole - whole.mean()
    own = moved - means[strata]
    n_known = int(read.known.sum())
    terms = np.bincount(read.cluster, weights=whole)
    terms += np.bincount(read.cluster[read.known], weights=own[:n_known], minlength=terms.size)
    labelled = int(np.unique(read.cluster[read.known]).size)
    factor = 1.0 if independent else labelled / (labelled - 1)
    variance = factor * float(terms @ terms) + float(own[n_known:] @ own[n_known:])
    # The terms are of sums over the labels with those put in, whose number is known.
    return float(theta), float(np.sqrt(variance))


def _with_four_more(read: _Read) -> tuple[BoolArray, FloatArray, FloatArray, IntArray]:
    """The labelled items, and behind them one of each kind: positive or negative, found or not."""
    known = read.known
    says, weights, strata = read.says[known], read.weights[known], read.strata[known]
    more_weights, more_strata = [], []
    for verdict in (True, False):
        here = says == verdict
        of = here if here.any() else np.ones_like(here)
        more_weights += [float(weights[of].mean() if here.any() else weights.max())] * 2
        more_strata += [int(np.bincount(strata[of]).argmax())] * 2
    return (
        np.concatenate([says, [True, True, False, False]]),
        np.concatenate([read.labels[known], [1.0, 0.0, 1.0, 0.0]]),
        np.concatenate([weights, more_weights]),
        np.concatenate([strata, more_strata]),
    )
