"""Intervals for proportions and means: plain binomial ones, and ones clustered by query."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import ROUNDING, t_quantile
from evaluation.stats.shapes import as_clusters, as_numbers, check_confidence

__all__ = [
    "FEW_POSITIVES",
    "Interval",
    "agresti_coull_interval",
    "clopper_pearson_interval",
    "cluster_mean",
    "cluster_proportion",
    "cluster_rate",
    "cluster_ratio",
    "jeffreys_interval",
    "normal_quantile",
    "proportion",
    "t_cdf",
    "t_quantile",
    "wilson_interval",
]


# Below so many of the rarer kind an interval that is even about a share covers too seldom.
FEW_POSITIVES = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """The two ends of an interval."""

    low: float
    high: float


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a binomial proportion.

    Args:
        successes: how often it happened, 0 to ``n``.
        n: independent trials, at least 1.
        confidence: level, in (0, 1).

    Returns:
        Two shares in [0, 1].

    Raises:
        ValueError: an argument out of its range.

    Source:
        E. Wilson 1927; L. Brown, T. Cai and A. DasGupta, "Interval estimation for a binomial
        proportion" (2001), eq. 4.
    """
    _check_binomial(successes, n, confidence=confidence)
    found = _wilson(successes / n, n, confidence=confidence)
    low = 0.0 if successes == 0 else found.low
    high = 1.0 if successes == n else found.high
    return Interval(low, high)


def clopper_pearson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The exact binomial interval, which covers at least as often as it says.

    Arguments, result and errors: as ``wilson_interval``.

    Source: C. Clopper and E. Pearson 1934; beta quantiles as in Brown, Cai and DasGupta 2001,
    section 4.2.1.
    """
    _check_binomial(successes, n, confidence=confidence)
    tail = (1 - confidence) / 2
    failures = n - successes
    low = 0.0 if successes == 0 else float(special.betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures == 0 else float(special.betaincinv(successes + 1, failures, 1 - tail))
    return Interval(low, high)


def agresti_coull_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Wald's interval after adding z^2/2 successes and failures, cut to [0, 1].

    Arguments, result and errors: as ``wilson_interval``.

    Source: A. Agresti and B. Coull 1998; Brown, Cai and DasGupta 2001, eq. 5.
    """
    _check_binomial(successes, n, confidence=confidence)
    z = normal_quantile((1 + confidence) / 2)
    share = (successes + z**2 / 2) / (n + z**2)
    half = z * float(np.sqrt(share * (1 - share) / (n + z**2)))
    return Interval(max(share - half, 0.0), min(share + half, 1.0))


def jeffreys_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The equal-tailed posterior interval under Jeffreys' prior, Beta(1/2, 1/2).

    At 0 or ``n`` successes its ends stay inside (0, 1).
    Arguments, result and errors: as ``wilson_interval``.

    Source: Brown, Cai and DasGupta 2001, section 4.3.
    """
    _check_binomial(successes, n, confidence=confidence)
    tail = (1 - confidence) / 2
    a, b = successes + 0.5, n - successes + 0.5
    return Interval(
        float(special.betaincinv(a, b, tail)), float(special.betaincinv(a, b, 1 - tail))
    )


def proportion(
    successes: int, n: int, *, confidence: float = 0.95, name: str = "proportion"
) -> Estimate:
    """A share of independent trials: Wilson's interval, Clopper-Pearson's at 0 or ``n``.

    Args:
        successes: how often it happened, 0 to ``n``.
        n: independent trials, >= 0.
        confidence: level, in (0, 1).
        name: what the result calls itself.

    Returns:
        ``value`` in [0, 1]; ``None`` with ``NO_ITEMS`` for no trial. At 0 or ``n`` successes
        ``se`` is ``None`` with ``NO_SPREAD``, while the interval is given.

    Raises:
        ValueError: an argument out of its range.
    """
    if n == 0 and successes == 0:
        check_confidence(confidence)
        return Estimate(name, None, reason=Undefined.NO_ITEMS, confidence=confidence)
    at_end = successes in {0, n}
    interval = clopper_pearson_interval if at_end else wilson_interval
    found = interval(successes, n, confidence=confidence)
    share = successes / n
    return Estimate(
        name,
        share,
        None if at_end else float(np.sqrt(share * (1 - share) / n)),
        found.low,
        found.high,
        Undefined.NO_SPREAD if at_end else None,
        confidence,
        items=n,
        ratings=n,
        clusters=n,
    )


def cluster_ratio(
    numerators: npt.ArrayLike,
    denominators: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    lower: float = -np.inf,
    upper: float = np.inf,
    name: str = "ratio",
) -> Estimate:
    """A ratio of two sums whose terms come in clusters, with a clustered interval.

    Args:
        numerators: shape (n_clusters,), the sum of the first quantity in each cluster.
        denominators: shape (n_clusters,), the sum of the second, >= 0: often the number of
            units. A cluster with 0 takes no part.
        confidence: level, in (0, 1).
        lower, upper: ends of the ratio's range, at which the interval is cut.
        name: what the result calls itself.

    Returns:
        ``value`` = sum of numerators / sum of denominators. ``None`` with ``NO_ITEMS`` when the
        latter is 0; ``se`` and interval ``None`` with ``ONE_CLUSTER`` below two clusters and
        ``NO_SPREAD`` when all clusters have the same ratio. ``items`` is the rounded sum of the
        denominators.

    Raises:
        ValueError: the rows differ in length, a denominator is negative, or a number not finite.

    Source:
        W. Cochran, "Sampling Techniques" (1977), section 6.4 (linearised ratio), with the
        factor C/(C - 1) and Student's t on C - 1 degrees of freedom.

    Cost:
        O(n_clusters).
    """
    check_confidence(confidence)
    below = as_numbers(denominators, name="denominators")
    above = as_numbers(numerators, name="numerators", length=below.size)
    if (below < 0).any():
        raise ValueError("denominators must be >= 0.")
    above, below = above[below > 0], below[below > 0]
    clusters, size = int(below.size), float(below.sum())
    if not clusters:
        return Estimate(name, None, reason=Undefined.NO_ITEMS, confidence=confidence)
    value = float(above.sum()) / size
    n = round(size)
    plain = Estimate(name, value, confidence=confidence, items=n, ratings=n, clusters=clusters)
    if clusters < 2:
        return replace(plain, reason=Undefined.ONE_CLUSTER)
    rest = above - value * below
    se = float(np.sqrt(clusters / (clusters - 1) * (rest @ rest))) / size
    if se <= ROUNDING * max(1.0, abs(value)):
        return replace(plain, reason=Undefined.NO_SPREAD)
    half = se * t_quantile((1 + confidence) / 2, df=clusters - 1)
    return replace(plain, se=se, low=max(value - half, lower), high=min(value + half, upper))


def cluster_proportion(
    successes: npt.ArrayLike,
    totals: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    name: str = "proportion",
) -> Estimate:
    """A share of units that come in clusters, with a clustered interval.

    Args:
        successes: shape (n_clusters,), units of each cluster that have it, 0 to ``totals``.
        totals: shape (n_clusters,), units of each cluster.
        confidence: level, in (0, 1).
        name: what the result calls itself.

    Returns:
        As ``cluster_ratio``, cut to [0, 1]. Where no unit or every unit has it, ``se`` is
        ``None`` with ``NO_SPREAD`` and the interval is Clopper-Pearson's with the *clusters* as
        trials: the widest it could be if units of one cluster always went together.

    Raises:
        ValueError: as ``cluster_ratio``, or more successes than units.

    Cost:
        O(n_clusters).
    """
    of, have = np.asarray(totals), np.asarray(successes)
    if of.shape == have.shape and ((have > of) | (have < 0)).any():
        raise ValueError("successes must lie between 0 and totals.")
    found = cluster_ratio(have, of, confidence=confidence, lower=0.0, upper=1.0, name=name)
    if found.reason is not Undefined.NO_SPREAD or found.value not in {0.0, 1.0}:
        return found
    trials = found.clusters
    ends = clopper_pearson_interval(round(found.value * trials), trials, confidence=confidence)
    return replace(found, low=ends.low, high=ends.high)


def cluster_rate(
    successes: npt.ArrayLike,
    totals: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    name: str = "rate",
) -> Estimate:
    """A share of units that come in clusters, by Wilson's interval where it is of few.

    A rate of a rare answer is skewed, and an interval that is even about it covers too seldom:
    82.6 % where 60 clusters of three have it with probability .05.

    Args:
        successes, totals, confidence, name: as ``cluster_proportion``.

    Returns:
        As ``cluster_proportion``; with fewer than ten units of the rarer kind, but some, the
        interval is Wilson's at the effective number of units p(1 - p)/se^2, at most the real
        one, times (z/t)^2 with t on C - 1 degrees of freedom.

    Raises:
        ValueError: as ``cluster_proportion``.

    Source:
        E. Korn and B. Graubard, Survey Methodology 24 (1998), section 2 (effective number); N.
        Dean and M. Pagano, Journal of Survey Statistics and Methodology 3 (2015), section 2
        (Wilson's interval with it).

    Cost:
        O(n_clusters).
    """
    found = cluster_proportion(successes, totals, confidence=confidence, name=name)
    of, have = int(np.sum(totals)), int(np.sum(successes))
    if found.value is None or found.se is None or min(have, of - have) >= FEW_POSITIVES:
        return found
    upper = (1 + confidence) / 2
    stretch = normal_quantile(upper) / t_quantile(upper, df=found.clusters - 1)
    trials = min(found.value * (1 - found.value) / found.se**2, of) * stretch**2
    ends = _wilson(found.value, trials, confidence=confidence)
    return replace(found, low=ends.low, high=ends.high)


def cluster_mean(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    lower: float = -np.inf,
    upper: float = np.inf,
    name: str = "mean",
) -> Estimate:
    """The mean of units that come in clusters, with a clustered interval.

    Args:
        values: shape (n_units,), finite.
        clusters: shape (n_units,), the cluster of each unit: ids or names.
        confidence: level, in (0, 1).
        lower, upper: ends of the range of the mean, at which the interval is cut.
        name: what the result calls itself.

    Returns:
        As ``cluster_ratio``.

    Raises:
        ValueError: the rows differ in length, or a number is not finite.

    Cost:
        O(n_units log n_units).
    """
    numbers = as_numbers(values, name="values")
    cluster, n_clusters = as_clusters(clusters, length=numbers.size)
    return cluster_ratio(
        np.bincount(cluster, weights=numbers, minlength=n_clusters),
        np.bincount(cluster, minlength=n_clusters),
        confidence=confidence,
        lower=lower,
        upper=upper,
        name=name,
    )


def t_cdf(value: float, *, df: float) -> float:
    """Return Student's t distribution function for ``df`` > 0 degrees of freedom. O(1)."""
    return float(special.stdtr(df, value))


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile. O(1)."""
    return float(special.ndtri(probability))


def _wilson(share: float, n: float, *, confidence: float) -> Interval:
    """Return Wilson's interval of a share of ``n`` trials, which need not be a whole number."""
    z = normal_quantile((1 + confidence) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(float(centre - half), float(centre + half))


def _check_binomial(successes: int, n: int, *, confidence: float) -> None:
    check_confidence(confidence)
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n >= 1, not {successes} of {n}.")
