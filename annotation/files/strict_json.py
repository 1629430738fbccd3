"""JSON read strictly: each key once, no NaN, no bottomless nesting."""

import json
from typing import Any

DEEPEST_JSON = 100


class KeyTwice(ValueError):
    """A JSON object names one key twice; Python would keep the last in silence."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} stands twice. Keep one.")
        self.key = key


def parsed_json(text: str) -> Any:
    """Return what a JSON text says, read strictly: each key once, no NaN, no bottomless nesting.

    Raises:
        KeyTwice: an object names a key twice.
        ValueError: not JSON, or deeper than :data:`DEEPEST_JSON` levels.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecursionError:
        found = _TOO_DEEP
    deep = text.count("{") + text.count("[") > DEEPEST_JSON and _deeper_than(DEEPEST_JSON, found)
    if found is _TOO_DEEP or deep:
        raise ValueError(f"nested deeper than {DEEPEST_JSON} levels")
    return found


_TOO_DEEP = object()


def _deeper_than(levels: int, found: Any) -> bool:
    layer = [found]
    for _ in range(levels + 1):
        layer = [
            inner
            for value in layer
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(layer)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise KeyTwice(next(key for key in keys if keys.count(key) > 1))
    return found


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON value")
