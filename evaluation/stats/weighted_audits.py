"""A rate from labels that were not a plain random sample: by strata, or by known probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_ratio, normal_quantile, t_quantile
from evaluation.stats.prediction_powered import Audit, ppi_mean
from evaluation.stats.shapes import FloatArray, as_clusters, as_numbers, check_confidence


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
        A stratum whose labels and verdicts never vary adds no variance; one in which everything
        is labelled counts with its labels' mean. Where clusters cross strata, as when all replies
        to a query share it and strata are models, use ``crossed_ppi_mean``.

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
    parts = [_part(stratum.audit, confidence) for stratum in strata]
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


def _part(audit: Audit, confidence: float) -> Estimate:
    """The mean in one stratum; that of the labels alone where nothing is unlabelled."""
    labels = as_numbers(audit.labels, name="labels")
    if np.asarray(audit.unlabelled).size or labels.size < 2:
        return ppi_mean(audit, confidence=confidence).estimate
    names = np.arange(labels.size) if audit.clusters is None else audit.clusters
    cluster, number = as_clusters(names, length=labels.size)
    sums = np.bincount(cluster, weights=labels, minlength=number)
    return cluster_ratio(sums, np.bincount(cluster, minlength=number), confidence=confidence)


def crossed_ppi_mean(
    strata: Sequence[Stratum],
    *,
    confidence: float = 0.95,
    name: str = "stratified prediction-powered mean",
) -> Estimate:
    """As ``stratified_ppi_mean``, for clusters that have members in several strata.

    Args:
        strata: shares and audits; clusters are needed, and one name is one cluster in all strata.
        confidence: level of the interval, in (0, 1).
        name: what the result calls itself.

    Returns:
        The same value. The linearised terms of all strata are summed by cluster, factor C/(C - 1),
        t on C - 1, where C counts the clusters with a label. Undefined as there.

    Raises:
        ValueError: as there, or an audit without clusters.

    Source:
        As there, with the sandwich of ``ppi_mean``; C. Saerndal, B. Swensson and J. Wretman, "Model
        Assisted Survey Sampling" (1992), section 5.5 (linearisation).

    Cost:
        O(n log n) over all units.
    """
    plain = stratified_ppi_mean(strata, confidence=confidence, name=name)
    if plain.value is None:
        return plain
    terms, names = zip(*(_terms(stratum) for stratum in strata), strict=True)
    everywhere = np.concatenate(names)
    cluster, number = as_clusters(everywhere, length=everywhere.size)
    sums = np.bincount(cluster, weights=np.concatenate(terms), minlength=number)
    labelled = np.concatenate([np.asarray(stratum.audit.clusters) for stratum in strata])
    clusters = int(np.unique(labelled).size)
    bare = replace(plain, clusters=clusters, se=None, low=None, high=None, reason=None)
    if clusters < 2:
        return replace(bare, reason=Undefined.ONE_CLUSTER)
    se = float(np.sqrt(clusters / (clusters - 1) * (sums @ sums)))
    if se <= 0:
        return replace(bare, reason=Undefined.NO_SPREAD)
    half = se * t_quantile((1 + confidence) / 2, df=clusters - 1)
    return replace(bare, se=se, low=plain.value - half, high=plain.value + half)


def _terms(stratum: Stratum) -> tuple[FloatArray, npt.NDArray[np.generic]]:
    """How much each unit of a stratum, labelled ones first, moves the whole; and its cluster."""
    audit = stratum.audit
    if audit.clusters is None or audit.unlabelled_clusters is None:
        raise ValueError("Give the clusters of every stratum.")
    labels = as_numbers(audit.labels, name="labels")
    verdicts = as_numbers(audit.verdicts, name="verdicts", length=labels.size)
    others = as_numbers(audit.unlabelled, name="unlabelled")
    weight = ppi_mean(audit).weight or 0.0  # nothing unlabelled: the verdicts add nothing
    rest = labels - weight * verdicts
    moved = [(rest - rest.mean()) / labels.size]
    if others.size:
        moved.append(weight * (others - others.mean()) / others.size)
    names = np.concatenate([np.asarray(audit.clusters), np.asarray(audit.unlabelled_clusters)])
    return stratum.share * np.concatenate(moved), names


def weighted_share(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    name: str = "weighted share",
) -> Estimate:
    """A rare share from labels that were sampled with unequal known probabilities.

    Args:
        labels: shape (n,), 0 or 1.
        probabilities, clusters, confidence, name: as ``inverse_probability_mean``.

    Returns:
        Value and ``se`` as there, but with Clopper and Pearson's interval at the effective number
        of labels, so that it exists at 0 and 1 too. That number is p (1 - p) / se^2, at 0 and 1
        Kish's (sum w)^2 / (sum w^2), at most the number of clusters. Undefined as there.

    Raises:
        ValueError: as there, or labels other than 0 and 1.

    Source:
        E. Korn and B. Graubard, "Confidence intervals for proportions with small expected number of
        positive counts estimated from survey data" (1998); Kish 1965, section 8.2.

    Cost:
        O(n log n).
    """
    check_confidence(confidence)
    found = inverse_probability_mean(
        labels, probabilities, clusters=clusters, confidence=confidence, name=name
    )
    if not np.isin(as_numbers(labels, name="labels"), (0, 1)).all():
        raise ValueError("labels must be 0 or 1 for a share.")
    if found.value is None:
        return found
    weights = 1 / as_numbers(probabilities, name="probabilities")
    size = float(weights.sum() ** 2 / (weights**2).sum())
    if found.se is not None:
        size = found.value * (1 - found.value) / found.se**2
    size = min(size, float(found.clusters))
    tail, hits = (1 - confidence) / 2, found.value * size
    low = special.betaincinv(hits, size - hits + 1, tail) if found.value > 0 else 0.0
    high = special.betaincinv(hits + 1, size - hits, 1 - tail) if found.value < 1 else 1.0
    return replace(found, low=float(low), high=float(high))


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
