"""How often each two raters agree at the units that both rated, without a matrix of ratings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import clopper_pearson_interval
from evaluation.stats.resampling import ROUNDING, t_quantile
from evaluation.stats.shapes import FloatArray, IntArray, as_clusters
from evaluation.stats.votes import Votes

PAIR = "pair_agreement"
# Comparisons of two ratings that are held at once.
AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Each two raters who share a unit, by positions; ``first`` is the lower one.

    Attributes:
        first, second: shape (n_pairs,), positions of raters.
        shared: shape (n_pairs,), units that both rated.
        same: shape (n_pairs,), of these, with the same answer.
        clusters: shape (n_pairs,), queries or scenarios of these units.
        squares: shape (n_pairs, 3), sums over clusters of same², same * shared, shared².
    """

    first: IntArray
    second: IntArray
    shared: IntArray
    same: IntArray
    clusters: IntArray
    squares: FloatArray

    def __len__(self) -> int:
        return self.first.size

    def estimate(self, row: int, *, confidence: float = 0.95) -> Estimate:
        """Return a pair's share of same answers with its clustered interval.

        The interval is that of ``intervals.cluster_proportion``, from the sums over clusters.
        """
        shared, clusters = int(self.shared[row]), int(self.clusters[row])
        value = float(self.same[row]) / shared
        plain = Estimate(
            PAIR,
            value,
            confidence=confidence,
            items=shared,
            pairable_items=shared,
            ratings=2 * shared,
            clusters=clusters,
            raters=2,
        )
        if clusters < 2:
            return replace(plain, reason=Undefined.ONE_CLUSTER)
        same2, both, shared2 = self.squares[row]
        rest = float(same2 - 2 * value * both + value**2 * shared2)
        if value in {0.0, 1.0}:
            ends = clopper_pearson_interval(
                round(value * clusters), clusters, confidence=confidence
            )
            return replace(plain, low=ends.low, high=ends.high, reason=Undefined.NO_SPREAD)
        if rest <= ROUNDING * float(shared2):
            return replace(plain, reason=Undefined.NO_SPREAD)
        se = float(np.sqrt(clusters / (clusters - 1) * rest)) / shared
        half = se * t_quantile((1 + confidence) / 2, df=clusters - 1)
        return replace(plain, se=se, low=max(value - half, 0.0), high=min(value + half, 1.0))


def pair_agreement(votes: Votes, clusters: npt.ArrayLike) -> PairTable:
    """Compare each two raters at the units that both rated: by unit, never by place in a list.

    Args:
        votes: who chose what at which unit; nobody rates a unit twice.
        clusters: shape (n_items,), the query or scenario of each unit.

    Returns:
        One row for each two raters who share a unit, by positions.

    Raises:
        ValueError: an argument has not its shape.

    Source:
        Shares and intervals as ``intervals.cluster_proportion``.

    Cost:
        Time O(comparisons log comparisons), where a unit of m ratings has m(m - 1)/2; memory
        O(pairs that occur + ``AT_ONCE``).
    """
    cluster, _ = as_clusters(clusters, length=votes.n_items)
    order = np.lexsort((votes.item, cluster[votes.item]))
    kept = [_moments(votes, cluster, part) for part in _parts(votes, cluster, order)]
    if not kept:
        empty = np.zeros(0, dtype=np.int64)
        return PairTable(empty, empty, empty, empty, empty, np.zeros((0, 3)))
    rows = np.concatenate(kept)
    pair, place = np.unique(rows[:, 0].astype(np.int64), return_inverse=True)
    sums = np.zeros((pair.size, rows.shape[1] - 1))
    np.add.at(sums, place, rows[:, 1:])
    whole = sums[:, :3].round().astype(np.int64)
    first, second = np.divmod(pair, votes.n_raters)
    return PairTable(first, second, whole[:, 0], whole[:, 1], whole[:, 2], sums[:, 3:])


def _parts(votes: Votes, cluster: IntArray, order: IntArray) -> Iterator[IntArray]:
    """Yield ratings of whole clusters, sorted by unit, so many that their pairs fit at once."""
    sizes = np.bincount(votes.item, minlength=votes.n_items)
    pairs = (sizes * (sizes - 1) // 2).astype(np.int64)
    of_cluster = np.bincount(cluster, weights=pairs).astype(np.int64)
    number = np.cumsum(of_cluster) // AT_ONCE
    part = number[cluster[votes.item[order]]]
    edges = np.flatnonzero(np.diff(part)) + 1
    yield from (one for one in np.split(order, edges) if one.size)


def _moments(votes: Votes, cluster: IntArray, part: IntArray) -> FloatArray:
    """Return for each pair: its key, units, same, clusters, and the sums of squares."""
    left, right = _pairs_within(votes.item[part])
    one, other = part[left], part[right]
    low = np.minimum(votes.rater[one], votes.rater[other])
    high = np.maximum(votes.rater[one], votes.rater[other])
    same = (votes.label[one] == votes.label[other]).astype(np.float64)
    n_clusters = int(cluster.max(initial=0)) + 1
    key = (low * votes.n_raters + high) * n_clusters + cluster[votes.item[one]]
    cell, place = np.unique(key, return_inverse=True)
    shared = np.bincount(place, minlength=cell.size).astype(np.float64)
    agreed = np.bincount(place, weights=same, minlength=cell.size)
    return np.column_stack(
        [
            cell // n_clusters,
            shared,
            agreed,
            np.ones(cell.size),
            agreed**2,
            agreed * shared,
            shared**2,
        ]
    )


def _pairs_within(unit: IntArray) -> tuple[IntArray, IntArray]:
    """Return every two places that hold the same unit; ``unit`` has equal ones side by side."""
    starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]]) if unit.size else unit
    sizes = np.diff(np.r_[starts, unit.size])
    left, right = [], []
    for size in np.unique(sizes[sizes >= 2]):
        base = starts[sizes == size]
        one, other = np.triu_indices(int(size), k=1)
        left.append((base[:, None] + one).ravel())
        right.append((base[:, None] + other).ravel())
    if not left:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    return np.concatenate(left), np.concatenate(right)
