"""A judge's probability of its answer, as it gave it and recalibrated to people's majority.

Recalibrated numbers stand beside labels and are never part of one: the labels that validate a
judge are made from people's answers alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind, Scope
from evaluation.arrays import TURNS, Ints, units_of
from evaluation.models import Verdict
from evaluation.services.judges import JudgeFacts
from evaluation.services.label_checks import Measured, measured_of
from evaluation.services.model_rows import ROWS_PER_FETCH, Floats
from evaluation.stats.aggregation import NO_LABEL, majority
from evaluation.stats.calibration import Forecasts
from evaluation.stats.recalibration import platt

FOLDS, SEED = 5, 1
METHOD = "platt"
RAW, RECALIBRATED = "raw", "recalibrated"
NO_PROBABILITIES = "The judge gave no probability of its answers to this question."
NOT_SHARED = "People rated none of the units of which the judge gave a probability."
TOO_ALIKE = (
    "The judge's probabilities, or whether it was right, do not vary where people rated: nothing"
    " can be learnt from them."
)


@dataclass(frozen=True, slots=True)
class JudgeSaid:
    """What a judge said of one unit: ``recalibrated`` is that people's majority says the same."""

    answer: str
    probability: float | None
    recalibrated: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Verdicts on items: the place (item and turn in one number), sorted; cluster, option, p.

    ``p`` is NaN where the judge gave no probability.
    """

    place: Ints
    cluster: Ints
    column: Ints
    p: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """A judge on one question: each unit's probability, and how well each kind is calibrated.

    ``units`` have a probability and a majority of people.
    """

    judge: JudgeFacts
    verdicts: int
    units: int
    measured: tuple[Measured, ...]
    reason: str
    codes: tuple[str, ...]
    given: Given = field(repr=False)
    recalibrated: Floats = field(repr=False)

    def at(self, item: int, turn: int) -> JudgeSaid | None:
        """Return what the judge said of one unit; ``None`` where it said nothing."""
        place = item * TURNS + turn
        row = int(np.searchsorted(self.given.place, place))
        found = row < self.given.place.size and self.given.place[row] == place
        return self._said(row) if found else None

    def without_units(self) -> "Recalibration":
        """Return its numbers alone."""
        nothing, none = np.empty(0, dtype=np.int64), np.empty(0)
        given = Given(nothing, nothing, nothing, none)
        return replace(self, given=given, recalibrated=none)

    def parts(self) -> Iterator["Recalibration"]:
        """Yield the same of the units that have a probability, so many at once."""
        rows = np.flatnonzero(np.isfinite(self.given.p))
        for start in range(0, rows.size, ROWS_PER_FETCH):
            part = rows[start : start + ROWS_PER_FETCH]
            of = self.given
            given = Given(of.place[part], of.cluster[part], of.column[part], of.p[part])
            yield replace(self, given=given, recalibrated=self.recalibrated[part])

    def _said(self, row: int) -> JudgeSaid:
        given = self.given
        code = self.codes[int(given.column[row])]
        return JudgeSaid(code, _number(given.p[row]), _number(self.recalibrated[row]))

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            **self.judge.as_json(),
            "verdicts": self.verdicts,
            "units": self.units,
            "method": METHOD,
            "folds": FOLDS,
            "seed": SEED,
            "reason": self.reason or None,
            "measures": [one.as_json() for one in self.measured],
        }


def recalibration(
    study: StudyFacts, question: QuestionPlan, asked: Asked, judge: JudgeFacts
) -> Recalibration:
    """Recalibrate by Platt's sigmoid, cross-fitted by query (or scenario).

    A unit's map is learnt from other clusters only, whether people rated the unit or not.
    """
    given = _given(question, asked.scope, judge.id)
    people = _majority_at(question, asked, given)
    likely = np.isfinite(given.p)
    labelled = likely & (people != NO_LABEL)
    p, reason = _cross_fitted(given, people, labelled)
    measured: tuple[Measured, ...] = ()
    if labelled.any():
        so, cluster = (people == given.column)[labelled], given.cluster[labelled]
        measured = (measured_of(RAW, given.p[labelled], so, cluster),)
        fitted = labelled & np.isfinite(p)
        if fitted.any():
            again = (people == given.column)[fitted]
            measured += (measured_of(RECALIBRATED, p[fitted], again, given.cluster[fitted]),)
    if not likely.any():
        reason = NO_PROBABILITIES
    elif not labelled.any():
        reason = NOT_SHARED
    codes = tuple(option.code for option in question.options)
    number = int(labelled.sum())
    return Recalibration(judge, given.place.size, number, measured, reason, codes, given, p)


def _given(question: QuestionPlan, scope: Scope, judge_id: int) -> Given:
    columns = {option.id: column for column, option in enumerate(question.options)}
    codes = {option.id: option.code for option in question.options}
    found = Verdict.objects.filter(judge=judge_id, question=question.id)
    found = found.filter(turn__gt=0) if scope == Scope.TURN else found.filter(turn=0)
    rows = found.filter(response__items__kind=ItemKind.SINGLE).values_list(
        "response__items__pk",
        "turn",
        "response__query__scenario_id",
        "option_id",
        "probability",
        "probabilities",
    )
    ordered = rows.order_by("response__items__pk", "turn").iterator(chunk_size=ROWS_PER_FETCH)
    table = np.fromiter(
        (
            (item * TURNS + turn, cluster, columns[option], _likely(p, several, codes[option]))
            for item, turn, cluster, option, p, several in ordered
        ),
        dtype=[("place", "i8"), ("cluster", "i8"), ("column", "i2"), ("p", "f8")],
    )
    return Given(
        table["place"].copy(),
        table["cluster"].copy(),
        table["column"].astype(np.int64),
        table["p"].copy(),
    )


def _likely(p: float | None, several: dict[str, float] | None, code: str) -> float:
    """Return the probability of the answer: it was given alone, or among that of every option."""
    found = (several or {}).get(code) if p is None else p
    return np.nan if found is None else float(found)


def _majority_at(question: QuestionPlan, asked: Asked, given: Given) -> Ints:
    """Return people's majority at each verdict, -1 where there is none."""
    units = units_of(question, asked)
    option = majority(units.counts).option
    known, wanted = units.item * TURNS + units.turn, given.place
    if not known.size:
        return np.full(wanted.size, NO_LABEL, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.where(known[at] == wanted, option[at], NO_LABEL).astype(np.int64)


def _cross_fitted(given: Given, people: Ints, labelled: Any) -> tuple[Floats, str]:
    """Return the recalibrated probability of every verdict, NaN where its fold has no map."""
    names, cluster = np.unique(given.cluster, return_inverse=True)
    deal = np.random.default_rng(SEED).permutation(names.size) % FOLDS
    fold = deal[cluster.ravel()] if names.size else cluster
    found = np.full(given.p.size, np.nan)
    for held in range(FOLDS):
        learnt = labelled & (fold != held)
        inside = (fold == held) & np.isfinite(given.p)
        right = (people == given.column)[learnt]
        fit = platt(Forecasts.from_arrays(given.p[learnt], right))
        if fit.map is not None:
            found[inside] = fit.map.apply(given.p[inside])
    nothing = labelled.any() and not np.isfinite(found).any()
    return found, TOO_ALIKE if nothing else ""


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
