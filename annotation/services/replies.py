"""Storing replies: queries, models and values are made as they are met, nothing is overwritten."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.models import F, Model

from annotation import bulk, scrubbing, wide_table
from annotation.files import Place, Problem
from annotation.formats import ReplyLine, response_id
from annotation.models import (
    Batch,
    Hit,
    LanguageModel,
    Query,
    Response,
    Scenario,
    Study,
    TextVersion,
    Value,
)
from annotation.shown import text_sha256
from annotation.tally import Tally, chunks
from annotation.vocabulary import BatchState

Placed = tuple[Place, ReplyLine]
T = TypeVar("T", bound=Model)
# Lines of one query must say the same of these; the first line that is stored decides.
QUERY_FIELDS = ("scenario_id", "framing", "value_a", "value_b", "language")
SHORTEST_FAMILY = 4
LOOSE_FIELDS = ("topics", "facts", "anchors")
# What can become of a line that was not refused; of a line with two replies, the first that fits.
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


class Store:
    """Adds the good lines of one batch, chunk by chunk, and tallies what became of each."""

    def __init__(self, *, batch: Batch, tally: Tally, new_versions: bool) -> None:
        self.batch = batch
        self.study = batch.study
        self.tally = tally
        self.new_versions = new_versions
        self.rules = scrubbing.current_rules()
        self.names: tuple[str, ...] = ()
        # Replies that an upload left behind which never became ready: taken over at the end.
        self.left_behind: list[int] = []
        self._updated: set[int] = set()
        self._became: dict[Place, set[str]] = {}

    def add(self, lines: list[Placed]) -> None:
        """Store one chunk; the caller holds the transaction."""
        Study.objects.select_for_update(no_key=True).get(pk=self.study.pk)  # one load at a time
        self._became = defaultdict(set)
        lines = self._with_values_by_name(lines)
        models = self._models({line.model for _, line in lines})
        lines = self._with_agreeing_queries(lines)
        queries = self._queries({line.query_id for _, line in lines})
        known = self._known_responses(lines, queries, models)
        new: dict[str, Placed] = {}
        for place, line in lines:
            key = response_id(line)
            if key in known:
                self._meet_again(place, line, known[key])
            elif key in new:
                self._repeat(place, line, new[key])
            elif problem := self._sample_taken(place, line, new):
                self.tally.refuse([problem])
            else:
                new[key] = (place, line)
        self._create(new, queries, models)
        self._count()

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

    def _models(self, keys: set[str]) -> dict[str, LanguageModel]:
        def make(key: str) -> LanguageModel:
            provider, _, name = key.rpartition("/")
            name, provider = wide_table.MODELS.get(key, (name, provider))
            return LanguageModel(
                study=self.study, key=key, display_name=name or key, provider=provider
            )

        found = _found_or_made(LanguageModel, "key", keys, make, study=self.study)
        self.names = tuple(sorted({*self.names, *names_in(found)}))
        return found

    def _with_values_by_name(self, lines: list[Placed]) -> list[Placed]:
        """Put lines that name a value by an alias to that value; a name of its own goes before."""
        known = Value.objects.filter(study=self.study)
        aliased = known.exclude(aliases=[]).values_list("name", "aliases")
        by_alias = {alias.casefold(): name for name, aliases in aliased for alias in aliases}
        if not by_alias:
            return lines
        names = set(known.values_list("name", flat=True))
        found = []
        for place, line in lines:
            a, b = (
                said if said in names else by_alias.get(said.strip().casefold(), said)
                for said in (line.value_a, line.value_b)
            )
            if a == b:
                reason = f"{line.value_a!r:.80} and {line.value_b!r:.80} are one value, {a!r:.80}."
                self.tally.refuse([_problem(place, "value_b", f"{reason} Name two.")])
            else:
                found.append((place, line.model_copy(update={"value_a": a, "value_b": b})))
        return found

    def _with_agreeing_queries(self, lines: list[Placed]) -> list[Placed]:
        """Make the chunk's new queries, and refuse the lines that contradict their query."""
        said = self._said_of_queries({line.query_id for _, line in lines})
        first: dict[str, ReplyLine] = {}
        agreeing = []
        for place, line in lines:
            stored = said.get(line.query_id)
            if stored is None:
                stored = said[line.query_id] = _said(line)
                first[line.query_id] = line
            problems = _contradictions(place, line, stored)
            if problems:
                self.tally.refuse(problems)
            else:
                agreeing.append((place, line))
        self._make_queries(first)
        return agreeing

    def _said_of_queries(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        rows = Query.objects.filter(study=self.study, external_id__in=ids).values(
            "external_id",
            "framing",
            "language",
            *LOOSE_FIELDS,
            scenario_ref=F("scenario__external_id"),
            a=F("value_a__name"),
            b=F("value_b__name"),
        )
        return {
            row["external_id"]: {
                "scenario_id": row["scenario_ref"],
                "value_a": row["a"],
                "value_b": row["b"],
                **{name: row[name] for name in ("framing", "language", *LOOSE_FIELDS)},
            }
            for row in rows
        }

    def _make_queries(self, first: dict[str, ReplyLine]) -> None:
        if not first:
            return
        names = {name for line in first.values() for name in (line.value_a, line.value_b)}
        values = _found_or_made(
            Value, "name", names, lambda name: Value(study=self.study, name=name), study=self.study
        )
        given = {line.scenario_id for line in first.values() if line.scenario_id}
        scenarios = _found_or_made(
            Scenario,
            "external_id",
            given,
            lambda key: Scenario(study=self.study, external_id=key),
            study=self.study,
        )
        alone = [key for key, line in first.items() if not line.scenario_id]
        own = bulk.insert([Scenario(study_id=self.study.pk) for _ in alone])
        own_by_query = dict(zip(alone, own, strict=True))
        bulk.insert(
            [
                Query(
                    study_id=self.study.pk,
                    external_id=key,
                    scenario_id=(
                        scenarios[line.scenario_id] if line.scenario_id else own_by_query[key]
                    ).pk,
                    framing=line.framing,
                    value_a_id=values[line.value_a].pk,
                    value_b_id=values[line.value_b].pk,
                    language=line.language,
                    topics=line.topics,
                    facts=line.facts,
                    anchors=line.anchors,
                )
                for key, line in first.items()
            ]
        )

    def _queries(self, ids: set[str]) -> dict[str, int]:
        found = Query.objects.filter(study=self.study, external_id__in=ids)
        return dict(found.values_list("external_id", "pk"))

    def _known_responses(
        self, lines: list[Placed], queries: dict[str, int], models: dict[str, LanguageModel]
    ) -> dict[str, TextVersion]:
        """Return the current text of each reply of these lines that is stored already."""
        current = TextVersion.objects.select_related("response__batch").filter(current=True)
        by_id = current.filter(
            response__study=self.study,
            response__external_id__in={response_id(line) for _, line in lines},
        )
        known = {text.response.external_id: text for text in by_id}
        taken = current.filter(
            response__query__in={queries[line.query_id] for _, line in lines},
            response__model__in={models[line.model].pk for _, line in lines},
        )
        self._samples = {
            (text.response.query_id, text.response.model_id, text.response.sample): (
                text.response.external_id
            )
            for text in taken
        }
        self._query_ids, self._model_ids = queries, {key: m.pk for key, m in models.items()}
        return known

    def take_over(self) -> None:
        """Make replies this batch's own whose upload was cut off, so that they can get seats."""
        for pks in chunks(self.left_behind):
            cut_off = Response.objects.filter(pk__in=pks).exclude(batch__state=BatchState.READY)
            cut_off.update(batch=self.batch)

    def _sample_of(self, line: ReplyLine) -> tuple[int, int, int]:
        return (self._query_ids[line.query_id], self._model_ids[line.model], line.sample)

    def _sample_taken(
        self, place: Place, line: ReplyLine, new: dict[str, Placed]
    ) -> Problem | None:
        """Say so when this query, model and sample already have a reply under another id."""
        sample = self._sample_of(line)
        other = self._samples.setdefault(sample, response_id(line))
        if other == response_id(line):
            return None
        return _problem(
            place,
            "sample",
            f"{line.model} has reply {other!r} to {line.query_id!r} already."
            f" Give this one another sample number than {line.sample}.",
        )

    def _meet_again(self, place: Place, line: ReplyLine, stored: TextVersion) -> None:
        reply = stored.response
        sha256 = text_sha256(_messages(line))
        if (reply.query_id, reply.model_id, reply.sample) != self._sample_of(line):
            reason = (
                f"{reply.external_id!r} is stored as a reply of another query, model or sample."
            )
            self.tally.refuse(
                [_problem(place, "response_id", f"{reason} Give this one another id.")]
            )
        elif stored.sha256 == sha256:
            self._became[place].add(UNCHANGED)
            if reply.batch_id != self.batch.pk and reply.batch.state != BatchState.READY:
                self.left_behind.append(reply.pk)
        elif reply.batch_id == self.batch.pk or reply.pk in self._updated:
            reason = f"{reply.external_id!r} stands in this file with another text. Keep one."
            self.tally.refuse([_problem(place, "response_id", reason)])
        elif self.new_versions:
            self._add_version(stored, line, sha256)
            self._updated.add(reply.pk)
            self._became[place].add(UPDATED)
        else:
            self.tally.refuse([_conflict(place, reply.external_id, stored.sha256, sha256)])

    def _repeat(self, place: Place, line: ReplyLine, first: Placed) -> None:
        """Meet an id for the second time in one file."""
        sha256, known = text_sha256(_messages(line)), text_sha256(_messages(first[1]))
        if sha256 == known and line.model == first[1].model and line.query_id == first[1].query_id:
            self._became[place].add(UNCHANGED)
            return
        there = first[0].line
        reason = f"{response_id(line)!r} stands in line {there} with another reply. Keep one."
        self.tally.refuse([_problem(place, "response_id", reason)])

    def _add_version(self, stored: TextVersion, line: ReplyLine, sha256: str) -> None:
        TextVersion.objects.filter(pk=stored.pk).update(current=False)
        text = self._text(stored.response, stored.number + 1, line, sha256)
        self._save_texts([text], [line])

    def _create(
        self, new: dict[str, Placed], queries: dict[str, int], models: dict[str, LanguageModel]
    ) -> None:
        lines = [line for _, line in new.values()]
        stored = bulk.insert(
            [
                Response(
                    study_id=self.study.pk,
                    external_id=key,
                    query_id=queries[line.query_id],
                    model_id=models[line.model].pk,
                    sample=line.sample,
                    batch_id=self.batch.pk,
                    metadata=line.metadata,
                )
                for key, (_, line) in new.items()
            ]
        )
        texts = [
            self._text(reply, 1, line, text_sha256(_messages(line)))
            for reply, line in zip(stored, lines, strict=True)
        ]
        self._save_texts(texts, lines)
        for place, _ in new.values():
            self._became[place].add(CREATED)

    def _text(self, reply: Response, number: int, line: ReplyLine, sha256: str) -> TextVersion:
        return TextVersion(
            response_id=reply.pk,
            number=number,
            messages=_messages(line),
            sha256=sha256,
            turns=sum(message.role == "assistant" for message in line.messages),
            rule_set=self.rules.version,
        )

    def _save_texts(self, texts: list[TextVersion], lines: list[ReplyLine]) -> None:
        found = [self._hits(line) for line in lines]
        for text, hits in zip(texts, found, strict=True):
            text.has_hits = bool(hits)
        stored = bulk.insert(texts)
        bulk.insert(
            [
                Hit(
                    text_id=text.pk,
                    batch_id=self.batch.pk,
                    rule_set=self.rules.version,
                    rule=hit.rule,
                    message=message,
                    start=hit.start,
                    end=hit.end,
                    found=hit.text,
                    context=hit.context,
                    decision=str(hit.decision),
                )
                for text, hits in zip(stored, found, strict=True)
                for message, hit in hits
            ]
        )

    def _hits(self, line: ReplyLine) -> list[tuple[int, scrubbing.Hit]]:
        return [
            (number, hit)
            for number, message in enumerate(line.messages)
            for hit in scrubbing.find(message.content, rules=self.rules, extra_names=self.names)
        ]


def _problem(place: Place, field: str, reason: str) -> Problem:
    return Problem(place.line, field, reason, part=place.part)


def names_in(keys: Iterable[str]) -> set[str]:
    """Return what a reply may call its author: keys, their parts, and the family in each part."""
    parts = {part for key in keys for part in re.split(r"[/\s]+", key) if part}
    families = {re.split(r"[-_.:]", part)[0] for part in parts}
    return {*keys, *parts, *(family for family in families if len(family) >= SHORTEST_FAMILY)}


def _messages(line: ReplyLine) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in line.messages]


def _said(line: ReplyLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in (*QUERY_FIELDS, *LOOSE_FIELDS)}


def _contradictions(place: Place, line: ReplyLine, stored: dict[str, Any]) -> list[Problem]:
    given = _said(line)
    differing = [name for name in QUERY_FIELDS if given[name] != stored[name]]
    differing += [name for name in LOOSE_FIELDS if given[name] and given[name] != stored[name]]
    return [
        _problem(
            place,
            name,
            f"is {given[name]!r:.80}, but query {line.query_id!r} has {stored[name]!r:.80}."
            " Lines of one query must agree.",
        )
        for name in differing
    ]


def _conflict(place: Place, key: str, stored: str, given: str) -> Problem:
    return _problem(
        place,
        "messages",
        f"{key!r} is stored with another text (SHA-256 {stored[:12]}… there, {given[:12]}… here)."
        " Give it another response_id, or ask for new versions (--new-versions, or the tick on the"
        " upload page) to add this text as a new version.",
    )


def _found_or_made(
    table: type[T], field: str, keys: set[str], make: Callable[[str], T], **where: Any
) -> dict[str, T]:
    """Return the rows with these keys, made where they are missing, also by another upload."""

    def found() -> dict[str, T]:
        rows = table._default_manager.filter(**where, **{f"{field}__in": keys})
        return {getattr(row, field): row for row in rows}

    known = found()
    missing = sorted(keys - known.keys())
    if not missing:
        return known
    table._default_manager.bulk_create((make(key) for key in missing), ignore_conflicts=True)
    return found()
