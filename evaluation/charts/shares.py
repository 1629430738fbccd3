"""Shares as bars, and how often each range of a quantity occurs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.charts import drawing
from evaluation.charts.drawing import COLOURS, HEIGHT, INK, MOST_ROWS, WIDTH

BAR_WIDTH = 220


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a share between 0 and 1, and what is written at its end."""

    row: str
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class Column:
    """How many values lie from ``start`` up to ``end``."""

    start: float
    end: float
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the axis, and what it is."""

    at: float
    words: str


def bars(found: Sequence[Bar], *, title: str) -> str:
    """Draw shares as bars from 0 to 1."""
    shown = [drawing.drawable(bar) for bar in found[:MOST_ROWS]]
    given = {"bars": [asdict(bar) for bar in shown]}
    return drawing.kept("bars", title, given, lambda: _bars(shown))


def histogram(
    found: Sequence[Column],
    *,
    title: str,
    x_title: str = "",
    y_title: str = "count",
    at: Place | None = None,
) -> str:
    """Draw how often each range occurs; a range that holds nothing is a gap at its place.

    ``at`` is marked by a line.
    """
    x, y = (text.translate(drawing.NOT_DRAWN) for text in (x_title, y_title))
    given = {"columns": [asdict(column) for column in found], "axes": [x, y]}
    if at is not None:
        given["at"] = [asdict(at)]
    return drawing.kept("histogram", title, given, lambda: _histogram(found, x, y, at))


def _bars(found: Sequence[Bar]) -> Any:
    import altair as alt

    base = alt.Chart(drawing.data(found)).encode(
        y=alt.Y("row:N", sort=[bar.row for bar in found], title=None),
        x=alt.X(
            "share:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", values=[0, 0.5, 1]),
        ),
    )
    words = base.mark_text(align="left", dx=5, color=INK, fontSize=12, aria=False)
    chart = alt.layer(
        base.mark_bar(color=COLOURS[0], height=14).transform_calculate(
            said="datum.row + ': ' + datum.words"
        ).encode(description="said:N"),
        words.encode(text="words:N"),
    )  # fmt: skip
    return chart.properties(width=BAR_WIDTH, height={"step": 24})


def _histogram(found: Sequence[Column], x_title: str, y_title: str, at: Place | None = None) -> Any:
    import altair as alt

    said = "format(datum.start, '~g') + ' to ' + format(datum.end, '~g') + ': ' + datum.count"
    chart = (
        alt.Chart(drawing.data(found))
        .transform_calculate(said=said)
        .mark_bar(color=COLOURS[0], stroke=drawing.FAINT, strokeWidth=0.5)
        .encode(
            x=alt.X("start:Q", title=x_title or None, scale=alt.Scale(zero=False, nice=False)),
            x2="end:Q",
            y=alt.Y("count:Q", title=y_title or None, axis=alt.Axis(tickMinStep=1)),
            y2=alt.datum(0),
            description="said:N",
        )
    )
    if at is not None:
        line = alt.Chart(drawing.data([at])).encode(x="at:Q", description="words:N")
        chart = alt.layer(chart, line.mark_rule(color=COLOURS[1], strokeWidth=2.5))
    return chart.properties(width=WIDTH, height=HEIGHT)
