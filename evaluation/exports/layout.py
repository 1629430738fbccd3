"""The answers of a release's file laid out by unit, on disk, so that alpha needs little memory.

Shares no code with ``evaluation.stats``, as what recomputes with it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# A choice is a set of options, of a single choice one. A pattern is how often each choice was made
# at a unit, and how many units have it is all that alpha needs.
Choice = tuple[str, ...]
Pattern = tuple[tuple[Choice, int], ...]
Patterns = Counter[Pattern]
Rows = npt.NDArray[np.void]

NEEDED = pa.schema(
    [
        *((name, pa.string()) for name in ("response_id", "response_id_2", "question", "answer")),
        *((name, pa.string()) for name in ("wave", "judgment", "rubric", "excluded")),
        ("turn", pa.int64()),
        ("rubric_version", pa.int64()),
    ]
)
# 128 bits of a unit's name stand for it: that two names share them cannot be met in practice. Of
# the judgment only several choices ask.
ROW = np.dtype(
    [("unit", "<u8"), ("unit_2", "<u8"), ("judgment", "<u8"), ("place", "<u2"), ("code", "<i2")]
)
PARTS = 64
NOTHING = -1
SIGN = "\x1f"  # ids and codes hold no control characters


@dataclass(frozen=True, slots=True)
class Filters:
    """Which judgments count: those of these waves, made under this rubric version.

    Of them those are left out whose line names an exclusion.
    """

    waves: frozenset[str]
    rubric: str
    rubric_version: int


class Layout:
    """Answers in parts on disk; a unit's lie in one part. A place is a question in a scope."""

    def __init__(self, scratch: Path, questions: list[dict[str, Any]]) -> None:
        self._questions = questions
        self._paths = [scratch / f"part-{n}" for n in range(PARTS)]
        self._place = {question["key"]: n for n, question in enumerate(questions)}
        several = [question["key"] for question in questions if question["type"] == "several"]
        self._several = pa.array(several, pa.string())
        self._codes = [[str(o["code"]) for o in question["options"]] for question in questions]

    def add(self, block: pa.Table, filters: Filters) -> None:
        """Take lines of the file.

        Raises:
            KeyError: an answer that its question does not offer.
        """
        kept = pc.and_(
            pc.and_(
                pc.is_in(block["wave"], pa.array(sorted(filters.waves))),
                pc.is_in(block["question"], pa.array(sorted(self._place), pa.string())),
            ),
            pc.and_(
                pc.equal(block["rubric"], filters.rubric),
                pc.equal(block["rubric_version"], filters.rubric_version),
            ),
        )
        lines = block.filter(pc.and_(kept, pc.is_null(block["excluded"])))
        if not lines.num_rows:
            return
        rows = self._rows(lines)
        parts = rows["unit"] % PARTS
        order = np.argsort(parts, kind="stable")
        cuts = np.searchsorted(parts[order], np.arange(PARTS + 1))
        for n, path in enumerate(self._paths):
            mine = rows[order[cuts[n] : cuts[n + 1]]]
            if len(mine):
                with path.open("ab") as file:
                    file.write(mine.tobytes())

    def patterns(self) -> Iterator[tuple[dict[str, Any], str, Patterns]]:
        """Yield each question and scope that has an answer, and how often each pattern is there."""
        found: dict[int, Patterns] = {}
        for path in self._paths:
            rows = np.fromfile(path, dtype=ROW) if path.exists() else np.empty(0, dtype=ROW)
            for place in np.unique(rows["place"]).tolist():
                patterns = found.setdefault(place, Counter())
                patterns.update(self._patterns(place // 2, rows[rows["place"] == place]))
        for place in sorted(found):
            scope = "turn" if place % 2 else "conversation"
            yield self._questions[place // 2], scope, found[place]

    def _rows(self, lines: pa.Table) -> Rows:
        rows = np.empty(lines.num_rows, dtype=ROW)
        second = pc.fill_null(lines["response_id_2"], "")
        turn = pc.cast(lines["turn"], pa.string())
        units = _by_name(_joined(lines["response_id"], second, turn), _digests)
        rows["unit"], rows["unit_2"] = units[:, 0], units[:, 1]
        rows["judgment"] = 0
        several = pc.is_in(lines["question"], self._several)
        rows["judgment"][several.to_numpy()] = _by_name(
            lines["judgment"].filter(several), _digests
        )[:, 0]
        in_turns = pc.greater(lines["turn"], 0).to_numpy()
        rows["place"] = 2 * _by_name(lines["question"], self._places) + in_turns
        answers = _joined(lines["question"], pc.fill_null(lines["answer"], ""))
        rows["code"] = _by_name(answers, self._said)
        return rows

    def _places(self, questions: list[str]) -> npt.NDArray[np.int64]:
        return np.array([self._place[question] for question in questions], dtype=np.int64)

    def _said(self, answers: list[str]) -> npt.NDArray[np.int64]:
        return np.array([self._code(answer) for answer in answers], dtype=np.int64)

    def _code(self, answer: str) -> int:
        question, _, code = answer.partition(SIGN)
        place = self._place[question]
        if not code and self._questions[place]["type"] == "several":
            return NOTHING
        if code not in self._codes[place]:
            raise KeyError(code)
        return self._codes[place].index(code)

    def _patterns(self, question: int, rows: Rows) -> Iterator[Pattern]:
        """Yield the pattern of each unit of a part."""
        codes = self._codes[question]
        if self._questions[question]["type"] != "several":
            units, at = np.unique(rows[["unit", "unit_2"]], return_inverse=True)
            counts = np.zeros((len(units), len(codes)), dtype=np.int64)
            np.add.at(counts, (at, rows["code"]), 1)
            for row in counts.tolist():
                yield tuple(((code,), n) for code, n in zip(codes, row, strict=True) if n)
            return
        chosen: dict[tuple[int, int], dict[int, set[str]]] = {}
        for unit, unit_2, judgment, _, code in rows.tolist():
            said = chosen.setdefault((unit, unit_2), {}).setdefault(judgment, set())
            if code != NOTHING:
                said.add(codes[code])
        for raters in chosen.values():
            yield tuple(sorted(Counter(tuple(sorted(one)) for one in raters.values()).items()))


def _joined(*columns: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*columns, SIGN)


def _by_name(
    column: pa.ChunkedArray, of: Callable[[list[str]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """Return a value for each row, worked out once for each name."""
    coded = column.combine_chunks().dictionary_encode()
    found: npt.NDArray[Any] = of(coded.dictionary.to_pylist())[coded.indices.to_numpy()]
    return found


def _digests(names: list[str]) -> npt.NDArray[np.uint64]:
    """Return 128 bits that stand for each name, shape (n_names, 2)."""
    raw = b"".join(hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names)
    return np.frombuffer(raw, dtype="<u8").reshape(-1, 2)
