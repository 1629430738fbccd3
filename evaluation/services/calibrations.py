"""Whether a judge's probabilities mean what they say, and the map that would make them do so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import F

from annotation.bulk_reads import numbers_and_shares
from annotation.plans import QuestionPlan
from annotation.vocabulary import ItemKind
from evaluation.arrays import TURNS, Ints, places_of
from evaluation.derived import Derived
from evaluation.services.coefficients import coefficient_json
from evaluation.services.judged import Judged, given_by
from evaluation.stats.calibration import (
    Binning,
    Forecasts,
    Murphy,
    area_under_curve,
    brier_score,
    expected_calibration_error,
    murphy_parts,
)
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import cluster_mean
from evaluation.stats.recalibration import (
    Fit,
    LogitLine,
    Recalibration,
    Staircase,
    cross_fitted,
    isotonic,
    platt,
    temperature,
)
from evaluation.stats.shapes import FloatArray

# More ratings than this are drawn from with a fixed seed: binning them all would fill the memory.
MOST_RATINGS = 200_000
BINS = 10
FOLDS = 5
SEED = 1
# Murphy's parts are over distinct values, so that values must repeat.
DECIMALS_OF_PARTS = 1
ANSWER = "answer"
RAW = "raw"
MAPS: dict[str, Callable[[Forecasts], Fit[Any]]] = {
    "platt": platt,
    "temperature": temperature,
    "isotonic": isotonic,
}


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """One bin of probabilities: what was said on average, and how often it was so."""

    ratings: int
    said: float
    was_so: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "ratings": self.ratings,
            "said": self.said,
            "was_so": coefficient_json("was_so", self.was_so),
        }


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """One map: its Brier score on items that did not make it, and what it does to 0.1 … 0.9.

    ``parameters`` are the whole map, fitted on all items: what to apply to further verdicts.
    """

    name: str
    brier: Estimate
    parameters: dict[str, Any] | None
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "name": self.name,
            "brier_cross_fitted": coefficient_json("brier", self.brier),
            "parameters": self.parameters,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge's probability of one option, or of the answer it gave, beside what people said.

    ``ratings`` are those it was computed from, ``of_ratings`` those there are.
    """

    of: str
    ratings: int
    of_ratings: int
    brier: Estimate
    murphy: Murphy | None
    ece: Estimate
    auc: Estimate
    bins: tuple[ReliabilityPoint, ...]
    maps: tuple[Recalibrated, ...]
    chosen: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        parts = self.murphy
        return {
            "of": self.of,
            "ratings": self.ratings,
            "of_ratings": self.of_ratings,
            "brier": coefficient_json("brier", self.brier),
            "reliability": parts.reliability if parts else None,
            "resolution": parts.resolution if parts else None,
            "uncertainty": parts.uncertainty if parts else None,
            "ece": coefficient_json(self.ece.name, self.ece),
            "auc": coefficient_json("auc", self.auc),
            "bins": [one.as_json() for one in self.bins],
            "maps": [one.as_json() for one in self.maps],
            "chosen": self.chosen,
        }


def calibrations(judge_id: int, judged: Judged) -> tuple[Calibration, ...]:
    """Return the calibration of a judge's probabilities on one question; empty where it gave none.

    First that of the answer it gave, then of each option whose probability it gives everywhere.
    A derived question has none: nobody said how probable its answers are.
    """
    if isinstance(judged.one, Derived):
        return ()
    return tuple(
        _calibrated(name, p, said, judged)
        for name, p, said in _stated(judge_id, judged.one, judged)
    )


def _stated(
    judge_id: int, question: QuestionPlan, judged: Judged
) -> Iterator[tuple[str, FloatArray, Ints]]:
    """Yield what probabilities are of, each unit's (NaN for none), and the option that is meant."""
    by_option, own = _probabilities(judge_id, question, judged)
    if np.isnan(own).all():
        return
    yield ANSWER, own, judged.says
    n_known = int((~np.isnan(own)).sum())
    for column, code in enumerate(judged.codes):
        p = by_option[:, column]
        if int((~np.isnan(p)).sum()) == n_known:
            yield code, p, np.full(p.size, column, dtype=np.int64)


def _probabilities(
    judge_id: int, question: QuestionPlan, judged: Judged
) -> tuple[FloatArray, FloatArray]:
    """Return each option's probability at each unit, and that of the answer given; NaN: unknown."""
    codes, units = judged.codes, judged.units
    given = given_by(judge_id, question, judged.scope).exclude(probability=None)
    given = given.filter(response__items__kind=ItemKind.SINGLE)
    rows = given.annotate(item=F("response__items")).values(
        "item", "turn", "probability", "probabilities"
    )
    where, stated = numbers_and_shares(
        rows, ("item", "turn"), "probability", "probabilities", codes
    )
    place = places_of(units, where[:, 0] * TURNS + where[:, 1])
    there = place >= 0
    by_option = np.full((len(units.item), 1 + len(codes)), np.nan)
    by_option[place[there]] = stated[there]
    said, by_option = by_option[:, 0].copy(), by_option[:, 1:]
    if len(codes) == 2:
        _complete(by_option, said, judged.says)
    return by_option, said


def _complete(by_option: FloatArray, said: FloatArray, says: Ints) -> None:
    """Of two options the probability of one tells that of the other."""
    rows = np.flatnonzero(~np.isnan(said) & (says >= 0) & np.isnan(by_option).any(axis=1))
    by_option[rows, says[rows]] = said[rows]
    by_option[rows, 1 - says[rows]] = 1 - said[rows]


def _calibrated(name: str, p: FloatArray, option: Ints, judged: Judged) -> Calibration:
    forecasts, total = _forecasts(p, option, judged)
    maps = [_recalibrated(key, fit, forecasts) for key, fit in MAPS.items()]
    scores = {RAW: brier_score(forecasts).value} | {
        one.name: one.brier.value for one in maps if one.parameters is not None
    }
    known = {key: value for key, value in scores.items() if value is not None}
    rounded = Forecasts(
        forecasts.p.round(DECIMALS_OF_PARTS), forecasts.y, forecasts.cluster, forecasts.n_clusters
    )
    return Calibration(
        of=name,
        ratings=forecasts.p.size,
        of_ratings=total,
        brier=brier_score(forecasts),
        murphy=murphy_parts(rounded),
        ece=expected_calibration_error(forecasts, binning=Binning.EQUAL_WIDTH, bins=BINS),
        auc=area_under_curve(forecasts),
        bins=_points(forecasts),
        maps=tuple(maps),
        # The simplest of those that are equally good comes first.
        chosen=min(known, key=lambda key: known[key]) if known else RAW,
    )


def _points(forecasts: Forecasts) -> tuple[ReliabilityPoint, ...]:
    """Return the reliability curve over the bins of the ECE, each share with its interval."""
    place = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], forecasts.p)
    found = []
    for at in np.unique(place):
        inside = place == at
        so = cluster_mean(
            forecasts.y[inside].astype(np.float64),
            forecasts.cluster[inside],
            lower=0.0,
            upper=1.0,
            name="was so",
        )
        said = float(forecasts.p[inside].mean())
        found.append(ReliabilityPoint(int(inside.sum()), said, so))
    return tuple(found)


def _forecasts(p: FloatArray, option: Ints, judged: Judged) -> tuple[Forecasts, int]:
    """Return a forecast for each rating, and how many there are before any are left out."""
    counts = judged.units.counts * (~np.isnan(p) & (option >= 0))[:, None]
    unit, said = np.nonzero(counts)
    at = np.repeat(np.arange(unit.size), counts[unit, said])
    total = at.size
    if total > MOST_RATINGS:
        rng = np.random.default_rng(SEED)
        at = np.sort(rng.choice(at, MOST_RATINGS, replace=False))
    unit, said = unit[at], said[at]
    forecasts = Forecasts.from_arrays(p[unit], said == option[unit], judged.units.cluster[unit])
    return forecasts, total


def _recalibrated(
    name: str, fit: Callable[[Forecasts], Fit[Any]], forecasts: Forecasts
) -> Recalibrated:
    whole = fit(forecasts)
    held_out = cross_fitted(forecasts, fit, folds=FOLDS, seed=SEED)
    after = Forecasts(held_out.p, forecasts.y, forecasts.cluster, forecasts.n_clusters)
    # A fold without a map keeps its raw probabilities, and the score would not be the map's.
    usable = whole.map is not None and bool(held_out.fitted.all())
    return Recalibrated(
        name=name,
        brier=brier_score(after),
        parameters=_parameters(whole.map) if usable and whole.map is not None else None,
        reason=str(whole.reason) if whole.reason else None,
    )


def _parameters(fitted: Recalibration) -> dict[str, Any]:
    if isinstance(fitted, LogitLine):
        return {"intercept": fitted.intercept, "slope": fitted.slope}
    assert isinstance(fitted, Staircase)  # noqa: S101 - there are no others
    return {"said": list(fitted.x), "calibrated": list(fitted.y)}
