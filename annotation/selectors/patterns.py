"""How many raters chose each option, counted in the database and packed into few numbers a unit.

A unit is an item, or one turn of it: one row a unit comes out, however many raters and options
there are, and a matrix of raters by items is never made.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    QuerySet,
    Sum,
    Value,
    When,
)

from annotation import bulk_reads
from annotation.models import Answer, Item, Rater, Response, TextVersion
from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, not_judgeable, with_other
from annotation.vocabulary import ItemKind, Scope

if TYPE_CHECKING:
    from annotation.bulk_reads import Numbers

# Numbers of 32 bits are added up several times faster than longer ones.
BITS_OF_A_WORD = 31
# Room for so many ratings of one option is left at least; where more come, it is counted again.
FEWEST_BITS = 4
# Ids that are not spread out further than this are counted in a table, the others sorted.
DENSE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The units of one question, a row each.

    Attributes:
        item, cluster, total: shape (n_units,): the item, its cluster, how many ratings.
        words: shape (n_units, n_words): the counts of all options but the last, ``per_word`` to a
            number and ``bits`` to a count, the first option in the lowest bits of the first word.
        turn: shape (n_units,), None where the whole conversation is the unit.
    """

    item: "Numbers"
    cluster: "Numbers"
    total: "Numbers"
    words: "Numbers"
    turn: "Numbers | None"
    n_options: int
    bits: int
    per_word: int

    def counts(self, total: "Numbers", words: "Numbers") -> "Numbers":
        """Return what some rows of ``total`` and ``words`` hold, shape (n_rows, n_options)."""
        found = np.zeros((len(total), self.n_options), dtype=np.int64)
        for option in range(self.n_options - 1):
            word, place = divmod(option, self.per_word)
            found[:, option] = (words[:, word] >> self.bits * place) & ((1 << self.bits) - 1)
        found[:, -1] = total - found.sum(axis=1)
        return found


@dataclass(frozen=True, slots=True)
class _Packing:
    """How counts lie in words; the last option's count is what is left of the total."""

    n_options: int
    bits: int

    @property
    def per_word(self) -> int:
        """How many counts a word has."""
        return max(BITS_OF_A_WORD // self.bits, 1)

    @property
    def n_words(self) -> int:
        """How many words there are."""
        return -(-(self.n_options - 1) // self.per_word)


def patterns_of(asked: Asked, columns: Mapping[int, int], *, n_options: int) -> Patterns:
    """Return the answers to a question of one answer, counted.

    Args:
        asked: which answers.
        columns: of each option's id, its position.
        n_options: how many positions there are.
    """
    raters = max(Rater.objects.filter(study=asked.study_id()).count(), 1).bit_length()
    fitting = max(BITS_OF_A_WORD // max(n_options - 1, 1), FEWEST_BITS)
    found = _read(asked, columns, _Packing(n_options, min(raters, fitting)))
    most = int(found.total.max(initial=0)).bit_length()
    if most > found.bits:  # a count may have run over
        found = _read(asked, columns, _Packing(n_options, most))
    return found


def _read(asked: Asked, columns: Mapping[int, int], packing: _Packing) -> Patterns:
    turns = asked.scope == Scope.TURN
    cells = ["item_id", "cluster_id", "total", *(f"word_{n}" for n in range(packing.n_words))]
    cells += ["turn"] if turns else []
    parts = [
        bulk_reads.numbers(_packed(one, columns, packing, turns=turns), cells)
        for one in _of_each_wave(asked)
    ]
    rows = _one_a_unit(np.concatenate(parts), turns=turns)
    return Patterns(
        item=rows[:, 0],
        cluster=rows[:, 1],
        total=rows[:, 2],
        words=rows[:, 3 : 3 + packing.n_words],
        turn=rows[:, -1] if turns else None,
        n_options=packing.n_options,
        bits=packing.bits,
        per_word=packing.per_word,
    )


def _of_each_wave(asked: Asked) -> list[Asked]:
    """Return the same answers wave by wave; where no wave has any, as they were asked for.

    Of one wave the index has the units in their order, so that they are counted as they come; of
    several the database looks every answer up among all units.
    """
    here = Answer.objects.filter(question=asked.question_id, current=True)
    turns = _turns(here) if asked.scope == Scope.TURN else [0]
    met = [
        wave
        for wave in asked.waves
        if any(here.filter(turn=turn, wave=wave).exists() for turn in turns)
    ]
    return [replace(asked, waves=(wave,)) for wave in met] or [asked]


def _turns(answers: QuerySet[Answer]) -> list[int]:
    """Return which turns have answers, stepping from one to the next in the index."""
    found: list[int] = []
    turn = 0
    while (following := answers.filter(turn__gt=turn).aggregate(n=Min("turn"))["n"]) is not None:
        turn = int(following)
        found.append(turn)
    return found


def _one_a_unit(rows: "Numbers", *, turns: bool) -> "Numbers":
    """Put rows of the same unit together: of several waves, or an item that changed its cluster."""
    unit = rows[:, 0]
    if turns:
        unit = unit * (int(rows[:, -1].max(initial=0)) + 1) + rows[:, -1]
    if not _has_twice(unit):
        return rows
    order = np.argsort(unit, kind="stable")
    starts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    rows = rows[order]
    found = np.add.reduceat(rows, starts)
    found[:, 0] = rows[starts, 0]
    found[:, 1] = np.minimum.reduceat(rows[:, 1], starts)
    if turns:
        found[:, -1] = rows[starts, -1]
    return found


def _has_twice(ids: "Numbers") -> bool:
    if not ids.size:
        return False
    lowest, highest = int(ids.min()), int(ids.max())
    if highest - lowest <= DENSE * ids.size:
        return int(np.bincount(ids - lowest).max()) > 1
    return np.unique(ids).size < ids.size


def not_asked(asked: Asked, condition: QuestionPlan, codes: Collection[str]) -> "list[Numbers]":
    """Return how many judgments of each unit were not asked a question that depends on another.

    Those that answered the other with none of the codes on which it is asked, and have no answer
    to it; in any order. One or two parts of shape (n_units, 4): item, cluster, turn, judgments.

    Args:
        asked: which answers to the question; of the other one the same are looked at.
        condition: the question it depends on.
        codes: its options on which the question is asked.
    """
    other = replace(asked, question_id=condition.id)
    parts = [_unasked(other.answers(), asked, condition, codes, turn=F("turn"))]
    if asked.scope == Scope.TURN and condition.scope == Scope.BOTH:
        # The only turn of a short reply is the whole, and there the other was answered.
        whole = replace(other, scope=Scope.CONVERSATION).answers()
        short = TextVersion.objects.filter(turns=1, current=True).values("response")
        whole = whole.filter(item__reply_1__in=short)
        parts.append(_unasked(whole, asked, condition, codes, turn=Value(1)))
    return parts


def _unasked(
    answers: QuerySet[Answer],
    asked: Asked,
    condition: QuestionPlan,
    codes: Collection[str],
    *,
    turn: F | Value,
) -> "Numbers":
    here = Answer.objects.filter(judgment=OuterRef("judgment"))
    chosen = [option.id for option in condition.options if option.code in codes]
    if condition.asked_id is None:
        found = answers.exclude(option__in=chosen)
    else:
        met = here.filter(question=condition.id, turn=OuterRef("turn"), option__in=chosen)
        found = answers.filter(~Exists(met), option=condition.asked_id)
    found = found.annotate(at=turn)
    said = here.filter(question=asked.question_id, turn=OuterRef("at"))
    found = found.filter(~Exists(said))
    refused = not_judgeable(asked.question_id)
    if refused is not None:
        found = found.exclude(judgment__in=refused)
    grouped = found.order_by().values("item_id", "at")
    counted = grouped.annotate(in_cluster=Min("cluster"), total=Count("pk"))
    return bulk_reads.numbers(counted, ["item_id", "in_cluster", "at", "total"])


def option_numbers(asked: Asked) -> "Numbers":
    """Return how often each option was chosen at each unit, by item, turn and option.

    Shape (n_rows, 5): cluster, item, turn, judgments, option.
    """
    cells = ("item_id", "cluster_id", "turn", "total", "option_id")
    grouped = asked.answers().order_by().values("item_id", "cluster_id", "turn", "option_id")
    return by_unit(bulk_reads.numbers(grouped.annotate(total=Count("*")), cells), 4)


def pair_numbers(asked: Asked, other_id: int) -> "Numbers":
    """Return how often an option of one question and one of another were chosen together.

    What was answered to one of them only is left out. Shape (n_rows, 6): cluster, item, turn,
    judgments, option, the other's option.
    """
    both = with_other(asked.answers().order_by(), other_id)
    unit = ("item_id", "cluster_id", "turn", "option_id", "other")
    counted = both.values(*unit).annotate(total=Count("*"))
    cells = ("item_id", "cluster_id", "turn", "total", "option_id", "other")
    return by_unit(bulk_reads.numbers(counted, cells), 4, 5)


def by_unit(rows: "Numbers", *then: int) -> "Numbers":
    """Sort rows of item, cluster, turn and more by unit, then by these columns; cluster first."""
    rows = rows[np.lexsort((*(rows[:, n] for n in reversed(then)), rows[:, 2], rows[:, 0]))]
    rows[:, [0, 1]] = rows[:, [1, 0]]
    return rows


def of_items(study_id: int, name: str) -> "Numbers":
    """Return each item's pk and one of its numbers, "query_id" or "reply_1_id", in any order."""
    rows = Item.objects.filter(study=study_id).order_by().values("id", name)
    return bulk_reads.numbers(rows, ["id", name])


def second_replies(study_id: int) -> "Numbers":
    """Return each pair's pk and second reply, in any order."""
    pairs = Item.objects.filter(study=study_id, kind=ItemKind.PAIR).order_by()
    return bulk_reads.numbers(pairs.values("id", "reply_2_id"), ["id", "reply_2_id"])


def of_replies(study_id: int, name: str) -> "Numbers":
    """Return each reply's pk and one of its numbers, "model_id" or "batch_id", in any order."""
    rows = Response.objects.filter(study=study_id).order_by().values("id", name)
    return bulk_reads.numbers(rows, ["id", name])


def _packed(
    asked: Asked, columns: Mapping[int, int], packing: _Packing, *, turns: bool
) -> QuerySet[Answer, Any]:
    """Return a row for each unit: how many ratings, and its counts packed into words."""
    words = {}
    for word in range(packing.n_words):
        whens = [
            When(option=option, then=Value(1 << packing.bits * (column % packing.per_word)))
            for option, column in columns.items()
            if column // packing.per_word == word and column < packing.n_options - 1
        ]
        words[f"word_{word}"] = Sum(Case(*whens, default=Value(0)))
    unit = ("turn", "cluster_id", "item_id") if turns else ("cluster_id", "item_id")
    grouped = asked.answers().order_by().values(*unit)
    found: QuerySet[Answer, Any] = grouped.annotate(total=Count("*"), **words)
    return found
