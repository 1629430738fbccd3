"""A judge's report on one question: from units and verdicts to numbers with intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.vocabulary import Level, Scope
from evaluation.services.alternative import Alternative
from evaluation.services.calibrations import Calibration
from evaluation.services.coefficients import alpha_of, coefficient_json
from evaluation.services.conclusions import Said, of_two_replies, said_of
from evaluation.services.judged import Judged
from evaluation.stats.agreement import CountTable
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
    ``weighted_kappa`` is quadratic, for options in an order only. ``alpha`` has the judge as one
    rater more, ``human_alpha`` people alone, both on the items with a verdict. ``only_says`` is the
    one option of a judge that gave no other where people gave several.
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
    alpha: Estimate
    human_alpha: Estimate
    agreement: HumanCeiling
    kappas: HumanCeiling
    rates: tuple[OptionReport, ...]
    inverted: bool
    said: Said
    only_says: str | None = None
    alternative: Alternative | None = None
    calibrations: tuple[Calibration, ...] = ()
    # Of a derived question: how it follows from others, and people's ratings from which it does
    # not.
    definition: str = ""
    left_out: int = 0
    # The numbers of the rules that left judgments out.
    exclusions: tuple[int, ...] = ()

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
            "exclusions": list(self.exclusions),
            "items": self.items,
            "pairs": self.pairs,
            "cluster": self.cluster,
            "clusters": self.clusters,
            "options": list(self.options),
            "confusion": [list(row) for row in self.confusion],
            "accuracy": coefficient_json("accuracy", self.accuracy),
            "kappa": coefficient_json("cohen_kappa", self.kappa),
            "weighted_kappa": coefficient_json("quadratic_kappa", weighted) if weighted else None,
            "alpha": coefficient_json("krippendorff_alpha", self.alpha),
            "human_alpha": coefficient_json("krippendorff_alpha", self.human_alpha),
            "human_agreement": coefficient_json("human_agreement", self.agreement.people),
            "judge_agreement": coefficient_json("judge_agreement", self.agreement.judge),
            "difference": coefficient_json("agreement_difference", self.agreement.difference),
            "human_kappa": coefficient_json("human_kappa", self.kappas.people),
            "judge_kappa": coefficient_json("judge_kappa", self.kappas.judge),
            "kappa_difference": coefficient_json("kappa_difference", self.kappas.difference),
            "human_items": self.agreement.difference.items,
            "options_rates": [rate.as_json() for rate in self.rates],
            "inverted": self.inverted,
            "only_says": self.only_says,
            "alternative_annotator_test": (
                self.alternative.as_json() if self.alternative else None
            ),
            "calibration": [one.as_json() for one in self.calibrations],
            "conclusion": str(self.said.conclusion),
            "verdict": self.said.sentence,
            "would_change": self.said.would_change,
        }


def compared(found: Judged, *, of_pairs: bool = False) -> JudgeQuestionReport:
    """Return a judge's report on one question, without the tests that need single ratings.

    ``of_pairs`` says that people compared two replies, of which no verdict can be.
    """
    question, units, says = found.plan, found.units, found.says
    pairs, items = pairs_of(found)
    kappa = judge_kappa(pairs)
    ordered = question.level in (Level.ORDINAL, Level.INTERVAL)
    right = accuracy(pairs)
    inverted = labels_may_be_inverted(kappa)
    agreement = human_ceiling(units.counts, says, units.cluster)
    alpha, human_alpha = _alphas(found)
    only_says = _only_says(pairs, found.codes)
    return JudgeQuestionReport(
        key=question.key,
        label=question.label,
        scope=str(found.scope),
        level=str(question.level),
        items=items,
        pairs=int(pairs.groups.units.sum()),
        cluster=found.cluster,
        clusters=pairs.groups.n_clusters(),
        options=tuple(found.codes),
        option_labels=tuple(option.label for option in question.options),
        confusion=tuple(tuple(int(n) for n in row) for row in pairs.confusion),
        accuracy=right,
        kappa=kappa,
        weighted_kappa=judge_kappa(pairs, Weights.QUADRATIC) if ordered else None,
        alpha=alpha,
        human_alpha=human_alpha,
        agreement=agreement,
        kappas=human_ceiling(
            units.counts, says, units.cluster, coefficient=CeilingCoefficient.KAPPA
        ),
        rates=_rates(question, pairs),
        inverted=inverted,
        only_says=only_says,
        said=of_two_replies()
        if of_pairs
        else said_of(
            units="turns" if found.scope == Scope.TURN else "items",
            items=items,
            accuracy=right,
            kappa=kappa,
            inverted=inverted,
            ceiling=agreement,
            only_says=only_says,
        ),
        definition=found.definition,
        left_out=found.left_out,
        exclusions=found.asked.filters.exclusions,
    )


def pairs_of(found: Judged) -> tuple[VerdictPairs, int]:
    """Return each person's rating with the verdict on the same unit, and how many items."""
    units, says = found.units, found.says
    unit, option = np.nonzero(units.counts * (says >= 0)[:, None])
    items = len(np.unique(units.item[unit]))
    pairs = VerdictPairs.from_pairs(
        option,
        says[unit],
        n_options=len(found.plan.options),
        clusters=units.cluster[unit],
        units=units.counts[unit, option],
        items=items,
    )
    return pairs, items


def _alphas(found: Judged) -> tuple[Estimate, Estimate]:
    """Return alpha of people and judge together, and of people alone, on what the judge judged."""
    part = found.where((found.says >= 0) & found.units.counts.any(axis=1))
    units, with_judge = part.units, part.units.counts.copy()
    with_judge[np.arange(part.says.size), part.says] += 1
    both, alone = (
        CountTable.from_counts(counts, units.cluster) for counts in (with_judge, units.counts)
    )
    return (
        alpha_of(found.plan, both, units.sets),
        alpha_of(found.plan, alone, units.sets),
    )


def _only_says(pairs: VerdictPairs, codes: list[str]) -> str | None:
    """Return the one option of a judge that tells nothing apart where people do."""
    people, judge = pairs.confusion.any(axis=1), pairs.confusion.any(axis=0)
    return codes[int(judge.argmax())] if judge.sum() == 1 < people.sum() else None


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
