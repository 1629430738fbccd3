"""Whatever is sent to whichever address, the server answers: with a page or a refusal, not a fault."""

import json
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.urls import get_resolver

from annotation.models import Rater, Seat
from annotation.selectors.cards import card_for
from tests import build
from tests.guards import hostile, world
from tests.guards.routes import Route, routes

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
WORDS = ("%00", "x%00y", "%ED%A0%80", "%FF", "%E2%80%A8", "x" * 3_000, "..", "%F0%9F%98%80", "-1")
NUMBERS = ("0", str(2**31), str(2**63), str(2**64), "9" * 40, "9" * 5_000)
TEXTS = (
    b"", b"%00", b"x%00y", b"%ED%A0%80", b"%FF%FE", b"9" * 400, b"-1", b"1e400", b"%D9%A3", b"0",
    b"32768", b"99999", b"[]", b"{}", b"null", b"true", b'"%5Cud800"', b'{"a":' * 5_000,
    b"[" * 100_000, b"x" * 70_000, b"%E2%80%A8", b"..%2F..%2F", b"nan",
)  # fmt: skip
PLACE = {"slot": 1, "message": 2, "start": 0, "end": 1, "quote": "x", "kind": ""}
MARKS = (
    *({**PLACE, name: odd} for name in PLACE for odd in (None, True, -1, 10**30, 1.5, [], {}, "x")),
    {**PLACE, "quote": "\ud800"},
    {**PLACE, "kind": "\ud800", "start": 99},
    {**PLACE, "quote": "\0", "kind": "\0"},
    {**PLACE, "quote": "x" * 60_000},
)
SIGNALS = (
    {"questions": {"\0": 5, "\ud800": 5, "x" * 200: 5}, "active": 10**400},
    {"pastes": {"\0": 1}, "absences": {"\udfff": 1}, "folded": [10**30, None], "client": "wide"},
    {"questions": [1], "active": "9", "client": ["wide"], "unfolded": {"a": 1}},
    {"client": {}, "active": float("inf"), "pastes": {"a": float("nan")}},
)


@pytest.fixture
def own(tmp_path):
    return hostile.make(tmp_path, hostile.Voice(hostile.SIGNS, harmless=True), slug="own")


def asked(client, method: str, url: str, body=b"", kind: str = FORM, **headers) -> int:
    """Send a request and undo what it did; return the status."""
    with transaction.atomic():
        answer = client.generic(method, url, body, content_type=kind, headers=headers)
        for close in answer._resource_closers:
            close()
        transaction.set_rollback(True)
    return answer.status_code


def odd_addresses(route: Route, of: world.World) -> list[str]:
    """Return a route's address with something odd in place of each of its parameters in turn."""
    seats = route.pattern.startswith("studies/<slug:slug>/rate/")
    values = {**of.values, **({"key": of.values["seat"]} if seats else {})}
    found = []
    for name in route.parameters:
        is_number = f"<int:{name}>" in route.pattern
        for odd in NUMBERS if is_number else WORDS:
            marked = route.url({**values, name: "0" if is_number else "ODD"}) if (
                f"<str:{name}>" in route.pattern or is_number
            ) else ""
            if marked:
                found.append(marked.replace("/0/" if is_number else "ODD", f"/{odd}/" if is_number else odd))
    return found


@pytest.mark.parametrize("role", ["nobody", "rater", "researcher", "admin"])
def test_no_address_however_odd_is_a_fault(own, role):
    client = world.client(own.people.get(role))

    faults = [
        (method, url[:120])
        for route in routes()
        for url in odd_addresses(route, own)
        for method in ("GET", "POST")
        if asked(client, method, url) >= 500
    ]

    assert faults == []


PARAMETERS = {
    "annotation:clauses": ("q", "version", "question"),
    "annotation:glossary": ("words", "page"),
    "annotation:consent": ("next", "repeat", "text"),
    "annotation:values": ("words", "page"),
    "annotation:leaks": ("batch", "decision", "rule", "page"),
    "annotation:reports": ("list", "page"),
    "annotation:batch": ("page",),
    "annotation:raters": ("page",),
    "annotation:compose": ("language",),
    "annotation:new_specification": ("key",),
    "evaluation:agreement": ("question", "by"),
    "evaluation:agreement_csv": ("question", "by"),
    "evaluation:agreement_json": ("question", "by"),
    "evaluation:agreement_chart": ("question", "by"),
    "evaluation:judge": ("question",),
    "evaluation:judge_items": ("question", "scope", "people", "judge"),
    "api-agreement": ("question", "by"),
    "api-judge-report": ("question",),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_however_odd_is_a_fault(own, name):
    (route,) = [route for route in routes() if route.name == name]
    role = "rater" if name in {"annotation:clauses", "annotation:glossary", "annotation:consent"} else "admin"
    client = world.client(own.people[role])

    faults = [
        (parameter, text[:60])
        for parameter in PARAMETERS[name]
        for text in TEXTS
        for headers in ({}, {"HX-Request": "true"})
        if len(text) < 5_000
        and asked(client, "GET", f"{route.url(own.values)}?{parameter}={text.decode()}", **headers) >= 500
    ]

    assert faults == []


def forms_of_a_rater(of: world.World) -> dict[str, tuple[str, dict]]:
    """Return where a rater's forms go and what is in them when all is well, by a name."""
    rater = Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])
    said = hostile.Voice(hostile.SIGNS, harmless=True)
    hostile.rubric(said)
    seat = Seat.objects.select_related("item").get(key=of.values["seat"])
    judged = Seat.objects.select_related("item").get(key=of.values["judged_seat"])
    from annotation.selectors.cards import card_for_edit

    held = card_for(seat, rater).receipt
    edit = card_for_edit(judged, rater, turn=0).receipt
    code = said.said["code-2"]
    turn = {
        "receipt": held, "turn": "2", "choice": code, "some": said.said["code-3"],
        "evidence": "", "evidence.quote": "", "evidence.kind": "", "page": "{}", "next": "",
    }  # fmt: skip
    whole = {
        "receipt": edit, "turn": "0", "choice": code, "scale": "1", "words": "w", "kept": "yes",
        "kept.clause": "", "kept.clause_role": "", "kept.clause_id": "", "page": "{}",
    }  # fmt: skip
    at = f"/studies/own/rate/{of.values['seat']}/"
    back = f"/studies/own/rate/{of.values['judged_seat']}/"
    return {
        "submit": (at, turn),
        "draft": (f"{at}draft/", turn),
        "extend": (f"{at}extend/", {"x": "y"}),
        "skip": (f"{at}skip/", {"reason": "broken"}),
        "flag": (f"{at}flag/", {"kind": "item", "note": "n", "value": ""}),
        "flag a value": (f"{at}flag/", {"kind": "", "note": "n", "value": "a"}),
        "submit again": (back, whole),
        "revise": (f"{back}revise/0/", whole),
        "draft of an edit": (f"{back}draft/", whole),
        "consent": ("/studies/own/consent/", {"text": "1"}),
        "language": ("/language/", {"language": "de", "back": "/"}),
        "keys": ("/keys/", {"skip": "x", "flag": "y"}),
        "tokens": ("/tokens/", {"name": "n"}),
    }


FORMS = (
    "submit", "draft", "extend", "skip", "flag", "flag a value", "submit again", "revise",
    "draft of an edit", "consent", "language", "keys", "tokens",
)  # fmt: skip


def bodies(fields: dict[str, str]):
    """Yield the form with something odd in each field in turn, and some that are no form at all."""
    odd = [
        *TEXTS,
        *(quote(json.dumps(one)).encode() for one in MARKS),
        *(quote(json.dumps(one)).encode() for one in SIGNALS),
    ]
    for name in fields:
        rest = urlencode([(n, v) for n, v in fields.items() if n != name]).encode()
        for text in odd:
            body = rest + b"&" + quote(name).encode() + b"=" + text
            yield name, body, FORM
            if name.startswith(("choice", "evidence", "page", "turn", "receipt", "note")):
                yield f"{name} twice", body + b"&" + quote(name).encode() + b"=x", FORM
    whole = urlencode(fields).encode()
    yield "many fields", whole + b"".join(b"&f%d=1" % n for n in range(7_000)), FORM
    yield "5 MB", whole + b"&x=" + b"x" * (5 * 1024 * 1024), FORM
    yield "odd names", whole + b"&%00=1&%ED%A0%80=1&evidence.%00=1&=1&choice.x%00=1&&&", FORM
    yield "JSON", json.dumps(fields).encode(), "application/json"
    yield "no body", b"", FORM
    yield "text", whole, "text/plain"
    for charset in ("utf-7", "utf-16", "no-such", "\u2028", "idna"):
        yield f"charset {charset}", whole, f"{FORM}; charset={charset}"
    yield "multipart without an end", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n", (
        "multipart/form-data; boundary=x"
    )
    yield "multipart without a boundary", whole, "multipart/form-data"
    part = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\nx\r\n'
    files = b"".join(part % name.encode() for name in fields) + b"--x--\r\n"
    yield "files instead of fields", files, "multipart/form-data; boundary=x"


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("part", [False, True], ids=["page", "part"])
def test_no_form_of_a_rater_however_odd_is_a_fault(own, name, part):
    client = world.client(own.people["rater"])
    url, fields = forms_of_a_rater(own)[name]
    headers = {"HX-Request": "true"} if part else {}

    faults = [
        (what, body[-120:])
        for what, body, kind in bodies(fields)
        if asked(client, "POST", url, body, kind, **headers) >= 500
    ]

    assert faults == []
