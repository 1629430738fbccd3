"""How far raters agree beyond chance: the front door to every agreement coefficient.

``from evaluation.stats.agreement import CountTable, nominal_alpha, gwet_ac1, …``
"""

from evaluation.stats.alpha import (
    distance_alpha,
    interval_alpha,
    masi_alpha,
    nominal_alpha,
    ordinal_alpha,
    ratio_alpha,
)
from evaluation.stats.chance import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from evaluation.stats.counts import CountTable, Groups
from evaluation.stats.distances import Weights, agreement_weights, masi_distances
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.kappa import cohen_kappa, conger_kappa
from evaluation.stats.resampling import SANDWICH, Bootstrap, Jackknife, Sandwich, Uncertainty
from evaluation.stats.specific import prevalence, specific_agreement

__all__ = [
    "SANDWICH",
    "Bootstrap",
    "CountTable",
    "Estimate",
    "Groups",
    "Jackknife",
    "Sandwich",
    "Uncertainty",
    "Undefined",
    "Weights",
    "agreement_weights",
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "distance_alpha",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "interval_alpha",
    "masi_alpha",
    "masi_distances",
    "nominal_alpha",
    "ordinal_alpha",
    "percent_agreement",
    "prevalence",
    "ratio_alpha",
    "specific_agreement",
]
