"""What every chart shares: its looks, its cache, its tooltips, and the files made of it.

Specifications are made in this package and never come from a user; ``allowed_base_urls=[]``
refuses every address all the same. Text takes the page's own colour, and marks have 3:1 contrast
on light and dark paper alike.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import cache
from django.utils.html import escape

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LOOKS = 4  # raise it whenever the same input would be drawn otherwise
KEPT_SECONDS = 7 * 24 * 3600
WIDTH = 380
HEIGHT = 240
MOST_ROWS = 40
LABEL_WIDTH = 210
INK = "currentColor"
DARK = "#1d2126"
COLOURS = ("#0f8a93", "#c2621b", "#7a6fd0", "#4f8a2f", "#c24f8a", "#8a7430")
SHAPES = ("circle", "diamond", "square", "triangle-up", "triangle-down", "cross")
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [10, 4], [4, 2])
FAINT = "#868b92"
BAND = 0.22
# The renderer gives every group of marks a role, whether it has a name or not.
NAMELESS = re.compile(
    r'(<g (?:(?!aria-label=)[^<>])*?) role="graphics-[a-z]+"(?=(?:(?!aria-label=)[^<>])*>)'
)
# A mark that says something: its words become its tooltip, which needs no script.
SPEAKING = re.compile(
    r'<(path|line|rect|text) aria-label="([^"]*)" role="graphics-symbol"'
    r'( aria-roledescription="[^"]*"(?: [a-z-]+="[^"]*")*)(/?)>'
)
# Words without a tooltip of their own must not stand between the pointer and what has one.
SILENT = re.compile(r'<g (class="mark-text role-mark [^"]*" aria-hidden="true")')
# Signs that the drawing's own language, or XML, does not take within a text.
NOT_DRAWN = dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029, 0xFFFE, 0xFFFF], " ")
PNG_SCALE = 2.0

Row = TypeVar("Row", bound="DataclassInstance")


def standalone(svg: str) -> str:
    """Return a chart as a file of its own: dark on white, wherever it is opened."""
    head, rest = svg.replace(f'"{INK}"', f'"{DARK}"').split(">", 1)
    return f'{head}><rect width="100%" height="100%" fill="#fff"/>{rest}'


def png(svg: str) -> bytes:
    """Return a chart as a picture, dark on white, at twice the size for print."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(standalone(svg), scale=PNG_SCALE)
    return drawn


def drawable(found: Row) -> Row:
    """Return a row whose texts hold no sign that a drawing does not take."""
    texts = {one.name: getattr(found, one.name) for one in fields(found)}
    return replace(
        found,
        **{
            name: text.translate(NOT_DRAWN) for name, text in texts.items() if isinstance(text, str)
        },
    )


def most(names: Sequence[str], limit: int = MOST_ROWS) -> list[str]:
    """Return the names in their first order, no more than a chart can hold."""
    return list(dict.fromkeys(names))[:limit]


def data(found: Sequence["DataclassInstance"]) -> Any:
    """Return rows as the drawing's own data."""
    import altair as alt

    # A tuple: Altair copies lists row by row with every layer.
    return alt.Data(values=tuple(map(asdict, found)))  # type: ignore[no-untyped-call]  # altair


def by_series(channel: str, series: list[str], looks: Sequence[Any], *, legend: bool) -> Any:
    """Return how a channel tells the series apart: colour, shape or dash, in a fixed order."""
    import altair as alt

    kinds: dict[str, Any] = {"color": alt.Color, "shape": alt.Shape, "strokeDash": alt.StrokeDash}
    shown = legend and len(series) > 1
    return kinds[channel](
        "series:N",
        sort=series,
        scale=alt.Scale(domain=series, range=list(looks[: len(series)])),
        legend=alt.Legend() if shown else None,
    )


def kept(kind: str, title: str, given: dict[str, Any], spec: Callable[[], Any]) -> str:
    """Return the drawing from the cache, or draw it and keep it under the hash of its input."""
    text = json.dumps([LOOKS, kind, title, given], sort_keys=True)
    key = f"chart-{hashlib.sha256(text.encode()).hexdigest()}"
    svg = cache.get(key)
    if not isinstance(svg, str):
        with _unchecked():
            svg = drawn(spec(), title)
        cache.set(key, svg, KEPT_SECONDS)
    return svg


def _unchecked() -> AbstractContextManager[None]:
    """Spare Altair checking each part against the whole schema: our tests check every kind."""
    from altair.utils.schemapi import debug_mode

    return debug_mode(arg=False)


def drawn(chart: Any, title: str) -> str:
    """Draw a chart; its title is its text alternative."""
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
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict(validate=False), allowed_base_urls=[])
    svg = SILENT.sub(r'<g pointer-events="none" \1', svg)
    svg = SPEAKING.sub(_with_tooltip, NAMELESS.sub(r"\1", svg))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def _with_tooltip(mark: re.Match[str]) -> str:
    tag, words, rest, alone = mark.groups()
    opened = f'<{tag} aria-label="{words}" role="graphics-symbol"{rest}><title>{words}</title>'
    return f"{opened}</{tag}>" if alone else opened
