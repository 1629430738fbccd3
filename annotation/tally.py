"""How a load answers: lines read, created, unchanged, updated and refused, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from annotation.files import Place, Problem

ERRORS_KEPT = 1_000
LINES_AT_ONCE = 2_000
RUNS_SAID = 6

T = TypeVar("T")
Progress = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """What became of a file's lines; every line is in exactly one of the four counts."""

    read: int = 0
    created: int = 0
    unchanged: int = 0
    updated: int = 0
    refused: int = 0
    errors: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _refused: set[Place] = field(default_factory=set, repr=False)
    _refused_lines: set[int] = field(default_factory=set, repr=False)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Count the problems' lines as refused, once each, and keep the first thousand reasons."""
        for problem in problems:
            if problem.place not in self._refused:
                self._refused.add(problem.place)
                self._refused_lines.add(problem.line)
                self.refused += 1
            if len(self.errors) < ERRORS_KEPT:
                texts = (problem.field, problem.reason, problem.value)
                self.errors.append(Problem(problem.line, *map(_printable, texts)))

    def has_refused(self, place: Place) -> bool:
        """Say whether a line, or one reply of a row of several, was refused."""
        return place in self._refused

    def has_refused_any(self) -> bool:
        """Say whether any line was refused since places were last forgotten."""
        return bool(self._refused_lines)

    def has_refused_any_of(self, line: int) -> bool:
        """Say whether a line, or any reply that stands in it, was refused."""
        return line in self._refused_lines

    @property
    def settled(self) -> int:
        """Return of how many lines it is known by now what became of them."""
        return self.created + self.unchanged + self.updated + self.refused

    def refused_lines(self) -> frozenset[int]:
        """Return the lines that were refused since places were last forgotten."""
        return frozenset(self._refused_lines)

    def forget_places(self) -> None:
        """Forget which lines were refused, not how many: they are stored, or written down."""
        self._refused.clear()
        self._refused_lines.clear()

    def as_json(self) -> dict[str, Any]:
        """Return the report as ``load_* --json`` prints it."""
        return {
            "read": self.read,
            "created": self.created,
            "unchanged": self.unchanged,
            "updated": self.updated,
            "refused": self.refused,
            **({"notes": self.notes} if self.notes else {}),
            "errors": [
                {
                    "line": problem.line,
                    "field": problem.field,
                    "value": problem.value,
                    "reason": problem.reason,
                }
                for problem in sorted(self.errors, key=lambda problem: problem.line)
            ],
        }


def gathered(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return refused lines as a page lists them: each cause once, with all the lines it is true of.

    ``line`` becomes words, such as "1\N{EN DASH}40, 47"; the causes stand as they were met first.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for one in errors:
        found.setdefault((one["field"], one["value"], one["reason"]), []).append(one["line"])
    return [
        {"line": _runs(lines), "field": name, "value": value, "reason": reason}
        for (name, value, reason), lines in found.items()
    ]


def _runs(lines: list[int]) -> str:
    """Return ascending numbers in words, neighbours drawn together."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line <= runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    said = [f"{a}" if a == b else f"{a}\N{EN DASH}{b}" for a, b in runs[:RUNS_SAID]]
    if len(runs) > RUNS_SAID:
        said.append(f"… ({len(lines):,} lines)")
    return ", ".join(said)


def _printable(text: str) -> str:
    """Return the text with what no database stores (NUL, half a surrogate pair) made visible."""
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()


def chunks(rows: Iterable[T], size: int = LINES_AT_ONCE) -> Iterator[list[T]]:
    """Yield lists of up to ``size``: what one short transaction stores."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def no_progress(lines: int) -> None:
    """Report progress to nobody."""
