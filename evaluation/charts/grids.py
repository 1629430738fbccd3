"""Rows by columns with the value in the cell: a heat map."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.charts import drawing
from evaluation.charts.drawing import FAINT, INK

CELL_HEIGHT = 26
CELL_WIDTH = 46
LETTER = 7.5
WIDEST = 110
PALE = (0xF2, 0xF6, 0xF6)
STRONG = (0x0B, 0x5C, 0x63)
BELOW = (0x9C, 0x47, 0x0C)
BLACK, WHITE = "#000000", "#ffffff"


@dataclass(frozen=True, slots=True)
class Square:
    """One cell: its value and the words written in it; ``note`` says why there is no value.

    ``about`` is what its tooltip adds, as a count.
    """

    row: str
    column: str
    value: float | None
    words: str
    about: str = ""
    note: str = "undefined"


@dataclass(frozen=True, slots=True)
class _Painted:
    """A cell with its colours and its tooltip."""

    row: str
    column: str
    words: str
    fill: str
    ink: str
    said: str


def heat_map(
    squares: Sequence[Square],
    *,
    title: str,
    lowest: float = 0.0,
    highest: float = 1.0,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> str:
    """Draw a grid whose colour runs from ``lowest`` to ``highest``, around 0 where it is between.

    A cell without a value has no colour, and says so; a place without a cell stays empty. Names
    come in the order given, or in the order of the cells.
    """
    named = [drawing.drawable(square) for square in squares]
    kept_rows = _names(rows, [one.row for one in named])
    kept_columns = _names(columns, [one.column for one in named])
    shown = [
        _painted(one, lowest, highest)
        for one in named
        if one.row in set(kept_rows) and one.column in set(kept_columns)
    ]
    given = {"squares": [asdict(one) for one in shown], "rows": kept_rows, "columns": kept_columns}
    return drawing.kept("heat_map", title, given, lambda: _grid(shown, kept_rows, kept_columns))


def _names(given: Sequence[str] | None, found: list[str]) -> list[str]:
    names = found if given is None else [name.translate(drawing.NOT_DRAWN) for name in given]
    return drawing.most(names)


def colour_of(value: float, lowest: float, highest: float) -> tuple[str, str]:
    """Return a value's colour, and black or white: whichever reads better upon it (4.5:1)."""
    if lowest < 0 < highest:
        end, share = (STRONG, value / highest) if value >= 0 else (BELOW, value / lowest)
    else:
        end, share = STRONG, (value - lowest) / (highest - lowest) if highest > lowest else 0.0
    share = min(max(share, 0.0), 1.0)
    mixed = [round(pale + share * (strong - pale)) for pale, strong in zip(PALE, end, strict=True)]
    fill = "#" + "".join(f"{part:02x}" for part in mixed)
    return fill, max((BLACK, WHITE), key=lambda ink: contrast(fill, ink))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21. Source: WCAG 2.2, relative luminance."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _painted(one: Square, lowest: float, highest: float) -> _Painted:
    place = f"{one.row}, {one.column}: "
    about = f" ({one.about})" if one.about else ""
    if one.value is None:
        written = one.words or "\N{EN DASH}"
        return _Painted(one.row, one.column, written, "transparent", INK, place + one.note + about)
    fill, ink = colour_of(one.value, lowest, highest)
    return _Painted(one.row, one.column, one.words, fill, ink, place + one.words + about)


def _grid(shown: Sequence[_Painted], rows: list[str], columns: list[str]) -> Any:
    import altair as alt

    widest = max((len(one.words) for one in shown), default=0)
    step = min(max(CELL_WIDTH, LETTER * widest + 8), WIDEST)
    # Short names stand level; longer ones are turned, so that none is left out.
    level = all(LETTER * len(name) <= step for name in columns)
    axis = alt.Axis(orient="top", labelAngle=0 if level else -60, labelOverlap=False, ticks=False)
    base = alt.Chart(drawing.data(shown)).encode(
        x=alt.X("column:N", title=None, scale=alt.Scale(domain=columns, padding=0), axis=axis),
        y=alt.Y(
            "row:N",
            title=None,
            scale=alt.Scale(domain=rows, padding=0),
            axis=alt.Axis(labelOverlap=False, ticks=False),
        ),
        description="said:N",
    )
    cells = base.mark_rect(stroke=FAINT, strokeWidth=1).encode(
        fill=alt.Fill("fill:N", scale=None, legend=None)
    )
    words = base.mark_text(fontSize=12, limit=WIDEST, aria=False).encode(
        text="words:N", color=alt.Color("ink:N", scale=None, legend=None)
    )
    size = {"width": {"step": step}, "height": {"step": CELL_HEIGHT}}
    return alt.layer(cells, words).properties(**size)
