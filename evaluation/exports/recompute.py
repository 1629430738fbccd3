"""Alpha once more, from a release's own files, by the independent ``krippendorff`` package.

Nothing here shares code with ``evaluation.stats``: reading, counting and the distance of sets are
written again, so that a mistake there cannot hide here. Needs no database.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json
from krippendorff import krippendorff as of_package

from evaluation.exports.layout import NEEDED, Filters, Layout, Patterns

SAME_WITHIN = 1e-9
CLOSED = frozenset({"single", "several", "scale"})
# The question that decides whether a judgment's other answers count, and its yes.
JUDGEABLE, CAN_BE_JUDGED = "judgeable", "yes"
BYTES_AT_ONCE = 4 * 1024 * 1024
# What the package's ``alpha`` is made of; its types are narrower than what it takes.
PARTS: Any = of_package


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Alpha of one question in one scope; None where it is undefined."""

    key: str
    scope: str
    value: float | None


def package() -> str:
    """Return what recomputes, with its version."""
    return f"krippendorff {version('krippendorff')}"


def same(one: float | None, other: float | None) -> bool:
    """Say whether two values are equal within 1e-9, or both undefined."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_WITHIN


def alphas(folder: Path, rubric: dict[str, Any], filters: Filters) -> list[Recomputed]:
    """Recompute alpha for each closed question and scope that has an answer.

    Memory does not grow with the file: its answers are laid out in parts on disk, by unit, and of
    each unit only how often each choice was made is kept.
    """
    questions = [q for q in rubric["questions"] if q["type"] in CLOSED]
    path = folder / "judgments.jsonl"
    dropped = _not_judgeable(path) if JUDGEABLE in {q["key"] for q in questions} else None
    with TemporaryDirectory(prefix="touchstone-alpha-") as scratch:
        laid_out = Layout(Path(scratch), questions)
        for block in _blocks(path):
            laid_out.add(block if dropped is None else _without(block, dropped), filters)
        return [
            Recomputed(question["key"], scope, alpha_of(question, patterns))
            for question, scope, patterns in laid_out.patterns()
        ]


def _not_judgeable(path: Path) -> pa.Array:
    """Return the judgments that called their item not judgeable: their other answers go."""
    found = [
        block.filter(
            pc.and_(
                pc.equal(block["question"], JUDGEABLE), pc.not_equal(block["answer"], CAN_BE_JUDGED)
            )
        )["judgment"].combine_chunks()
        for block in _blocks(path)
    ]
    return pa.concat_arrays(found) if found else pa.array([], pa.string())


def _without(block: pa.Table, dropped: pa.Array) -> pa.Table:
    gone = pc.and_(pc.is_in(block["judgment"], dropped), pc.not_equal(block["question"], JUDGEABLE))
    return block.filter(pc.invert(gone))


def _blocks(path: Path) -> Iterator[pa.Table]:
    """Yield the lines of a file as columns, so many at once."""
    with path.open("rb") as file:
        while lines := file.readlines(BYTES_AT_ONCE):
            raw = b"".join(lines)
            yield pa_json.read_json(
                pa.BufferReader(raw),
                read_options=pa_json.ReadOptions(use_threads=False, block_size=len(raw) + 1),
                parse_options=pa_json.ParseOptions(
                    explicit_schema=NEEDED, unexpected_field_behavior="ignore"
                ),
            )


def alpha_of(question: dict[str, Any], patterns: Patterns) -> float | None:
    """Return Krippendorff's alpha at the question's level of measurement.

    The package takes a row a unit. Units with the same counts give the same coincidences, so each
    pattern goes through it once and is multiplied: what it does next is done here as it does it.
    """
    several = question["type"] == "several"
    domain = sorted({choice for pattern in patterns for choice, _ in pattern})
    if not several:
        domain = [(str(option["code"]),) for option in question["options"]]
    if len(domain) < 2 or max(sum(n for _, n in pattern) for pattern in patterns) < 2:
        return None
    column = {choice: place for place, choice in enumerate(domain)}
    observed = np.zeros((len(domain), len(domain)))
    for pattern, units in patterns.items():
        counts = np.zeros((1, len(domain)), dtype=np.int64)
        for choice, n in pattern:
            counts[0, column[choice]] = n
        observed += units * PARTS._coincidences(counts, dtype=np.float64)
    per_value = observed.sum(axis=0)
    by_number = question["level"] == "interval" and not several
    distances = PARTS._distances(
        np.array([float(c[0]) for c in domain] if by_number else range(len(domain))),
        PARTS._distance_metric(_masi(domain) if several else question["level"]),
        per_value,
        dtype=np.float64,
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = PARTS._random_coincidences(per_value, dtype=np.float64)
        found = 1 - (observed * distances).sum() / (expected * distances).sum()
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
