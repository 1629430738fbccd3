"""Rows to arrays: the only reader of annotation's judgments in this app."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.plans import OptionPlan, QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.labels import value_categories
from annotation.selectors.patterns import option_numbers, pair_numbers, patterns_of
from annotation.selectors.rating_numbers import OPTIONS_A_WORD, sets_at_once
from annotation.vocabulary import QuestionType
from evaluation.derived import NOTHING, Derived, with_categories

Ints = npt.NDArray[np.int64]
# More than any turn: makes one number of an item and a turn.
TURNS = 2**16


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
    packed = patterns_of(asked, columns, n_options=len(columns))
    turn = np.zeros_like(packed.item) if packed.turn is None else packed.turn
    order = np.lexsort((turn, packed.item))
    return Units(
        packed.item[order],
        turn[order],
        packed.cluster[order],
        packed.counts(packed.total[order], packed.words[order]),
        tuple(frozenset({option.code}) for option in question.options),
    )


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
    if len(derived.sources) == 1:
        rows = option_numbers(asked)
    else:
        rows = pair_numbers(asked, derived.sources[1].id)
    for place, one in enumerate(derived.sources, start=4):
        rows[:, place] = columns_of(one.options, rows[:, place])
    return rows


def columns_of(options: Sequence[OptionPlan], ids: Ints) -> Ints:
    """Return of each id the place of its option; every id must be one of theirs."""
    known = np.array([option.id for option in options], dtype=np.int64)
    order = np.argsort(known)
    found: Ints = order[np.searchsorted(known[order], ids)]
    return found


def chosen_sets(
    question: QuestionPlan, asked: Asked
) -> tuple[Ints, Ints, tuple[frozenset[str], ...]]:
    """Return the answers to a question of several choices: a rating is the whole set.

    Returns:
        Ratings by item, turn and judgment, shape (n, 5): cluster, item, turn, judgment, rater; of
        each the column of its set, shape (n,); and the sets.
    """
    rows = sets_at_once(asked, [option.id for option in question.options])
    words, position = distinct_rows(rows[:, 5:])
    found = [
        tuple(
            sorted(
                option.code
                for n, option in enumerate(question.options)
                if row[n // OPTIONS_A_WORD] >> n % OPTIONS_A_WORD & 1
            )
        )
        for row in words.tolist()
    ]
    names = sorted(found)
    column = np.array([names.index(one) for one in found], dtype=np.int64)
    return rows[:, :5], column[position], tuple(frozenset(one) for one in names)


def _sets(question: QuestionPlan, asked: Asked) -> Units:
    rows, column, sets = chosen_sets(question, asked)
    return _units(np.column_stack([rows[:, :3], column, np.ones_like(column)]), sets)


def distinct_rows(rows: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows and the place of each row among them; column by column.

    Places are found by hashing, which takes a tenth of sorting's time for millions of rows.
    """
    position = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        code = coded(column)
        position = coded(position * (int(code.max(initial=0)) + 1) + code)
    first = np.empty(int(position.max(initial=-1)) + 1, dtype=np.int64)
    first[position[::-1]] = np.arange(len(rows))[::-1]
    return rows[first], position


def coded(column: Ints) -> Ints:
    """Return whole numbers as codes from 0, in the order in which they first come."""
    found: Ints = pa.array(column).dictionary_encode().indices.to_numpy().astype(np.int64)
    return found


def _units(rows: Ints, sets: tuple[frozenset[str], ...]) -> Units:
    keys, first, unit = np.unique(rows[:, 1:3], axis=0, return_index=True, return_inverse=True)
    counts = np.zeros((len(keys), max(len(sets), 1)), dtype=np.int64)
    np.add.at(counts, (unit.ravel(), rows[:, 3]), rows[:, 4])
    return Units(keys[:, 0], keys[:, 1], rows[first, 0], counts, sets)


def at_units(units: Units, keys: Ints, columns: Ints) -> Ints:
    """Return what stands at each unit, -1 where nothing does."""
    found = np.full(len(units.item), -1, dtype=np.int64)
    at = places_of(units, keys)
    found[at[at >= 0]] = columns[at >= 0]
    return found


def places_of(units: Units, keys: Ints) -> Ints:
    """Return the position of each of these units, by its number; -1 where it is not there."""
    known = units.item * TURNS + units.turn  # sorted, because units are
    if not known.size or not keys.size:
        return np.full(keys.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, keys), known.size - 1)
    return np.where(known[at] == keys, at, -1).astype(np.int64)
