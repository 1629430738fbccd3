"""Single ratings with who gave them, as numbers: all of a question's at once."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Case, F, Sum, Value, When

from annotation import bulk_reads
from annotation.selectors.asked import Asked, with_other
from annotation.selectors.patterns import by_unit

if TYPE_CHECKING:
    from annotation.bulk_reads import Numbers

# A set of options is a bit for each, so many to a number.
OPTIONS_A_WORD = 31


def rating_blocks(asked: Asked, *, other_id: int | None = None) -> "Iterator[Numbers]":
    """Yield what :func:`ratings_at_once` returns without clusters, sorted, block after block.

    Shape of a block (n_ratings, 5): item, turn, judgment, rater, option; a sixth column with
    ``other_id``. Blocks come in any order, each with all ratings of its items. Ten million ratings
    are never held at once; nothing else may be asked of the database before the last block.
    """
    answers = asked.answers().order_by()
    cells = ["item_id", "turn", "judgment_id", "rater", "option_id"]
    if other_id is not None:
        answers = with_other(answers, other_id)
        cells.append("other")
    rows = answers.annotate(rater=F("judgment__rater_id")).values(*cells)
    for block in bulk_reads.number_blocks(rows, cells):
        yield block[np.lexsort((block[:, 2], block[:, 1], block[:, 0]))]


def ratings_at_once(asked: Asked, *, other_id: int | None = None) -> "Numbers":
    """Return each answer to a question of one answer, by item, turn and judgment.

    Shape (n_ratings, 6): cluster, item, turn, judgment, rater, option. With ``other_id`` only
    ratings whose judgment answered that question too, and a seventh column: that answer's option.
    """
    answers = asked.answers().order_by()
    cells = ["item_id", "cluster_id", "turn", "judgment_id", "rater", "option_id"]
    if other_id is not None:
        answers = with_other(answers, other_id)
        cells.append("other")
    rows = answers.annotate(rater=F("judgment__rater_id"))
    return by_unit(bulk_reads.numbers(rows.values(*cells), cells), 3)


def sets_at_once(asked: Asked, options: Sequence[int]) -> "Numbers":
    """Return the options that each judgment chose together, by item, turn and judgment.

    Shape (n_ratings, 5 + n_words): cluster, item, turn, judgment, rater, and words that have a bit
    for each of the ``options``, the first in the lowest bit of the first word.
    """
    words = {
        f"word_{start // OPTIONS_A_WORD}": Sum(
            Case(
                *(
                    When(option=option, then=Value(1 << place))
                    for place, option in enumerate(options[start : start + OPTIONS_A_WORD])
                ),
                default=Value(0),
            )
        )
        for start in range(0, len(options), OPTIONS_A_WORD)
    }
    rows = asked.answers().order_by().annotate(rater=F("judgment__rater_id"))
    judgment = ("item_id", "cluster_id", "turn", "judgment_id", "rater")
    grouped = rows.values(*judgment).annotate(**words)
    return by_unit(bulk_reads.numbers(grouped, (*judgment, *words)), 3)
