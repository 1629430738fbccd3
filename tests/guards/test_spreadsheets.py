"""R-027 everywhere: whatever anybody wrote, no cell of any CSV that pages send is run."""

import csv

import pytest

from annotation import cells
from tests.guards import hostile, voices, world
from tests.guards.routes import routes

pytestmark = pytest.mark.django_db

FORMULAS = ("=1+1 ", "+1+cmd ", "-1+cmd ", "@SUM(A1) ", "＝1+1 ", "'=1 ", '"=1 ')
RUN = set("=+@\t\r\n")
# What the tables of a study that was made by such a voice are asked for besides.
ASKED = ("", "?question=choice", "?by=model")


def sheets(of: world.World):
    """Every CSV that an admin of the study can have, by its address."""
    client = world.client(of.people["admin"])
    for route in routes():
        if "slug" not in route.parameters:
            continue
        for asked in ASKED:
            answer = client.get(route.url(of.values) + asked)
            raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/csv"):
                yield route.pattern + asked, raw.decode()


def test_R027_no_cell_of_any_table_that_a_page_sends_is_run_by_a_spreadsheet(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    of = hostile.make(tmp_path, voices.Voice(FORMULAS), slug="own")
    run, met, seen = [], 0, set()

    for where, sheet in sheets(of):
        seen.add(where.partition("?")[0])
        for row in csv.reader(sheet.splitlines(keepends=True)):
            for cell in row:
                met += cell.startswith(("'=", "'+", "'-", "'@", "'＝"))
                if cell[:1] in RUN or (cell[:1] == "-" and not cells.NUMBER.fullmatch(cell)):
                    run.append((where, cell))

    assert run == []
    assert met, "no cell had anything to escape, so nothing was shown"
    assert len(seen) >= 10, seen
