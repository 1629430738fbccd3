"""Pages about who disagrees, in a real browser."""

import pytest

from annotation.vocabulary import Role
from evaluation.services import report_kinds, reports
from tests import build
from tests.browser.test_walks import SCREENS
from tests.evaluation import given, told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESSES = (
    "raters-agreement",
    "rater-pairs",
    "disputed",
    "disagreements",
    "over-time",
    "order-effects",
)


@pytest.fixture
def study(tmp_path):
    usual = ("no no no yes", "yes yes no yes")
    return given.safe(tmp_path, {f"i{n}": usual[n % 2] for n in range(24)}, slug="s")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_raters(study, visit, accessible, width, scheme):
    page = visit(build.member(study, Role.RESEARCHER), width=width, scheme=scheme)

    for address in ADDRESSES:
        page.goto(f"/studies/s/{address}/")
        accessible(page)
    page.goto("/studies/s/raters-agreement/")
    page.locator("tbody th a").first.click()
    page.get_by_role("heading", name="Signs").wait_for()
    accessible(page)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_where_places_were_marked(tmp_path, visit, accessible, width, scheme):
    made = told.everything(tmp_path, slug="marked").study
    page = visit(build.member(made, Role.RESEARCHER), width=width, scheme=scheme)

    page.goto("/studies/marked/agreement/?rubric_version=1")

    page.get_by_role("region", name="Agreement on places marked for").first.wait_for()
    accessible(page)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_R090_axe_finds_nothing_where_sides_are_compared(
    tmp_path, visit, accessible, width, scheme
):
    made = told.pairs(tmp_path, slug="pairs").study
    page = visit(build.member(made, Role.RESEARCHER), width=width, scheme=scheme)

    page.goto("/studies/pairs/order-effects/?question=more_a")

    page.get_by_role("region", name="How often each model stood left").wait_for()
    accessible(page)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_a_large_report_is_asked_for_and_stands_there_once_it_is_computed(
    tmp_path, visit, accessible, monkeypatch, width, scheme
):
    made = given.safe(tmp_path, given.TABLE, given.JUDGED, slug="large")
    monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", 1)
    facts, asked = build.facts(made), {"judge": [str(given.judge(made).pk)]}
    page = visit(build.member(made, Role.RESEARCHER), width=width, scheme=scheme)

    page.goto(f"/studies/large/judges/{given.judge(made).pk}/")
    page.get_by_role("button", name="Compute and keep").wait_for()
    accessible(page)
    waits = reports.request(facts, report_kinds.JUDGE, asked, now=build.NOW, by_id=None)
    page.reload()
    page.get_by_role("link", name="Look again").wait_for()
    accessible(page)
    reports.write(facts, waits.number, now=build.NOW)

    # The page looks again by itself.
    page.get_by_role("region", name="Where these numbers come from").wait_for()
    page.get_by_role("button", name="Compute anew and keep").wait_for()
    accessible(page)


def test_in_forced_colours_only_the_page_one_is_on_has_a_line_under_its_name(study, visit):
    page = visit(build.member(study, Role.RESEARCHER))
    page.emulate_media(forced_colors="active")
    page.goto("/studies/s/disputed/")

    paper = "getComputedStyle(document.body).backgroundColor"
    lined = page.locator(":is(.tabs, .subtabs) a").evaluate_all(
        f"all => all.filter(one => getComputedStyle(one).borderBottomColor !== {paper})"
        ".map(one => one.getAttribute('aria-current'))"
    )

    assert lined == ["page", "page"]
