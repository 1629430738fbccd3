"""Values written out as JSON and read back as they were, so that a page is drawn again from them.

What is written has no names of classes in it: it is read back as the shape that the reader names,
and nothing else can come of it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, singledispatch
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

Read = Callable[[Any], Any]


@singledispatch
def written(value: Any) -> Any:
    """Return a value as JSON takes it: a dataclass of ours, or what such are made of.

    Numbers that are none, or without end, are written as texts.

    Raises:
        TypeError: it has a part that cannot be read back.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: written(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(f"A {type(value).__name__} cannot be written out and read back.")


@written.register(NoneType)
@written.register(bool)
def _(value: Any) -> Any:
    return value


@written.register
def _(value: str) -> str:
    return str(value)  # a word of a vocabulary is one


@written.register
def _(value: int | np.integer) -> int:
    return int(value)


@written.register
def _(value: float | np.floating) -> Any:
    return float(value) if math.isfinite(value) else str(float(value))


@written.register
def _(value: np.bool_) -> bool:
    return bool(value)


@written.register
def _(value: date) -> str:
    return value.isoformat()


@written.register
def _(value: np.ndarray) -> Any:
    return written(value.tolist())


@written.register
def _(value: list | tuple) -> Any:  # type: ignore[type-arg]  # of anything: each part is asked
    return [written(one) for one in value]


@written.register
def _(value: frozenset) -> Any:  # type: ignore[type-arg]  # likewise
    return [written(one) for one in sorted(value)]


@written.register
def _(value: Mapping) -> Any:  # type: ignore[type-arg]  # likewise
    if not all(isinstance(name, str) for name in value):
        raise TypeError("Only texts name parts of what is written.")
    # In pairs: PostgreSQL's objects forget in what order their names came, and pages show it.
    return [[str(name), written(one)] for name, one in value.items()]


def read_back(shape: Any, data: Any) -> Any:
    """Return what was written, as the type that is named: a dataclass, a list of such, and so on.

    Raises:
        TypeError: the type has a part that is never written.
        KeyError, ValueError: the data are none of this shape.
    """
    return _reader(shape)(data)


@cache
def _reader(shape: Any) -> Read:
    """Return what reads a type; made once, for there are a few dozen types in thousands of rows."""
    made_of, origin = get_args(shape), get_origin(shape)
    if shape in PLAIN:
        return PLAIN[shape]
    if origin in OF_PARTS:
        return OF_PARTS[origin](made_of)
    if isinstance(shape, type) and issubclass(shape, Enum):
        return shape
    if is_dataclass(shape):
        return _dataclass(shape)
    raise TypeError(f"{shape!r} cannot be read back.")


def _as_it_is(data: Any) -> Any:
    return data


def _optional(made_of: tuple[Any, ...]) -> Read:
    kinds = [one for one in made_of if one is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"Nothing says as which of {made_of!r} it is read back.")
    read = _reader(kinds[0])
    return lambda data: None if data is None else read(data)


def _list(made_of: tuple[Any, ...]) -> Read:
    each = _reader(made_of[0])
    return lambda data: [each(one) for one in data]


def _frozenset(made_of: tuple[Any, ...]) -> Read:
    each = _reader(made_of[0])
    return lambda data: frozenset(each(one) for one in data)


def _tuple(made_of: tuple[Any, ...]) -> Read:
    if made_of[1:] == (Ellipsis,):
        each = _reader(made_of[0])
        return lambda data: tuple(each(one) for one in data)
    places = [_reader(one) for one in made_of]
    return lambda data: tuple(read(one) for read, one in zip(places, data, strict=True))


def _sequence(made_of: tuple[Any, ...]) -> Read:
    return _tuple((made_of[0], Ellipsis))


def _mapping(made_of: tuple[Any, ...]) -> Read:
    each = _reader(made_of[1])
    return lambda data: {name: each(one) for name, one in data}


def _array(made_of: tuple[Any, ...]) -> Read:
    (number,) = get_args(made_of[1])

    def read(data: Any) -> npt.NDArray[Any]:
        return np.array(data, dtype=number)

    return read


def _dataclass(shape: Any) -> Read:
    hints = get_type_hints(shape)
    parts = {one.name: _reader(hints[one.name]) for one in fields(shape)}
    return lambda data: shape(**{name: read(data[name]) for name, read in parts.items()})


PLAIN: dict[Any, Read] = {
    Any: _as_it_is,
    bool: _as_it_is,
    int: _as_it_is,
    str: _as_it_is,
    float: float,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}
OF_PARTS: dict[Any, Callable[[tuple[Any, ...]], Read]] = {
    Union: _optional,
    UnionType: _optional,
    list: _list,
    frozenset: _frozenset,
    tuple: _tuple,
    Sequence: _sequence,
    dict: _mapping,
    Mapping: _mapping,
    np.ndarray: _array,
}
