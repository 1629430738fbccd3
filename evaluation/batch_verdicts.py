"""Verdicts that come inside a batch: the wide table's scores, what an Inspect log's scorers said.

Annotation reads the replies and knows nothing of judges; once a batch is stored it calls what
``BATCH_FOLLOWERS`` names, which is this.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from annotation import files, wide_table
from annotation.files import Problem, Record
from annotation.files.inspect_logs import SCORES
from annotation.formats import Reply, replies_in, reply, response_id
from annotation.selectors.studies import facts_by_slug
from annotation.vocabulary import CLOSED_TYPES
from evaluation.intake import load_records

# A file whose first records bring no verdicts brings none.
LOOKED_AT = 100
NAMED = 5
PASSED_OVER = "Passed over, for the study's rubric has no such question with options: {}."


def follow(slug: str, path: Path, name: str, now: datetime) -> list[str]:
    """Load the verdicts inside a batch's file, and return in sentences what became of them."""
    study = facts_by_slug(slug)
    if study is None:
        return []
    known = {q.key for q in study.rubric.questions if q.type in CLOSED_TYPES}
    first = list(islice(_records(path, name), LOOKED_AT))
    if not any(any(_said(record, known)) for record in first):
        return []
    if wide_table.is_wide(first[0].fields) and known.isdisjoint(wide_table.QUESTIONS.values()):
        # All that its scores can answer is known; to count them all of it would be read again.
        return [PASSED_OVER.format(", ".join(sorted(wide_table.QUESTIONS.values())))]
    unknown: Counter[str] = Counter()
    verdicts = _verdicts(known, path, name, unknown)
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
        questions = (f"{key} ({n:,})" for key, n in sorted(unknown.items())[:NAMED])
        sentences.append(PASSED_OVER.format(", ".join(questions)))
    return sentences


def _records(path: Path, name: str) -> Iterator[Record]:
    return (one for one in files.read(path, name=name) if isinstance(one, Record))


def _verdicts(
    known: AbstractSet[str], path: Path, name: str, unknown: Counter[str]
) -> Iterator[Record | Problem]:
    for record in _records(path, name):
        for verdict in _said(record, known):
            if verdict["question"] in known:
                yield Record(record.line, verdict)
            else:
                unknown[verdict["question"]] += 1


def _said(record: Record, known: AbstractSet[str]) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of a record as the fields of verdict lines."""
    if wide_table.is_wide(record.fields):
        yield from _of_row(record, known)
        return
    scores = record.fields.get(SCORES)
    found = reply(record) if isinstance(scores, dict) and scores else None
    if isinstance(found, Reply) and isinstance(scores, dict):
        for scorer, score in scores.items():
            yield from _of_scorer(response_id(found), scorer, score)


def _of_row(record: Record, known: AbstractSet[str]) -> Iterator[dict[str, Any]]:
    """Yield the scores of a row's good replies; what is wrong with the others was said already.

    The replies are looked at only where a score answers a known question: the others are counted.
    """
    scores = [score for _, score in wide_table.scores_of(record.fields)]
    ids = {}
    if not known.isdisjoint(score["question"] for score in scores):
        ids = {found.model: response_id(found) for _, found in replies_in(record).replies}
    for score in scores:
        verdict = {"judge": wide_table.JUDGE, **score}
        model = verdict.pop("model")
        if score["question"] not in known:
            yield verdict
        elif model in ids:
            yield {"response_id": ids[model], **verdict}


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
