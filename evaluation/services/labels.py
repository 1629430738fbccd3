"""Calibrated labels: what a study concludes of each unit, and whether that means what it says.

Only people's answers make a label. A judge's probabilities stand beside it, in columns of their
own, for whoever wants both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES, DEFAULT_WAVES
from evaluation.errors import QuestionUnknown
from evaluation.services import label_rows
from evaluation.services.agreement import scopes_of
from evaluation.services.asking import asked_of, counting
from evaluation.services.inclusion import inclusion_of
from evaluation.services.judges import JudgeFacts, judge_of
from evaluation.services.label_checks import FOLDS, SEED, Check, held_out, on_gold
from evaluation.services.label_rows import MAJORITY, OF_EACH, Row
from evaluation.services.label_truth import (
    RaterErrors,
    errors_in,
    part_of,
    takes_one,
    whole,
)
from evaluation.services.recalibrations import Recalibration, recalibration

SEVERAL = "Raters may choose several options, so there is no single answer to be found or checked."
# What a downloaded table of labels has, in this order; the last three of a judge.
COLUMNS = (
    "response_id", "response_id_2", "question", "scope", "turn", "raters", "shares", "low", "high",
    "posterior", "posterior_label", "label", "tie", "rule", "entropy", "inclusion_probability",
    "weight", "judge_answer", "judge_probability", "judge_recalibrated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelling:
    """Labels of one question in one scope: how they were made, and their checks.

    ``errors`` is ``None`` for several choices, and where nobody answered.
    """

    question: QuestionPlan
    asked: Asked
    errors: RaterErrors | None
    held_out: Check
    gold: Check
    recalibrated: Recalibration | None

    @property
    def rule(self) -> str:
        """How the hard label is found."""
        return MAJORITY if takes_one(self.question) else OF_EACH

    def without_units(self) -> "Labelling":
        """Return the same without the judge's answer to each unit, from which rows are made."""
        beside = self.recalibrated
        return replace(self, recalibrated=beside.without_units()) if beside else self

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it; of the labels themselves see ``rows``."""
        errors = self.errors
        return {
            "question": self.question.key,
            "scope": str(self.asked.scope),
            "options": [option.code for option in self.question.options],
            "waves": [str(wave.label) for wave in DEFAULT_WAVES],
            "exclusions": list(self.asked.filters.exclusions),
            "rule": self.rule,
            "posterior": {
                "method": "dawid_skene",
                "units": errors.units,
                "ratings": errors.ratings,
                "raters": int(errors.rater.size),
                "one_item_in": errors.every,
                "converged": errors.converged,
            }
            if errors
            else None,
            "check": {
                "folds": FOLDS,
                "seed": SEED,
                "held_out_raters": self.held_out.as_json(),
                "gold": self.gold.as_json(),
            },
            "judge": self.recalibrated.as_json() if self.recalibrated else None,
        }


def report(
    study: StudyFacts,
    *,
    question: str,
    judge: int | str | None = None,
    until: int | None = None,
    filters: Filters | None = None,
    **version: str | None,
) -> list[Labelling]:
    """Return how the labels of a question are made, for turns and wholes apart, with their checks.

    Args:
        study: which.
        question: the key of a closed question.
        judge: a judge whose probabilities are to stand beside the labels; ``version`` as for
            ``judges.judge_of``. It changes nothing else.
        until: the last judgment that counts.
        filters: which judgments count; left out, those that no exclusion in force leaves out.

    Raises:
        QuestionUnknown: the rubric has no such question, or it is one of free text.
        JudgeUnknown, JudgeAmbiguous: see ``judges.judge_of``.
    """
    plan = _closed(study, question)
    facts = None if judge is None else judge_of(study, judge, **version)
    counted = counting(study) if filters is None else filters
    return [
        _labelling(study, plan, asked_of(plan.id, scope, counted, until=until), facts)
        for scope in scopes_of(plan)
    ]


def as_json(study: StudyFacts, found: list[Labelling]) -> dict[str, Any]:
    """Return a report in the one shape that command, API and page share."""
    return {
        "study": study.slug,
        "rubric_version": study.rubric.version,
        "labels": [one.as_json() for one in found],
    }


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the questions that have labels."""
    return [one for one in study.rubric.questions if one.type in CLOSED_TYPES]


def first_question(study: StudyFacts) -> str:
    """Return the key of the first question that has labels.

    Raises:
        QuestionUnknown: the rubric asks for free text only.
    """
    known = offered(study)
    if not known:
        raise QuestionUnknown("The study has no closed question, so there are no labels.")
    return known[0].key


def rows(study: StudyFacts, found: list[Labelling]) -> Iterator[Row]:
    """Yield the labels of every unit with the judge's columns, a bounded number in memory."""
    chances = inclusion_of(study).chances
    for one in found:
        for row in label_rows.rows(one.question, one.asked, one.errors, chances):
            beside = one.recalibrated
            given = beside.at(row["item"], row["turn"]) if beside else None
            row["judge_answer"] = given.answer if given else None
            row["judge_probability"] = given.probability if given else None
            row["judge_recalibrated"] = given.recalibrated if given else None
            yield {name: row[name] for name in COLUMNS}


def _closed(study: StudyFacts, key: str) -> QuestionPlan:
    known = offered(study)
    for one in known:
        if one.key == key:
            return one
    keys = ", ".join(one.key for one in known)
    raise QuestionUnknown(f"The study has no closed question {key!r}. It has {keys}.")


def _labelling(
    study: StudyFacts, plan: QuestionPlan, asked: Asked, judge: JudgeFacts | None
) -> Labelling:
    if not takes_one(plan):
        nothing = Check(0, 0, (), SEVERAL)
        return Labelling(plan, asked, None, nothing, nothing, None)
    every = part_of(asked)
    block = whole(plan, asked, every=every)
    options = len(plan.options)
    errors = errors_in(block, options, every=every)
    return Labelling(
        plan,
        asked,
        errors if block.item.size else None,
        held_out(block, options),
        on_gold(study, plan, block, errors),
        recalibration(study, plan, asked, judge) if judge else None,
    )
