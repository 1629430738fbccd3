"""Items that share improbable identical blocks of answers, of all raters and questions.

Evidence that lines were copied or loaded twice, for a person who looks before agreement is read.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.selectors.gold import RaterFacts, rater_facts
from annotation.selectors.ratings import item_names, rating_count
from annotation.selectors.studies import StudyFacts, pseudonyms
from evaluation.arrays import Ints
from evaluation.errors import QuestionUnknown
from evaluation.named_ratings import named_ratings
from evaluation.services.questions import Meant, meant
from evaluation.stats.identical_blocks import Block, Ratings, identical_blocks

# All ratings are held at once, about 100 bytes each; a study with more is not looked through.
MOST_RATINGS = 1_000_000
# Raters' rows times questions and turns that are held at once, four bytes each.
MOST_CELLS = 50_000_000
SMALLEST_SHOWN = 0.000001


@dataclass(frozen=True, slots=True)
class SharedBlock:
    """One improbable block: items by id and name, raters by names that mean nothing elsewhere."""

    items: tuple[tuple[int, str], ...]
    raters: tuple[str, ...]
    facts: tuple[RaterFacts, ...]
    found: Block
    tried: int

    @property
    def sentence(self) -> str:
        """What was found, in words with its numbers."""
        one, n = self.found, len(self.items)
        places = "question" if one.columns == 1 else "questions or turns"
        return (
            f"{n:,} items have the same {one.cells:,} answers of the same {len(self.raters):,}"
            f" raters at {one.columns:,} {places}."
            f" Of {one.comparable:,} items that these raters answered at the same places,"
            f" {_small(one.expected)} further ones were to be expected to have them, even if all"
            f" items were such as these; {n - 1:,} {'has' if n == 2 else 'have'}. Corrected for"
            f" {self.tried:,} different blocks, chance brings that with a probability of"
            f" {_small(one.p)}."
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        one = self.found
        return {
            "items": [name for _, name in self.items],
            "item_ids": [pk for pk, _ in self.items],
            "raters": list(self.raters),
            "places": one.columns,
            "answers": one.cells,
            "comparable_items": one.comparable,
            "near_misses": one.near,
            "expected_further": one.expected,
            "p": one.p,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class SharedBlocks:
    """What was found in all ratings of closed questions, or that they were too many to look.

    ``shared`` counts blocks that several items have, the probable ones included.
    """

    ratings: int
    looked: bool
    items: int = 0
    blocks: int = 0
    shared: int = 0
    found: tuple[SharedBlock, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "looked": self.looked,
            "ratings": self.ratings,
            "comparable_items": self.items,
            "different_blocks": self.blocks,
            "shared_blocks": self.shared,
            "improbable": [one.as_json() for one in self.found],
        }


def report(study: StudyFacts, *, most: int = MOST_RATINGS) -> SharedBlocks:
    """Look for improbable identical blocks in the answers to all closed questions.

    Exclusions are not applied: what is left out may be what was copied. With more than ``most``
    ratings nothing is read, and the report says that nobody looked.
    """
    try:
        asked = meant(study, None)
    except QuestionUnknown:
        return SharedBlocks(0, looked=True)
    n = sum(rating_count(one.asked) for one in asked)
    if n > most:
        return SharedBlocks(n, looked=False)
    items, raters, ratings = _read(asked)
    rows = np.unique(ratings.item * max(raters.size, 1) + ratings.rater).size
    if rows * (int(ratings.column.max(initial=0)) + 1) > MOST_CELLS:
        return SharedBlocks(n, looked=False)
    found = identical_blocks(ratings)
    names = item_names(int(items[at]) for one in found.found for at in one.items)
    ids = {int(raters[at]) for one in found.found for at in one.raters}
    known = rater_facts(study.id, sorted(ids))
    called = pseudonyms(study.id, purpose="pages", subjects=sorted(ids))
    blocks = []
    for one in found.found:
        who = [int(raters[at]) for at in one.raters]
        blocks.append(
            SharedBlock(
                items=tuple((int(items[at]), names[int(items[at])]) for at in one.items),
                raters=tuple(called[rater] for rater in who),
                facts=tuple(known[rater] for rater in who),
                found=one,
                tried=found.blocks,
            )
        )
    return SharedBlocks(
        ratings=n,
        looked=True,
        items=found.items,
        blocks=found.blocks,
        shared=found.shared,
        found=tuple(blocks),
    )


def _read(asked: list[Meant]) -> tuple[Ints, Ints, Ratings]:
    """Return the ids of items and raters, and every rating by their positions."""
    parts: list[Ints] = []
    for number, one in enumerate(asked):
        read = named_ratings(one.question, one.asked)
        unit, size = read.votes.item, read.votes.item.size
        parts.append(
            np.column_stack(
                [
                    read.item[unit],
                    read.raters[read.votes.rater],
                    np.full(size, number, dtype=np.int64),
                    read.turn[unit],
                    read.votes.label,
                ]
            )
        )
    rows = np.concatenate(parts)
    items, item = np.unique(rows[:, 0], return_inverse=True)
    raters, rater = np.unique(rows[:, 1], return_inverse=True)
    _, column = np.unique(rows[:, 2:4], axis=0, return_inverse=True)
    return items, raters, Ratings(item, rater, column.ravel(), rows[:, 4])


def _small(value: float) -> str:
    """Return a number that is often tiny as a page shows it."""
    if value < SMALLEST_SHOWN:
        return f"less than {SMALLEST_SHOWN:f}"
    return f"{value:.6f}" if value < 1 else f"{value:,.1f}"
