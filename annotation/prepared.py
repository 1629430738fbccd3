"""A batch's file made ready to be stored: read, validated, scrubbed and hashed, chunk by chunk.

It asks no database and needs none, so that another process can do it beside the one that stores.
"""

import json
import pickle
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import to_json

from annotation import files, scrubbing
from annotation.files import Meter, Place, Problem, Record
from annotation.formats import ASSISTANT, Reading, Reply, replies_in, response_id
from annotation.shown import said_sha256

SHORTEST_FAMILY = 4


class Told(NamedTuple):
    """What a line tells of its query; lines of one query must tell the same."""

    scenario_id: str | None
    framing: str
    value_a: str
    value_b: str
    language: str
    topics: list[str]
    facts: list[str]
    anchors: dict[str, list[str]]


class PreparedReply(NamedTuple):
    """A good reply and all that is stored of it; JSON is written out already."""

    place: Place
    id: str
    query_id: str
    model: str
    sample: int
    told: Told
    metadata: str
    messages: bytes
    sha256: str
    turns: int
    hits: tuple[tuple[int, scrubbing.Hit], ...]


@dataclass(slots=True)
class Chunk:
    """So many records of a file: their good replies, and what is wrong with the others.

    ``units`` counts what stands or falls alone. ``packed`` are the records themselves, for a file
    of refused lines; they are unpacked only where one was refused.
    """

    records: int = 0
    units: int = 0
    problems: list[Problem] = field(default_factory=list)
    replies: list[PreparedReply] = field(default_factory=list)
    share: float = 1.0
    rule_set: int = 0
    packed: bytes = b""

    def read(self) -> list[Record | Problem]:
        """Return the records, and the problems that stand in place of some."""
        found: list[Record | Problem] = pickle.loads(self.packed) if self.packed else []  # noqa: S301 - packed below
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the replies column by column: whole tuples cost a call each, on both sides."""
        places, *columns = zip(*self.replies, strict=True) if self.replies else ((),)
        rest = (self.records, self.units, self.problems, self.share, self.rule_set, self.packed)
        return _chunk, (tuple(zip(*places, strict=True)), columns, rest)


def _chunk(
    places: Sequence[Sequence[Any]], columns: Sequence[Sequence[Any]], rest: Sequence[Any]
) -> Chunk:
    """Put a chunk together again of the columns that it was pickled as."""
    records, units, problems, *more = rest
    placed = map(Place._make, zip(*places, strict=True))
    replies = list(map(PreparedReply._make, zip(placed, *columns, strict=True)))
    return Chunk(records, units, problems, replies if columns else [], *more)


def chunks(
    path: Path, *, name: str, after: int, at_once: int, with_records: bool
) -> Iterator[Chunk]:
    """Yield a file in chunks of ``at_once`` records, or replies where a record holds several.

    ``after`` is how many records are stored already. The last chunk may be empty.

    Raises:
        FileUnreadable: as :func:`annotation.files.read`.
    """
    preparing = _Preparing()
    read: list[Record | Problem] = []
    found: list[Reading] = []
    good = 0
    meter = Meter()
    for record in islice(files.read(path, name=name, meter=meter), after, None):
        read.append(record)
        found.append(_reading(record))
        good += len(found[-1].replies)
        # A row of the wide table holds a dozen replies.
        if max(len(read), good) >= at_once:
            yield preparing.chunk(read, found, meter.share, with_records=with_records)
            read, found, good = [], [], 0
    yield preparing.chunk(read, found, 1.0, with_records=with_records)


def names_in(models: Iterable[str]) -> set[str]:
    """Return what a reply may call its author: keys, their parts, and the family in each part."""
    keys = set(models)
    parts = {part for key in keys for part in re.split(r"[/\s]+", key) if part}
    families = {re.split(r"[-_.:]", part)[0] for part in parts}
    return {*keys, *parts, *(family for family in families if len(family) >= SHORTEST_FAMILY)}


def _reading(record: Record | Problem) -> Reading:
    return Reading((), [record]) if isinstance(record, Problem) else replies_in(record)


class _Preparing:
    """What the chunks of one file share: the names met so far, which later texts may hold."""

    def __init__(self) -> None:
        self.rules = scrubbing.current_rules()
        self.models: set[str] = set()
        self.names: tuple[str, ...] = ()
        self._told: Told | None = None
        self._metadata: tuple[dict[str, Any], str] = {}, "{}"

    def chunk(
        self,
        read: list[Record | Problem],
        found: list[Reading],
        share: float,
        *,
        with_records: bool,
    ) -> Chunk:
        placed = [reply for reading in found for reply in reading.replies]
        self._meet({line.model for _, line in placed})
        hits = self._hits([line for _, line in placed])
        return Chunk(
            records=len(read),
            units=sum(reading.units for reading in found),
            problems=[problem for reading in found for problem in reading.problems],
            replies=[
                self._prepared(place, line, hits_of_line)
                for (place, line), hits_of_line in zip(placed, hits, strict=True)
            ],
            share=share,
            rule_set=self.rules.version,
            packed=pickle.dumps(read, pickle.HIGHEST_PROTOCOL) if with_records else b"",
        )

    def _meet(self, models: set[str]) -> None:
        if not models <= self.models:
            self.models |= models
            self.names = tuple(sorted(names_in(self.models)))

    def _hits(self, lines: list[Reply]) -> Iterator[tuple[tuple[int, scrubbing.Hit], ...]]:
        texts = [content for line in lines for _, content in line.said]
        found = iter(scrubbing.find_in_all(texts, rules=self.rules, extra_names=self.names))
        for line in lines:
            yield tuple(
                (number, hit)
                for number, hits in enumerate(islice(found, len(line.said)))
                for hit in hits
            )

    def _prepared(
        self, place: Place, line: Reply, hits: tuple[tuple[int, scrubbing.Hit], ...]
    ) -> PreparedReply:
        return PreparedReply(
            place=place,
            id=response_id(line),
            query_id=line.query_id,
            model=line.model,
            sample=line.sample,
            told=self._told_by(line),
            metadata=self._written(line.metadata) if line.metadata else "{}",
            messages=to_json([{"role": role, "content": content} for role, content in line.said]),
            sha256=said_sha256(line.said),
            turns=[role for role, _ in line.said].count(ASSISTANT),
            hits=hits,
        )

    def _written(self, metadata: dict[str, Any]) -> str:
        """Return metadata as JSON; replies of one row share it."""
        if metadata is not self._metadata[0]:
            self._metadata = metadata, json.dumps(metadata)
        return self._metadata[1]

    def _told_by(self, line: Reply) -> Told:
        """Return what a line tells; lines that follow each other and tell the same share it."""
        told = Told(
            line.scenario_id,
            line.framing,
            line.value_a,
            line.value_b,
            line.language,
            line.topics,
            line.facts,
            line.anchors,
        )
        if self._told is None or told != self._told:
            self._told = told
        return self._told
