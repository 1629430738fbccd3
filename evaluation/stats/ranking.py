"""Strengths of models from comparisons in pairs: Bradley and Terry's model."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse, special

from evaluation.stats.comparisons import Comparisons
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import normal_quantile, t_quantile
from evaluation.stats.resampling import ROUNDING
from evaluation.stats.shapes import BoolArray, FloatArray, IntArray, check_confidence

__all__ = ["BradleyTerry", "Comparisons", "bradley_terry"]

NEWTON_STEPS = 200
SETTLED = 1e-10


@dataclass(frozen=True, slots=True)
class BradleyTerry:
    """Strengths on the log scale: P(i beats j) = 1/(1 + exp(strength_j - strength_i)).

    Attributes:
        strengths: one ``Estimate`` a model, in order; ``None`` with ``UNDEFEATED`` or ``WINLESS``
            where a model is flagged and not fitted, or with the reason of the whole.
            ``items`` are the comparisons of the model, ``clusters`` the clusters of all.
        deviance: residual deviance over pairs of models; ``None`` where nothing was fitted.
        comparisons: comparisons fitted.
        dropped: comparisons left out within one category.
        reference: the model at 0; ``None`` where the mean of the fitted is 0, also when the
            model asked for was flagged.
        reason: why nothing was fitted: ``NO_PAIRS``, ``DISCONNECTED`` (some models were never
            compared), ``NOT_SEPARATED`` (one group never lost to another, or fewer than two models
            are left), ``NOT_CONVERGED``.
    """

    strengths: tuple[Estimate, ...]
    deviance: float | None
    comparisons: int
    dropped: int
    reference: int | None = None
    reason: Undefined | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Strengths (mean 0) and their covariance over the fitted models, in their order."""

    strength: FloatArray
    covariance: FloatArray
    deviance: float
    clusters: int


def bradley_terry(
    comparisons: Comparisons,
    *,
    reference: int | None = None,
    prior: float = 0.0,
    confidence: float = 0.95,
) -> BradleyTerry:
    """Fit strengths by maximum likelihood; ties count half a win each way.

    A model that never lost (or never won) has no finite strength: it is flagged and left out with
    its comparisons, again and again until none is left that never lost or won.

    Args:
        comparisons: see ``Comparisons``.
        reference: the model whose strength is 0; ``None`` to have the mean of the fitted 0.
        prior: 0 for maximum likelihood; above 0 the strengths exp(s), which then have mean 1,
            get a gamma prior worth ``prior`` * n_models, and every model is fitted.
        confidence: level of the intervals, in (0, 1).

    Returns:
        With clusters: sandwich standard errors summed by cluster, factor C/(C - 1), t on C - 1.
        Without: the information matrix, normal quantile. ``se`` of the reference is ``None`` with
        ``NO_SPREAD`` (it is 0 by definition). With ``prior`` the errors do not count the prior as
        data.

    Raises:
        ValueError: ``reference`` out of range, ``prior`` below 0, ``confidence`` outside (0, 1).

    Source:
        R. Bradley and M. Terry 1952; A. Agresti, "Categorical Data Analysis" (3rd ed. 2013),
        section 11.6; existence: L. Ford 1957; prior: F. Caron and A. Doucet 2012, section 2;
        sandwich: K. Liang and S. Zeger 1986.

    Cost:
        O(n_rows + n_models**3) for each of a few Newton steps.
    """
    check_confidence(confidence)
    if prior < 0 or (reference is not None and not 0 <= reference < comparisons.n_models):
        raise ValueError("prior must be >= 0 and reference one of the models.")
    wins = comparisons.wins()
    flags = {} if prior else endless(wins)
    fitted = np.array([model not in flags for model in range(comparisons.n_models)], dtype=np.bool_)
    used = comparisons.among(fitted)
    reason = not_estimable(wins, fitted, prior=prior)
    found = None if reason else _fit(used, np.flatnonzero(fitted), prior=prior)
    if found is None:
        reason = reason or Undefined.NOT_CONVERGED
    anchor = reference if reference is not None and fitted[reference] else None
    return BradleyTerry(
        strengths_of(
            comparisons,
            fitted,
            flags=flags,
            found=found,
            reason=reason,
            anchor=anchor,
            confidence=confidence,
        ),
        None if found is None else found.deviance,
        0 if found is None else round(float(used.units.sum())),
        comparisons.dropped,
        anchor,
        reason,
    )


def endless(wins: FloatArray) -> dict[int, Undefined]:
    """Models that never lost or never won, found again and again among those left."""
    flags: dict[int, Undefined] = {}
    left = wins.copy()
    while True:
        played = (left + left.T).any(axis=1)
        unbeaten = np.flatnonzero(played & ~left.any(axis=0))
        winless = np.flatnonzero(played & ~left.any(axis=1))
        if not unbeaten.size and not winless.size:
            return flags
        flags |= dict.fromkeys(unbeaten.tolist(), Undefined.UNDEFEATED)
        flags |= dict.fromkeys(winless.tolist(), Undefined.WINLESS)
        gone = np.concatenate([unbeaten, winless])
        left[gone, :] = 0
        left[:, gone] = 0


def not_estimable(wins: FloatArray, fitted: BoolArray, *, prior: float) -> Undefined | None:
    if not wins.any():
        return Undefined.NO_PAIRS
    if _components(wins, strong=False) > 1:
        return Undefined.DISCONNECTED
    left = wins[np.ix_(fitted, fitted)]
    if len(left) < 2:
        return Undefined.NOT_SEPARATED
    if _components(left, strong=False) > 1:
        return Undefined.DISCONNECTED
    if not prior and _components(left, strong=True) > 1:
        return Undefined.NOT_SEPARATED
    return None


def _components(wins: FloatArray, *, strong: bool) -> int:
    number, _ = sparse.csgraph.connected_components(
        sparse.csr_array(wins), directed=True, connection="strong" if strong else "weak"
    )
    return int(number)


def _fit(used: Comparisons, models: IntArray, *, prior: float) -> Fit | None:
    """Newton's method with halved steps; ``None`` where it does not settle."""
    wins = used.wins()[np.ix_(models, models)]
    pairs, weight = wins + wins.T, prior * len(models)
    strength = np.zeros(len(models))
    height = _log_posterior(wins, strength, weight)
    for _ in range(NEWTON_STEPS):
        chance = special.expit(strength[:, None] - strength[None, :])
        pull = weight * np.exp(strength)
        gradient = (wins - pairs * chance).sum(axis=1) + weight - pull
        information = _information(pairs, chance)
        step = np.linalg.solve(invertible(information, pull), gradient)
        while (new := _log_posterior(wins, strength + step, weight)) < height - SETTLED:
            step = step / 2
        strength, height = strength + step, new
        if np.abs(step).max() <= SETTLED * (1 + np.abs(strength).max()):
            inverse = np.linalg.inv(invertible(information, pull))
            meat = _meat(used, models, strength, information)
            number = round(float(used.units.sum()))
            clusters = number if used.cluster is None else np.unique(used.cluster).size
            covariance = inverse @ meat @ inverse
            return Fit(strength - strength.mean(), covariance, _deviance(wins, chance), clusters)
    return None


def invertible(information: FloatArray, pull: FloatArray) -> FloatArray:
    """The curvature, with something added for the common level that comparisons leave open.

    It moves no difference of strengths, and with it the matrix can be inverted.
    """
    level = np.trace(information) / len(information)
    curvature: FloatArray = information + np.diag(pull) + (0.0 if pull.any() else level)
    return curvature


def _log_posterior(wins: FloatArray, strength: FloatArray, weight: float) -> float:
    log_chance = -np.logaddexp(0, strength[None, :] - strength[:, None])
    return float((wins * log_chance).sum() + weight * (strength - np.exp(strength)).sum())


def _information(pairs: FloatArray, chance: FloatArray) -> FloatArray:
    between = pairs * chance * (1 - chance)
    information: FloatArray = np.diag(between.sum(axis=1)) - between
    return information


def _meat(
    used: Comparisons, models: IntArray, strength: FloatArray, information: FloatArray
) -> FloatArray:
    """Covariance of the score: summed by cluster, or the information without clusters."""
    if used.cluster is None:
        return information
    place = np.zeros(used.n_models, dtype=np.int64)
    place[models] = np.arange(models.size)
    one, other = place[used.first], place[used.second]
    expected = special.expit(strength[one] - strength[other])
    score = (used.outcome - expected) * used.units
    _, cluster = np.unique(used.cluster, return_inverse=True)
    size = int(cluster.max(initial=-1)) + 1
    cells = np.concatenate([cluster * models.size + one, cluster * models.size + other])
    sums = np.bincount(
        cells, weights=np.concatenate([score, -score]), minlength=size * models.size
    ).reshape(size, models.size)
    between = sums.T @ sums * (size / max(size - 1, 1))
    return between.astype(np.float64, copy=False)


def _deviance(wins: FloatArray, chance: FloatArray) -> float:
    """Twice the log likelihood lost against a chance of its own for each pair of models."""
    expected = (wins + wins.T) * chance
    ratio = np.where(wins > 0, wins / np.where(expected > 0, expected, 1.0), 1.0)
    return max(float(2 * (wins * np.log(ratio)).sum()), 0.0)


def strengths_of(
    comparisons: Comparisons,
    fitted: BoolArray,
    *,
    flags: dict[int, Undefined],
    found: Fit | None,
    reason: Undefined | None,
    anchor: int | None,
    confidence: float,
) -> tuple[Estimate, ...]:
    both = np.concatenate([comparisons.first, comparisons.second])
    number = np.bincount(both, weights=np.tile(comparisons.units, 2), minlength=fitted.size)
    place = fitted.cumsum() - 1

    def of(model: int) -> Estimate:
        bare = Estimate(
            "log strength",
            None,
            reason=flags.get(model, reason),
            confidence=confidence,
            items=round(float(number[model])),
            ratings=round(float(number[model])),
        )
        if found is None or model in flags:
            return bare
        against = None if anchor is None else int(place[anchor])
        clustered = comparisons.cluster is not None
        return _contrast(bare, found, int(place[model]), against, clustered=clustered)

    return tuple(of(model) for model in range(fitted.size))


def _contrast(
    bare: Estimate, found: Fit, model: int, against: int | None, *, clustered: bool
) -> Estimate:
    """A strength minus the reference's, or minus the mean of all."""
    size = found.strength.size
    contrast = np.full(size, -1 / size) if against is None else np.zeros(size)
    if against is not None:
        contrast[against] -= 1
    contrast[model] += 1
    value = float(contrast @ found.strength)
    known = replace(bare, value=value, reason=None, clusters=found.clusters)
    if found.clusters < 2:
        return replace(known, reason=Undefined.ONE_CLUSTER)
    variance = float(contrast @ found.covariance @ contrast)
    se = float(np.sqrt(max(variance, 0.0)))
    if se <= ROUNDING:
        return replace(known, reason=Undefined.NO_SPREAD)
    level = (1 + bare.confidence) / 2
    quantile = t_quantile(level, df=found.clusters - 1) if clustered else normal_quantile(level)
    half = se * quantile
    return replace(known, se=se, low=value - half, high=value + half)
