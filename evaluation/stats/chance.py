"""Agreement in percent, and corrected for chance by Fleiss, Gwet, Brennan and Prediger.

All are (p_a - p_e) / (1 - p_e). p_a is the mean over pairable items of the share of pairs of
ratings that agree (in weight); the coefficients differ in p_e, what chance would give. Here
prevalence is the mean over items of the share of ratings, and an item with a single rating
counts for it, though not for p_a.

For every function here:

Args:
    table: counts of the ratings; its columns are the options *offered*.
    confidence: level of the interval, in (0, 1).
    uncertainty: how the interval is computed, see ``resampling.spread``.

Returns an ``Estimate``. ``None`` with a reason: ``NO_ITEMS``, ``NO_PAIRS`` or ``ONE_RATER`` when no
item has two ratings, and as each function says.

Raises ``ValueError`` for ``confidence`` outside (0, 1).

Source: K. Gwet, "Handbook of Inter-Rater Reliability" (4th ed. 2014), chapters 2 to 5.

Cost: O(n_patterns * n_options**2) beside that of the interval.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evaluation.stats.coefficient import Coefficient, estimate
from evaluation.stats.counts import CountTable
from evaluation.stats.distances import Weights, agreement_weights
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import SANDWICH, Uncertainty
from evaluation.stats.shapes import FloatArray, IntArray, as_square

# 1 - p_e smaller than this is rounding: every rating is the same option.
NO_CHANCE_TO_DISAGREE = 1e-12
Chance = Callable[[FloatArray], FloatArray]


def percent_agreement(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Share of pairs of ratings of an item that are the same option, mean over pairable items.

    ``value`` in [0, 1], as a share. Undefined cases: only those of the module.
    """
    coefficient = percent_coefficient(table.n_options)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def percent_coefficient(n_options: int) -> Coefficient:
    """Return :func:`percent_agreement` as a coefficient, to be estimated beside others."""
    weights = np.eye(n_options)

    def evaluate(totals: FloatArray) -> FloatArray:
        return totals[:, 1] / totals[:, 0]

    return Coefficient(
        "percent agreement",
        lambda patterns: agreement_features(patterns, weights)[:, 1:3],
        evaluate,
        lower=0.0,
    )


def fleiss_kappa(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Fleiss' kappa, generalised to items with different numbers of ratings.

    p_e = sum of squared prevalences. With two raters it is Scott's pi. ``value`` in [-1, 1], and
    below -1 only where single-rated items make one option far more common than it is among the
    pairable ones. ``NO_VARIATION`` when every rating is the same option.

    Source: J. Fleiss, "Measuring nominal scale agreement among many raters" (1971); Gwet 2014,
    section 2.4.
    """
    coefficient = fleiss_coefficient(table.n_options)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def fleiss_coefficient(n_options: int) -> Coefficient:
    """Return :func:`fleiss_kappa` as a coefficient, to be estimated beside others."""

    def chance(prevalence: FloatArray) -> FloatArray:
        alike: FloatArray = (prevalence**2).sum(axis=1)
        return alike

    return _corrected("Fleiss' kappa", np.eye(n_options), chance, lower=-np.inf)


def brennan_prediger(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Brennan-Prediger's kappa: chance chooses every option offered alike, p_e = 1/q.

    Also known as PABAK, Randolph's free-marginal kappa. ``value`` in [-1/(q - 1), 1];
    ``ONE_OPTION`` when fewer than two options are offered.

    Source: R. Brennan and D. Prediger, "Coefficient kappa" (1981), eq. 12.
    """
    coefficient = free_marginal_coefficient(table.n_options)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def free_marginal_coefficient(n_options: int) -> Coefficient:
    """Return :func:`brennan_prediger` as a coefficient, to be estimated beside others."""

    def chance(prevalence: FloatArray) -> FloatArray:
        return np.full(len(prevalence), 1 / prevalence.shape[1])

    return _corrected("Brennan-Prediger", np.eye(n_options), chance, needs_options=2)


def gwet_ac1(
    table: CountTable, *, confidence: float = 0.95, uncertainty: Uncertainty = SANDWICH
) -> Estimate:
    """Gwet's AC1, which stays steady when one option is rare.

    p_e = sum of prevalence * (1 - prevalence) / (q - 1). ``value`` in [-1, 1]; it is defined,
    as 1, where every rating is the same of several options. ``ONE_OPTION`` when fewer than two
    options are offered.

    Source: K. Gwet, "Computing inter-rater reliability and its variance in the presence of high
    agreement" (2008), eq. 5 and 9.
    """
    coefficient = gwet_coefficient("Gwet's AC1", np.eye(table.n_options))
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def gwet_ac2(
    table: CountTable,
    weights: Weights | npt.ArrayLike = Weights.QUADRATIC,
    *,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Gwet's AC2: AC1 with credit for ratings that are close.

    p_e = T/(q (q - 1)) * sum of prevalence * (1 - prevalence), T the sum of the weights.
    ``value`` in [-1, 1]; ``ONE_OPTION`` when fewer than two options are offered;
    ``NO_VARIATION`` in the odd case that the weights bring p_e to 1.

    Args:
        table: see the module.
        weights: a kind, for options in order, or a matrix (n_options, n_options), symmetric,
            in [0, 1], ones on the diagonal.
        confidence: see the module.
        uncertainty: see the module.

    Raises:
        ValueError: ``weights`` is not such a matrix.

    Source: Gwet 2014, section 5.3.
    """
    matrix = weights_matrix(weights, n_options=table.n_options)
    coefficient = gwet_coefficient("Gwet's AC2", matrix)
    return estimate(table, coefficient, confidence=confidence, uncertainty=uncertainty)


def weights_matrix(weights: Weights | npt.ArrayLike, *, n_options: int) -> FloatArray:
    """Read a kind of weights, or a matrix of weights.

    Raises:
        ValueError: the matrix is not (n_options, n_options), symmetric, in [0, 1] with ones on
            the diagonal.
    """
    if isinstance(weights, Weights):
        return agreement_weights(weights, max(n_options, 1))
    matrix = as_square(weights, name="weights")
    within = len(matrix) == n_options and ((matrix >= 0) & (matrix <= 1)).all()
    if not within or not np.allclose(matrix, matrix.T) or (np.diag(matrix) != 1).any():
        raise ValueError(
            f"weights must be a symmetric matrix of {n_options} rows in [0, 1] "
            "with ones on the diagonal."
        )
    return matrix


def agreement_features(patterns: IntArray, weights: FloatArray) -> FloatArray:
    """Return, for each pattern: 1, whether pairable, share of agreeing pairs, shares of options.

    Args:
        patterns: shape (n_patterns, q), each with a rating.
        weights: shape (q, q).

    Returns:
        Shape (n_patterns, 3 + q).
    """
    counts = patterns.astype(np.float64)
    ratings = counts.sum(axis=1)
    pairable = ratings >= 2
    pairs = np.where(pairable, ratings * (ratings - 1), 1.0)
    agreeing = (counts * (counts @ weights - 1)).sum(axis=1) / pairs
    shares = counts / ratings[:, None]
    return np.column_stack(
        [np.ones(len(counts)), pairable, np.where(pairable, agreeing, 0.0), shares]
    )


def gwet_coefficient(name: str, weights: FloatArray) -> Coefficient:
    """Return AC1 (identity weights) or AC2 as a coefficient, to be estimated beside others.

    Args:
        name: what the result calls itself.
        weights: shape (q, q), as :func:`weights_matrix` gives them.
    """
    q = len(weights)
    factor = weights.sum() / (q * (q - 1)) if q > 1 else 0.0

    def chance(prevalence: FloatArray) -> FloatArray:
        spread_out: FloatArray = (prevalence * (1 - prevalence)).sum(axis=1)
        return factor * spread_out

    return _corrected(name, weights, chance, needs_options=2)


def _corrected(
    name: str,
    weights: FloatArray,
    chance: Chance,
    *,
    needs_options: int = 1,
    lower: float = -1.0,
) -> Coefficient:
    def evaluate(totals: FloatArray) -> FloatArray:
        observed = totals[:, 2] / totals[:, 1]
        expected = chance(totals[:, 3:] / totals[:, :1])
        room = np.where(1 - expected > NO_CHANCE_TO_DISAGREE, 1 - expected, np.nan)
        return (observed - expected) / room

    return Coefficient(
        name,
        lambda patterns: agreement_features(patterns, weights),
        evaluate,
        singles_count=True,
        needs_options=needs_options,
        when_nan=Undefined.NO_VARIATION,
        lower=lower,
    )
