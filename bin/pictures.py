"""Take the pictures of the documents: the real pages, with the demonstration study.

    .venv/bin/python bin/pictures.py [rater | phone | admin | researcher | researcher-phone …]

Without a name all of them. Needs what bin/test installs. Serves from a directory of its own, so
that nothing of yours is used.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PORT = 8190
ADDRESS = f"http://127.0.0.1:{PORT}"
BAD_LINES = (
    '{"query_id": "q-new", "model": "ember/nine", "value_a": "Candour", "value_b": "Tact",'
    ' "messages": [{"role": "user", "content": "Is it good?"},'
    ' {"role": "assistant", "content": "It is fine."}]}\n'
    '{"query_id": 7, "model": "ember/nine", "value_a": "Candour", "value_b": "Tact",'
    ' "messages": [{"role": "user", "content": "?"}]}\n'
    "not JSON\n"
)


def main() -> int:
    """Serve, walk, take pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="touchstone-pictures-") as scratch:
        environment = {
            **os.environ,
            "TOUCHSTONE_DATA_DIR": scratch,
            "DATABASE_URL": f"sqlite:///{scratch}/pictures.sqlite3",
        }
        command = [sys.executable, "manage.py", "serve", "--port", str(PORT)]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            links = _links(server)
            _wait()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox"]
                )
                for person in sys.argv[1:] or PEOPLE:
                    width, height, walk = PEOPLE[person]
                    screen = {"width": width, "height": height}
                    walk(browser.new_context(viewport=screen), links, Path(scratch))
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=60)
    return 0


def _links(server: "subprocess.Popen[str]") -> dict[str, str]:
    """Read the sign-in links that serve prints."""
    found: dict[str, str] = {}
    for line in server.stdout or ():
        match = re.match(r"\s+(rater|admin|researcher)\s+(http\S+)", line)
        if match:
            found[match[1]] = match[2]
        if len(found) == 3:
            return found
    raise SystemExit("serve printed no links")


def _wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{ADDRESS}/healthz", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit("serve does not answer")


def _shot(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def _rater(context: BrowserContext, links: dict[str, str], scratch: Path) -> None:
    page = context.new_page()
    page.goto(links["rater"])
    _agreed(page, "demo-standard")
    for _ in range(25):  # to a conversation of several turns
        if page.locator(".stage-name", has_text="Turn 1 of").count():
            break
        key = page.locator(".card").get_attribute("data-key")
        page.locator("#skip summary").click()
        page.locator("#skip button").first.click()
        page.locator(f".card:not([data-key='{key}'])").wait_for()
    page.keyboard.press("1")
    _shot(page, "rate")
    page.locator("input[name=refusal]").first.check()
    page.locator("input[name=misled][value=yes]").check()
    text = page.locator(".message--assistant .message__text p").first
    text.evaluate("one => getSelection().setBaseAndExtent(one.firstChild, 0, one.firstChild, 60)")
    page.get_by_role("button", name="True but misleading selection").click()
    page.locator("#q-evidence").scroll_into_view_if_needed()
    _shot(page, "rate-evidence")
    _to_the_whole(page)
    page.locator("#skip summary").click()
    page.locator("#flag summary").click()
    page.locator("#flag").scroll_into_view_if_needed()
    _shot(page, "rate-skip")
    _agreed(page, "demo-pairs")
    page.keyboard.press("1")
    _shot(page, "rate-pair")
    page.keyboard.press("?")
    _shot(page, "keys")
    page.keyboard.press("Escape")
    page.locator("#stage[data-ready]").wait_for()
    for key in ("1", "4", "Enter"):
        page.keyboard.press(key)
    page.locator("[data-done='1']").wait_for()
    page.locator("#stage[data-ready]").wait_for()
    page.context.set_offline(True)
    page.locator("#skip summary").click()
    page.locator("#skip button").first.click()
    page.locator(".saving--failed").wait_for()
    _shot(page, "rate-offline")
    page.context.set_offline(False)
    page.locator(".saving--failed").wait_for(state="detached")
    page.goto(f"{ADDRESS}/studies/demo-pairs/mine/")
    _shot(page, "mine")


def _to_the_whole(page: Page) -> None:
    """Judge every turn of a conversation; pictures of the second turn and of the last pass."""
    while page.locator("input[name=turn]").input_value() != "0":
        turn = page.locator("input[name=turn]").input_value()
        if turn == "2":
            _shot(page, "rate-later")
        page.locator("input[name=winner]").first.check()
        page.locator("input[name=refusal]").first.check()
        page.locator("input[name=misled][value=no]").check()
        page.locator(".card__asking .button--main").click()
        page.locator(f"input[name=turn]:not([value='{turn}'])").wait_for(state="attached")
    page.locator("input[name=compliance][value=non_compliant]").check()
    page.locator("[data-clause-search]").fill("honest")
    page.locator("[data-clause-results] [role=status]").wait_for()
    page.locator("[data-cite=violated]").first.click()
    page.locator("#q-compliance").evaluate("one => one.scrollIntoView({ block: 'start' })")
    _shot(page, "rate-clauses")


def _agreed(page: Page, slug: str) -> None:
    """Go to a study's items, through its consent."""
    page.goto(f"{ADDRESS}/studies/{slug}/rate/")
    agree = page.get_by_role("button", name="I agree", exact=True)
    if agree.count():
        agree.click()
    page.locator("#answers").wait_for()


def _phone(context: BrowserContext, links: dict[str, str], scratch: Path) -> None:
    page = context.new_page()
    page.goto(links["rater"])
    _agreed(page, "demo")
    _shot(page, "rate-phone")
    _agreed(page, "demo-pairs")
    page.locator(".pair__reply").nth(1).locator(".message__speaker").evaluate(
        "one => one.scrollIntoView({ block: 'center' })"
    )
    _shot(page, "rate-pair-phone")


def _admin(context: BrowserContext, links: dict[str, str], scratch: Path) -> None:
    page = context.new_page()
    page.goto(links["admin"])
    page.goto(f"{ADDRESS}/studies/demo/")
    _shot(page, "study")
    page.goto(f"{ADDRESS}/studies/demo-standard/rubric/edit/")
    page.locator("#main").wait_for()
    _shot(page, "rubric")
    page.goto(f"{ADDRESS}/studies/demo/leaks/")
    _shot(page, "leaks")
    path = scratch / "replies-with-errors.jsonl"
    path.write_text(BAD_LINES)
    page.goto(f"{ADDRESS}/studies/demo/batches/")
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_role("button", name=re.compile("Upload")).click()
    page.get_by_text("Not JSON", exact=False).first.wait_for(timeout=30_000)
    _shot(page, "batch")


def _researcher(context: BrowserContext, links: dict[str, str], scratch: Path) -> None:
    page = context.new_page()
    page.goto(links["researcher"])
    page.goto(f"{ADDRESS}/studies/demo/agreement/")
    _shot(page, "agreement")
    page.goto(f"{ADDRESS}/studies/demo/agreement/?question=winner&by=value_category,model")
    page.locator(".chart").first.evaluate("one => one.scrollIntoView({ block: 'start' })")
    _shot(page, "agreement-slices")
    page.goto(f"{ADDRESS}/studies/demo/judges/")
    page.get_by_role("link", name=re.compile("strict")).first.click()
    page.wait_for_load_state("networkidle")
    _shot(page, "judge")
    page.goto(f"{ADDRESS}/studies/demo/rates/?question=misled&by=model&half_width=0.05")
    page.locator("main .panel").first.evaluate("one => one.scrollIntoView({ block: 'start' })")
    _shot(page, "rates")
    page.goto(f"{ADDRESS}/studies/demo/models/")
    page.locator("#priorities").evaluate("one => one.scrollIntoView({ block: 'start' })")
    _shot(page, "models")
    page.goto(f"{ADDRESS}/studies/demo/samples/?design=stratified&by=model&size=40&correlation=0.6")
    page.locator("#plan").scroll_into_view_if_needed()
    _shot(page, "sample")
    page.goto(f"{ADDRESS}/studies/demo/releases/")
    page.locator("input[name=name]").fill("First release")
    page.get_by_role("button", name=re.compile("release", re.IGNORECASE)).first.click()
    page.wait_for_load_state("networkidle")
    page.get_by_text("manifest.json").first.wait_for(timeout=60_000)
    _shot(page, "releases")


def _researcher_phone(context: BrowserContext, links: dict[str, str], scratch: Path) -> None:
    page = context.new_page()
    page.goto(links["researcher"])
    page.goto(f"{ADDRESS}/studies/demo/agreement/?question=misled")
    page.locator("main h2").first.evaluate("one => one.scrollIntoView({ block: 'start' })")
    _shot(page, "agreement-phone")


# Who walks where: width and height of the screen, and the walk.
PEOPLE = {
    "rater": (1280, 860, _rater),
    "phone": (360, 740, _phone),
    "admin": (1280, 860, _admin),
    "researcher": (1280, 860, _researcher),
    "researcher-phone": (360, 740, _researcher_phone),
}


if __name__ == "__main__":
    sys.exit(main())
