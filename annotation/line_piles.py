"""Lines of judgments on their way to their sheets: those about one place lie in one pile."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from sys import intern
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from annotation.judgment_lines import JudgmentLine

# So many lines are held; those of a longer file wait on the disk, in so many piles.
LINES_HELD = 100_000
PILES = 256


class Given(NamedTuple):
    """What a good line says, as plain values: a hundred thousand of them are held at once."""

    number: int
    response_id: str
    response_id_2: str | None
    rater: str
    question: str
    answer: str | None
    turn: int | None
    judged_at: str | None
    confidence: str | None

    @classmethod
    def of(cls, number: int, line: JudgmentLine) -> "Given":
        """Return what a line says; a name that many lines have takes its memory once."""
        second = line.response_id_2
        return cls(
            number,
            intern(line.response_id),
            second and intern(second),
            intern(line.rater),
            intern(line.question),
            line.answer,
            line.turn,
            line.judged_at,
            line.confidence,
        )

    @property
    def replies(self) -> frozenset[str]:
        """The reply or the two that it is about, in whatever order they are named."""
        return frozenset((self.response_id, self.response_id_2 or self.response_id))


class Piles:
    """Collects lines, and gives them back pile by pile; memory does not grow with them.

    What is more than is held waits in files without names, which go with the process.
    """

    def __init__(self) -> None:
        self._held: list[Given] = []
        self._files: list[IO[str]] = []
        self._open = ExitStack()

    def add(self, lines: Sequence[Given]) -> None:
        """Take further lines."""
        self._held += lines
        if len(self._held) >= LINES_HELD:
            self._lay_down()

    def __iter__(self) -> Iterator[list[Given]]:
        """Yield the piles, the lines of each in the order in which they came."""
        if not self._files:
            yield self._held
            return
        self._lay_down()
        for file in self._files:
            file.seek(0)
            yield [Given(*json.loads(line)) for line in file]

    def close(self) -> None:
        """Forget what waits."""
        self._open.close()

    def _lay_down(self) -> None:
        if not self._files:
            self._files = [self._new_file() for _ in range(PILES)]
        for line in self._held:
            self._files[hash(line.replies) % PILES].write(json.dumps(line) + "\n")
        self._held.clear()

    def _new_file(self) -> IO[str]:
        return self._open.enter_context(TemporaryFile("w+", prefix="touchstone-lines-"))
