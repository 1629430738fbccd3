"""Ratings of one question as count tables: of the whole, or of each slice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.patterns import (
    DENSE,
    Patterns,
    not_asked,
    of_items,
    of_replies,
    patterns_of,
    second_replies,
)
from annotation.selectors.slices import SLICINGS, Key
from annotation.vocabulary import QuestionType
from evaluation.arrays import Ints, Units, coded, derived_units, distinct_rows, units_of
from evaluation.derived import Derived
from evaluation.stats.counts import CountTable, Groups

NONE = -1
# "Not asked" among the options of a question that depends on another: no option's code is so,
# since none begins with a space.
NOT_ASKED = " not asked"
# Of each way to slice, the slice's name; nothing of the whole.
Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The ratings of one question in one slice.

    Attributes:
        names: which slice.
        table: the counts.
        sets: what the table's columns are, as option codes.
        items, pairable_items: different items, where turns are the units too.
        share: of the whole's ratings.
    """

    names: Names
    table: CountTable
    sets: tuple[frozenset[str], ...]
    items: int
    pairable_items: int
    share: float

    @property
    def judgments(self) -> int:
        """How many ratings there are."""
        return int(self.table.weights @ self.table.ratings_each)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What was read of one question: its slices, and of a derived one what did not follow.

    ``with_not_asked`` has the same slices with one more option, the last: that the question was
    not asked. Nothing where it does not depend on another, or this was not wanted.
    """

    question: QuestionPlan
    ratings: Iterator[Ratings]
    definition: str = ""
    left_out: int = 0
    with_not_asked: Mapping[Names, Ratings] = field(default_factory=dict)


def read(
    one: QuestionPlan | Derived,
    asked: Asked,
    by: Sequence[str] = (),
    *,
    condition: QuestionPlan | None = None,
) -> Read:
    """Return the ratings of a question, asked or derived: the whole, or every slice.

    Args:
        one: the question.
        asked: which answers; of a derived question about its first source.
        by: the ways to slice, one or two; a slice is then a name in each.
        condition: the question on which it depends, where "not asked" is wanted as an option too.
    """
    if isinstance(one, Derived):
        found = derived_units(one, asked)
        rows = _of_units(found.units)
        plan = found.derived.question
        return Read(plan, _ratings(rows, asked, by), one.definition, found.left_out)
    if one.type == QuestionType.SEVERAL:
        rows = _of_units(units_of(one, asked))
    else:
        columns = {option.id: column for column, option in enumerate(one.options)}
        packed = patterns_of(asked, columns, n_options=len(columns))
        sets = tuple(frozenset({option.code}) for option in one.options)
        rows = _of_patterns(packed, sets)
    beside = {}
    if condition is not None:
        parts = not_asked(asked, condition, one.condition_codes)
        beside = {
            part.names: part
            for part in _ratings(_with_not_asked(rows, np.concatenate(parts)), asked, by)
        }
    return Read(one, _ratings(rows, asked, by), with_not_asked=beside)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The units, each with its place in the list of patterns; ``turn`` where turns are units."""

    patterns: Ints
    position: Ints
    cluster: Ints
    sets: tuple[frozenset[str], ...]
    item: Ints
    turn: Ints | None


def _of_patterns(packed: Patterns, sets: tuple[frozenset[str], ...]) -> _Rows:
    distinct, position = distinct_rows(np.column_stack([packed.total, packed.words]))
    counts = packed.counts(distinct[:, 0], distinct[:, 1:])
    return _Rows(counts, position, packed.cluster, sets, packed.item, packed.turn)


def _of_units(units: Units) -> _Rows:
    patterns, position = distinct_rows(units.counts)
    turn = units.turn if units.turn.any() else None
    return _Rows(patterns, position, units.cluster, units.sets, units.item, turn)


def _with_not_asked(rows: _Rows, unasked: Ints) -> _Rows:
    """Return the units with one more option, which those have chosen who were not asked.

    ``unasked`` has item, cluster, turn and judgments; units where nobody was asked are new.
    """
    by_turn = rows.turn is not None or bool(unasked[:, 2].any())
    turn = rows.turn if rows.turn is not None else np.zeros(len(rows.item), dtype=np.int64)
    item = np.concatenate([rows.item, unasked[:, 0]])
    unit = coded(coded(item) * (int(unasked[:, 2].max(initial=turn.max(initial=0))) + 1)
                  + np.concatenate([turn, unasked[:, 2]]))  # fmt: skip
    n_units, known = int(unit.max(initial=-1)) + 1, len(rows.item)
    width = len(rows.sets)
    counts = np.zeros((n_units, width + 1), dtype=np.int64)
    counts[unit[:known], :width] = rows.patterns[rows.position, :width]
    np.add.at(counts[:, width], unit[known:], unasked[:, 3])
    first = np.empty(n_units, dtype=np.int64)
    first[unit[::-1]] = np.arange(len(unit))[::-1]
    patterns, position = distinct_rows(counts)
    return _Rows(
        patterns,
        position,
        np.concatenate([rows.cluster, unasked[:, 1]])[first],
        (*rows.sets, frozenset({NOT_ASKED})),
        item[first],
        np.concatenate([turn, unasked[:, 2]])[first] if by_turn else None,
    )


def _ratings(rows: _Rows, asked: Asked, by: Sequence[str]) -> Iterator[Ratings]:
    each = rows.patterns.sum(axis=1)
    everything = int(each[rows.position].sum())
    if not by:
        yield _part(rows, (), slice(None), everything)
        return
    at, code, names = _members(rows, asked, by)
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(names) + 1))
    for n in sorted(range(len(names)), key=lambda n: _in_order(names[n])):
        mine = at[order[ends[n] : ends[n + 1]]]
        yield _part(rows, tuple(zip(by, names[n], strict=True)), mine, everything)


def _in_order(names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return what slices are sorted by: numbers as numbers, then names."""
    return [(int(name) if name.isdecimal() else 0, name) for name in names]


def _part(rows: _Rows, names: Names, chosen: "slice | Ints", everything: int) -> Ratings:
    position, cluster, item = rows.position[chosen], rows.cluster[chosen], rows.item[chosen]
    table = _table(rows.patterns, position, cluster)
    each = rows.patterns.sum(axis=1)[position]
    pairable = each >= 2
    if rows.turn is None:
        items, pairable_items = len(item), int(np.count_nonzero(pairable))
    else:
        items, pairable_items = len(np.unique(item)), len(np.unique(item[pairable]))
    share = int(each.sum()) / everything if everything else 0.0
    return Ratings(names, table, rows.sets, items, pairable_items, share)


def _table(patterns: Ints, position: Ints, cluster: Ints) -> CountTable:
    """Return what ``CountTable.from_groups`` gives, the rows in the clusters' order."""
    named = coded(cluster)
    order = np.argsort(named, kind="stable")
    used = np.bincount(position, minlength=len(patterns)) > 0
    renumbered = np.cumsum(used) - 1
    ones = np.ones(len(position), dtype=np.int64)
    return CountTable(patterns[used], Groups(renumbered[position[order]], ones, named[order]))


def _members(
    rows: _Rows, asked: Asked, by: Sequence[str]
) -> tuple[Ints, Ints, list[tuple[str, ...]]]:
    """Return which rows lie in which slice: rows, the slice of each, and the slices' names."""
    n_rows = len(rows.position)
    at, code = np.arange(n_rows), np.zeros(n_rows, dtype=np.int64)
    names: list[tuple[str, ...]] = [()]
    for name in by:
        rows_of, label_of, labels = _labelled(rows, asked, name)
        order = np.argsort(rows_of, kind="stable")
        counts = np.bincount(rows_of, minlength=n_rows)
        found, label = _expanded(at, counts, label_of[order])
        at, code = at[found], code[found] * len(labels) + label
        names = [(*before, one) for before in names for one in labels]
    return at, code, names


def _labelled(rows: _Rows, asked: Asked, name: str) -> tuple[Ints, Ints, list[str]]:
    """Return the rows, and the label of each, in one way to slice; a row may have several."""
    slicing = SLICINGS[name]
    if slicing.key == Key.TURN:
        if rows.turn is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), []
        turns, label = np.unique(rows.turn, return_inverse=True)
        return np.arange(len(label)), label.astype(np.int64), [str(turn) for turn in turns]
    known = slicing.labels(asked.study_id())
    labels = sorted({label for found in known.values() for label in found})
    number = {label: n for n, label in enumerate(labels)}
    pairs = []
    for column in _keys(rows, asked, slicing.key):
        coded = pa.array(column).dictionary_encode()
        key = coded.indices.to_numpy().astype(np.int64)
        mine = [
            [number[label] for label in known.get(one, ())] for one in coded.dictionary.to_pylist()
        ]
        counts = np.array([len(one) for one in mine], dtype=np.int64)
        flat = np.array([n for one in mine for n in one], dtype=np.int64)
        found, label = _expanded(key, counts, flat)
        pairs.append(found * max(len(labels), 1) + label)
    both = np.unique(np.concatenate(pairs)) if len(pairs) > 1 else pairs[0]
    return both // max(len(labels), 1), both % max(len(labels), 1), labels


def _keys(rows: _Rows, asked: Asked, key: Key) -> Iterator[Ints]:
    """Yield each unit's key; of pairs the second reply's too, -1 where there is none.

    The tables are read one by one and joined here: the database's own join of millions of rows
    takes longer than the counting.
    """
    study_id = asked.study_id()
    if key == Key.QUERY:
        yield _looked_up(of_items(study_id, "query_id"), rows.item)
        return
    values = of_replies(study_id, "model_id" if key == Key.MODEL else "batch_id")
    yield _looked_up(values, _looked_up(of_items(study_id, "reply_1_id"), rows.item))
    pairs = second_replies(study_id)
    if pairs.size:
        yield _looked_up(values, _looked_up(pairs, rows.item))


def _looked_up(pairs: Ints, wanted: Ints) -> Ints:
    """Return the value of each wanted id, -1 where it is none of those known: (id, value)."""
    known, values = pairs[:, 0], pairs[:, 1]
    if not known.size:
        return np.full(len(wanted), NONE, dtype=np.int64)
    lowest, highest = int(known.min()), int(known.max())
    if highest - lowest <= DENSE * len(known):
        table = np.full(highest - lowest + 2, NONE, dtype=np.int64)
        table[known - lowest] = values
        inside = (wanted >= lowest) & (wanted <= highest)
        return table[np.where(inside, wanted - lowest, -1)]
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return np.where(known[order][at] == wanted, values[order][at], NONE)


def _expanded(key: Ints, counts: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Return, for each of many things with a key, all values of that key: (thing, value).

    ``values`` has those of key 0 first, then those of key 1; ``counts`` says how many each has.
    """
    times = counts[key]
    thing = np.repeat(np.arange(len(key)), times)
    within = np.arange(len(thing)) - np.repeat(np.cumsum(times) - times, times)
    first = np.cumsum(counts) - counts
    return thing, values[first[key][thing] + within]
