"""Who chose what, as arrays; and how each rater errs, learnt from a part of the units.

The part is bounded, so that what a label costs does not grow with the study: raters' confusions
come from it, and the posterior of every unit follows from them in one step.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.profiles import RATING, rating_parts, unit_count
from annotation.vocabulary import QuestionType
from evaluation.arrays import Ints
from evaluation.services.model_rows import Floats
from evaluation.stats.aggregation import Votes, dawid_skene, posterior_given

UNITS_FITTED = 10_000
# Where there is no truth to find the model creeps on for thousands of steps: then it says that it
# did not settle.
SETTLED, MOST_STEPS = 1e-8, 200
RATINGS_AT_ONCE = 20_000
ITEM = RATING.index("item_id")
NO_RATINGS: Ints = np.empty((0, len(RATING)), dtype=np.int64)
# Digits that are kept of a posterior: beyond them it differs from machine to machine.
DIGITS = 9


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Ratings of some units, all that each of them has; a row a unit, and a row a rating.

    Attributes:
        item, turn, cluster: shape (n_units,).
        unit, rater, column: shape (n_ratings,): the unit's row, the rater's number, the option's
            column; of several choices the column after the last says that it was asked.
    """

    item: Ints
    turn: Ints
    cluster: Ints
    unit: Ints
    rater: Ints
    column: Ints

    def counts(self, columns: int) -> Ints:
        """Return how many raters chose each option, shape (n_units, columns)."""
        cells = np.bincount(self.unit * columns + self.column, minlength=self.item.size * columns)
        return cells.reshape(self.item.size, columns)


@dataclass(frozen=True, slots=True, eq=False)
class RaterErrors:
    """How raters err at one question.

    Attributes:
        rater: shape (n,), their numbers, sorted.
        confusion: shape (n + 1, q, q), P(answer | truth), truth in rows; the last is of a rater who
            has no rating in the part: even.
        prevalence: shape (q,).
        units, ratings: how much they were learnt from.
        every: about one item in this many.
        converged: whether the model settled.
    """

    rater: Ints
    confusion: Floats
    prevalence: Floats
    units: int
    ratings: int
    every: int
    converged: bool

    def posterior(self, block: Block) -> Floats:
        """Return the probability of each option at each unit, shape (n_units, q)."""
        at = np.minimum(np.searchsorted(self.rater, block.rater), max(self.rater.size - 1, 0))
        known = self.rater[at] == block.rater if self.rater.size else np.zeros(at.size, np.bool_)
        votes = Votes.from_ratings(
            block.unit,
            np.where(known, at, self.rater.size),
            block.column,
            n_items=block.item.size,
            n_raters=self.rater.size + 1,
            n_options=self.prevalence.size,
        )
        return posterior_given(votes, self.confusion, self.prevalence).round(DIGITS)


def columns_of(question: QuestionPlan) -> dict[int, int]:
    """Return the column of each option; of several choices the last says that it was asked."""
    ids = [option.id for option in question.options]
    if question.asked_id is not None:
        ids.append(question.asked_id)
    return {pk: column for column, pk in enumerate(ids)}


def blocks(question: QuestionPlan, asked: Asked) -> Iterator[Block]:
    """Yield ratings in blocks of whole items, a bounded number at once."""
    held = NO_RATINGS
    for part in rating_parts(asked, at_once=RATINGS_AT_ONCE):
        held = np.concatenate([held, part])
        whole_items = int(np.searchsorted(held[:, ITEM], held[-1, ITEM]))
        if whole_items:
            yield _block(question, held[:whole_items])
            held = held[whole_items:]
    if held.size:
        yield _block(question, held)


def whole(question: QuestionPlan, asked: Asked, *, every: int) -> Block:
    """Return all ratings of a part at once."""
    found = rating_parts(asked, at_once=RATINGS_AT_ONCE, every=every)
    return _block(question, np.concatenate([NO_RATINGS, *found]))


def part_of(asked: Asked) -> int:
    """Return one in how many items holds about as many units as raters are learnt from."""
    return max(-(-unit_count(asked) // UNITS_FITTED), 1)


def _block(question: QuestionPlan, ratings: Ints) -> Block:
    """Return ratings that stand by item and turn as a block."""
    cluster, item, turn, rater, option, _ = ratings.T
    begins = np.ones(len(ratings), dtype=np.bool_)
    begins[1:] = (np.diff(item) != 0) | (np.diff(turn) != 0)
    first = np.flatnonzero(begins)
    columns = columns_of(question)
    known = np.array(sorted(columns), dtype=np.int64)
    column = np.array([columns[pk] for pk in known.tolist()], dtype=np.int64)
    return Block(
        item[first],
        turn[first],
        cluster[first],
        np.cumsum(begins) - 1,
        rater,
        column[np.searchsorted(known, option)],
    )


def takes_one(question: QuestionPlan) -> bool:
    """Say whether one answer is given: of several choices there is no single truth to find."""
    return question.type != QuestionType.SEVERAL


def errors_in(block: Block, options: int, *, every: int = 1) -> RaterErrors:
    """Learn how raters err from the ratings of a block."""
    raters, place = np.unique(block.rater, return_inverse=True)
    votes = Votes.from_ratings(
        block.unit,
        place.ravel(),
        block.column,
        n_items=block.item.size,
        n_raters=int(raters.size),
        n_options=options,
    )
    found = dawid_skene(votes, tolerance=SETTLED, max_iterations=MOST_STEPS)
    even = np.full((1, options, options), 1 / options)
    return RaterErrors(
        raters.astype(np.int64),
        np.concatenate([found.raters, even]),
        found.prevalence,
        int(block.item.size),
        int(block.unit.size),
        every,
        found.converged,
    )
