"""Which values a model puts first: rankings, how often each value wins, and who differs."""

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from evaluation.arrays import Ints
from evaluation.services.coefficients import coefficient_json
from evaluation.services.model_rows import Floats, Ranked, Replies, Winners
from evaluation.stats.comparisons import Comparisons
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.framed_ranking import framed_bradley_terry
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.multiplicity import benjamini_hochberg, holm
from evaluation.stats.ratio_contrasts import Contrast, ratio_difference

# Models are held against each other where each has the value in this many clusters.
FEWEST_CLUSTERS = 10
FALSE_DISCOVERIES = 0.05
NOTHING_LEFT = (
    "No comparison of values of two different categories is left. Rank by value, or give values"
    " their categories."
)


@dataclass(frozen=True, slots=True)
class Strength:
    """A value's place in a model's ranking, and how often it wins for the model."""

    name: str
    comparisons: int
    strength: Estimate
    rate: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        return {
            "name": self.name,
            "comparisons": self.comparisons,
            "strength": coefficient_json("log_strength", self.strength),
            "win_rate": coefficient_json("win_rate", self.rate),
        }


@dataclass(frozen=True, slots=True)
class Priorities:
    """One model's ranking: ``dropped`` pairs lie within one category, ``without`` have none."""

    model: str
    comparisons: int
    dropped: int
    without: int
    clusters: int
    framing: Estimate
    reason: Undefined | None
    values: tuple[Strength, ...]

    @property
    def why(self) -> str:
        """Why nothing was ranked, in a sentence; empty where something was."""
        if not self.comparisons:
            return NOTHING_LEFT
        return self.reason.sentence if self.reason else ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        return {
            "model": self.model,
            "comparisons": self.comparisons,
            "dropped_within_category": self.dropped,
            "without_category": self.without,
            "clusters": self.clusters,
            "framing": coefficient_json("framing", self.framing),
            "reason": str(self.reason) if self.reason else None,
            "values": [one.as_json() for one in self.values],
        }


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """How much more often a value wins for one model than for another."""

    name: str
    model: str
    other: str
    difference: Estimate
    p: float | None
    p_benjamini_hochberg: float | None
    p_holm: float | None

    @property
    def found(self) -> bool:
        """Say whether it stands when the false discovery rate is held."""
        adjusted = self.p_benjamini_hochberg
        return adjusted is not None and adjusted <= FALSE_DISCOVERIES

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        return {
            "name": self.name,
            "model": self.model,
            "other": self.other,
            "difference": coefficient_json("win_rate_difference", self.difference),
            "p": self.p,
            "p_benjamini_hochberg": self.p_benjamini_hochberg,
            "p_holm": self.p_holm,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Wins:
    """How often a value won for a model in each cluster where it stood against another."""

    cluster: Ints
    won: Floats
    of: Floats

    @property
    def rate(self) -> Estimate:
        return cluster_proportion(self.won, self.of, name="win_rate")


def priorities(
    winners: Winners, replies: Replies, ranked: Ranked, models: dict[int, str]
) -> tuple[list[Priorities], list[ModelDifference]]:
    """Return each model's ranking, and the tested differences of win rates between models."""
    found, wins = [], {}
    of_row = replies.model[winners.row]
    for model, key in models.items():
        here = np.flatnonzero(of_row == model)
        if here.size:
            one, sums = _of_model(key, here, winners, replies, ranked)
            found.append(one)
            wins[key] = sums
    return found, _differences(wins, ranked)


def _of_model(
    key: str, here: Ints, winners: Winners, replies: Replies, ranked: Ranked
) -> tuple[Priorities, dict[int, _Wins]]:
    at = winners.row[here]
    first, second = ranked.place[replies.value_a[at]], ranked.place[replies.value_b[at]]
    units, outcome = winners.units[here], winners.outcome[here]
    known = (first >= 0) & (second >= 0)
    within = known & (ranked.category[first] == ranked.category[second])
    kept = known & ~within
    first, second, at = first[kept], second[kept], at[kept]
    names, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    one, other = np.split(places.ravel(), 2)
    comparisons = Comparisons.from_rows(
        one,
        other,
        outcome[kept],
        n_models=int(names.size),
        units=units[kept],
        clusters=replies.cluster[at],
        lean=replies.lean[at],
    )
    fit = framed_bradley_terry(comparisons)
    sums = _wins(first, second, outcome[kept], units[kept], replies.cluster[at])
    values = tuple(
        Strength(ranked.names[name], strength.items, strength, sums[name].rate)
        for name, strength in zip(names.tolist(), fit.ranking.strengths, strict=True)
    )
    found = Priorities(
        key,
        int(units[kept].sum()),
        int(units[within].sum()),
        int(units[~known].sum()),
        int(np.unique(replies.cluster[at]).size),
        fit.framing if kept.any() else replace(fit.framing, reason=Undefined.NO_ITEMS),
        fit.ranking.reason if kept.any() else Undefined.NO_ITEMS,
        values,
    )
    return found, sums


def _wins(
    first: Ints, second: Ints, outcome: Floats, units: Ints, cluster: Ints
) -> dict[int, _Wins]:
    """Return for each value its wins, ties half, and its comparisons by cluster."""
    name = np.concatenate([first, second])
    won = np.concatenate([outcome * units, (1 - outcome) * units])
    keys = np.column_stack([name, np.tile(cluster, 2)])
    known, where = np.unique(keys, axis=0, return_inverse=True)
    sums = np.bincount(where.ravel(), weights=won, minlength=len(known)).astype(np.float64)
    of = np.bincount(where.ravel(), weights=np.tile(units, 2)).astype(np.float64)
    edges = np.flatnonzero(np.diff(known[:, 0], prepend=-1))
    return {
        int(known[start, 0]): _Wins(known[start:end, 1], sums[start:end], of[start:end])
        for start, end in pairwise([*edges.tolist(), len(known)])
    }


def _differences(wins: dict[str, dict[int, _Wins]], ranked: Ranked) -> list[ModelDifference]:
    """Test every pair of models on every value that both have often enough, all as one family."""
    tried = []
    for model, other in combinations(wins, 2):
        for name in sorted(wins[model].keys() & wins[other].keys()):
            one, two = wins[model][name], wins[other][name]
            if min(one.cluster.size, two.cluster.size) >= FEWEST_CLUSTERS:
                tried.append((ranked.names[name], model, other, _contrast(one, two)))
    tested = [contrast.p for *_, contrast in tried if contrast.p is not None]
    rates = iter(benjamini_hochberg(tested, q=FALSE_DISCOVERIES).p.tolist())
    errors = iter(holm(tested, q=FALSE_DISCOVERIES).p.tolist())
    found = [
        ModelDifference(
            name,
            model,
            other,
            contrast.difference,
            contrast.p,
            None if contrast.p is None else next(rates),
            None if contrast.p is None else next(errors),
        )
        for name, model, other, contrast in tried
    ]
    return sorted(found, key=lambda one: (one.p is None, one.p or 0.0))


def _contrast(one: _Wins, two: _Wins) -> Contrast:
    clusters = np.union1d(one.cluster, two.cluster)
    sums = np.zeros((4, clusters.size))
    for side, wins in ((0, one), (2, two)):
        at = np.searchsorted(clusters, wins.cluster)
        sums[side, at], sums[side + 1, at] = wins.won, wins.of
    return ratio_difference(*sums, lower=-1.0, upper=1.0, name="win_rate_difference")
