"""Rows to arrays: the only reader of annotation's judgments in this app."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.plans import QuestionPlan
from annotation.selectors.labels import (
    Asked,
    choices,
    option_counts,
    pair_counts,
    value_categories,
)
from annotation.vocabulary import QuestionType
from evaluation.derived import NOTHING, Derived, with_categories

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Ratings of one question: a row a unit (an item, or one turn of it), a column an option.

    Attributes:
        item, turn, cluster: shape (n_units,).
        counts: shape (n_units, n_options), how many raters chose each option, in the rubric's
            order; for several choices a column is a distinct set of options.
        sets: what the columns are, as option codes.
    """

    item: Ints
    turn: Ints
    cluster: Ints
    counts: Ints
    sets: tuple[frozenset[str], ...]

    def only(self, items: Iterable[int]) -> "Units":
        """Keep the units of these items."""
        kept = np.isin(self.item, np.fromiter(items, dtype=np.int64))
        return Units(
            self.item[kept], self.turn[kept], self.cluster[kept], self.counts[kept], self.sets
        )


def units_of(question: QuestionPlan, asked: Asked) -> Units:
    """Return the ratings of a closed question."""
    if question.type == QuestionType.SEVERAL:
        return _sets(question, asked)
    columns = {option.id: column for column, option in enumerate(question.options)}
    rows = np.fromiter(
        (
            (row.cluster, row.item, row.turn, columns[row.option], row.raters)
            for row in option_counts(asked)
        ),
        dtype=np.dtype((np.int64, 5)),
    ).astype(np.int64, copy=False)
    sets = tuple(frozenset({option.code}) for option in question.options)
    return _units(rows, sets)


@dataclass(frozen=True, slots=True, eq=False)
class DerivedUnits:
    """People's answers to a derived question.

    ``derived`` has the options that these items have; ``left_out`` counts ratings from which no
    answer follows.
    """

    derived: Derived
    units: Units
    left_out: int


def derived_units(derived: Derived, asked: Asked) -> DerivedUnits:
    """Return the ratings of a derived question; ``asked`` is about its first source."""
    if derived.needs_categories:
        derived = with_categories(derived, value_categories(asked))
    rows = _source_rows(derived, asked)
    columns = derived.rule(tuple(rows[:, 4:].T), rows[:, 1])
    kept = columns != NOTHING
    counted = np.column_stack([rows[kept, :3], columns[kept], rows[kept, 3]])
    sets = tuple(frozenset({option.code}) for option in derived.question.options)
    return DerivedUnits(derived, _units(counted, sets), int(rows[~kept, 3].sum()))


def _source_rows(derived: Derived, asked: Asked) -> Ints:
    """Return cluster, item, turn and raters, then the column of each source's option."""
    places = [{o.id: n for n, o in enumerate(one.options)} for one in derived.sources]
    rows: list[tuple[int, ...]]
    if len(places) == 1:
        rows = [
            (row.cluster, row.item, row.turn, row.raters, places[0][row.option])
            for row in option_counts(asked)
        ]
    else:
        first, second = places
        rows = [
            (row.cluster, row.item, row.turn, row.raters, first[row.option], second[row.other])
            for row in pair_counts(asked, derived.sources[1].id)
        ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4 + len(places))


def _sets(question: QuestionPlan, asked: Asked) -> Units:
    """Read answers of several choices: one rating is the whole set that a judgment chose."""
    codes = {option.id: option.code for option in question.options}
    chosen: dict[tuple[int, int, int, int], set[str]] = {}
    for row in choices(asked):
        # The "asked" row has no code: it makes the judgment present when nothing was chosen.
        key = (row.cluster, row.item, row.turn, row.judgment)
        chosen.setdefault(key, set()).update({codes[row.option]} if row.option in codes else ())
    distinct = sorted({tuple(sorted(codes)) for codes in chosen.values()})
    columns = {codes: column for column, codes in enumerate(distinct)}
    rows = np.array(
        [
            (cluster, item, turn, columns[tuple(sorted(codes))], 1)
            for (cluster, item, turn, _), codes in chosen.items()
        ],
        dtype=np.int64,
    ).reshape(-1, 5)
    return _units(rows, tuple(frozenset(codes) for codes in distinct))


def _units(rows: Ints, sets: tuple[frozenset[str], ...]) -> Units:
    keys, first, unit = np.unique(rows[:, 1:3], axis=0, return_index=True, return_inverse=True)
    counts = np.zeros((len(keys), max(len(sets), 1)), dtype=np.int64)
    np.add.at(counts, (unit.ravel(), rows[:, 3]), rows[:, 4])
    return Units(keys[:, 0], keys[:, 1], rows[first, 0], counts, sets)
