"""Making a judge's probabilities mean what they say: Platt, temperature, isotonic.

A map is fitted on items that people labelled and applied to others. ``cross_fitted`` calibrates the
labelled items themselves, each by a map fitted without its query.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.calibration import Forecasts
from evaluation.stats.estimates import Undefined
from evaluation.stats.shapes import BoolArray, FloatArray, IntArray, as_probabilities

# Keeps the logit of a verdict of exactly 0 or 1 finite.
EDGE = 1e-6
NEWTON_STEPS = 100
SETTLED = 1e-12
STEEPEST = 1e3


class Recalibration(Protocol):
    """A map from a judge's probability to a calibrated one."""

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """Return calibrated probabilities, shape (n,) as given."""


@dataclass(frozen=True, slots=True)
class LogitLine:
    """Platt, logistic and temperature maps: logit of the result = intercept + slope * logit(p)."""

    intercept: float
    slope: float

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """Return calibrated probabilities, shape (n,) as given."""
        line = self.intercept + self.slope * logit(as_probabilities(p, name="p"))
        return np.asarray(special.expit(line), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Staircase:
    """Isotonic map: straight between the corners, level beyond the outermost.

    Attributes:
        x: probabilities at the corners, rising.
        y: calibrated probabilities at the corners, not falling.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """Return calibrated probabilities, shape (n,) as given."""
        return np.interp(as_probabilities(p, name="p"), self.x, self.y)


Map = TypeVar("Map", bound=Recalibration)


@dataclass(frozen=True, slots=True)
class Fit(Generic[Map]):
    """A fitted map, or why there is none.

    Attributes:
        map: what turns the judge's probabilities into calibrated ones.
        reason: ``NO_ITEMS``, ``NO_VARIATION`` (one outcome only, or one probability only), or
            ``NOT_CONVERGED`` where the best slope is infinite: the judge separates the outcomes.
    """

    map: Map | None
    reason: Undefined | None = None


@dataclass(frozen=True, slots=True, eq=False)
class VennAbers:
    """Calibrated probabilities with their ends.

    Attributes:
        low, high: shape (m,), the item tried as a negative and as a positive.
        p: shape (m,), high / (1 - low + high): the one number of least regret.
    """

    low: FloatArray
    high: FloatArray
    p: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """Labelled items, each calibrated by a map that has not seen its query.

    Attributes:
        p: shape (n,), calibrated probabilities; those given where ``fitted`` is false.
        fitted: shape (n,), whether the item's fold had a map.
        fold: shape (n,), the fold of each item.
    """

    p: FloatArray
    fitted: BoolArray
    fold: IntArray


def logit(p: FloatArray) -> FloatArray:
    """Return log(p / (1 - p)), with p kept 1e-6 away from 0 and 1."""
    return np.asarray(special.logit(np.clip(p, EDGE, 1 - EDGE)), dtype=np.float64)


def platt(forecasts: Forecasts) -> Fit[LogitLine]:
    """Platt's sigmoid on the logit, towards targets a little off 0 and 1.

    Targets are (n_1 + 1)/(n_1 + 2) for positives and 1/(n_0 + 2) for negatives, so that the map
    is never infinitely steep.

    Returns:
        A map; with ``NO_ITEMS`` or ``NO_VARIATION`` none. In Platt's letters a = -slope and
        b = -intercept.

    Source: J. Platt 1999, section 2.2; H. Lin, C. Lin and R. Weng 2007.
    Cost: O(n) for each of a few Newton steps.
    """
    positives, n = int(forecasts.y.sum()), forecasts.y.size
    targets = np.where(forecasts.y, (positives + 1) / (positives + 2), 1 / (n - positives + 2))
    return _logit_line(forecasts, targets)


def logistic_recalibration(forecasts: Forecasts) -> Fit[LogitLine]:
    """Cox's calibration line: intercept 0 and slope 1 are a calibrated judge.

    Returns:
        A map; none with ``NO_ITEMS``, ``NO_VARIATION`` or ``NOT_CONVERGED``.

    Source: D. Cox, "Two further applications of a model for binary regression" (1958).
    Cost: O(n) for each of a few Newton steps.
    """
    return _logit_line(forecasts, forecasts.y.astype(np.float64))


def temperature(forecasts: Forecasts) -> Fit[LogitLine]:
    """One slope, no intercept: logit(p)/T with the T of least log loss.

    Returns:
        A map whose ``slope`` is 1/T; none with ``NO_ITEMS``, ``NO_VARIATION``, or
        ``NOT_CONVERGED`` where no T > 0 is best (the judge is always or never right, or its
        probabilities speak against the outcomes).

    Source: C. Guo et al., "On calibration of modern neural networks" (2017), section 4.2.
    Cost: O(n) for each of a few dozen steps.
    """
    reason = _nothing_to_fit(forecasts)
    if reason:
        return Fit(None, reason)
    x = logit(forecasts.p)

    def gradient(slope: float) -> float:
        return float(x @ (special.expit(slope * x) - forecasts.y))

    if gradient(0.0) >= 0 or gradient(STEEPEST) <= 0:
        return Fit(None, Undefined.NOT_CONVERGED)
    from scipy import optimize  # some 20 MB that only these two fits need

    slope = optimize.brentq(gradient, 0.0, STEEPEST, xtol=SETTLED)
    return Fit(LogitLine(0.0, float(slope)))


def isotonic(forecasts: Forecasts) -> Fit[Staircase]:
    """The best map that never falls, by pooling adjacent violators.

    Returns:
        A map with the corners of its level parts; none with ``NO_ITEMS``.

    Source: R. Barlow et al., "Statistical Inference under Order Restrictions" (1972), ch. 1.
    Cost: O(n log n).
    """
    if not forecasts.p.size:
        return Fit(None, Undefined.NO_ITEMS)
    x, y = _level_parts(forecasts.p, forecasts.y.astype(np.float64))
    inner = np.zeros(x.size, dtype=np.bool_)
    inner[1:-1] = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:])
    return Fit(Staircase(tuple(x[~inner].tolist()), tuple(y[~inner].tolist())))


def venn_abers(forecasts: Forecasts, p: npt.ArrayLike) -> VennAbers:
    """Isotonic calibration with an honest width: the item tried as a negative and a positive.

    Args:
        forecasts: labelled items to learn from, at least one.
        p: shape (m,), probabilities to calibrate.

    Raises:
        ValueError: no labelled item, or a probability outside [0, 1].

    Source: V. Vovk and I. Petej, "Venn-Abers predictors" (2014), section 2.
    Cost: O(m * n log n).
    """
    if not forecasts.p.size:
        raise ValueError("Venn-Abers needs at least one labelled item.")
    wanted = as_probabilities(p, name="p")
    ends = np.empty((2, wanted.size))
    for tried in (0, 1):
        for at, one in enumerate(wanted):
            x, y = _level_parts(np.append(forecasts.p, one), np.append(forecasts.y, float(tried)))
            ends[tried, at] = y[np.searchsorted(x, one)]
    return VennAbers(ends[0], ends[1], ends[1] / (1 - ends[0] + ends[1]))


def cross_fitted(
    forecasts: Forecasts,
    fit: Callable[[Forecasts], Fit[Map]],
    *,
    folds: int = 5,
    seed: int,
) -> CrossFitted:
    """Calibrate labelled items so that no item, nor its query, calibrates itself.

    Args:
        forecasts: labelled items with their clusters (queries).
        fit: ``platt``, ``temperature``, ``isotonic`` …
        folds: into how many parts the clusters are dealt, at least 2.
        seed: fixes the deal.

    Returns:
        See ``CrossFitted``; with fewer clusters than folds, one cluster a fold.

    Raises:
        ValueError: ``folds`` below 2.

    Cost:
        ``folds`` fits.
    """
    if folds < 2:
        raise ValueError(f"folds must be at least 2, not {folds}.")
    deal = np.random.default_rng(seed).permutation(forecasts.n_clusters) % folds
    fold = deal[forecasts.cluster].astype(np.int64)
    p, fitted = forecasts.p.copy(), np.zeros(forecasts.p.size, dtype=np.bool_)
    for held_out in range(folds):
        inside = fold == held_out
        rest = Forecasts.from_arrays(forecasts.p[~inside], forecasts.y[~inside])
        found = fit(rest).map
        if found is not None:
            p[inside], fitted[inside] = found.apply(forecasts.p[inside]), True
    return CrossFitted(p, fitted, fold)


def _nothing_to_fit(forecasts: Forecasts) -> Undefined | None:
    if not forecasts.p.size:
        return Undefined.NO_ITEMS
    varies = np.ptp(forecasts.p) > 0 and 0 < forecasts.y.sum() < forecasts.y.size
    return None if varies else Undefined.NO_VARIATION


def _logit_line(forecasts: Forecasts, targets: FloatArray) -> Fit[LogitLine]:
    """Logistic regression of targets on the logit, by Newton's method with halved steps."""
    reason = _nothing_to_fit(forecasts)
    if reason:
        return Fit(None, reason)
    design = np.column_stack([np.ones(targets.size), logit(forecasts.p)])
    line, loss = np.zeros(2), _loss(design @ np.zeros(2), targets)
    for _ in range(NEWTON_STEPS):
        mean = special.expit(design @ line)
        gradient = design.T @ (mean - targets)
        curvature = (design * (mean * (1 - mean))[:, None]).T @ design
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        while (new := _loss(design @ (line - step), targets)) > loss + SETTLED:
            step = step / 2
        line, loss = line - step, new
        if np.abs(step).max() <= SETTLED * (1 + np.abs(line).max()):
            return Fit(LogitLine(float(line[0]), float(line[1])))
        if np.abs(line).max() > STEEPEST:
            break
    return Fit(None, Undefined.NOT_CONVERGED)


def _loss(line: FloatArray, targets: FloatArray) -> float:
    return float((np.logaddexp(0, line) - targets * line).sum())


def _level_parts(p: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distinct probabilities and the isotonic mean outcome at each."""
    from scipy import optimize

    x, group = np.unique(p, return_inverse=True)
    number = np.bincount(group).astype(np.float64)
    mean = np.bincount(group, weights=y) / number
    return x, optimize.isotonic_regression(mean, weights=number).x
