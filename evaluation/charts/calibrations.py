"""What was said to be likely against what was the case: a reliability diagram."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.charts import drawing
from evaluation.charts.drawing import COLOURS, FAINT, INK, SHAPES

SIDE = 300
# At most this many points are numbered; more would stand on each other.
MOST_NUMBERED = 30


@dataclass(frozen=True, slots=True)
class Bin:
    """A group of predictions: their mean, how often it was so with its interval, and how many."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int
    series: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """A group of predictions with what is written beside it and its tooltip."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    series: str
    words: str
    said: str


@dataclass(frozen=True, slots=True)
class _End:
    """An end of the diagonal."""

    predicted: float
    observed: float


def reliability(
    found: Sequence[Bin],
    *,
    title: str,
    x_title: str = "said to be likely",
    y_title: str = "share that was so",
) -> str:
    """Draw each group of predictions with its n against the diagonal of perfect calibration."""
    named = [drawing.drawable(one) for one in found]
    series = drawing.most([one.series for one in named], len(COLOURS))
    told = [_told(one, numbered=len(named) <= MOST_NUMBERED) for one in named]
    axes = [text.translate(drawing.NOT_DRAWN) for text in (x_title, y_title)]
    given = {"bins": [asdict(one) for one in told], "axes": axes}
    return drawing.kept("reliability", title, given, lambda: _diagram(told, series, *axes))


def _told(one: Bin, *, numbered: bool) -> _Told:
    spread = "" if one.low is None or one.high is None else f", {one.low:.3f} to {one.high:.3f}"
    of = f"{one.series}: " if one.series else ""
    return _Told(
        one.predicted,
        one.observed,
        one.low,
        one.high,
        one.series,
        words=f"{one.n:,}" if numbered else "",
        said=f"{of}{one.predicted:.3f} said, {one.observed:.3f} so{spread} (n {one.n:,})",
    )


def _diagram(told: Sequence[_Told], series: list[str], x_title: str, y_title: str) -> Any:
    import altair as alt

    whole = alt.Scale(domain=[0, 1])
    x = alt.X("predicted:Q", title=x_title or None, scale=whole)
    y = alt.Y("observed:Q", title=y_title or None, scale=whole)
    diagonal = (
        alt.Chart(drawing.data([_End(0.0, 0.0), _End(1.0, 1.0)]))
        .mark_line(color=FAINT, strokeDash=[4, 3], aria=False)
        .encode(x=x, y=y)
    )
    base = alt.Chart(drawing.data(told)).encode(
        x=x, color=drawing.by_series("color", series, COLOURS, legend=True)
    )
    layers = [
        diagonal,
        base.mark_rule(strokeWidth=2, aria=False).encode(
            y=alt.Y("low:Q", title=y_title or None), y2="high:Q"
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            y=y,
            shape=drawing.by_series("shape", series, SHAPES, legend=True),
            description="said:N",
        ),
        base.mark_text(align="left", dx=7, dy=-7, fontSize=11, aria=False).encode(
            y=y, text="words:N", color=alt.value(INK)
        ),
    ]
    return alt.layer(*layers).properties(width=SIDE, height=SIDE)
