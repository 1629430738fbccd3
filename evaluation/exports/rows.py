"""The rows of a release's tables, as streams of dicts keyed by column."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.bulk_reads import BOOLEAN, INTEGER, NUMBER, TEXT, runs
from annotation.selectors.asked import Filters
from annotation.selectors.personal_data import Redaction
from annotation.selectors.released import (
    frozen_raters,
)
from annotation.selectors.released_answers import answer_parts
from annotation.selectors.released_documents import frozen_values
from annotation.selectors.released_marks import (
    clause_parts,
    frozen_revisions,
    span_parts,
    stage_parts,
)
from annotation.selectors.released_texts import frozen_texts, item_parts
from annotation.selectors.studies import StudyFacts
from evaluation.exports import json_columns
from evaluation.exports.columns import (
    CLAUSES,
    ITEMS,
    JUDGMENTS,
    RATERS,
    REVISIONS,
    SPANS,
    STAGES,
    TEXTS,
    VERDICTS,
    Column,
)
from evaluation.models import Verdict

Row = dict[str, Any]
Names = Mapping[int, str]
Columns = tuple[Column, ...]
Change = Callable[[pa.Array], pa.Array]
ROWS_PER_FETCH = 10_000
ROWS_AT_ONCE = 5_000
# The design "all" takes every item that is ready, and imported judgments come as they are.
CERTAIN = 1.0


def judgments(
    study: StudyFacts,
    names: Names,
    *,
    until: int,
    rules: Mapping[int, Filters],
    redaction: Redaction | None = None,
) -> Iterator[pa.Table]:
    """Yield every current answer in parts, with its rater's pseudonym and the rules against it.

    Without a ``redaction`` personal data that nobody decided about is masked and not counted.
    """
    redaction = redaction or Redaction()
    named = _Pseudonyms(names)
    for part in answer_parts(study.id, until=until, rules=rules, redaction=redaction):
        yield _written(part, JUDGMENTS, {"rater": named.take})


class _Pseudonyms:
    """Raters' pseudonyms, to be put in place of their numbers."""

    def __init__(self, names: Names) -> None:
        self._raters = np.array(sorted(names), dtype=np.int64)
        self._names = pa.array([names[rater] for rater in self._raters.tolist()], pa.string())

    def take(self, raters: pa.Array) -> pa.Array:
        """Return the pseudonym of each rater."""
        return self._names.take(pa.array(np.searchsorted(self._raters, raters.to_numpy())))


def spans(study: StudyFacts, names: Names, *, until: int) -> Iterator[pa.Table]:
    """Yield every place that a current judgment marks as evidence."""
    named = _Pseudonyms(names)
    for part in span_parts(study.id, until=until):
        yield _written(part, SPANS, {"rater": named.take})


def clauses(study: StudyFacts, names: Names, *, until: int) -> Iterator[pa.Table]:
    """Yield every clause that a current judgment cites."""
    named = _Pseudonyms(names)
    for part in clause_parts(study.id, until=until):
        yield _written(part, CLAUSES, {"rater": named.take})


def stages(study: StudyFacts, names: Names, *, until: int) -> Iterator[pa.Table]:
    """Yield how every stage at the seats of current judgments came about."""
    ordered = dict.fromkeys(("questions", "signals"), json_columns.in_order)
    changed = {"rater": _Pseudonyms(names).take, **ordered}
    for part in stage_parts(study.id, until=until):
        yield _written(part, STAGES, changed)


def revisions(
    study: StudyFacts, names: Names, *, until: int, redaction: Redaction
) -> Iterator[Row]:
    """Yield what raters said in revisions that do not count."""
    found = frozen_revisions(study.id, until=until, redaction=redaction)
    return _of_raters(REVISIONS, found, names)


def _of_raters(columns: Columns, found: Iterable[Any], names: Names) -> Iterator[Row]:
    for one in found:
        yield _in_columns(columns, {**one._asdict(), "rater": names[one.rater]})


def _in_columns(columns: Columns, row: Row) -> Row:
    return {column.name: row[column.name] for column in columns}


def items(study: StudyFacts) -> Iterator[pa.Table]:
    """Yield every item with its reply, or its two, as uploaded."""
    columns = {
        **dict.fromkeys(
            ("topics", "facts", "anchors", "metadata", "metadata_2"), json_columns.in_order
        ),
        **dict.fromkeys(("messages", "messages_2"), json_columns.conversations),
    }
    for part in item_parts(study.id):
        yield _written(part, ITEMS, columns)


def _written(part: pa.Table, columns: Columns, changed: Mapping[str, Change]) -> pa.Table:
    """Return a part with a table's columns, some of them changed."""
    whole = (part[one.name].combine_chunks() for one in columns)
    return pa.table(
        {
            one.name: changed[one.name](column) if one.name in changed else column
            for one, column in zip(columns, whole, strict=True)
        }
    )


def texts(study: StudyFacts, *, until: int) -> Iterator[Row]:
    """Yield the texts that raters saw and ``items`` does not give."""
    for text in frozen_texts(study.id, until=until):
        yield _in_columns(TEXTS, {**text._asdict(), "messages": _messages(text.messages)})


def _messages(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"role": m["role"], "content": m["content"]} for m in messages]


def values(study: StudyFacts) -> Iterator[Row]:
    """Yield what raters read of each value."""
    return (value._asdict() for value in frozen_values(study.id))


def in_order(value: Any) -> Any:
    """Return JSON with its keys sorted: PostgreSQL does not keep the order they came in."""
    return json.loads(json.dumps(value, sort_keys=True))


def raters(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield the raters who have judged, under their pseudonyms."""
    for rater in frozen_raters(study.id, until=until):
        yield _in_columns(RATERS, {**rater._asdict(), "rater": names[rater.id]})


def last_verdict(study: StudyFacts) -> int:
    """Return the highest number in the study's sequence of verdicts, 0 for none."""
    found = Verdict.objects.filter(judge__study=study.id).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


# What is read of a verdict: its name here, the field, the type. The first is its number.
_VERDICT = {
    "id": ("pk", INTEGER),
    "response_id": ("response__external_id", TEXT),
    "question": ("question__key", TEXT),
    "answer": ("option__code", TEXT),
    "turn": ("turn", INTEGER),
    "probability": ("probability", NUMBER),
    "probabilities": ("probabilities", TEXT),
    "score": ("score", NUMBER),
    "reasoning": ("reasoning", TEXT),
    "clauses": ("clauses", TEXT),
    "judge": ("judge__name", TEXT),
    "judge_model": ("judge__model", TEXT),
    "judge_prompt_version": ("judge__prompt_version", TEXT),
    "judge_rubric_version": ("judge__rubric_version", TEXT),
    "judge_simulated": ("judge__simulated", BOOLEAN),
    "rubric": ("question__rubric__key", TEXT),
    "rubric_version": ("question__rubric__version", INTEGER),
}


def verdicts(study: StudyFacts) -> Iterator[pa.Table]:
    """Yield every verdict of every judge on every reply, in the order they were stored."""

    def answer(codes: pa.Array) -> pa.Array:
        return pc.if_else(pc.equal(codes, ""), pa.scalar(None, pa.string()), codes)

    ordered = dict.fromkeys(("probabilities", "clauses"), json_columns.in_order)
    found = Verdict.objects.filter(judge__study=study.id)
    for part in runs(found, _VERDICT, at_once=ROWS_AT_ONCE):
        yield _written(part, VERDICTS, {"answer": answer, **ordered})
