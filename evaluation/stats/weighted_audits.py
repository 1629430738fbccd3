"""A rate from labels that were not a plain random sample: by strata, or by known probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_ratio, normal_quantile
from evaluation.stats.prediction_powered import Audit, ppi_mean
from evaluation.stats.shapes import as_clusters, as_numbers


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of a stratified audit.

    Attributes:
        share: its share of all items, > 0; the shares add up to 1.
        audit: its labelled and unlabelled items.
    """

    share: float
    audit: Audit


def stratified_ppi_mean(
    strata: Sequence[Stratum],
    *,
    confidence: float = 0.95,
    name: str = "stratified prediction-powered mean",
) -> Estimate:
    """PPI++ in each stratum with its own weight, put together by the strata's shares.

    Args:
        strata: shares and audits; clusters must not cross strata.
        confidence: level of the interval, in (0, 1).
        name: what the result calls itself.

    Returns:
        Sum of share * mean, variances of the strata added with squared shares; by the normal
        quantile. ``None`` with a stratum's reason where one has no value; ``se`` likewise.
        A stratum whose labels and verdicts never vary adds no variance.

    Raises:
        ValueError: no stratum, a share not above 0, shares that do not add up to 1, and as
            ``ppi_mean``.

    Source:
        A. Fisch et al., "Stratified prediction-powered inference" (2024), section 3.

    Cost:
        As ``ppi_mean``, summed.
    """
    shares = as_numbers([stratum.share for stratum in strata], name="shares")
    if not shares.size or (shares <= 0).any() or not np.isclose(shares.sum(), 1):
        raise ValueError("The shares of the strata must be above 0 and add up to 1.")
    parts = [ppi_mean(stratum.audit, confidence=confidence).estimate for stratum in strata]
    bare = Estimate(
        name,
        None,
        confidence=confidence,
        items=sum(part.items for part in parts),
        ratings=sum(part.ratings for part in parts),
        clusters=sum(part.clusters for part in parts),
    )
    values = [part.value for part in parts if part.value is not None]
    if len(values) < len(parts):
        return replace(bare, reason=next(part.reason for part in parts if part.value is None))
    value = float(shares @ np.array(values))
    if any(part.reason is Undefined.ONE_CLUSTER for part in parts):
        return replace(bare, value=value, reason=Undefined.ONE_CLUSTER)
    errors = np.array([part.se or 0.0 for part in parts])
    se = float(np.sqrt(((shares * errors) ** 2).sum()))
    if se <= 0:
        return replace(bare, value=value, reason=Undefined.NO_SPREAD)
    half = se * normal_quantile((1 + confidence) / 2)
    return replace(bare, value=value, se=se, low=value - half, high=value + half)


def inverse_probability_mean(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    name: str = "inverse-probability mean",
) -> Estimate:
    """The mean of all items from labels that were sampled with unequal known probabilities.

    Args:
        labels: shape (n,), what people say of the sampled items.
        probabilities: shape (n,), each item's chance to be sampled, in (0, 1].
        clusters: shape (n,), query or scenario; ``None`` when items are independent.
        confidence: level of the interval, in (0, 1).
        name: what the result calls itself.

    Returns:
        Hajek's sum(y/p) / sum(1/p) with the clustered interval of a ratio (with-replacement
        variance, a little wide where much of the whole is sampled). Undefined as
        ``intervals.cluster_ratio``.

    Raises:
        ValueError: rows of unequal length or a probability outside (0, 1].

    Source:
        J. Hajek 1971; C. Saerndal, B. Swensson and J. Wretman, "Model Assisted Survey Sampling"
        (1992), section 5.7.

    Cost:
        O(n log n).
    """
    values = as_numbers(labels, name="labels")
    chances = as_numbers(probabilities, name="probabilities", length=values.size)
    if ((chances <= 0) | (chances > 1)).any():
        raise ValueError("probabilities must lie above 0 and at most at 1.")
    names = np.arange(values.size) if clusters is None else clusters
    cluster, number = as_clusters(names, length=values.size)
    weights = np.bincount(cluster, weights=1 / chances, minlength=number)
    sums = np.bincount(cluster, weights=values / chances, minlength=number)
    found = cluster_ratio(sums, weights, confidence=confidence, name=name)
    return replace(found, items=values.size, ratings=values.size)
