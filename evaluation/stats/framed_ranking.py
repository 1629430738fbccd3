"""Strengths of values from pairs, with one term more: what the wording of the question speaks for.

Bradley and Terry's model with a covariate: log odds that the first wins are
strength_first - strength_second + framing * lean.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, sparse, special

from evaluation.stats.comparisons import Comparisons
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import normal_quantile, t_quantile
from evaluation.stats.ranking import (
    NEWTON_STEPS,
    SETTLED,
    BradleyTerry,
    Fit,
    bradley_terry,
    endless,
    not_estimable,
    strengths_of,
)
from evaluation.stats.resampling import ROUNDING
from evaluation.stats.shapes import FloatArray, IntArray, check_confidence

# A direction of at most 1 in each part must gain this much in all, or it is rounding.
GAIN = 1e-6
# Of the curvature: below this share of the largest a direction is not in the data.
FLAT = 1e-10


@dataclass(frozen=True, slots=True)
class FramedRanking:
    """Strengths with the wording's part taken out, and that part.

    Attributes:
        ranking: as ``bradley_terry`` gives it, without a deviance where the term was fitted.
        framing: log odds that a wording which leans to a value adds to it; ``None`` with
            ``CONFOUNDED`` where lean does not vary or cannot be told from the strengths, which
            then are those without the term; or with the reason of the whole.
    """

    ranking: BradleyTerry
    framing: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Comparisons of the fitted grouped by who, against whom, and lean."""

    first: IntArray
    second: IntArray
    lean: FloatArray
    number: FloatArray
    won: FloatArray
    size: int


def framed_bradley_terry(comparisons: Comparisons, *, confidence: float = 0.95) -> FramedRanking:
    """Fit strengths and one framing term by maximum likelihood; ties count half a win each way.

    Args:
        comparisons: with ``lean``; see ``Comparisons``.
        confidence: level of the intervals, in (0, 1).

    Returns:
        See ``FramedRanking``. The mean of the fitted strengths is 0. Errors as ``bradley_terry``:
        the cluster sandwich with the factor C/(C - 1) and t on C - 1, or the information matrix
        without clusters. ``NOT_SEPARATED`` where strengths and term together have no finite end.

    Raises:
        ValueError: no ``lean``, or ``confidence`` outside (0, 1).

    Source:
        R. Bradley and M. Terry 1952; A. Agresti, "Categorical Data Analysis" (3rd ed. 2013),
        section 11.6.4 (order effect, the same term); sandwich: K. Liang and S. Zeger 1986;
        existence: A. Albert and J. Anderson 1984, found by a linear program as in K. Konis 2007.

    Cost:
        O(n_rows log n_rows + n**3) for n ranked, a few Newton steps, and one linear program
        in n + 1 unknowns with a row for each distinct comparison.
    """
    check_confidence(confidence)
    if comparisons.lean is None:
        raise ValueError("framed_bradley_terry needs comparisons with lean.")
    flags = endless(comparisons.wins())
    fitted = np.array([one not in flags for one in range(comparisons.n_models)], dtype=np.bool_)
    reason = not_estimable(comparisons.wins(), fitted, prior=0.0)
    models = np.flatnonzero(fitted)
    used = comparisons.among(fitted)
    cells = None if reason else _cells(used, models)
    if cells and not _told_apart(cells):
        reason = Undefined.CONFOUNDED
    if cells is None or reason:
        plain = bradley_terry(comparisons, confidence=confidence)
        return FramedRanking(plain, _framing(confidence, reason))
    found = Undefined.NOT_SEPARATED if _endless_direction(cells) else _maximum(cells)
    if isinstance(found, Undefined):
        nothing = _nothing(bradley_terry(comparisons, confidence=confidence), found)
        return FramedRanking(nothing, _framing(confidence, found))
    covariance, clusters = _covariance(used, models, cells, found)
    fit = Fit(found[:-1] - found[:-1].mean(), covariance[:-1, :-1], 0.0, clusters)
    strengths = strengths_of(
        comparisons, fitted, flags=flags, found=fit, reason=None, anchor=None, confidence=confidence
    )
    number = round(float(used.units.sum()))
    known = replace(
        _framing(confidence),
        value=float(found[-1]),
        items=number,
        ratings=number,
        clusters=clusters,
    )
    return FramedRanking(
        BradleyTerry(strengths, None, number, comparisons.dropped),
        _with_interval(known, float(covariance[-1, -1]), clustered=used.cluster is not None),
    )


def _framing(confidence: float, reason: Undefined | None = None) -> Estimate:
    return Estimate("framing", None, reason=reason, confidence=confidence)


def _nothing(plain: BradleyTerry, reason: Undefined) -> BradleyTerry:
    """Return a ranking in which nothing was fitted; what was flagged before keeps its flag."""
    flags = (Undefined.UNDEFEATED, Undefined.WINLESS)
    strengths = tuple(
        replace(
            one,
            value=None,
            se=None,
            low=None,
            high=None,
            reason=one.reason if one.value is None and one.reason in flags else reason,
        )
        for one in plain.strengths
    )
    return BradleyTerry(strengths, None, 0, plain.dropped, None, reason)


def _cells(used: Comparisons, models: IntArray) -> _Cells:
    place = np.zeros(used.n_models, dtype=np.int64)
    place[models] = np.arange(models.size)
    rows = np.column_stack([place[used.first], place[used.second], _lean(used)])
    known, cell = np.unique(rows, axis=0, return_inverse=True)
    where = cell.ravel()
    return _Cells(
        known[:, 0].astype(np.int64),
        known[:, 1].astype(np.int64),
        known[:, 2],
        np.bincount(where, weights=used.units).astype(np.float64),
        np.bincount(where, weights=used.units * used.outcome).astype(np.float64),
        int(models.size),
    )


def _curvature(cells: _Cells, weight: FloatArray) -> FloatArray:
    """Return the information, with something added for the common level of strengths."""
    n = cells.size
    first, second = cells.first, cells.second
    pairs = np.bincount(first * n + second, weights=weight, minlength=n * n).reshape(n, n)
    pairs = pairs + pairs.T
    leaning = np.bincount(first, weights=weight * cells.lean, minlength=n)
    leaning = leaning - np.bincount(second, weights=weight * cells.lean, minlength=n)
    found = np.zeros((n + 1, n + 1))
    found[:n, :n] = np.diag(pairs.sum(axis=1)) - pairs
    found[:n, n] = found[n, :n] = leaning
    found[n, n] = float(weight @ cells.lean**2)
    # It moves no difference of strengths, and with it the matrix can be inverted.
    found[:n, :n] += np.trace(found[:n, :n]) / n
    return found


def _lean(used: Comparisons) -> FloatArray:
    return np.zeros(used.units.size) if used.lean is None else used.lean


def _told_apart(cells: _Cells) -> bool:
    """Say whether the data hold a direction for the term beside those of the strengths."""
    ends = np.linalg.eigvalsh(_curvature(cells, cells.number / 4))
    return bool(ends[0] > FLAT * ends[-1])


def _endless_direction(cells: _Cells) -> bool:
    """Say whether strengths and term can grow together forever and never lose likelihood.

    That is so where some direction speaks against no outcome and for at least one; then the
    likelihood has no maximum, however far Newton's method goes before it shows.
    """
    rows = np.arange(cells.number.size)
    design = sparse.csr_array(
        (
            np.concatenate([np.ones(rows.size), -np.ones(rows.size), cells.lean]),
            (
                np.tile(rows, 3),
                np.concatenate([cells.first, cells.second, np.full(rows.size, cells.size)]),
            ),
        ),
        shape=(rows.size, cells.size + 1),
    )
    always, never = cells.won >= cells.number, cells.won <= 0
    gained = always.astype(np.float64) - never
    found = optimize.milp(
        -(gained @ design),
        constraints=optimize.LinearConstraint(
            design, lb=np.where(never, -np.inf, 0.0), ub=np.where(always, np.inf, 0.0)
        ),
        bounds=optimize.Bounds(-1, 1),
    )
    # Standing still is allowed and the box has walls, so there always is a best direction.
    return bool(gained @ (design @ np.asarray(found.x, dtype=np.float64)) > GAIN)


def _maximum(cells: _Cells) -> FloatArray | Undefined:
    """Newton's method with halved steps, from nothing; the maximum exists."""
    at = np.zeros(cells.size + 1)
    height = _log_likelihood(cells, at)
    for _ in range(NEWTON_STEPS):
        chance = special.expit(_log_odds(cells, at))
        rest = cells.won - cells.number * chance
        gradient = np.append(
            np.bincount(cells.first, weights=rest, minlength=cells.size)
            - np.bincount(cells.second, weights=rest, minlength=cells.size),
            rest @ cells.lean,
        )
        try:
            step = np.linalg.solve(
                _curvature(cells, cells.number * chance * (1 - chance)), gradient
            )
        except np.linalg.LinAlgError:  # so far out that every chance is 0 or 1 to the last bit
            return Undefined.NOT_CONVERGED
        while (new := _log_likelihood(cells, at + step)) < height - SETTLED:
            step = step / 2
        at, height = at + step, new
        if np.abs(step).max() <= SETTLED * (1 + np.abs(at).max()):
            return at
    return Undefined.NOT_CONVERGED


def _log_odds(cells: _Cells, at: FloatArray) -> FloatArray:
    odds: FloatArray = at[cells.first] - at[cells.second] + at[-1] * cells.lean
    return odds


def _log_likelihood(cells: _Cells, at: FloatArray) -> float:
    odds = _log_odds(cells, at)
    return float((cells.won * odds - cells.number * np.logaddexp(0, odds)).sum())


def _covariance(
    used: Comparisons, models: IntArray, cells: _Cells, at: FloatArray
) -> tuple[FloatArray, int]:
    """Return the covariance of strengths and term: sandwich by cluster, or information alone."""
    chance = special.expit(_log_odds(cells, at))
    information = _curvature(cells, cells.number * chance * (1 - chance))
    inverse = np.linalg.inv(information).astype(np.float64)
    if used.cluster is None:
        return inverse, round(float(used.units.sum()))
    n, lean = models.size, _lean(used)
    place = np.zeros(used.n_models, dtype=np.int64)
    place[models] = np.arange(n)
    first, second = place[used.first], place[used.second]
    odds = at[first] - at[second] + at[-1] * lean
    score = (used.outcome - special.expit(odds)) * used.units
    _, cluster = np.unique(used.cluster, return_inverse=True)
    clusters = int(cluster.max(initial=-1)) + 1
    width = n + 1
    places = [cluster * width + column for column in (first, second, n)]
    sums = np.bincount(
        np.concatenate(places),
        weights=np.concatenate([score, -score, score * lean]),
        minlength=clusters * width,
    ).reshape(clusters, width)
    meat = sums.T @ sums * (clusters / max(clusters - 1, 1))
    covariance = (inverse @ meat @ inverse).astype(np.float64)
    return covariance, clusters


def _with_interval(known: Estimate, variance: float, *, clustered: bool) -> Estimate:
    if known.clusters < 2:
        return replace(known, reason=Undefined.ONE_CLUSTER)
    se = float(np.sqrt(max(variance, 0.0)))
    if se <= ROUNDING:
        return replace(known, reason=Undefined.NO_SPREAD)
    level = (1 + known.confidence) / 2
    quantile = t_quantile(level, df=known.clusters - 1) if clustered else normal_quantile(level)
    value, half = known.value or 0.0, se * quantile
    return replace(known, se=se, low=value - half, high=value + half)
