"""Where ratings of one unit differ: how much at each unit, and between which options."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import cluster_ratio
from evaluation.stats.shapes import FloatArray, IntArray, as_clusters, as_counts, as_numbers

SPLIT = "split_share"


@dataclass(frozen=True, slots=True, eq=False)
class Disputes:
    """How far the ratings of each unit lie apart.

    Attributes:
        ratings: shape (n_units,).
        share: shape (n_units,), share of pairs of ratings that differ, 0 below two ratings.
        entropy: shape (n_units,), of the shares of options, in bits.
        distance: shape (n_units,), mean points between two ratings of a scale; ``None`` for
            options without a value.
    """

    ratings: IntArray
    share: FloatArray
    entropy: FloatArray
    distance: FloatArray | None

    def order(self) -> IntArray:
        """Return the disputed units, the most disputed first, more ratings before fewer.

        By points apart on a scale, else by the share of pairs that differ; then by entropy.
        """
        most = self.share if self.distance is None else self.distance
        found = np.flatnonzero(self.share > 0)
        keys = (found, -self.ratings[found], -self.entropy[found].round(9), -most[found].round(9))
        return found[np.lexsort(keys)]


def disputes(counts: npt.ArrayLike, values: npt.ArrayLike | None = None) -> Disputes:
    """Say how far the ratings of each unit differ.

    Args:
        counts: shape (n_units, n_options), integers >= 0: how many raters chose each option.
        values: shape (n_options,), the options' points on a scale; ``None`` for none.

    Raises:
        ValueError: counts are not counts, or the values are not as many as the options.

    Source:
        The share of differing pairs is 1 minus the unit's part of percent agreement (Gwet 2014,
        section 2.3); entropy: C. Shannon 1948, base 2.

    Cost:
        O(n_units * n_options), with values O(n_units * n_options**2).
    """
    table = as_counts(counts)
    ratings = table.sum(axis=1)
    pairs = np.maximum(ratings * (ratings - 1), 1)
    same = (table * (table - 1)).sum(axis=1)
    share = np.where(ratings >= 2, 1 - same / pairs, 0.0)
    shares = table / np.maximum(ratings, 1)[:, None]
    entropy = -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1) + 0.0
    distance = None
    if values is not None:
        points = as_numbers(values, name="values", length=table.shape[1])
        gaps = np.abs(points[:, None] - points[None, :])
        distance = ((table @ gaps) * table).sum(axis=1) / pairs
    return Disputes(ratings, share, entropy, distance)


@dataclass(frozen=True, slots=True)
class Split:
    """Two options between which ratings of one unit differ.

    Attributes:
        first, second: positions of the options, ``first`` the lower; ``second`` is -1 where one
            rater chose the first of several choices and another did not.
        pairs: pairs of ratings with one each.
        units: units at which both were chosen.
        share: of all pairs of ratings that differ.
    """

    first: int
    second: int
    pairs: int
    units: int
    share: Estimate


def splits(
    counts: npt.ArrayLike, clusters: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[Split, ...]:
    """Count between which two options raters of the same unit differ, the most frequent first.

    Args:
        counts: shape (n_units, n_options), integers >= 0: how many raters chose each option.
        clusters: shape (n_units,), the query or scenario of each unit.
        confidence: level of the intervals, in (0, 1).

    Returns:
        One entry for each two options that occur at one unit; none where nobody differs.

    Raises:
        ValueError: an argument has not its shape.

    Cost:
        O(n_units * n_options**2).
    """
    table = as_counts(counts)
    cluster, n_clusters = as_clusters(clusters, length=len(table))
    ratings = table.sum(axis=1)
    differing = (ratings**2 - (table**2).sum(axis=1)) // 2
    below = np.bincount(cluster, weights=differing, minlength=n_clusters)
    found = []
    for first, second in zip(*np.triu_indices(table.shape[1], k=1), strict=True):
        pairs = table[:, first] * table[:, second]
        if pairs.any():
            above = np.bincount(cluster, weights=pairs, minlength=n_clusters)
            share = cluster_ratio(
                above, below, confidence=confidence, lower=0.0, upper=1.0, name=SPLIT
            )
            units = int(np.count_nonzero(pairs))
            found.append(Split(int(first), int(second), int(pairs.sum()), units, share))
    return tuple(sorted(found, key=lambda one: (-one.pairs, one.first, one.second)))


def options_split(
    chosen: npt.ArrayLike,
    ratings: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[Split, ...]:
    """Count for each of several choices how often one rater chose it and another did not.

    Args:
        chosen: shape (n_units, n_options), integers >= 0: how many raters chose each option.
        ratings: shape (n_units,), how many raters there were, at least as many.
        clusters: shape (n_units,), the query or scenario of each unit.
        confidence: level of the intervals, in (0, 1).

    Returns:
        One entry for each option about which anybody differs, the most frequent first; ``share``
        is of all pairs of ratings of one unit.

    Raises:
        ValueError: an argument has not its shape, or more chose an option than rated.

    Cost:
        O(n_units * n_options).
    """
    table = as_counts(chosen)
    each = as_counts(np.asarray(ratings)[:, None], name="ratings")[:, 0]
    if each.size != len(table) or (table > each[:, None]).any():
        raise ValueError("ratings must be at least as many as chose an option, one row a unit.")
    cluster, n_clusters = as_clusters(clusters, length=len(table))
    below = np.bincount(cluster, weights=each * (each - 1) / 2, minlength=n_clusters)
    found = []
    for option in range(table.shape[1]):
        pairs = table[:, option] * (each - table[:, option])
        if pairs.any():
            above = np.bincount(cluster, weights=pairs, minlength=n_clusters)
            share = cluster_ratio(
                above, below, confidence=confidence, lower=0.0, upper=1.0, name=SPLIT
            )
            found.append(Split(option, -1, int(pairs.sum()), int(np.count_nonzero(pairs)), share))
    return tuple(sorted(found, key=lambda one: (-one.pairs, one.first)))
