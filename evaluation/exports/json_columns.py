"""Columns of JSON as a release writes them: the same text for the same value, on any database."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa

# One encoder for all of them: ``json.dumps`` would make one a value.
_IN_ORDER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
)
_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def in_order(column: pa.Array) -> pa.Array:
    """Return JSON with its keys sorted: PostgreSQL does not keep the order they came in."""
    return _each(column, _IN_ORDER.encode)


def conversations(column: pa.Array) -> pa.Array:
    """Return conversations with each message's role and content, in that order."""

    def said(messages: list[dict[str, str]]) -> str:
        return _AS_IT_IS.encode(
            [{"role": one["role"], "content": one["content"]} for one in messages]
        )

    return _each(column, said)


def _each(column: pa.Array, write: Callable[[Any], str]) -> pa.Array:
    """Return what is written of each value, made once where it stands often."""
    coded = column.dictionary_encode()
    values = json.loads(f"[{','.join(coded.dictionary.to_pylist())}]")
    written = [None if value is None else write(value) for value in values]
    return pa.array(written, pa.string()).take(coded.indices)
