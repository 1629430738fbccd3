"""Rows as PostgreSQL's binary COPY takes them: what is text already is not escaped and read again.

The format is that of PostgreSQL's documentation of COPY, "Binary Format": each row is its number of
columns, then each value as its length and its bytes, minus one for no value.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from struct import Struct
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Field

START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
_NOTHING = b"\xff\xff\xff\xff"
# How many bytes a number takes, and its sign in a struct.
_NUMBERS = {
    "BigAutoField": (8, "q"),
    "BigIntegerField": (8, "q"),
    "PositiveBigIntegerField": (8, "q"),
    "IntegerField": (4, "i"),
    "PositiveIntegerField": (4, "i"),
    "SmallIntegerField": (2, "h"),
    "PositiveSmallIntegerField": (2, "h"),
    "BooleanField": (1, "?"),
}
_TEXTS = {"CharField", "TextField"}
_OTHERS = {"JSONField", "DateTimeField", "UUIDField"}
# Times are whole microseconds from here on.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_moment = Struct("!iq").pack
_UUID_BYTES = 16
_length = Struct("!i").pack
_length_of_json = Struct("!ib").pack
_JSON_VERSION = 1

Packer = Callable[[Sequence[Any]], bytes]


def packer(
    given: Sequence["Field[Any, Any]"],
    left_out: Sequence["Field[Any, Any]"],
    defaults: Sequence[Any],
) -> tuple[list["Field[Any, Any]"], Packer] | None:
    """Return how a row of values is packed, and the order of the columns in it.

    A row holds values of ``given``; ``left_out`` have their ``defaults`` in every row. None where a
    field is of a kind that this module does not know; text COPY takes them all.
    """
    kinds = [_kind(field) for field in given]
    ends = [_kind(field) for field in left_out]
    if None in kinds or None in ends:
        return None
    fixed = [n for n, field in enumerate(given) if _kind(field) in _NUMBERS and not field.null]
    loose = [n for n in range(len(given)) if n not in fixed]
    tail = b"".join(_encoder(field)(value) for field, value in zip(left_out, defaults, strict=True))
    head = _head(len(given) + len(left_out), [_NUMBERS[str(kinds[n])] for n in fixed], fixed)
    encoders = [(n, _encoder(given[n])) for n in loose]

    def pack(row: Sequence[Any]) -> bytes:
        return b"".join((head(row), *[encode(row[n]) for n, encode in encoders], tail))

    return [*(given[n] for n in (*fixed, *loose)), *left_out], pack


def _head(columns: int, numbers: Sequence[tuple[int, str]], at: Sequence[int]) -> Packer:
    """Return what packs the numbers of a row in one step, after how many columns it has."""
    pack = Struct("!h" + "".join(f"i{sign}" for _, sign in numbers)).pack
    # An itemgetter of several is quicker, of one it gives no tuple, of none there is none.
    values_of: Any = itemgetter(*at) if len(at) > 1 else lambda row: [row[n] for n in at]
    flat: list[Any] = [columns]
    for size, _ in numbers:
        flat += (size, None)

    def head(row: Sequence[Any]) -> bytes:
        flat[2::2] = values_of(row)
        return pack(*flat)

    return head


def _encoder(field: "Field[Any, Any]") -> Callable[[Any], bytes]:
    kind = _kind(field)
    if kind == "JSONField":
        return _json
    if kind == "DateTimeField":
        return _time
    if kind == "UUIDField":
        return _uuid
    if kind in _TEXTS:
        return _text
    size, sign = _NUMBERS[str(kind)]
    pack = Struct(f"!i{sign}").pack
    return lambda value: _NOTHING if value is None else pack(size, value)


def _kind(field: "Field[Any, Any]") -> str | None:
    """Return what a field is stored as, where this module knows it; a key as what it points to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    kind = field.get_internal_type()
    return kind if kind in _NUMBERS or kind in _TEXTS or kind in _OTHERS else None


def _time(value: datetime | None) -> bytes:
    return _NOTHING if value is None else _moment(8, (value - _EPOCH) // _MICROSECOND)


def _uuid(value: UUID | None) -> bytes:
    return _NOTHING if value is None else _length(_UUID_BYTES) + value.bytes


def _text(value: str | None) -> bytes:
    if value is None:
        return _NOTHING
    data = value.encode()
    return _length(len(data)) + data


def _json(value: str | bytes | None) -> bytes:
    if value is None:
        return _NOTHING
    data = value if isinstance(value, bytes) else value.encode()
    return _length_of_json(len(data) + 1, _JSON_VERSION) + data
