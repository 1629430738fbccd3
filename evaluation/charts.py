"""Charts as SVG text, drawn on the server. The one place that knows Altair and vl-convert.

Specifications are made here and never come from a user; ``allowed_base_urls=[]`` refuses every
address all the same. What is drawn has no ``style=`` attribute, so the strict CSP lets it in.
Text takes the page's own colour, and marks have 3:1 contrast on light and dark paper alike.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from django.core.cache import cache
from django.utils.html import escape

LOOKS = 2  # raise it whenever the same input would be drawn otherwise
KEPT_SECONDS = 7 * 24 * 3600
WIDTH = 380
BAR_WIDTH = 220
ROW = 34
MOST_ROWS = 40
LABEL_WIDTH = 210
INK = "currentColor"
COLOURS = ("#0f8a93", "#c2621b", "#7a6fd0")
SHAPES = ("circle", "diamond", "square")
FAINT = "#8a8f96"
# The renderer gives every group of marks a role, whether it has a name or not.
NAMELESS = re.compile(
    r'(<g (?:(?!aria-label=)[^<>])*?) role="graphics-[a-z]+"(?=(?:(?!aria-label=)[^<>])*>)'
)
# Signs that the drawing's own language, or XML, does not take within a text.
NOT_DRAWN = dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029, 0xFFFE, 0xFFFF], " ")


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
class Bar:
    """One bar: a share between 0 and 1, and what is written at its end."""

    row: str
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the plot: a convention's threshold."""

    at: float
    words: str


Drawn = TypeVar("Drawn", Point, Bar)


def forest(points: Sequence[Point], *, title: str, marks: Sequence[Mark] = ()) -> str:
    """Draw values with their intervals, a row for each name and a colour for each series."""
    named = [_drawable(point) for point in points]
    rows = list(dict.fromkeys(point.row for point in named))[:MOST_ROWS]
    drawn = [point for point in named if point.row in set(rows)]
    given = {"points": [asdict(p) for p in drawn], "marks": [asdict(m) for m in marks]}
    return _kept("forest", title, given, lambda: _forest(drawn, rows, marks))


def bars(found: Sequence[Bar], *, title: str) -> str:
    """Draw shares as bars from 0 to 1."""
    drawn = [_drawable(bar) for bar in found[:MOST_ROWS]]
    return _kept("bars", title, {"bars": [asdict(bar) for bar in drawn]}, lambda: _bars(drawn))


def _drawable(found: Drawn) -> Drawn:
    return replace(found, row=found.row.translate(NOT_DRAWN))


def standalone(svg: str) -> str:
    """Return a chart as a file of its own: dark on white, wherever it is opened."""
    opened = svg.replace(INK, "#1d2126")
    head, rest = opened.split(">", 1)
    return f'{head}><rect width="100%" height="100%" fill="#fff"/>{rest}'


def _kept(kind: str, title: str, given: dict[str, Any], spec: Callable[[], Any]) -> str:
    """Return the drawing from the cache, or draw it and keep it under the hash of its input."""
    text = json.dumps([LOOKS, kind, title, given], sort_keys=True)
    key = f"chart-{hashlib.sha256(text.encode()).hexdigest()}"
    svg = cache.get(key)
    if not isinstance(svg, str):
        svg = _svg(spec(), title)
        cache.set(key, svg, KEPT_SECONDS)
    return svg


def _svg(chart: Any, title: str) -> str:
    import vl_convert

    styled = chart.configure(
        background="transparent",
        font="system-ui, sans-serif",
        padding={"left": 30, "right": 24, "top": 4, "bottom": 4},
    )
    styled = styled.configure_axis(
        labelColor=INK,
        titleColor=INK,
        domainColor=FAINT,
        tickColor=FAINT,
        gridColor=FAINT,
        gridOpacity=0.25,
        labelLimit=LABEL_WIDTH,
        labelFontSize=12,
        titleFontSize=12,
        titleFontWeight="normal",
        labelFlush=False,
        labelOverlap="greedy",
        labelSeparation=8,
    )
    styled = styled.configure_legend(
        labelColor=INK,
        labelFontSize=12,
        orient="top",
        title=None,
        symbolOpacity=1,
        columnPadding=24,
    ).configure_view(stroke=None)
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict(), allowed_base_urls=[])
    svg = NAMELESS.sub(r"\1", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def _forest(points: Sequence[Point], rows: list[str], marks: Sequence[Mark]) -> Any:
    import altair as alt

    series = list(dict.fromkeys(point.series for point in points))
    height = {"step": ROW / 2, "for": "offset"} if len(series) > 1 else {"step": ROW}
    base = alt.Chart(_rows(points)).encode(
        y=alt.Y("row:N", sort=rows, title=None, scale=alt.Scale(domain=rows)),
        color=alt.Color(
            "series:N",
            sort=series,
            scale=alt.Scale(domain=series, range=list(COLOURS[: len(series)])),
            legend=alt.Legend() if len(series) > 1 else None,
        ),
    )
    if len(series) > 1:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=series))
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[_lowest(points), 1], nice=False))
    known = base.transform_filter("isValid(datum.value)")
    layers = [
        _rules(marks),
        known.mark_rule(strokeWidth=2.5, clip=True).encode(x=x, x2="high:Q"),
        known.mark_point(filled=True, size=70, opacity=1).encode(
            x="value:Q",
            shape=alt.Shape(
                "series:N", sort=series, scale=alt.Scale(domain=series, range=list(SHAPES))
            ),
        ),
        base.transform_filter("!isValid(datum.value)")
        .mark_text(align="left", fontSize=12, fontStyle="italic")
        .encode(x=alt.value(4), text="note:N"),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=height)


def _rows(found: Sequence[Point | Bar | Mark]) -> Any:
    import altair as alt

    return alt.Data(values=[asdict(one) for one in found])  # type: ignore[no-untyped-call]


def _rules(marks: Sequence[Mark]) -> Any:
    """Draw zero and the conventions' thresholds behind the values."""
    import altair as alt

    base = alt.Chart(_rows([Mark(0.0, ""), *marks])).encode(x="at:Q")
    lines = base.mark_rule(color=FAINT, strokeDash=[4, 3])
    words = base.mark_text(color=INK, align="center", baseline="bottom", dy=-2, fontSize=10)
    return alt.layer(lines, words.encode(text="words:N", y=alt.value(0)))


def _lowest(points: Sequence[Point]) -> float:
    """Return where the axis begins: 0, or below the lowest end of an interval."""
    ends = [end for point in points for end in (point.low, point.value) if end is not None]
    lowest = min([0.0, *ends])
    return max(-1.0, math.floor(lowest * 10) / 10)


def _bars(found: Sequence[Bar]) -> Any:
    import altair as alt

    base = alt.Chart(_rows(found)).encode(
        y=alt.Y("row:N", sort=[bar.row for bar in found], title=None),
        x=alt.X(
            "share:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", values=[0, 0.5, 1]),
        ),
    )
    words = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(text="words:N")
    chart = alt.layer(base.mark_bar(color=COLOURS[0], height=14), words)
    return chart.properties(width=BAR_WIDTH, height={"step": 24})
