"""What values mean, and what raters reported, in a real browser."""

import pytest
from django.db import transaction

from annotation.models import Flag, Item, Skip, Study, Value
from annotation.services import reviews, values
from annotation.vocabulary import FlagKind, Role, SkipReason
from config import demonstration
from tests import build
from tests.browser.test_walks import SCREENS
from tests.build import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(tmp_path):
    made = build.study("s", skips_before_review=2)
    build.item(made, tmp_path, value_a="Honesty")
    build.item(made, tmp_path, value_a="Unquestioning-loyalty-to-the-house" * 2)
    values.load(study=made, path=demonstration.FIXTURES / "demo_values.csv")
    Value.objects.filter(name="Honesty").update(aliases=["Candour", "Truth-telling"])
    return made


@pytest.fixture
def admin(study):
    return build.member(study, Role.ADMIN)


def skip_often(item: Item) -> None:
    for _ in range(2):
        rater = build.rater(item.study)
        Skip.objects.create(rater=rater, item=item, reason=SkipReason.BROKEN, skipped_at=NOW)
    with transaction.atomic():
        reviews.park_if_reported(item_id=item.pk, now=NOW)


def flag(item: Item, *, note: str = "", value: Value | None = None) -> None:
    kind = FlagKind.VALUE if value else FlagKind.ITEM
    Flag.objects.create(
        rater=build.rater(item.study), item=item, kind=kind, value=value, note=note, flagged_at=NOW
    )


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_values_and_reports(
    study, admin, visit, accessible, width, scheme
):
    first, second = Item.objects.order_by("pk")
    skip_often(first)
    flag(first, note="Cut off.\n" + "x" * 200, value=first.query.value_a)
    flag(second)
    page = visit(admin, width=width, scheme=scheme)

    for address in ("values/", f"values/{first.query.value_a_id}/", "reports/", ""):
        page.goto(f"/studies/s/{address}")
        accessible(page)
    page.goto("/studies/s/values/")
    page.get_by_text("Bring definitions from a file").click()
    file = {"name": "v.csv", "mimeType": "text/csv", "buffer": b"value,category\nHonesty,zzz\n"}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("Some lines were refused").wait_for()
    accessible(page)
    reviews.retire(study=study, item_id=first.pk, now=NOW, by_id=admin.pk)
    page.goto("/studies/s/reports/?list=done")
    accessible(page)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_in_the_glossary(study, visit, accessible, width, scheme):
    page = visit(build.rater(study).user, width=width, scheme=scheme)

    page.goto("/studies/s/values/glossary/")
    page.get_by_text("Also called: Candour, Truth-telling").wait_for()

    accessible(page)


def test_a_value_is_changed_and_a_mistake_keeps_the_input(study, admin, visit, accessible):
    page = visit(admin, width=360)
    page.goto("/studies/s/values/?words=honesty")
    page.get_by_role("link", name="Honesty", exact=True).click()
    page.get_by_label("Definition").fill("Saying what is so.")
    page.get_by_label("Aliases").fill("Candour\nKindness")
    page.get_by_role("button", name="Store").click()
    page.get_by_text("of the value “Kindness” already").wait_for()
    accessible(page)
    assert page.get_by_label("Definition").input_value() == "Saying what is so."

    page.get_by_label("Aliases").fill("Candour")
    page.get_by_role("button", name="Store").click()
    page.get_by_text("What Honesty means is stored.").wait_for()

    honesty = Value.objects.get(name="Honesty")
    assert (honesty.definition, honesty.aliases) == ("Saying what is so.", ["Candour"])


def test_the_download_of_values_is_uploaded_again_unchanged(study, admin, visit):
    page = visit(admin)
    page.goto("/studies/s/values/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()

    page.get_by_text("Bring definitions from a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "v.csv", "mimeType": "text/csv", "buffer": download.value.path().read_bytes()}
    )
    page.get_by_role("button", name="Upload").click()

    page.get_by_text("0 new values, 0 changed").wait_for()


def test_a_skipped_item_is_offered_again_taken_out_and_put_back(study, admin, visit):
    item = Item.objects.first()
    skip_often(item)
    page = visit(admin)
    page.goto("/studies/s/")
    page.get_by_role("link", name="1 item waits for you").click()
    page.get_by_text("2 × Something is broken or missing").wait_for()

    page.get_by_role("button", name="Offer it again").click()
    page.get_by_text("Nothing waits for you.").wait_for()
    page.get_by_role("link", name="Looked at (1)").click()
    page.get_by_role("button", name="Take it out").click()
    page.get_by_text("taken out", exact=True).wait_for()
    assert Item.objects.get(pk=item.pk).retired_at is not None
    page.get_by_role("button", name="Put it back").click()
    page.get_by_text("The item is back").wait_for()

    assert Item.objects.get(pk=item.pk).retired_at is None
    assert Study.objects.get().seats.filter(parked=True).count() == 0


def test_a_rater_points_out_a_value_and_goes_on(study, visit, accessible):
    rater = build.rater(study)
    page = visit(rater.user, width=360)
    page.goto("/studies/s/rate/")
    page.locator("#answers").wait_for()

    page.locator("#flag summary").click()
    page.locator("#flag textarea").fill("Honest about what?")
    page.locator("#flag button[name=value]").first.click()
    page.locator("#flag [role=status]").wait_for()
    accessible(page)

    assert Flag.objects.get().note == "Honest about what?"
    assert page.locator("#answers").is_visible()
