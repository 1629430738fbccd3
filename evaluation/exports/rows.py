"""The rows of a release's tables, as streams of dicts keyed by column."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.labels import Asked
from annotation.selectors.released import (
    UnitCount,
    frozen_answers,
    frozen_raters,
    items_of_all,
    sampled_numbers,
    unit_counts,
)
from annotation.selectors.released_documents import frozen_values
from annotation.selectors.released_marks import (
    frozen_clauses,
    frozen_revisions,
    frozen_spans,
    frozen_stages,
)
from annotation.selectors.released_texts import FrozenReply, frozen_items, frozen_texts
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES, Scope
from evaluation.exports.columns import (
    CLAUSES,
    ITEMS,
    JUDGMENTS,
    RATERS,
    REVISIONS,
    SPANS,
    STAGES,
    TEXTS,
    Column,
)
from evaluation.models import SampledItem, Verdict

Row = dict[str, Any]
Names = Mapping[int, str]
Columns = tuple[Column, ...]
ROWS_PER_FETCH = 10_000
# The design "all" takes every item that is ready, and imported judgments come as they are.
CERTAIN = 1.0


def judgments(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield every current answer, its rater under a pseudonym."""
    for answer in frozen_answers(study.id, until=until):
        row = {**answer._asdict(), **answer.shown._asdict(), "rater": names[answer.rater]}
        yield _in_columns(JUDGMENTS, row)


def spans(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield every place that a current judgment marks as evidence."""
    return _of_raters(SPANS, frozen_spans(study.id, until=until), names)


def clauses(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield every clause that a current judgment cites."""
    return _of_raters(CLAUSES, frozen_clauses(study.id, until=until), names)


def stages(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield how every stage at the seats of current judgments came about."""
    for row in _of_raters(STAGES, frozen_stages(study.id, until=until), names):
        kept = {name: in_order(row[name]) for name in ("questions", "signals")}
        yield row | kept


def revisions(study: StudyFacts, names: Names, *, until: int) -> Iterator[Row]:
    """Yield what raters said in revisions that do not count."""
    return _of_raters(REVISIONS, frozen_revisions(study.id, until=until), names)


def _of_raters(columns: Columns, found: Iterable[Any], names: Names) -> Iterator[Row]:
    for one in found:
        yield _in_columns(columns, {**one._asdict(), "rater": names[one.rater]})


def _in_columns(columns: Columns, row: Row) -> Row:
    return {column.name: row[column.name] for column in columns}


def items(study: StudyFacts) -> Iterator[Row]:
    """Yield every item with its reply, or its two, as uploaded."""
    nothing = dict.fromkeys(FrozenReply._fields)
    for item in frozen_items(study.id):
        second = _reply(item.second) if item.second else nothing
        row = {
            **item._asdict(),
            "anchors": in_order(item.anchors),
            **_reply(item.reply),
            **{f"{name}_2": value for name, value in second.items()},
        }
        yield _in_columns(ITEMS, row)


def _reply(reply: FrozenReply) -> Row:
    row = reply._asdict()
    return {**row, "metadata": in_order(reply.metadata), "messages": _messages(reply.messages)}


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


def verdicts(study: StudyFacts) -> Iterator[Row]:
    """Yield every verdict of every judge on every reply, in the order they were stored."""
    found = Verdict.objects.filter(judge__study=study.id).order_by("pk")
    fields = {
        "response_id": "response__external_id",
        "question": "question__key",
        "answer": "option__code",
        "turn": "turn",
        "probability": "probability",
        "probabilities": "probabilities",
        "score": "score",
        "reasoning": "reasoning",
        "clauses": "clauses",
        "judge": "judge__name",
        "judge_model": "judge__model",
        "judge_prompt_version": "judge__prompt_version",
        "judge_rubric_version": "judge__rubric_version",
        "judge_simulated": "judge__simulated",
        "rubric": "question__rubric__key",
        "rubric_version": "question__rubric__version",
    }
    for values in found.values_list(*fields.values()).iterator(chunk_size=ROWS_PER_FETCH):
        row = dict(zip(fields, values, strict=True))
        row["answer"] = row["answer"] or None
        row["probabilities"] = in_order(row["probabilities"])
        yield row


def labels(study: StudyFacts, *, until: int) -> Iterator[Row]:
    """Yield what the study concludes of each unit, for each closed question and scope."""
    probabilities = _probabilities(study)
    for question in study.rubric.questions:
        if question.type not in CLOSED_TYPES:
            continue
        whole_first = (Scope.CONVERSATION, Scope.TURN)
        for scope in whole_first if question.scope == Scope.BOTH else (question.scope,):
            counted = unit_counts(Asked(question.id, scope, until=until))
            for _, unit in groupby(counted, key=lambda row: (row.item, row.turn)):
                rows = list(unit)
                chance = probabilities.get(rows[0].item, CERTAIN)
                yield _label(question, scope, rows, chance)


def _probabilities(study: StudyFacts) -> dict[int, float]:
    """Return the inclusion probability of each item that was not certain to be judged.

    An item that several samples drew has that of the one whose seats were opened first.
    """
    found: dict[int, float] = {}
    for number in sampled_numbers(study.id):
        drawn = SampledItem.objects.filter(sample__study=study.id, sample__number=number)
        for item, probability in drawn.values_list("item", "probability").iterator(
            chunk_size=ROWS_PER_FETCH
        ):
            found.setdefault(item, probability)
    certain = items_of_all(study.id) if found else set()
    return {item: p for item, p in found.items() if p < CERTAIN and item not in certain}


def _label(question: QuestionPlan, scope: Scope, unit: list[UnitCount], chance: float) -> Row:
    votes = {row.option: row.raters for row in unit}
    chosen = {option.code: votes.get(option.id, 0) for option in question.options}
    several = question.asked_id is not None
    n = votes.get(question.asked_id or 0, 0) if several else sum(chosen.values())
    found = _per_option(chosen, n) if several else _majority(chosen, n)
    return {
        "response_id": unit[0].response_id,
        "response_id_2": unit[0].response_id_2,
        "question": question.key,
        "scope": str(scope),
        "turn": unit[0].turn,
        "raters": n,
        "shares": {code: k / n for code, k in chosen.items()},
        **found,
        "inclusion_probability": chance,
        "weight": 1 / chance,
    }


def _majority(chosen: Mapping[str, int], n: int) -> Row:
    """Return the option that most raters chose; a tie is a tie."""
    most = max(chosen.values())
    first = [code for code, k in chosen.items() if k == most]
    shares = [k / n for k in chosen.values() if k]
    return {
        "label": first[0] if len(first) == 1 else None,
        "tie": len(first) > 1,
        "rule": "majority",
        "entropy": max(-math.fsum(share * math.log2(share) for share in shares), 0.0),
    }


def _per_option(chosen: Mapping[str, int], n: int) -> Row:
    """Return the options that more than half of the raters chose."""
    return {
        "label": [code for code, k in chosen.items() if 2 * k > n],
        "tie": any(2 * k == n for k in chosen.values()),
        "rule": "majority of each option",
        "entropy": None,
    }
