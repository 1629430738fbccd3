import re
import xml.etree.ElementTree as ET

import pytest
from django.core.cache import cache

from evaluation import charts
from evaluation.charts import Bar, Mark, Point

pytestmark = pytest.mark.django_db

POINTS = (
    Point("safe", "alpha", 0.16, 0.14, 0.18),
    Point("safe", "percent", 0.57, 0.55, 0.58),
    Point("misled", "alpha", -0.23, -0.38, -0.1),
    Point("misled", "percent", None, None, None),
)
SHAPES = "{http://www.w3.org/2000/svg}path[@aria-label]"


@pytest.fixture
def drawings(monkeypatch):
    """How often a drawing was made."""
    made = []
    drawn = charts._svg

    def counted(chart, title):
        made.append(title)
        return drawn(chart, title)

    monkeypatch.setattr(charts, "_svg", counted)
    return made


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def test_a_chart_is_an_image_with_a_name():
    svg = ET.fromstring(charts.forest(POINTS, title='Agreement <on> "safe" & co'))

    assert svg.get("role") == "img"
    assert svg.get("aria-label") == 'Agreement <on> "safe" & co'


def test_groups_within_a_chart_have_no_role_without_a_name():
    drawn = charts.forest(POINTS, title="t") + charts.bars([Bar("No", 0.6, "60 %")], title="t")

    assert "<g " in drawn
    assert not re.search(r"<g (?![^<>]*aria-label)[^<>]*graphics-symbol", drawn)


def test_nothing_in_a_chart_needs_an_inline_style_or_a_script():
    drawn = charts.forest(POINTS, title="t") + charts.bars([Bar("No", 0.6, "60 %")], title="t")

    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href=", drawn)


def test_R021_a_name_may_hold_signs_that_no_drawing_takes():
    name = "one\u2028two\u2029three\x1bfour\uffff 'five' \"six\" \\ </text><script>"

    drawn = (
        charts.forest([Point(name, "alpha", 0.1, 0.0, 0.2)], title="t"),
        charts.bars([Bar(name, 0.6, "60 %")], title="t"),
    )

    words = [" ".join(" ".join(ET.fromstring(svg).itertext()).split()) for svg in drawn]
    assert all("one two three four 'five'" in one for one in words)
    assert not any("<script" in svg for svg in drawn)


def test_every_value_has_a_label_with_its_numbers():
    drawn = charts.forest(POINTS, title="t")

    assert "0.16" in drawn
    assert len(re.findall(r'<path aria-label="[^"]*value: ', drawn)) == 3


def test_text_has_the_page_s_colour_so_that_it_is_read_in_the_dark():
    drawn = charts.forest(POINTS, title="t")

    assert 'fill="currentColor"' in drawn
    assert 'fill="#000"' not in drawn
    assert 'fill="white"' not in drawn


def test_an_undefined_value_is_written_out():
    assert ">undefined</text>" in charts.forest(POINTS, title="t")


def test_a_value_without_an_interval_is_drawn():
    assert "value: 0.5" in charts.forest([Point("safe", "alpha", 0.5, None, None)], title="t")


def test_values_below_zero_are_inside_the_plot():
    drawn = charts.forest(POINTS, title="t")

    (axis,) = re.findall(r"linear scale with values from (\S+) to 1", drawn)
    assert axis == "\N{MINUS SIGN}0.4"


def test_the_conventions_are_drawn_and_named():
    drawn = charts.forest(POINTS, title="t", marks=[Mark(0.667, ".667")])

    assert ">.667</text>" in drawn


def test_names_from_uploads_are_escaped():
    drawn = charts.forest([Point("<script>alert(1)</script>", "s", 0.5, 0.4, 0.6)], title="t")

    assert "<script" not in drawn


def test_rows_keep_the_order_they_were_given_in():
    drawn = charts.bars([Bar("z", 0.1, ""), Bar("a", 0.9, "")], title="t")

    assert drawn.index(">z</text>") < drawn.index(">a</text>")


def test_more_rows_than_anyone_reads_are_left_to_the_table():
    points = [Point(f"row{n}", "s", 0.5, 0.4, 0.6) for n in range(charts.MOST_ROWS + 5)]

    drawn = charts.forest(points, title="t")

    assert f">row{charts.MOST_ROWS - 1}</text>" in drawn
    assert f">row{charts.MOST_ROWS}</text>" not in drawn


def test_the_same_input_is_drawn_once(drawings):
    first = charts.forest(POINTS, title="t")

    assert charts.forest(POINTS, title="t") == first
    assert drawings == ["t"]


def test_another_number_is_another_drawing(drawings):
    charts.bars([Bar("No", 0.6, "")], title="t")
    charts.bars([Bar("No", 0.7, "")], title="t")

    assert len(drawings) == 2


def test_the_renderer_may_fetch_nothing(monkeypatch):
    import vl_convert

    asked = {}
    monkeypatch.setattr(
        vl_convert, "vegalite_to_svg", lambda spec, **more: asked.update(more) or "<svg >"
    )

    charts.forest(POINTS, title="t")

    assert asked == {"allowed_base_urls": []}


def test_a_downloaded_chart_is_dark_on_white_wherever_it_is_opened():
    drawn = charts.standalone(charts.forest(POINTS, title="t"))

    assert "currentColor" not in drawn
    ET.fromstring(drawn)
