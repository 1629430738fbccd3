"""How far raters agree: from the database to numbers with intervals."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.labels import (
    SLICES,
    Asked,
    has_named_scenarios,
    rater_count,
    raters_by_slice,
    slice_of_items,
)
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES, DEFAULT_WAVES, Level, QuestionType, Scope, Wave
from evaluation.arrays import Units, derived_units, units_of
from evaluation.derived import Derived, derived_of
from evaluation.errors import QuestionUnknown, SliceUnknown
from evaluation.stats.agreement import (
    CountTable,
    interval_alpha,
    masi_alpha,
    nominal_alpha,
    ordinal_alpha,
    percent_agreement,
)
from evaluation.stats.estimates import Estimate

ALPHA = "krippendorff_alpha"
PERCENT = "percent_agreement"


@dataclass(frozen=True, slots=True)
class Share:
    """How often an option was chosen, of all ratings."""

    option: str
    label: str
    ratings: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question, in one slice, with everything the numbers depend on."""

    key: str
    label: str
    scope: str
    level: str
    slice_by: str | None
    slice_key: str | None
    waves: tuple[str, ...]
    rubric_version: int
    cluster: str
    clusters: int
    items: int
    pairable_items: int
    raters: int
    judgments: int
    alpha: Estimate
    percent: Estimate
    shares: tuple[Share, ...]
    # Of a derived question: how it follows from others, and ratings from which it does not.
    definition: str = ""
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "key": self.key,
            "scope": self.scope,
            "level": self.level,
            "definition": self.definition or None,
            "left_out": self.left_out,
            "slice": {self.slice_by: self.slice_key} if self.slice_by else None,
            "wave": "+".join(self.waves),
            "cluster": self.cluster,
            "clusters": self.clusters,
            "items": self.items,
            "pairable_items": self.pairable_items,
            "raters": self.raters,
            "judgments": self.judgments,
            "filters": {"rubric_version": self.rubric_version, "waves": list(self.waves)},
            "coefficients": [
                coefficient_json(ALPHA, self.alpha),
                coefficient_json(PERCENT, self.percent),
            ],
            "prevalence": [
                {"option": share.option, "ratings": share.ratings, "share": share.share}
                for share in self.shares
            ],
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


def report(
    study: StudyFacts,
    *,
    question: str | None = None,
    by: str | None = None,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
    until: int | None = None,
) -> list[Agreement]:
    """Return the agreement on each closed question, or on one, whole or in slices.

    Derived questions come after those that were asked, where anything follows from the answers.

    Raises:
        QuestionUnknown: the rubric has no such question, or it is one of free text.
        SliceUnknown: results cannot be sliced by this.
    """
    if by is not None and by not in SLICES:
        raise SliceUnknown(f"Cannot slice by {by!r}. Choose one of {', '.join(SLICES)}.")
    slices = slice_of_items(study.id, by) if by else {}
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    return [
        found
        for one in _closed(study, question)
        for scope in scopes_of(one)
        for found in _of_question(
            study, one, Asked(first_id(one), scope, waves, until), cluster, by, slices
        )
        if question or not found.definition or found.judgments
    ]


def as_json(study: StudyFacts, found: list[Agreement]) -> dict[str, Any]:
    """Return a report in the one shape that command, API and release share."""
    return {"study": study.slug, "questions": [agreement.as_json() for agreement in found]}


def _closed(study: StudyFacts, key: str | None) -> list[QuestionPlan | Derived]:
    closed: list[QuestionPlan | Derived] = [
        *(q for q in study.rubric.questions if q.type in CLOSED_TYPES),
        *derived_of(study.rubric),
    ]
    if key is None:
        return closed
    found = [one for one in closed if plan_of(one).key == key]
    if not found:
        known = ", ".join(plan_of(one).key for one in closed)
        raise QuestionUnknown(f"The study has no closed question {key!r}. It has {known}.")
    return found


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the closed questions of a study, derived ones last."""
    return [plan_of(one) for one in _closed(study, None)]


def plan_of(one: QuestionPlan | Derived) -> QuestionPlan:
    """Return a question, asked or derived, as one that was asked."""
    return one.question if isinstance(one, Derived) else one


def first_id(one: QuestionPlan | Derived) -> int:
    """Return the stored question that says who answered: of a derived one its first source."""
    return one.sources[0].id if isinstance(one, Derived) else one.id


def scopes_of(one: QuestionPlan | Derived) -> tuple[Scope, ...]:
    """Return of what a question is asked: turns, whole conversations, or both."""
    scope = plan_of(one).scope
    return (Scope.CONVERSATION, Scope.TURN) if scope == Scope.BOTH else (scope,)


def _of_question(
    study: StudyFacts,
    one: QuestionPlan | Derived,
    asked: Asked,
    cluster: str,
    by: str | None,
    slices: dict[int, str],
) -> Iterator[Agreement]:
    if isinstance(one, Derived):
        read = derived_units(one, asked)
        found = _of_units(study, read.derived.question, asked, cluster, by, slices, read.units)
        for part in found:
            yield replace(part, definition=one.definition, left_out=read.left_out)
    else:
        units = units_of(one, asked)
        yield from _of_units(study, one, asked, cluster, by, slices, units)


def _of_units(
    study: StudyFacts,
    question: QuestionPlan,
    asked: Asked,
    cluster: str,
    by: str | None,
    slices: dict[int, str],
    units: Units,
) -> Iterator[Agreement]:
    if not len(units.item) and question.scope == Scope.BOTH and asked.scope == Scope.TURN:
        return  # no conversation of several turns was judged
    if by is None:
        raters = rater_count(asked)
        yield _measured(study, question, asked, cluster, units, raters, None, None)
        return
    counted = raters_by_slice(asked, by)
    keys = np.array([slices.get(int(item), "(none)") for item in units.item], dtype=object)
    for key in sorted(set(slices.values())):
        part = units.only(units.item[keys == key])
        yield _measured(study, question, asked, cluster, part, counted.get(key, 0), by, key)


def _measured(
    study: StudyFacts,
    question: QuestionPlan,
    asked: Asked,
    cluster: str,
    units: Units,
    raters: int,
    by: str | None,
    key: str | None,
) -> Agreement:
    table = CountTable.from_counts(units.counts, units.cluster, raters=raters)
    alpha = _alpha(question, table, units)
    percent = percent_agreement(table)
    return Agreement(
        key=question.key,
        label=question.label,
        scope=str(asked.scope),
        level=str(question.level),
        slice_by=by,
        slice_key=key,
        waves=tuple(str(wave.label) for wave in asked.waves),
        rubric_version=study.rubric.version,
        cluster=cluster,
        clusters=len(np.unique(units.cluster)),
        items=len(np.unique(units.item)),
        pairable_items=len(np.unique(units.item[units.counts.sum(axis=1) >= 2])),
        raters=raters,
        judgments=int(units.counts.sum()),
        alpha=alpha,
        percent=percent,
        shares=_shares(question, units),
    )


def _alpha(question: QuestionPlan, table: CountTable, units: Units) -> Estimate:
    """Return Krippendorff's alpha at the question's level of measurement."""
    if question.type == QuestionType.SEVERAL:
        return masi_alpha(table, units.sets) if units.sets else nominal_alpha(table)
    if question.level == Level.ORDINAL:
        return ordinal_alpha(table)
    if question.level == Level.INTERVAL:
        values = [option.value or 0.0 for option in question.options]
        return interval_alpha(table, values)
    return nominal_alpha(table)


def _shares(question: QuestionPlan, units: Units) -> tuple[Share, ...]:
    total = int(units.counts.sum())
    columns = units.counts.sum(axis=0)
    shares = []
    for option in question.options:
        chosen = sum(
            int(columns[column]) for column, codes in enumerate(units.sets) if option.code in codes
        )
        shares.append(Share(option.code, option.label, chosen, chosen / total if total else None))
    return tuple(shares)
