"""Charts as SVG text, drawn on the server. The one place that knows Altair and vl-convert.

Each kind takes frozen rows and a title, and gives SVG that the strict CSP lets into a page: no
``style=``, no script, nothing fetched. What a mark says is its tooltip, and the table under the
chart has every number. ``standalone`` and ``png`` make files of a chart.
"""

from evaluation.charts.calibrations import Bin, reliability
from evaluation.charts.courses import Moment, Step, lines, panels, steps
from evaluation.charts.drawing import COLOURS, MOST_ROWS, png, standalone
from evaluation.charts.grids import Square, heat_map
from evaluation.charts.intervals import Mark, Point, forest
from evaluation.charts.shares import Bar, Column, Place, bars, histogram

__all__ = [
    "COLOURS",
    "MOST_ROWS",
    "Bar",
    "Bin",
    "Column",
    "Mark",
    "Moment",
    "Place",
    "Point",
    "Square",
    "Step",
    "bars",
    "forest",
    "heat_map",
    "histogram",
    "lines",
    "panels",
    "png",
    "reliability",
    "standalone",
    "steps",
]
