"""A rate from few human labels and many verdicts, without trusting the judge.

The estimator follows from how the human-labelled items were sampled. Random audit: PPI++
(``ppi_mean``, or ``audited_rate``, which falls back to the labels alone when they are few).
Stratified, or with unequal probabilities: see ``weighted_audits``. Never use any of these on an
enriched calibration set (see ``misclassification``).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import (
    FEW_POSITIVES,
    cluster_rate,
    normal_quantile,
    proportion,
    t_quantile,
)
from evaluation.stats.shapes import FloatArray, as_clusters, as_numbers, check_confidence


class RateMethod(StrEnum):
    """How a rate was estimated."""

    PPI = "ppi++"
    LABELS_ONLY = "labels only"


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """Labels of people and verdicts of a judge, on labelled and unlabelled items.

    Attributes:
        labels: shape (n,), what people say, numbers; 0 or 1 for a rate.
        verdicts: shape (n,), what the judge says of the same items, 0/1 or probabilities.
        unlabelled: shape (N,), what the judge says of the others.
        clusters: shape (n,), query or scenario of the labelled, with that of the others in
            ``unlabelled_clusters``, shape (N,); both ``None`` when items are independent.
    """

    labels: npt.ArrayLike
    verdicts: npt.ArrayLike
    unlabelled: npt.ArrayLike
    clusters: npt.ArrayLike | None = None
    unlabelled_clusters: npt.ArrayLike | None = None


@dataclass(frozen=True, slots=True)
class PoweredMean:
    """A prediction-powered mean.

    Attributes:
        estimate: value, standard error and interval; ``items`` are the labelled.
        weight: lambda, how much the verdicts count: 0 not at all, 1 in full; ``None`` if undefined.
        labelled, unlabelled: n and N.
        method: whether the verdicts were used at all.
        warning: a sentence for people where the method asked for was not used.
    """

    estimate: Estimate
    weight: float | None
    labelled: int
    unlabelled: int
    method: RateMethod = RateMethod.PPI
    warning: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    labels: FloatArray
    verdicts: FloatArray
    unlabelled: FloatArray


def ppi_mean(
    audit: Audit,
    *,
    weight: float | None = None,
    confidence: float = 0.95,
    name: str = "prediction-powered mean",
) -> PoweredMean:
    """PPI++: the labels' mean, corrected by what the judge says of the unlabelled.

    mean(Y) + weight * (mean(f unlabelled) - mean(f labelled)).

    Args:
        audit: a random sample of items labelled by people, and the rest.
        weight: lambda in [0, 1]; ``None`` to tune it: cov(Y, f) / ((1 + n/N) var f), cut to
            [0, 1]. 0 is the classical mean, 1 is plain PPI.
        confidence: level of the interval, in (0, 1).
        name: what the result calls itself.

    Returns:
        Interval by the normal quantile for independent items; with clusters by their sums and t
        on (clusters with a label) - 1. Undefined with ``NO_ITEMS`` without labels or without
        unlabelled items, ``TOO_FEW`` with one label; ``se`` with ``ONE_CLUSTER``, ``NO_SPREAD``.

    Raises:
        ValueError: rows of unequal length, numbers not finite, ``weight`` outside [0, 1],
            clusters given for one part only.

    Source:
        A. Angelopoulos, J. Duchi and T. Zrnic, "PPI++" (2023), section 6 and example 6.1; with
        clusters the linearised terms are summed by cluster, factor C/(C - 1).

    Cost:
        O((n + N) log(n + N)).
    """
    check_confidence(confidence)
    if weight is not None and not 0 <= weight <= 1:
        raise ValueError(f"weight must lie in [0, 1], not {weight}.")
    parts = _read(audit)
    n, others = parts.labels.size, parts.unlabelled.size
    bare = Estimate(name, None, confidence=confidence, items=n, ratings=n, clusters=n)
    if n < 2 or not others:
        reason = Undefined.TOO_FEW if n == 1 and others else Undefined.NO_ITEMS
        return PoweredMean(replace(bare, reason=reason), None, n, others)
    power = _tuned(parts) if weight is None else weight
    value = float(parts.labels.mean() + power * (parts.unlabelled.mean() - parts.verdicts.mean()))
    se, df, clusters = _error(audit, parts, power)
    found = replace(bare, value=value, clusters=clusters)
    if clusters < 2:
        found = replace(found, reason=Undefined.ONE_CLUSTER)
    elif se <= 0:
        found = replace(found, reason=Undefined.NO_SPREAD)
    else:
        level = (1 + confidence) / 2
        half = se * (normal_quantile(level) if df is None else t_quantile(level, df=df))
        found = replace(found, se=se, low=value - half, high=value + half)
    return PoweredMean(found, power, n, others)


def audited_rate(audit: Audit, *, confidence: float = 0.95) -> PoweredMean:
    """A rate in a random audit: PPI++, or the labels alone below ten positives or negatives.

    Args:
        audit: labels 0 or 1; see ``Audit``.
        confidence: level of the interval, in (0, 1).

    Returns:
        As ``ppi_mean`` cut to [0, 1]; with few positives (or negatives) the labels' share by
        Wilson's or Clopper-Pearson's interval (with clusters as ``cluster_rate``) and a warning.

    Raises:
        ValueError: labels other than 0 and 1, and as ``ppi_mean``.

    Cost:
        O((n + N) log(n + N)).
    """
    parts = _read(audit)
    if not np.isin(parts.labels, (0, 1)).all():
        raise ValueError("labels must be 0 or 1 for a rate.")
    n, positives = parts.labels.size, int(parts.labels.sum())
    if min(positives, n - positives) >= FEW_POSITIVES and parts.unlabelled.size:
        found = ppi_mean(audit, confidence=confidence, name="prediction-powered rate")
        return replace(found, estimate=_cut(found.estimate))
    if audit.clusters is None:
        plain = proportion(positives, n, confidence=confidence, name="rate of labels")
    else:
        cluster, number = as_clusters(audit.clusters, length=n)
        plain = cluster_rate(
            np.bincount(cluster, weights=parts.labels, minlength=number),
            np.bincount(cluster, minlength=number),
            confidence=confidence,
            name="rate of labels",
        )
    warning = (
        f"Only {min(positives, n - positives)} labels are of the rarer kind, so the judge's "
        "verdicts were not used."
    )
    if not parts.unlabelled.size:
        warning = "There are no verdicts on unlabelled items, so only the labels were used."
    weight = None if plain.value is None else 0.0
    return PoweredMean(plain, weight, n, parts.unlabelled.size, RateMethod.LABELS_ONLY, warning)


def _read(audit: Audit) -> _Parts:
    labels = as_numbers(audit.labels, name="labels")
    verdicts = as_numbers(audit.verdicts, name="verdicts", length=labels.size)
    if (audit.clusters is None) != (audit.unlabelled_clusters is None):
        raise ValueError("Give the clusters of both labelled and unlabelled items, or of neither.")
    return _Parts(labels, verdicts, as_numbers(audit.unlabelled, name="unlabelled"))


def _tuned(parts: _Parts) -> float:
    """The weight of least variance, cut to [0, 1]."""
    everywhere = np.concatenate([parts.verdicts, parts.unlabelled])
    variance = everywhere.var(ddof=1)
    if variance <= 0:
        return 0.0
    shared = np.cov(parts.labels, parts.verdicts, ddof=0)[0, 1]
    best = shared / ((1 + parts.labels.size / parts.unlabelled.size) * variance)
    return float(np.clip(best, 0.0, 1.0))


def _error(audit: Audit, parts: _Parts, weight: float) -> tuple[float, int | None, int]:
    """Standard error, degrees of freedom (``None``: normal) and clusters with a label."""
    n, others = parts.labels.size, parts.unlabelled.size
    rest = parts.labels - weight * parts.verdicts
    if audit.clusters is None or audit.unlabelled_clusters is None:
        variance = rest.var() / n + weight**2 * parts.unlabelled.var() / others
        return float(np.sqrt(variance)), None, n
    names = np.concatenate([np.asarray(audit.clusters), np.asarray(audit.unlabelled_clusters)])
    cluster, number = as_clusters(names, length=n + others)
    moved = np.concatenate(
        [
            (rest - rest.mean()) / n,
            weight * (parts.unlabelled - parts.unlabelled.mean()) / others,
        ]
    )
    sums = np.bincount(cluster, weights=moved, minlength=number)
    labelled = int(np.unique(cluster[:n]).size)
    se = float(np.sqrt(labelled / max(labelled - 1, 1) * (sums @ sums)))
    return se, labelled - 1, labelled


def _cut(found: Estimate) -> Estimate:
    """Keep a rate and its interval in [0, 1]."""

    def within(number: float | None) -> float | None:
        return None if number is None else min(max(number, 0.0), 1.0)

    return replace(found, value=within(found.value), low=within(found.low), high=within(found.high))
