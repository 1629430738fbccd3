"""An admin brings a specification in, and a rater finds its clauses."""

import pytest

from annotation.models import SpecificationVersion, Study
from annotation.vocabulary import Role
from tests import build
from tests.environment import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = [
    pytest.param(360, "light", id="phone, light"),
    pytest.param(360, "dark", id="phone, dark"),
    pytest.param(1280, "light", id="desk, light"),
    pytest.param(1280, "dark", id="desk, dark"),
]
DEMONSTRATION = PROJECT / "fixtures" / "demo_specification.md"
PAGES = "/studies/s/specifications/"


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_an_admin_adds_a_specification_in_two_steps(visit, accessible, width, scheme, tmp_path):
    study = build.study("s")
    faulty = tmp_path / "care.md"
    text = DEMONSTRATION.read_text(encoding="utf-8")
    faulty.write_text(text.replace("{#refuse_openly ", "{#harm "), encoding="utf-8")
    page = visit(build.member(study, Role.ADMIN), width=width, scheme=scheme)
    page.goto(PAGES)
    accessible(page)

    page.get_by_role("link", name="Add a specification").click()
    page.get_by_role("heading", name="Add a specification").wait_for()
    accessible(page)
    page.get_by_label("Title").fill("Rules of care")
    page.get_by_label("Key of the document").fill("care")
    page.get_by_label("Version").fill("2026-01")
    page.locator("input[type=file]").set_input_files(faulty)
    page.get_by_role("button", name="Look at the clauses").click()

    page.get_by_text("Not stored: correct this first").wait_for()
    accessible(page)
    page.locator("[aria-invalid=true]").fill("refuse_openly")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("heading", name="Step 2 of 2: 15 clauses").wait_for()
    assert page.get_by_label("Id of Refuse openly").input_value() == "refuse_openly"
    accessible(page)
    page.get_by_role("button", name="Store this version").click()

    page.get_by_text("Rules of care, version 2026-01, is stored.").wait_for()
    page.locator("summary", has_text="Do not help to deceive").click()
    accessible(page)
    page.get_by_role("button", name="Ask against this version").click()
    page.get_by_text("are asked against this", exact=True).wait_for()
    accessible(page)
    stored = SpecificationVersion.objects.get()
    assert Study.objects.get().specification_id == stored.pk
    assert stored.clauses.filter(clause_id="refuse_openly").exists()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_a_rater_reads_and_finds_clauses(visit, accessible, width, scheme):
    study = build.study("s")
    build.specification(study, source=DEMONSTRATION.read_text(encoding="utf-8"))
    page = visit(build.rater(study).user, width=width, scheme=scheme)

    page.goto("/studies/s/clauses/")
    accessible(page)
    page.get_by_label("Find clauses").fill("moissanite")
    page.keyboard.press("Enter")

    page.get_by_text("1 clause", exact=True).wait_for()
    page.get_by_text("The whole clause").click()
    assert "does not draft a story" in page.locator("main").inner_text()
    accessible(page)


def test_R021_a_hostile_specification_runs_nothing(visit):
    study = build.study("s")
    attack = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
    source = f"# {attack} {{#<b>x</b> authority=<i>u</i>}}\n\n{attack}\n"
    version = build.specification(study, source=source, title=attack)
    admin = visit(build.member(study, Role.ADMIN))
    rater = visit(build.rater(study).user)

    for page, address in (
        (admin, PAGES),
        (admin, f"{PAGES}{version.pk}/"),
        (rater, "/studies/s/clauses/"),
        (rater, "/studies/s/clauses/?q=pwned"),
    ):
        page.goto(address)

        assert page.title() != "pwned"
        assert page.locator("main img, main script, main b, main i").count() == 0
        assert "document.title='pwned'" in page.locator("main").text_content()
