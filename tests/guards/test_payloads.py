"""No payload in any field that anyone can write runs or leaves its place, on any page.

Every page is made twice: of a study whose every text is a payload, and of its harmless twin. Both
must have the same elements with the same attributes, each as often; only words may differ.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from annotation.models import Membership, Rater, Seat, Study, User
from annotation.selectors.cards import card_for
from annotation.services import consents
from tests import build
from tests.guards import hostile, world
from tests.guards.routes import Route, routes

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "rater", "researcher", "admin")
VOICES = {"markup": hostile.MARKUP, "addresses": hostile.ADDRESSES, "signs": hostile.SIGNS}
# Attributes that hold an address.
LEADS = re.compile(
    r"(xlink:)?href|src(set)?|(form)?action|cite|data|poster|ping|manifest|background"
    r"|hx-(get|post|put|patch|delete)|data-(at|here|ahead|keys-at|sign-in|clauses-at)"
)
# What no page of ours has, whatever was written.
NEVER = {"iframe", "object", "embed", "base", "frame", "frameset", "applet", "math", "style"}
PART_IN_GERMAN = {"HX-Request": "true", "Accept-Language": "de"}
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


def visited(twins, clients, route: Route, *, asked=True, **headers) -> tuple[list[str], int]:
    """Return what is wrong with a page, alone or beside its twin, and its status."""
    answers = [
        closed(client.get(address(route, of) + query, headers=headers))
        for client, (of, say) in zip(clients, twins, strict=True)
        for query in ["?" + hostile.query(say) if asked else ""]
    ]
    wrong = [*problems_of(answers[0]), *differences(*answers)]
    where = f"{route.pattern}{'?…' if asked else ''} {headers or ''}"
    return [f"{where}: {one}" for one in wrong], answers[0].status_code


def test_R021_no_page_has_another_shape_because_of_what_was_written(twins):
    found = []

    for role in ROLES:
        clients = [world.client(of.people.get(role)) for of, _ in twins]
        for route in routes():
            wrong, status = visited(twins, clients, route)
            if status not in REFUSED:
                wrong += visited(twins, clients, route, asked=False)[0]
                wrong += visited(twins, clients, route, **PART_IN_GERMAN)[0]
            found += [f"{role}: {one}" for one in wrong]

    assert found == [], "\n".join(found)


@dataclass(frozen=True)
class Echo:
    """A form that comes back with what was sent: who sends it where, and what is in it."""

    role: str
    name: str
    fields: Callable[[hostile.Voice, world.World], dict]
    key: str = ""
    part: bool = False
    before: Callable[[hostile.Voice, world.World], object] = field(default=lambda say, of: None)


def every(*names: str, **more) -> Callable[[hostile.Voice, world.World], dict]:
    """Return fields that hold every payload."""
    return lambda say, of: {**{name: say(f"sent-{name}", every=True) for name in names}, **more}


def receipt_of(of: world.World, key: str) -> str:
    rater = Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])
    return card_for(Seat.objects.select_related("item").get(key=of.values[key]), rater).receipt


def answers(say: hostile.Voice, of: world.World, *, key: str = "seat", turn: int = 2) -> dict:
    """What a rater sends who answers nothing as it was asked."""
    sent = say("sent-answer", every=True)
    return {
        "receipt": receipt_of(of, key),
        "turn": str(turn),
        "choice": [sent, say.said["code-2"]],
        "some": [sent, say.said["code-3"]],
        "scale": sent,
        "words": [sent, sent],
        "evidence": [sent, json.dumps({"quote": sent, "kind": sent}), json.dumps(sent)],
        "evidence.quote": sent,
        "evidence.kind": sent,
        "kept": sent,
        "kept.clause": [sent, f"violated {sent}"],
        "kept.clause_role": [sent, "violated"],
        "kept.clause_id": [sent, sent],
        "page": sent,
        "next": sent,
        say("sent-name", every=True): sent,
    }


def whole(say: hostile.Voice, of: world.World) -> dict:
    return answers(say, of, key="judged_seat", turn=0)


def good(say: hostile.Voice, of: world.World) -> dict:
    """Other answers than those that are stored."""
    more = {"choice": say.said["code-1"], "words": say("again", every=True)}
    return {"receipt": receipt_of(of, "judged_seat"), "turn": "0", **more}


def a_new_consent_text(say: hostile.Voice, of: world.World) -> None:
    consents.write_text(study=of.study, text=say.prose("consent-2"), now=build.now())


def a_maker_of_studies(say: hostile.Voice, of: world.World) -> None:
    User.objects.filter(pk=of.people["admin"].pk).update(is_staff=True, is_superuser=True)


def file_of(name: str, lines: list[dict]) -> Callable[[hostile.Voice], SimpleUploadedFile]:
    """Return an upload; its name and what is in it are the voice's."""

    def made(say: hostile.Voice) -> SimpleUploadedFile:
        text = "".join(
            json.dumps({say(k): say(v, every=True) for k, v in one.items()}) + "\n" for one in lines
        )
        return SimpleUploadedFile(say("upload").replace("/", "x") + name, text.encode())

    return made


WRONG_LINES = file_of(".jsonl", [{"wrong-name": "wrong-value"}, {"other-name": "other-value"}])
WRONG_NAME = file_of(".exe", [{"wrong-name": "wrong-value"}])
JSON = """{"key": [%s], "questions": {%s: 1}}"""


def wrong_rubric(say: hostile.Voice, of: world.World) -> dict:
    said = json.dumps(say("wrong-rubric", every=True))
    return {"rubric_text": JSON % (said, said), "do": "import", "seen": say("sent-seen")}


def composed(do: str, *, late: bool = False) -> Callable[[hostile.Voice, world.World], dict]:
    """Return the form of a rubric with a payload in every field, and one button of it.

    One that is ``late`` comes when another admin has stored the draft meanwhile.
    """

    def made(say: hostile.Voice, of: world.World) -> dict:
        sent = say("composed", every=True)
        return {
            **dict.fromkeys(["key", "title", "version", "kind", "begin-with", "new-type"], sent),
            **{f"q{n}-{name}": sent for n in (1, 2) for name in COMPOSED},
            "language": ["de", say("composed-language")],
            "new-language": sent,
            "preview-language": "de",
            "question": ["1", "2", sent],
            "seen": sent if late else of.study.rubric_draft.updated_at.isoformat(),
            "do": do or sent,
        }

    return made


COMPOSED = (
    "label", "help", "key", "type", "level", "scope", "anchors", "condition", "rows-of", "rows",
    "code", "polarity", "option", "de-label", "de-help", "de-option",
)  # fmt: skip
SETTINGS = (
    "title", "guidelines", "consent", "on_withdrawal", "sensitive_topics", "support_text",
    "judgments_per_rater", "replies_per_query", "lease_minutes", "break_minutes",
    "skips_before_review", "edits_until",
)  # fmt: skip
ECHOES = (
    Echo("rater", "annotation:submit", answers, key="seat"),
    Echo("rater", "annotation:submit", answers, key="seat", part=True),
    Echo("rater", "annotation:submit", good, key="judged_seat"),
    Echo("rater", "annotation:submit", whole, key="judged_seat", part=True),
    Echo("rater", "annotation:submit", every("receipt", "turn", "choice"), key="seat"),
    Echo("rater", "annotation:submit", answers, key="seat", before=a_new_consent_text),
    Echo("rater", "annotation:submit", answers, key="seat", part=True, before=a_new_consent_text),
    Echo("rater", "annotation:revise", whole, key="judged_seat"),
    Echo("rater", "annotation:revise", good, key="judged_seat", part=True),
    Echo("rater", "annotation:draft", answers, key="seat"),
    Echo("rater", "annotation:draft", every("receipt", "turn"), key="seat"),
    Echo("rater", "annotation:extend", every("receipt"), key="seat"),
    Echo("rater", "annotation:skip", every("reason"), key="seat"),
    Echo("rater", "annotation:flag", every("kind", "value", "note"), key="seat"),
    Echo("rater", "annotation:flag", every("note", value="a"), key="seat"),
    Echo("rater", "annotation:flag", every("note", "kind"), key="seat", part=True),
    Echo("rater", "annotation:consent", every("text", "back"), before=a_new_consent_text),
    Echo("rater", "annotation:withdraw", every("reason")),
    Echo("rater", "language", every("language", "back")),
    Echo("rater", "keys", every("skip", "flag", "mark")),
    Echo("rater", "tokens", every("name")),
    Echo(
        "admin",
        "annotation:later_waves",
        every("wave", "question", "about", "share_below", "at_least", "cohort", "seed", "reason"),
    ),
    Echo("admin", "annotation:gold_seats", every("raters_per_item", "seed")),
    Echo("admin", "annotation:gold_answers", lambda say, of: {"file": WRONG_LINES(say)}),
    Echo("admin", "annotation:gold_answers", lambda say, of: {"file": WRONG_NAME(say)}),
    Echo("admin", "annotation:settings", every(*SETTINGS)),
    Echo(
        "admin",
        "annotation:new_study",
        every("title", "slug", "raters_per_item", "guidelines", "preset", "rubric_text"),
        before=a_maker_of_studies,
    ),
    Echo("admin", "annotation:change_state", every("to")),
    Echo("admin", "annotation:value", every("definition", "category", "aliases", "resolves")),
    Echo("admin", "annotation:value", every("definition")),
    Echo("admin", "annotation:value", every(resolves="on")),
    Echo("admin", "annotation:values", lambda say, of: {"file": WRONG_LINES(say)}),
    Echo("admin", "annotation:values", lambda say, of: {"file": WRONG_NAME(say)}),
    Echo("admin", "annotation:batches", lambda say, of: {"uploads": WRONG_NAME(say)}),
    Echo("admin", "annotation:batches", lambda say, of: {"uploads": WRONG_LINES(say)}),
    Echo("admin", "annotation:seats", every("raters_per_item", "seed")),
    Echo("admin", "annotation:invite", every("role", "count")),
    Echo("admin", "annotation:invite", every(role="rater", count="2")),
    Echo("admin", "annotation:end_membership", every("reason")),
    Echo("admin", "annotation:decide_report", every("act")),
    Echo("admin", "annotation:decide_leaks", every("decision", "hit")),
    Echo("admin", "annotation:mask_words", every("words")),
    Echo(
        "admin",
        "annotation:new_specification",
        lambda say, of: {
            "text": hostile.specification(say)
            + "\n\n## "
            + say("same-title")
            + " {#"
            + "x" * 300
            + "}",
            **every("title", "key", "version", "act", "id.clause")(say, of),
        },
    ),
    Echo("admin", "annotation:use_specification", every("version_id")),
    Echo("admin", "annotation:publish_rubric", wrong_rubric),
    Echo("admin", "annotation:publish_rubric", every("rubric_text")),
    Echo("admin", "annotation:compose", wrong_rubric),
    *(
        Echo("admin", "annotation:compose", composed(do), part=part)
        for do in ("save", "show", "publish", "take-mine", "preview", "export", "begin", "")
        for part in (False, True)
    ),
    *(
        Echo("admin", "annotation:compose", composed(do))
        for do in ("add-question", "add-language", "up:2", "add-option:1", "discard")
    ),
    Echo("admin", "annotation:compose", composed("save", late=True)),
    Echo("admin", "annotation:compose", composed("publish", late=True), part=True),
    Echo("admin", "annotation:compose", composed("", late=True)),
    Echo("researcher", "evaluation:releases", every("name")),
    Echo("researcher", "evaluation:releases", lambda say, of: {"name": say.said["release"]}),
    Echo(
        "researcher",
        "evaluation:upload_verdicts",
        every("name", "model", "prompt_version", "rubric_version"),
    ),
    Echo(
        "researcher",
        "evaluation:upload_verdicts",
        lambda say, of: {"file": WRONG_LINES(say), "name": say("judge-2", longest=200)},
    ),
    Echo("nobody", "account_login", every("login", "password", "next")),
    Echo("nobody", "account_signup", every("username", "email", "password1", "password2", "next")),
    Echo("nobody", "account_reset_password", every("email")),
    Echo("rater", "account_change_password", every("oldpassword", "password1", "password2")),
)


def echoed(echo: Echo, of: world.World, say: hostile.Voice) -> list:
    """Send a form; return the answer and the page it leads to. Nothing of it is kept."""
    client = world.client(of.people.get(echo.role))
    known = {route.name: route for route in routes()}
    values = {**of.values, "key": of.values[echo.key]} if echo.key else of.values
    url = known[echo.name].url(values) if echo.name in known else reverse(echo.name)
    headers = {"HX-Request": "true"} if echo.part else {}
    with transaction.atomic():
        echo.before(say, of)
        if echo.role == "nobody":
            client.get(f"/join/{of.values['token']}/")
        sent = client.post(f"{url}?{hostile.query(say)}", echo.fields(say, of), headers=headers)
        answers = [closed(sent)]
        if sent.status_code in {302, 303}:
            answers.append(closed(client.get(sent["Location"])))
        transaction.set_rollback(True)
    return answers


def test_R021_no_form_comes_back_with_a_payload_that_runs(twins):
    found = []

    for echo in ECHOES:
        evil, good = (echoed(echo, *twin) for twin in twins)
        wrong = [one for answer in evil for one in problems_of(answer)]
        wrong += [one for pair in zip(evil, good, strict=False) for one in differences(*pair)]
        found += [f"{echo.role} {echo.name} {[a.status_code for a in evil]}: {w}" for w in wrong]

    assert found == [], "\n".join(found)


@pytest.mark.parametrize("table", ["user", "study", "membership"])
def test_R021_the_operators_pages_show_payloads_as_text(tmp_path, table):
    hostile.make(tmp_path, hostile.Voice(hostile.MARKUP), slug="own")
    client = world.client(build.user("operator", is_staff=True, is_superuser=True))
    rows = {"user": User, "study": Study, "membership": Membership}[table].objects
    address = f"/operator/annotation/{table}/"

    pages = [
        client.get(at)
        for at in (address, *(f"{address}{pk}/change/" for pk in rows.values_list("pk", flat=True)))
    ]

    # Django's own pages have comments, and words for their scripts under an address of theirs.
    wrong = [one for page in pages for one in problems_of(page)]
    assert [one for one in wrong if not one.startswith("<!--") and "jsi18n" not in one] == []
    assert {page.status_code for page in pages} == {200}


PLACES = {
    "text": "<p>{}</p>",
    "attribute": '<p title="{}">x</p>',
    "attribute in single quotes": "<p title='{}'>x</p>",
    "address": '<a href="{}">x</a>',
    "title": "<title>{}</title>",
    "text field": "<textarea>{}</textarea>",
    "template": "<template><span>{}</span></template>",
    "comment": "<p>x</p><!-- {} -->",
}


@pytest.mark.parametrize("payload", [*hostile.MARKUP, *hostile.ADDRESSES[:2]])
def test_the_guard_sees_each_payload_that_leaves_its_place(payload):
    good = hostile.Voice((), harmless=True).plain(payload)

    seen = [
        name
        for name, place in PLACES.items()
        for evil, twin in [(Page(place.format(payload)), Page(place.format(good)))]
        if evil.wrong or evil.shape != twin.shape
    ]

    assert seen
