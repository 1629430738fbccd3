"""A judge's report on one question: from units and verdicts to numbers with intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.vocabulary import Level, Scope
from evaluation.arrays import Ints, Units
from evaluation.services.agreement import coefficient_json
from evaluation.services.conclusions import Said, of_two_replies, said_of
from evaluation.stats.ceiling import CeilingCoefficient, HumanCeiling, human_ceiling
from evaluation.stats.distances import Weights
from evaluation.stats.estimates import Estimate
from evaluation.stats.validation import (
    VerdictPairs,
    accuracy,
    judge_kappa,
    labels_may_be_inverted,
    option_rates,
)


@dataclass(frozen=True, slots=True)
class OptionReport:
    """One option against the rest: how the judge finds it, and how often it is right."""

    option: str
    label: str
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "option": self.option,
            "sensitivity": coefficient_json("sensitivity", self.sensitivity),
            "specificity": coefficient_json("specificity", self.specificity),
            "precision": coefficient_json("precision", self.precision),
        }


@dataclass(frozen=True, slots=True)
class JudgeQuestionReport:
    """A judge beside people on one question, with everything the numbers depend on.

    ``pairs`` are a person's rating and the verdict on the same unit; ``confusion`` counts them,
    a row a person's option, a column the judge's. ``agreement`` and ``kappas`` hold people (each
    left out in turn), the judge, and their difference, on the items that two people rated.
    ``weighted_kappa`` is quadratic, for options in an order only.
    """

    key: str
    label: str
    scope: str
    level: str
    items: int
    pairs: int
    cluster: str
    clusters: int
    options: tuple[str, ...]
    option_labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: Estimate
    kappa: Estimate
    weighted_kappa: Estimate | None
    agreement: HumanCeiling
    kappas: HumanCeiling
    rates: tuple[OptionReport, ...]
    inverted: bool
    said: Said
    # Of a derived question: how it follows from others, and people's ratings from which it does
    # not.
    definition: str = ""
    left_out: int = 0

    @property
    def verdict(self) -> str:
        """The sentence that says what may be said of the judge."""
        return self.said.sentence

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        weighted = self.weighted_kappa
        return {
            "key": self.key,
            "scope": self.scope,
            "level": self.level,
            "definition": self.definition or None,
            "left_out": self.left_out,
            "items": self.items,
            "pairs": self.pairs,
            "cluster": self.cluster,
            "clusters": self.clusters,
            "options": list(self.options),
            "confusion": [list(row) for row in self.confusion],
            "accuracy": coefficient_json("accuracy", self.accuracy),
            "kappa": coefficient_json("cohen_kappa", self.kappa),
            "weighted_kappa": coefficient_json("quadratic_kappa", weighted) if weighted else None,
            "human_agreement": coefficient_json("human_agreement", self.agreement.people),
            "judge_agreement": coefficient_json("judge_agreement", self.agreement.judge),
            "difference": coefficient_json("agreement_difference", self.agreement.difference),
            "human_kappa": coefficient_json("human_kappa", self.kappas.people),
            "judge_kappa": coefficient_json("judge_kappa", self.kappas.judge),
            "kappa_difference": coefficient_json("kappa_difference", self.kappas.difference),
            "human_items": self.agreement.difference.items,
            "options_rates": [rate.as_json() for rate in self.rates],
            "inverted": self.inverted,
            "conclusion": str(self.said.conclusion),
            "verdict": self.said.sentence,
        }


def compared(
    question: QuestionPlan,
    scope: Scope,
    units: Units,
    judged: Ints,
    *,
    cluster: str,
    of_pairs: bool = False,
) -> JudgeQuestionReport:
    """Return a judge's report on one question.

    Args:
        question: the question, of one answer.
        scope: whether turns or whole conversations were judged.
        units: people's ratings.
        judged: shape (n_units,), the position of the judge's option, -1 where it said nothing.
        cluster: what the units' clusters are called.
        of_pairs: whether people compared two replies, of which no verdict can be.
    """
    pairs, items = _pairs(question, units, judged)
    kappa = judge_kappa(pairs)
    ordered = question.level in (Level.ORDINAL, Level.INTERVAL)
    found = accuracy(pairs)
    inverted = labels_may_be_inverted(kappa)
    agreement = human_ceiling(units.counts, judged, units.cluster)
    return JudgeQuestionReport(
        key=question.key,
        label=question.label,
        scope=str(scope),
        level=str(question.level),
        items=items,
        pairs=int(pairs.groups.units.sum()),
        cluster=cluster,
        clusters=pairs.groups.n_clusters(),
        options=tuple(option.code for option in question.options),
        option_labels=tuple(option.label for option in question.options),
        confusion=tuple(tuple(int(n) for n in row) for row in pairs.confusion),
        accuracy=found,
        kappa=kappa,
        weighted_kappa=judge_kappa(pairs, Weights.QUADRATIC) if ordered else None,
        agreement=agreement,
        kappas=human_ceiling(
            units.counts, judged, units.cluster, coefficient=CeilingCoefficient.KAPPA
        ),
        rates=_rates(question, pairs),
        inverted=inverted,
        said=of_two_replies()
        if of_pairs
        else said_of(
            units="turns" if scope == Scope.TURN else "items",
            items=items,
            accuracy=found,
            kappa=kappa,
            inverted=inverted,
            ceiling=agreement,
        ),
    )


def _pairs(question: QuestionPlan, units: Units, judged: Ints) -> tuple[VerdictPairs, int]:
    """Return each person's rating with the verdict on the same unit, and how many items."""
    unit, option = np.nonzero(units.counts * (judged >= 0)[:, None])
    items = len(np.unique(units.item[unit]))
    pairs = VerdictPairs.from_pairs(
        option,
        judged[unit],
        n_options=len(question.options),
        clusters=units.cluster[unit],
        units=units.counts[unit, option],
        items=items,
    )
    return pairs, items


def _rates(question: QuestionPlan, pairs: VerdictPairs) -> tuple[OptionReport, ...]:
    return tuple(
        OptionReport(
            option=question.options[rate.option].code,
            label=question.options[rate.option].label,
            sensitivity=rate.sensitivity,
            specificity=rate.specificity,
            precision=rate.precision,
        )
        for rate in option_rates(pairs)
    )
