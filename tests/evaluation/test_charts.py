import re
import xml.etree.ElementTree as ET

import pytest
from django.core.cache import cache

from annotation.selectors.studies import facts_of
from evaluation import charts
from evaluation.charts import Bar, Bin, Column, Mark, Moment, Point, Square, Step, drawing
from evaluation.charts.grids import colour_of, contrast
from evaluation.views import downloads
from evaluation.views.pages import Visit
from tests import build

pytestmark = pytest.mark.django_db

POINTS = (
    Point("safe", "alpha", 0.16, 0.14, 0.18),
    Point("safe", "percent", 0.57, 0.55, 0.58),
    Point("misled", "alpha", -0.23, -0.38, -0.1),
    Point("misled", "percent", None, None, None),
)
GROUNDS = ("#ffffff", "#f6f5f1", "#1e2126", "#16181c")  # --paper and --ground, light and dark
WEEKS = (
    Moment("w1", "alpha", 0.4, 0.3, 0.5, about="n 20"),
    Moment("w2", "alpha", None, None, None, about="n 1", note="one rater"),
    Moment("w3", "alpha", 0.6, 0.5, 0.7, about="n 30"),
)


def every_kind(name="one", title="t"):
    """A drawing of each kind, in which the name is a row, a series or a place."""
    return (
        charts.forest([Point(name, "alpha", 0.1, 0.0, 0.2)], title=title),
        charts.bars([Bar(name, 0.6, "60 %")], title=title),
        charts.heat_map(
            [Square(name, name, 0.5, "0.50"), Square("b", name, None, "")], title=title
        ),
        charts.lines([Moment(name, "alpha", 0.4, 0.3, 0.5)], title=title, x_title=name),
        charts.panels([Moment(name, name, 0.4, 0.3, 0.5)], title=title, x_title=name),
        charts.steps([Step(1, name, 0.9, 0.8, 1.0), Step(2, name, 0.7, 0.6, 0.9)], title=title),
        charts.reliability([Bin(0.2, 0.3, 0.1, 0.5, 12, name)], title=title),
        charts.histogram([Column(0, 10, 4)], title=title, x_title=name),
    )


def tooltips(svg):
    return [one.text for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]


@pytest.fixture
def drawings(monkeypatch):
    """How often a drawing was made."""
    made = []
    drawn = drawing.drawn

    def counted(chart, title):
        made.append(title)
        return drawn(chart, title)

    monkeypatch.setattr(drawing, "drawn", counted)
    return made


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def test_a_chart_is_an_image_with_a_name():
    svg = ET.fromstring(charts.forest(POINTS, title='Agreement <on> "safe" & co'))

    assert svg.get("role") == "img"
    assert svg.get("aria-label") == 'Agreement <on> "safe" & co'


def test_every_kind_is_an_image_with_a_name():
    for drawn in every_kind(title='Of "5" & <more>'):
        svg = ET.fromstring(drawn)
        assert (svg.get("role"), svg.get("aria-label")) == ("img", 'Of "5" & <more>')


def test_every_kind_is_as_the_drawings_own_schema_wants_it(monkeypatch):
    made = []
    drawn = drawing.drawn
    monkeypatch.setattr(
        drawing, "drawn", lambda chart, title: made.append(chart) or drawn(chart, title)
    )

    kinds = len(every_kind())

    assert [type(chart.to_dict(validate=True)) for chart in made] == [dict] * kinds


def test_groups_within_a_chart_have_no_role_without_a_name():
    for drawn in every_kind():
        assert "<g " in drawn
        assert not re.search(r"<g (?![^<>]*aria-label)[^<>]*graphics-symbol", drawn)


def test_nothing_in_a_chart_needs_an_inline_style_or_a_script():
    for drawn in every_kind():
        assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href=", drawn)


def test_R021_a_name_may_hold_signs_that_no_drawing_takes():
    name = "one\u2028two\u2029three\x1bfour\uffff 'five' \"six\" \\ </text><script>"

    drawn = every_kind(name)

    words = [" ".join(" ".join(ET.fromstring(svg).itertext()).split()) for svg in drawn]
    assert all("one two three four 'five'" in one for one in words)
    assert not any("<script" in svg for svg in drawn)


def test_every_value_has_a_tooltip_with_its_numbers():
    said = tooltips(charts.forest(POINTS, title="t"))

    assert said == [
        "safe, alpha: 0.160, 0.140 to 0.180",
        "safe, percent: 0.570, 0.550 to 0.580",
        "misled, alpha: \N{MINUS SIGN}0.230, \N{MINUS SIGN}0.380 to \N{MINUS SIGN}0.100",
    ]


def test_text_has_the_page_s_colour_so_that_it_is_read_in_the_dark():
    drawn = charts.forest(POINTS, title="t")

    assert 'fill="currentColor"' in drawn
    assert 'fill="#000"' not in drawn
    assert 'fill="white"' not in drawn


def test_an_undefined_value_is_written_out():
    assert ">undefined</text>" in charts.forest(POINTS, title="t")


def test_a_value_without_an_interval_is_drawn():
    drawn = charts.forest([Point("safe", "alpha", 0.5, None, None)], title="t")

    assert tooltips(drawn) == ["safe, alpha: 0.500"]


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


def test_a_chart_is_downloaded_as_a_picture_too():
    drawn = charts.png(charts.bars([Bar("No", 0.6, "60 %")], title="t"))

    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("colour", [*charts.COLOURS, drawing.FAINT])
@pytest.mark.parametrize("ground", GROUNDS)
def test_what_is_drawn_stands_out_on_light_and_dark_paper(colour, ground):
    assert contrast(colour, ground) >= 3


@pytest.mark.parametrize("lowest", [0.0, -1.0])
def test_a_value_in_a_cell_is_readable_upon_any_colour(lowest):
    values = [lowest + step * (1 - lowest) / 200 for step in range(201)]

    assert min(contrast(*colour_of(value, lowest, 1.0)) for value in values) >= 4.5


def test_a_heat_map_writes_each_value_and_says_why_one_is_missing():
    squares = [
        Square("ann", "bob", 0.8, "0.80", about="n 12"),
        Square("ann", "cem", None, "", about="n 0", note="no item in common"),
    ]

    drawn = charts.heat_map(squares, title="t")

    assert ">0.80</text>" in drawn
    assert tooltips(drawn) == ["ann, bob: 0.80 (n 12)", "ann, cem: no item in common (n 0)"]


def test_a_heat_map_has_another_colour_below_zero():
    assert colour_of(-0.5, -1.0, 1.0)[0] != colour_of(0.5, -1.0, 1.0)[0]


def test_names_of_a_heat_map_keep_their_order():
    squares = [Square("a", "y", 0.1, ""), Square("b", "x", 0.2, "")]

    drawn = charts.heat_map(squares, title="t", rows=["b", "a"], columns=["y", "x"])

    assert drawn.index(">b</text>") < drawn.index(">a</text>")
    assert drawn.index(">y</text>") < drawn.index(">x</text>")


def test_a_heat_map_leaves_more_than_anyone_reads_to_the_table():
    names = [f"r{n}" for n in range(charts.MOST_ROWS + 1)]

    drawn = charts.heat_map([Square(name, "x", 0.5, "0.5") for name in names], title="t")

    assert f">{names[-2]}</text>" in drawn
    assert f">{names[-1]}</text>" not in drawn


def test_a_line_says_each_value_and_why_one_is_missing():
    assert tooltips(charts.lines(WEEKS, title="t")) == [
        "alpha, w1: 0.400, 0.300 to 0.500 (n 20)",
        "alpha, w3: 0.600, 0.500 to 0.700 (n 30)",
        "alpha, w2: one rater (n 1)",
    ]


def test_places_of_a_line_keep_their_order():
    drawn = charts.lines(list(reversed(WEEKS)), title="t")

    assert drawn.index(">w3</text>") < drawn.index(">w1</text>")


def test_small_multiples_have_a_panel_for_each_series_and_say_every_value():
    drawn = charts.panels(
        [
            Moment("1", "ember", 0.4, 0.3, 0.5, about="n 20"),
            Moment("2", "ember", 0.6, 0.5, 0.7, about="n 20"),
            Moment("1", "flint", None, None, None, about="n 1", note="one rater"),
        ],
        title="t",
        x_title="turn",
        marks=[0.667],
    )

    assert sorted(tooltips(drawn)) == [
        "ember, 1: 0.400, 0.300 to 0.500 (n 20)",
        "ember, 2: 0.600, 0.500 to 0.700 (n 20)",
        "flint, 1: one rater (n 1)",
    ]
    assert drawn.index(">ember</text>") < drawn.index(">flint</text>")


def test_a_value_outside_the_axis_widens_it():
    drawn = charts.lines([Moment("w1", "alpha", -0.3, -0.5, 0.0)], title="t")

    assert "from \N{MINUS SIGN}0.5 to 1.0" in drawn


def test_a_survival_curve_goes_in_steps():
    drawn = charts.steps([Step(1, "a", 0.9, None, None), Step(2, "a", 0.5, None, None)], title="t")

    (path,) = re.findall(r'd="([^"]*)" stroke="#0f8a93"', drawn)
    assert re.fullmatch(r"M0,24L380,24L380,120", path)
    assert tooltips(drawn) == ["a, 1: 0.900", "a, 2: 0.500"]


def test_each_of_several_survival_curves_has_a_panel_with_the_first_beside_it():
    names = [f"model {n}" for n in range(8)]
    drawn = charts.steps([Step(at, one, 0.9, 0.8, 1) for one in names for at in (1, 2)], title="t")

    assert re.findall(r">(model \d)</text>", drawn) == names
    assert len(tooltips(drawn)) == 16
    assert len(re.findall(r'stroke="currentColor"[^>]* stroke-dasharray="4,3"', drawn)) == 8


def test_a_reliability_diagram_has_each_group_s_n():
    drawn = charts.reliability([Bin(0.2, 0.35, 0.1, 0.5, 1200)], title="t")

    assert ">1,200</text>" in drawn
    assert tooltips(drawn) == ["0.200 said, 0.350 so, 0.100 to 0.500 (n 1,200)"]


def test_a_histogram_says_how_many_each_range_holds():
    drawn = charts.histogram([Column(0, 10, 4), Column(20, 30, 1)], title="t")

    assert tooltips(drawn) == ["0 to 10: 4", "20 to 30: 1"]


@pytest.fixture
def visit(rf):
    study = facts_of(build.study(slug="pilot"))
    return Visit(rf.get("/"), study, "agreement", is_admin=False)


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<svg "), ("png", b"\x89PNG")])
def test_a_chart_is_a_file_named_after_the_study_and_what_was_asked(visit, form, begins):
    response = downloads.chart_file(
        visit, charts.lines(WEEKS, title="t"), "raters", None, "safe", form=form
    )

    assert response.content.startswith(begins)
    assert response["Content-Type"].startswith(f"image/{form}")
    assert f'filename="pilot-raters-safe.{form}"' in response["Content-Disposition"]


def test_a_table_is_a_file_that_no_spreadsheet_runs(visit):
    response = downloads.table_file(visit, ["name", "n"], [["=1+1", 3], ["bob", None]], "raters")

    assert response.content.decode() == "name,n,csv_escaped\n'=1+1,3,name\nbob,,\n"


def test_nothing_to_draw_is_an_empty_image_and_no_fault():
    for drawn in (
        charts.forest([], title="t"),
        charts.bars([], title="t"),
        charts.heat_map([], title="t"),
        charts.lines([], title="t"),
        charts.steps([], title="t"),
        charts.reliability([], title="t"),
        charts.histogram([], title="t"),
    ):
        assert ET.fromstring(drawn).get("role") == "img"
        assert charts.png(drawn).startswith(b"\x89PNG")
