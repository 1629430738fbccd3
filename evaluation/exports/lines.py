"""Arrow columns as the lines of JSON Lines and CSV, the same to the byte as a row at a time.

For the tables with millions of rows: words that stand often are written out once, and lines are
joined outside of Python. Cost: some microseconds a line.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from annotation.cells import cell
from evaluation.exports.columns import Column

LINE_END = "\r\n"
WORDS_KEPT = 256
# Where JSON escapes, and where a cell may need an apostrophe or quotation marks. What the second
# finds is looked at by ``cell``; that it passes nothing over is for the tests to show.
_JSON = r'["\\\x00-\x1f]'
_CELL = r"[,\"\r\n]|^[\s\v\x{a0}\x{feff}\x00\"']*['=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - as in cells


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """A column's values as JSON, as CSV, and which of the cells were given an apostrophe."""

    json: pa.Array
    csv: pa.Array
    escaped: pa.Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of some rows, ends included."""

    json: pa.Array
    csv: pa.Array


def lines_of(table: pa.Table, columns: Sequence[Column]) -> Lines:
    """Return the lines of rows; ``table`` has these columns in this order.

    JSON is there as text, of which each value is written as it is: also where a column of texts has
    lists, of an Arrow type of its own.
    """
    written = [_written(one, _whole(table[one.name])) for one in columns]
    names = [column.name for column in columns]
    json_parts: list[object] = []
    for n, (name, one) in enumerate(zip(names, written, strict=True)):
        json_parts += [_word(("," if n else "{") + json.dumps(name) + ":"), one.json]
    escaped = _escaped(names, written)
    end = _word(LINE_END) if escaped is None else _joined(escaped, _word(LINE_END))
    csv_parts = [one.csv for one in written]
    return Lines(
        json=_joined(*json_parts, _word("}\n")),
        csv=pc.binary_join_element_wise(*csv_parts, end, _word(",")),
    )


@lru_cache(WORDS_KEPT)
def _word(text: str) -> pa.Scalar:
    """Return a word as Arrow has it; of a plain one it looks for pandas on the disk, each time."""
    return pa.scalar(text, pa.string())


def _joined(*parts: object) -> pa.Array:
    return pc.binary_join_element_wise(*parts, _word(""))


def _filled(column: pa.Array, missing: str) -> pa.Array:
    return pc.fill_null(column, _word(missing))


def joined(lines: pa.Array) -> memoryview:
    """Return all lines as they are written to the file, without a copy."""
    _, offsets, texts = lines.buffers()
    if texts is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    first, last = places[lines.offset], places[lines.offset + len(lines)]
    return memoryview(texts)[first:last]


def _written(column: Column, values: pa.Array) -> _Written:
    if isinstance(values, pa.ExtensionArray):
        return _json(values.storage)
    return _WRITERS[column.type](values)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _text(column: pa.Array) -> _Written:
    coded = column.dictionary_encode()
    values, places = coded.dictionary, coded.indices
    odd = pc.match_substring_regex(values, _JSON)
    as_json = _joined(_word('"'), values, _word('"'))
    if pc.any(odd).as_py():
        as_json = _replaced(as_json, values, odd, lambda text: json.dumps(text, ensure_ascii=False))
    as_json = _filled(as_json.take(places), "null")
    odd = pc.match_substring_regex(values, _CELL)
    if not pc.any(odd).as_py():
        return _Written(as_json, _filled(values.take(places), ""))
    as_csv = _replaced(values, values, odd, lambda text: _quoted(cell(text)[0]))
    escaped = pa.array([cell(text)[1] for text in values.to_pylist()], pa.bool_())
    return _Written(
        as_json,
        _filled(as_csv.take(places), ""),
        pc.fill_null(escaped.take(places), fill_value=False),
    )


def _replaced(
    values: pa.Array, given: pa.Array, odd: pa.Array, write: Callable[[str], str]
) -> pa.Array:
    new = pa.array([write(text) for text in given.filter(odd).to_pylist()], pa.string())
    return pc.replace_with_mask(values, odd, new)


def _quoted(text: str) -> str:
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _integer(column: pa.Array) -> _Written:
    text = pc.cast(column, pa.string())
    return _Written(_filled(text, "null"), _filled(text, ""))


def _time(column: pa.Array) -> _Written:
    """Write times as ``datetime.isoformat`` does: without a fraction where there is none."""
    text = pc.cast(pc.cast(column, pa.timestamp("us")), pa.string())
    date, time = pc.utf8_slice_codeunits(text, 0, 10), pc.utf8_slice_codeunits(text, 11)
    time = pc.replace_substring_regex(time, r"\.000000$", "")
    text = _joined(date, _word("T"), time, _word("+00:00"))
    return _Written(_filled(_joined(_word('"'), text, _word('"')), "null"), _filled(text, ""))


def _number(column: pa.Array) -> _Written:
    """Write numbers as Python does: the fewest digits that give the same number back."""
    bits = column.view(pa.int64()).dictionary_encode()  # apart for 0.0 and -0.0
    digits = list(map(repr, bits.dictionary.view(pa.float64()).to_pylist()))
    text = pa.array(digits, pa.string()).take(bits.indices)
    return _Written(_filled(text, "null"), _filled(text, ""))


def _boolean(column: pa.Array) -> _Written:
    text = pc.cast(column, pa.string())
    return _Written(_filled(text, "null"), _filled(text, ""))


def _json(column: pa.Array) -> _Written:
    """Write what is JSON already; in CSV it needs quotation marks, never an apostrophe."""
    doubled = pc.replace_substring(column, '"', '""')
    quoted = _joined(_word('"'), doubled, _word('"'))
    cells = pc.if_else(pc.match_substring_regex(column, r"[,\"\r\n]"), quoted, column)
    return _Written(_filled(column, "null"), _filled(cells, ""))


_WRITERS: dict[str, Callable[[pa.Array], _Written]] = {
    "text": _text,
    "integer": _integer,
    "time": _time,
    "number": _number,
    "boolean": _boolean,
    "JSON": _json,
}


def _escaped(names: Sequence[str], written: Sequence[_Written]) -> pa.Array | None:
    """Return of each row the names of the changed cells; nothing where no cell was changed."""
    found = [
        pc.if_else(one.escaped, _word(" " + name), _word(""))
        for name, one in zip(names, written, strict=True)
        if one.escaped is not None
    ]
    if not found:
        return None
    # Arrow's own way of passing over what is missing loses the rows where all is missing.
    return pc.utf8_ltrim(_joined(*found), " ")
