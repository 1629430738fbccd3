"""What a study concludes of each unit: soft, posterior and hard label, as columns in parts."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from annotation.bulk_reads import BOOLEAN, INTEGER, NUMBER, TEXT
from annotation.cells import json_text
from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.profiles import item_names
from evaluation.arrays import Ints, distinct_rows
from evaluation.services.label_truth import Block, RaterErrors, blocks, takes_one
from evaluation.services.model_rows import Floats
from evaluation.stats.aggregation import NO_LABEL, majority, vote_shares
from evaluation.stats.votes import best_options

MAJORITY, OF_EACH = "majority", "majority of each option"
CERTAIN = 1.0
# What is JSON as text in a part, and is read in a row.
AS_JSON = ("shares", "low", "high", "posterior")
Row = dict[str, Any]


def parts(
    question: QuestionPlan,
    asked: Asked,
    errors: RaterErrors | None,
    chances: Mapping[int, float],
) -> Iterator[pa.Table]:
    """Yield a row for each unit, by item and turn; ``chances`` are those below 1.

    Shares with the interval of a Dirichlet posterior, the hard label and its entropy follow from
    how often each option was chosen, and are found once for all units where that is the same. Of
    several choices each option is a vote of its own. The posterior by Dawid and Skene is empty
    without ``errors``.
    """
    codes = [option.code for option in question.options]
    for block in blocks(question, asked):
        items, at = np.unique(block.item, return_inverse=True)
        n, place = block.item.size, pa.array(at.ravel())
        chance = np.array([chances.get(item, CERTAIN) for item in items.tolist()])[at.ravel()]
        names = item_names(items.tolist())
        yield pa.table(
            {
                "item": pa.array(block.item),
                "response_id": names["response_id"].combine_chunks().take(place),
                "response_id_2": names["response_id_2"].combine_chunks().take(place),
                "question": _repeated(question.key, n),
                "scope": _repeated(str(asked.scope), n),
                "turn": pa.array(block.turn),
                **_of_counts(question, codes, block),
                **_of_raters(codes, block, errors),
                "inclusion_probability": pa.array(chance, NUMBER),
                "weight": pa.array(1 / chance, NUMBER),
            }
        )


def rows(
    question: QuestionPlan,
    asked: Asked,
    errors: RaterErrors | None,
    chances: Mapping[int, float],
) -> Iterator[Row]:
    """Yield the same one by one, JSON as what it stands for."""
    named = AS_JSON if takes_one(question) else (*AS_JSON, "label")
    for part in parts(question, asked, errors, chances):
        for row in part.to_pylist():
            for name in named:
                row[name] = None if row[name] is None else json.loads(row[name])
            yield row


def _repeated(word: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(word, TEXT), n)


def _of_counts(question: QuestionPlan, codes: list[str], block: Block) -> dict[str, pa.Array]:
    """Return what follows from how often each option was chosen at each unit."""
    several = not takes_one(question)
    counts, place = distinct_rows(block.counts(len(codes) + several))
    found = _of_several(codes, counts) if several else _of_one(codes, counts)
    return {name: column.take(pa.array(place)) for name, column in found.items()}


def _of_one(codes: list[str], counts: Ints) -> dict[str, pa.Array]:
    """Each row one pattern of counts: the option most raters chose; a tie is a tie."""
    shares, hard = vote_shares(counts), majority(counts)
    return {
        "raters": pa.array(counts.sum(axis=1), INTEGER),
        "shares": _by_code(codes, shares.share),
        "low": _by_code(codes, shares.low),
        "high": _by_code(codes, shares.high),
        "label": _codes(codes, hard.option),
        "tie": pa.array(hard.tied, BOOLEAN),
        "rule": _repeated(MAJORITY, len(counts)),
        "entropy": pa.array(map(_entropy, shares.share), NUMBER),
    }


def _entropy(shares: Floats) -> float:
    return max(-math.fsum(share * math.log2(share) for share in shares[shares > 0]), 0.0)


def _of_several(codes: list[str], counts: Ints) -> dict[str, pa.Array]:
    """Each row one pattern: how often each option was chosen, and behind them how many asked."""
    raters, chosen = counts[:, -1], counts[:, :-1]
    pairs = np.stack([chosen, raters[:, None] - chosen], axis=-1)
    found = vote_shares(pairs.reshape(-1, 2))
    share, low, high = (
        one[:, 0].reshape(chosen.shape) for one in (found.share, found.low, found.high)
    )
    most = [
        json_text([code for code, part in zip(codes, row, strict=True) if part > 0.5])
        for row in list(share)
    ]
    return {
        "raters": pa.array(raters, INTEGER),
        "shares": _by_code(codes, share),
        "low": _by_code(codes, low),
        "high": _by_code(codes, high),
        "label": pa.ExtensionArray.from_storage(pa.json_(), pa.array(most, TEXT)),
        "tie": pa.array((2 * chosen == raters[:, None]).any(axis=1), BOOLEAN),
        "rule": _repeated(OF_EACH, len(counts)),
        "entropy": pa.nulls(len(counts), NUMBER),
    }


def _of_raters(codes: list[str], block: Block, errors: RaterErrors | None) -> dict[str, pa.Array]:
    """Return what follows from who chose what at each unit."""
    if errors is None:
        nothing = pa.nulls(block.item.size, TEXT)
        return {"posterior": nothing, "posterior_label": nothing}
    found = errors.posterior(block)
    best = best_options(found, rated=np.ones(len(found), dtype=np.bool_))
    return {"posterior": _by_code(codes, found), "posterior_label": _codes(codes, best.option)}


def _by_code(codes: list[str], numbers: Floats) -> pa.Array:
    """Return each row as JSON: every option's number, by its code."""
    # A number is written as Python writes it, the code with what a pattern would take for its own.
    words = [f"{json_text(code)}:".replace("%", "%%") + "%r" for code in codes]
    pattern = "{" + ",".join(words) + "}"
    return pa.array([pattern % tuple(row) for row in numbers.tolist()], TEXT)


def _codes(codes: list[str], options: Ints) -> pa.Array:
    """Return the code of each option, nothing for none."""
    return pa.array(codes, TEXT).take(pa.array(options, mask=options == NO_LABEL))
