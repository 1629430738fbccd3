"""Items whose whole blocks of answers, of every rater to every question, are the same.

Two items rarely get the very same answers from the very same raters to everything that was asked,
unless raters agree fully or lines were copied. What full agreement explains is never improbable
here; what it does not explain is, the more so the more raters and questions there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.shapes import FloatArray, IntArray

Words = npt.NDArray[np.uint64]

# A block is listed when chance, corrected for the number of blocks, gives less than this.
IMPROBABLE = 0.001
# What a rater's own habit weighs as much as, in ratings.
PRIOR = 2.0
# Who copies leaves no near misses; who judges alike, in camps or by one order, leaves many. A miss
# is near up to this share of a block's answers, and always up to two.
NEAR = 0.1
# So many near misses, for each further item that is the same, are put down to chance.
MISSES = 0.1
STEPS = 200
SETTLED = 1e-10
# Rows of answers from which it is learnt which questions hang together.
ROWS_LEARNT = 20_000
MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ratings of every question, one a place; a rater answers a column of an item once.

    Attributes:
        item, rater, column, answer: shape (n_ratings,), positions from 0; a column is a question
            in a scope, at a turn.
    """

    item: IntArray
    rater: IntArray
    column: IntArray
    answer: IntArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        every = (self.item, self.rater, self.column, self.answer)
        if {one.shape for one in every} != {(self.item.size,)}:
            raise ValueError("item, rater, column and answer must be of one length")
        if any(int(one.min(initial=0)) < 0 for one in every):
            raise ValueError("positions start at 0")


@dataclass(frozen=True, slots=True)
class Block:
    """One improbable block.

    Attributes:
        items: positions of the items that share it.
        raters: positions of the raters who gave it.
        columns, cells: how many columns were answered, and how many answers there are.
        comparable: items at which the same raters answered the same columns.
        near: items that differ from it in a few answers only, see ``NEAR``.
        expected: further items with this block, at most.
        p: probability of at least so many further ones, corrected for the number of blocks.
    """

    items: tuple[int, ...]
    raters: tuple[int, ...]
    columns: int
    cells: int
    comparable: int
    near: int
    expected: float
    p: float


@dataclass(frozen=True, slots=True)
class Blocks:
    """The improbable blocks, the least probable first, and among how many they were looked for.

    Attributes:
        found: the blocks.
        items: items that can be compared with another one.
        blocks: different blocks at these.
        shared: of these, blocks that more than one item has, probable ones included.
    """

    found: tuple[Block, ...]
    items: int
    blocks: int
    shared: int


def identical_blocks(ratings: Ratings, *, improbable: float = IMPROBABLE) -> Blocks:
    """Find items that share a whole block of answers which chance hardly repeats.

    Items are compared where the same raters answered the same columns. A block's probability at
    another item is ``prod_c prod_r a(r, c) b(c) / sum_o a(r, c, o) b(c, o)``: raters answer
    independently, each by an own habit ``a`` (the rater's share of options in the column, given
    the rater's own answer in the earlier column that tells most of it), and the item pulls all
    raters of a column to options by ``b``. Habits are learnt from all items. The pull is the one
    that makes this very block *most* probable, as if every other item were of exactly this kind:
    so ``expected = (comparable - 1) p`` is an upper bound under the model, and a block of one
    rater, or on which all raters agree, is never improbable. The p-value is the Poisson
    distribution's tail at the number of further items, times the number of blocks (Bonferroni).

    Raters may hang together in ways that this model does not know (camps that answer alike). They
    then answer nearly alike as often as alike. So a block is only listed when at most ``MISSES``
    times as many items come near to it as share it.

    Args:
        ratings: every answer.
        improbable: list blocks whose corrected probability is at most this, in (0, 1).

    Returns:
        The blocks, least probable first; none where there are no two items to compare.

    Raises:
        ValueError: ``improbable`` outside (0, 1).

    Source:
        b by iterative scaling: D. R. Hunter 2004, "MM algorithms for generalized Bradley-Terry
        models", section 3 (it grows at each step). One parent a column: C. K. Chow and C. N. Liu
        1968, in the order of the columns.

    Undefined cases: none. Signatures have 64 bits: of a million items, two different blocks are
        taken for one with probability 3e-8.

    Cost:
        O(n log n + columns² ``ROWS_LEARNT``) and, a shared block, O(cells · options · steps).
    """
    if not 0 < improbable < 1:
        raise ValueError("improbable must lie between 0 and 1")
    if not ratings.item.size:
        return Blocks((), 0, 0, 0)
    compared = _compared(ratings)
    if not compared.groups:
        return Blocks((), compared.items, compared.blocks, 0)
    habits = _Habits(ratings)
    found = []
    for items, comparable in compared.groups:
        further = len(items) - 1
        chance = _chance(habits, int(items[0]), comparable, further, compared.blocks, improbable)
        if chance is None:
            continue
        near = habits.nearly(int(items[0]))
        if near <= further * MISSES:
            found.append(_block(habits, items, comparable, near, *chance))
    found.sort(key=lambda one: (one.p, one.expected, one.items))
    return Blocks(tuple(found), compared.items, compared.blocks, len(compared.groups))


def _block(
    habits: "_Habits", items: IntArray, comparable: int, near: int, expected: float, p: float
) -> Block:
    rows = habits.rows_of(int(items[0]))
    answered = habits.answers[rows] != MISSING
    return Block(
        items=tuple(int(one) for one in items),
        raters=tuple(int(one) for one in habits.rater[rows]),
        columns=int(np.count_nonzero(answered.any(axis=0))),
        cells=int(np.count_nonzero(answered)),
        comparable=comparable,
        near=near,
        expected=expected,
        p=p,
    )


def signatures(ratings: Ratings) -> tuple[IntArray, Words, Words]:
    """Return the items, and of each who answered what, and with which answers, as 64 bits.

    The signature is a sum over ratings, so their order plays no part.
    """
    items, place = np.unique(ratings.item, return_inverse=True)
    where = _mixed(_mixed(ratings.rater.astype(np.uint64)) ^ ratings.column.astype(np.uint64))
    what = _mixed(where ^ _mixed(ratings.answer.astype(np.uint64) + np.uint64(1)))
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(items.size))
    shape = np.add.reduceat(where[order], starts)
    block = np.add.reduceat(what[order], starts)
    return items, shape, block


def _mixed(words: Words) -> Words:
    """Return words with all bits mixed: the last steps of splitmix64."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Items in groups that share a block, each with the number of items of its shape."""

    groups: list[tuple[IntArray, int]]
    items: int
    blocks: int


def _compared(ratings: Ratings) -> _Compared:
    items, shape, block = signatures(ratings)
    _, of_shape, in_shape = np.unique(shape, return_inverse=True, return_counts=True)
    both = np.column_stack([shape, block])
    _, first, of_block, in_block = np.unique(
        both, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    of_block = of_block.ravel()
    comparable = in_shape[of_shape]
    order = np.argsort(of_block, kind="stable")
    parts = np.split(order, np.cumsum(in_block)[:-1])
    groups = [
        (items[part], int(comparable[first[at]]))
        for at, part in enumerate(parts)
        if in_block[at] > 1
    ]
    return _Compared(
        groups,
        int(np.count_nonzero(comparable > 1)),
        int(np.count_nonzero(comparable[first] > 1)),
    )


def _chance(
    habits: "_Habits", item: int, comparable: int, further: int, blocks: int, improbable: float
) -> tuple[float, float] | None:
    """Return how many further items are expected and the corrected tail; None if probable.

    Every step only makes the block more probable, so the first step at which it is not improbable
    ends the work: most shared blocks need none.
    """
    parts = habits.weights(item)
    log_p = float(sum(_log_probability(weights, chosen) for weights, chosen in parts))
    if _tail(log_p, comparable, further, blocks)[1] > improbable:
        return None
    log_p = float(sum(_most_probable(weights, chosen) for weights, chosen in parts))
    expected, p = _tail(log_p, comparable, further, blocks)
    return None if p > improbable else (expected, p)


def _tail(log_p: float, comparable: int, further: int, blocks: int) -> tuple[float, float]:
    expected = (comparable - 1) * float(np.exp(log_p))
    return expected, min(1.0, blocks * float(special.pdtrc(further - 1, expected)))


def _log_probability(weights: FloatArray, chosen: IntArray) -> float:
    """Return the log probability of the choices; ``weights`` has a row a rater."""
    own = weights[np.arange(chosen.size), chosen]
    return float(np.log(own / weights.sum(axis=1)).sum())


def _most_probable(weights: FloatArray, chosen: IntArray) -> float:
    """Return the log probability under the pull to options that makes it greatest."""
    counts = np.bincount(chosen, minlength=weights.shape[1]).astype(np.float64)
    kept = np.flatnonzero(counts)
    if kept.size == 1:
        return 0.0
    place = np.searchsorted(kept, chosen)
    used, counts = weights[:, kept], counts[kept]
    pull = np.ones(kept.size)
    now = before = -np.inf
    for _ in range(STEPS):
        pull = counts / (used / (used @ pull)[:, None]).sum(axis=0)
        pull /= pull.sum()
        now = _log_probability(used * pull, place)
        if now - before < SETTLED:
            break
        before = now
    return now


class _Habits:
    """How each rater answers each column, given the rater's own answer in the parent column."""

    def __init__(self, ratings: Ratings) -> None:
        self.n_columns = int(ratings.column.max()) + 1
        n_raters = int(ratings.rater.max()) + 1
        key, row = np.unique(ratings.item * n_raters + ratings.rater, return_inverse=True)
        self.item, self.rater = np.divmod(key, n_raters)
        self.answers = np.full((key.size, self.n_columns), MISSING, dtype=np.int32)
        self.answers[row, ratings.column] = ratings.answer
        self.n_options = self.answers.max(axis=0) + 1
        self.parent = [self._parent(column) for column in range(self.n_columns)]
        self._by_rater = np.argsort(self.rater, kind="stable")
        self._starts = np.searchsorted(self.rater[self._by_rater], np.arange(n_raters + 1))
        self._known: dict[tuple[int, int, int], FloatArray] = {}
        self._pooled = [self._lift(column) for column in range(self.n_columns)]

    def rows_of(self, item: int) -> IntArray:
        """Return the rows of an item, by rater."""
        return np.arange(*np.searchsorted(self.item, [item, item + 1]))

    def nearly(self, item: int) -> int:
        """Return how many items answered by the same raters differ from this one in a few cells."""
        rows = self.rows_of(item)
        wanted = self.answers[rows]
        there = wanted != MISSING
        starts = np.flatnonzero(np.r_[True, np.diff(self.item) > 0])
        sizes = np.diff(np.r_[starts, self.item.size])
        starts = starts[sizes == rows.size]
        apart = np.zeros(starts.size, dtype=np.int64)
        for at, rater in enumerate(self.rater[rows]):
            others = self.answers[starts + at]
            same_shape = (self.rater[starts + at] == rater) & (
                (others != MISSING) == there[at]
            ).all(axis=1)
            starts, apart, others = starts[same_shape], apart[same_shape], others[same_shape]
            apart = apart + (others != wanted[at]).sum(axis=1)
        most = max(2, int(NEAR * np.count_nonzero(there)))
        return int(np.count_nonzero((apart > 0) & (apart <= most)))

    def weights(self, item: int) -> list[tuple[FloatArray, IntArray]]:
        """Return, for each column that the item has, its raters' weights and their choices."""
        return list(self._columns(self.rows_of(item)))

    def _columns(self, rows: IntArray) -> Iterator[tuple[FloatArray, IntArray]]:
        for column in range(self.n_columns):
            mine = rows[self.answers[rows, column] != MISSING]
            if mine.size:
                weights = np.stack([self._habit(int(row), column) for row in mine])
                yield weights, self.answers[mine, column].astype(np.int64)

    def _habit(self, row: int, column: int) -> FloatArray:
        """Return the rater's shares of options in a column, beside the row's parent answer."""
        parent = self.parent[column]
        told = MISSING if parent is None else int(self.answers[row, parent])
        key = (int(self.rater[row]), column, told)
        if key not in self._known:
            self._known[key] = self._learnt(*key)
        return self._known[key]

    def _learnt(self, rater: int, column: int, told: int) -> FloatArray:
        size, parent = int(self.n_options[column]), self.parent[column]
        mine = self._by_rater[self._starts[rater] : self._starts[rater + 1]]
        given = self.answers[mine, column]
        shares = _shares(given, size, np.full(size, 1 / size))
        if parent is None or told == MISSING:
            return shares
        usual = shares * self._pooled[column][told]
        beside = given[self.answers[mine, parent] == told]
        return _shares(beside, size, usual / usual.sum())

    def _parent(self, column: int) -> int | None:
        """Return the earlier column that tells most of this one, None for the first."""
        every = max(1, -(-len(self.answers) // ROWS_LEARNT))
        sample = self.answers[::every]
        told = [_information(sample[:, earlier], sample[:, column]) for earlier in range(column)]
        return int(np.argmax(told)) if told else None

    def _lift(self, column: int) -> FloatArray:
        """Return how much more often than by chance answers stand beside the parent's."""
        parent = self.parent[column]
        if parent is None:
            return np.ones((1, int(self.n_options[column])))
        table = _table(self.answers[:, parent], self.answers[:, column]) + 0.5
        rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
        lift: FloatArray = table * table.sum() / (rows * columns)
        # An answer of the parent that never stands beside this column tells nothing of it.
        full = np.ones((int(self.n_options[parent]), int(self.n_options[column])))
        full[: lift.shape[0], : lift.shape[1]] = lift
        return full


def _shares(given: npt.NDArray[np.int32], size: int, usual: FloatArray) -> FloatArray:
    counts = np.bincount(given[given != MISSING], minlength=size)
    shares: FloatArray = (counts + PRIOR * usual) / (counts.sum() + PRIOR)
    return shares


def _table(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> FloatArray:
    """Return how often each two answers stand in one row."""
    both = (one != MISSING) & (other != MISSING)
    rows, columns = int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1
    cell = one[both].astype(np.int64) * columns + other[both]
    return np.bincount(cell, minlength=rows * columns).reshape(rows, columns).astype(np.float64)


def _information(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> float:
    """Return the mutual information of two columns, in nats."""
    table = _table(one, other)
    total = table.sum()
    if not total:
        return 0.0
    share = table / total
    chance = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    there = share > 0
    return float((share[there] * np.log(share[there] / chance[there])).sum())
