"""The alternative-annotator test: may a judge stand in for a person of the panel?

Each person is left out in turn; person and judge are scored against the others. The judge passes
when, for at least half of the people, it is not worse than the person by more than epsilon.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.estimates import Undefined
from evaluation.stats.intervals import t_cdf
from evaluation.stats.multiplicity import benjamini_yekutieli
from evaluation.stats.shapes import FloatArray, IntArray, as_indices, as_numbers

MIN_ITEMS = 30
PASSES_FROM = 0.5
# Errors this close are equal: they differ by rounding only.
SAME_ERROR = 1e-9


class Epsilon:
    """How much worse than a person a judge may be, by what people's time costs."""

    EXPERTS = 0.2
    SKILLED = 0.15
    CROWD = 0.1


class Scoring(StrEnum):
    """How an answer is scored against the others' answers to the item."""

    ACCURACY = "accuracy"
    RMSE = "rmse"


@dataclass(frozen=True, slots=True)
class AnnotatorResult:
    """The judge against one person.

    Attributes:
        annotator: the person's id as it was given.
        n: items with another person and a verdict.
        rho_judge: share of these on which the judge scores at least as well as the person.
        rho_human: share on which the person scores at least as well as the judge.
        mean_difference: ``rho_human - rho_judge``.
        p: p-value of "the judge is worse by epsilon or more"; ``None`` when skipped.
        skipped: fewer items than the test needs; only ``n`` is then given.
        judge_wins: the hypothesis is rejected, corrected for the number of people.
    """

    annotator: int
    n: int
    rho_judge: float | None = None
    rho_human: float | None = None
    mean_difference: float | None = None
    p: float | None = None
    skipped: bool = False
    judge_wins: bool = False


@dataclass(frozen=True, slots=True)
class AlternativeAnnotator:
    """The outcome of the test.

    Attributes:
        winning_rate: omega, share of the tested people against whom the judge wins; ``None``
            with ``reason`` ``TOO_FEW`` when everyone was skipped, ``NO_ITEMS`` with no one.
        advantage: rho, mean of the people's ``rho_judge``: the chance that the judge is at
            least as good as a person drawn from the panel.
        passed: ``winning_rate >= 0.5``; ``None`` where undefined.
        epsilon, q: as asked.
        annotators: one entry a person, in order of id; the skipped are named here.
        reason: why there is no winning rate.
    """

    winning_rate: float | None
    advantage: float | None
    passed: bool | None
    epsilon: float
    q: float
    annotators: tuple[AnnotatorResult, ...]
    reason: Undefined | None = None


def alternative_annotator_test(
    item: npt.ArrayLike,
    annotator: npt.ArrayLike,
    answer: npt.ArrayLike,
    *,
    judge: npt.ArrayLike,
    epsilon: float,
    scoring: Scoring = Scoring.ACCURACY,
    q: float = 0.05,
    min_items: int = MIN_ITEMS,
) -> AlternativeAnnotator:
    """Test whether a judge may stand in for the people of a panel.

    Args:
        item: shape (n_ratings,), position of the item, 0 to n_items - 1.
        annotator: shape (n_ratings,), ids >= 0; at most one rating of an item each.
        answer: shape (n_ratings,), the option's number, or the score for RMSE.
        judge: shape (n_items,), the judge's answer, NaN where there is no verdict.
        epsilon: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd; >= 0.
        scoring: match with the others' answers, or minus the root mean squared error.
        q: false discovery rate over people, in (0, 1).
        min_items: a person with fewer items is skipped and named. The Wilcoxon test, which
            the paper names for these, is not used: its type-I error is 22 to 75 % here.

    Returns:
        See ``AlternativeAnnotator``. Items with fewer than two ratings or without a verdict
        take no part.

    Raises:
        ValueError: a row of another length, a number out of range, a person rating an item
            twice, or ``epsilon`` below 0, ``min_items`` below 2.

    Source:
        N. Calderon, R. Reichart and R. Dror, "The Alternative Annotator Test for LLM-as-a-Judge"
        (ACL 2025), sections 3.1 to 3.3: one-sided t-test of mean(W^human - W^judge) < epsilon,
        Benjamini-Yekutieli over people. Where all differences are equal the p-value is 0 or 1.

    Cost:
        O(n_ratings log n_ratings).
    """
    return alternative_annotator_test_in_blocks(
        [(item, annotator, answer)],
        judge=judge,
        epsilon=epsilon,
        scoring=scoring,
        q=q,
        min_items=min_items,
    )


def alternative_annotator_test_in_blocks(
    blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]],
    *,
    judge: npt.ArrayLike,
    epsilon: float,
    scoring: Scoring = Scoring.ACCURACY,
    q: float = 0.05,
    min_items: int = MIN_ITEMS,
) -> AlternativeAnnotator:
    """Do what :func:`alternative_annotator_test` does, of ratings that are never held at once.

    Args:
        blocks: each with item, annotator and answer as there; all ratings of an item are in one.
        judge, epsilon, scoring, q, min_items: as there.

    Raises:
        ValueError: as there; a person's second rating of an item is seen within a block.
    """
    if epsilon < 0 or min_items < 2:
        raise ValueError("epsilon must be >= 0 and min_items at least 2.")
    verdict = np.asarray(judge, dtype=np.float64)
    if verdict.ndim != 1 or np.isinf(verdict).any():
        raise ValueError("judge must be a row of numbers, NaN where there is no verdict.")
    scores: dict[int, IntArray] = {}
    for item, annotator, answer in blocks:
        where = as_indices(item, name="item", below=verdict.size)
        who = as_indices(annotator, name="annotator", length=where.size)
        what = as_numbers(answer, name="answer", length=where.size)
        for one, counts in _scored(where, who, what, verdict=verdict, scoring=scoring):
            scores[one] = scores[one] + counts if one in scores else counts
    rows = [_against(one, scores[one], epsilon, min_items) for one in sorted(scores)]
    return _verdict(rows, epsilon=epsilon, q=q)


def _scored(
    where: IntArray, who: IntArray, what: FloatArray, *, verdict: FloatArray, scoring: Scoring
) -> Iterator[tuple[int, IntArray]]:
    """Yield each person of a block with how often the judge, the person, or neither is better."""
    people, person = np.unique(who, return_inverse=True)
    items, place = np.unique(where, return_inverse=True)
    if not np.diff(np.sort(place * max(people.size, 1) + person)).all():
        raise ValueError("A person may rate an item only once.")
    says = verdict[items]
    taken = (np.bincount(place, minlength=items.size) >= 2)[place] & ~np.isnan(says)[place]
    errors = _left_out_errors(place[taken], what[taken], verdict=says, scoring=scoring)
    apart = errors[:, 0] - errors[:, 1]
    outcome = np.where(apart > SAME_ERROR, 0, np.where(apart < -SAME_ERROR, 1, 2))
    counts = np.bincount(person[taken] * 3 + outcome, minlength=3 * people.size)
    yield from zip(people.tolist(), counts.reshape(people.size, 3), strict=True)


def _left_out_errors(
    where: IntArray, what: FloatArray, *, verdict: FloatArray, scoring: Scoring
) -> FloatArray:
    """Mean error of person and judge against the item's other answers, shape (n, 2)."""
    if scoring is Scoring.RMSE:
        return _squared_errors(where, what, verdict=verdict)
    values, option = np.unique(np.concatenate([what, verdict]), return_inverse=True)
    said, judged = option[: what.size], option[what.size :][where]
    counts = np.bincount(where * values.size + said, minlength=verdict.size * values.size).reshape(
        verdict.size, values.size
    )
    others = counts[where].sum(axis=1) - 1
    person = (counts[where, said] - 1) / others
    judge = (counts[where, judged] - (said == judged)) / others
    return 1 - np.column_stack([person, judge])


def _squared_errors(where: IntArray, what: FloatArray, *, verdict: FloatArray) -> FloatArray:
    """Mean squared error of person and judge; its root would order them alike."""
    n_items = verdict.size
    number = np.bincount(where, minlength=n_items)
    mean = np.bincount(where, weights=what, minlength=n_items) / np.maximum(number, 1)
    rest = what - mean[where]
    squares = np.bincount(where, weights=rest**2, minlength=n_items)[where]
    m, judged = number[where], verdict[where] - mean[where]
    person = squares + m * rest**2
    judge = squares + m * judged**2 - (judged - rest) ** 2
    return np.column_stack([person, judge]) / (m - 1)[:, None]


def _against(annotator: int, counts: IntArray, epsilon: float, min_items: int) -> AnnotatorResult:
    """Return the judge against one person; ``counts``: judge better, person better, the same."""
    n = int(counts.sum())
    if n < min_items:
        return AnnotatorResult(annotator, n, skipped=True)
    judge, person, same = (int(one) for one in counts)
    mean = (person - judge) / n
    # Each difference is -1, 1 or 0.
    squares = judge * (-1 - mean) ** 2 + person * (1 - mean) ** 2 + same * mean**2
    se = float(np.sqrt(squares / (n - 1) / n))
    p = t_cdf((mean - epsilon) / se, df=n - 1) if se > 0 else float(mean >= epsilon)
    return AnnotatorResult(annotator, n, (judge + same) / n, (person + same) / n, mean, p)


def _verdict(rows: list[AnnotatorResult], *, epsilon: float, q: float) -> AlternativeAnnotator:
    tested = [row for row in rows if not row.skipped]
    values = [row.p for row in tested if row.p is not None]
    wins = iter(benjamini_yekutieli(values, q=q).rejected)
    named = tuple(row if row.skipped else replace(row, judge_wins=bool(next(wins))) for row in rows)
    if not tested:
        reason = Undefined.TOO_FEW if rows else Undefined.NO_ITEMS
        return AlternativeAnnotator(None, None, None, epsilon, q, named, reason)
    rate = sum(row.judge_wins for row in named) / len(tested)
    advantage = float(np.mean([row.rho_judge for row in tested]))
    return AlternativeAnnotator(rate, advantage, rate >= PASSES_FROM, epsilon, q, named)
