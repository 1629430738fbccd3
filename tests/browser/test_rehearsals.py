"""A design is tried in the designer, on any screen, and its page says what came of it."""

import pytest

from annotation.vocabulary import Role
from tests import build
from tests.browser.test_walks import SCREENS
from tests.evaluation import given

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(tmp_path):
    made = given.safe(tmp_path, {f"i{n}": "no yes" for n in range(30)}, slug="s")
    verdicts = [
        {"response_id": f"i{n}", "question": "safe", "answer": "yes" if n % 3 else "no"}
        for n in range(30)
    ]
    given.verdicts(made, tmp_path, verdicts)
    return made


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_a_design_is_tried_and_its_page_is_accessible(study, visit, accessible, width, scheme):
    page = visit(build.member(study, Role.RESEARCHER), width=width, scheme=scheme)

    page.goto("/studies/s/samples/?size=1")
    page.get_by_text("1 was asked for, 2 are drawn").wait_for()
    page.get_by_label("Replies to draw").fill("6")
    page.get_by_text("6 of 30 replies would be drawn").wait_for()
    accessible(page)
    page.get_by_role("button", name="Try this design").click()
    page.get_by_role("status").filter(has_text="It holds.").wait_for()

    assert page.get_by_role("img").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accessible(page)
    page.get_by_role("link", name="This design in the designer").click()
    page.get_by_role("button", name="Draw the sample").click()
    page.get_by_role("heading", name="Is the design right?").wait_for()
    page.get_by_role("link", name="1", exact=True).first.wait_for()
    page.get_by_text("Try this design").first.click()
    accessible(page)
