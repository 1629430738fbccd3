"""Which coefficients a question gets, by its type and level of measurement, and their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.vocabulary import Level, QuestionType
from evaluation.ratings import NOT_ASKED, Ratings
from evaluation.stats.agreement import (
    SANDWICH,
    CountTable,
    Estimate,
    Uncertainty,
    Weights,
    masi_distances,
    prevalence,
    specific_agreement,
)
from evaluation.stats.alpha import distance_coefficient, ordinal_coefficient
from evaluation.stats.chance import (
    fleiss_coefficient,
    free_marginal_coefficient,
    gwet_coefficient,
    percent_coefficient,
    weights_matrix,
)
from evaluation.stats.coefficient import Coefficient, estimates
from evaluation.stats.distances import interval_distances

ALPHA = "krippendorff_alpha"
PERCENT = "percent_agreement"
NOMINAL_ALPHA = "krippendorff_alpha_nominal"
AC1 = "gwet_ac1"
AC2 = "gwet_ac2"
FLEISS = "fleiss_kappa"
FREE_MARGINAL = "brennan_prediger"
TITLES = {
    ALPHA: "Krippendorff's alpha",
    PERCENT: "Percent agreement",
    NOMINAL_ALPHA: "Krippendorff's alpha, options without order",
    AC1: "Gwet's AC1",
    AC2: "Gwet's AC2, quadratic weights",
    FLEISS: "Fleiss' kappa",
    FREE_MARGINAL: "Brennan-Prediger's kappa",
}


def coefficient_json(name: str, estimate: Estimate) -> dict[str, Any]:
    """Return an estimate in the one shape that all outputs share."""
    return {
        "name": name,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "se": estimate.se,
        "reason": str(estimate.reason) if estimate.reason else None,
    }


@dataclass(frozen=True, slots=True)
class Share:
    """How often an option was chosen, of all ratings, and how well raters agree on it.

    ``agreement`` is: where one rater chose the option, how often another rater of the item did.
    """

    option: str
    label: str
    ratings: int
    share: float | None
    prevalence: Estimate
    agreement: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        one, other = self.prevalence, self.agreement
        return {
            "option": self.option,
            "ratings": self.ratings,
            "share": self.share,
            "low": one.low,
            "high": one.high,
            "agreement": {
                "value": other.value,
                "low": other.low,
                "high": other.high,
                "se": other.se,
                "reason": str(other.reason) if other.reason else None,
            },
        }


def coefficients_of(
    question: QuestionPlan,
    table: CountTable,
    sets: Sequence[frozenset[str]],
    *,
    uncertainty: Uncertainty = SANDWICH,
) -> dict[str, Estimate]:
    """Return every coefficient that fits a question, alpha at its level first.

    Args:
        question: one of a closed type.
        table: its ratings; for several choices a column is a distinct set of options.
        sets: what the columns are, as option codes.
        uncertainty: how the intervals are computed; draws are made once for all.
    """
    named = _fitting(question, table.n_options, sets)
    found = estimates(table, list(named.values()), uncertainty=uncertainty)
    return dict(zip(named, found, strict=True))


def _fitting(
    question: QuestionPlan, n_options: int, sets: Sequence[frozenset[str]]
) -> dict[str, Coefficient]:
    same = np.eye(n_options)
    nominal = distance_coefficient(1 - same, name="nominal alpha")
    found = {ALPHA: nominal, PERCENT: percent_coefficient(n_options)}
    if question.type == QuestionType.SEVERAL:
        # How many sets could be chosen is not how many were: what needs it is not computed.
        if sets:
            found[ALPHA] = distance_coefficient(masi_distances(sets), name="MASI alpha")
        return found
    if question.level != Level.NOMINAL:
        found[ALPHA] = _ordered(question, n_options)
        found[NOMINAL_ALPHA] = nominal
        found[AC2] = gwet_coefficient(
            "Gwet's AC2", weights_matrix(Weights.QUADRATIC, n_options=n_options)
        )
    found[AC1] = gwet_coefficient("Gwet's AC1", same)
    found[FLEISS] = fleiss_coefficient(n_options)
    found[FREE_MARGINAL] = free_marginal_coefficient(n_options)
    return found


def _ordered(question: QuestionPlan, n_options: int) -> Coefficient:
    if question.level == Level.ORDINAL:
        return ordinal_coefficient(n_options)
    values = [option.value or 0.0 for option in question.options]
    return distance_coefficient(interval_distances(values), name="interval alpha")


def shares_of(
    question: QuestionPlan, table: CountTable, sets: Sequence[frozenset[str]]
) -> tuple[Share, ...]:
    """Return each option with how often it was chosen and how well raters agree on it."""
    if question.type == QuestionType.SEVERAL:
        return tuple(
            _share(option.code, option.label, _chosen_or_not(table, sets, option.code))
            for option in question.options
        )
    shown = zip(question.options, prevalence(table), specific_agreement(table), strict=True)
    counts = table.weights @ table.patterns
    return tuple(
        Share(option.code, option.label, int(counts[n]), often.value, often, agreed)
        for n, (option, often, agreed) in enumerate(shown)
    )


def _share(code: str, label: str, table: CountTable) -> Share:
    often, agreed = prevalence(table)[0], specific_agreement(table)[0]
    chosen = int(table.weights @ table.patterns[:, 0])
    return Share(code, label, chosen, often.value, often, agreed)


@dataclass(frozen=True, slots=True)
class WithNotAsked:
    """Agreement on a question that depends on another, "not asked" being an option of its own.

    ``metric`` names the distance: among points of a scale "not asked" has no place, so it is that
    of options without order, or of whole sets. ``share`` is of "not asked".
    """

    metric: str
    depends_on: str
    asked_if: tuple[str, ...]
    items: int
    pairable_items: int
    judgments: int
    clusters: int
    alpha: Estimate
    percent: Estimate
    share: Share

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "metric": self.metric,
            "depends_on": self.depends_on,
            "asked_if": list(self.asked_if),
            "items": self.items,
            "pairable_items": self.pairable_items,
            "judgments": self.judgments,
            "clusters": self.clusters,
            "alpha": coefficient_json(ALPHA, self.alpha),
            "percent": coefficient_json(PERCENT, self.percent),
            "prevalence": self.share.as_json(),
        }


def with_not_asked(question: QuestionPlan, found: Ratings) -> WithNotAsked:
    """Return agreement on a question with "not asked", the last of the columns, as an option."""
    table = found.table
    sets, several = found.sets, question.type == QuestionType.SEVERAL
    distances = masi_distances(sets) if several else 1 - np.eye(table.n_options)
    alpha, percent = estimates(
        table,
        [
            distance_coefficient(distances, name="MASI alpha" if several else "nominal alpha"),
            percent_coefficient(table.n_options),
        ],
    )
    return WithNotAsked(
        metric="MASI" if several else str(Level.NOMINAL),
        depends_on=question.condition_key,
        asked_if=question.condition_codes,
        items=found.items,
        pairable_items=found.pairable_items,
        judgments=found.judgments,
        clusters=table.groups.n_clusters(),
        alpha=alpha,
        percent=percent,
        share=_share("not_asked", "Not asked", _chosen_or_not(table, sets, NOT_ASKED)),
    )


def _chosen_or_not(table: CountTable, sets: Sequence[frozenset[str]], code: str) -> CountTable:
    """Return the ratings of one of several choices: chosen, or asked and not chosen."""
    has = np.array([code in chosen for chosen in sets], dtype=np.int64)
    has = has if has.size else np.zeros(table.n_options, dtype=np.int64)
    patterns = np.column_stack([table.patterns @ has, table.patterns @ (1 - has)])
    groups = table.groups
    return CountTable.from_groups(
        patterns, groups.pattern, groups.units, clusters=groups.cluster, raters=table.raters
    )


def alpha_of(
    question: QuestionPlan,
    table: CountTable,
    sets: Sequence[frozenset[str]],
    uncertainty: Uncertainty = SANDWICH,
) -> Estimate:
    """Return Krippendorff's alpha at the question's level of measurement."""
    coefficient = _fitting(question, table.n_options, sets)[ALPHA]
    return estimates(table, [coefficient], uncertainty=uncertainty)[0]
