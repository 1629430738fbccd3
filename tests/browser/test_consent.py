"""Agreeing, leaving and the settings behind both, in a real browser."""

import pytest

from annotation.models import Consent, Judgment, Rater, Study
from annotation.services import consents
from annotation.vocabulary import Role
from tests import build
from tests.browser.test_walks import SCREENS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(tmp_path):
    made = build.study("s", support_text="Call **somebody**.")
    build.item(made, tmp_path, n_seats=1)
    consents.write_text(study=made, text=consents.default_text(), now=build.NOW)
    return made


@pytest.fixture
def ann(study):
    return build.rater(study)


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_on_the_way_in_and_out(study, ann, visit, accessible, width, scheme):
    page = visit(ann.user, width=width, scheme=scheme)
    for address in ("consent", "consent/declined", "support", "withdraw"):
        page.goto(f"/studies/s/{address}/")
        accessible(page)
    page.get_by_role("button", name="Leave for good").click()
    page.wait_for_url("**/goodbye/")
    accessible(page)

    admin = visit(build.member(study, Role.ADMIN), width=width, scheme=scheme)
    admin.goto("/studies/s/settings/")
    for summary in admin.locator("details.again > summary").all():
        summary.click()
    accessible(admin)
    admin.get_by_label("Title").fill("")
    admin.get_by_label("Until when").evaluate("field => field.type = 'text'")
    admin.locator("form.form").evaluate("form => form.noValidate = true")
    admin.get_by_role("button", name="Store the settings").click()
    admin.get_by_text("This field is required").wait_for()
    accessible(admin)


def test_R103_a_rater_declines_comes_back_agrees_and_rates(study, ann, visit):
    page = visit(ann.user, width=360)
    page.goto("/")
    page.get_by_role("link", name="Rate").click()
    page.get_by_role("link", name="I do not agree").click()
    page.get_by_role("heading", name="You did not agree").wait_for()
    assert not Consent.objects.exists()

    page.get_by_role("link", name="Read the text again").click()
    page.get_by_role("button", name="I agree").click()

    page.locator("#answers").wait_for()
    assert Consent.objects.get().rater == ann


def test_R103_without_script_answers_go_through_when_a_new_text_is_agreed_to(
    study, ann, chromium, live_server
):
    from django.test import Client

    build.agree(ann)
    client = Client()
    client.force_login(ann.user, backend="django.contrib.auth.backends.ModelBackend")
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    session = client.cookies["touchstone_session"].value
    context.add_cookies([{"name": "touchstone_session", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto("/studies/s/rate/")
    for name, value in (("winner", "both"), ("misled", "no"), ("confidence", "3")):
        page.locator(f"input[name={name}][value='{value}']").check()
    build.asks_consent(study, "Another text")

    page.locator("#answers button[type=submit]").first.click()
    page.get_by_text("is kept on this page").wait_for()
    assert not Judgment.objects.exists()
    page.get_by_role("button", name="I agree").click()
    page.get_by_text("you are done").wait_for()

    answer = Judgment.objects.get().answers.get(question__key="winner")
    assert answer.option.code == "both"
    context.close()


def test_R106_a_rater_leaves_by_two_presses_and_is_a_stranger(study, ann, visit):
    build.agree(ann)
    page = visit(ann.user)
    page.goto("/studies/s/guidelines/")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Leave the study").click()
    page.get_by_role("button", name="Leave for good").click()

    page.get_by_role("heading", name="You left the study").wait_for()
    assert Rater.objects.get().withdrew_at is not None
    page.goto("/")
    assert page.get_by_text("You are not in any study yet").count() == 1


def test_an_admin_sets_what_raters_meet(study, ann, visit):
    page = visit(build.member(study, Role.ADMIN))
    page.goto("/studies/s/settings/")
    assert page.get_by_label("If a rater leaves").is_disabled()

    page.get_by_label("Consent text", exact=True).fill("Other words. {withdrawal}")
    page.get_by_label("Topics that raters").fill("war, illness")
    page.get_by_label("Until when").fill("2030-01-31T18:30")
    page.get_by_role("button", name="Store the settings").click()
    page.get_by_text("The settings are stored").wait_for()

    stored = Study.objects.get()
    assert stored.sensitive_topics == ["war", "illness"]
    assert stored.edits_until.isoformat() == "2030-01-31T18:30:00+00:00"
    assert stored.consent_text.version == 2
    assert page.get_by_label("Until when").input_value() == "2030-01-31T18:30"
