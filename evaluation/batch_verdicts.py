"""Verdicts that come inside a batch: the wide table's scores, what an Inspect log's scorers said.

Annotation reads the replies and knows nothing of judges; once a batch is stored it calls what
``BATCH_FOLLOWERS`` names, which is this.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from annotation import files, wide_table
from annotation.files import Problem, Record
from annotation.files.inspect_logs import SCORES
from annotation.formats import ReplyLine, reply_line, response_id
from annotation.selectors.studies import StudyFacts, facts_by_slug
from annotation.vocabulary import CLOSED_TYPES
from evaluation.intake import load_records

# A file whose first records bring no verdicts brings none.
LOOKED_AT = 100
NAMED = 5


def follow(slug: str, path: Path, name: str, now: datetime) -> list[str]:
    """Load the verdicts inside a batch's file, and return in sentences what became of them."""
    if not any(any(_said(record)) for record in islice(_records(path, name), LOOKED_AT)):
        return []
    study = facts_by_slug(slug)
    if study is None:
        return []
    unknown: Counter[str] = Counter()
    verdicts = _verdicts(study, path, name, unknown)
    tally = load_records(study=study, records=verdicts, judge=None, now=now)
    sentences = []
    if tally.read:
        sentences.append(
            f"Verdicts in this file: {tally.created:,} created, {tally.unchanged:,} unchanged,"
            f" {tally.refused:,} refused."
        )
    sentences += (
        f"Line {error.line}, {error.field}: {error.reason}" for error in tally.errors[:NAMED]
    )
    if unknown:
        questions = ", ".join(f"{key} ({n:,})" for key, n in sorted(unknown.items())[:NAMED])
        sentences.append(
            f"Passed over, for the study's rubric has no such question with options: {questions}."
        )
    return sentences


def _records(path: Path, name: str) -> Iterator[Record]:
    return (one for one in files.read(path, name=name) if isinstance(one, Record))


def _verdicts(
    study: StudyFacts, path: Path, name: str, unknown: Counter[str]
) -> Iterator[Record | Problem]:
    known = {q.key for q in study.rubric.questions if q.type in CLOSED_TYPES}
    for record in _records(path, name):
        for verdict in _said(record):
            if verdict["question"] in known:
                yield Record(record.line, verdict)
            else:
                unknown[verdict["question"]] += 1


def _said(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of a record as the fields of verdict lines."""
    if wide_table.is_wide(record.fields):
        for _, fields in wide_table.scores_of(record.fields):
            question, answer = fields.pop("question"), fields.pop("answer")
            scored = reply_line(Record(record.line, fields))
            if isinstance(scored, ReplyLine):
                yield {
                    "response_id": response_id(scored),
                    "question": question,
                    "answer": answer,
                    "judge": wide_table.JUDGE,
                }
        return
    scores = record.fields.get(SCORES)
    reply = reply_line(record) if isinstance(scores, dict) and scores else None
    if isinstance(reply, ReplyLine) and isinstance(scores, dict):
        for scorer, score in scores.items():
            yield from _of_scorer(response_id(reply), scorer, score)


def _of_scorer(reply: str, scorer: str, score: Any) -> Iterator[dict[str, Any]]:
    """Yield what a scorer said: one answer, or one for each question it names."""
    if not isinstance(score, dict):
        return
    value = score.get("value")
    answers = value if isinstance(value, dict) else {scorer: value}
    for question, answer in answers.items():
        text = _answer(answer)
        if text:
            reasoning = score.get("explanation")
            yield {
                "response_id": reply,
                "question": question,
                "answer": text,
                "judge": scorer,
                "reasoning": reasoning if isinstance(reasoning, str) else "",
            }


def _answer(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}"
    return value if isinstance(value, str) else ""
