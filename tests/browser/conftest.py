"""A real browser against the real pages: every console error and policy violation is a failure."""

import threading
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.signals import request_finished, request_started
from django_tasks import task_backends
from playwright.sync_api import expect, sync_playwright

from config.environment import BASE_DIR
from tests import build
from tests.browser.real import Real, Source, seated_at

# The browser itself reports a refused form as a failed load; that is how refusals look.
EXPECTED = ("status of 422", "status of 409", "status of 401")
PATIENCE = 90_000  # milliseconds: a busy machine is late, not wrong
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def later(settings):
    """Jobs wait for a worker, as they do in production."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    vars(task_backends).pop("settings", None)
    yield
    vars(task_backends).pop("settings", None)


@pytest.fixture
def at_rest():
    """Wait until the server answers no request: a page may still fetch when its test ends.

    Emptying the tables of PostgreSQL waits for such a request, and the request for it.
    """
    answering: set[int] = set()

    def begun(**_):
        answering.add(threading.get_ident())

    def ended(**_):
        answering.discard(threading.get_ident())

    def wait():
        seen = 0
        while seen < 3:  # a request that has come in may not have begun
            build.wait_for(lambda: not answering)
            seen = 0 if answering else seen + 1
            time.sleep(0.01)

    request_started.connect(begun)
    request_finished.connect(ended)
    yield wait
    request_started.disconnect(begun)
    request_finished.disconnect(ended)


@pytest.fixture
def visit(chromium, live_server, at_rest):
    """Open a page as an account (or nobody), on a screen of this width and scheme."""
    contexts, complaints = [], []

    def sign_in(context, user):
        from django.test import Client

        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.cookies["touchstone_session"].value
        context.add_cookies(
            [{"name": "touchstone_session", "value": session, "url": live_server.url}]
        )

    def open_page(user=None, *, width=1280, scheme="light", touch=False, quiet=False):
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            base_url=live_server.url,
            has_touch=touch,
            locale="en",
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user is not None:
            sign_in(context, user)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        if quiet:  # the line is cut or the session ended on purpose: the browser reports that
            return page
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and not any(one in message.text for one in EXPECTED)
                else None
            ),
        )
        return page

    open_page.sign_in = sign_in
    yield open_page
    for context in contexts:
        context.close()
    at_rest()
    assert complaints == []


# A reply's own table may leave the corner of its heading empty; it is shown as it was written.
# Only what is wrong is told with all its places: what is right is a hundred times as much.
AXE = {"rules": {"empty-table-header": {"enabled": False}}, "resultTypes": ["violations"]}


@pytest.fixture
def accessible():
    """Assert that axe finds nothing on a page, and that nothing sticks out sideways."""
    axe = Axe()

    def check(page):
        page.wait_for_load_state()  # axe reads a document, not the gap between two of them
        found = axe.run(page, options=AXE).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) <= 0, f"{page.url} is wider than the screen"

    return check


@pytest.fixture(params=["demonstration", "sycon"])
def source(request) -> Source:
    """The demonstration's replies, and SYCON's where they are."""
    if request.param == "demonstration":
        return Source(BASE_DIR / "fixtures" / "demo_batch.jsonl")
    return Source(request.getfixturevalue("shared_data") / "sycon_conversations.jsonl")


@pytest.fixture
def real(source, tmp_path) -> Real:
    """A rater before five long turns, asked the standard questions."""
    return seated_at(source.line(), tmp_path)
