"""Ratings with who gave them, as arrays: what statistics about raters take."""

from dataclasses import dataclass

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.rating_numbers import ratings_at_once
from annotation.vocabulary import QuestionType
from evaluation.arrays import Ints, chosen_sets, columns_of
from evaluation.stats.votes import Votes


@dataclass(frozen=True, slots=True, eq=False)
class NamedRatings:
    """Who chose what at which unit: an item, or one turn of it.

    Attributes:
        votes: by positions of unit, rater and answer.
        item, turn, cluster: shape (n_units,), what each unit is.
        raters: shape (n_raters,), the raters' ids.
        judgment: shape (n_ratings,), in the votes' order: it says what was rated before what.
        sets: what an answer's position means, as option codes.
    """

    votes: Votes
    item: Ints
    turn: Ints
    cluster: Ints
    raters: Ints
    judgment: Ints
    sets: tuple[frozenset[str], ...]

    def in_order(self, rater: int) -> Ints:
        """Return the answers of a rater, by position, in the order in which they were given."""
        mine = np.flatnonzero(self.votes.rater == rater)
        turn = self.turn[self.votes.item[mine]]
        return self.votes.label[mine[np.lexsort((turn, self.judgment[mine]))]]


def named_ratings(question: QuestionPlan, asked: Asked) -> NamedRatings:
    """Return the ratings of a closed question that was asked, with their raters.

    Of several choices the whole set that was chosen is one answer.
    """
    if question.type == QuestionType.SEVERAL:
        rows, answer, sets = chosen_sets(question, asked)
    else:
        rows = ratings_at_once(asked)
        answer = columns_of(question.options, rows[:, 5])
        sets = tuple(frozenset({option.code}) for option in question.options)
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = (rows[1:, 1:3] != rows[:-1, 1:3]).any(axis=1)
    units, unit = rows[begins, :3], np.cumsum(begins) - 1
    raters, rater = np.unique(rows[:, 4], return_inverse=True)
    votes = Votes.from_ratings(
        unit,
        rater.ravel(),
        answer,
        n_items=len(units),
        n_raters=raters.size,
        n_options=max(len(sets), 1),
    )
    return NamedRatings(votes, units[:, 1], units[:, 2], units[:, 0], raters, rows[:, 3], sets)
