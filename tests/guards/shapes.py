"""What a page is made of, and how a hostile one differs from its harmless twin."""

import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings

from tests.guards import voices, world
from tests.guards.routes import Route

VOICES = {"markup": voices.MARKUP, "addresses": voices.ADDRESSES, "signs": voices.SIGNS}
# Attributes that hold an address.
LEADS = re.compile(
    r"(xlink:)?href|src(set)?|(form)?action|cite|data|poster|ping|manifest|background"
    r"|hx-(get|post|put|patch|delete)|data-(at|here|ahead|keys-at|sign-in|clauses-at)"
)
# What no page of ours has, whatever was written.
NEVER = {"iframe", "object", "embed", "base", "frame", "frameset", "applet", "math", "style"}

REFUSED = {302, 401, 403, 404, 405}
# What is shown in the browser; anything else must be a download.
SHOWN = {"", "text/html", "text/plain", "application/json", "application/vnd.oai.openapi"}
POLICY = "script-src 'self'"


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
        if name.startswith(("on", "hx-on")) or name in {"style", "srcdoc"}:
            self.wrong.append(f"<{tag} {name}={value[:60]!r}>")
        if LEADS.fullmatch(name):
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
    to = urlsplit(answer.headers.get("Location", ""))
    kept = "attachment" in answer.headers.get("Content-Disposition", "")
    wrong = {
        f"status {answer.status_code}": answer.status_code >= 500,
        "may be sniffed": answer.headers.get("X-Content-Type-Options") != "nosniff",
        "has no content policy": POLICY not in answer.headers.get("Content-Security-Policy", ""),
        f"is {kind}": kind not in SHOWN and not kept,
        f"leads to {to.geturl()}": to.scheme or to.netloc,
        "has a header of two lines": any("\n" in value for _, value in answer.items()),
    }
    inside = Page(html_of(answer)).wrong if kind == "text/html" else []
    return [sentence for sentence, holds in wrong.items() if holds] + inside


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


def address(route: Route, of: world.World) -> str:
    """Return a route's address; a rater's keys are those of a seat."""
    values = of.values
    if route.pattern.startswith("studies/<slug:slug>/rate/"):
        seat = "judged_seat" if route.name.endswith(":revise") else "seat"
        values = {**values, "key": values[seat]}
    return route.url(values)
