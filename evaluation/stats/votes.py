"""One label for an item from many votes: majority, shares with intervals, and Wawa.

A value judgment may have no hidden truth. So vote shares with their interval always stand beside
any hard label, and a tie is a tie.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.estimates import Undefined
from evaluation.stats.shapes import (
    BoolArray,
    FloatArray,
    IntArray,
    as_counts,
    as_indices,
    check_confidence,
)

NO_LABEL = -1
# Scores this close share the first place.
SAME_SCORE = 1e-9
# Jeffreys' prior of shares: half a vote for each option.
HALF_A_VOTE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Who chose what: one row a rating. Make one with ``from_ratings``.

    Attributes:
        item, rater, label: shape (n_ratings,), positions; sorted by item.
        n_items, n_raters, n_options: sizes; items and raters without a rating are allowed.
    """

    item: IntArray
    rater: IntArray
    label: IntArray
    n_items: int
    n_raters: int
    n_options: int

    @classmethod
    def from_ratings(
        cls,
        item: npt.ArrayLike,
        rater: npt.ArrayLike,
        label: npt.ArrayLike,
        *,
        n_items: int,
        n_raters: int,
        n_options: int,
    ) -> Self:
        """Read one row a rating. A rater may rate an item more than once.

        Args:
            item: shape (n_ratings,), 0 to n_items - 1.
            rater: shape (n_ratings,), 0 to n_raters - 1.
            label: shape (n_ratings,), the option chosen, 0 to n_options - 1.
            n_items: items, with or without a rating.
            n_raters: raters, with or without a rating.
            n_options: options offered.

        Raises:
            ValueError: rows of different length, or a position out of range.

        Cost:
            O(n_ratings log n_ratings); O(n_ratings) if sorted by item already.
        """
        which = as_indices(item, name="item", below=n_items)
        who = as_indices(rater, name="rater", below=n_raters, length=which.size)
        what = as_indices(label, name="label", below=n_options, length=which.size)
        if (np.diff(which) < 0).any():
            order = np.argsort(which, kind="stable")
            which, who, what = which[order], who[order], what[order]
        return cls(which, who, what, n_items, n_raters, n_options)

    def counts(self) -> IntArray:
        """Return how many raters chose each option, shape (n_items, n_options). O(n_ratings)."""
        cells = np.bincount(
            self.item * self.n_options + self.label, minlength=self.n_items * self.n_options
        )
        return cells.reshape(self.n_items, self.n_options)


@dataclass(frozen=True, slots=True, eq=False)
class HardLabels:
    """One option for each item, where there is one.

    Attributes:
        option: shape (n_items,), the option, -1 where there is none.
        tied: shape (n_items,), whether several options share the first place.
        rated: shape (n_items,), whether the item has a rating.
    """

    option: IntArray
    tied: BoolArray
    rated: BoolArray

    def value(self, item: int) -> int | None:
        """Return the item's option, ``None`` where there is none."""
        found = int(self.option[item])
        return None if found == NO_LABEL else found

    def reason(self, item: int) -> Undefined | None:
        """Say why the item has no option: ``NO_ITEMS`` (no rating) or ``TIE``."""
        if not self.rated[item]:
            return Undefined.NO_ITEMS
        return Undefined.TIE if self.tied[item] else None


@dataclass(frozen=True, slots=True, eq=False)
class VoteShares:
    """The soft label of each item: how the votes are shared, and how sure that is.

    Attributes:
        share: shape (n_items, n_options), votes / all votes; zeros where there is none.
        low, high: the same shape, ends of the interval.
        rated: shape (n_items,), whether the item has a rating.
    """

    share: FloatArray
    low: FloatArray
    high: FloatArray
    rated: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Wawa:
    """Votes weighted by how often their rater agrees with the majority.

    Attributes:
        skill: shape (n_raters,), in [0, 1]; where ``compared`` is 0, the mean skill.
        compared: shape (n_raters,), ratings on items with a majority.
        share: shape (n_items, n_options), weighted shares; zeros where there is no rating.
        labels: the option with the largest share.
    """

    skill: FloatArray
    compared: IntArray
    share: FloatArray
    labels: HardLabels


def majority(counts: npt.ArrayLike) -> HardLabels:
    """The option with the most votes; a tie is a tie.

    Args:
        counts: shape (n_items, n_options), integers >= 0.

    Returns:
        The option of each item; -1 with ``TIE`` or, without a vote, ``NO_ITEMS``.

    Raises:
        ValueError: ``counts`` is not a matrix of integers >= 0.

    Cost:
        O(n_items * n_options).
    """
    table = as_counts(counts)
    return best_options(table.astype(np.float64), rated=table.sum(axis=1) > 0)


def best_options(scores: FloatArray, *, rated: BoolArray) -> HardLabels:
    """The option with the highest score in each row; scores within 1e-9 are a tie.

    Args:
        scores: shape (n_items, n_options).
        rated: shape (n_items,), whether the item has a rating at all.

    Cost:
        O(n_items * n_options).
    """
    if not scores.size:
        none = np.full(len(scores), NO_LABEL, dtype=np.int64)
        return HardLabels(none, np.zeros(len(scores), dtype=np.bool_), rated)
    first = scores.max(axis=1, keepdims=True)
    tied = ((scores >= first - SAME_SCORE).sum(axis=1) > 1) & rated
    option = np.where(rated & ~tied, scores.argmax(axis=1), NO_LABEL)
    return HardLabels(option, tied, rated)


def vote_shares(
    counts: npt.ArrayLike, *, prior: float = HALF_A_VOTE, confidence: float = 0.95
) -> VoteShares:
    """Shares of votes with the interval of a Dirichlet posterior.

    Args:
        counts: shape (n_items, n_options), integers >= 0.
        prior: votes added to each option for the interval; Jeffreys' 1/2 if not given.
        confidence: level of the interval, in (0, 1).

    Returns:
        The raw share of each option, and the equal-tailed interval of its marginal posterior
        Beta(n_k + prior, n - n_k + (q - 1) * prior). For an unrated item that of the prior, the
        share 0 and ``rated`` false. With one option offered the interval is [1, 1].

    Raises:
        ValueError: ``counts`` not a matrix of integers >= 0, ``prior`` not above 0, or
            ``confidence`` outside (0, 1).

    Source:
        A. Gelman et al., "Bayesian Data Analysis" (3rd ed. 2013), section 3.4.

    Cost:
        O(n_items * n_options), with one beta quantile for each distinct (n_k, n).
    """
    check_confidence(confidence)
    if prior <= 0:
        raise ValueError(f"prior must be above 0, not {prior}.")
    table = as_counts(counts)
    votes = table.sum(axis=1)
    share = table / np.maximum(votes, 1)[:, None]
    if table.shape[1] < 2:
        return VoteShares(share, np.ones(table.shape), np.ones(table.shape), votes > 0)
    largest = int(votes.max(initial=0)) + 1
    cells, position = np.unique(votes[:, None] * largest + table, return_inverse=True)
    total, chosen = np.divmod(cells, largest)
    a = chosen + prior
    b = total - chosen + (table.shape[1] - 1) * prior
    tail = (1 - confidence) / 2
    low, high = special.betaincinv(a, b, tail), special.betaincinv(a, b, 1 - tail)
    where = position.reshape(table.shape)
    return VoteShares(share, low[where], high[where], votes > 0)


def wawa(votes: Votes) -> Wawa:
    """Weigh each rater by agreement with the majority, and vote again ("worker agreement").

    A rater's skill is the share of their ratings that are the item's majority; tied items are
    left out of it. Raters never compared take the mean skill of the ratings. Where all weights
    of an item are 0, its plain shares stand.

    Args:
        votes: who chose what.

    Returns:
        Skills, weighted shares (each row sums to 1, or 0 without a rating) and labels.

    Source:
        Appen's "worker agreement with aggregate"; the same skills as crowd-kit's ``Wawa``.

    Cost:
        O(n_ratings + n_items * n_options).
    """
    counts = votes.counts()
    first = majority(counts)
    compared = first.option[votes.item] != NO_LABEL
    agreed = compared & (first.option[votes.item] == votes.label)
    number = np.bincount(votes.rater[compared], minlength=votes.n_raters)
    hits = np.bincount(votes.rater[agreed], minlength=votes.n_raters)
    mean = float(hits.sum() / number.sum()) if number.sum() else 1.0
    skill = np.where(number > 0, hits / np.maximum(number, 1), mean)
    weights = np.bincount(
        votes.item * votes.n_options + votes.label,
        weights=skill[votes.rater],
        minlength=counts.size,
    ).reshape(counts.shape)
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, counts)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    labels = best_options(share, rated=counts.sum(axis=1) > 0)
    return Wawa(skill, number.astype(np.int64), share, labels)
