"""What rates look like: the three of a slice with their numbers, and a report of slices."""

from dataclasses import dataclass
from typing import Any

from annotation.plans import QuestionPlan
from evaluation.services import rate_words
from evaluation.services.coefficients import coefficient_json
from evaluation.services.rate_methods import COULD_NOT_TELL, MUCH_LEFT_OUT, Found, Method
from evaluation.services.rate_plans import RatePlan


@dataclass(frozen=True, slots=True)
class Rate:
    """The rates of one slice, and how much there is behind them.

    Attributes:
        key: the slice, None for the whole.
        option: which answer the rate is of.
        found: the three rates and how they came about.
        verdicts: units with a verdict; ``hedged`` of them say that the judge cannot tell.
        labels: units with a label, ``positives`` of them with the option.
        unsure, ties: judged units at which people could not tell, or were even.
        unlabelled: units that nobody judged.
        plan: what it takes for a narrower interval, where that was asked for.
    """

    key: str | None
    option: str
    found: Found
    verdicts: int
    hedged: int
    labels: int
    positives: int
    unsure: int
    ties: int
    unlabelled: int
    plan: RatePlan | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know besides."""
        found = list(self.found.warnings)
        judged = self.labels + self.unsure + self.ties
        if judged and self.unsure + self.ties > MUCH_LEFT_OUT * judged:
            others = "" if COULD_NOT_TELL in found else "; verdicts on others like them are not"
            found.append(
                f"{self.unsure + self.ties:,} of {judged:,} judged units are left out because"
                f" people could not tell or were even{others}."
            )
        if self.found.method == Method.ROGAN_GLADEN and not self.found.pooled:
            found.append(rate_words.OWN_ERRORS)
        return tuple(found)

    def as_json(self, by: str | None) -> dict[str, Any]:
        """Return it as the command, the API and reports give it."""
        found, errors = self.found, self.found.errors
        return {
            "slice": {by: self.key} if by else None,
            "option": self.option,
            "estimator": str(found.method),
            "naive": coefficient_json("naive_rate", found.naive),
            "human": coefficient_json("human_rate", found.human),
            "corrected": coefficient_json("corrected_rate", found.corrected),
            "verdicts": self.verdicts,
            "verdicts_unsure": self.hedged,
            "labels": self.labels,
            "positives": self.positives,
            "unsure": self.unsure,
            "ties": self.ties,
            "unlabelled": self.unlabelled,
            "clusters": found.naive.clusters,
            "weight": found.weight,
            "judge_errors": errors
            and {
                "sensitivity": errors.sensitivity,
                "specificity": errors.specificity,
                "effective_positives": errors.positives,
                "effective_negatives": errors.negatives,
                "pooled": found.pooled,
            },
            "warnings": list(self.warnings),
            "plan": self.plan.as_json() if self.plan else None,
        }


@dataclass(frozen=True, slots=True)
class RateReport:
    """Rates of one answer to one question by one judge, whole or in slices."""

    question: QuestionPlan
    scope: str
    option: str
    definition: str
    by: str | None
    cluster: str
    sample: int | None
    design: str | None
    assumed: bool
    why: str
    notes: tuple[str, ...]
    rates: tuple[Rate, ...]
    samples: tuple[tuple[int, int], ...]
    exclusions: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and reports give it."""
        return {
            "question": self.question.key,
            "scope": self.scope,
            "option": self.option,
            "definition": self.definition or None,
            "by": self.by,
            "cluster": self.cluster,
            "exclusions": list(self.exclusions),
            "sample": self.sample,
            "design": self.design,
            "assumed_random": self.assumed,
            "why": self.why,
            "notes": list(self.notes),
            "rates": [one.as_json(self.by) for one in self.rates],
        }
