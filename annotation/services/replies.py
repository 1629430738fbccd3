"""Storing replies: what is new is added, what is known is compared, nothing is overwritten."""

from collections import defaultdict
from dataclasses import dataclass

from annotation import bulk
from annotation.files import Place, Problem
from annotation.models import Batch, Hit, Response, Study, TextVersion
from annotation.prepared import PreparedReply
from annotation.services import queries
from annotation.services.queries import Queries, problem
from annotation.tally import Tally, chunks
from annotation.vocabulary import BatchState

# What can become of a line that was not refused; of a line with two replies, the first that fits.
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
# A query, a model and a sample have one reply.
Sample = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A reply that is there already, with its current text."""

    id: int
    external_id: str
    query_id: int
    model_id: int
    sample: int
    batch_id: int
    batch_state: str
    text_id: int
    number: int
    sha256: str


class Store:
    """Adds the good replies of one batch, chunk by chunk, and tallies what became of each."""

    def __init__(self, *, batch: Batch, tally: Tally, new_versions: bool) -> None:
        self.batch = batch
        self.study = batch.study
        self.tally = tally
        self.new_versions = new_versions
        # Replies that an upload left behind which never became ready: taken over at the end.
        self.left_behind: list[int] = []
        self._updated: set[int] = set()
        self._became: dict[Place, set[str]] = {}

    def add(self, lines: list[PreparedReply], *, rule_set: int) -> None:
        """Store one chunk; the caller holds the transaction."""
        Study.objects.select_for_update(no_key=True).get(pk=self.study.pk)  # one load at a time
        self._became, self._rule_set = defaultdict(set), rule_set
        models = queries.models_of(self.study, lines)
        lines = queries.with_values_by_name(self.study, lines, self.tally)
        lines, of_chunk = queries.agreeing(self.study, lines, self.tally)
        known = self._known_replies(lines)
        taken = self._samples_taken(of_chunk)
        new: dict[str, PreparedReply] = {}
        samples: list[Sample] = []
        for line in lines:
            sample = (of_chunk.ids[line.query_id], models[line.model], line.sample)
            if line.id in known:
                self._meet_again(line, sample, known[line.id])
            elif line.id in new:
                self._repeat(line, new[line.id])
            elif (other := taken.setdefault(sample, line.id)) != line.id:
                self.tally.refuse([_sample_taken(line, other)])
            else:
                new[line.id] = line
                samples.append(sample)
        self._create(list(new.values()), samples)
        self._count()

    def take_over(self) -> None:
        """Make replies this batch's own whose upload was cut off, so that they can get seats."""
        for pks in chunks(self.left_behind):
            cut_off = Response.objects.filter(pk__in=pks).exclude(batch__state=BatchState.READY)
            cut_off.update(batch=self.batch)

    def _count(self) -> None:
        """Tally each line once, also where it holds the two replies of a pair."""
        for place, became in self._became.items():
            if self.tally.has_refused(place):
                continue
            if CREATED in became:
                self.tally.created += 1
            elif UPDATED in became:
                self.tally.updated += 1
            else:
                self.tally.unchanged += 1

    def _known_replies(self, lines: list[PreparedReply]) -> dict[str, _Stored]:
        """Return the replies of these lines that are stored already."""
        texts = [line.id for line in lines]
        ids = bulk.keys_of(Response, "external_id", texts, study_id=self.study.pk)
        if not ids:  # most of the time
            return {}
        rows = TextVersion.objects.filter(current=True, response__in=ids.values()).values_list(
            "response_id",
            "response__external_id",
            "response__query_id",
            "response__model_id",
            "response__sample",
            "response__batch_id",
            "response__batch__state",
            "pk",
            "number",
            "sha256",
        )
        return {row[1]: _Stored(*row) for row in rows}

    def _samples_taken(self, of_chunk: Queries) -> dict[Sample, str]:
        """Return which reply each query, model and sample has, of the queries that were there."""
        if not of_chunk.known:
            return {}
        rows = Response.objects.filter(query__in=of_chunk.known)
        rows_of = rows.values_list("query_id", "model_id", "sample", "external_id")
        return {(query, model, sample): key for query, model, sample, key in rows_of}

    def _meet_again(self, line: PreparedReply, sample: Sample, stored: _Stored) -> None:
        if (stored.query_id, stored.model_id, stored.sample) != sample:
            reason = f"{line.id!r} is stored as a reply of another query, model or sample."
            self._refuse(line, "response_id", f"{reason} Give this one another id.")
        elif stored.sha256 == line.sha256:
            self._became[line.place].add(UNCHANGED)
            if stored.batch_id != self.batch.pk and stored.batch_state != BatchState.READY:
                self.left_behind.append(stored.id)
        elif stored.batch_id == self.batch.pk or stored.id in self._updated:
            reason = f"{line.id!r} stands in this file with another text. Keep one."
            self._refuse(line, "response_id", reason)
        elif self.new_versions:
            TextVersion.objects.filter(pk=stored.text_id).update(current=False)
            self._save_texts([line], [stored.id], number=stored.number + 1)
            self._updated.add(stored.id)
            self._became[line.place].add(UPDATED)
        else:
            self.tally.refuse([_conflict(line, stored.sha256)])

    def _repeat(self, line: PreparedReply, first: PreparedReply) -> None:
        """Meet an id for the second time in one file."""
        if (line.sha256, line.model, line.query_id) == (first.sha256, first.model, first.query_id):
            self._became[line.place].add(UNCHANGED)
            return
        there = first.place.line
        reason = f"{line.id!r} stands in line {there} with another reply. Keep one."
        self._refuse(line, "response_id", reason)

    def _refuse(self, line: PreparedReply, field: str, reason: str) -> None:
        self.tally.refuse([problem(line, field, reason)])

    def _create(self, lines: list[PreparedReply], samples: list[Sample]) -> None:
        ids = bulk.new_ids(Response, len(lines))
        study, batch = self.study.pk, self.batch.pk
        columns = ("id", "study_id", "external_id", "query_id", "model_id", "sample", "batch_id",
                   "metadata")  # fmt: skip
        bulk.insert_values(
            Response,
            columns,
            [
                (pk, study, line.id, *sample, batch, line.metadata)
                for pk, line, sample in zip(ids, lines, samples, strict=True)
            ],
        )
        self._save_texts(lines, ids, number=1)
        for line in lines:
            self._became[line.place].add(CREATED)

    def _save_texts(self, lines: list[PreparedReply], replies: list[int], *, number: int) -> None:
        ids = bulk.new_ids(TextVersion, len(lines))
        columns = ("id", "response_id", "number", "messages", "sha256", "turns", "current",
                   "rule_set", "has_hits")  # fmt: skip
        bulk.insert_values(
            TextVersion,
            columns,
            [
                (pk, reply, number, line.messages, line.sha256, line.turns, True, self._rule_set,
                 bool(line.hits))
                for pk, reply, line in zip(ids, replies, lines, strict=True)
            ],
        )  # fmt: skip
        of_hit = ("text_id", "batch_id", "rule_set", "rule", "message", "start", "end", "found",
                   "context", "decision")  # fmt: skip
        bulk.insert_values(
            Hit,
            of_hit,
            [
                (pk, self.batch.pk, self._rule_set, hit.rule, message, hit.start, hit.end,
                 hit.text, hit.context, hit.decision.value)
                for pk, line in zip(ids, lines, strict=True)
                for message, hit in line.hits
            ],
        )  # fmt: skip


def _sample_taken(line: PreparedReply, other: str) -> Problem:
    return problem(
        line,
        "sample",
        f"{line.model} has reply {other!r} to {line.query_id!r} already."
        f" Give this one another sample number than {line.sample}.",
    )


def _conflict(line: PreparedReply, stored: str) -> Problem:
    return problem(
        line,
        "messages",
        f"{line.id!r} is stored with another text (SHA-256 {stored[:12]}… there,"
        f" {line.sha256[:12]}… here)."
        " Give it another response_id, or ask for new versions (--new-versions, or the tick on the"
        " upload page) to add this text as a new version.",
    )
