"""The public study's wide table: one row a query, one column a model's reply, two its scores.

Columns are found by name, never by place, and the longest model's key is tried first: ``gpt_4_1_``
begins ``gpt_4_1_mini_`` too, and scores stand in another order than replies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

REPLY = "response_"
_SCORE = re.compile(r"(?P<key>.+)_value(?P<value>[12])_position")
FRAMINGS = {"neutral": "neutral", "value1": "value_a", "value2": "value_b"}
QUESTIONS = {"1": "score_a", "2": "score_b"}
JUDGE = "dataset"
_OWN = ("value1", "value2", "nudge_direction", "query", "chunk_index", "entry_idx")
# What the table's keys are called elsewhere, and by whom they are made.
MODELS = {
    "claude_3_5_sonnet": ("Claude 3.5 Sonnet", "anthropic"),
    "claude_3_7_sonnet": ("Claude 3.7 Sonnet", "anthropic"),
    "claude_opus_3": ("Claude 3 Opus", "anthropic"),
    "claude_opus_4": ("Claude 4 Opus", "anthropic"),
    "claude_sonnet_4": ("Claude 4 Sonnet", "anthropic"),
    "gemini_2_5_pro": ("Gemini 2.5 Pro", "google"),
    "gpt_4_1": ("GPT-4.1", "openai"),
    "gpt_4_1_mini": ("GPT-4.1 mini", "openai"),
    "gpt_4o": ("GPT-4o", "openai"),
    "grok_4": ("Grok 4", "xai"),
    "o3": ("o3", "openai"),
    "o4_mini": ("o4-mini", "openai"),
}


class Kind(StrEnum):
    """What a column of the table holds."""

    REPLY = "reply"
    SCORE = "score"
    OWN = "own"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: a model's reply, its score of one question, or something else."""

    kind: Kind
    model: str = ""
    question: str = ""


def is_wide(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is a row of such a table."""
    return (
        "value1" in fields and "value2" in fields and "query" in fields and "query_id" not in fields
    )


@lru_cache(maxsize=4_096)
def column_of(name: str) -> Column:
    """Return what a column holds, by its whole name."""
    if name in _OWN:
        return Column(Kind.OWN)
    if name.startswith(REPLY) and len(name) > len(REPLY):
        return Column(Kind.REPLY, name.removeprefix(REPLY))
    score = _SCORE.fullmatch(name)
    if score:
        return Column(Kind.SCORE, score["key"], QUESTIONS[score["value"]])
    return Column(Kind.OTHER)


def replies_of(fields: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each reply of a row as the fields of a reply's line, with the column it stands in.

    A model without a reply, null or an empty cell, has none.
    """
    shared = _of_query(fields)
    for name, text in fields.items():
        column = column_of(name)
        if column.kind is not Kind.REPLY or text in (None, ""):
            continue
        prompt = {"role": "user", "content": fields["query"]}
        messages = [prompt, {"role": "assistant", "content": text}]
        yield name, {**shared, "model": column.model, "messages": messages}


def _of_query(fields: Mapping[str, Any]) -> dict[str, Any]:
    direction = fields.get("nudge_direction", "neutral")
    scenario = _scenario(fields)
    found: dict[str, Any] = {
        "value_a": fields["value1"],
        "value_b": fields["value2"],
        "framing": FRAMINGS.get(direction, direction),
        "metadata": {
            name: value
            for name, value in fields.items()
            if column_of(name).kind is Kind.OTHER and value not in (None, "")
        },
    }
    if scenario:
        found["scenario_id"] = scenario
        found["query_id"] = f"{scenario}:{direction}"
    return found


def _scenario(fields: Mapping[str, Any]) -> str:
    """Return what the three framings of one conflict share: where the table keeps them."""
    places = [_whole(fields.get(name)) for name in ("chunk_index", "entry_idx")]
    return ":".join(places) if all(places) else ""


def _whole(value: Any) -> str:
    """Return a whole number as text, as Parquet, CSV and a data frame with nulls may hold it."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    text = str(value or "").strip()
    return text.removesuffix(".0") if re.fullmatch(r"\d{1,18}(?:\.0)?", text) else ""


def scores_of(fields: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each score of a row: model, question and answer, with the column it stands in.

    Only where the model has a reply: there is nothing else that a score could be about.
    """
    for name, value in fields.items():
        column = column_of(name)
        if column.kind is not Kind.SCORE or value in (None, ""):
            continue
        if fields.get(REPLY + column.model) not in (None, ""):
            answer = _whole(value) or str(value)
            yield name, {"model": column.model, "question": column.question, "answer": answer}
