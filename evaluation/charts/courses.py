"""How a value goes on: over an ordered axis, or as a survival curve in steps."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.charts import drawing
from evaluation.charts.drawing import BAND, COLOURS, DASHES, FAINT, HEIGHT, SHAPES, WIDTH
from evaluation.charts.intervals import Mark

# A label below every place would run into the next one where places are many.
PLACE = 46
# Of small multiples: how large each is, and how many stand side by side.
PANEL_WIDTH, PANEL_HEIGHT, ABREAST = 170, 110, 3
MISSING = "\N{EN DASH}"  # why is in its tooltip: a panel has no room


@dataclass(frozen=True, slots=True)
class Moment:
    """A series' value at one place of an ordered axis; ``note`` says why there is none."""

    at: str
    series: str
    value: float | None
    low: float | None
    high: float | None
    about: str = ""
    note: str = "undefined"


@dataclass(frozen=True, slots=True)
class Step:
    """A survival curve from ``at`` on, with its interval; ``about`` is for its tooltip."""

    at: float
    series: str
    value: float
    low: float | None
    high: float | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """A place of a series with its tooltip."""

    at: str | float
    series: str
    value: float | None
    low: float | None
    high: float | None
    said: str
    note: str = ""


def lines(
    moments: Sequence[Moment],
    *,
    title: str,
    x_title: str = "",
    domain: tuple[float, float] = (0.0, 1.0),
    marks: Sequence[Mark] = (),
) -> str:
    """Draw a line for each series, in the order of the places given, with its intervals.

    A place without a value breaks the line and is named; a value outside ``domain`` widens it.
    """
    named = [drawing.drawable(moment) for moment in moments]
    series = drawing.most([one.series for one in named], len(COLOURS))
    places = list(dict.fromkeys(one.at for one in named))
    told = _told(named, series)
    given = {
        "told": [asdict(one) for one in told],
        "marks": [asdict(mark) for mark in marks],
        "x": x_title.translate(drawing.NOT_DRAWN),
        "domain": _widened(domain, told),
    }
    return drawing.kept("lines", title, given, lambda: _lines(told, places, series, marks, given))


def panels(
    moments: Sequence[Moment],
    *,
    title: str,
    x_title: str = "",
    domain: tuple[float, float] = (0.0, 1.0),
    marks: Sequence[float] = (),
) -> str:
    """Draw small multiples: a panel for each series, all with the same axes, as ``lines`` does.

    ``marks`` are crossed by a dashed line in each panel.
    """
    named = [drawing.drawable(moment) for moment in moments]
    series = drawing.most([one.series for one in named])
    places = list(dict.fromkeys(one.at for one in named))
    told = _told(named, series)
    given = {
        "told": [asdict(one) for one in told],
        "marks": list(marks),
        "x": x_title.translate(drawing.NOT_DRAWN),
        "domain": _widened(domain, told),
    }
    return drawing.kept("panels", title, given, lambda: _panels(told, places, series, given))


def steps(found: Sequence[Step], *, title: str, x_title: str = "", y_title: str = "") -> str:
    """Draw survival curves: each value holds from its place to the next, as does its interval.

    Bands of several curves over each other cannot be told apart, so each series has a panel, with
    the first series as a dashed line in all of them.
    """
    named = [drawing.drawable(step) for step in found]
    series = drawing.most([one.series for one in named])
    told = [
        _Told(one.at, one.series, one.value, one.low, one.high, _said(one, f"{one.at:g}"))
        for one in named
        if one.series in set(series)
    ]
    axes = {
        "x": x_title.translate(drawing.NOT_DRAWN),
        "y": y_title.translate(drawing.NOT_DRAWN),
    }
    given = {"told": [asdict(one) for one in told], **axes}
    return drawing.kept("steps", title, given, lambda: _steps(told, series, axes))


def _told(named: Sequence[Moment], series: Sequence[str]) -> list[_Told]:
    return [
        _Told(one.at, one.series, one.value, one.low, one.high, _said(one, one.at), one.note)
        for one in named
        if one.series in set(series)
    ]


def _said(one: Moment | Step, at: str) -> str:
    about = f" ({one.about})" if one.about else ""
    if one.value is None:
        return f"{one.series}, {at}: {one.note}{about}"
    spread = "" if one.low is None or one.high is None else f", {one.low:.3f} to {one.high:.3f}"
    return f"{one.series}, {at}: {one.value:.3f}{spread}{about}"


def _widened(domain: tuple[float, float], told: Sequence[_Told]) -> list[float]:
    ends = [end for one in told for end in (one.low, one.value, one.high) if end is not None]
    return [min([domain[0], *ends]), max([domain[1], *ends])]


def _lines(
    told: Sequence[_Told],
    places: list[str],
    series: list[str],
    marks: Sequence[Mark],
    given: dict[str, Any],
) -> Any:
    import altair as alt

    # Names may stand upright, and wider in the reader's font than in the renderer's.
    axis = alt.Axis(titlePadding=22)
    x = alt.X(
        "at:O", title=given["x"] or None, sort=places, scale=alt.Scale(domain=places), axis=axis
    )
    base = alt.Chart(drawing.data(told)).encode(
        x=x, color=drawing.by_series("color", series, COLOURS, legend=True)
    )
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=given["domain"], nice=False))
    known = base.transform_filter("isValid(datum.value)")
    missing = base.transform_filter("!isValid(datum.value)").encode(
        y=alt.value(HEIGHT - 4), description="said:N"
    )
    layers = [
        *_crossing(marks),
        base.mark_area(opacity=BAND, invalid="break-paths-show-domains", aria=False).encode(
            y=alt.Y("low:Q", title=None), y2="high:Q"
        ),
        base.mark_line(invalid="break-paths-show-domains", aria=False).encode(
            y=y, strokeDash=drawing.by_series("strokeDash", series, DASHES, legend=False)
        ),
        known.mark_rule(strokeWidth=1.5, aria=False).encode(y=alt.Y("low:Q"), y2="high:Q"),
        known.mark_point(filled=True, size=60, opacity=1).encode(
            y=y,
            shape=drawing.by_series("shape", series, SHAPES, legend=True),
            description="said:N",
        ),
        missing.mark_text(angle=270, align="left", fontSize=11, fontStyle="italic").encode(
            text="note:N"
        ),
    ]
    width = max(WIDTH, PLACE * min(len(places), 2 * drawing.MOST_ROWS))
    return alt.layer(*layers).properties(width=width, height=HEIGHT)


def _panels(
    told: Sequence[_Told], places: list[str], series: list[str], given: dict[str, Any]
) -> Any:
    import altair as alt

    axis = alt.Axis(labelAngle=0)
    x = alt.X(
        "at:O", title=given["x"] or None, sort=places, scale=alt.Scale(domain=places), axis=axis
    )
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=given["domain"], nice=False))
    base = alt.Chart().encode(x=x)
    colour = COLOURS[0]
    layers = [
        *(
            alt.Chart()
            .mark_rule(color=FAINT, strokeDash=[4, 3], aria=False)
            .encode(y=alt.datum(mark))
            for mark in given["marks"]
        ),
        base.mark_line(color=colour, invalid="break-paths-show-domains", aria=False).encode(y=y),
        base.transform_filter("isValid(datum.low)")
        .mark_rule(color=colour, strokeWidth=1.5, aria=False)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        base.transform_filter("isValid(datum.value)")
        .mark_point(color=colour, filled=True, size=50, opacity=1)
        .encode(y=y, description="said:N"),
        base.transform_filter("!isValid(datum.value)")
        .mark_text(fontSize=12, color=drawing.INK)
        .encode(y=alt.value(PANEL_HEIGHT - 8), text=alt.value(MISSING), description="said:N"),
    ]
    one = alt.layer(*layers, data=drawing.data(told)).properties(
        width=PANEL_WIDTH, height=PANEL_HEIGHT
    )
    return one.facet(facet=_by_panel(series), columns=ABREAST)


def _crossing(marks: Sequence[Mark]) -> list[Any]:
    """Draw conventions' thresholds across the plot, named at its left end."""
    import altair as alt

    if not marks:
        return []
    base = alt.Chart(drawing.data(marks)).encode(y="at:Q")
    rule = base.mark_rule(color=FAINT, strokeDash=[4, 3], aria=False)
    words = base.mark_text(
        color=drawing.INK, align="left", baseline="bottom", fontSize=10, aria=False
    )
    return [rule, words.encode(text="words:N", x=alt.value(6))]


def _steps(told: Sequence[_Told], series: list[str], axes: dict[str, str]) -> Any:
    import altair as alt

    x = alt.X("at:Q", title=axes["x"] or None, axis=alt.Axis(tickMinStep=1, format="d"))
    y = alt.Y("value:Q", title=axes["y"] or None, scale=alt.Scale(domain=[0, 1]))
    base, colour = alt.Chart().encode(x=x), COLOURS[0]
    beside = [one for one in told if one.series == series[0]]
    layers = [
        base.mark_area(
            color=colour,
            interpolate="step-after",
            opacity=BAND,
            invalid="break-paths-show-domains",
            aria=False,
        ).encode(y=alt.Y("low:Q", title=axes["y"] or None), y2="high:Q"),
        alt.Chart(drawing.data(beside))
        .mark_line(
            color=drawing.INK,
            interpolate="step-after",
            strokeDash=[4, 3],
            strokeWidth=1,
            aria=False,
        )
        .encode(x=x, y=y),
        base.mark_line(color=colour, interpolate="step-after", aria=False).encode(y=y),
        base.mark_point(color=colour, filled=True, size=45, opacity=1).encode(
            y=y, description="said:N"
        ),
    ]
    data = drawing.data(told)
    if len(series) < 2:
        del layers[1]
        return alt.layer(*layers, data=data).properties(width=WIDTH, height=HEIGHT)
    one = alt.layer(*layers, data=data).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)
    return one.facet(facet=_by_panel(series), columns=ABREAST)


def _by_panel(series: list[str]) -> Any:
    import altair as alt

    header = alt.Header(labelColor=drawing.INK, labelLimit=PANEL_WIDTH, labelFontSize=11)
    return alt.Facet("series:N", title=None, sort=series, header=header)
