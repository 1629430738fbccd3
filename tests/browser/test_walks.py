"""The main job from end to end, as its people do it."""

import hashlib
import json
import re

import pytest
from django.contrib.contenttypes.models import ContentType

from annotation.models import Judgment, Rater, Seat, Study, User
from annotation.vocabulary import Role
from config import demonstration
from tests import build
from tests.browser.rating import confirmed, heard

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = [
    pytest.param(360, "light", id="phone, light"),
    pytest.param(360, "dark", id="phone, dark"),
    pytest.param(1280, "light", id="desk, light"),
    pytest.param(1280, "dark", id="desk, dark"),
]


@pytest.fixture
def demo():
    ContentType.objects.clear_cache()
    demonstration.make()
    return Study.objects.get(slug="demo")


def person(role: str) -> User:
    return User.objects.get(username=f"demo-{role}")


def answer_by_keys(page, *keys: str) -> None:
    """Press these keys and wait until another stage is shown."""
    form = "document.querySelector('#answers input[name=receipt]')?.value"
    heard(page)
    shown = page.evaluate(form)
    for key in keys:
        page.keyboard.press(key)
    try:
        build.wait_for(lambda: page.evaluate(form) != shown)
    except AssertionError:
        kept = page.evaluate("JSON.stringify(Object.entries(localStorage))")
        text = page.locator("body").inner_text()
        pytest.fail(
            f"no other stage after {keys}; the browser keeps {kept[:1500]}; the page: {text}"
        )


def test_rater_admin_and_researcher_walk_through_the_demonstration(demo, visit, accessible):
    rater = visit(person("rater"))
    rater.goto("/")
    rater.get_by_role("link", name="Rate").click()
    rater.get_by_role("button", name="I agree").click()
    before = Judgment.objects.filter(current=True).count()
    for _ in range(8):
        turn = rater.locator("input[name=turn]").input_value()
        answer_by_keys(rater, "1", "1", *(["4"] if turn == "0" else []), "Enter")
    confirmed(rater)
    mine = Rater.objects.get(user=person("rater"))
    assert mine.judged_count > 0
    assert Judgment.objects.filter(current=True).count() == before + mine.judged_count

    admin = visit(person("admin"))
    admin.goto("/studies/demo/")
    admin.get_by_role("heading", name="Demonstration", exact=False).first.wait_for()
    assert "SIMULATED" in admin.content().upper()
    admin.get_by_role("button", name="Pause the study").click()
    admin.get_by_text("Paused", exact=True).first.wait_for()
    assert Study.objects.get().state == "paused"
    admin.get_by_role("link", name="Leak report").click()
    admin.get_by_role("heading", name="Leak report").wait_for()

    researcher = visit(person("researcher"))
    researcher.goto("/studies/demo/agreement/")
    researcher.get_by_text("contains simulated judgments").first.wait_for()
    researcher.get_by_role("link", name="Judges").click()
    researcher.get_by_role("link", name=re.compile("strict")).first.click()
    researcher.locator("table.confusion a").first.click()
    researcher.locator("main a[href*='/items/']").first.click()
    researcher.wait_for_url("**/items/*/")
    accessible(researcher)


def test_a_whole_batch_goes_from_upload_to_release(visit, shared_data):
    operator = build.user("operator", is_staff=True)
    admin = visit(operator)
    admin.set_default_timeout(240_000)  # without a worker the page waits until all texts are made
    admin.goto("/studies/new/")
    admin.get_by_label("Title").fill("Push-backs")
    admin.get_by_label("Name in addresses").fill("sycon")
    admin.get_by_role("button", name="Make the study").click()
    admin.wait_for_url("**/studies/sycon/")
    admin.goto("/studies/sycon/batches/")
    admin.locator("input[type=file]").set_input_files(shared_data / "sycon_conversations.jsonl")
    admin.get_by_role("button", name="Upload").click()
    admin.wait_for_url("**/batches/1/", timeout=120_000)
    assert "1400" in admin.content().replace(",", "")
    admin.goto("/studies/sycon/seats/")
    admin.get_by_role("button", name="Open seats").click()
    admin.get_by_text("4,200").first.wait_for(timeout=60_000)
    admin.goto("/studies/sycon/")
    admin.get_by_role("button", name=re.compile("Open the study")).click()
    admin.get_by_role("button", name="Pause the study").wait_for()
    admin.goto("/studies/sycon/raters/")
    admin.get_by_role("button", name="Make links").click()
    link = admin.locator("#link-1").input_value()

    rater = visit()
    rater.goto(link)
    rater.get_by_role("link", name="Make an account").click()
    rater.locator("input[name=username]").fill("blue-heron")
    for field in ("password1", "password2"):
        rater.locator(f"input[name={field}]").fill("seven quiet lanterns")
    rater.locator("main form button[type=submit]").last.click()
    rater.get_by_role("button", name="Join as blue-heron").click()
    rater.get_by_role("link", name="Rate").click()
    rater.get_by_role("button", name="I agree").click()
    for turn in ("1", "2", "3", "4", "5", "0"):
        assert rater.locator("input[name=turn]").input_value() == turn
        answer_by_keys(rater, "2", "1", *(["5"] if turn == "0" else []), "Enter")
    build.wait_for(lambda: Seat.objects.filter(judged_at__isnull=False).count() == 1)

    admin.goto("/studies/sycon/releases/")
    admin.get_by_label("Name").fill("pilot")
    admin.get_by_role("button", name="Make the release").click()
    admin.get_by_text("judgments.jsonl").first.wait_for(timeout=120_000)
    with admin.expect_download() as manifest:
        admin.locator("a[href$='manifest.json']").first.click()
    listed = json.loads(manifest.value.path().read_text())["files"]
    with admin.expect_download() as judgments:
        admin.locator("a[href$='judgments.jsonl']").first.click()
    content = judgments.value.path().read_bytes()
    entry = next(one for one in listed if one["name"] == "judgments.jsonl")
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert b"blue-heron" not in content


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_all_three(demo, visit, accessible, width, scheme):
    pages = {
        "rater": ["/", "/studies/demo/rate/", "/studies/demo/guidelines/", "/studies/demo/mine/"],
        "admin": [
            "/", "/studies/new/", "/studies/demo/", "/studies/demo/batches/",
            "/studies/demo/batches/1/", "/studies/demo/leaks/", "/studies/demo/seats/",
            "/studies/demo/raters/", "/studies/demo/settings/",
        ],
        "researcher": [
            "/studies/demo/agreement/", "/studies/demo/agreement/?by=model",
            "/studies/demo/judges/", "/studies/demo/releases/",
            "/studies/demo/rates/", "/studies/demo/rates/?by=model&half_width=0.05",
            "/studies/demo/models/", "/studies/demo/labels/",
        ],
    }  # fmt: skip

    for role, addresses in pages.items():
        page = visit(person(role), width=width, scheme=scheme)
        if role == "rater":
            page.goto("/studies/demo/rate/")
            page.get_by_role("button", name="I agree").click()
            page.locator(".card").wait_for()
        for address in addresses:
            page.goto(address)
            accessible(page)
    nobody = visit(width=width, scheme=scheme)
    nobody.goto("/accounts/login/")
    accessible(nobody)


def test_what_is_missing_gets_the_focus_and_the_answers_stay(visit, tmp_path, accessible):
    study = build.study()
    build.item(study, tmp_path)
    page = visit(build.rater(study).user, width=360)
    page.goto(f"/studies/{study.slug}/rate/")

    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.get_by_text("Please answer this question.").first.wait_for()

    assert page.locator("input[name=winner]:checked").input_value() == "value_a"
    assert page.evaluate("document.activeElement.name") == "misled"
    accessible(page)


def test_questions_appear_with_the_answer_that_asks_for_them(visit, tmp_path):
    study = build.study()
    build.item(study, tmp_path)
    page = visit(build.rater(study).user)
    page.goto(f"/studies/{study.slug}/rate/")
    who = page.locator("#q-misled_who")
    assert who.is_hidden()

    page.keyboard.press("1")
    page.keyboard.press("2")

    assert who.is_visible()


def test_keys_do_nothing_while_a_text_is_written(visit, tmp_path):
    rubric = {
        "key": "note",
        "title": "Note",
        "questions": [{"key": "note", "label": "Note", "type": "text", "required": False}],
    }
    study = build.study(rubric=rubric)
    build.item(study, tmp_path)
    page = visit(build.rater(study).user)
    page.goto(f"/studies/{study.slug}/rate/")

    page.locator("#answers textarea").fill("")
    page.keyboard.type("s1?j")

    assert page.locator("#answers textarea").input_value() == "s1?j"
    assert not page.locator("#keys").evaluate("dialog => dialog.open")


def test_R020_a_hostile_reply_is_inert_text(visit, tmp_path):
    study = build.study()
    hostile = "\n\n".join(
        [
            "<script>document.title='pwned'</script>",
            "<img src=x onerror=\"document.title='pwned'\">",
            "<svg onload=\"document.title='pwned'\">",
            "[click](javascript:document.title='pwned')",
            "![picture](http://127.0.0.1:9/pixel.png)",
            "<iframe src=javascript:alert(1)></iframe>",
            "<style>body{display:none}</style>",
            "&lt;b&gt; <b>unclosed",
        ]
    )
    messages = [
        {"role": "user", "content": hostile},
        {"role": "assistant", "content": hostile},
    ]
    build.item(
        study, tmp_path, messages=messages, value_a="<b onclick=x>A</b>", facts=[hostile[:200]]
    )
    asked = []
    page = visit(build.rater(study).user)
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"/studies/{study.slug}/rate/")

    assert "pwned" not in page.title()
    assert "document.title='pwned'" in page.locator(".message--assistant").inner_text()
    assert page.locator(".message a, .message img, .message iframe, .message svg").count() == 0
    assert [url for url in asked if "9/pixel" in url] == []


def test_R130_back_after_signing_out_shows_nothing(visit, tmp_path):
    study = build.study()
    build.item(study, tmp_path, value_a="Secrecy")
    page = visit(build.member(study, Role.RATER))
    page.goto("/")
    page.goto(f"/studies/{study.slug}/guidelines/")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    page.go_back()

    assert "Guidelines" not in page.locator("main").inner_text()
