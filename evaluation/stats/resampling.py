"""How sure a coefficient is: standard errors and intervals over clusters.

Every coefficient here is a function of totals of a few numbers per unit. So one engine
serves all of them: leave units or clusters out of the totals, or draw them again, and see
how the coefficient moves. Intervals generalise over clusters (queries or scenarios), not
over raters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Undefined
from evaluation.stats.shapes import FloatArray, check_confidence

# Totals of shape (n_cases, q) to values of shape (n_cases,); NaN where undefined.
Evaluate = Callable[[FloatArray], FloatArray]

CASES_AT_ONCE = 1 << 16
# So many draws go through the clusters together, and so many clusters at a time.
DRAWS_AT_ONCE = 64
CLUSTERS_AT_ONCE = 4096
DRAWS_LOST_AT_MOST = 0.05
# A spread below this share of the value is rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Sandwich:
    """Cluster sandwich from delete-one influence values: the default, O(rows)."""


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Exact delete-one-cluster jackknife (delete-one-item where items are the clusters)."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Draw clusters (or items, as patterns) again; percentile interval; needs a seed."""

    seed: int
    replicates: int = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a bootstrap gave already, because several coefficients were drawn together."""

    values: FloatArray


Uncertainty = Sandwich | Jackknife | Bootstrap | Drawn
SANDWICH = Sandwich()


@dataclass(frozen=True, slots=True)
class Spread:
    """A standard error and an interval, or why there are none."""

    se: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Undefined | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a coefficient was computed from, as its resampling needs it.

    Attributes:
        features: shape (n_patterns, q), additive numbers of one unit of each pattern.
        groups: how many units of each pattern lie in each cluster.
        evaluate: the coefficient as a function of totals of the features.
        clusters: clusters that hold a unit which takes part; the t quantile has one less.
    """

    features: FloatArray
    groups: Groups
    evaluate: Evaluate
    clusters: int

    def value(self) -> float:
        """Return the coefficient of the whole sample, NaN where undefined."""
        totals = self.groups.weights(len(self.features)) @ self.features
        return float(_in_parts(self.evaluate, totals[None, :])[0])


def spread(
    sample: Sample,
    *,
    value: float,
    uncertainty: Uncertainty = SANDWICH,
    confidence: float = 0.95,
    lower: float = -np.inf,
    upper: float = np.inf,
) -> Spread:
    """Say how far a coefficient would move with other queries.

    Args:
        sample: what the value was computed from.
        value: the coefficient's value on it, defined.
        uncertainty: ``Sandwich()``, ``Jackknife()`` or ``Bootstrap(seed, replicates)``.
        confidence: level of the interval, in (0, 1).
        lower, upper: ends of the coefficient's range, at which the interval is cut.

    Returns:
        ``se`` > 0 in the unit of the value, and the interval: value ± t(clusters - 1) * se
        for the first two, the percentiles of the draws for the bootstrap.
        Undefined, with ``reason``: ``ONE_CLUSTER`` with fewer than two clusters;
        ``ONE_UNIT_DECIDES`` when the value is undefined without one unit or cluster, or in
        more than 5 % of the draws (fewer undefined draws are left out); ``NO_SPREAD`` when
        nothing moves: then an interval of no width would claim a certainty not there.

    Raises:
        ValueError: ``confidence`` outside (0, 1) or fewer than two replicates.

    Source:
        Sandwich: influence values psi_u = (n - 1)/n * (d_u - mean d) with
        d_u = value - value without unit u (Efron & Tibshirani 1993, sections 11.3 and 21.3),
        se^2 = C/(C - 1) * sum over clusters of (sum of psi_u in the cluster)^2 (Liang &
        Zeger 1986 with the usual finite-sample factor C/(C - 1)). Where each unit is a
        cluster this equals the delete-one jackknife exactly.
        Jackknife: Efron & Tibshirani 1993, eq. 11.5. Bootstrap: the same, chapter 13.

    Cost:
        Sandwich O(n_patterns * q + n_rows); jackknife O(n_clusters * q) evaluations;
        bootstrap O(replicates * n_patterns * q), or O(replicates * n_clusters * q) with
        clusters.
    """
    check_confidence(confidence)
    if sample.clusters < 2:
        return Spread(reason=Undefined.ONE_CLUSTER)
    if isinstance(uncertainty, Drawn):
        found = _percentiles(uncertainty.values, confidence)
    elif isinstance(uncertainty, Bootstrap):
        found = _bootstrap(sample, uncertainty, confidence)
    else:
        exact = isinstance(uncertainty, Jackknife)
        se = jackknife_error(sample) if exact else sandwich_error(sample, value=value)
        if se is None:
            return Spread(reason=Undefined.ONE_UNIT_DECIDES)
        half = se * t_quantile((1 + confidence) / 2, df=sample.clusters - 1)
        found = Spread(se, value - half, value + half)
    if found.se is None or found.low is None or found.high is None:
        return found
    if found.se <= ROUNDING * max(1.0, abs(value)):
        return Spread(reason=Undefined.NO_SPREAD)
    # The value itself may lie past an end of its range by rounding.
    low, high = max(found.low, min(lower, value)), min(found.high, max(upper, value))
    return Spread(found.se, low, high)


def sandwich_error(sample: Sample, *, value: float) -> float | None:
    """Return the cluster sandwich standard error; ``None`` where one unit decides.

    Source and cost: see ``spread``.
    """
    weights = sample.groups.weights(len(sample.features))
    totals = weights @ sample.features
    without = _in_parts(sample.evaluate, totals - sample.features)
    moved = np.where(weights > 0, value - without, 0.0)
    if not np.isfinite(moved).all():
        return None
    n_units = weights.sum()
    influence = (moved - weights @ moved / n_units) * (n_units - 1) / n_units
    if sample.groups.cluster is None:
        clusters, squares = n_units, weights @ influence**2
    else:
        sums = sample.groups.cluster_sums(influence[:, None])
        clusters, squares = sample.groups.n_clusters(), float((sums**2).sum())
    return float(np.sqrt(clusters / (clusters - 1) * squares))


def jackknife_error(sample: Sample) -> float | None:
    """Return the delete-one-cluster standard error; ``None`` where one cluster decides.

    Every cluster is left out in turn, also one whose leaving moves nothing.
    Source and cost: see ``spread``.
    """
    groups = sample.groups
    totals = groups.weights(len(sample.features)) @ sample.features
    if groups.cluster is None:
        parts, times = sample.features, groups.weights(len(sample.features))
        parts, times = parts[times > 0], times[times > 0]
    else:
        parts = groups.cluster_sums(sample.features)
        times = np.ones(len(parts))
    without = _in_parts(sample.evaluate, totals - parts)
    if not np.isfinite(without).all():
        return None
    count = times.sum()
    mean = times @ without / count
    return float(np.sqrt((count - 1) / count * (times @ (without - mean) ** 2)))


def bootstrap_values(sample: Sample, bootstrap: Bootstrap) -> FloatArray:
    """Draw clusters, or items where they are the clusters, again; return the values.

    Returns:
        Shape (replicates,), NaN where a draw leaves the coefficient undefined. The same seed
        gives the same values.

    Raises:
        ValueError: fewer than two replicates.
    """
    totals = _drawn_totals(sample.groups, sample.features, bootstrap)
    return _in_parts(sample.evaluate, totals)


def bootstrap_together(samples: Sequence[Sample], bootstrap: Bootstrap) -> list[FloatArray]:
    """Return what :func:`bootstrap_values` gives for each sample, drawing once for all.

    Samples of the same groups see the same draws; the draws are most of the work.

    Cost:
        O(replicates * n_clusters * q) for the features of all samples together.
    """
    values: dict[int, FloatArray] = {}
    by_groups: dict[int, list[int]] = {}
    for n, sample in enumerate(samples):
        by_groups.setdefault(id(sample.groups), []).append(n)
    for together in by_groups.values():
        features = np.hstack([samples[n].features for n in together])
        totals = _drawn_totals(samples[together[0]].groups, features, bootstrap)
        ends = np.cumsum([0, *(samples[n].features.shape[1] for n in together)])
        for place, n in enumerate(together):
            own = totals[:, ends[place] : ends[place + 1]]
            values[n] = _in_parts(samples[n].evaluate, own)
    return [values[n] for n in range(len(samples))]


def _drawn_totals(groups: Groups, features: FloatArray, bootstrap: Bootstrap) -> FloatArray:
    """Draw clusters, or units of the patterns, again: totals, shape (replicates, q)."""
    if bootstrap.replicates < 2:
        raise ValueError("A bootstrap needs at least two replicates.")
    if not groups.weights(len(features)).any():  # no unit takes part, nor in any draw
        return np.zeros((bootstrap.replicates, features.shape[1]))
    rng = np.random.default_rng(bootstrap.seed)
    if groups.each_alone():  # then only how often each pattern is drawn matters
        times = groups.weights(len(features))
        drawn = rng.multinomial(int(times.sum()), times / times.sum(), size=bootstrap.replicates)
        return np.asarray(drawn @ features, dtype=np.float64)
    # Coefficients of one question have most of their features in common.
    distinct, column = np.unique(features, axis=1, return_inverse=True)
    parts = groups.cluster_sums(distinct)
    count = len(parts)
    totals: FloatArray = np.zeros((bootstrap.replicates, distinct.shape[1]))
    for start in range(0, bootstrap.replicates, DRAWS_AT_ONCE):
        found = totals[start : start + DRAWS_AT_ONCE]
        # Clusters are drawn one by one: a multinomial draw over as many of them takes far longer.
        times_drawn = np.empty((len(found), count), dtype=np.uint16)
        for row in times_drawn:
            row[:] = np.bincount(rng.integers(count, size=count), minlength=count)
        # Added up in blocks of clusters that the processor can keep at hand.
        for first in range(0, count, CLUSTERS_AT_ONCE):
            block = slice(first, first + CLUSTERS_AT_ONCE)
            found += times_drawn[:, block].astype(np.float64) @ parts[block]
    return totals[:, column.ravel()]


def t_quantile(probability: float, *, df: float) -> float:
    """Return Student's t quantile for ``df`` > 0 degrees of freedom. O(1)."""
    return float(special.stdtrit(df, probability))


def _bootstrap(sample: Sample, bootstrap: Bootstrap, confidence: float) -> Spread:
    return _percentiles(bootstrap_values(sample, bootstrap), confidence)


def _percentiles(values: FloatArray, confidence: float) -> Spread:
    kept = values[np.isfinite(values)]
    if kept.size < (1 - DRAWS_LOST_AT_MOST) * values.size:
        return Spread(reason=Undefined.ONE_UNIT_DECIDES)
    tail = (1 - confidence) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return Spread(float(kept.std(ddof=1)), float(low), float(high))


def _in_parts(evaluate: Evaluate, totals: FloatArray) -> FloatArray:
    """Evaluate many totals without holding many intermediate matrices at once."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [
            evaluate(totals[start : start + CASES_AT_ONCE])
            for start in range(0, len(totals), CASES_AT_ONCE)
        ]
    return np.concatenate(parts) if parts else np.empty(0)
