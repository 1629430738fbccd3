"""JSON read strictly: each key once, no NaN, no bottomless nesting."""

import json
import re
from typing import Any

from pydantic_core import from_json

DEEPEST_JSON = 100
# Every key of an object ends so; text inside a string can look like it, but never hides one.
_KEY_ENDS = re.compile(r'"[ \t\n\r]*:')


class KeyTwice(ValueError):
    """A JSON object names one key twice; Python would keep the last in silence."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} stands twice. Keep one.")
        self.key = key


def parsed_json(text: str) -> Any:
    """Return what a JSON text says, read strictly: each key once, no NaN, no bottomless nesting.

    The quick parser cannot tell of keys that stand twice. It is believed where the text has no
    more ends of keys than what was read has keys; every other text is read again by the one that
    can, which also words what is wrong.

    Raises:
        KeyTwice: an object names a key twice.
        ValueError: not JSON, or deeper than :data:`DEEPEST_JSON` levels.
    """
    quick = _parsed_quickly(text)
    if quick is not _NOT_BELIEVED:
        return quick
    found = _parsed_slowly(text)
    deep = text.count("{") + text.count("[") > DEEPEST_JSON and _deeper_than(DEEPEST_JSON, found)
    if found is _TOO_DEEP or deep:
        raise ValueError(f"nested deeper than {DEEPEST_JSON} levels")
    return found


_TOO_DEEP, _NOT_BELIEVED = object(), object()


def _parsed_quickly(text: str) -> Any:
    try:
        found = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # the latter for half of a surrogate pair
        return _NOT_BELIEVED
    try:
        keys = _keys_in([found] if isinstance(found, dict | list) else [], DEEPEST_JSON)
    except RecursionError:
        return _NOT_BELIEVED
    return found if len(_KEY_ENDS.findall(text)) == keys else _NOT_BELIEVED


def _parsed_slowly(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecursionError:
        return _TOO_DEEP


def _keys_in(found: list[Any], levels: int) -> int:
    """Count the keys of all objects in a list of what was read.

    Raises:
        RecursionError: it may be nested deeper than so many levels.
    """
    keys, layer = 0, found
    while layer:
        if not levels:
            raise RecursionError
        levels -= 1
        keys += sum([len(value) for value in layer if type(value) is dict])
        layer = [
            inner
            for value in layer
            for inner in (value.values() if type(value) is dict else value)
            if type(inner) is dict or type(inner) is list
        ]
    return keys


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
