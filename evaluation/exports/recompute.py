"""Alpha once more, from a release's own files, by the independent ``krippendorff`` package.

Nothing here shares code with ``evaluation.stats``: reading, counting and the distance of sets are
written again, so that a mistake there cannot hide here. Needs no database.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np

SAME_WITHIN = 1e-9
CLOSED = frozenset({"single", "several", "scale"})
# What was judged, a reply or the two of a pair, and which turn of it.
Unit = tuple[str, str | None, int]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Alpha of one question in one scope; None where it is undefined."""

    key: str
    scope: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which judgments count: those of these waves, made under this rubric version."""

    waves: frozenset[str]
    rubric: str
    rubric_version: int


def package() -> str:
    """Return what recomputes, with its version."""
    return f"krippendorff {version('krippendorff')}"


def same(one: float | None, other: float | None) -> bool:
    """Say whether two values are equal within 1e-9, or both undefined."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_WITHIN


def alphas(folder: Path, rubric: dict[str, Any], filters: Filters) -> list[Recomputed]:
    """Recompute alpha for each closed question and scope that has an answer."""
    questions = {q["key"]: q for q in rubric["questions"] if q["type"] in CLOSED}
    votes: dict[tuple[str, str], _Votes] = {}
    for line in _lines(folder / "judgments.jsonl"):
        counts = (
            line["wave"] in filters.waves
            and line["rubric"] == filters.rubric
            and line["rubric_version"] == filters.rubric_version
            and line["question"] in questions
        )
        if counts:
            place = (line["question"], "turn" if line["turn"] else "conversation")
            if place not in votes:
                votes[place] = _Votes(questions[line["question"]])
            votes[place].add(line)
    return [Recomputed(key, scope, one.alpha()) for (key, scope), one in votes.items()]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class _Votes:
    """The answers to one question in one scope, as numbers: which unit, which choice."""

    def __init__(self, question: dict[str, Any]) -> None:
        self.question = question
        self.several = question["type"] == "several"
        self.units: dict[Unit, int] = {}
        self.codes = {str(option["code"]): n for n, option in enumerate(question["options"])}
        self.chosen = array("q")
        self.sets: dict[tuple[int, str], set[str]] = {}

    def add(self, line: dict[str, Any]) -> None:
        """Take one line of judgments.jsonl."""
        judged = (line["response_id"], line.get("response_id_2"), line["turn"])
        unit = self.units.setdefault(judged, len(self.units))
        if not self.several:
            self.chosen.extend((unit, self.codes[line["answer"]]))
            return
        said = self.sets.setdefault((unit, line["judgment"]), set())
        if line["answer"] is not None:
            said.add(line["answer"])

    def alpha(self) -> float | None:
        """Return Krippendorff's alpha at the question's level of measurement."""
        domain: list[tuple[str, ...]] = [(code,) for code in self.codes]
        rows = np.frombuffer(self.chosen, dtype=np.int64).reshape(-1, 2)
        if self.several:
            domain = sorted({tuple(sorted(chosen)) for chosen in self.sets.values()})
            column = {choice: n for n, choice in enumerate(domain)}
            pairs = [(unit, column[tuple(sorted(s))]) for (unit, _), s in self.sets.items()]
            rows = np.array(pairs, dtype=np.int64)
        counts = np.zeros((len(self.units), len(domain)), dtype=np.int64)
        np.add.at(counts, (rows[:, 0], rows[:, 1]), 1)
        if len(domain) < 2 or counts.sum(axis=1).max(initial=0) < 2:
            return None
        level = self.question["level"]
        by_number = level == "interval" and not self.several
        with np.errstate(invalid="ignore", divide="ignore"):
            found = krippendorff.alpha(
                value_counts=counts,
                value_domain=[float(c[0]) for c in domain] if by_number else range(len(domain)),
                level_of_measurement=_masi(domain) if self.several else level,
            )
        return None if np.isnan(found) else float(found)


def _masi(domain: list[tuple[str, ...]]) -> Any:
    """Return the MASI distance of sets as the package wants it (Passonneau 2006)."""
    table = np.array([[_set_distance(set(a), set(b)) for b in domain] for a in domain])

    def metric(*values: Any, i1: Any, i2: Any, **more: Any) -> Any:
        return table[i1, i2]

    return metric


def _set_distance(one: set[str], other: set[str]) -> float:
    if one == other:
        return 0.0
    shared = one & other
    if not shared:
        return 1.0
    monotone = 2 / 3 if shared in (one, other) else 1 / 3
    return 1 - len(shared) / len(one | other) * monotone
