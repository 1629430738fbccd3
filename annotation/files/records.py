"""What every reader yields: numbered records, or what is wrong in place of one."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where one reply stands in a file: its line and, where a line holds several, its column."""

    line: int
    part: str = ""


class Meter:
    """How much of a file has been read; readers say where they are."""

    def __init__(self) -> None:
        self.at: Callable[[], float] = lambda: 0.0

    @property
    def share(self) -> float:
        """Return the share of the file that has been read, from 0 to 1."""
        return min(max(self.at(), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one line: which field, why and what to do, and what stands there.

    ``value`` is shortened; ``part`` tells replies of one line apart that stand or fall alone;
    ``raw`` is the whole line, where it is no record and can be written down again.
    """

    line: int
    field: str
    reason: str
    value: str = ""
    part: str = ""
    raw: str = dataclasses.field(default="", compare=False, repr=False)

    @property
    def place(self) -> Place:
        """Return where the reply stands that this is about."""
        return Place(self.line, self.part)


@dataclass(frozen=True, slots=True)
class Record:
    """One line's content; ``line`` is where it begins in the file, counted from 1.

    In Parquet it is the row, in an Inspect log the sample, in a JSON export the task.
    """

    line: int
    fields: dict[str, Any]
