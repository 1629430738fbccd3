"""Whether soft labels mean what they say: beside raters who were left out, and known answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.profiles import known_options
from annotation.selectors.studies import StudyFacts
from evaluation.arrays import Ints
from evaluation.services.coefficients import coefficient_json
from evaluation.services.label_truth import Block, RaterErrors, errors_in
from evaluation.services.model_rows import Floats
from evaluation.stats.calibration import (
    Bin,
    Forecasts,
    brier_score,
    expected_calibration_error,
    reliability_curve,
)
from evaluation.stats.estimates import Estimate

FOLDS, SEED = 5, 1
SHARES, SMOOTHED, POSTERIOR = "shares", "smoothed_shares", "posterior"
KINDS = (SHARES, SMOOTHED, POSTERIOR)
HALF_A_VOTE = 0.5
ONE_RATER = "There are fewer than two raters, so none can be left out."
NOT_SHARED = "No rater who was left out rated a unit that another one rated."
NO_GOLD = "No rated unit has a known answer."


@dataclass(frozen=True, slots=True)
class Measured:
    """How one kind of probability does: mean squared error and calibration error, and the curve.

    Each option offered is a forecast of its own: n ratings of q options are n * q forecasts.
    """

    kind: str
    brier: Estimate
    ece: Estimate
    curve: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "kind": self.kind,
            "brier": coefficient_json("brier_score", self.brier),
            "ece": coefficient_json(self.ece.name, self.ece),
            "curve": [
                {
                    "n": one.n,
                    "mean_probability": one.mean_probability,
                    "share_positive": one.share_positive,
                }
                for one in self.curve
            ],
        }


@dataclass(frozen=True, slots=True)
class Check:
    """Soft labels held to something they do not know; ``reason`` says why there is nothing.

    ``cases`` are ratings that were left out, or units with a known answer.
    """

    cases: int
    raters: int
    measured: tuple[Measured, ...]
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "cases": self.cases,
            "raters": self.raters,
            "reason": self.reason or None,
            "measures": [one.as_json() for one in self.measured],
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Cases:
    """Forecasts of each kind, shape (n, q), what was so, shape (n,), and its cluster."""

    forecasts: tuple[Floats, ...]
    column: Ints
    cluster: Ints


def held_out(block: Block, options: int) -> Check:
    """Hold labels to raters who took no part in them: each fifth of the raters in turn.

    Which raters are left out together follows from the seed alone.
    """
    raters = np.unique(block.rater)
    if raters.size < 2:
        return Check(0, int(raters.size), (), ONE_RATER)
    folds = min(FOLDS, int(raters.size))
    deal = np.random.default_rng(SEED).permutation(raters.size) % folds
    fold = deal[np.searchsorted(raters, block.rater)]
    found = [case for at in range(folds) for case in _left_out(block, fold == at, options)]
    if not found:
        return Check(0, int(raters.size), (), NOT_SHARED)
    return _check(found, raters=int(raters.size))


def _left_out(block: Block, out: Any, options: int) -> Iterator[_Cases]:
    """Yield what the other raters' labels say of the ratings of those left out."""
    rest = _only(block, ~out)
    seen = np.bincount(rest.unit, minlength=block.item.size) > 0
    cases = out & seen[block.unit]
    if cases.any():
        unit = block.unit[cases]
        errors = errors_in(rest, options)
        yield _Cases(
            tuple(one[unit] for one in _soft(rest, errors, options)),
            block.column[cases],
            block.cluster[unit],
        )


def _only(block: Block, kept: Any) -> Block:
    """Return a block with some of its ratings; units stay where they are."""
    return Block(
        block.item,
        block.turn,
        block.cluster,
        block.unit[kept],
        block.rater[kept],
        block.column[kept],
    )


def _soft(block: Block, errors: RaterErrors, options: int) -> tuple[Floats, ...]:
    """Return each kind of soft label, shape (n_units, q), in the order of ``KINDS``."""
    counts = block.counts(options)
    votes = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(votes, 1)
    smoothed = (counts + HALF_A_VOTE) / (votes + HALF_A_VOTE * options)
    return shares, smoothed, errors.posterior(block)


def on_gold(study: StudyFacts, question: QuestionPlan, block: Block, errors: RaterErrors) -> Check:
    """Hold labels to known answers, where a unit has one."""
    columns = {option.id: column for column, option in enumerate(question.options)}
    known = known_options(study.id, question.id)
    places = zip(block.item.tolist(), block.turn.tolist(), strict=True)
    right = np.array([columns.get(known.get(place, 0), -1) for place in places], dtype=np.int64)
    units = np.flatnonzero(right >= 0)
    if not units.size:
        return Check(0, 0, (), NO_GOLD)
    soft = tuple(one[units] for one in _soft(block, errors, len(question.options)))
    raters = np.unique(block.rater[np.isin(block.unit, units)]).size
    return _check([_Cases(soft, right[units], block.cluster[units])], raters=int(raters))


def _check(found: list[_Cases], *, raters: int) -> Check:
    column = np.concatenate([one.column for one in found])
    cluster = np.concatenate([one.cluster for one in found])
    measured = []
    for at, kind in enumerate(KINDS):
        said = np.concatenate([one.forecasts[at] for one in found])
        so = np.arange(said.shape[1]) == column[:, None]
        clusters = np.repeat(cluster, said.shape[1])
        measured.append(measured_of(kind, said.ravel(), so.ravel(), clusters))
    return Check(int(column.size), raters, tuple(measured))


def measured_of(kind: str, said: Floats, so: Any, clusters: Ints) -> Measured:
    """Measure probabilities against what was so."""
    forecasts = Forecasts.from_arrays(np.clip(said, 0.0, 1.0), so, clusters)
    return Measured(
        kind,
        brier_score(forecasts),
        expected_calibration_error(forecasts),
        reliability_curve(forecasts),
    )
