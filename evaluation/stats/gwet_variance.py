"""Gwet's published standard errors, to compare with other programs.

They take items as independent and are given for comparison with R's irrCAC and with papers. The
product's own intervals are clustered, see ``resampling``.
"""

from dataclasses import replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from evaluation.stats.agreement import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    nominal_alpha,
    percent_agreement,
)
from evaluation.stats.chance import agreement_features
from evaluation.stats.counts import CountTable
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.kappa import as_panel
from evaluation.stats.resampling import ROUNDING, t_quantile
from evaluation.stats.shapes import FloatArray


class GwetCoefficient(StrEnum):
    """The coefficients that have Gwet's standard error here."""

    PERCENT = "percent"
    AC1 = "ac1"
    FLEISS = "fleiss"
    BRENNAN_PREDIGER = "brennan_prediger"
    ALPHA = "alpha"


_VALUES = {
    GwetCoefficient.PERCENT: percent_agreement,
    GwetCoefficient.AC1: gwet_ac1,
    GwetCoefficient.FLEISS: fleiss_kappa,
    GwetCoefficient.BRENNAN_PREDIGER: brennan_prediger,
    GwetCoefficient.ALPHA: nominal_alpha,
}


def gwet_estimate(
    table: CountTable, coefficient: GwetCoefficient, *, confidence: float = 0.95
) -> Estimate:
    """A coefficient with Gwet's linearised standard error over independent items.

    Args:
        table: counts of the ratings; clusters are not used.
        coefficient: which one.
        confidence: level of the interval, in (0, 1), by t on items - 1.

    Returns:
        The value as the coefficient's own function gives it, undefined as there; ``clusters``
        are the items. ``se`` is ``None`` with ``ONE_CLUSTER`` for one item, ``NO_SPREAD`` where
        it is 0.

    Raises:
        ValueError: ``confidence`` outside (0, 1).

    Source:
        K. Gwet, "Handbook of Inter-Rater Reliability" (4th ed. 2014), section 5.4; K. Gwet,
        "On Krippendorff's alpha coefficient" (2011), eq. 13 to 16 for alpha.

    Cost:
        O(n_patterns * n_options).
    """
    found = _VALUES[coefficient](table.by_item(), confidence=confidence)
    if found.value is None:
        return found
    if coefficient is GwetCoefficient.ALPHA:
        parts, weights = _alpha_parts(table)
        centre = float(weights @ parts / weights.sum())
    else:
        parts, weights = _chance_parts(table, coefficient, value=found.value)
        centre = found.value
    return _with_error(found, parts, weights, centre=centre)


def gwet_conger_estimate(
    labels: npt.ArrayLike, *, n_options: int, confidence: float = 0.95
) -> Estimate:
    """Conger's kappa with Gwet's linearised standard error over independent items.

    Args:
        labels: shape (n_raters, n_items), the option chosen, -1 for no rating.
        n_options: options offered.
        confidence: level of the interval, in (0, 1), by t on items - 1.

    Returns:
        As ``gwet_estimate``.

    Raises:
        ValueError: as ``kappa.conger_kappa``.

    Source:
        Gwet 2014, section 5.4 (Conger's coefficient with missing ratings).

    Cost:
        O(n_raters * n_items * n_options).
    """
    found = conger_kappa(labels, n_options=n_options, confidence=confidence)
    if found.value is None:
        return found
    panel = as_panel(labels, n_options=n_options)
    chosen = (panel[:, :, None] == np.arange(n_options)).astype(np.float64)
    chosen = chosen[chosen.any(axis=(1, 2))][:, chosen.any(axis=(0, 2))]
    n_raters, n_items, _ = chosen.shape
    rated = chosen.sum(axis=2)
    each = rated.sum(axis=1)
    use = chosen.sum(axis=1) / each[:, None]
    moved = chosen - (rated - each[:, None] / n_items)[:, :, None] * use[:, None, :]
    others = use.sum(axis=0) - use
    parts = np.einsum("gik,gk,g->i", moved, others, n_items / each) / (n_raters * (n_raters - 1))
    chance = float((use * others).sum()) / (n_raters * (n_raters - 1))
    counts = chosen.sum(axis=0).astype(np.int64)
    features = agreement_features(counts, np.eye(n_options))
    linear = _linearised(features, np.ones(n_items), parts, chance=chance, value=found.value)
    return _with_error(found, linear, np.ones(n_items), centre=found.value)


def _chance_parts(
    table: CountTable, coefficient: GwetCoefficient, *, value: float
) -> tuple[FloatArray, FloatArray]:
    """Each pattern's linearised coefficient, and how many items have the pattern."""
    q, weights = table.n_options, table.weights
    features = agreement_features(table.patterns, np.eye(q))
    shares = features[:, 3:]
    prevalence = weights @ shares / weights.sum()
    if coefficient is GwetCoefficient.AC1:
        own = shares @ (1 - prevalence) / (q - 1)
    elif coefficient is GwetCoefficient.FLEISS:
        own = shares @ prevalence
    else:
        own = np.full(len(shares), 0.0 if coefficient is GwetCoefficient.PERCENT else 1 / q)
    chance = float(weights @ own / weights.sum())
    return _linearised(features, weights, own, chance=chance, value=value), weights


def _linearised(
    features: FloatArray, weights: FloatArray, own: FloatArray, *, chance: float, value: float
) -> FloatArray:
    """Gwet's (p_a|i - p_e) / (1 - p_e) with the part that chance agreement moves."""
    pairable, agreeing = features[:, 1], features[:, 2]
    factor = weights.sum() / (weights @ pairable)
    agreement = factor * (agreeing - chance * pairable) / (1 - chance)
    linear: FloatArray = agreement - 2 * (1 - value) * (own - chance) / (1 - chance)
    return linear


def _alpha_parts(table: CountTable) -> tuple[FloatArray, FloatArray]:
    """Each pairable pattern's linearised alpha, without the small-sample term."""
    paired = table.ratings_each >= 2
    counts, weights = table.patterns[paired].astype(np.float64), table.weights[paired]
    ratings = counts.sum(axis=1)
    n = weights.sum()
    mean = float(weights @ ratings / n)
    excess = (ratings - mean) / mean
    agreeing = (counts * (counts - 1)).sum(axis=1) / (mean * (ratings - 1))
    observed = float(weights @ agreeing / n)
    prevalence = weights @ counts / (n * mean)
    chance = float(prevalence @ prevalence)
    value = (observed - chance) / (1 - chance)
    own = counts @ prevalence / mean - chance * excess
    agreement = (agreeing - observed * excess - chance) / (1 - chance)
    return agreement - 2 * (1 - value) * (own - chance) / (1 - chance), weights


def _with_error(
    found: Estimate, parts: FloatArray, weights: FloatArray, *, centre: float
) -> Estimate:
    """Put Gwet's standard error and interval in the place of the clustered ones."""
    n, value = float(weights.sum()), found.value or 0.0
    bare = replace(found, se=None, low=None, high=None, reason=None, clusters=found.items)
    if n < 2:
        return replace(bare, reason=Undefined.ONE_CLUSTER)
    se = float(np.sqrt(weights @ (parts - centre) ** 2 / (n * (n - 1))))
    if se <= ROUNDING:
        return replace(bare, reason=Undefined.NO_SPREAD)
    half = se * t_quantile((1 + found.confidence) / 2, df=found.items - 1)
    return replace(bare, se=se, low=value - half, high=min(value + half, 1.0))
