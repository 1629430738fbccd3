"""How often each two raters agree at the units that both rated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.selectors.gold import RaterFacts, rater_facts
from annotation.selectors.studies import StudyFacts, pseudonyms
from evaluation.named_ratings import NamedRatings, named_ratings
from evaluation.services.questions import Meant
from evaluation.stats.estimates import Estimate
from evaluation.stats.rater_pairs import PairTable, pair_agreement


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters with how often they agree; names mean nothing elsewhere."""

    first: str
    second: str
    first_facts: RaterFacts
    second_facts: RaterFacts
    agreement: Estimate


# Of two raters who share fewer units chance says who agrees most.
ENOUGH_SHARED = 10


class RaterPairs(Sequence[Pair]):
    """Each two raters who share a unit, the least agreeing first; intervals are made as needed."""

    def __init__(self, study: StudyFacts, one: Meant, read: NamedRatings) -> None:
        self.meant = one
        self.units, self.ratings = read.item.size, read.votes.item.size
        ids = [int(rater) for rater in read.raters]
        self._facts = rater_facts(study.id, ids)
        names = pseudonyms(study.id, purpose="pages", subjects=ids)
        self.raters = [names[one] for one in ids]
        self.facts = [self._facts[one] for one in ids]
        self._table: PairTable = pair_agreement(read.votes, read.cluster)
        share = self._table.same / np.maximum(self._table.shared, 1)
        self._order = np.lexsort((np.arange(share.size), -self._table.shared, share))
        self._ratings_of = np.bincount(read.votes.rater, minlength=len(ids))

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self._pair(int(row)) for row in self._order[at]]
        return self._pair(int(self._order[at]))

    def extremes(self) -> tuple[Pair, ...]:
        """Return the least and the most agreeing of the pairs that share enough to be named."""
        enough = self._order[self._table.shared[self._order] >= ENOUGH_SHARED]
        ends = enough[[0, -1]] if enough.size > 1 else enough
        return tuple(self._pair(int(row)) for row in ends)

    def _pair(self, row: int) -> Pair:
        first, second = int(self._table.first[row]), int(self._table.second[row])
        return Pair(
            first=self.raters[first],
            second=self.raters[second],
            first_facts=self.facts[first],
            second_facts=self.facts[second],
            agreement=self._table.estimate(row),
        )

    def among_the_busiest(self, most: int) -> tuple[list[int], list[tuple[int, int, Estimate]]]:
        """Return the raters with the most ratings, by position, and the pairs among them."""
        busiest = np.lexsort((np.arange(self._ratings_of.size), -self._ratings_of))[:most]
        chosen = sorted(int(rater) for rater in busiest)
        table = self._table
        rows = np.flatnonzero(np.isin(table.first, chosen) & np.isin(table.second, chosen))
        found = [
            (int(table.first[row]), int(table.second[row]), table.estimate(int(row)))
            for row in rows
        ]
        return chosen, found


def rater_pairs(study: StudyFacts, one: Meant) -> RaterPairs:
    """Compare each two raters by item, never by place in a list."""
    return RaterPairs(study, one, named_ratings(one.question, one.asked))
