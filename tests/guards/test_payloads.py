"""No payload in any field that anyone can write runs or leaves its place, on any page.

Every page is made twice: of a study whose every text is a payload, and of its harmless twin. Both
must have the same elements with the same attributes, each as often; only words may differ.
"""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import RequestFactory

from annotation.models import Rater, Seat, Study
from annotation.receipts import Receipt
from tests import build
from tests.guards import hostile, world
from tests.guards.routes import Route, routes

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "rater", "researcher", "admin")
VOICES = {"markup": hostile.MARKUP, "addresses": hostile.ADDRESSES, "signs": hostile.SIGNS}
ADDRESSES = frozenset(
    "src href action formaction cite data poster ping manifest srcset xlink:href background"
    " hx-get hx-post hx-put hx-patch hx-delete data-at data-here data-ahead data-keys-at"
    " data-sign-in data-clauses-at".split()
)
# What no page of ours has, whatever was written.
NEVER = frozenset("iframe object embed base frame frameset applet math style portal".split())
DOWNLOADS = ("text/csv", "image/svg+xml", "application/octet-stream", "text/markdown", "text/plain")


class Page(HTMLParser):
    """What a page is made of: its elements with the names of their attributes, and what is wrong."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.words: list[str] = []
        self._scripts = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.shape[" ".join([tag, *sorted(name for name, _ in attrs)])] += 1
        given = dict(attrs)
        if tag in NEVER or (tag == "meta" and "http-equiv" in given):
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not str(given.get("src", "")).startswith(settings.STATIC_URL):
            self.wrong.append(f"<script {attrs}>")
        self._scripts += tag == "script"
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in {"style", "srcdoc"} or name.startswith("hx-on"):
            self.wrong.append(f"<{tag} {name}={value[:60]!r}>")
        if name in ADDRESSES:
            address = urlsplit(value.strip())
            ours = value.startswith(("/", "#", "?")) and not value.startswith(("//", "/\\"))
            if not (ours or value == "") or address.scheme or address.netloc:
                self.wrong.append(f"<{tag} {name}={value[:60]!r}>")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self._scripts -= tag == "script"

    def handle_endtag(self, tag):
        self.shape[f"/{tag}"] += 1
        self._scripts -= tag == "script"

    def handle_data(self, data):
        self.words.append(data)
        if self._scripts and data.strip():
            self.wrong.append(f"script {data[:60]!r}")

    def handle_comment(self, data):
        self.wrong.append(f"<!--{data[:60]}-->")

    def handle_pi(self, data):
        self.wrong.append(f"<?{data[:60]}>")

    def unknown_decl(self, data):
        self.wrong.append(f"<![{data[:60]}")


def problems_of(answer) -> list[str]:
    """Return what is wrong with an answer by itself."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    wrong = []
    if answer.status_code >= 500:
        wrong.append(f"status {answer.status_code}")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append("may be sniffed")
    if "script-src 'self'" not in answer.headers.get("Content-Security-Policy", ""):
        wrong.append("has no content policy")
    if kind in DOWNLOADS and "attachment" not in answer.headers.get("Content-Disposition", ""):
        if answer.status_code == 200 and answer.content not in (b"ok", b""):
            wrong.append(f"{kind} is shown, not kept")
    if kind == "text/html":
        wrong += Page(html_of(answer)).wrong
    elif kind not in ("application/json", "", "application/vnd.oai.openapi", *DOWNLOADS):
        wrong.append(f"is {kind}")
    wrong += [f"{name} has two lines" for name, value in answer.items() if "\n" in value]
    to = urlsplit(answer.headers.get("Location", ""))
    if to.scheme or to.netloc:
        wrong.append(f"leads to {answer['Location']}")
    return wrong


def closed(answer):
    """Give back the file of a download; not answer.close(), which would end the transaction."""
    for close in answer._resource_closers:
        close()
    return answer


def html_of(answer) -> str:
    return answer.content.decode()


def differences(answer, twin) -> list[str]:
    """Return how a hostile page differs from its harmless twin but for words."""
    if answer.status_code != twin.status_code:
        return [f"status {answer.status_code}, the harmless one {twin.status_code}"]
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    mine, other = Page(html_of(answer)).shape, Page(html_of(twin)).shape
    more, fewer = mine - other, other - mine
    return [f"more {dict(more)}", f"fewer {dict(fewer)}"] if more or fewer else []


@pytest.fixture(params=VOICES)
def twins(request, tmp_path):
    """The hostile world and its harmless twin, each with the voice that wrote it."""
    made = []
    for name, harmless in (("evil", False), ("good", True)):
        say = hostile.Voice(VOICES[request.param], harmless)
        made.append((hostile.make(tmp_path / name, say, slug=f"{name}-study"), say))
    return made


def address(route: Route, of: world.World) -> str:
    """Return a route's address; a rater's keys are those of a seat."""
    values = of.values
    if route.pattern.startswith("studies/<slug:slug>/rate/"):
        seat = "judged_seat" if route.name.endswith(":revise") else "seat"
        values = {**values, "key": values[seat]}
    return route.url(values)


def test_R021_no_page_has_another_shape_because_of_what_was_written(twins):
    found = []

    for role in ROLES:
        clients = [world.client(of.people.get(role)) for of, _ in twins]
        for route in routes():
            for with_query, headers in ((False, {}), (True, {}), (True, {"HX-Request": "true"})):
                answers = [
                    closed(client.get(address(route, of) + asked, headers=headers))
                    for client, (of, say) in zip(clients, twins, strict=True)
                    for asked in ["?" + hostile.query(say) if with_query else ""]
                ]
                wrong = [*problems_of(answers[0]), *differences(*answers)]
                found += [(role, route.pattern, with_query, bool(headers), one) for one in wrong]

    assert found == [], "\n".join(map(str, found))
