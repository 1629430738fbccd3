"""An admin composes a rubric in the browser, and sees what raters will see."""

import json
import re

import pytest
from playwright.sync_api import expect

from annotation.models import RubricDraft, Study
from annotation.rubric_composer.draft import draft_in
from annotation.services import rubric_drafts
from annotation.vocabulary import Role
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = [
    pytest.param(360, "light", id="phone, light"),
    pytest.param(360, "dark", id="phone, dark"),
    pytest.param(1280, "light", id="desk, light"),
    pytest.param(1280, "dark", id="desk, dark"),
]
ADDRESS = "/studies/s/rubric/edit/"


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def ann(study):
    return build.member(study, Role.ADMIN, name="ann")


def add(page, type_: str, label: str, *options: str) -> None:
    """Add a question of a type with its options, in the form's own way."""
    number = page.locator("[data-question]").count() + 1
    page.get_by_label("A further question:").select_option(label=type_)
    page.get_by_role("button", name="Add the question").click()
    page.locator(f"#q{number}-label:focus").wait_for()
    page.keyboard.type(label)
    rows = page.locator(f"#q{number} .choices__row")
    for row, option in enumerate(options):
        if rows.count() <= row:
            page.locator(f"#q{number}-add-option").click()
            page.locator(f"#q{number}-o{row}-label:focus").wait_for()
        page.locator(f"#q{number}-o{row}-label").fill(option)


def test_a_rubric_of_every_type_is_built_seen_and_published(study, ann, visit, accessible):
    page = visit(ann)
    page.goto(ADDRESS)
    page.get_by_text("Begin with another rubric").click()
    page.get_by_label("Begin with", exact=True).select_option("empty")
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_text("Questions appear here").wait_for()

    page.get_by_label("Title").fill("All kinds")
    add(page, "One choice", "Was it fair to {value_a}?", "Yes", "No", "Unsure")
    add(page, "Several choices", "To whom not?", "The user", "Others")
    page.locator("#q2-condition").select_option(label="Only after: was_it_fair_to_value_a")
    page.locator("#q2").get_by_label("No", exact=True).check()
    add(page, "Scale", "How bad?")
    add(page, "Evidence spans", "Where?", "Lie")
    add(page, "Text", "Anything else?")

    preview = page.locator("#preview")
    preview.get_by_text("Anything else?").first.wait_for()
    preview.get_by_text("Was it fair to Honesty?").first.wait_for()
    preview.get_by_text("only if “Was it fair to Honesty?” is No").wait_for()
    assert preview.locator("#q-preview-whole-1 input[type=radio]").count() == 3
    assert preview.locator("#q-preview-whole-2 input[type=checkbox]").count() == 2
    assert preview.locator("#q-preview-whole-3 input[type=radio]").count() == 5
    assert preview.locator("#q-preview-whole-5 textarea").count() == 1
    accessible(page)

    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_text("all-kinds version 1 is what raters are asked from now on.").wait_for()
    made = Study.objects.get(slug="s").rubric
    assert [(q.key, q.type) for q in made.questions.order_by("position")] == [
        ("was_it_fair_to_value_a", "single"),
        ("to_whom_not", "several"),
        ("how_bad", "scale"),
        ("where", "spans"),
        ("anything_else", "text"),
    ]
    assert made.questions.get(key="to_whom_not").condition_codes == ["no"]
    assert not RubricDraft.objects.exists()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_on_the_form(visit, accessible, width, scheme):
    study = build.study("s", rubric="tradeoff-standard")
    page = visit(build.member(study, Role.ADMIN), width=width, scheme=scheme)
    page.goto(ADDRESS)
    accessible(page)

    for number in (1, 3, 7, 12):
        page.locator(f"#q{number}-summary").click()
    page.locator("#q1-label").fill("")
    page.locator("#save").click()
    page.get_by_text("The draft is stored.").wait_for()
    accessible(page)

    mine = RubricDraft.objects.get()
    theirs = {**mine.source, "title": "Theirs"}
    bea = build.member(study, Role.ADMIN)
    rubric_drafts.store(study=study, source=theirs, seen=mine.updated_at, by=bea, now=build.now())
    page.locator("#save").click()
    page.get_by_text("Not stored: there is a newer draft.").wait_for()
    accessible(page)


def test_the_focus_goes_along_and_what_is_open_stays_open(visit):
    study = build.study("s", rubric="tradeoff-standard")
    page = visit(build.member(study, Role.ADMIN))
    page.goto(ADDRESS)
    page.locator("#q5-summary").click()

    page.locator("#q14-up").focus()
    for place in (13, 12):
        page.keyboard.press("Enter")
        page.locator(f"#q14-up:focus[aria-label='Move question {place} up']").wait_for()

    assert page.locator("#q5 details").get_attribute("open") is not None
    assert page.locator("#q14 details").get_attribute("open") is None


def test_the_preview_follows_what_is_typed_and_nothing_is_stored(study, ann, visit):
    page = visit(ann)
    page.goto(ADDRESS)

    page.locator("#q1-label").fill("Would you trust it?")

    page.locator("#preview").get_by_text("Would you trust it?").wait_for()
    page.get_by_text("Not stored yet.").wait_for()
    assert page.evaluate("document.activeElement.id") == "q1-label"
    assert not RubricDraft.objects.exists()


def test_return_stores_the_draft_and_the_focus_stays(study, ann, visit):
    page = visit(ann)
    page.goto(ADDRESS)
    page.locator("#q1-o0-label").fill("Never")

    page.keyboard.press("Enter")
    page.get_by_text("The draft is stored.").wait_for()

    page.locator("#q1-o0-label:focus").wait_for()
    assert draft_in(RubricDraft.objects.get().source).questions[0].options[0].label == "Never"


def test_mine_is_taken_over_a_newer_draft(study, ann, visit):
    page = visit(ann)
    page.goto(ADDRESS)
    page.get_by_label("Title").fill("Mine")
    bea = build.member(study, Role.ADMIN, name="bea")
    source = {"title": "Theirs", "questions": []}
    rubric_drafts.store(study=study, source=source, seen=None, by=bea, now=build.now())

    page.get_by_role("button", name="Store the draft").click()
    page.get_by_text("Stored: by bea").wait_for()
    page.get_by_role("button", name="Take mine").click()
    page.get_by_text("Your draft is stored.").wait_for()

    assert draft_in(RubricDraft.objects.get().source).title == "Mine"


def test_signed_out_meanwhile_nothing_is_lost(study, ann, visit):
    page = visit(ann, quiet=True)
    page.goto(ADDRESS)
    page.get_by_label("Title").fill("Kept")
    page.context.clear_cookies(name="touchstone_session")

    page.get_by_role("button", name="Store the draft").click()
    page.get_by_text("Not stored: you are signed out.").wait_for()

    assert page.get_by_label("Title").input_value() == "Kept"
    assert page.locator("#rubric-form").evaluate("form => form.inert") is False


def test_the_draft_is_exported_from_the_form(study, ann, visit):
    page = visit(ann)
    page.goto(ADDRESS)
    page.get_by_label("Title").fill("Exported")

    with page.expect_download() as exported:
        page.get_by_role("button", name="Export the draft").click()

    assert json.loads(exported.value.path().read_text())["title"] == "Exported"
    assert page.get_by_label("Title").input_value() == "Exported"


def test_everything_works_without_script(study, ann, visit, chromium, live_server):
    signed_in = visit(ann).context.cookies()
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    context.add_cookies(signed_in)
    page = context.new_page()
    page.goto(ADDRESS)

    page.get_by_label("A further question:").select_option("scale")
    page.get_by_role("button", name="Add the question").click()
    page.locator("#q2-label").fill("How safe?")
    page.locator("#q2-condition").select_option(label="Only after: safe")
    page.get_by_role("button", name="Show its answers").click()
    page.locator("#q2").get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Store the draft").click()

    page.get_by_text("The draft is stored.").wait_for()
    expect(page).to_have_url(re.compile(f"{ADDRESS}$"))
    expect(page.locator("#preview").get_by_text("How safe?")).to_have_count(1)
    added = draft_in(RubricDraft.objects.get().source).questions[1]
    assert (added.key, added.condition, added.condition_rows) == ("how_safe", 1, (0,))
    context.close()
