"""Values with their intervals, a row for each name: a forest plot."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.charts import drawing
from evaluation.charts.drawing import COLOURS, FAINT, INK, SHAPES, WIDTH

ROW = 34
# What a point's tooltip says, in the drawing's own language.
SAID = (
    "datum.row + ', ' + datum.series + ': ' + format(datum.value, '.3f')"
    " + (isValid(datum.low) && isValid(datum.high)"
    " ? ', ' + format(datum.low, '.3f') + ' to ' + format(datum.high, '.3f') : '')"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval in one row of a forest plot; ``note`` stands where none exists."""

    row: str
    series: str
    value: float | None
    low: float | None
    high: float | None
    note: str = "undefined"


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the plot: a convention's threshold."""

    at: float
    words: str


def forest(
    points: Sequence[Point], *, title: str, marks: Sequence[Mark] = (), most: float = 1.0
) -> str:
    """Draw values with their intervals, a row for each name and a colour for each series.

    The axis ends at ``most``.
    """
    named = [drawing.drawable(point) for point in points]
    rows = drawing.most([point.row for point in named])
    shown = [point for point in named if point.row in set(rows)]
    given = {
        "points": [asdict(p) for p in shown],
        "marks": [asdict(m) for m in marks],
        "most": most,
    }
    return drawing.kept("forest", title, given, lambda: _forest(shown, rows, marks, most))


def _forest(points: Sequence[Point], rows: list[str], marks: Sequence[Mark], most: float) -> Any:
    import altair as alt

    series = drawing.most([point.series for point in points], len(COLOURS))
    height = {"step": ROW / 2, "for": "offset"} if len(series) > 1 else {"step": ROW}
    base = alt.Chart(drawing.data(points)).encode(
        y=alt.Y("row:N", sort=rows, title=None, scale=alt.Scale(domain=rows)),
        color=drawing.by_series("color", series, COLOURS, legend=True),
    )
    if len(series) > 1:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=series))
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[_lowest(points), most], nice=False))
    known = base.transform_filter("isValid(datum.value)").transform_calculate(said=SAID)
    layers = [
        _rules(marks),
        known.mark_rule(strokeWidth=2.5, clip=True, aria=False).encode(x=x, x2="high:Q"),
        known.mark_point(filled=True, size=70, opacity=1).encode(
            x="value:Q",
            shape=drawing.by_series("shape", series, SHAPES, legend=True),
            description="said:N",
        ),
        base.transform_filter("!isValid(datum.value)")
        .mark_text(align="left", fontSize=12, fontStyle="italic", aria=False)
        .encode(x=alt.value(4), text="note:N"),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=height)


def _rules(marks: Sequence[Mark]) -> Any:
    """Draw zero and the conventions' thresholds behind the values."""
    import altair as alt

    base = alt.Chart(drawing.data([Mark(0.0, ""), *marks])).encode(x="at:Q")
    lines = base.mark_rule(color=FAINT, strokeDash=[4, 3], aria=False)
    words = base.mark_text(
        color=INK, align="center", baseline="bottom", dy=-2, fontSize=10, aria=False
    )
    return alt.layer(lines, words.encode(text="words:N", y=alt.value(0)))


def _lowest(points: Sequence[Point]) -> float:
    """Return where the axis begins: 0, or below the lowest end of an interval."""
    ends = [end for point in points for end in (point.low, point.value) if end is not None]
    lowest = min([0.0, *ends])
    return max(-1.0, math.floor(lowest * 10) / 10)
