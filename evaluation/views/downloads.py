"""Files that a researcher takes along: a chart as SVG or PNG, a table that no spreadsheet runs."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from annotation.cells import cell
from evaluation import charts
from evaluation.views.pages import Visit

SVG = "svg"
PNG = "png"
CONTENT_TYPES = {SVG: "image/svg+xml; charset=utf-8", PNG: "image/png"}


def chart_file(visit: Visit, svg: str, *parts: str | None, form: str) -> HttpResponse:
    """Return a chart as a file of its own; ``form`` is svg or png, ``parts`` are its name."""
    content = charts.png(svg) if form == PNG else charts.standalone(svg).encode()
    return as_file(visit, content, *parts, content_type=CONTENT_TYPES[form], ending=form)


def table_file(
    visit: Visit, columns: Sequence[str], rows: Iterable[Sequence[object]], *parts: str | None
) -> HttpResponse:
    """Return rows as CSV whose cells no spreadsheet runs; the last column names those changed."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*columns, "csv_escaped"])
    for row in rows:
        cells = [cell(value) for value in row]
        names = [name for name, (_, escaped) in zip(columns, cells, strict=True) if escaped]
        writer.writerow([*(text for text, _ in cells), " ".join(names)])
    content_type = "text/csv; charset=utf-8"
    return as_file(
        visit, written.getvalue().encode(), *parts, content_type=content_type, ending="csv"
    )


def as_file(
    visit: Visit, content: bytes, *parts: str | None, content_type: str, ending: str
) -> HttpResponse:
    """Return a download named after the study and what was asked."""
    name = "-".join(part for part in (visit.study.slug, *parts) if part)
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.{ending}"
    )
    return response
